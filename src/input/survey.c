/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a table, and how good a table it is.
 *
 * Rows that follow each other with the same kinds of cells in the same places make a run; runs of
 * one shape make a group (a table interrupted by other rows, or several segments under the same
 * header). The group with the most cells of figures is the table, because instruments write more
 * data than preamble; a group that reaches the end of what was looked at counts for more, because
 * it goes on. The table begins with the group's first run under a row of names. */
#include "input/survey.h"

#include "input/survey_internal.h"

#include <string.h>

enum {
    MAX_GROUPS = 32,
    HEADER_REACH = 4,   /* rows between names and data: units, kinds, a ruler */
    FEW_ROWS_LOST = 20, /* so many rows before a later header are a preamble of the same shape */
};

typedef struct run {
    size_t from;
    size_t to;
    size_t group;
    size_t filled;
    size_t figures;
} run;

typedef struct group {
    hb_field_look *fields;
    size_t n_fields;
    size_t n_rows;
    double weight;
} group;

typedef struct body {
    hb_survey_job *job;
    run *runs;
    size_t n_runs;
    group groups[MAX_GROUPS];
    size_t n_groups;
} body;

static void look_at(const hb_grid_row *row, uint8_t *shapes, hb_row_look *look)
{
    bool strokes = true;
    *look = (hb_row_look){.shapes = shapes, .n = row->n};
    for (size_t i = 0; i < row->n; i++) {
        hb_shape s = hb_shape_of_cell(&row->cells[i]);
        shapes[i] = (uint8_t)s;
        if (s == HB_SHAPE_EMPTY) {
            continue;
        }
        bool dash = row->cells[i].kind == HB_CELL_TEXT && row->cells[i].as.p[0] == '-';
        strokes = strokes && (s == HB_SHAPE_RULER || (s == HB_SHAPE_MISSING && dash));
        look->end = i + 1;
        look->filled++;
        look->figures += hb_shape_is_figure(s);
        look->texts += hb_shape_is_text(s);
    }
    look->ruler =
        strokes && look->filled && (look->filled > 1 || shapes[look->end - 1] == HB_SHAPE_RULER);
}

static hb_status look_at_rows(hb_survey_job *job, hb_error *err)
{
    size_t cells = 0;
    const hb_grid *g = job->grid;
    for (size_t r = 0; r < g->n; r++) {
        cells += g->rows[r].n;
        job->n_fields = g->rows[r].n > job->n_fields ? g->rows[r].n : job->n_fields;
    }
    uint8_t *shapes = hb_arena_alloc(job->arena, cells + 1);
    job->rows = hb_arena_array(job->arena, g->n + 1, sizeof *job->rows);
    job->fields = hb_arena_array(job->arena, job->n_fields + 1, sizeof *job->fields);
    if (!shapes || !job->rows || !job->fields) {
        return HB_NOMEM(err);
    }
    for (size_t r = 0; r < g->n; r++) {
        look_at(&g->rows[r], shapes, &job->rows[r]);
        shapes += g->rows[r].n;
    }
    return HB_OK;
}

static void add_row(hb_field_look *fields, const hb_row_look *row, size_t n_fields)
{
    size_t n = row->end < n_fields ? row->end : n_fields;
    for (size_t i = 0; i < n; i++) {
        hb_shape s = (hb_shape)row->shapes[i];
        fields[i].figures += hb_shape_is_figure(s);
        fields[i].texts += hb_shape_is_text(s);
        fields[i].missing += s == HB_SHAPE_MISSING;
    }
}

typedef struct fit {
    size_t agree;
    size_t clash;
    size_t bad;  /* of the clashes: text where there are nothing but figures */
    size_t good; /* of the agreeing: figures where there are nothing but figures */
} fit;

static fit fit_row(const hb_row_look *row, const hb_field_look *fields, size_t n_fields)
{
    fit f = {0};
    size_t n = row->end < n_fields ? row->end : n_fields;
    for (size_t i = 0; i < n; i++) {
        hb_shape s = (hb_shape)row->shapes[i];
        bool figure = hb_shape_is_figure(s);
        const hb_field_look *c = &fields[i];
        if ((!figure && !hb_shape_is_text(s)) || c->figures + c->texts == 0) {
            continue;
        }
        bool same = figure == (c->figures > c->texts);
        bool strict = hb_field_is_strict(c);
        f.agree += same;
        f.clash += !same;
        f.bad += strict && !figure;
        f.good += strict && figure;
    }
    return f;
}

