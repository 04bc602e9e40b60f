/* SPDX-License-Identifier: Apache-2.0 */
#include "source/feed.h"

#include "base/mem.h"
#include "base/wire.h"

#include <string.h>

enum { MAGIC = 0x424c4248, VERSION = 1, PART_MAX_BYTES = 1 << 30 };

hb_status hb_feed_open(const hb_feed_source *sources, size_t n, const hb_telemetry_schema *schema,
                       hb_windows *windows, hb_feed *ret, hb_error *err)
{
    hb_feed s = {.windows = windows};
    s.names = hb_alloc_zero((n ? n : 1) * sizeof(char *));
    s.decoders = hb_alloc_zero((n ? n : 1) * sizeof(hb_decoder *));
    hb_status status = s.names && s.decoders ? HB_OK : HB_NOMEM(err);
    for (; s.n < n && status == HB_OK; s.n++) {
        s.names[s.n] = sources[s.n].name;
        status = hb_decoder_new(&sources[s.n].format, schema, &s.decoders[s.n], err);
    }
    if (status != HB_OK) {
        hb_feed_release(&s);
        return status;
    }
    *ret = s;
    return HB_OK;
}

void hb_feed_release(hb_feed *s)
{
    for (size_t i = 0; i < s->n; i++) {
        hb_decoder_free(s->decoders[i]);
    }
    hb_free(s->names);
    hb_free(s->decoders);
    *s = (hb_feed){0};
}

/* --- records --- */

static hb_status on_sample(void *ctx, const hb_live_sample *sample, hb_error *err)
{
    hb_feed *s = ctx;
    if (s->before) {
        HB_TRY(s->before(s->ctx, sample, err));
    }
    return hb_windows_sample(s->windows, sample, err);
}

static hb_decoder *decoder_of(const hb_feed *s, hb_str source)
{
    for (size_t i = 0; i < s->n; i++) {
        if (hb_str_eq_c(source, s->names[i])) {
            return s->decoders[i];
        }
    }
    return NULL;
}

static hb_status take_message(hb_feed *s, const hb_record *r, hb_error *err)
{
    hb_decoder *d = decoder_of(s, r->source);
    const char *bad = d ? NULL : "source that is not configured";
    if (d) {
        HB_TRY(hb_decode(d, r, on_sample, s, &bad, err));
    }
    return bad ? hb_windows_bad_message(s->windows, bad, err) : HB_OK;
}

hb_status hb_feed_take(hb_feed *s, const hb_record *r, hb_error *err)
{
    switch (r->kind) {
    case HB_RECORD_MESSAGE:
        return take_message(s, r, err);
    case HB_RECORD_TICK:
        return hb_str_eq_c(r->topic, HB_FEED_FINISH) ? hb_windows_finish(s->windows, err)
                                                     : hb_windows_tick(s->windows, r->arrival, err);
    case HB_RECORD_LOSS:
        return hb_windows_bad_message(s->windows, "lost by the source", err);
    }
    return hb_windows_bad_message(s->windows, "record of an unknown kind", err);
}

/* --- a beginning --- */

static void put_part(hb_buf *out, hb_buf *part)
{
    hb_wire_put_u64(out, part->n);
    hb_buf_add(out, part->p, part->n);
    hb_buf_clear(part);
}

static hb_status outline(const hb_feed *s, hb_buf *out, hb_buf *part, hb_error *err)
{
    hb_wire_put_u32(out, MAGIC);
    hb_wire_put_u32(out, VERSION);
    HB_TRY(hb_windows_outline(s->windows, part, err));
    put_part(out, part);
    hb_wire_put_u32(out, (uint32_t)s->n);
    for (size_t i = 0; i < s->n; i++) {
        size_t n = strlen(s->names[i]);
        hb_wire_put_u32(out, (uint32_t)n);
        hb_buf_add(out, s->names[i], n);
        HB_TRY(hb_decoder_save(s->decoders[i], part, err));
        HB_TRY(hb_buf_check(part, err));
        put_part(out, part);
    }
    return hb_buf_check(out, err);
}

hb_status hb_feed_outline(const hb_feed *s, hb_buf *out, hb_error *err)
{
    hb_buf part;
    hb_buf_init(&part, PART_MAX_BYTES);
    hb_status status = outline(s, out, &part, err);
    hb_buf_release(&part);
    return status;
}

static hb_status damaged(hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "what the stream was before the records is damaged");
}

static hb_status get_part(hb_rd *in, uint64_t n, const void **ret_p, hb_error *err)
{
    if (in->failed || n > hb_rd_left(in)) {
        return damaged(err);
    }
    *ret_p = in->p;
    in->p += n;
    return HB_OK;
}

static hb_status decoder_begin_at(hb_feed *s, size_t i, hb_rd *in, hb_error *err)
{
    const void *p = NULL;
    uint64_t n = hb_rd_u32(in);
    HB_TRY(get_part(in, n, &p, err));
    if (!hb_str_eq_c((hb_str){p, (size_t)n}, s->names[i])) {
        return HB_FAIL(err, HB_E_INPUT, "the stream had other sources before the records: no '%s'",
                       s->names[i]);
    }
    n = hb_rd_u64(in);
    HB_TRY(get_part(in, n, &p, err));
    return hb_decoder_load(s->decoders[i], p, (size_t)n, err);
}

hb_status hb_feed_begin_at(hb_feed *s, const void *p, size_t n, size_t *ret_used, hb_error *err)
{
    hb_rd in = hb_rd_of(p, n);
    const void *part = NULL;
    uint32_t magic = hb_rd_u32(&in);
    uint32_t version = hb_rd_u32(&in);
    if (in.failed || magic != MAGIC || version != VERSION) {
        return damaged(err);
    }
    uint64_t bytes = hb_rd_u64(&in);
    HB_TRY(get_part(&in, bytes, &part, err));
    HB_TRY(hb_windows_load_outline(s->windows, part, (size_t)bytes, err));
    if (hb_rd_u32(&in) != s->n) {
        return HB_FAIL(err, HB_E_INPUT,
                       "the stream had another number of sources before the records");
    }
    for (size_t i = 0; i < s->n; i++) {
        HB_TRY(decoder_begin_at(s, i, &in, err));
    }
    *ret_used = n - hb_rd_left(&in);
    return HB_OK;
}
