/* SPDX-License-Identifier: Apache-2.0 */
/* What source/host/ writes: "metric <tab> unit <tab> value" lines; the time is the record's. */
#include "source/payload.h"

static hb_str cell(hb_str *line)
{
    size_t n = hb_str_find_ch(*line, '\t');
    hb_str out = {line->p, n};
    n += n < line->n;
    *line = (hb_str){line->p + n, line->n - n};
    return out;
}

hb_status hb_payload_host(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                          const char **ret_bad, hb_error *err)
{
    hb_emit e;
    hb_emit_begin(&e, d, record, fn, ctx);
    hb_str rest = record->payload;
    while (rest.n && !e.bad) {
        size_t n = hb_str_find_ch(rest, '\n');
        hb_str line = {rest.p, n};
        n += n < rest.n;
        rest = (hb_str){rest.p + n, rest.n - n};
        hb_live_sample s = hb_emit_sample(&e);
        s.name = cell(&line);
        s.unit = cell(&line);
        hb_emit_value(line, &s);
        if (s.name.n == 0 || line.n == 0) {
            hb_emit_bad(&e, "no value");
        } else {
            HB_TRY(hb_emit_put(&e, &s, HB_NAME_WHOLE, err));
        }
    }
    *ret_bad = e.bad;
    return HB_OK;
}