/* Is the row of the run's shape? Widths may differ (short rows, a comment behind the last field),
 * but two fields against many are another thing. */
static bool joins(const hb_row_look *row, const hb_field_look *fields, size_t run_end)
{
    fit f = fit_row(row, fields, run_end);
    size_t small = row->filled < run_end ? row->filled : run_end;
    size_t large = row->end > run_end ? row->end : run_end;
    return f.agree >= 1 && f.clash * 2 <= f.agree &&
           (large <= 3 || small * 3 >= large || f.agree >= 3);
}

static hb_status make_runs(body *b, hb_error *err)
{
    hb_survey_job *job = b->job;
    hb_field_look *fields = hb_arena_array(job->arena, job->n_fields + 1, sizeof *fields);
    b->runs = hb_arena_array(job->arena, job->grid->n + 1, sizeof *b->runs);
    if (!fields || !b->runs) {
        return HB_NOMEM(err);
    }
    size_t end = 0;
    for (size_t r = 0; r < job->grid->n; r++) {
        const hb_row_look *row = &job->rows[r];
        run *now = b->n_runs ? &b->runs[b->n_runs - 1] : NULL;
        if (!now || now->to != r || row->ruler || !joins(row, fields, end)) {
            memset(fields, 0, end * sizeof *fields);
            end = 0;
            now = &b->runs[b->n_runs++];
            *now = (run){.from = r, .group = MAX_GROUPS};
        }
        add_row(fields, row, job->n_fields);
        end = row->end > end ? row->end : end;
        now->to = r + 1;
        now->filled += row->filled;
        now->figures += row->figures;
    }
    return HB_OK;
}

static bool same_shape(const group *g, const hb_field_look *fields, size_t n)
{
    size_t agree = 0;
    size_t clash = 0;
    size_t most = g->n_fields > n ? g->n_fields : n;
    size_t least = g->n_fields < n ? g->n_fields : n;
    for (size_t i = 0; i < least; i++) {
        const hb_field_look *a = &g->fields[i];
        const hb_field_look *b = &fields[i];
        if (a->figures + a->texts && b->figures + b->texts) {
            bool same = (a->figures > a->texts) == (b->figures > b->texts);
            agree += same;
            clash += !same;
        }
    }
    return agree && clash * 4 <= agree && (most - least) * 4 <= most;
}

static hb_status group_run(body *b, run *r, hb_error *err)
{
    hb_survey_job *job = b->job;
    size_t n = 0;
    for (size_t i = r->from; i < r->to; i++) {
        n = job->rows[i].end > n ? job->rows[i].end : n;
    }
    if (r->filled == 0) {
        return HB_OK;
    }
    hb_field_look *fields = hb_arena_array(job->arena, n + 1, sizeof *fields);
    if (!fields) {
        return HB_NOMEM(err);
    }
    for (size_t i = r->from; i < r->to; i++) {
        add_row(fields, &job->rows[i], n);
    }
    size_t g = 0;
    while (g < b->n_groups && !same_shape(&b->groups[g], fields, n)) {
        g++;
    }
    if (g == MAX_GROUPS) {
        return HB_OK; /* scraps beyond the groups there is room for */
    }
    if (g == b->n_groups) {
        b->groups[b->n_groups++] = (group){.fields = fields, .n_fields = n};
    }
    r->group = g;
    b->groups[g].n_rows += r->to - r->from;
    return HB_OK;
}

/* Is there a row of names not far above? */
static bool has_header(const hb_survey_job *job, const run *r)
{
    const hb_row_look *first = &job->rows[r->from];
    for (size_t k = 1; k <= HEADER_REACH && k <= r->from; k++) {
        const hb_row_look *row = &job->rows[r->from - k];
        if (row->texts * 2 >= first->filled && row->texts > row->figures && row->texts) {
            return true;
        }
    }
    return false;
}

static void weigh(body *b, const run *r)
{
    const hb_survey_job *job = b->job;
    if (r->group == MAX_GROUPS) {
        return;
    }
    const hb_field_look *f = b->groups[r->group].fields;
    bool pairs = b->groups[r->group].n_fields <= 2 && f[0].texts > f[0].figures;
    double w = (double)r->filled + 3 * (double)r->figures;
    w *= pairs ? 0.25 : 1;
    w *= has_header(job, r) ? 2 : 1;
    w *= r->to == job->grid->n && !job->grid->whole && r->to - r->from >= 3 ? 10 : 1;
    b->groups[r->group].weight += w;
}

