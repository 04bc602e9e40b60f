/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of comma-separated values: metric,value[,unit] or timestamp,metric,value,unit[,…], or what
 * a header line says. Two kinds of header: one with the columns metric (or name) and value, in any
 * order; and one with a time column and a metric in each of the others.
 *
 * A header that is a message of its own (source file_replay: each line is one) holds from then on
 * and is what this reader remembers; one at the head of a message with more lines holds for that
 * message. */
#include "source/payload.h"

#include "base/mem.h"
#include "base/num.h"
#include "input/cell.h"

#include <string.h>

enum { COLUMNS_MAX = 4096, HEADER_MAX_BYTES = 1 << 18, KEY_MAX = 16 };

typedef struct column {
    hb_key_role role; /* HB_KEY_NONE: a metric of a wide table, or nothing we know */
    hb_str name;
    hb_str unit;
} column;

typedef struct header {
    hb_buf text;
    hb_arena arena;
    column *columns;
    size_t n;
    bool wide;
    bool given;
} header;

typedef struct csv_state {
    header kept;
    header local;
    hb_str *fields; /* of the line at hand */
} csv_state;

static void header_init(header *h)
{
    *h = (header){.given = false};
    hb_buf_init(&h->text, HEADER_MAX_BYTES);
    hb_arena_init(&h->arena, 2 * sizeof(column) * COLUMNS_MAX + 2 * HEADER_MAX_BYTES);
}

static void header_clear(header *h)
{
    hb_arena_release(&h->arena);
    hb_buf_release(&h->text);
    header_init(h);
}

hb_status hb_payload_csv_new(void **ret_state, hb_error *err)
{
    csv_state *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    header_init(&s->kept);
    header_init(&s->local);
    s->fields = hb_alloc_array(COLUMNS_MAX, sizeof *s->fields);
    if (!s->fields) {
        hb_payload_csv_free(s);
        return HB_NOMEM(err);
    }
    *ret_state = s;
    return HB_OK;
}

void hb_payload_csv_free(void *state)
{
    csv_state *s = state;
    if (s) {
        header_clear(&s->kept);
        header_clear(&s->local);
        hb_buf_release(&s->kept.text);
        hb_buf_release(&s->local.text);
        hb_free(s->fields);
        hb_free(s);
    }
}

/* A quoted field from its opening quote on; doubled quotes are undone in the arena. False: not
 * closed. *ret_nomem: no room. */
static bool quoted_field(hb_arena *a, hb_str line, size_t *io_at, hb_str *ret, bool *ret_nomem)
{
    size_t from = *io_at + 1;
    size_t i = from;
    size_t doubled = 0;
    while (i < line.n && !(line.p[i] == '"' && !(i + 1 < line.n && line.p[i + 1] == '"'))) {
        bool pair = line.p[i] == '"';
        doubled += pair;
        i += pair ? 2 : 1;
    }
    if (i >= line.n) {
        return false;
    }
    *ret = (hb_str){line.p + from, i - from};
    *io_at = i + 1;
    if (doubled) {
        char *copy = hb_arena_alloc(a, ret->n + 1);
        if (!copy) {
            *ret_nomem = true;
            return false;
        }
        size_t n = 0;
        for (size_t k = 0; k < ret->n; k++) {
            copy[n++] = ret->p[k];
            k += ret->p[k] == '"';
        }
        *ret = (hb_str){copy, n};
    }
    return true;
}

/* Fields of a line, trimmed. 0 with *ret_bad when it is no CSV. */
static size_t split(hb_arena *a, hb_str line, hb_str *fields, const char **ret_bad, bool *ret_nomem)
{
    size_t n = 0;
    size_t at = 0;
    for (;;) {
        if (n == COLUMNS_MAX) {
            *ret_bad = "too many columns";
            return 0;
        }
        while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t')) {
            at++;
        }
        if (at < line.n && line.p[at] == '"') {
            if (!quoted_field(a, line, &at, &fields[n++], ret_nomem)) {
                *ret_bad = "a quote is not closed";
                return 0;
            }
            while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t')) {
                at++;
            }
            if (at < line.n && line.p[at] != ',') {
                *ret_bad = "text behind a quote";
                return 0;
            }
        } else {
            size_t len = hb_str_find_ch((hb_str){line.p + at, line.n - at}, ',');
            fields[n++] = hb_str_trim((hb_str){line.p + at, len});
            at += len;
        }
        if (at >= line.n) {
            return n;
        }
        at++;
    }
}

static hb_key_role column_role(hb_str name)
{
    char lower[KEY_MAX];
    if (name.n > sizeof lower) {
        return HB_KEY_NONE;
    }
    for (size_t i = 0; i < name.n; i++) {
        lower[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] - 'A' + 'a' : name.p[i]);
    }
    return hb_key_role_of((hb_str){lower, name.n});
}

