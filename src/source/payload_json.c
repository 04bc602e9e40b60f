/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a message, one after the other. */
#include "source/payload_json.h"

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

static hb_status read_any(hb_emit *e, const char **p, const char *end, hb_error *err)
{
    hb_json_any any = {.document = NULL};
    const hb_jvalue *v = NULL;
    const char *bad = NULL;
    HB_TRY(hb_json_any_read(&any, e->d, p, end, &v, &bad, err));
    hb_status status = HB_OK;
    if (v) {
        status = hb_json_samples(e, v, err);
    } else {
        hb_emit_bad(e, bad);
    }
    hb_json_any_end(&any);
    return status;
}

hb_status hb_payload_json_with(hb_decoder *d, const hb_record *record, bool flat,
                               hb_live_sample_fn fn, void *ctx, const char **ret_bad, hb_error *err)
{
    hb_emit e;
    hb_emit_begin(&e, d, record, fn, ctx);
    const char *p = record->payload.p;
    const char *end = p + record->payload.n;
    if (hb_str_starts(record->payload, "\xef\xbb\xbf")) {
        p += 3;
    }
    p = skip_blanks(p, end);
    if (p == end) {
        hb_emit_bad(&e, "empty message");
    }
    for (; p < end && !e.bad; p = skip_blanks(p, end)) {
        hb_jvalue members[HB_JSON_FLAT_MEMBERS];
        hb_jvalue v;
        const char *behind = NULL;
        if (flat && hb_json_flat(&p, end, members, &v)) {
            HB_TRY(hb_json_samples(&e, &v, err));
        } else if (flat && hb_json_flat_array(p, end, &behind)) {
            HB_TRY(hb_json_array_samples(&e, p, behind, err));
            p = behind;
        } else {
            HB_TRY(read_any(&e, &p, end, err));
        }
    }
    *ret_bad = e.bad;
    return HB_OK;
}

hb_status hb_payload_json(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                          const char **ret_bad, hb_error *err)
{
    return hb_payload_json_with(d, record, true, fn, ctx, ret_bad, err);
}
