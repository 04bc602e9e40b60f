/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer that cannot grow past a limit chosen at birth.
 *
 * Calling sequence: init, any number of adds, finish (or release). Adds return nothing: the first
 * failure (out of memory, limit) sticks and finish reports it, so a writer reads as straight text
 * and still checks every failure once. `.p` is never NULL and always NUL-terminated; `.n` excludes
 * the terminator. Ownership: the buffer owns its bytes until finish hands them to the caller. */
#ifndef HB_BASE_BUF_H
#define HB_BASE_BUF_H

#include "base/error.h"
#include "base/str.h"

typedef struct hb_buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max;
    hb_status failed; /* sticky */
} hb_buf;

void hb_buf_init(hb_buf *b, size_t max_bytes);
void hb_buf_release(hb_buf *b);
void hb_buf_clear(hb_buf *b); /* empty again, memory and limit kept, failure forgotten */

void hb_buf_add(hb_buf *b, const void *p, size_t n);
void hb_buf_str(hb_buf *b, hb_str s);
void hb_buf_c(hb_buf *b, const char *cstr);
void hb_buf_ch(hb_buf *b, char c);
void hb_buf_fmt(hb_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void hb_buf_i64(hb_buf *b, int64_t v);
void hb_buf_u64(hb_buf *b, uint64_t v);
void hb_buf_f64(hb_buf *b, double v); /* shortest text that reads back the same (num.h) */
/* Foreign text for a terminal: control characters (also those of 0x80 to 0x9F and those that turn
 * the writing direction) become '?', bytes that are no UTF-8 become U+FFFD. */
void hb_buf_shown(hb_buf *b, const char *cstr);

/* HB_OK or the sticky failure as an error. */
HB_CHECKED hb_status hb_buf_check(const hb_buf *b, hb_error *err);
/* Hands the bytes over (free with hb_free); the buffer is empty and reusable afterwards. */
HB_CHECKED hb_status hb_buf_finish(hb_buf *b, char **ret_data, size_t *ret_len, hb_error *err);

#endif
