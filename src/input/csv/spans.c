/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/spans.h"

#include "input/shape.h"

#include <string.h>

enum { MOST_WORDS = 256, LEAST_ROWS = 3 };

static bool is_data(const hb_cut_row *row)
{
    size_t figures = 0;
    for (size_t i = 0; i < row->n; i++) {
        figures += hb_shape_is_figure(hb_shape_of_cell(&row->cells[i]));
    }
    return !row->sign && figures * 2 > row->n;
}

static size_t usual_words(const hb_cut *cut, size_t *ret_rows)
{
    size_t counts[MOST_WORDS] = {0};
    size_t best = 0;
    for (size_t r = 0; r < cut->n; r++) {
        if (cut->rows[r].n < MOST_WORDS && is_data(&cut->rows[r])) {
            counts[cut->rows[r].n]++;
        }
    }
    for (size_t i = 2; i < MOST_WORDS; i++) {
        best = counts[i] > counts[best] ? i : best;
    }
    *ret_rows = counts[best];
    return best;
}

hb_status hb_spans_find(const hb_cut *cut, hb_arena *arena, hb_spans *ret, size_t *ret_words,
                        hb_error *err)
{
    size_t rows = 0;
    hb_spans s = {.n = usual_words(cut, &rows)};
    *ret_words = rows >= LEAST_ROWS ? s.n : 0;
    *ret = (hb_spans){.n = 0};
    if (s.n < 2 || rows < LEAST_ROWS) {
        return HB_OK;
    }
    s.v = hb_arena_array(arena, 2 * s.n, sizeof *s.v);
    if (!s.v) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s.n; i++) {
        s.v[2 * i] = UINT32_MAX;
    }
    for (size_t r = 0; r < cut->n; r++) {
        const hb_cut_row *row = &cut->rows[r];
        if (row->n != s.n || !is_data(row)) {
            continue;
        }
        if (memchr(row->text.p, '\t', row->text.n)) {
            return HB_OK; /* places mean nothing */
        }
        for (size_t i = 0; i < s.n; i++) {
            uint32_t from = row->places[2 * i];
            uint32_t to = row->places[2 * i + 1];
            s.v[2 * i] = from < s.v[2 * i] ? from : s.v[2 * i];
            s.v[2 * i + 1] = to > s.v[2 * i + 1] ? to : s.v[2 * i + 1];
        }
    }
    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.v[2 * i + 1] > s.v[2 * i + 2]) {
            return HB_OK;
        }
    }
    *ret = s;
    return HB_OK;
}

size_t hb_spans_column(const hb_spans *s, uint32_t from, uint32_t to)
{
    size_t nearest = 0;
    uint32_t least = UINT32_MAX;
    size_t touched = 0;
    for (size_t i = 0; i < s->n; i++) {
        uint32_t a = s->v[2 * i];
        uint32_t b = s->v[2 * i + 1];
        uint32_t far = from >= b ? from - b + 1 : to <= a ? a - to + 1 : 0;
        touched += far == 0;
        if (far < least) {
            least = far;
            nearest = i;
        }
    }
    return touched > 1 ? s->n : nearest;
}

bool hb_spans_fit(const hb_spans *s, const hb_cut_row *row)
{
    bool fits = row->n == s->n;
    for (size_t i = 0; i < s->n && fits; i++) {
        fits = hb_spans_column(s, row->places[2 * i], row->places[2 * i + 1]) == i;
    }
    return fits;
}

static void join(hb_cell *into, const hb_cell *word)
{
    into->len = (uint32_t)(word->as.p + word->len - into->as.p);
}

/* "Air Temp  Wind Speed" is two phrases. */
static bool by_phrases(const hb_spans *s, const hb_cut_row *row, hb_cell *cells)
{
    size_t n = 0;
    size_t joined = 0;
    for (size_t i = 0; i < row->n; i++) {
        bool more = i > 0 && row->places[2 * i] == row->places[2 * i - 1] + 1;
        if (row->cells[i].quoted || (!more && n == s->n)) {
            return false;
        }
        if (more) {
            join(&cells[n - 1], &row->cells[i]);
            joined++;
        } else {
            cells[n++] = row->cells[i];
        }
    }
    return n == s->n && joined > 0;
}

/* Words one blank apart may stand anywhere: only when they begin or end with a column are the
 * places on purpose. */
static bool on_purpose(const hb_spans *s, const hb_cut_row *row)
{
    bool exact = true;
    bool gap = false;
    for (size_t i = 0; i < row->n; i++) {
        size_t c = hb_spans_column(s, row->places[2 * i], row->places[2 * i + 1]);
        gap = gap || (i > 0 && row->places[2 * i] > row->places[2 * i - 1] + 1);
        exact = exact && c < s->n &&
                (row->places[2 * i] == s->v[2 * c] || row->places[2 * i + 1] == s->v[2 * c + 1]);
    }
    return gap || exact;
}

static bool by_places(const hb_spans *s, const hb_cut_row *row, hb_cell *cells, size_t *ret_n)
{
    *ret_n = s->n;
    for (size_t i = 0; i < row->n; i++) {
        uint32_t from = row->places[2 * i];
        const hb_cell *word = &row->cells[i];
        size_t c = hb_spans_column(s, from, row->places[2 * i + 1]);
        if (c == s->n) {
            return false;
        }
        bool free = cells[c].kind == HB_CELL_EMPTY;
        if (!free && from >= s->v[2 * s->n - 1]) { /* behind the last column */
            c = s->n;
            free = cells[c].kind == HB_CELL_EMPTY;
            *ret_n = s->n + 1;
        }
        if (!free && (word->quoted || cells[c].quoted)) {
            return false;
        }
        if (free) {
            cells[c] = *word;
        } else {
            join(&cells[c], word);
        }
    }
    return true;
}

hb_status hb_spans_align(const hb_spans *s, hb_cut_row *row, hb_arena *arena, hb_error *err)
{
    if (s->n == 0 || row->n == s->n || row->n > 4 * s->n) {
        return HB_OK;
    }
    hb_cell *cells = hb_arena_array(arena, s->n + 1, sizeof *cells);
    size_t n = s->n;
    if (!cells) {
        return HB_NOMEM(err);
    }
    if (!by_phrases(s, row, cells)) {
        for (size_t i = 0; i <= s->n; i++) {
            cells[i] = (hb_cell){.kind = HB_CELL_EMPTY};
        }
        if (!on_purpose(s, row) || !by_places(s, row, cells, &n)) {
            return HB_OK;
        }
    }
    row->cells = cells;
    row->n = n;
    return HB_OK;
}