/* Do the two runs stand under the same row: segments of one recording? */
static bool same_header(const hb_survey_job *job, const run *a, const run *b)
{
    if (a->from == 0 || b->from == 0) {
        return false;
    }
    const hb_grid_row *x = &job->grid->rows[a->from - 1];
    bool same = x->n == job->grid->rows[b->from - 1].n;
    for (size_t i = 0; i < x->n && same; i++) {
        same = hb_str_eq(hb_grid_text(job->grid, a->from - 1, i),
                         hb_grid_text(job->grid, b->from - 1, i));
    }
    return same;
}

/* Does an empty line part the run and its header from what stands before? */
static bool begins_anew(const hb_survey_job *job, const run *r)
{
    bool blank = job->grid->rows[r->from].after_blank;
    for (size_t k = 1; k <= HEADER_REACH && k <= r->from; k++) {
        blank = blank || job->grid->rows[r->from - k].after_blank;
    }
    return blank;
}

/* The first run of the group; a later one when little stands before it and the first has no names,
 * or is another table. */
static const run *first_run(const body *b, size_t g)
{
    const run *first = NULL;
    size_t before = 0;
    for (size_t i = 0; i < b->n_runs; i++) {
        const run *r = &b->runs[i];
        if (r->group != g) {
            continue;
        }
        bool little = before < FEW_ROWS_LOST && before * 3 < b->groups[g].n_rows;
        bool other = first && (!has_header(b->job, first) ||
                               (begins_anew(b->job, r) && !same_header(b->job, first, r)));
        if (!first || (little && other && has_header(b->job, r))) {
            first = r;
        }
        before += r->to - r->from;
    }
    return first;
}

/* Rows right above that have figures where figures belong are data as well, whatever else is wrong
 * with them. */
static size_t extend_up(const hb_survey_job *job, const group *g, size_t from)
{
    while (from > 0) {
        const hb_row_look *row = &job->rows[from - 1];
        fit f = fit_row(row, g->fields, g->n_fields);
        bool width = row->n == job->rows[from].n;
        if (!width || f.good == 0 || f.bad || row->ruler || job->grid->rows[from].after_blank) {
            break;
        }
        from--;
    }
    return from;
}

static void take_body(hb_survey_job *job, const group *g, size_t from)
{
    memset(job->fields, 0, job->n_fields * sizeof *job->fields);
    job->data_row = from;
    job->n_data = 0;
    for (size_t r = from; r < job->grid->n; r++) {
        const hb_row_look *row = &job->rows[r];
        fit f = fit_row(row, g->fields, g->n_fields);
        if (f.bad <= f.good && (f.agree || row->filled == 0) && !row->ruler) {
            add_row(job->fields, row, job->n_fields);
            job->n_data++;
        }
    }
}

/* Rows of the header may have figures and a title in front where the data have an empty field. */
static size_t titled_rows(const hb_survey_job *job)
{
    size_t titled = 0;
    size_t empty = 0;
    size_t n = job->grid->n - job->data_row;
    for (size_t i = 0; i < n && job->rows[job->data_row + i].n > 1; i++) {
        bool text = hb_shape_is_text((hb_shape)job->rows[job->data_row + i].shapes[0]);
        titled += text && titled == i;
        empty += job->rows[job->data_row + i].shapes[0] == HB_SHAPE_EMPTY;
    }
    bool part = titled && titled < n && job->grid->rows[job->data_row + titled].after_blank;
    return empty >= 5 && empty * 10 >= (n - titled) * 9 && (titled >= 2 || part) ? titled : 0;
}

