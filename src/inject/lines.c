/* SPDX-License-Identifier: Apache-2.0 */
#include "inject/lines.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = 256, HELD_MAX = 1000000, LINE_MAX_BYTES = 16 << 20, NO_COLUMN = COLUMNS_MAX };

typedef struct held {
    char *text; /* owned */
    size_t n;
    uint32_t copies;
    hb_time due;
} held;

struct hb_inject_lines {
    hb_inject_format format;
    const char *name;
    hb_injector *injector;
    hb_arena arena;
    hb_map seen;
    const char *names[HB_INJECT_NAMES];
    size_t n_names;
    hb_status nomem; /* sticky, from seen() */
    uint64_t line;
    uint64_t written;
    bool has_header;
    size_t metric; /* columns */
    size_t value;
    size_t time;
    held *held; /* in order of due, then arrival */
    size_t n_held;
    size_t cap_held;
    hb_buf text;
};

hb_status hb_inject_lines_new(hb_inject_format format, const char *name, hb_injector *injector,
                              hb_inject_lines **ret_lines, hb_error *err)
{
    hb_inject_lines *l = hb_alloc_zero(sizeof *l);
    if (!l) {
        return HB_NOMEM(err);
    }
    l->format = format;
    l->name = name;
    l->injector = injector;
    hb_arena_init(&l->arena, 1 << 20);
    hb_map_init(&l->seen, HB_INJECT_NAMES);
    hb_buf_init(&l->text, LINE_MAX_BYTES);
    *ret_lines = l;
    return HB_OK;
}

void hb_inject_lines_free(hb_inject_lines *l)
{
    if (!l) {
        return;
    }
    for (size_t i = 0; i < l->n_held; i++) {
        hb_free(l->held[i].text);
    }
    hb_free(l->held);
    hb_map_release(&l->seen);
    hb_arena_release(&l->arena);
    hb_buf_release(&l->text);
    hb_free(l);
}

const char *const *hb_inject_lines_names(const hb_inject_lines *l, size_t *ret_n)
{
    *ret_n = l->n_names;
    return l->names;
}

uint64_t hb_inject_lines_written(const hb_inject_lines *l)
{
    return l->written;
}

static void seen(void *ctx, hb_str metric)
{
    hb_inject_lines *l = ctx;
    if (l->n_names == HB_INJECT_NAMES || hb_map_get(&l->seen, metric, NULL)) {
        return;
    }
    const char *kept = hb_arena_str(&l->arena, metric);
    if (!kept || hb_map_put(&l->seen, (hb_str){kept, metric.n}, l->n_names, NULL) != HB_OK) {
        l->nomem = HB_E_NOMEM;
        return;
    }
    l->names[l->n_names++] = kept;
}

static void write_line(hb_inject_lines *l, hb_str text, uint32_t copies, hb_buf *out)
{
    for (uint32_t i = 0; i < copies; i++) {
        hb_buf_str(out, text);
        hb_buf_ch(out, '\n');
        l->written++;
    }
}

/* What is due before an event of this time comes first. */
static void write_due(hb_inject_lines *l, hb_time now, bool all, hb_buf *out)
{
    size_t n = 0;
    while (n < l->n_held && (all || l->held[n].due <= now)) {
        write_line(l, (hb_str){l->held[n].text, l->held[n].n}, l->held[n].copies, out);
        hb_free(l->held[n].text);
        n++;
    }
    if (n) {
        l->n_held -= n;
        memmove(l->held, l->held + n, l->n_held * sizeof *l->held);
    }
}

static hb_status hold(hb_inject_lines *l, hb_str text, uint32_t copies, hb_time due, hb_error *err)
{
    HB_TRY(
        HB_GROW(l->held, l->cap_held, l->n_held + 1, HELD_MAX, "events held back by a delay", err));
    char *kept = hb_strndup(text.p, text.n);
    if (!kept) {
        return HB_NOMEM(err);
    }
    size_t at = l->n_held++;
    while (at > 0 && l->held[at - 1].due > due) {
        l->held[at] = l->held[at - 1];
        at--;
    }
    l->held[at] = (held){kept, text.n, copies, due};
    return HB_OK;
}

