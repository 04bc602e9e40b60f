/* SPDX-License-Identifier: Apache-2.0 */
/* An adapter as data: config/profiles/NAME.yaml (docs/formats/profiles.md), built in, a workspace's
 * own, or saved by hb inspect --save-profile. Says how a source's files are cut, what their columns
 * are called and mean, and how a series becomes a value. A saved one pins the reading besides
 * (`pinned`): how each column's cells are read, which a file must then fit (pinned.h). */
#ifndef HB_INPUT_PROFILE_H
#define HB_INPUT_PROFILE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/opt.h"
#include "input/plan.h"
#include "os/os.h"
#include "telemetry/metric_def.h"

typedef enum hb_column_role {
    HB_ROLE_METRIC,
    HB_ROLE_TIME,
    HB_ROLE_UNIT_ID, /* which unit (engine, board) a row belongs to: --unit selects */
    HB_ROLE_CYCLE,   /* its cycle: --cycles selects */
    HB_ROLE_IGNORE,
    HB_ROLE_COUNT_
} hb_column_role;

typedef struct hb_profile_column {
    const char *name; /* "" = as the run calls it anyway (pinned profiles only) */
    const char *unit;
    const char *description;
    hb_column_role role;
    /* of a pinned profile */
    const char *header;    /* as it stands in the file; "" = the file has none */
    const char *group;     /* over several columns; "" = none */
    const char *file_unit; /* what the file states over the column, as UDUNITS reads it */
    hb_column_kind kind;
    hb_number_rule number; /* but for `missing`, which is the list below */
    const char **missing;
    size_t n_missing;
    double rejected; /* share of cells that may not fit */
    uint32_t line;   /* in the profile's file */
    /* of a profile that picks columns (pick.h) */
    const char **from; /* header spellings in the file */
    size_t n_from;
    uint32_t from_column; /* place from 1, of files without a header; 0 = none */
    bool optional;
    hb_opt_f64 at_least; /* figures become 1 from here on, 0 below */
    hb_reduce reduce;
    bool reduce_set;
} hb_profile_column;

typedef enum hb_profile_find {
    HB_PROFILE_FIND_NAMES, /* the header is where the pinned names stand */
    HB_PROFILE_FIND_LINES, /* the data begin on data_line */
    HB_PROFILE_FIND_COUNT_
} hb_profile_find;

typedef enum hb_profile_layout {
    HB_PROFILE_LAYOUT_WIDE,
    HB_PROFILE_LAYOUT_ROWS, /* long or metric table: columns mean what their names say */
    HB_PROFILE_LAYOUT_COUNT_
} hb_profile_layout;

typedef enum hb_profile_header {
    HB_PROFILE_HEADER_SNIFF,
    HB_PROFILE_HEADER_FIRST,
    HB_PROFILE_HEADER_NONE,
    HB_PROFILE_HEADER_COUNT_
} hb_profile_header;

typedef struct hb_input_profile {
    hb_arena arena;
    const char **names;
    size_t n_names;
    const char *summary;
    const char *adapter; /* "" = by table layout; "pba_excel" = code that a profile cannot say */
    char delimiter;      /* 0 = sniff */
    hb_profile_header header;
    bool single_column_blanks;
    hb_reduce reduce;
    uint32_t
        match_columns; /* auto: a table without names of so many blank-cut columns; 0 = never */
    hb_profile_column *columns; /* in file order; none = by header */
    size_t n_columns;
    /* pba_excel and other metric tables: which header spellings mean what */
    const char **alias_metric;
    size_t n_alias_metric;
    const char **alias_current;
    size_t n_alias_current;
    const char **alias_value;
    size_t n_alias_value;
    const char **alias_unit;
    size_t n_alias_unit;
    const char **alias_tags;
    size_t n_alias_tags;
    const char **optional_columns; /* known, not used */
    size_t n_optional_columns;
    const char **required_columns;
    size_t n_required_columns;
    bool either_current_or_value;
    bool allow_extra_columns;
    const char *file; /* where the profile was read from */
    bool pinned;
    const char *format;   /* "csv", "xlsx" … */
    const char *encoding; /* "" = any */
    const char *sheet;    /* "" = none */
    const char *comments; /* signs that begin comments, as hb_table_format.comment_signs */
    char decimal;         /* '.' or ',' */
    hb_profile_layout layout;
    hb_profile_find find;
    uint32_t data_line;
    hb_time_rule *times; /* the axis first */
    size_t n_times;
} hb_input_profile;

HB_CHECKED hb_status hb_input_profile_parse(hb_str text, const char *name, hb_input_profile *ret,
                                            hb_error *err);
/* The file at `path`. */
HB_CHECKED hb_status hb_input_profile_read(const hb_os *os, const char *path, hb_input_profile *ret,
                                           hb_error *err);
void hb_input_profile_release(hb_input_profile *p);
/* By adapter name: a file of `dir` (may be NULL) first, then the built-in ones. HB_E_USAGE with the
 * list of names when there is none. */
HB_CHECKED hb_status hb_input_profile_find(const hb_os *os, const char *dir, const char *adapter,
                                           hb_input_profile *ret, hb_error *err);

/* The field table, for the reference, the schema and the manual. */
const struct hb_field *hb_input_profile_fields(void);

#endif
