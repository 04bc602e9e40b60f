/* SPDX-License-Identifier: Apache-2.0 */
/* A row of Sparkplug messages for one decoder. Byte 0: an allocation to fail; byte 1: topics are
 * names; then per message u8 length of the topic, u16 of the payload (little-endian), topic,
 * payload. What is handed on keeps live_sample.h's promises; what is remembered loads again to the
 * same bytes. The payload as a whole is tried as a memory, too. */
#include "support/payloads.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_status look(void *ctx, const hb_live_sample *s, hb_error *err)
{
    uint32_t *parts = ctx;
    (void)err;
    bool valued = s->kind == HB_LIVE_VALUE ? isfinite(s->value) : s->value == 0;
    if (s->part != (*parts)++ || s->name.n == 0 || !valued || s->t == HB_TIME_NONE ||
        hb_utf8_valid_prefix(s->name) != s->name.n || hb_utf8_valid_prefix(s->unit) != s->unit.n) {
        abort();
    }
    return HB_OK;
}

static void expect(hb_status status)
{
    if (status != HB_OK && status != HB_E_NOMEM) {
        abort();
    }
}

static void save_and_load(const hb_decoder *d, const hb_decode_options *o,
                          const hb_telemetry_schema *schema)
{
    hb_buf one;
    hb_buf two;
    hb_decoder *fresh = NULL;
    hb_buf_init(&one, 64 << 20);
    hb_buf_init(&two, 64 << 20);
    if (hb_decoder_save(d, &one, NULL) != HB_OK ||
        hb_decoder_new(o, schema, &fresh, NULL) != HB_OK ||
        hb_decoder_load(fresh, one.p, one.n, NULL) != HB_OK ||
        hb_decoder_save(fresh, &two, NULL) != HB_OK || one.n != two.n ||
        memcmp(one.p, two.p, one.n) != 0) {
        abort();
    }
    hb_decoder_free(fresh);
    hb_buf_release(&one);
    hb_buf_release(&two);
}

static void feed(hb_decoder *d, const uint8_t *p, size_t n)
{
    while (n >= 3) {
        size_t topic = p[0];
        size_t payload = (size_t)p[1] | (size_t)p[2] << 8;
        const char *text = (const char *)p + 3;
        topic = topic > n - 3 ? n - 3 : topic;
        payload = payload > n - 3 - topic ? n - 3 - topic : payload;
        const hb_record r = {.kind = HB_RECORD_MESSAGE,
                             .source = HB_STR("rig"),
                             .topic = {text, topic},
                             .payload = {text + topic, payload},
                             .event = HB_TIME_NONE,
                             .arrival = 1};
        uint32_t parts = 0;
        const char *bad = NULL;
        expect(hb_decode(d, &r, look, &parts, &bad, NULL));
        p += 3 + topic + payload;
        n -= 3 + topic + payload;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_telemetry_schema *schema = NULL;
    hb_decoder *d = NULL;
    if (size < 2 || hb_telemetry_schema_empty(&schema, NULL) != HB_OK) {
        return 0;
    }
    const hb_decode_options o = {.payload = HB_PAYLOAD_SPARKPLUG, .topic_is_name = data[1] & 1};
    if (hb_decoder_new(&o, schema, &d, NULL) == HB_OK) {
        hb_fault_alloc(data[0], false);
        feed(d, data + 2, size - 2);
        hb_fault_alloc(0, false);
        save_and_load(d, &o, schema);
        if (hb_decoder_load(d, data + 2, size - 2, NULL) == HB_OK) {
            save_and_load(d, &o, schema);
        }
    }
    hb_decoder_free(d);
    hb_telemetry_schema_free(schema);
    return 0;
}