static hb_status emit(hb_inject_lines *l, hb_str text, uint32_t copies, double delay_s, hb_time t,
                      hb_buf *out, hb_error *err)
{
    if (t != HB_TIME_NONE) {
        write_due(l, t, false, out);
    }
    if (delay_s > 0 && t != HB_TIME_NONE && copies) {
        return hold(l, text, copies, t + (hb_time)llround(delay_s * 1e9), err);
    }
    write_line(l, text, copies, out);
    return hb_buf_check(out, err);
}

/* Cells as they stand in the line, quotes included. */
static hb_status split(const hb_inject_lines *l, hb_str line, hb_str cells[COLUMNS_MAX],
                       size_t *ret_n, hb_error *err)
{
    size_t n = 0;
    size_t from = 0;
    bool quoted = false;
    for (size_t i = 0; i <= line.n; i++) {
        if (i < line.n && line.p[i] == '"') {
            quoted = !quoted;
        }
        if (i < line.n && (quoted || line.p[i] != ',')) {
            continue;
        }
        if (quoted || n == COLUMNS_MAX) {
            return HB_FAIL_AT(err, HB_E_INPUT, l->name, (unsigned)l->line, 0,
                              quoted ? "a quoted cell runs over the line's end; only cells of one "
                                       "line are read here"
                                     : "more than 256 columns");
        }
        cells[n++] = (hb_str){line.p + from, i - from};
        from = i + 1;
    }
    *ret_n = n;
    return HB_OK;
}

static hb_str unquoted(hb_str cell)
{
    cell = hb_str_trim(cell);
    return cell.n >= 2 && cell.p[0] == '"' && cell.p[cell.n - 1] == '"'
               ? (hb_str){cell.p + 1, cell.n - 2}
               : cell;
}

static hb_status header(hb_inject_lines *l, hb_str line, hb_buf *out, hb_error *err)
{
    static const struct {
        const char *word;
        size_t offset;
    } words[] = {
        {"metric", offsetof(hb_inject_lines, metric)},
        {"name", offsetof(hb_inject_lines, metric)},
        {"value", offsetof(hb_inject_lines, value)},
        {"timestamp", offsetof(hb_inject_lines, time)},
        {"ts", offsetof(hb_inject_lines, time)},
        {"time", offsetof(hb_inject_lines, time)},
    };
    hb_str cells[COLUMNS_MAX];
    size_t n = 0;
    l->metric = l->value = l->time = NO_COLUMN;
    HB_TRY(split(l, line, cells, &n, err));
    for (size_t i = 0; i < n; i++) {
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            size_t *column = (size_t *)(void *)((char *)l + words[w].offset);
            if (*column == NO_COLUMN && hb_str_ieq_c(unquoted(cells[i]), words[w].word)) {
                *column = i;
            }
        }
    }
    if (l->metric == NO_COLUMN || l->value == NO_COLUMN) {
        return HB_FAIL_AT(err, HB_E_INPUT, l->name, (unsigned)l->line, 0,
                          "expected a header with the columns metric and value (and timestamp); a "
                          "row is one value of one metric");
    }
    l->has_header = true;
    write_line(l, line, 1, out);
    l->written--; /* rows are counted */
    return HB_OK;
}

static hb_time cell_time(hb_str cell)
{
    hb_time t = HB_TIME_NONE;
    double v = 0;
    if (hb_time_parse(cell.p, cell.n, &t, NULL)) {
        return t;
    }
    if (hb_num_parse(cell.p, cell.n, &v) != HB_NUM_FINITE) {
        return HB_TIME_NONE;
    }
    double ns = v * hb_inject_ns_per(v);
    return fabs(ns) < 9.2e18 ? (hb_time)llround(ns) : HB_TIME_NONE;
}

