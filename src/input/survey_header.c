/* SPDX-License-Identifier: Apache-2.0 */
/* What stands above the data: names, units, groups. Each row of the block above is weighed by how
 * many columns it fills, whether its cells differ from each other, and whether they are units or
 * kinds ("Avg", "double"); a title in front of the row ("name", "unit") decides at once. */
#include "input/survey_internal.h"

enum {
    BLOCK_ROWS = 16,
    SAMPLE_CELLS = 64, /* of a row are looked at for units and kinds */
    LONG_NAME = 60,
};

typedef struct head_row {
    size_t row;
    double fill;     /* of the columns that have data */
    double repeated; /* shares of the filled cells */
    double units;
    double bracketed;
    double kinds;
    double figures;
    double long_texts;
    size_t filled;
    hb_row_title title;
    bool beyond;   /* more fields than the data have */
    bool numbered; /* "x-axis,1,2": a word, then whole numbers */
} head_row;

typedef struct head {
    hb_survey_job *job;
    head_row rows[BLOCK_ROWS]; /* from the data upwards */
    size_t n;
    size_t label; /* 1 when field 0 titles the header rows and is no column, else 0 */
    size_t data_columns;
    size_t data_end; /* fields most data rows have */
    size_t names;    /* place in rows; n = none */
    size_t units;
} head;

/* The last field that more than one in `share` rows of data have. */
static hb_status usual_end(const hb_survey_job *job, size_t share, size_t *ret, hb_error *err)
{
    size_t *ends = hb_arena_array(job->arena, job->n_fields + 1, sizeof *ends);
    size_t all = 0;
    size_t n = 0;
    if (!ends) {
        return HB_NOMEM(err);
    }
    for (size_t r = job->data_row; r < job->grid->n; r++) {
        ends[job->rows[r].end]++;
        all += job->rows[r].filled > 0;
    }
    size_t end = job->n_fields;
    for (; end > 0; end--) {
        n += ends[end];
        if (n * share > all) {
            break;
        }
    }
    *ret = end;
    return HB_OK;
}

/* Field 0 holds titles of the header rows when it is empty below (but for a first "trace_values").
 */
static bool is_label_field(const hb_survey_job *job)
{
    const hb_field_look *f = &job->fields[0];
    size_t titles = 0;
    size_t above = 0;
    if (job->n_data < 2 || f->figures || f->texts > 1 || f->missing || job->n_fields < 2 ||
        (f->texts == 1 && job->rows[job->data_row].shapes[0] == HB_SHAPE_EMPTY)) {
        return false;
    }
    for (size_t r = job->data_row; r-- > 0 && job->data_row - r <= BLOCK_ROWS;) {
        hb_str text = hb_grid_text(job->grid, r, 0);
        above += text.n > 0 && job->rows[r].filled > 1;
        titles += hb_shape_row_title(text) != HB_TITLE_NONE;
    }
    return titles > 0 || above >= 3;
}

static void weigh_row(const head *h, size_t row, head_row *ret)
{
    const hb_survey_job *job = h->job;
    const hb_row_look *look = &job->rows[row];
    head_row r = {.row = row, .title = HB_TITLE_NONE};
    size_t figures = 0;
    size_t repeated = 0;
    size_t over_data = 0;
    size_t long_texts = 0;
    hb_str before = {"", 0};
    hb_str first = {"", 0};
    for (size_t i = h->label; i < look->end; i++) {
        hb_str cell = hb_grid_text(job->grid, row, i);
        hb_shape s = (hb_shape)look->shapes[i];
        if (s == HB_SHAPE_EMPTY) {
            continue;
        }
        r.filled++;
        over_data += i < h->data_end && hb_field_has_data(&job->fields[i]);
        figures += hb_shape_is_figure(s);
        repeated += cell.n && (hb_str_eq(cell, before) || (hb_str_eq(cell, first)));
        long_texts += cell.n > LONG_NAME;
        first = first.n ? first : cell;
        before = cell;
    }
    double n = r.filled ? (double)r.filled : 1;
    r.fill = h->data_columns ? (double)over_data / (double)h->data_columns : 0;
    r.repeated = (double)repeated / n;
    r.figures = (double)figures / n;
    r.long_texts = (double)long_texts / n;
    r.beyond = look->end > h->data_end + 1 + h->data_end / 8;
    if (h->label) {
        r.title = hb_shape_row_title(hb_grid_text(job->grid, row, 0));
    }
    *ret = r;
}

/* Units and kinds; only asked when there are rows to tell apart, because UDUNITS reads its database
 * at the first question. */
