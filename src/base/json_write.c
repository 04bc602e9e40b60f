/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_write.h"

#include <math.h>
#include <string.h>

static const int64_t exact_integer = INT64_C(1) << 53;

void hb_json_init(hb_json *j, hb_buf *out, hb_json_style style)
{
    *j = (hb_json){.out = out, .style = style};
}

static void newline(hb_json *j)
{
    if (j->style != HB_JSON_PRETTY) {
        return;
    }
    char indent[1 + 2 * HB_JSON_DEPTH];
    size_t n = 1 + 2 * (size_t)j->depth;
    indent[0] = '\n';
    memset(indent + 1, ' ', n - 1);
    hb_buf_add(j->out, indent, n);
}

/* Comma and line end before a value that is not the value of a key. */
static void before_value(hb_json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->depth == 0) {
        return;
    }
    if (j->level[j->depth - 1].any) {
        hb_buf_ch(j->out, ',');
        if (j->style == HB_JSON_LINE) {
            hb_buf_ch(j->out, ' ');
        }
    }
    j->level[j->depth - 1].any = true;
    newline(j);
}

static void open_level(hb_json *j, char open, char close)
{
    before_value(j);
    if (j->depth == HB_JSON_DEPTH) {
        j->failed = HB_E_BUG;
        return;
    }
    hb_buf_ch(j->out, open);
    memset(&j->level[j->depth], 0, sizeof j->level[0]);
    j->level[j->depth++].close = close;
}

void hb_json_obj(hb_json *j)
{
    open_level(j, '{', '}');
}

void hb_json_arr(hb_json *j)
{
    open_level(j, '[', ']');
}

void hb_json_end(hb_json *j)
{
    if (j->depth == 0) {
        j->failed = HB_E_BUG;
        return;
    }
    j->depth--;
    if (j->level[j->depth].any) {
        newline(j);
    }
    hb_buf_ch(j->out, j->level[j->depth].close);
}

/* Short text that needs no escaping and what stands behind it, as most keys and words are: one
 * piece. */
static bool quoted_plain(hb_json *j, hb_str s, const char *behind)
{
    char text[72];
    size_t room = sizeof text - 4;
    size_t n = 0;
    if (s.n > room) {
        return false;
    }
    text[n++] = '"';
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
            return false;
        }
        text[n++] = (char)c;
    }
    text[n++] = '"';
    for (; *behind; behind++) {
        text[n++] = *behind;
    }
    hb_buf_add(j->out, text, n);
    return true;
}

static void quoted(hb_json *j, hb_str s, const char *behind)
{
    hb_buf *b = j->out;
    if (quoted_plain(j, s, behind)) {
        return;
    }
    hb_buf_ch(b, '"');
    size_t from = 0;
    size_t at = 0;
    while (at < s.n) {
        unsigned char c = (unsigned char)s.p[at];
        uint32_t cp = 0;
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            at++;
            continue;
        }
        size_t len = hb_utf8_next((hb_str){s.p + at, s.n - at}, &cp);
        if (len && c >= 0x20 && c != '"' && c != '\\') {
            at += len;
            continue;
        }
        hb_buf_add(b, s.p + from, at - from);
        static const char *const shorts[0x20] = {
            ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
        if (len == 0) {
            hb_buf_c(b, "\xef\xbf\xbd");
        } else if (c < 0x20 && shorts[c]) {
            hb_buf_c(b, shorts[c]);
        } else if (c < 0x20) {
            hb_buf_fmt(b, "\\u%04x", c);
        } else {
            hb_buf_ch(b, '\\');
            hb_buf_ch(b, (char)c);
        }
        at += len ? len : 1;
        from = at;
    }
    hb_buf_add(b, s.p + from, at - from);
    hb_buf_ch(b, '"');
    hb_buf_c(b, behind);
}

