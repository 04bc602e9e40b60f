/* SPDX-License-Identifier: Apache-2.0 */
/* A metrics export request. Byte 0: an allocation to fail; byte 1: told to be JSON. Whatever comes,
 * what is handed on keeps live_sample.h's promises, and reading it again gives the same. */
#include "source/decode.h"

#include "base/map.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct seen {
    uint32_t parts;
    uint64_t names; /* mixed */
    const char *bad;
} seen;

static hb_status look(void *ctx, const hb_live_sample *s, hb_error *err)
{
    seen *n = ctx;
    (void)err;
    bool valued = s->kind == HB_LIVE_VALUE ? isfinite(s->value) : s->value == 0;
    if (s->part != n->parts++ || s->name.n == 0 || s->name.n > 256 || !valued ||
        s->t == HB_TIME_NONE || (s->id.n > 0) != s->timed ||
        hb_utf8_valid_prefix(s->name) != s->name.n || hb_utf8_valid_prefix(s->unit) != s->unit.n) {
        abort();
    }
    n->names = n->names * 31 + hb_hash(s->name) + hb_hash(s->unit);
    return HB_OK;
}

static hb_status decode(hb_decoder *d, bool json, hb_str payload, seen *ret)
{
    const hb_record r = {.kind = HB_RECORD_MESSAGE,
                         .source = HB_STR("rig"),
                         .topic = json ? HB_STR("/v1/metrics?type=json&resource=service.name,a")
                                       : HB_STR("/v1/metrics?resource=otel.scope.name"),
                         .payload = payload,
                         .event = HB_TIME_NONE,
                         .arrival = 1};
    *ret = (seen){0};
    return hb_decode(d, &r, look, ret, &ret->bad, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_telemetry_schema *schema = NULL;
    hb_decoder *d = NULL;
    const hb_decode_options o = {.payload = HB_PAYLOAD_OTLP};
    if (size < 2 || hb_telemetry_schema_empty(&schema, NULL) != HB_OK) {
        return 0;
    }
    if (hb_decoder_new(&o, schema, &d, NULL) == HB_OK) {
        const hb_str payload = {(const char *)data + 2, size - 2};
        const bool json = data[1] & 1;
        seen one;
        seen two;
        hb_fault_alloc(data[0], false);
        hb_status status = decode(d, json, payload, &one);
        hb_fault_alloc(0, false);
        if ((status != HB_OK && (status != HB_E_NOMEM || data[0] == 0)) ||
            decode(d, json, payload, &two) != HB_OK ||
            (data[0] == 0 && (one.parts != two.parts || one.names != two.names ||
                              (one.bad == NULL) != (two.bad == NULL)))) {
            abort();
        }
    }
    hb_decoder_free(d);
    hb_telemetry_schema_free(schema);
    return 0;
}
