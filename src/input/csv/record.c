/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/record.h"

#include "base/mem.h"

#include <string.h>

enum { MAX_CELLS = 1 << 26, MAX_REJECTS = 1 << 24 };

void hb_record_reset(hb_record_sink *sink)
{
    sink->n_cells = 0;
    sink->n_rows = 0;
    sink->n_rejects = 0;
}

void hb_record_release(hb_record_sink *sink)
{
    hb_free(sink->cells);
    hb_free(sink->lines);
    hb_free(sink->rejects);
    *sink = (hb_record_sink){0};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_eol(char c)
{
    return c == '\n' || c == '\r';
}

/* Where the record that starts at p ends (its line end), or NULL when it is not complete. A quote
 * opens only at the start of a field. *ret_open tells whether a quote is still open at the end. */
static const char *record_end(const char *p, const char *end, char delimiter,
                              uint64_t *ret_newlines, bool *ret_open)
{
    bool start = true;
    bool quoted = false;
    uint64_t newlines = 0;
    for (; p < end; p++) {
        char c = *p;
        if (quoted) {
            if (c == '"' && p + 1 < end && p[1] == '"') {
                p++;
            } else if (c == '"') {
                quoted = false;
            } else {
                newlines += c == '\n' || (c == '\r' && !(p + 1 < end && p[1] == '\n'));
            }
        } else if (c == '"' && start) {
            quoted = true;
            start = false;
        } else if (is_eol(c)) {
            break;
        } else {
            start = c == delimiter || (start && is_blank(c));
        }
    }
    *ret_newlines = newlines;
    *ret_open = quoted;
    return p < end ? p : NULL;
}

static hb_status add_reject(hb_record_sink *sink, const char *reason, uint64_t line,
                            const char *text, size_t len, hb_error *err)
{
    HB_TRY(HB_GROW(sink->rejects, sink->cap_rejects, sink->n_rejects + 1, MAX_REJECTS,
                   "rejected rows in a block", err));
    sink->rejects[sink->n_rejects++] =
        (hb_row_reject){.reason = reason, .line = line, .text = text, .len = len};
    return HB_OK;
}

static void set_text(hb_cell *cell, const char *p, const char *end, bool quoted)
{
    while (p < end && is_blank(*p)) {
        p++;
    }
    while (p < end && is_blank(end[-1])) {
        end--;
    }
    cell->as.p = p;
    cell->len = (uint32_t)(end - p);
    cell->kind = p == end ? HB_CELL_EMPTY : HB_CELL_TEXT;
    cell->quoted = quoted;
}

/* A quoted field, unquoted in place; whatever stands between the closing quote and the delimiter is
 * kept. Returns the place behind the field. */
static char *quoted_field(char *p, char *end, char delimiter, hb_cell *cell)
{
    char *out = p;
    char *at = p + 1;
    while (at < end) {
        if (*at == '"' && at + 1 < end && at[1] == '"') {
            *out++ = '"';
            at += 2;
        } else if (*at == '"') {
            at++;
            break;
        } else {
            *out++ = *at++;
        }
    }
    while (at < end && *at != delimiter) {
        *out++ = *at++;
    }
    set_text(cell, p, out, true);
    return at;
}

typedef struct row {
    hb_record_sink *sink;
    size_t first; /* index of its first cell */
    size_t width; /* 0 = open */
    size_t n;
    uint64_t line;
    const char *extra; /* first field beyond the width that is not empty */
    size_t extra_len;
    uint64_t n_extra;
} row;

static hb_status put_cell(row *r, const hb_cell *cell, hb_error *err)
{
    if (r->width && r->n >= r->width) {
        if (cell->kind != HB_CELL_EMPTY) {
            r->extra = r->n_extra++ ? r->extra : cell->as.p;
            r->extra_len = r->n_extra == 1 ? cell->len : r->extra_len;
        }
        r->n++;
        return HB_OK;
    }
    hb_record_sink *s = r->sink;
    if (s->n_cells == s->cap_cells) {
        HB_TRY(HB_GROW(s->cells, s->cap_cells, s->n_cells + 1, MAX_CELLS, "cells in a block", err));
    }
    s->cells[s->n_cells++] = *cell;
    r->n++;
    return HB_OK;
}

static hb_status finish_row(row *r, hb_error *err)
{
    static const hb_cell absent = {.kind = HB_CELL_ABSENT};
    hb_record_sink *s = r->sink;
    if (r->width && r->n < r->width) {
        HB_TRY(add_reject(s, "short row", r->line, NULL, 0, err));
        while (r->n < r->width) {
            HB_TRY(put_cell(r, &absent, err));
        }
    }
    if (r->n_extra) {
        HB_TRY(add_reject(s, "long row", r->line, r->extra, r->extra_len, err));
    }
    HB_TRY(HB_GROW(s->lines, s->cap_lines, s->n_rows + 1, MAX_CELLS, "rows in a block", err));
    s->lines[s->n_rows++] = r->line;
    return HB_OK;
}

/* The fields of one complete record [p, end). */
static hb_status fields(row *r, char *p, char *end, char delimiter, hb_error *err)
{
    for (;;) {
        hb_cell cell = {.kind = HB_CELL_EMPTY};
        char *start = p;
        while (start < end && is_blank(*start) && *start != delimiter) {
            start++;
        }
        char *q = NULL;
        if (start < end && *start == '"') {
            q = quoted_field(start, end, delimiter, &cell);
        } else {
            q = delimiter ? memchr(p, delimiter, (size_t)(end - p)) : NULL;
            q = q ? q : end;
            set_text(&cell, p, q, false);
        }
        HB_TRY(put_cell(r, &cell, err));
        if (q >= end) {
            return HB_OK;
        }
        p = q + 1;
    }
}

/* Fields cut by runs of blanks; a quoted field may hold blanks. */
static hb_status blank_fields(row *r, char *p, char *end, hb_error *err)
{
    for (;;) {
        while (p < end && is_blank(*p)) {
            p++;
        }
        if (p == end) {
            return HB_OK;
        }
        hb_cell cell = {.kind = HB_CELL_EMPTY};
        if (*p == '"') {
            p = quoted_field(p, end, ' ', &cell);
        } else {
            char *q = p;
            while (q < end && !is_blank(*q)) {
                q++;
            }
            set_text(&cell, p, q, false);
            p = q;
        }
        HB_TRY(put_cell(r, &cell, err));
    }
}

/* The words of a row by their places; a word across two columns goes to the first of them. */
static hb_status span_fields(row *r, char *p, char *end, const uint32_t *spans, hb_error *err)
{
    hb_cell empty = {.kind = HB_CELL_EMPTY};
    r->n = 0;
    r->n_extra = 0;
    r->sink->n_cells = r->first;
    for (size_t i = 0; i < r->width; i++) {
        HB_TRY(put_cell(r, &empty, err));
    }
    hb_cell *cells = &r->sink->cells[r->first];
    uint32_t place = 0;
    size_t c = 0;
    while (p < end) {
        if (is_blank(*p)) {
            p++;
            place++;
            continue;
        }
        char *q = p;
        uint32_t from = place;
        while (q < end && !is_blank(*q)) {
            place += ((unsigned char)*q++ & 0xc0) != 0x80;
        }
        /* On to the next column while the word reaches into it and is not more in this one. */
        while (c + 1 < r->width && spans[2 * c + 2] < place &&
               (from >= spans[2 * c + 1] || place - spans[2 * c + 2] > spans[2 * c + 1] - from)) {
            c++;
        }
        bool joins = cells[c].kind != HB_CELL_EMPTY;
        set_text(&cells[c], joins ? cells[c].as.p : p, q, false);
        p = q;
    }
    return HB_OK;
}

static bool blank_line(const char *p, const char *end)
{
    while (p < end && is_blank(*p)) {
        p++;
    }
    return p == end;
}

static hb_status one_record(hb_record_input *in, hb_record_sink *sink, char *p, char *end,
                            hb_error *err)
{
    if (hb_is_comment(&in->comments, p, end)) {
        in->n_comments++;
        return HB_OK;
    }
    if (blank_line(p, end)) {
        return HB_OK;
    }
    row r = {.sink = sink, .first = sink->n_cells, .width = in->width, .line = in->line};
    hb_status status = in->delimiter == ' ' ? blank_fields(&r, p, end, err)
                                            : fields(&r, p, end, in->delimiter, err);
    if (status == HB_OK && in->spans && r.n != r.width && !memchr(p, '"', (size_t)(end - p)) &&
        !memchr(p, '\t', (size_t)(end - p))) {
        status = span_fields(&r, p, end, in->spans, err);
    }
    return status == HB_OK ? finish_row(&r, err) : status;
}

hb_status hb_record_parse(hb_record_input *in, hb_record_sink *sink, hb_error *err)
{
    char *end = in->text + in->n;
    bool quotes = memchr(in->text + in->at, '"', in->n - in->at) != NULL;
    while (in->at < in->n && !(in->max_rows && sink->n_rows == in->max_rows)) {
        char *p = in->text + in->at;
        uint64_t newlines = 0;
        bool open = false;
        char *stop = NULL;
        if (quotes && !hb_is_comment(&in->comments, p, end)) {
            const char *found = record_end(p, end, in->delimiter, &newlines, &open);
            stop = found ? p + (found - p) : NULL;
        } else {
            stop = p;
            while (stop < end && !is_eol(*stop)) {
                stop++;
            }
            stop = stop < end ? stop : NULL;
        }
        /* A CR at the very end of the bytes may be the first half of a CRLF. */
        bool half = stop && *stop == '\r' && stop + 1 == end && !in->end;
        if ((!stop && !in->end) || half) {
            return HB_OK;
        }
        if (!stop && open) {
            return HB_FAIL_AT(err, HB_E_INPUT, in->path, in->line, 0,
                              "a quote opened in this record is never closed");
        }
        stop = stop ? stop : end;
        HB_TRY(one_record(in, sink, p, stop, err));
        size_t eol = stop == end ? 0 : *stop == '\r' && stop + 1 < end && stop[1] == '\n' ? 2 : 1;
        in->at = (size_t)(stop - in->text) + eol;
        in->line += newlines + (eol > 0);
    }
    return HB_OK;
}
