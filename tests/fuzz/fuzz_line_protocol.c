/* SPDX-License-Identifier: Apache-2.0 */
/* Line protocol: whatever comes, a sample has a name of allowed characters and a finite value or
 * none, and lines give what they give when each comes alone (as far as none holds a line end in
 * quotes). */
#include "source/decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_status check_sample(void *ctx, const hb_live_sample *s, hb_error *err)
{
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
    (*(size_t *)ctx)++;
    return HB_OK;
}

static size_t samples_of(hb_decoder *d, hb_str text)
{
    size_t n = 0;
    const char *bad = NULL;
    hb_record r = {.kind = HB_RECORD_MESSAGE,
                   .source = HB_STR("in"),
                   .topic = HB_STR("/write?precision=s"),
                   .payload = text,
                   .event = HB_TIME_NONE,
                   .arrival = INT64_C(1795716000000000000)};
    if (hb_decode(d, &r, check_sample, &n, &bad, NULL) != HB_OK) {
        abort();
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hb_telemetry_schema *schema;
    static hb_decoder *d;
    hb_decode_options o = {.payload = HB_PAYLOAD_LINE_PROTOCOL};
    hb_str text = {(const char *)data, size};
    size_t alone = 0;
    if (size > 1 << 14) {
        return 0;
    }
    if (!d && (hb_telemetry_schema_empty(&schema, NULL) != HB_OK ||
               hb_decoder_new(&o, schema, &d, NULL) != HB_OK)) {
        abort();
    }
    size_t together = samples_of(d, text);
    bool quoted = memchr(data, '"', size) != NULL;
    while (text.n) {
        size_t n = hb_str_find_ch(text, '\n');
        alone += samples_of(d, (hb_str){text.p, n});
        n += n < text.n;
        text = (hb_str){text.p + n, text.n - n};
    }
    if (!quoted && alone != together) {
        abort();
    }
    return 0;
}
