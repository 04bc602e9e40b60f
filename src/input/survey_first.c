/* SPDX-License-Identifier: Apache-2.0 */
/* Names in the first row of the body itself, where none stand above. */
#include "base/num.h"
#include "input/survey_internal.h"

#include <math.h>

/* Without a row of names above: is the first row of the table itself one? It has text where all
 * rows below have figures; what is no text in it are whole names such as "101". */
static bool has_names(const hb_survey_job *job)
{
    const hb_row_look *first = &job->rows[job->data_row];
    bool any = false;
    for (size_t i = 0; i < first->end && job->n_data >= 2; i++) {
        const hb_field_look *f = &job->fields[i];
        hb_shape s = (hb_shape)first->shapes[i];
        bool number = job->grid->rows[job->data_row].cells[i].kind == HB_CELL_NUMBER;
        if (hb_shape_is_text(s)) {
            bool only = f->texts <= 1 && f->figures && f->figures + f->missing + 1 >= job->n_data;
            any = any || only;
        } else if (hb_shape_is_figure(s) && !number &&
                   !hb_survey_is_whole(hb_grid_text(job->grid, job->data_row, i))) {
            return false;
        } else if (s == HB_SHAPE_EMPTY && first->figures) {
            return false;
        }
    }
    return any;
}

static bool whole_cell(const hb_survey_job *job, size_t row, size_t field, int64_t *ret)
{
    const hb_cell *c = &job->grid->rows[row].cells[field];
    if (c->kind == HB_CELL_NUMBER) {
        bool whole = c->as.num > -1e9 && c->as.num < 1e9 && c->as.num == floor(c->as.num);
        *ret = whole ? (int64_t)c->as.num : 0;
        return whole;
    }
    hb_str text = hb_grid_text(job->grid, row, field);
    return hb_num_parse_i64(text.p, text.n, ret);
}

/* "Site,2020,2021,2022": three whole numbers or more that go up in equal steps behind a word, above
 * figures that are not all whole. */
static bool counts_up(const hb_survey_job *job)
{
    size_t row = job->data_row;
    const hb_row_look *look = &job->rows[row];
    const hb_row_look *below = &job->rows[row + 1];
    int64_t before = 0;
    int64_t step = 0;
    bool broken = false;
    if (look->end < 4 || look->filled != look->end || below->n < look->end ||
        !hb_shape_is_text((hb_shape)look->shapes[0])) {
        return false;
    }
    for (size_t i = 1; i < look->end; i++) {
        int64_t v = 0;
        int64_t other = 0;
        if (!whole_cell(job, row, i, &v) || (i >= 2 && v <= before) ||
            (i >= 3 && v - before != step)) {
            return false;
        }
        broken =
            broken || (below->shapes[i] == HB_SHAPE_FIGURE && !whole_cell(job, row + 1, i, &other));
        step = v - before;
        before = v;
    }
    return broken;
}

bool hb_survey_first_row_names(const hb_survey_job *job)
{
    return has_names(job) || (job->n_data >= 3 && counts_up(job));
}

bool hb_survey_all_text(const hb_survey_job *job)
{
    for (size_t i = 0; i < job->n_fields; i++) {
        if (job->fields[i].figures > job->fields[i].texts) {
            return false;
        }
    }
    return true;
}
