/* SPDX-License-Identifier: Apache-2.0 */
/* What a person wants of a file: columns, rows, a stretch of time, coarser samples; one place for
 * all formats, between the figures of a block and the run.
 *
 *     --columns 'temp*,load'         by name, as written or as shown; * and ? stand for anything
 *     --where "mode = 'RUN'"         where.h
 *     --time-range FROM..TO          FROM included, TO not; either may be left out. Times as
 *                                    2024-05-07T10:00:00Z, of an elapsed time as 10s; +10s counts
 *                                    from the first row
 *     --resample 1s[:max]            resample.h
 *
 * parse once → bind to a table once its plan is settled (columns that nobody needs are not decoded)
 * → rows of each block. */
#ifndef HB_INPUT_SELECT_SELECT_H
#define HB_INPUT_SELECT_SELECT_H

#include "input/select/resample.h"
#include "input/select/where.h"

typedef struct hb_select_options {
    const char *columns; /* all may be NULL */
    const char *where;
    const char *time_range;
    const char *resample;
} hb_select_options;

typedef struct hb_select hb_select;

HB_CHECKED hb_status hb_select_parse(const hb_select_options *options, hb_select **ret,
                                     hb_error *err);
void hb_select_free(hb_select *s);
/* Marks the plan's columns that nothing needs HB_COLUMN_IGNORED. Borrowed until free: plan.
 * looks: one a column, for the labels they are shown by; NULL = only what is written names them.
 * in_rows: the table names its metrics in its rows; grows: columns may come later, so that a
 * pattern that means none yet is told by hb_select_finish. */
HB_CHECKED hb_status hb_select_bind(hb_select *s, hb_plan *plan, const hb_column *columns,
                                    const hb_column_look *looks, bool in_rows, bool grows,
                                    const char *path, hb_error *err);
/* Columns that came later (JSON): the plan bound to has grown, `from` is the first new one. */
HB_CHECKED hb_status hb_select_more(hb_select *s, const hb_column *columns,
                                    const hb_column_look *looks, size_t from, hb_error *err);
/* In tables that name their metrics in rows, --columns means those. */
bool hb_select_wants_metric(hb_select *s, hb_str name);
/* At the end of the table: HB_E_USAGE for a pattern that meant nothing. */
HB_CHECKED hb_status hb_select_finish(const hb_select *s, const char *path, hb_error *err);
/* Is this column one of those asked for? (A column may be decoded for --where alone.) */
bool hb_select_wants(const hb_select *s, size_t column);
/* keep[r] = 0 for rows that are not wanted. */
HB_CHECKED hb_status hb_select_rows(hb_select *s, hb_table *table, const hb_block *block,
                                    const hb_figures *figures, unsigned char *keep, hb_error *err);
/* step_ns 0 = samples as they are. */
const hb_resample_rule *hb_select_resample(const hb_select *s);

/* Shell-like: * any, ? one byte; nothing else is special. */
bool hb_name_matches(hb_str pattern, hb_str name);

#endif
