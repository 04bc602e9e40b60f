/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/inputs_text.h"

#include "base/mem.h"
#include "crypto/base64.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 24 };

/* --- writing --- */

static void key_of(hb_json *j, const char *key)
{
    if (key) {
        hb_json_key(j, key);
    }
}

void hb_exact_f64(hb_json *j, const char *key, double v)
{
    key_of(j, key);
    if (v == 0 && signbit(v)) {
        hb_json_c(j, "-0");
    } else if (isnan(v) && hb_strict_bits(v) != hb_strict_bits((double)NAN)) {
        char text[HB_STRICT_NAN + 1];
        snprintf(text, sizeof text, "NaN:%016llx", (unsigned long long)hb_strict_bits(v));
        hb_json_c(j, text);
    } else {
        hb_json_f64(j, v);
    }
}

void hb_exact_time(hb_json *j, const char *key, hb_time t)
{
    key_of(j, key);
    if (t == HB_TIME_NONE) {
        hb_json_null(j);
    } else {
        hb_json_i64(j, t);
    }
}

static void base64(hb_json *j, const void *p, size_t n)
{
    hb_json_raw(j, HB_STR("\""));
    hb_base64_put(j->out, p, n);
    hb_buf_ch(j->out, '"');
}

void hb_exact_text(hb_json *j, const char *key, const char *text)
{
    hb_str s = hb_str_of(text);
    key_of(j, key);
    if (!text || hb_utf8_valid_prefix(s) == s.n) {
        hb_json_c(j, text);
        return;
    }
    hb_json_obj(j);
    hb_json_key(j, "base64");
    base64(j, s.p, s.n);
    hb_json_end(j);
}

void hb_exact_bytes(hb_json *j, const char *key, const void *p, size_t n)
{
    key_of(j, key);
    if (n) {
        base64(j, p, n);
    } else {
        hb_json_null(j);
    }
}

/* --- failing --- */

void hb_strict_init(hb_strict *d, hb_str text, const char *name, hb_arena *arena, hb_error *err)
{
    *d = (hb_strict){.begin = text.p,
                     .p = text.p,
                     .end = text.p + text.n,
                     .name = name,
                     .arena = arena,
                     .first = true,
                     .err = err};
}

void hb_strict_release(hb_strict *d)
{
    hb_free(d->bytes);
    hb_free(d->room);
    d->bytes = NULL;
    d->room = NULL;
}

void hb_strict_refuse(hb_strict *d, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    if (d->failed != HB_OK) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    d->failed = HB_FAIL(d->err, HB_E_EVIDENCE, "'%s', byte %zu: %s", d->name,
                        (size_t)(d->p - d->begin), text);
}

void hb_strict_failed(hb_strict *d, hb_status status)
{
    if (d->failed == HB_OK && status != HB_OK) {
        d->failed = status;
    }
}

void hb_strict_no_memory(hb_strict *d)
{
    hb_strict_failed(d, HB_NOMEM(d->err));
}

void hb_strict_expected(hb_strict *d, const char *what)
{
    size_t left = (size_t)(d->end - d->p);
    size_t n = left < SHOWN_MAX ? left : SHOWN_MAX;
    char got[SHOWN_MAX + 1];
    for (size_t i = 0; i < n; i++) {
        got[i] = d->p[i] >= 0x20 && d->p[i] < 0x7f ? d->p[i] : '?';
    }
    got[n] = '\0';
    hb_strict_refuse(d, "expected %s, got %s%s%s", what, n ? "'" : "the end", got, n ? "'" : "");
}

hb_status hb_strict_check(hb_strict *d)
{
    return d->failed;
}

hb_status hb_strict_done(hb_strict *d)
{
    if (d->failed == HB_OK && (d->depth || d->p != d->end)) {
        hb_strict_expected(d, "the document's end");
    }
    return d->failed;
}

bool hb_strict_grow_(hb_strict *d, void **list, size_t n, size_t *cap, size_t size)
{
    if (d->failed == HB_OK) {
        hb_strict_failed(d, hb_arena_grow(d->arena, list, n, cap, size, d->err));
    }
    return d->failed == HB_OK;
}

/* --- structure --- */

bool hb_strict_at(const hb_strict *d, char c)
{
    return d->failed == HB_OK && d->p < d->end && *d->p == c;
}

bool hb_strict_take(hb_strict *d, const char *text)
{
    size_t n = strlen(text);
    if (d->failed != HB_OK || (size_t)(d->end - d->p) < n || memcmp(d->p, text, n) != 0) {
        return false;
    }
    d->p += n;
    return true;
}

static void open_level(hb_strict *d, const char *open)
{
    if (d->failed != HB_OK) {
        return;
    }
    if (d->depth == HB_JSON_DEPTH || !hb_strict_take(d, open)) {
        hb_strict_expected(d, *open == '{' ? "an object" : "an array");
        return;
    }
    d->depth++;
    d->first = true;
}

static void close_level(hb_strict *d)
{
    if (d->failed == HB_OK) {
        d->p++;
        d->depth--;
        d->first = false;
    }
}

void hb_strict_obj(hb_strict *d)
{
    open_level(d, "{");
}

void hb_strict_arr(hb_strict *d)
{
    open_level(d, "[");
}

bool hb_strict_more(hb_strict *d)
{
    if (hb_strict_at(d, ']')) {
        close_level(d);
        return false;
    }
    if (d->failed == HB_OK && !d->first && !hb_strict_take(d, ",")) {
        hb_strict_expected(d, "a comma or the array's end");
    }
    d->first = false;
    return d->failed == HB_OK;
}

void hb_strict_end(hb_strict *d)
{
    if (hb_strict_at(d, '}')) {
        close_level(d);
    } else {
        hb_strict_expected(d, "the object's end");
    }
}

/* Our keys need no escapes. */
void hb_strict_key(hb_strict *d, const char *key)
{
    char text[80];
    snprintf(text, sizeof text, "%s\"%s\":", d->first ? "" : ",", key);
    if (!hb_strict_take(d, text)) {
        snprintf(text, sizeof text, "member '%s'", key);
        hb_strict_expected(d, text);
    }
    d->first = false;
}

bool hb_strict_null(hb_strict *d)
{
    return hb_strict_take(d, "null");
}

bool hb_strict_bool(hb_strict *d)
{
    bool yes = hb_strict_take(d, "true");
    if (!yes && !hb_strict_take(d, "false")) {
        hb_strict_expected(d, "true or false");
    }
    return yes;
}