static bool is_word(hb_str field)
{
    double v = 0;
    return hb_cell_classify(field, '.', &v) == HB_CELL_IS_TEXT;
}

/* Is a line a header, and of which kind? */
static bool is_header(const hb_str *fields, size_t n, bool *ret_wide)
{
    bool name = false;
    bool value = false;
    bool time = false;
    for (size_t i = 0; i < n; i++) {
        hb_key_role role = column_role(fields[i]);
        name = name || role == HB_KEY_NAME;
        value = value || role == HB_KEY_VALUE;
        time = time || role == HB_KEY_TIME;
    }
    if (!(name ? value : time && n > 1)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_word(fields[i])) {
            return false;
        }
    }
    *ret_wide = !name;
    return true;
}

/* "temp [degC]" or "temp (degC)": name and unit. */
static void split_unit(hb_str text, column *c)
{
    c->name = text;
    c->unit = (hb_str){"", 0};
    char last = text.n ? text.p[text.n - 1] : '\0';
    char open = last == ']' ? '[' : last == ')' ? '(' : '\0';
    size_t at = open ? hb_str_find_ch(text, open) : text.n;
    if (at && at < text.n) {
        c->name = hb_str_trim((hb_str){text.p, at});
        c->unit = hb_str_trim((hb_str){text.p + at + 1, text.n - at - 2});
    }
}

/* A header's own copy of its line, split. */
static hb_status header_set(header *h, hb_str line, csv_state *s, hb_error *err)
{
    const char *bad = NULL;
    bool nomem = false;
    hb_buf text;
    hb_buf_init(&text, HEADER_MAX_BYTES);
    hb_buf_str(&text, line);
    hb_status status = hb_buf_check(&text, err);
    if (status != HB_OK) {
        hb_buf_release(&text);
        return status;
    }
    header_clear(h);
    h->text = text;
    h->n = split(&h->arena, (hb_str){text.p, text.n}, s->fields, &bad, &nomem);
    h->columns = hb_arena_array(&h->arena, h->n ? h->n : 1, sizeof *h->columns);
    nomem = nomem || !h->columns;
    if (nomem || !is_header(s->fields, h->n, &h->wide)) {
        header_clear(h);
        return nomem ? HB_NOMEM(err) : HB_FAIL(err, HB_E_INPUT, "a CSV header was expected");
    }
    for (size_t i = 0; i < h->n; i++) {
        column *c = &h->columns[i];
        c->role = column_role(s->fields[i]);
        split_unit(s->fields[i], c);
        /* In a table with one metric a column, only time and ids are no metrics. */
        if (h->wide && c->role != HB_KEY_TIME && c->role != HB_KEY_ID) {
            c->role = HB_KEY_NONE;
        }
    }
    h->given = true;
    return HB_OK;
}

static bool line_time(hb_emit *e, hb_str text, hb_live_sample *s)
{
    if (text.n == 0) {
        return true;
    }
    s->timed = hb_event_time(text, &s->t);
    if (!s->timed) {
        hb_emit_bad(e, "bad time");
    }
    return s->timed;
}

static hb_status put_named(hb_emit *e, hb_live_sample *s, hb_str name, hb_str value, hb_error *err)
{
    double unused = 0;
    if (hb_num_parse(name.p, name.n, &unused) != HB_NUM_NOT) {
        hb_emit_bad(e, "no name"); /* a figure is no metric: columns are not where they should be */
        return HB_OK;
    }
    s->name = name;
    hb_emit_value(value, s);
    return hb_emit_put(e, s, name.n ? HB_NAME_WHOLE : HB_NAME_PART, err);
}

static hb_status plain_line(hb_emit *e, const hb_str *f, size_t n, hb_error *err)
{
    hb_live_sample s = hb_emit_sample(e);
    if (n < 2) {
        hb_emit_bad(e, "too few fields");
        return HB_OK;
    }
    if (n <= 3) {
        s.unit = n == 3 ? f[2] : s.unit;
        return put_named(e, &s, f[0], f[1], err);
    }
    if (!line_time(e, f[0], &s)) {
        return HB_OK;
    }
    s.unit = f[3];
    return put_named(e, &s, f[1], f[2], err);
}

static hb_status wide_line(hb_emit *e, const header *h, const hb_str *f, size_t n,
                           const hb_live_sample *base, hb_error *err)
{
    for (size_t i = 0; i < n && !e->bad; i++) {
        if (h->columns[i].role == HB_KEY_NONE) {
            hb_live_sample s = *base;
            s.name = h->columns[i].name;
            s.unit = h->columns[i].unit;
            hb_emit_value(f[i], &s);
            HB_TRY(hb_emit_put(e, &s, HB_NAME_PART, err));
        }
    }
    return HB_OK;
}

