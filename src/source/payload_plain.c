/* SPDX-License-Identifier: Apache-2.0 */
/* A number alone; AUTO, which tells by the first characters. */
#include "source/payload.h"

hb_status hb_payload_plain(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                           const char **ret_bad, hb_error *err)
{
    hb_emit e;
    hb_emit_begin(&e, d, record, fn, ctx);
    hb_str text = hb_str_trim(record->payload);
    if (text.n == 0) {
        hb_emit_bad(&e, "empty message");
    } else {
        hb_live_sample s = hb_emit_sample(&e);
        hb_emit_value(text, &s);
        HB_TRY(hb_emit_put(&e, &s, HB_NAME_PART, err));
    }
    *ret_bad = e.bad;
    return HB_OK;
}

hb_status hb_payload_auto(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                          const char **ret_bad, hb_error *err)
{
    hb_str text = hb_str_trim(record->payload);
    if (hb_str_starts(text, "\xef\xbb\xbf")) {
        text = (hb_str){text.p + 3, text.n - 3};
    }
    char first = text.n ? text.p[0] : '\0';
    if (first == '{' || first == '[' || first == '"') {
        return hb_payload_json(d, record, fn, ctx, ret_bad, err);
    }
    if (hb_str_find_ch(text, '=') < text.n) {
        return hb_payload_key_value(d, record, fn, ctx, ret_bad, err);
    }
    if (hb_str_find_ch(text, ',') < text.n) {
        return hb_payload_csv(d, record, fn, ctx, ret_bad, err);
    }
    return hb_payload_plain(d, record, fn, ctx, ret_bad, err);
}
