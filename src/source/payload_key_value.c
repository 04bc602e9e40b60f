/* SPDX-License-Identifier: Apache-2.0 */
/* name=value pairs, between blanks, commas, semicolons or line ends; a value may stand in double
 * quotes. Time, unit and id of a line hold for all its pairs, wherever they stand in it. */
#include "source/payload.h"

typedef struct pair {
    hb_str key;
    hb_str value;
} pair;

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ';';
}

/* The next pair of a line. False at its end, or with *ret_bad. */
static bool next_pair(hb_str *line, pair *ret, const char **ret_bad)
{
    size_t i = 0;
    while (i < line->n && is_gap(line->p[i])) {
        i++;
    }
    if (i == line->n) {
        return false;
    }
    size_t key = i;
    while (i < line->n && line->p[i] != '=' && !is_gap(line->p[i])) {
        i++;
    }
    ret->key = (hb_str){line->p + key, i - key};
    if (i == line->n || line->p[i] != '=' || ret->key.n == 0) {
        *ret_bad = "a word without =";
        return false;
    }
    size_t from = ++i;
    bool quoted = i < line->n && line->p[i] == '"';
    if (quoted) {
        from = ++i;
        while (i < line->n && line->p[i] != '"') {
            i++;
        }
        if (i == line->n) {
            *ret_bad = "a quote is not closed";
            return false;
        }
    } else {
        while (i < line->n && !is_gap(line->p[i])) {
            i++;
        }
    }
    ret->value = (hb_str){line->p + from, i - from};
    i += quoted;
    *line = (hb_str){line->p + i, line->n - i};
    return true;
}

/* Time, unit and id. */
static void read_line_parts(hb_emit *e, hb_str line, hb_live_sample *s)
{
    pair p;
    while (next_pair(&line, &p, &e->bad)) {
        switch (hb_key_role_of(p.key)) {
        case HB_KEY_TIME:
            s->timed = hb_event_time(p.value, &s->t);
            if (!s->timed) {
                hb_emit_bad(e, "bad time");
            }
            break;
        case HB_KEY_UNIT:
            s->unit = p.value;
            break;
        case HB_KEY_ID:
            s->id = p.value;
            break;
        case HB_KEY_NAME:
        case HB_KEY_VALUE:
        case HB_KEY_VALUES:
        case HB_KEY_UNITS:
        case HB_KEY_TIMESTAMPS:
        case HB_KEY_START:
        case HB_KEY_INTERVAL:
        case HB_KEY_NONE:
            break;
        }
    }
}

static bool is_line_part(hb_key_role role)
{
    return role == HB_KEY_TIME || role == HB_KEY_UNIT || role == HB_KEY_ID;
}

static hb_status read_line(hb_emit *e, hb_str line, hb_error *err)
{
    hb_live_sample s = hb_emit_sample(e);
    hb_str name = {"", 0};
    hb_str rest = line;
    pair p;
    uint32_t before = e->part;
    read_line_parts(e, line, &s);
    while (!e->bad && next_pair(&rest, &p, &e->bad)) {
        hb_key_role role = hb_key_role_of(p.key);
        name = role == HB_KEY_NAME ? p.value : name;
    }
    rest = line;
    while (!e->bad && next_pair(&rest, &p, &e->bad)) {
        hb_key_role role = hb_key_role_of(p.key);
        if (is_line_part(role) || role == HB_KEY_NAME || (name.n && role != HB_KEY_VALUE)) {
            continue;
        }
        hb_emit_value(p.value, &s);
        s.name = role == HB_KEY_VALUE ? name : p.key;
        HB_TRY(hb_emit_put(e, &s, name.n ? HB_NAME_WHOLE : HB_NAME_PART, err));
    }
    if (e->part == before) {
        hb_emit_bad(e, "no value");
    }
    return HB_OK;
}

hb_status hb_payload_key_value(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                               void *ctx, const char **ret_bad, hb_error *err)
{
    hb_emit e;
    hb_emit_begin(&e, d, record, fn, ctx);
    hb_str rest = hb_str_trim(record->payload);
    if (rest.n == 0) {
        hb_emit_bad(&e, "empty message");
    }
    while (rest.n && !e.bad) {
        size_t n = hb_str_find_ch(rest, '\n');
        hb_str line = hb_str_trim((hb_str){rest.p, n});
        n += n < rest.n;
        rest = (hb_str){rest.p + n, rest.n - n};
        if (line.n) {
            HB_TRY(read_line(&e, line, err));
        }
    }
    *ret_bad = e.bad;
    return HB_OK;
}