static hb_status line_by_header(hb_emit *e, const header *h, const hb_str *f, size_t n,
                                hb_error *err)
{
    hb_live_sample s = hb_emit_sample(e);
    hb_str name = {"", 0};
    hb_str value = {"", 0};
    bool has_value = false;
    if (n > h->n) {
        hb_emit_bad(e, "more fields than the header");
        return HB_OK;
    }
    for (size_t i = 0; i < n; i++) {
        switch (h->columns[i].role) {
        case HB_KEY_TIME:
            if (!line_time(e, f[i], &s)) {
                return HB_OK;
            }
            break;
        case HB_KEY_ID:
            s.id = f[i];
            break;
        case HB_KEY_NAME:
            name = f[i];
            break;
        case HB_KEY_UNIT:
            s.unit = f[i];
            break;
        case HB_KEY_VALUE:
            value = f[i];
            has_value = true;
            break;
        case HB_KEY_VALUES:
        case HB_KEY_UNITS:
        case HB_KEY_TIMESTAMPS:
        case HB_KEY_START:
        case HB_KEY_INTERVAL:
        case HB_KEY_NONE:
            break;
        }
    }
    if (h->wide) {
        return wide_line(e, h, f, n, &s, err);
    }
    if (!has_value) {
        hb_emit_bad(e, "too few fields");
        return HB_OK;
    }
    return put_named(e, &s, name, value, err);
}

static hb_status read_line(hb_emit *e, csv_state *s, const header **active, hb_str line, bool alone,
                           hb_error *err)
{
    const char *bad = NULL;
    bool nomem = false;
    bool wide = false;
    size_t n = split(hb_decoder_arena(e->d), line, s->fields, &bad, &nomem);
    if (nomem) {
        return HB_NOMEM(err);
    }
    if (bad) {
        hb_emit_bad(e, bad);
        return HB_OK;
    }
    if (is_header(s->fields, n, &wide)) {
        header *h = alone ? &s->kept : &s->local;
        hb_error why = {0};
        hb_status status = header_set(h, line, s, &why);
        if (status == HB_E_NOMEM) {
            return HB_NOMEM(err);
        }
        *active = h;
        hb_emit_bad(e, status == HB_OK ? e->bad : "header too long");
        return HB_OK;
    }
    return (*active)->given ? line_by_header(e, *active, s->fields, n, err)
                            : plain_line(e, s->fields, n, err);
}

hb_status hb_payload_csv(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                         const char **ret_bad, hb_error *err)
{
    csv_state *s = hb_decoder_state(d);
    const header *active = &s->kept;
    hb_emit e;
    hb_emit_begin(&e, d, record, fn, ctx);
    hb_str rest = record->payload;
    if (hb_str_starts(rest, "\xef\xbb\xbf")) {
        rest = (hb_str){rest.p + 3, rest.n - 3};
    }
    rest = hb_str_trim(rest);
    bool alone = hb_str_find_ch(rest, '\n') == rest.n;
    if (rest.n == 0) {
        hb_emit_bad(&e, "empty message");
    }
    while (rest.n && !e.bad) {
        size_t n = hb_str_find_ch(rest, '\n');
        hb_str line = hb_str_trim((hb_str){rest.p, n});
        n += n < rest.n;
        rest = (hb_str){rest.p + n, rest.n - n};
        if (line.n) {
            HB_TRY(read_line(&e, s, &active, line, alone, err));
        }
    }
    *ret_bad = e.bad;
    return HB_OK;
}

hb_status hb_payload_csv_save(const void *state, hb_buf *out, hb_error *err)
{
    const csv_state *s = state;
    hb_buf_add(out, s->kept.text.p, s->kept.given ? s->kept.text.n : 0);
    return hb_buf_check(out, err);
}

hb_status hb_payload_csv_load(void *state, const void *p, size_t n, hb_error *err)
{
    csv_state *s = state;
    if (n == 0) {
        header_clear(&s->kept);
        return HB_OK;
    }
    return header_set(&s->kept, (hb_str){p, n}, s, err);
}

bool hb_payload_csv_is_header(hb_str line)
{
    enum { FEW = 256 };
    hb_str fields[FEW];
    bool wide = false;
    size_t n = 0;
    size_t at = 0;
    if (hb_str_starts(line, "\xef\xbb\xbf")) {
        at = 3;
    }
    line = hb_str_trim((hb_str){line.p + at, line.n - at});
    for (at = 0; at <= line.n && n < FEW; n++) {
        size_t len = hb_str_find_ch((hb_str){line.p + at, line.n - at}, ',');
        hb_str field = hb_str_trim((hb_str){line.p + at, len});
        bool quoted = field.n > 1 && field.p[0] == '"' && field.p[field.n - 1] == '"';
        fields[n] = quoted ? (hb_str){field.p + 1, field.n - 2} : field;
        at += len + 1;
    }
    return is_header(fields, n, &wide);
}
