/* SPDX-License-Identifier: Apache-2.0 */
#include "input/cut.h"

#include "base/mem.h"
#include "input/opening.h"
#include "input/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 16, RANGES_MAX = 10000000 };

typedef struct range { /* of lines, from 1; `to` is not in it */
    uint64_t from;
    uint64_t to;
} range;

typedef struct cut {
    range *ranges; /* ascending */
    size_t n;
    size_t cap;
    bool open;     /* the last range goes on */
    uint64_t last; /* line of the row before */
    uint64_t rows;
    const char *why;
} cut;

/* --- which lines --- */

static hb_status take_row(cut *c, uint64_t line, bool keep, hb_error *err)
{
    if (line <= c->last) {
        c->why = "its rows are not lines of their own";
        return HB_OK;
    }
    c->last = line;
    c->rows += keep;
    if (keep && !c->open) {
        HB_TRY(HB_GROW(c->ranges, c->cap, c->n + 1, RANGES_MAX, "stretches of lines", err));
        c->ranges[c->n++] = (range){.from = line, .to = UINT64_MAX};
    } else if (!keep && c->open) {
        c->ranges[c->n - 1].to = line;
    }
    c->open = keep;
    return HB_OK;
}

static hb_status take_rows(cut *c, hb_table *t, hb_error *err)
{
    hb_block b;
    do {
        HB_TRY(t->ops->next(t, &b, err));
        for (size_t r = 0; r < b.n_rows && !*c->why; r++) {
            if (!b.lines) {
                c->why = "it has no lines";
            } else {
                HB_TRY(take_row(c, b.lines[r], !b.keep || b.keep[r], err));
            }
        }
    } while ((b.n_rows || b.n_rejects) && !*c->why);
    return HB_OK;
}

static const char *cannot(const hb_opening *o)
{
    const hb_table_format *f = &o->table->format;
    const char *name = o->table->ops->format;
    if (strcmp(name, "csv") != 0 && strcmp(name, "jsonl") != 0) {
        return "it is no text of one row a line";
    }
    if (*hb_stream_compression(o->stream) || *hb_stream_member(o->stream)) {
        return "it is compressed, or in a container";
    }
    return f->encoding && strncmp(f->encoding, "utf-16", 6) == 0 ? "it is UTF-16" : "";
}

static hb_status find_lines(cut *c, const hb_os *os, const char *path,
                            const hb_ingest_options *options, hb_units *units,
                            uint64_t *ret_data_first, hb_error *err)
{
    hb_opening opening = {0};
    hb_select *select = NULL;
    hb_status status = options->select ? hb_select_parse(options->select, &select, err) : HB_OK;
    if (status == HB_OK) {
        status = hb_opening_start(os, path, options, units, NULL, select, &opening, err);
    }
    if (status == HB_OK) {
        c->why = cannot(&opening);
        status = *c->why ? HB_OK : take_rows(c, opening.table, err);
        *ret_data_first = opening.table->format.data_first_line;
    }
    hb_opening_end(&opening);
    hb_select_free(select);
    return status;
}

/* --- copying them --- */

static bool wanted(const cut *c, uint64_t line, uint64_t data_first, size_t *io_at)
{
    while (*io_at < c->n && line >= c->ranges[*io_at].to) {
        ++*io_at;
    }
    return line < data_first || (*io_at < c->n && line >= c->ranges[*io_at].from);
}

static hb_status copy_lines(const cut *c, const hb_os *os, int fd, const char *path,
                            uint64_t data_first, hb_buf *out, hb_error *err)
{
    char piece[PIECE_BYTES];
    uint64_t line = 1;
    size_t at = 0;
    for (;;) {
        ssize_t n = os->read(fd, piece, sizeof piece);
        if (n < 0 && errno != EINTR) {
            return HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", path, strerror(errno));
        }
        if (n == 0) {
            return hb_buf_check(out, err);
        }
        for (hb_str rest = {piece, n > 0 ? (size_t)n : 0}; rest.n;) {
            size_t end = hb_str_find_ch(rest, '\n');
            size_t taken = end + (end < rest.n);
            if (wanted(c, line, data_first, &at)) {
                hb_buf_add(out, rest.p, taken);
            }
            line += end < rest.n;
            rest = (hb_str){rest.p + taken, rest.n - taken};
        }
    }
}

static hb_status copy(const cut *c, const hb_os *os, const char *path, uint64_t data_first,
                      hb_buf *out, hb_error *err)
{
    int fd = os->open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
    }
    hb_status status = copy_lines(c, os, fd, path, data_first, out, err);
    os->close(fd);
    return status;
}

hb_status hb_input_cut(const hb_os *os, const char *path, const hb_ingest_options *options,
                       hb_units *units, hb_buf *out, uint64_t *ret_rows, const char **ret_why,
                       hb_error *err)
{
    cut c = {.why = ""};
    uint64_t data_first = 0;
    hb_status status = find_lines(&c, os, path, options, units, &data_first, err);
    if (status == HB_OK && !*c.why) {
        status = copy(&c, os, path, data_first, out, err);
    }
    hb_free(c.ranges);
    HB_TRY(status);
    *ret_rows = c.rows;
    *ret_why = c.why;
    return HB_OK;
}
