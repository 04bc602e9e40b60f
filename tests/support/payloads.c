/* SPDX-License-Identifier: Apache-2.0 */
#include "support/payloads.h"

#include "base/num.h"

static const char *const kinds[] = {
    [HB_LIVE_MISSING] = "missing", [HB_LIVE_NAN] = "nan", [HB_LIVE_INF] = "inf",
    [HB_LIVE_TEXT] = "text",       [HB_LIVE_VALUE] = "",
};

hb_status payload_write_sample(void *ctx, const hb_live_sample *s, hb_error *err)
{
    (void)err;
    hb_buf *out = ctx;
    hb_buf_str(out, s->name);
    hb_buf_ch(out, ' ');
    if (s->kind == HB_LIVE_VALUE) {
        hb_buf_f64(out, s->value);
    } else {
        hb_buf_c(out, kinds[s->kind]);
    }
    if (s->unit.n) {
        hb_buf_ch(out, ' ');
        hb_buf_str(out, s->unit);
    }
    if (s->timed) {
        char t[HB_TIME_TEXT];
        hb_time_print(s->t, t);
        hb_buf_fmt(out, " @%s", t);
    }
    if (s->id.n) {
        hb_buf_c(out, " #");
        hb_buf_str(out, s->id);
    }
    hb_buf_ch(out, '\n');
    return HB_OK;
}

hb_status payload_decode(hb_decoder *d, hb_str topic, hb_str payload, hb_buf *out, hb_error *err)
{
    hb_record r = {.kind = HB_RECORD_MESSAGE,
                   .source = HB_STR("rig"),
                   .topic = topic,
                   .payload = payload,
                   .event = HB_TIME_NONE,
                   .arrival = 1};
    const char *bad = NULL;
    HB_TRY(hb_decode(d, &r, payload_write_sample, out, &bad, err));
    if (bad) {
        hb_buf_fmt(out, "! %s\n", bad);
    }
    return HB_OK;
}
