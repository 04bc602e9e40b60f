/* SPDX-License-Identifier: Apache-2.0 */
/* Influx line protocol: measurement[,tag=value…] field=value[,field=value…] [time]. A line is read
 * twice: the time stands at its end, and a line that is bad anywhere gives nothing.
 * docs/formats/line_protocol.md */
#include "source/payload.h"

#include "base/num.h"

#include <string.h>

enum { TAGS_MAX = 32 };

typedef struct pair {
    hb_str key; /* escapes as written */
    hb_str value;
} pair;

typedef struct line {
    hb_str measurement;
    pair tags[TAGS_MAX]; /* by key */
    size_t n_tags;
    hb_str fields; /* from the first on */
    bool timed;
    hb_time t;
} line;

static bool at_end(hb_str s)
{
    return s.n == 0 || s.p[0] == '\n' || (s.p[0] == '\r' && (s.n == 1 || s.p[1] == '\n'));
}

/* Up to one of `stops` that no backslash protects, or the line's end. */
static hb_str take_until(hb_str *s, const char *stops)
{
    size_t n = 0;
    while (n < s->n && !at_end((hb_str){s->p + n, s->n - n}) && !strchr(stops, s->p[n])) {
        n += s->p[n] == '\\' && n + 1 < s->n && s->p[n + 1] != '\n' ? 2 : 1;
    }
    hb_str part = {s->p, n};
    *s = (hb_str){s->p + n, s->n - n};
    return part;
}

static bool take_char(hb_str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    *s = (hb_str){s->p + 1, s->n - 1};
    return true;
}

/* "text", which may hold line ends. */
static bool take_quoted(hb_str *s, hb_str *ret)
{
    size_t n = 1;
    while (n < s->n && s->p[n] != '"') {
        n += s->p[n] == '\\' && n + 1 < s->n ? 2 : 1;
    }
    if (n >= s->n) {
        return false;
    }
    *ret = (hb_str){s->p, n + 1};
    *s = (hb_str){s->p + n + 1, s->n - n - 1};
    return true;
}

static bool take_field(hb_str *s, pair *ret)
{
    ret->key = take_until(s, "=, ");
    if (ret->key.n == 0 || !take_char(s, '=')) {
        return false;
    }
    if (s->n && s->p[0] == '"') {
        return take_quoted(s, &ret->value);
    }
    ret->value = take_until(s, ", ");
    return ret->value.n > 0;
}

static bool is_word(hb_str s, const char *const words[5])
{
    bool is = false;
    for (size_t i = 0; i < 5 && !is; i++) {
        is = hb_str_eq_c(s, words[i]);
    }
    return is;
}

static bool read_value(hb_str text, hb_live_sample *s)
{
    static const char *const yes[5] = {"t", "T", "true", "True", "TRUE"};
    static const char *const no[5] = {"f", "F", "false", "False", "FALSE"};
    int64_t i64 = 0;
    uint64_t u64 = 0;
    s->kind = HB_LIVE_VALUE;
    if (text.p[0] == '"') {
        s->kind = HB_LIVE_TEXT;
        s->value = 0;
    } else if (is_word(text, yes) || is_word(text, no)) {
        s->value = is_word(text, yes);
    } else if (text.p[text.n - 1] == 'i') {
        s->value = 0;
        if (!hb_num_parse_i64(text.p, text.n - 1, &i64)) {
            return false;
        }
        s->value = (double)i64;
    } else if (text.p[text.n - 1] == 'u') {
        if (!hb_num_parse_u64(text.p, text.n - 1, &u64)) {
            return false;
        }
        s->value = (double)u64;
    } else {
        return hb_num_parse(text.p, text.n, &s->value) == HB_NUM_FINITE;
    }
    return true;
}

static bool add_tag(line *l, pair tag)
{
    size_t at = l->n_tags;
    if (l->n_tags == TAGS_MAX) {
        return false;
    }
    for (; at > 0 && hb_str_cmp(l->tags[at - 1].key, tag.key) > 0; at--) {
        l->tags[at] = l->tags[at - 1];
    }
    l->tags[at] = tag;
    l->n_tags++;
    return true;
}

static bool take_time(hb_str *s, int64_t unit_ns, line *l)
{
    hb_str text = take_until(s, " ");
    int64_t v = 0;
    if (text.n == 0) {
        return true;
    }
    l->timed = hb_num_parse_i64(text.p, text.n, &v) && !__builtin_mul_overflow(v, unit_ns, &l->t) &&
               l->t != HB_TIME_NONE;
    return l->timed;
}

static void skip_blanks(hb_str *s)
{
    while (take_char(s, ' ')) {
    }
}

