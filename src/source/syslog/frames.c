/* SPDX-License-Identifier: Apache-2.0 */
#include "source/syslog/frames.h"

#include <string.h>

enum { COUNT_DIGITS = 9, PIECE_MAX = 64 << 10 };

void hb_syslog_frames_init(hb_syslog_frames *f, size_t max_message)
{
    *f = (hb_syslog_frames){.max = max_message};
    hb_buf_init(&f->held, max_message + PIECE_MAX + COUNT_DIGITS + 1);
}

void hb_syslog_frames_release(hb_syslog_frames *f)
{
    hb_buf_release(&f->held);
}

typedef enum begins { COUNTED, LINE, UNCLEAR, IMPOSSIBLE } begins;

/* What a message is by its first bytes; UNCLEAR: not enough of them. */
static begins beginning(hb_str s, size_t *ret_head, size_t *ret_count)
{
    size_t n = 0;
    size_t count = 0;
    while (n < s.n && n <= COUNT_DIGITS && s.p[n] >= '0' && s.p[n] <= '9') {
        count = count * 10 + (size_t)(s.p[n] - '0');
        n++;
    }
    if (n > 0 && s.p[0] == '0') {
        return LINE;
    }
    if (n > COUNT_DIGITS) {
        return IMPOSSIBLE;
    }
    if (n == s.n) {
        return UNCLEAR;
    }
    if (n == 0 || s.p[n] != ' ') {
        return LINE;
    }
    *ret_head = n + 1;
    *ret_count = count;
    return COUNTED;
}

static size_t find_end(hb_str s)
{
    size_t n = hb_str_find_ch(s, '\n');
    return hb_str_find_ch((hb_str){s.p, n}, '\0');
}

static hb_status give(hb_str frame, hb_frame_fn fn, void *ctx, hb_error *err)
{
    while (frame.n && (frame.p[frame.n - 1] == '\r' || frame.p[frame.n - 1] == '\n')) {
        frame.n--;
    }
    return frame.n ? fn(ctx, frame, err) : HB_OK;
}

/* Takes one message, or what can be skipped, off the front; *ret_used = 0: more is needed. */
static hb_status step(hb_syslog_frames *f, hb_str s, size_t *ret_used, hb_frame_fn fn, void *ctx,
                      hb_error *err)
{
    size_t head = 0;
    size_t count = 0;
    *ret_used = 0;
    if (f->skip) {
        *ret_used = f->skip < s.n ? (size_t)f->skip : s.n;
        f->skip -= *ret_used;
        return HB_OK;
    }
    begins b = f->skip_line ? LINE : beginning(s, &head, &count);
    if (b == IMPOSSIBLE) {
        f->broken = true;
    } else if (b == COUNTED && count > f->max) {
        f->larger++;
        f->skip = count;
        *ret_used = head;
    } else if (b == COUNTED && s.n >= head + count) {
        *ret_used = head + count;
        return give((hb_str){s.p + head, count}, fn, ctx, err);
    } else if (b == LINE) {
        size_t n = find_end(s);
        bool whole = n < s.n;
        if (n > f->max && !f->skip_line) {
            f->larger++;
            f->skip_line = true;
        }
        if (f->skip_line) {
            f->skip_line = !whole;
            *ret_used = whole ? n + 1 : n;
            return HB_OK;
        }
        if (whole) {
            *ret_used = n + 1;
            return give((hb_str){s.p, n}, fn, ctx, err);
        }
    }
    return HB_OK;
}

static hb_status take_all(hb_syslog_frames *f, hb_str s, size_t *ret_used, hb_frame_fn fn,
                          void *ctx, hb_error *err)
{
    size_t at = 0;
    size_t used = 1;
    hb_status status = HB_OK;
    while (at < s.n && used && !f->broken && status == HB_OK) {
        status = step(f, (hb_str){s.p + at, s.n - at}, &used, fn, ctx, err);
        at += used;
    }
    *ret_used = at;
    return status;
}

static hb_status feed_piece(hb_syslog_frames *f, hb_str s, hb_frame_fn fn, void *ctx, hb_error *err)
{
    size_t used = 0;
    hb_status status = HB_OK;
    if (f->held.n == 0) {
        status = take_all(f, s, &used, fn, ctx, err);
        hb_buf_add(&f->held, s.p + used, s.n - used);
    } else {
        hb_buf_str(&f->held, s);
        HB_TRY(hb_buf_check(&f->held, err));
        status = take_all(f, (hb_str){f->held.p, f->held.n}, &used, fn, ctx, err);
        memmove(f->held.p, f->held.p + used, f->held.n - used);
        f->held.n -= used;
    }
    return status == HB_OK ? hb_buf_check(&f->held, err) : status;
}

hb_status hb_syslog_frames_feed(hb_syslog_frames *f, const char *p, size_t n, hb_frame_fn fn,
                                void *ctx, hb_error *err)
{
    for (size_t at = 0; at < n && !f->broken;) {
        size_t piece = n - at < PIECE_MAX ? n - at : PIECE_MAX;
        hb_status status = feed_piece(f, (hb_str){p + at, piece}, fn, ctx, err);
        if (status != HB_OK) {
            f->broken = true;
            return status;
        }
        at += piece;
    }
    return HB_OK;
}

hb_status hb_syslog_frames_end(hb_syslog_frames *f, hb_frame_fn fn, void *ctx, bool *ret_torn,
                               hb_error *err)
{
    hb_str rest = {f->held.p, f->held.n};
    size_t head = 0;
    size_t count = 0;
    *ret_torn = f->skip > 0;
    if (f->broken || f->skip_line || rest.n == 0) {
        return HB_OK;
    }
    if (beginning(rest, &head, &count) != LINE) {
        *ret_torn = true;
        return HB_OK;
    }
    return give(rest, fn, ctx, err);
}
