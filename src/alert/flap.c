/* SPDX-License-Identifier: Apache-2.0 */
/* Times of the newest raises, kept as text in the row: "ns ns ns", oldest first. */
#include "alert/alert_internal.h"

#include "base/num.h"

#include <string.h>

typedef struct times {
    hb_time t[HB_ALERT_RAISES_MAX + 2];
    size_t n;
} times;

static void read_times(const char *text, times *out)
{
    hb_str rest = hb_str_of(text);
    out->n = 0;
    while (rest.n && out->n < HB_ALERT_RAISES_MAX + 1) {
        size_t len = hb_str_find_ch(rest, ' ');
        if (hb_num_parse_i64(rest.p, len, &out->t[out->n])) {
            out->n++;
        }
        size_t used = len < rest.n ? len + 1 : len;
        rest = (hb_str){rest.p + used, rest.n - used};
    }
}

static hb_status write_times(const times *in, size_t from, hb_arena *arena, const char **ret,
                             hb_error *err)
{
    hb_buf b;
    hb_buf_init(&b, 64 * HB_ALERT_RAISES_MAX);
    for (size_t i = from; i < in->n; i++) {
        if (i > from) {
            hb_buf_ch(&b, ' ');
        }
        hb_buf_i64(&b, in->t[i]);
    }
    hb_status status = hb_buf_check(&b, err);
    const char *text = status == HB_OK ? hb_arena_strndup(arena, b.p, b.n) : NULL;
    hb_buf_release(&b);
    HB_TRY(status);
    if (!text) {
        return HB_NOMEM(err);
    }
    *ret = text;
    return HB_OK;
}

hb_status hb_alert_note_raise(hb_alert_row *row, hb_time now, uint32_t window_s, uint32_t most,
                              hb_arena *arena, size_t *ret_n, hb_error *err)
{
    times t;
    read_times(row->raises, &t);
    t.t[t.n++] = now;
    size_t kept = (size_t)most + 1;
    size_t from = t.n > kept ? t.n - kept : 0;
    while (from < t.n && t.t[from] <= now - (int64_t)window_s * 1000000000) {
        from++;
    }
    HB_TRY(write_times(&t, from, arena, &row->raises, err));
    *ret_n = t.n - from;
    return HB_OK;
}

hb_time hb_alert_last_raise(const hb_alert_row *row)
{
    times t;
    read_times(row->raises, &t);
    return t.n ? t.t[t.n - 1] : HB_TIME_NONE;
}