/* The whole line; NULL, or what is wrong with it. *io_s then stands behind what was understood. */
static const char *take_line(hb_str *io_s, int64_t unit_ns, line *l)
{
    *l = (line){.measurement = take_until(io_s, ", ")};
    if (l->measurement.n == 0) {
        return "no measurement";
    }
    while (take_char(io_s, ',')) {
        pair tag = {.key = take_until(io_s, "=, ")};
        if (!take_char(io_s, '=')) {
            return "bad tag";
        }
        tag.value = take_until(io_s, ", ");
        if (tag.key.n == 0 || tag.value.n == 0 || !add_tag(l, tag)) {
            return "bad tag";
        }
    }
    skip_blanks(io_s);
    l->fields = *io_s;
    do {
        pair field;
        hb_live_sample s = {0};
        if (!take_field(io_s, &field)) {
            return "bad field";
        }
        if (!read_value(field.value, &s)) {
            return "bad value";
        }
    } while (take_char(io_s, ','));
    if (!at_end(*io_s) && io_s->p[0] != ' ') {
        return "bad line";
    }
    skip_blanks(io_s);
    if (!take_time(io_s, unit_ns, l)) {
        return "bad time";
    }
    skip_blanks(io_s);
    return at_end(*io_s) ? NULL : "bad line";
}

/* Backslashes go, other characters than [A-Za-z0-9_.-] become '_'. */
static void put_part(hb_buf *b, hb_str part)
{
    if (b->n) {
        hb_buf_ch(b, '_');
    }
    for (size_t i = 0; i < part.n; i++) {
        char c = part.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-';
        if (c == '\\' && i + 1 < part.n) {
            continue;
        }
        hb_buf_ch(b, plain ? c : '_');
    }
}

/* measurement, the tags' values in the order of their keys, field (not when it is "value") */
static hb_str name_of(const line *l, hb_str field, hb_buf *b)
{
    hb_buf_clear(b);
    put_part(b, l->measurement);
    for (size_t i = 0; i < l->n_tags; i++) {
        put_part(b, l->tags[i].value);
    }
    if (!hb_str_eq_c(field, "value")) {
        put_part(b, field);
    }
    return (hb_str){b->p, b->n};
}

static hb_status put_line(hb_emit *e, const line *l, hb_buf *b, hb_error *err)
{
    hb_str s = l->fields;
    do {
        pair field = {.key = {"", 0}};
        hb_live_sample sample = hb_emit_sample(e);
        if (!take_field(&s, &field) || !read_value(field.value, &sample)) {
            return HB_FAIL(err, HB_E_BUG, "line protocol: a field that was read cannot be read");
        }
        if (e->part >= HB_PAYLOAD_VALUES_MAX) {
            hb_emit_bad(e, "too many values");
            return HB_OK;
        }
        if (l->timed) {
            sample.t = l->t;
            sample.timed = true;
        }
        sample.name = name_of(l, field.key, b);
        HB_TRY(hb_buf_check(b, err));
        HB_TRY(hb_emit_put(e, &sample, HB_NAME_WHOLE, err));
    } while (take_char(&s, ','));
    return HB_OK;
}

bool hb_line_precision(hb_str name, int64_t *ret_ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1},
                 {"n", 1},
                 {"us", 1000},
                 {"u", 1000},
                 {"ms", 1000000},
                 {"s", 1000000000},
                 {"m", INT64_C(60000000000)},
                 {"h", INT64_C(3600000000000)}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (hb_str_eq_c(name, units[i].name)) {
            *ret_ns = units[i].ns;
            return true;
        }
    }
    return false;
}

/* The topic of a record of the source http ends in the request's "?precision=ms". */
static int64_t unit_of(hb_str topic)
{
    int64_t ns = 1;
    size_t at = hb_str_find_ch(topic, '=');
    if (at < topic.n) {
        HB_IGNORE(hb_line_precision((hb_str){topic.p + at + 1, topic.n - at - 1}, &ns)); /* ns */
    }
    return ns;
}

hb_status hb_payload_line_protocol(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                                   void *ctx, const char **ret_bad, hb_error *err)
{
    hb_emit e;
    line l;
    hb_buf *b = hb_decoder_text(d);
    hb_str s = record->payload;
    const int64_t unit_ns = unit_of(record->topic);
    hb_emit_begin(&e, d, record, fn, ctx);
    e.topic_name = (hb_str){"", 0};
    while (s.n) {
        skip_blanks(&s);
        if (!at_end(s) && s.p[0] != '#') {
            const char *wrong = take_line(&s, unit_ns, &l);
            if (wrong) {
                hb_emit_bad(&e, wrong);
            } else {
                HB_TRY(put_line(&e, &l, b, err));
            }
        }
        size_t rest = hb_str_find_ch(s, '\n');
        size_t used = rest < s.n ? rest + 1 : rest;
        s = (hb_str){s.p + used, s.n - used};
    }
    *ret_bad = e.bad;
    return HB_OK;
}
