/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's inside: head.c understands headers and names, lvm.c reads lines and rows. Inside
 * lvm/. */
#ifndef HB_INPUT_LVM_LVM_INTERNAL_H
#define HB_INPUT_LVM_LVM_INTERNAL_H

#include "base/arena.h"
#include "base/map.h"
#include "input/lvm/lvm.h"
#include "input/text/eol.h"
#include "input/text/source.h"

#define HB_LVM_NONE SIZE_MAX

typedef enum hb_lvm_state {
    HB_LVM_FILE_HEADER,
    HB_LVM_SEGMENT_HEADER,
    HB_LVM_NAMES, /* the line of column names is next */
    HB_LVM_DATA,
} hb_lvm_state;

typedef enum hb_lvm_x { HB_LVM_X_NO, HB_LVM_X_ONE, HB_LVM_X_MULTI } hb_lvm_x;

/* Rows of a segment's header, one value a channel. */
typedef enum hb_lvm_key {
    HB_LVM_DATE,
    HB_LVM_TIME,
    HB_LVM_Y_UNIT,
    HB_LVM_X_DIMENSION,
    HB_LVM_X_UNIT,
    HB_LVM_X0,
    HB_LVM_DELTA_X,
    HB_LVM_KEY_COUNT_
} hb_lvm_key;

typedef struct hb_lvm_values {
    hb_str *v; /* [0] is the first channel's */
    size_t n;
} hb_lvm_values;

typedef struct hb_lvm {
    hb_table t; /* first: the reader is a table */
    hb_stream *stream;
    hb_text *source; /* its bytes as UTF-8 */
    hb_eol_count eol;
    const char *path;
    hb_arena arena;
    char *text; /* the block's bytes */
    size_t cap;
    size_t n;
    size_t at;
    bool end;
    uint64_t line; /* of text[at] */
    /* the file's header */
    hb_lvm_state state;
    bool in_special;
    char separator;
    hb_lvm_x x_columns;
    bool absolute; /* Time_Pref */
    hb_str date;
    hb_str time;
    /* the segment */
    hb_arena head; /* of its texts */
    hb_lvm_values values[HB_LVM_KEY_COUNT_];
    size_t *column_of; /* of each field */
    size_t n_fields;
    size_t cap_fields;
    bool x_made; /* the X column is computed */
    bool x_is_time;
    bool x_since_1904; /* X is an absolute time */
    bool x_settled;
    double x0;
    double delta_x;
    uint64_t segment_row;
    uint64_t segments;
    /* the table */
    hb_units *units; /* may be NULL */
    uint64_t units_line;
    hb_map by_name;
    hb_column *columns;
    size_t n_columns;
    size_t cap_columns;
    uint64_t rows;
    /* the block */
    hb_str *fields; /* of the line at hand */
    size_t n_line;
    size_t cap_line;
    hb_cell *cells;
    size_t cap_cells;
    size_t n_rows;
    uint64_t lines[HB_BLOCK_ROWS];
    hb_row_reject *rejects;
    size_t n_rejects;
    size_t cap_rejects;
} hb_lvm;

/* One line of the file's or a segment's header, cut into l->fields. */
HB_CHECKED hb_status hb_lvm_header_line(hb_lvm *l, hb_error *err);
/* Is the line at hand the beginning of a segment's header? */
bool hb_lvm_is_segment_key(hb_str first);
/* The line of names. *ret_wait = it brings new columns and must wait until the block at hand is
 * given; nothing was changed then. */
HB_CHECKED hb_status hb_lvm_names(hb_lvm *l, bool *ret_wait, hb_error *err);
void hb_lvm_note(hb_lvm *l, const char *what, hb_str value, const char *why);
/* The value of a header's row for a field of the data, "" when there is none. */
hb_str hb_lvm_value(const hb_lvm *l, hb_lvm_key key, size_t field);

#endif
