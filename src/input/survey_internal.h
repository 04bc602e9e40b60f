/* SPDX-License-Identifier: Apache-2.0 */
/* The survey's steps: survey.c looks at rows and finds the table's body, survey_header.c tells the
 * rows above it apart (survey_first.c: the first row of the body), survey_columns.c makes the
 * columns. Inside input/. */
#ifndef HB_INPUT_SURVEY_INTERNAL_H
#define HB_INPUT_SURVEY_INTERNAL_H

#include "input/shape.h"
#include "input/survey.h"

typedef struct hb_row_look {
    const uint8_t *shapes; /* hb_shape of each cell */
    size_t n;              /* cells */
    size_t end;            /* behind the last that is not empty */
    size_t filled;
    size_t figures;
    size_t texts;
    bool ruler; /* nothing but strokes */
} hb_row_look;

/* What the cells of one column are, over the rows of a body. */
typedef struct hb_field_look {
    uint32_t figures;
    uint32_t texts;
    uint32_t missing;
} hb_field_look;

typedef struct hb_survey_job {
    const hb_grid *grid;
    hb_row_look *rows;
    hb_field_look *fields; /* of the body, n_fields */
    size_t n_fields;
    size_t data_row;
    size_t n_data; /* rows that fit */
    size_t width;
    int header;
    hb_units *units;
    hb_arena *arena;
} hb_survey_job;

/* A column whose cells are figures: a word over it is no figure of its. */
static inline bool hb_field_is_strict(const hb_field_look *f)
{
    return f->figures && f->texts * 4 <= f->figures;
}

static inline bool hb_field_has_data(const hb_field_look *f)
{
    return f->figures + f->texts + f->missing > 0;
}

/* Text of a cell, empty when it is none. */
static inline hb_str hb_grid_text(const hb_grid *g, size_t row, size_t field)
{
    const hb_grid_row *r = &g->rows[row];
    bool text = field < r->n && r->cells[field].kind == HB_CELL_TEXT;
    return text ? hb_str_trim((hb_str){r->cells[field].as.p, r->cells[field].len})
                : (hb_str){"", 0};
}

static inline bool hb_survey_is_whole(hb_str cell)
{
    size_t i = 0;
    while (i < cell.n && cell.p[i] >= '0' && cell.p[i] <= '9') {
        i++;
    }
    return cell.n > 0 && i == cell.n;
}

/* By the common ones, else by the units of the job. */
bool hb_survey_is_unit(const hb_survey_job *job, hb_str cell);
bool hb_survey_all_text(const hb_survey_job *job);
/* Is the first row of the body one of names? */
bool hb_survey_first_row_names(const hb_survey_job *job);

/* Fills in columns, width and group_row. label: fields before it are titles of rows; data_end:
 * fields most rows of data have; end: fields that may be columns. */
HB_CHECKED hb_status hb_survey_columns(hb_survey_job *job, hb_survey *s, size_t label,
                                       size_t data_end, size_t end, hb_error *err);
/* Units from rows of settings far above the names, where no row of units stands near them. */
void hb_survey_far_units(const hb_survey_job *job, hb_survey *s);

/* Fills in names_row, units_row, group_row, data_row, columns, width and what they rest on. */
HB_CHECKED hb_status hb_survey_header(hb_survey_job *job, hb_survey *ret, hb_error *err);

#endif
