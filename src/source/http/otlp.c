/* SPDX-License-Identifier: Apache-2.0 */
#include "source/http/otlp.h"

#include "base/mem.h"
#include "source/http/receive.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { BAD_REQUEST = 400, UNSUPPORTED = 415, INVALID_ARGUMENT = 3, REASON_MAX = 100 };

struct hb_receive_otlp {
    hb_telemetry_schema *schema;
    hb_decoder *decoder;
    char binary_topic[HB_RECEIVE_RESOURCE_MAX + 64];
    char json_topic[HB_RECEIVE_RESOURCE_MAX + 64];
};

hb_status hb_receive_otlp_check(const char *resource, hb_error *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-,";
    if (resource[strspn(resource, allowed)] != '\0' || strlen(resource) > HB_RECEIVE_RESOURCE_MAX) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "resource is '%.40s', expected keys of letters, digits, '.', '_', '-' and "
                       "'/' with commas between, as in service.name,host.name",
                       resource);
    }
    return HB_OK;
}

hb_status hb_receive_otlp_open(const char *resource, hb_receive_otlp **ret_o, hb_error *err)
{
    const hb_decode_options options = {.payload = HB_PAYLOAD_OTLP};
    hb_receive_otlp *o = hb_alloc_zero(sizeof *o);
    if (!o) {
        return HB_NOMEM(err);
    }
    snprintf(o->binary_topic, sizeof o->binary_topic, "/v1/metrics?resource=%s", resource);
    snprintf(o->json_topic, sizeof o->json_topic, "/v1/metrics?type=json&resource=%s", resource);
    hb_status status = hb_telemetry_schema_empty(&o->schema, err);
    if (status == HB_OK) {
        status = hb_decoder_new(&options, o->schema, &o->decoder, err);
    }
    if (status != HB_OK) {
        hb_receive_otlp_close(o);
        return status;
    }
    *ret_o = o;
    return HB_OK;
}

void hb_receive_otlp_close(hb_receive_otlp *o)
{
    if (o) {
        hb_decoder_free(o->decoder);
        hb_telemetry_schema_free(o->schema);
        hb_free(o);
    }
}

/* "application/json; charset=utf-8" is application/json. */
static bool is_type(const char *type, const char *want)
{
    size_t n = strlen(want);
    return type && strncasecmp(type, want, n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

static bool takes_encoding(const char *encoding)
{
    return !encoding || strcasecmp(encoding, "identity") == 0 || strcasecmp(encoding, "gzip") == 0;
}

static hb_status count(void *ctx, const hb_live_sample *sample, hb_error *err)
{
    (void)sample;
    (void)err;
    ++*(size_t *)ctx;
    return HB_OK;
}

/* Reasons are constants of plain letters, shorter than 100: nothing to escape, and a length of one
 * byte. A field of protobuf's that holds bytes: */
static void put_bytes(hb_buf *b, unsigned field, const char *p, size_t n)
{
    hb_buf_ch(b, (char)(field << 3 | 2));
    hb_buf_ch(b, (char)n);
    hb_buf_add(b, p, n);
}

/* google.rpc.Status {code = 1, message = 2} */
static void put_refusal(hb_http_response *r, bool json, const char *why)
{
    hb_buf *b = &r->body;
    r->status = BAD_REQUEST;
    if (json) {
        hb_buf_fmt(b, "{\"code\":%d,\"message\":\"%s\"}", INVALID_ARGUMENT, why);
    } else {
        hb_buf_ch(b, 1 << 3);
        hb_buf_ch(b, INVALID_ARGUMENT);
        put_bytes(b, 2, why, strnlen(why, REASON_MAX));
    }
}

/* ExportMetricsServiceResponse {partial_success = 1 {error_message = 2}}; empty when all was read.
 */
static hb_status put_success(hb_http_response *r, bool json, const char *bad, hb_error *err)
{
    hb_buf *b = &r->body;
    if (json && !bad) {
        hb_buf_c(b, "{}");
    } else if (json) {
        hb_buf_fmt(b, "{\"partialSuccess\":{\"errorMessage\":\"%s\"}}", bad);
    } else if (bad) {
        hb_buf inner;
        hb_buf_init(&inner, 2 * REASON_MAX);
        put_bytes(&inner, 2, bad, strnlen(bad, REASON_MAX));
        put_bytes(b, 1, inner.p, inner.n);
        hb_status status = hb_buf_check(&inner, err);
        hb_buf_release(&inner);
        return status;
    }
    return HB_OK;
}

hb_status hb_receive_otlp_look(hb_receive_otlp *o, const hb_http_request *q, hb_http_response *r,
                               hb_record *ret_record, bool *ret_take, hb_error *err)
{
    const char *type = hb_http_header(q, "Content-Type");
    const bool json = is_type(type, "application/json");
    const char *bad = NULL;
    size_t samples = 0;
    *ret_take = false;
    if (!json && !is_type(type, "application/x-protobuf")) {
        r->status = UNSUPPORTED;
        hb_buf_c(&r->body, "expected application/x-protobuf or application/json\n");
        return HB_OK;
    }
    if (!takes_encoding(hb_http_header(q, "Content-Encoding"))) {
        r->status = UNSUPPORTED;
        hb_buf_c(&r->body, "send it with gzip or uncompressed\n");
        return HB_OK;
    }
    hb_record record = {.kind = HB_RECORD_MESSAGE,
                        .source = HB_STR(""),
                        .topic = hb_str_of(json ? o->json_topic : o->binary_topic),
                        .payload = q->body,
                        .event = HB_TIME_NONE};
    HB_TRY(hb_decode(o->decoder, &record, count, &samples, &bad, err));
    r->content_type = json ? "application/json" : "application/x-protobuf";
    if (bad && samples == 0) {
        put_refusal(r, json, bad);
        return HB_OK;
    }
    *ret_record = record;
    *ret_take = samples > 0;
    return put_success(r, json, bad, err);
}