static void weigh_units(const head *h, head_row *r)
{
    const hb_row_look *look = &h->job->rows[r->row];
    size_t units = 0;
    size_t none = 0;
    size_t bracketed = 0;
    size_t kinds = 0;
    size_t seen = 0;
    for (size_t i = h->label; i < look->end && seen < SAMPLE_CELLS; i++) {
        hb_str cell = hb_grid_text(h->job->grid, r->row, i);
        if (cell.n == 0) {
            continue;
        }
        bool no_unit = hb_shape_is_no_unit(cell);
        seen++;
        none += no_unit;
        units += !no_unit && hb_survey_is_unit(h->job, cell);
        bracketed += look->shapes[i] == HB_SHAPE_BRACKETED;
        kinds += hb_shape_is_kind(cell);
    }
    hb_str title = hb_grid_text(h->job->grid, r->row, 0);
    if (!h->label && seen >= 2 && hb_shape_row_title(title) == HB_TITLE_UNITS &&
        units * 2 + 1 >= seen - none) {
        r->title = HB_TITLE_UNITS;
    }
    r->units = seen > none ? (double)units / (double)(seen - none) : 0;
    r->bracketed = seen ? (double)bracketed / (double)seen : 0;
    r->kinds = seen ? (double)kinds / (double)seen : 0;
}

static double names_score(const head_row *r, size_t height)
{
    static const double by_title[] = {
        [HB_TITLE_NONE] = 0, [HB_TITLE_NAMES] = 3, [HB_TITLE_UNITS] = -3, [HB_TITLE_OTHER] = -1};
    return (r->fill < 1 ? r->fill : 1) - 0.3 * r->repeated - 0.8 * r->units - 0.5 * r->bracketed -
           0.8 * r->kinds - 0.8 * r->figures - 0.4 * r->long_texts - 0.3 * r->beyond +
           by_title[r->title] - 0.05 * (double)height;
}

static bool could_be_names(const head *h, const head_row *r)
{
    const hb_row_look *look = &h->job->rows[r->row];
    if (look->ruler || r->filled == 0 || (r->figures > 0.5 && !r->numbered) ||
        r->title == HB_TITLE_UNITS) {
        return false;
    }
    size_t first = h->label;
    while (first < look->end && look->shapes[first] == HB_SHAPE_EMPTY) {
        first++;
    }
    if (r->figures > 0 && hb_shape_is_figure((hb_shape)look->shapes[first])) {
        return false; /* names may be numbers, but not the first of them */
    }
    if (r->title == HB_TITLE_NAMES) {
        return true;
    }
    /* A lonely cell over several columns is a title. */
    return h->data_columns <= 1 ? r->filled == 1 || r->fill >= 1 : r->filled >= 2 && r->fill >= 0.5;
}

static bool is_units(const head_row *r)
{
    return r->title == HB_TITLE_UNITS || r->bracketed >= 0.5 || (r->units >= 0.6 && r->kinds < 0.6);
}

/* Numbers name the channels above a row of units. */
static bool is_numbered(head *h, const head_row *r)
{
    const hb_row_look *look = &h->job->rows[r->row];
    if (h->n == 0 || r->fill < 1 || !hb_shape_is_text((hb_shape)look->shapes[h->label])) {
        return false;
    }
    for (size_t i = h->label + 1; i < look->end; i++) {
        if (hb_shape_is_figure((hb_shape)look->shapes[i]) &&
            !hb_survey_is_whole(hb_grid_text(h->job->grid, r->row, i))) {
            return false;
        }
    }
    weigh_units(h, &h->rows[h->n - 1]);
    return is_units(&h->rows[h->n - 1]);
}

/* Rows from the data upwards, to where a blank line or a row of figures stands above names. */
static void take_block(head *h)
{
    const hb_survey_job *job = h->job;
    bool named = false;
    for (size_t r = job->data_row; r-- > 0 && h->n < BLOCK_ROWS;) {
        head_row *row = &h->rows[h->n];
        weigh_row(h, r, row);
        bool figures = row->figures > 0.5 && row->filled >= 2 && row->title == HB_TITLE_NONE;
        bool titled = h->label && job->rows[r].shapes[0] == HB_SHAPE_WORD;
        row->numbered = figures && is_numbered(h, row);
        if ((figures && !titled && !row->numbered) ||
            (named && job->grid->rows[r + 1].after_blank)) {
            break;
        }
        h->n++;
        named = named || could_be_names(h, row);
    }
    for (size_t i = 0; i < h->n && h->n > 1; i++) {
        weigh_units(h, &h->rows[i]);
    }
}

static void choose_names(head *h)
{
    double best = -100;
    h->names = h->n;
    for (size_t i = 0; i < h->n; i++) {
        double score = names_score(&h->rows[i], i);
        score += i > 0 && is_units(&h->rows[i - 1]) ? 0.35 : 0; /* units stand below names */
        if (could_be_names(h, &h->rows[i]) && score > best) {
            best = score;
            h->names = i;
        }
    }
}