static hb_status find_body(hb_survey_job *job, hb_error *err)
{
    body b = {.job = job};
    HB_TRY(make_runs(&b, err));
    size_t best = 0;
    for (size_t i = 0; i < 2 * b.n_runs; i++) { /* long ones first: there is room for few shapes */
        run *r = &b.runs[i % b.n_runs];
        bool is_long = r->to - r->from >= 3 || r->to == job->grid->n;
        if (is_long == (i < b.n_runs)) {
            HB_TRY(group_run(&b, r, err));
            weigh(&b, r);
        }
    }
    if (b.n_groups == 0) {
        return HB_OK;
    }
    for (size_t g = 1; g < b.n_groups; g++) {
        best = b.groups[g].weight > b.groups[best].weight ? g : best;
    }
    /* The group's fields were those of its first run; now of all its rows. */
    group *chosen = &b.groups[best];
    memset(chosen->fields, 0, chosen->n_fields * sizeof *chosen->fields);
    for (size_t i = 0; i < b.n_runs; i++) {
        for (size_t r = b.runs[i].from; b.runs[i].group == best && r < b.runs[i].to; r++) {
            add_row(chosen->fields, &job->rows[r], chosen->n_fields);
        }
    }
    const run *first = first_run(&b, best);
    take_body(job, chosen, extend_up(job, chosen, first->from));
    size_t titled = titled_rows(job);
    if (titled) {
        take_body(job, chosen, job->data_row + titled);
    }
    return HB_OK;
}

/* Cells of the data that are of their column's kind, and rows that have the usual number of fields.
 */
static void judge(const hb_survey_job *job, hb_survey *s)
{
    size_t cells = 0;
    size_t fits = 0;
    size_t figures = 0;
    size_t odd = 0;
    size_t alike = 0;
    size_t covered = 0;
    size_t usual = job->rows[s->data_row].n;
    for (size_t r = 0; r < job->grid->n; r++) {
        alike += job->rows[r].n == usual;
    }
    for (size_t r = s->data_row; r < job->grid->n; r++) {
        const hb_row_look *row = &job->rows[r];
        fit f = fit_row(row, job->fields, job->n_fields);
        odd += row->n != usual;
        covered += f.agree >= f.bad && f.agree;
        for (size_t i = 0; i < row->end; i++) {
            hb_shape shape = (hb_shape)row->shapes[i];
            const hb_field_look *c = &job->fields[i];
            bool figure = hb_shape_is_figure(shape);
            bool text = shape != HB_SHAPE_JUMBLE && hb_shape_is_text(shape);
            cells += shape != HB_SHAPE_EMPTY;
            figures += figure;
            fits += shape == HB_SHAPE_MISSING || shape == HB_SHAPE_RULER ||
                    (figure && c->figures >= c->texts) || (text && c->texts >= c->figures);
        }
    }
    for (size_t i = 0; i < job->n_fields; i++) {
        const hb_field_look *c = &job->fields[i];
        s->used_columns += (c->figures + c->texts + c->missing) * 10 >= job->n_data;
    }
    if (cells) {
        double rows = (double)(job->grid->n - s->data_row);
        s->coherence = (double)fits / (double)cells * (1 - 0.5 * (double)odd / rows);
        s->figure_share = (double)figures / (double)cells;
    }
    s->n_data = job->n_data;
    s->cover = (double)(covered + (s->names_row != HB_NO_ROW)) / (double)job->grid->n;
    s->uniform = usual > 1 ? (double)alike / (double)job->grid->n : 0;
}

double hb_survey_score(const hb_grid *grid, const hb_survey *s)
{
    if (s->data_row == HB_NO_ROW || grid->n == 0 || s->n_columns == 0) {
        return 0;
    }
    double n = (double)s->n_data;
    double cover = s->cover < 1 ? s->cover : 1;
    double width = s->used_columns <= 1 ? 0.35 : 1 - 0.3 / (double)s->used_columns;
    return s->coherence * (0.5 + 0.5 * cover) * (0.6 + 0.4 * s->figure_share) *
           (0.85 + 0.15 * s->uniform) * width * (n / (n + 1)) *
           (s->names_row != HB_NO_ROW ? 1 : 0.93);
}

hb_status hb_survey_grid(const hb_grid *grid, int header, hb_units *units, hb_arena *arena,
                         hb_survey *ret, hb_error *err)
{
    hb_survey_job job = {
        .grid = grid, .header = header, .units = units, .arena = arena, .data_row = grid->n};
    hb_survey s = {.names_row = HB_NO_ROW,
                   .units_row = HB_NO_ROW,
                   .group_row = HB_NO_ROW,
                   .data_row = HB_NO_ROW,
                   .why = "nothing stands in it"};
    HB_TRY(look_at_rows(&job, err));
    HB_TRY(find_body(&job, err));
    if (job.data_row < grid->n) {
        HB_TRY(hb_survey_header(&job, &s, err));
    }
    if (s.data_row != HB_NO_ROW) {
        judge(&job, &s);
    }
    *ret = s;
    return HB_OK;
}
