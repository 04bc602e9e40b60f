/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* `.p` of an empty buffer points here: never NULL, never written. */
static char empty[1];

void hb_buf_init(hb_buf *b, size_t max_bytes)
{
    *b = (hb_buf){.p = empty, .max = max_bytes};
}

void hb_buf_release(hb_buf *b)
{
    if (b->cap) {
        hb_free(b->p);
    }
    *b = (hb_buf){.p = empty, .max = b->max};
}

void hb_buf_clear(hb_buf *b)
{
    b->n = 0;
    b->failed = HB_OK;
    if (b->cap) {
        b->p[0] = '\0';
    }
}

static bool room_for(hb_buf *b, size_t n)
{
    if (b->failed != HB_OK) {
        return false;
    }
    if (n > b->max || b->n > b->max - n) {
        b->failed = HB_E_LIMIT;
        return false;
    }
    size_t need = b->n + n + 1;
    if (need <= b->cap) {
        return true;
    }
    size_t cap = b->cap + b->cap / 2 + 64;
    if (cap < need) {
        cap = need;
    }
    char *p = hb_realloc(b->cap ? b->p : NULL, cap);
    if (!p) {
        b->failed = HB_E_NOMEM;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void hb_buf_add(hb_buf *b, const void *p, size_t n)
{
    if (n == 0 || !room_for(b, n)) {
        return;
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void hb_buf_str(hb_buf *b, hb_str s)
{
    hb_buf_add(b, s.p, s.n);
}

void hb_buf_c(hb_buf *b, const char *cstr)
{
    hb_buf_add(b, cstr, strlen(cstr));
}

void hb_buf_ch(hb_buf *b, char c)
{
    hb_buf_add(b, &c, 1);
}

void hb_buf_fmt(hb_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n > 0 && room_for(b, (size_t)n)) {
        int written = vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += written > 0 ? (size_t)written : 0;
    }
    va_end(again);
}

void hb_buf_i64(hb_buf *b, int64_t v)
{
    if (v < 0) {
        hb_buf_ch(b, '-');
    }
    hb_buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void hb_buf_u64(hb_buf *b, uint64_t v)
{
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    hb_buf_add(b, text + at, sizeof text - at);
}

void hb_buf_f64(hb_buf *b, double v)
{
    char text[HB_NUM_TEXT];
    hb_buf_add(b, text, hb_num_print(v, text));
}

static bool commands_a_terminal(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || (cp >= 0x200e && cp <= 0x200f) ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

void hb_buf_shown(hb_buf *b, const char *cstr)
{
    for (hb_str s = hb_str_of(cstr); s.n;) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next(s, &cp);
        if (len && !commands_a_terminal(cp)) {
            hb_buf_add(b, s.p, len);
        } else {
            hb_buf_c(b, len ? "?" : "\xef\xbf\xbd");
        }
        len = len ? len : 1;
        s = (hb_str){s.p + len, s.n - len};
    }
}

hb_status hb_buf_check(const hb_buf *b, hb_error *err)
{
    if (b->failed == HB_E_LIMIT) {
        return HB_FAIL(err, HB_E_LIMIT, "output would exceed %zu bytes", b->max);
    }
    return b->failed == HB_OK ? HB_OK : HB_NOMEM(err);
}

hb_status hb_buf_finish(hb_buf *b, char **ret_data, size_t *ret_len, hb_error *err)
{
    HB_TRY(hb_buf_check(b, err));
    if (!b->cap && !room_for(b, 0)) {
        return HB_NOMEM(err);
    }
    b->p[b->n] = '\0';
    *ret_data = b->p;
    *ret_len = b->n;
    *b = (hb_buf){.p = empty, .max = b->max};
    return HB_OK;
}
