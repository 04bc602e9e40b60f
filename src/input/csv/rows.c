/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/rows.h"

#include "base/mem.h"

#include <string.h>

/* A stretch and what becomes of it fit into the nearest cache; with long rows it grows, because
 * columns are worth going through from some dozens of rows on. */
enum { STRETCH = 1 << 14, MOST_STRETCH = 1 << 19, FEW_ROWS = 48 };
enum { MAX_ROWS = 1 << 26, ODD_TEXT_BYTES = 64 << 20 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_eol(char c)
{
    return c == '\n' || c == '\r';
}

static bool only_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p)) {
        p++;
    }
    return p == end;
}

typedef struct record {
    size_t marks; /* behind its last mark */
    size_t fields;
    uint64_t line_ends; /* inside quotes */
    bool odd;
} record;

/* The quote that closes the one at mark i, or n when it is not among the marks. */
static size_t closing(const char *text, const hb_marks *m, size_t i, record *rec)
{
    for (size_t k = i + 1; k < m->n; k++) {
        const char *c = text + m->at[k];
        if (*c != '"') {
            rec->line_ends += is_eol(*c);
        } else if (c[1] == '"') {
            rec->odd = true;
            k++;
        } else {
            return k;
        }
    }
    return m->n;
}

/* A record with quotes, beginning at text[begin] and mark `first`. With `write`, the marks that are
 * its field ends come to stand together from `first`. False when it goes on behind the marks. A
 * quote opens only at the start of a field. */
static bool walk(const hb_rows_input *in, hb_marks *m, size_t first, size_t begin, bool write,
                 record *ret)
{
    const char *text = in->text;
    const char *start = text + begin;
    size_t out = first;
    *ret = (record){0};
    for (size_t i = first; i < m->n; i++) {
        const char *c = text + m->at[i];
        if (*c == '"') {
            if (!only_blanks(start, c)) {
                continue;
            }
            i = closing(text, m, i, ret);
            if (i == m->n) {
                return false;
            }
            char after = text[m->at[i] + 1];
            ret->odd = ret->odd || !(is_eol(after) || (in->delimiter && after == in->delimiter));
            continue;
        }
        if (write) {
            m->at[out] = m->at[i];
        }
        out++;
        start = c + 1;
        if (is_eol(*c)) {
            ret->marks = i + 1;
            ret->fields = out - first;
            return true;
        }
    }
    return false;
}

static hb_status room_for_marks(hb_rows *r, size_t n, hb_error *err)
{
    if (n <= r->cap_marks) {
        return HB_OK;
    }
    hb_free(r->marks.at);
    hb_free(r->marks.turns);
    r->marks = (hb_marks){0};
    r->cap_marks = 0;
    r->marks.at = hb_alloc_array(n + HB_MARKS_PAD, sizeof *r->marks.at);
    r->marks.turns = hb_alloc_array(n + HB_MARKS_PAD, sizeof *r->marks.turns);
    if (!r->marks.at || !r->marks.turns) {
        return HB_NOMEM(err);
    }
    r->cap_marks = n;
    return HB_OK;
}

static hb_status room_for_rows(hb_rows *r, size_t n, hb_error *err)
{
    HB_TRY(HB_GROW(r->begin, r->cap_begin, n, MAX_ROWS, "rows in a block", err));
    HB_TRY(HB_GROW(r->first, r->cap_first, n, MAX_ROWS, "rows in a block", err));
    return HB_GROW(r->lines, r->cap_lines, n, MAX_ROWS, "rows in a block", err);
}

/* From a copy, because reading takes the quotes away. */
static hb_status odd_record(hb_rows *r, size_t begin, size_t end, hb_error *err)
{
    const hb_rows_input *in = &r->in;
    char *copy = hb_arena_strndup(&r->odd_text, in->text + begin, end - begin);
    if (!copy) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s': a block holds more than %d bytes of odd records",
                       in->path, ODD_TEXT_BYTES);
    }
    hb_record_input one = {.text = copy,
                           .n = end - begin,
                           .end = true,
                           .line = r->line,
                           .delimiter = in->delimiter,
                           .comments = in->comments,
                           .width = in->width,
                           .path = in->path};
    size_t k = r->odd.n_rows;
    HB_TRY(hb_record_parse(&one, &r->odd, err));
    if (r->odd.n_rows == k) {
        return HB_OK; /* a blank line */
    }
    HB_TRY(HB_GROW(r->odd_rows, r->cap_odd, k + 1, MAX_ROWS, "rows in a block", err));
    r->odd_rows[k] = (uint32_t)r->n_rows;
    r->begin[r->n_rows] = (uint32_t)begin;
    r->first[r->n_rows] = HB_ROWS_ODD;
    r->lines[r->n_rows++] = r->line;
    return HB_OK;
}

/* The record from text[begin], its last mark standing at the line end `end`. */
static hb_status take_record(hb_rows *r, size_t begin, size_t end, size_t first, const record *rec,
                             hb_error *err)
{
    const char *text = r->in.text;
    size_t stop = end - (end > begin && text[end] == '\n' && text[end - 1] == '\r');
    if (rec->odd || rec->fields != r->in.width ||
        ((unsigned char)text[begin] <= ' ' && only_blanks(text + begin, text + stop))) {
        return odd_record(r, begin, stop, err);
    }
    r->marks.at[first + rec->fields - 1] = (uint32_t)stop;
    r->begin[r->n_rows] = (uint32_t)begin;
    r->first[r->n_rows] = (uint32_t)first;
    r->lines[r->n_rows++] = r->line;
    return HB_OK;
}

