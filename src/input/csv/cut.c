/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/cut.h"

#include <string.h>

enum { OPEN_QUOTE_BYTES = 1 << 16, LEAST_ROWS = 3, MAX_LINES = 1 << 20 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t line_end(hb_str text, size_t at)
{
    while (at < text.n && !hb_is_eol(text.p[at])) {
        at++;
    }
    return at;
}

/* Where the record that begins at `at` ends, with the line ends inside quotes counted. */
static size_t record_end(hb_str text, size_t at, char delimiter, uint64_t *ret_inside)
{
    bool start = true;
    bool quoted = false;
    uint64_t inside = 0;
    size_t i = at;
    for (; i < text.n && (quoted || !hb_is_eol(text.p[i])); i++) {
        char c = text.p[i];
        if (quoted && c == '"' && i + 1 < text.n && text.p[i + 1] == '"') {
            i++;
        } else if (quoted) {
            quoted = c != '"';
            inside += c == '\n' || (c == '\r' && !(i + 1 < text.n && text.p[i + 1] == '\n'));
        } else if (c == '"' && start) {
            quoted = true;
            start = false;
        } else {
            start = c == delimiter || (start && is_blank(c)) ||
                    (delimiter == HB_DELIMITER_BLANKS && is_blank(c));
        }
        if (quoted && i - at > OPEN_QUOTE_BYTES) {
            break;
        }
    }
    if (quoted) { /* never closed: no quote after all */
        *ret_inside = 0;
        return line_end(text, at);
    }
    *ret_inside = inside;
    return i;
}

typedef struct cells {
    hb_cell *v;
    uint32_t *places;
    size_t n;
    hb_arena *arena;
    bool failed;
} cells;

static void put(cells *c, const char *p, const char *end, bool quoted)
{
    while (p < end && is_blank(*p)) {
        p++;
    }
    while (p < end && is_blank(end[-1])) {
        end--;
    }
    c->v[c->n++] = (hb_cell){.as.p = p,
                             .len = (uint32_t)(end - p),
                             .kind = p == end ? HB_CELL_EMPTY : HB_CELL_TEXT,
                             .quoted = quoted};
}

/* A quoted field from its quote on; copied only when quotes are doubled inside. */
static const char *put_quoted(cells *c, const char *p, const char *end, char delimiter)
{
    const char *from = p + 1;
    const char *at = from;
    bool copy = false;
    while (at < end && !(*at == '"' && !(at + 1 < end && at[1] == '"'))) {
        copy = copy || *at == '"';
        at += *at == '"' ? 2 : 1;
    }
    const char *close = at < end ? at : end;
    const char *behind = at < end ? at + 1 : end;
    bool blanks = delimiter == HB_DELIMITER_BLANKS;
    while (behind < end && *behind != delimiter && !(blanks && is_blank(*behind))) {
        copy = copy || !is_blank(*behind);
        behind++;
    }
    if (!copy) {
        put(c, from, close, true);
        return behind;
    }
    char *room = hb_arena_alloc(c->arena, (size_t)(behind - from) + 1);
    char *out = room;
    c->failed = c->failed || !room;
    for (const char *q = from; room && q < behind; q++) {
        if (q != close) {
            *out++ = *q;
        }
        q += q < close && *q == '"' && q + 1 < close && q[1] == '"';
    }
    put(c, room, room ? out : room, true);
    return behind;
}

static void cut_by(cells *c, hb_str row, char delimiter)
{
    const char *p = row.p;
    const char *end = row.p + row.n;
    for (;;) {
        const char *start = p;
        while (start < end && is_blank(*start) && *start != delimiter) {
            start++;
        }
        const char *q = end;
        if (start < end && *start == '"') {
            q = put_quoted(c, start, end, delimiter);
        } else {
            const char *found = delimiter ? memchr(p, delimiter, (size_t)(end - p)) : NULL;
            q = found ? found : end;
            put(c, p, q, false);
        }
        if (q >= end) {
            return;
        }
        p = q + 1;
    }
}

/* Characters, not bytes: a degree sign must not move what stands behind it. */
static uint32_t characters(const char *from, const char *to)
{
    uint32_t n = 0;
    for (; from < to; from++) {
        n += ((unsigned char)*from & 0xc0) != 0x80;
    }
    return n;
}

static void cut_at_blanks(cells *c, hb_str row)
{
    const char *p = row.p;
    const char *end = row.p + row.n;
    const char *counted = p;
    uint32_t place = 0;
    for (;;) {
        while (p < end && is_blank(*p)) {
            p++;
        }
        if (p == end) {
            return;
        }
        place += characters(counted, p);
        c->places[2 * c->n] = place;
        counted = p;
        size_t i = c->n;
        if (*p == '"') {
            p = put_quoted(c, p, end, HB_DELIMITER_BLANKS);
        } else {
            const char *from = p;
            while (p < end && !is_blank(*p)) {
                p++;
            }
            put(c, from, p, false);
        }
        place += characters(counted, p);
        c->places[2 * i + 1] = place;
        counted = p;
    }
}

static size_t most_cells(hb_str row, char delimiter)
{
    size_t n = 1;
    bool blanks = delimiter == HB_DELIMITER_BLANKS;
    for (size_t i = 0; i < row.n; i++) {
        n += blanks ? is_blank(row.p[i]) || row.p[i] == '"' : row.p[i] == delimiter;
    }
    return n;
}

hb_status hb_cut_row_cells(hb_cut_row *row, char delimiter, hb_arena *arena, hb_error *err)
{
    size_t most = delimiter ? most_cells(row->text, delimiter) : 1;
    bool blanks = delimiter == HB_DELIMITER_BLANKS;
    cells c = {.arena = arena, .v = hb_arena_array(arena, most, sizeof *c.v)};
    c.places = blanks ? hb_arena_array(arena, 2 * most, sizeof *c.places) : NULL;
    if (!c.v || (blanks && !c.places)) {
        return HB_NOMEM(err);
    }
    if (blanks) {
        cut_at_blanks(&c, row->text);
    } else {
        cut_by(&c, row->text, delimiter);
    }
    row->cells = c.v;
    row->places = c.places;
    row->n = c.n;
    return c.failed ? HB_NOMEM(err) : HB_OK;
}

hb_status hb_cut_text(hb_str text, bool whole, const hb_cut_options *o, hb_arena *arena,
                      hb_cut *ret, hb_error *err)
{
    hb_cut cut = {.rows = hb_arena_array(arena, o->max_rows + 1, sizeof *cut.rows)};
    if (!cut.rows) {
        return HB_NOMEM(err);
    }
    size_t at = 0;
    uint64_t line = 1;
    bool blank = false;
    while (at < text.n && cut.n < o->max_rows && (at < o->max_bytes || cut.n < LEAST_ROWS)) {
        const char *p = text.p + at;
        uint64_t inside = 0;
        char sign = hb_comment_sign(o->comments, p, text.p + line_end(text, at));
        size_t end = sign ? line_end(text, at) : record_end(text, at, o->delimiter, &inside);
        if (end == text.n && !whole) {
            break; /* the last one may be cut off */
        }
        size_t eol = end < text.n ? hb_eol_bytes(text.p + end, text.p + text.n) : 0;
        hb_cut_row row = {.text = {p, end - at},
                          .at = at,
                          .next = end + eol,
                          .line = line,
                          .last_line = line + inside,
                          .after_blank = blank,
                          .sign = sign};
        if (eol) {
            hb_eol_note(&cut.eol, text.p + end, text.p + text.n);
        }
        at = end + eol;
        line += inside + (eol > 0);
        blank = hb_str_trim(row.text).n == 0;
        if (!blank) {
            HB_TRY(hb_cut_row_cells(&row, o->delimiter, arena, err));
            cut.rows[cut.n++] = row;
        }
    }
    cut.whole = whole && at == text.n;
    *ret = cut;
    return HB_OK;
}