void hb_json_key_str(hb_json *j, hb_str key)
{
    if (j->depth == 0 || j->after_key) {
        j->failed = HB_E_BUG;
        return;
    }
    if (j->style == HB_JSON_CANONICAL) {
        char *last = j->level[j->depth - 1].last_key;
        size_t n =
            key.n < sizeof j->level[0].last_key - 1 ? key.n : sizeof j->level[0].last_key - 1;
        if (j->level[j->depth - 1].any && hb_str_cmp(hb_str_of(last), (hb_str){key.p, n}) >= 0) {
            j->failed = HB_E_BUG;
        }
        memcpy(last, key.p, n);
        last[n] = '\0';
    }
    before_value(j);
    quoted(j, key, j->style == HB_JSON_CANONICAL ? ":" : ": ");
    j->after_key = true;
}

void hb_json_key(hb_json *j, const char *key)
{
    hb_json_key_str(j, hb_str_of(key));
}

void hb_json_str(hb_json *j, hb_str s)
{
    before_value(j);
    quoted(j, s, "");
}

void hb_json_c(hb_json *j, const char *cstr)
{
    if (cstr) {
        hb_json_str(j, hb_str_of(cstr));
    } else {
        hb_json_null(j);
    }
}

void hb_json_f64(hb_json *j, double v)
{
    before_value(j);
    if (!isfinite(v)) {
        hb_buf_ch(j->out, '"');
    }
    hb_buf_f64(j->out, v);
    if (!isfinite(v)) {
        hb_buf_ch(j->out, '"');
    }
}

void hb_json_i64(hb_json *j, int64_t v)
{
    before_value(j);
    bool as_text = v > exact_integer || v < -exact_integer;
    hb_buf_c(j->out, as_text ? "\"" : "");
    hb_buf_i64(j->out, v);
    hb_buf_c(j->out, as_text ? "\"" : "");
}

void hb_json_u64(hb_json *j, uint64_t v)
{
    before_value(j);
    bool as_text = v > (uint64_t)exact_integer;
    hb_buf_c(j->out, as_text ? "\"" : "");
    hb_buf_u64(j->out, v);
    hb_buf_c(j->out, as_text ? "\"" : "");
}

void hb_json_bool(hb_json *j, bool v)
{
    before_value(j);
    hb_buf_c(j->out, v ? "true" : "false");
}

void hb_json_null(hb_json *j)
{
    before_value(j);
    hb_buf_c(j->out, "null");
}

void hb_json_raw(hb_json *j, hb_str json)
{
    before_value(j);
    hb_buf_str(j->out, json);
}

hb_status hb_json_done(const hb_json *j, hb_error *err)
{
    if (j->failed != HB_OK || j->depth != 0 || j->after_key) {
        return HB_FAIL(err, HB_E_BUG, "JSON document written out of order");
    }
    return hb_buf_check(j->out, err);
}

void hb_json_kc(hb_json *j, const char *key, const char *value)
{
    hb_json_key(j, key);
    hb_json_c(j, value);
}

void hb_json_kf(hb_json *j, const char *key, double value)
{
    hb_json_key(j, key);
    hb_json_f64(j, value);
}

void hb_json_kfinite(hb_json *j, const char *key, double value)
{
    if (isfinite(value)) {
        hb_json_kf(j, key, value);
    }
}

void hb_json_ki(hb_json *j, const char *key, int64_t value)
{
    hb_json_key(j, key);
    hb_json_i64(j, value);
}

void hb_json_ku(hb_json *j, const char *key, uint64_t value)
{
    hb_json_key(j, key);
    hb_json_u64(j, value);
}

void hb_json_kb(hb_json *j, const char *key, bool value)
{
    hb_json_key(j, key);
    hb_json_bool(j, value);
}

void hb_json_kt(hb_json *j, const char *key, hb_time t)
{
    char text[HB_TIME_TEXT];
    hb_json_key(j, key);
    if (t == HB_TIME_NONE) {
        hb_json_null(j);
    } else {
        hb_json_str(j, (hb_str){text, hb_time_print(t, text)});
    }
}
