/* SPDX-License-Identifier: Apache-2.0 */
/* The table in a delimited text as one delimiter shows it. Inside csv/; sniff.h chooses between
 * delimiters.
 *
 * The first lines are cut into rows, rows that look like comments are set aside, the survey
 * (survey.h) finds the table in the others. Then the comments are looked at again: a sign that
 * begins rows of the table is none, and a header may stand behind one. */
#ifndef HB_INPUT_CSV_FIND_H
#define HB_INPUT_CSV_FIND_H

#include "input/csv/cut.h"
#include "input/csv/spans.h"
#include "input/survey.h"

typedef struct hb_finding {
    hb_arena arena; /* holds all of it but the text */
    char delimiter;
    hb_comments comments; /* signs that do begin comments */
    hb_cut cut;
    hb_spans spans; /* of blanks that keep columns */
    hb_grid grid;
    size_t *places; /* of the grid's rows in cut.rows */
    hb_survey survey;
    double score;
    double agreement;   /* share of the table's rows that have the usual number of fields */
    size_t n_comments;  /* lines of them before the data */
    bool hidden_header; /* behind a comment sign */
    char hidden_sign;
} hb_finding;

typedef struct hb_find_options {
    hb_str text;
    bool whole;
    int header; /* as hb_survey_grid */
    hb_units *units;
    size_t skip_rows; /* a line "sep=;" that is no row */
    size_t max_rows;
    size_t max_bytes;
} hb_find_options;

/* signs: what might begin comments. Release also after a failure. */
HB_CHECKED hb_status hb_find_table(const hb_find_options *o, char delimiter, hb_comments signs,
                                   hb_finding *ret, hb_error *err);
void hb_finding_release(hb_finding *f);

/* The cut row of a row of the grid; NULL for HB_NO_ROW. */
const hb_cut_row *hb_finding_row(const hb_finding *f, size_t grid_row);

#endif
