/* SPDX-License-Identifier: Apache-2.0 */
/* Any message in any format. The first byte chooses the format, the second how it is read (topics
 * as names, an allocation to fail). What is handed on keeps live_sample.h's promises; JSON gives
 * the same by both of its readers; what a decoder remembers loads again. */
#include "source/payload_json.h"

#include "base/mem.h"
#include "support/payloads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct seen {
    uint32_t parts;
    hb_buf text;
} seen;

static hb_status look(void *ctx, const hb_live_sample *s, hb_error *err)
{
    seen *e = ctx;
    bool valued = s->kind == HB_LIVE_VALUE ? isfinite(s->value) : s->value == 0;
    if (s->part != e->parts++ || s->name.n == 0 || !valued || s->t == HB_TIME_NONE || !s->unit.p ||
        !s->id.p) {
        abort();
    }
    return payload_write_sample(&e->text, s, err);
}

/* true: read, with the samples and the reason in `out`. */
static bool read(hb_decoder *d, const hb_record *r, int flat, seen *out)
{
    const char *bad = NULL;
    hb_buf_clear(&out->text);
    out->parts = 0;
    hb_status status = flat < 0 ? hb_decode(d, r, look, out, &bad, NULL)
                                : hb_payload_json_with(d, r, flat > 0, look, out, &bad, NULL);
    if (status != HB_OK && status != HB_E_NOMEM) {
        abort();
    }
    hb_buf_c(&out->text, bad ? bad : "");
    return status == HB_OK;
}

static void both_readers(hb_decoder *d, const hb_record *r)
{
    seen one = {0};
    seen two = {0};
    hb_buf_init(&one.text, 64 << 20);
    hb_buf_init(&two.text, 64 << 20);
    if (read(d, r, 1, &one) && read(d, r, 0, &two) && strcmp(one.text.p, two.text.p) != 0) {
        abort();
    }
    hb_buf_release(&one.text);
    hb_buf_release(&two.text);
}

static void save_and_load(const hb_decode_options *o, const hb_telemetry_schema *schema,
                          const hb_decoder *d, const uint8_t *data, size_t size)
{
    hb_buf saved;
    hb_decoder *again = NULL;
    hb_buf_init(&saved, 64 << 20);
    if (hb_decoder_save(d, &saved, NULL) != HB_OK || hb_decoder_new(o, schema, &again, NULL) ||
        hb_decoder_load(again, saved.p, saved.n, NULL) != HB_OK) {
        abort();
    }
    HB_IGNORE(hb_decoder_load(again, data, size, NULL)); /* damaged bytes: refused or taken */
    hb_decoder_free(again);
    hb_buf_release(&saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1 << 16) {
        return 0;
    }
    hb_decode_options o = {.payload = (hb_payload)(data[0] % HB_PAYLOAD_COUNT_),
                           .topic_is_name = data[1] & 1};
    hb_record r = {.kind = HB_RECORD_MESSAGE,
                   .source = HB_STR("fuzz"),
                   .topic = HB_STR("plant/l1/temp"),
                   .payload = {(const char *)data + 2, size - 2},
                   .event = HB_TIME_NONE,
                   .arrival = 1};
    hb_telemetry_schema *schema = NULL;
    hb_decoder *d = NULL;
    seen out = {0};
    hb_buf_init(&out.text, 64 << 20);
    if (hb_telemetry_schema_empty(&schema, NULL) != HB_OK) {
        abort();
    }
    if (hb_decoder_new(&o, schema, &d, NULL) == HB_OK) {
        hb_fault_alloc(data[1] >> 1, false);
        read(d, &r, -1, &out);
        hb_fault_alloc(0, false);
        read(d, &r, -1, &out);
        if (o.payload == HB_PAYLOAD_JSON) {
            both_readers(d, &r);
        }
        save_and_load(&o, schema, d, data, size);
    }
    hb_decoder_free(d);
    hb_telemetry_schema_free(schema);
    hb_buf_release(&out.text);
    return 0;
}