static void choose_units(head *h)
{
    h->units = h->n;
    for (size_t i = 0; i < h->n; i++) {
        const head_row *r = &h->rows[i];
        bool below = i < h->names;
        bool is = r->title == HB_TITLE_UNITS || (r->units >= 0.5 && r->kinds < 0.6) ||
                  (r->bracketed >= 0.5 && below);
        bool over =
            r->title == HB_TITLE_UNITS || (i == h->names + 1 && r->units >= 0.6 && r->filled >= 2 &&
                                           r->fill >= 0.5 && r->figures == 0 && !r->beyond &&
                                           !h->job->grid->rows[h->rows[h->names].row].after_blank);
        hb_str title = hb_grid_text(h->job->grid, r->row, 0);
        bool of_x = h->label && title.n && (title.p[0] == 'H' || title.p[0] == 'X');
        if (i != h->names && h->names < h->n && is && (below || over) && !of_x) {
            h->units = i;
            return;
        }
    }
}

/* A row below the names with a figure where figures belong is data, whatever else is wrong with it.
 */
static void take_bad_rows(const head *h, hb_survey *s)
{
    hb_survey_job *job = h->job;
    for (size_t r = s->names_row + 1; r < s->data_row && r != s->units_row; r++) {
        const hb_row_look *look = &job->rows[r];
        if (h->label && look->end && look->shapes[0] != HB_SHAPE_EMPTY) {
            continue; /* "BlockSize,40,40": its title says it is of the header */
        }
        for (size_t i = h->label; i < look->end && look->n == job->rows[s->data_row].n; i++) {
            if (look->shapes[i] == HB_SHAPE_FIGURE && hb_field_is_strict(&job->fields[i])) {
                s->data_row = r;
                return;
            }
        }
    }
}

static void explain(const head *h, hb_survey *s)
{
    if (s->names_row == HB_NO_ROW) {
        s->why =
            h->job->header < 0 ? "given: no names" : "the first row of the table holds figures";
        s->confidence = h->job->header < 0 ? 1 : 0.9;
        return;
    }
    if (h->job->header > 0) {
        s->why = "given: the first row holds names";
        s->confidence = 1;
    } else if (hb_survey_all_text(h->job)) {
        s->why = "nothing but texts: the first row is taken for names";
        s->alternative = "no names, the first row is data";
        s->confidence = 0.6;
    } else if (h->names < h->n) {
        const head_row *r = &h->rows[h->names];
        s->why = "a row of names above rows of figures";
        s->confidence = r->fill >= 1 ? 0.95 : 0.75;
        for (size_t i = 0; i < h->n; i++) {
            if (i != h->names && i != h->units && could_be_names(h, &h->rows[i]) &&
                names_score(&h->rows[i], i) > names_score(r, h->names) - 0.2) {
                s->confidence = 0.7;
                s->alternative = "another row above the data could hold the names";
            }
        }
    } else {
        s->why = "its first row has text where all rows below have figures";
        s->confidence = 0.8;
        s->alternative = "no names, the first row is data";
    }
}

static size_t text_table_names(const hb_survey_job *job, size_t end)
{
    size_t row = job->data_row;
    while (row + 1 < job->grid->n && job->rows[row].filled * 5 < end * 3) {
        row++; /* titles */
    }
    return row;
}

/* names_row and data_row where the rows above did not settle it. */
static void settle(head *h, hb_survey *s)
{
    hb_survey_job *job = h->job;
    s->data_row = job->data_row;
    if (job->header < 0) {
        s->data_row = h->names < h->n ? h->rows[h->names].row : s->data_row;
        h->names = h->n;
        h->units = h->n;
        return;
    }
    if (h->names < h->n) {
        s->names_row = h->rows[h->names].row;
        s->units_row = h->units < h->n ? h->rows[h->units].row : HB_NO_ROW;
        take_bad_rows(h, s);
        return;
    }
    if (hb_survey_all_text(job)) {
        s->names_row = text_table_names(job, h->data_end);
        s->data_row = s->names_row + 1;
    } else if (job->header > 0 || hb_survey_first_row_names(job)) {
        s->names_row = job->data_row;
        s->data_row = job->data_row + 1;
    }
    s->data_row = s->data_row < job->grid->n ? s->data_row : HB_NO_ROW;
}

static void count_data_columns(head *h)
{
    for (size_t i = h->label; i < h->data_end; i++) {
        h->data_columns += hb_field_has_data(&h->job->fields[i]);
    }
}

hb_status hb_survey_header(hb_survey_job *job, hb_survey *s, hb_error *err)
{
    head h = {.job = job, .label = is_label_field(job)};
    size_t end = 0;
    HB_TRY(usual_end(job, 2, &h.data_end, err));
    count_data_columns(&h);
    if (!hb_survey_all_text(job)) {
        take_block(&h);
    }
    choose_names(&h);
    choose_units(&h);
    settle(&h, s);
    bool named = s->names_row != HB_NO_ROW;
    HB_TRY(usual_end(job, named ? 2 : 10, &end, err));
    HB_TRY(hb_survey_columns(job, s, h.label, h.data_end, end, err));
    if (named && h.names < h.n) {
        hb_survey_far_units(job, s);
    }
    explain(&h, s);
    return HB_OK;
}