/* All records that end among the marks. */
static hb_status take_records(hb_rows *r, hb_error *err)
{
    const char *text = r->in.text;
    hb_marks *m = &r->marks;
    HB_TRY(room_for_rows(r, r->n_rows + m->n_turns, err));
    size_t first = 0;
    for (size_t t = 0; t < m->n_turns; t++) {
        size_t begin = r->at;
        bool comment = hb_is_comment(&r->in.comments, text + begin, text + r->in.n);
        if (comment && text[m->at[m->turns[t]]] == '"') {
            continue;
        }
        record rec = {.marks = m->turns[t] + 1};
        rec.fields = rec.marks - first;
        if (text[m->at[m->turns[t]]] == '"') {
            if (!walk(&r->in, m, first, begin, false, &rec)) {
                return HB_OK;
            }
            walk(&r->in, m, first, begin, true, &rec);
            while (t + 1 < m->n_turns && m->turns[t + 1] < rec.marks) {
                t++;
            }
        }
        size_t end = m->at[rec.marks - 1];
        r->n_comments += comment;
        if (!comment) {
            HB_TRY(take_record(r, begin, end, first, &rec, err));
        }
        first = rec.marks;
        r->at = end + 1;
        r->line += 1 + rec.line_ends;
    }
    return HB_OK;
}

void hb_rows_begin(hb_rows *r, const hb_rows_input *in)
{
    r->in = *in;
    r->n_rows = 0;
    r->from = 0;
    r->at = 0;
    r->line = 1;
    r->n_comments = 0;
    hb_record_reset(&r->odd);
    hb_arena_release(&r->odd_text);
    hb_arena_init(&r->odd_text, ODD_TEXT_BYTES);
}

hb_status hb_rows_next(hb_rows *r, hb_error *err)
{
    size_t stretch = r->stretch ? r->stretch : STRETCH;
    r->from = r->n_rows;
    while (r->at < r->in.n && r->n_rows == r->from) {
        size_t before = r->at;
        size_t left = r->in.n - r->at;
        size_t look = left < stretch ? left : stretch;
        HB_TRY(room_for_marks(r, stretch, err));
        hb_marks_find(r->in.text, r->at, r->at + look, r->in.delimiter, &r->marks);
        HB_TRY(take_records(r, err));
        if (r->at == before && look == left) { /* a quote is left open: told by the parser */
            r->at = r->in.n;
            HB_TRY(room_for_rows(r, r->n_rows + 1, err));
            return odd_record(r, before, r->in.n, err);
        }
        if (r->at == before) {
            stretch *= 2;
        } else if (look < left && r->n_rows - r->from < FEW_ROWS && stretch < MOST_STRETCH) {
            r->stretch = stretch * 2;
        }
    }
    return HB_OK;
}

/* Without quotes a record ends at any line end; the carriage return at the very end may be half of
 * one. */
static size_t last_line_end(const char *text, size_t n)
{
    const char *feed = memrchr(text, '\n', n);
    size_t from = feed ? (size_t)(feed - text) + 1 : 0;
    size_t to = n > from && text[n - 1] == '\r' ? n - 1 : n;
    const char *carriage = memrchr(text + from, '\r', to - from);
    return carriage ? (size_t)(carriage - text) + 1 : from;
}

hb_status hb_rows_cut(hb_rows *r, const hb_rows_input *in, size_t *ret_n, hb_error *err)
{
    if (!memchr(in->text, '"', in->n)) {
        *ret_n = last_line_end(in->text, in->n);
        return HB_OK;
    }
    size_t stretch = STRETCH;
    size_t at = 0;
    while (at < in->n) {
        size_t before = at;
        size_t left = in->n - at;
        size_t look = left < stretch ? left : stretch;
        size_t first = 0;
        HB_TRY(room_for_marks(r, stretch, err));
        hb_marks *m = &r->marks;
        hb_marks_find(in->text, at, at + look, in->delimiter, m);
        for (size_t t = 0; t < m->n_turns; t++) {
            record rec = {.marks = m->turns[t] + 1};
            bool quote = in->text[m->at[m->turns[t]]] == '"';
            if (quote && hb_is_comment(&in->comments, in->text + at, in->text + in->n)) {
                continue;
            }
            if (quote && !walk(in, m, first, at, false, &rec)) {
                break;
            }
            while (t + 1 < m->n_turns && m->turns[t + 1] < rec.marks) {
                t++;
            }
            size_t end = m->at[rec.marks - 1];
            if (end + 1 == in->n && in->text[end] == '\r') {
                break;
            }
            first = rec.marks;
            at = end + 1;
        }
        if (at == before && look == left) {
            break;
        }
        stretch = at == before ? stretch * 2 : STRETCH;
    }
    *ret_n = at;
    return HB_OK;
}

void hb_rows_release(hb_rows *r)
{
    hb_free(r->marks.at);
    hb_free(r->marks.turns);
    hb_free(r->begin);
    hb_free(r->first);
    hb_free(r->lines);
    hb_free(r->odd_rows);
    hb_record_release(&r->odd);
    hb_arena_release(&r->odd_text);
    *r = (hb_rows){0};
}