static void put_time(hb_buf *b, hb_str before, hb_time t)
{
    char text[HB_TIME_TEXT];
    double v = 0;
    if (hb_num_parse(before.p, before.n, &v) == HB_NUM_FINITE) {
        hb_buf_f64(b, (double)t / hb_inject_ns_per(v));
    } else {
        hb_buf_add(b, text, hb_time_print(t, text));
    }
}

static void put_name(hb_buf *b, const char *name)
{
    bool quote = strpbrk(name, ",\"\n") != NULL;
    hb_buf_fmt(b, quote ? "\"" : "");
    for (const char *c = name; *c; c++) {
        hb_buf_fmt(b, *c == '"' ? "\"\"" : "%c", *c);
    }
    hb_buf_fmt(b, quote ? "\"" : "");
}

static hb_status csv_row(hb_inject_lines *l, hb_str line, hb_buf *out, hb_error *err)
{
    hb_str cells[COLUMNS_MAX];
    size_t n = 0;
    HB_TRY(split(l, line, cells, &n, err));
    if (n <= l->metric || n <= l->value) {
        return HB_FAIL_AT(err, HB_E_INPUT, l->name, (unsigned)l->line, 0,
                          "the row has %zu cells, too few for the columns metric and value", n);
    }
    hb_str number = unquoted(cells[l->value]);
    bool timed = l->time < n;
    hb_inject_event e = {.metric = unquoted(cells[l->metric]),
                         .t = timed ? cell_time(unquoted(cells[l->time])) : HB_TIME_NONE};
    e.has_value = hb_num_parse(number.p, number.n, &e.value) == HB_NUM_FINITE;
    seen(l, e.metric);
    hb_inject_outcome o;
    hb_injector_next(l->injector, &e, &o);
    if (!o.value_changed && !o.time_changed && !o.renamed) {
        return emit(l, line, o.copies, o.delay_s, e.t, out, err);
    }
    hb_buf_clear(&l->text);
    for (size_t i = 0; i < n; i++) {
        if (i) {
            hb_buf_ch(&l->text, ',');
        }
        if (i == l->value && o.value_changed) {
            hb_buf_f64(&l->text, o.value);
        } else if (i == l->time && o.time_changed) {
            put_time(&l->text, unquoted(cells[i]), o.t);
        } else if (i == l->metric && o.renamed) {
            put_name(&l->text, o.metric);
        } else {
            hb_buf_str(&l->text, cells[i]);
        }
    }
    HB_TRY(hb_buf_check(&l->text, err));
    return emit(l, (hb_str){l->text.p, l->text.n}, o.copies, o.delay_s, e.t, out, err);
}

static hb_status json_row(hb_inject_lines *l, hb_str line, hb_buf *out, hb_error *err)
{
    hb_inject_json r;
    hb_buf_clear(&l->text);
    hb_status status = hb_inject_json_text(l->injector, line, NULL, seen, l, &l->text, &r, err);
    if (status != HB_OK) {
        if (err) {
            err->in_line = (unsigned)l->line;
            HB_IGNORE(hb_error_in_file(err, l->name)); /* the status is returned below */
        }
        return status;
    }
    hb_str text = r.changed ? (hb_str){l->text.p, l->text.n} : line;
    return emit(l, text, r.copies, r.delay_s, r.t, out, err);
}

hb_status hb_inject_lines_put(hb_inject_lines *l, hb_str line, hb_buf *out, hb_error *err)
{
    l->line++;
    if (line.n && line.p[line.n - 1] == '\r') {
        line.n--;
    }
    if (hb_str_trim(line).n == 0) {
        return HB_OK;
    }
    hb_status status = l->format == HB_INJECT_JSONL ? json_row(l, line, out, err)
                       : !l->has_header             ? header(l, line, out, err)
                                                    : csv_row(l, line, out, err);
    return status == HB_OK && l->nomem ? HB_NOMEM(err) : status;
}

hb_status hb_inject_lines_end(hb_inject_lines *l, hb_buf *out, hb_error *err)
{
    write_due(l, 0, true, out);
    return hb_buf_check(out, err);
}
