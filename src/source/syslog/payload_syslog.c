/* SPDX-License-Identifier: Apache-2.0 */
/* A syslog message as samples. docs/formats/syslog.md
 *
 *     syslog_PROGRAM               1 for every message: their number is the count
 *     syslog_PROGRAM_error         1 for severity error and worse, else 0: the mean is their share
 *     syslog_PROGRAM_ID_PARAM      structured data of the sender's own that is a number
 *     what the patterns of telemetry_schema.yaml find in the text */
#include "source/payload.h"
#include "source/syslog/message.h"

#include <string.h>

enum { NAME_PART_MAX = 64, ERROR_SEVERITY = 3 };

/* What of a foreign name goes into a metric's: other characters than [A-Za-z0-9_.-] become '_'. */
static void put_part(hb_buf *b, hb_str part)
{
    for (size_t i = 0; i < part.n && i < NAME_PART_MAX; i++) {
        char c = part.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-';
        hb_buf_ch(b, plain ? c : '_');
    }
}

static void begin_name(hb_buf *b, hb_str program)
{
    hb_buf_clear(b);
    hb_buf_c(b, "syslog");
    if (program.n) {
        hb_buf_ch(b, '_');
        put_part(b, program);
    }
}

typedef struct reading {
    hb_emit e;
    hb_live_sample base; /* source and time of the message */
    hb_buf *name;
} reading;

static hb_status put_value(reading *r, double value, hb_error *err)
{
    hb_live_sample s = r->base;
    s.name = (hb_str){r->name->p, r->name->n};
    s.kind = HB_LIVE_VALUE;
    s.value = value;
    return hb_emit_put(&r->e, &s, HB_NAME_WHOLE, err);
}

static hb_status put_counts(reading *r, const hb_syslog_message *m, hb_error *err)
{
    begin_name(r->name, m->program);
    HB_TRY(put_value(r, 1, err));
    if (m->severity < 0) {
        return HB_OK;
    }
    hb_buf_c(r->name, "_error");
    return put_value(r, m->severity <= ERROR_SEVERITY, err);
}

/* Ids without '@' are IANA's and say how the message came, not what is measured. */
static hb_status put_data(reading *r, const hb_syslog_message *m, hb_error *err)
{
    hb_syslog_param p = {0};
    for (hb_str rest = m->data; hb_syslog_next_param(&rest, &p);) {
        size_t at = hb_str_find_ch(p.id, '@');
        hb_live_sample s = r->base;
        hb_emit_value(p.value, &s);
        if (at == p.id.n || s.kind == HB_LIVE_TEXT || s.kind == HB_LIVE_MISSING) {
            continue;
        }
        begin_name(r->name, m->program);
        hb_buf_ch(r->name, '_');
        put_part(r->name, (hb_str){p.id.p, at});
        hb_buf_ch(r->name, '_');
        put_part(r->name, p.name);
        s.name = (hb_str){r->name->p, r->name->n};
        HB_TRY(hb_emit_put(&r->e, &s, HB_NAME_WHOLE, err));
    }
    return HB_OK;
}

static hb_status put_found(void *ctx, hb_str name, hb_str unit, double value, hb_error *err)
{
    reading *r = ctx;
    hb_live_sample s = r->base;
    s.name = name;
    s.unit = unit;
    s.kind = HB_LIVE_VALUE;
    s.value = value;
    return hb_emit_put(&r->e, &s, HB_NAME_WHOLE, err);
}

hb_status hb_payload_syslog(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                            const char **ret_bad, hb_error *err)
{
    hb_syslog_message m = {0};
    reading r = {.name = hb_decoder_text(d)};
    size_t matched = 0;
    if (!hb_syslog_parse(record->payload, record->arrival, &m, ret_bad)) {
        return HB_OK;
    }
    hb_emit_begin(&r.e, d, record, fn, ctx);
    r.e.topic_name = (hb_str){"", 0}; /* the topic is the sender's address */
    r.base = hb_emit_sample(&r.e);
    if (m.timed) {
        r.base.t = m.t;
        r.base.timed = true;
    }
    if (*ret_bad) {
        hb_emit_bad(&r.e, *ret_bad);
    }
    HB_TRY(put_counts(&r, &m, err));
    HB_TRY(put_data(&r, &m, err));
    if (m.message.n) {
        HB_TRY(hb_syslog_patterns(hb_decoder_schema(d), m.program, m.message, put_found, &r,
                                  &matched, err));
    }
    *ret_bad = r.e.bad;
    return hb_buf_check(r.name, err);
}
