/* SPDX-License-Identifier: Apache-2.0 */
/* The different values of one column of a file, in the order they come, each with the expression
 * that takes its rows (select/where.h): what --group-by makes its runs of. */
#ifndef HB_INPUT_GROUPS_H
#define HB_INPUT_GROUPS_H

#include "base/arena.h"
#include "input/ingest.h"

enum { HB_GROUPS_MAX = 10000 };

typedef struct hb_group_value {
    const char *text;  /* as a run's name can carry it: letters, digits and ._- */
    const char *where; /* "unit" = 3 */
} hb_group_value;

/* Rows without a value belong to no group. Texts and the array in the arena. HB_E_USAGE when the
 * file has no such column, it holds times, or two values have one text, HB_E_LIMIT for more than
 * HB_GROUPS_MAX values. */
HB_CHECKED hb_status hb_input_groups(const hb_os *os, const char *path,
                                     const hb_ingest_options *options, const char *column,
                                     hb_units *units, hb_arena *arena, hb_group_value **ret,
                                     size_t *ret_n, hb_error *err);

#endif
