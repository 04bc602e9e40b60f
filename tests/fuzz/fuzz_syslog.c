/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of syslog messages. However it is cut into pieces, the frames are the same; every sample
 * has a name of allowed characters without a control character, a time, and a value that is one. */
#include "source/syslog/frames.h"

#include "source/decode.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAME_MAX = 1000 };

static hb_decoder *decoder;

static hb_status check_sample(void *ctx, const hb_live_sample *s, hb_error *err)
{
    (void)ctx;
    (void)err;
    if (s->name.n == 0 || (s->kind == HB_LIVE_VALUE && !isfinite(s->value)) ||
        s->t == HB_TIME_NONE) {
        abort();
    }
    for (size_t i = 0; i < s->name.n; i++) {
        if ((unsigned char)s->name.p[i] <= ' ' || (unsigned char)s->name.p[i] >= 0x7f) {
            abort();
        }
    }
    return HB_OK;
}

static hb_status take(void *ctx, hb_str frame, hb_error *err)
{
    const char *bad = NULL;
    hb_record r = {.kind = HB_RECORD_MESSAGE,
                   .source = HB_STR("log"),
                   .topic = HB_STR("192.0.2.1"),
                   .payload = frame,
                   .event = HB_TIME_NONE,
                   .arrival = INT64_C(1795716000000000000)};
    if (frame.n == 0 || frame.n > FRAME_MAX) {
        abort();
    }
    hb_buf_str(ctx, frame);
    hb_buf_ch(ctx, '\n');
    return hb_decode(decoder, &r, check_sample, NULL, &bad, err);
}

static void cut(const char *p, size_t n, size_t piece, hb_buf *out)
{
    hb_syslog_frames f;
    bool torn = false;
    hb_syslog_frames_init(&f, FRAME_MAX);
    for (size_t i = 0; i < n; i += piece) {
        if (hb_syslog_frames_feed(&f, p + i, n - i < piece ? n - i : piece, take, out, NULL) !=
            HB_OK) {
            abort();
        }
    }
    if (hb_syslog_frames_end(&f, take, out, &torn, NULL) != HB_OK) {
        abort();
    }
    hb_buf_fmt(out, "%d %d %d", torn, f.broken, (int)f.larger);
    hb_syslog_frames_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hb_telemetry_schema *schema;
    hb_decode_options o = {.payload = HB_PAYLOAD_SYSLOG};
    hb_buf whole;
    hb_buf pieces;
    if (size > 1 << 14) {
        return 0;
    }
    if (!decoder && (hb_telemetry_schema_empty(&schema, NULL) != HB_OK ||
                     hb_decoder_new(&o, schema, &decoder, NULL) != HB_OK)) {
        abort();
    }
    hb_buf_init(&whole, 1 << 20);
    hb_buf_init(&pieces, 1 << 20);
    cut((const char *)data, size, size + 1, &whole);
    cut((const char *)data, size, size % 7 + 1, &pieces);
    if (!hb_str_eq((hb_str){whole.p, whole.n}, (hb_str){pieces.p, pieces.n})) {
        abort();
    }
    hb_buf_release(&whole);
    hb_buf_release(&pieces);
    return 0;
}
