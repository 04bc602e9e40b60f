/* SPDX-License-Identifier: Apache-2.0 */
/* An OpenTelemetry metrics export request, protobuf or JSON, gzip or not: the JSON form is made
 * into the protobuf one, and that is read. docs/formats/otlp.md */
#include "source/otlp/otlp.h"

#include "base/map.h"
#include "base/num.h"

#include <math.h>
#include <stdio.h>

typedef Hb__Otlp__Request request;
typedef Hb__Otlp__Metric metric;
typedef Hb__Otlp__KeyValue attribute;

enum { NO_RECORDED_VALUE = 1, RESOURCE_MAX = 32, MESSAGE_MAX_BYTES = 64 << 20 };

typedef struct reading {
    hb_emit emit;
    hb_arena arena; /* the request as messages */
    hb_otlp_memory memory;
    hb_buf body;       /* unpacked */
    hb_buf attributes; /* of the point at hand, as text */
    hb_buf *name;
    hb_str resource_keys; /* with commas between: which of them are part of names */
    const attribute *resource[RESOURCE_MAX];
    size_t n_resource;
    const metric *metric;
    hb_str unit;
    char unit_room[HB_OTLP_UNIT];
    char id[17]; /* of the request: sent again it is the same */
    bool json;   /* told */
    bool timed;
    bool missing; /* no recorded value */
    hb_time t;
} reading;

static bool full(reading *r)
{
    if (r->emit.part >= HB_PAYLOAD_VALUES_MAX) {
        hb_emit_bad(&r->emit, "too many values");
    }
    return r->emit.part >= HB_PAYLOAD_VALUES_MAX;
}

/* NAME.part{attributes}; a hash of the attributes where they are too long for a name. */
static hb_str name_of(reading *r, const char *part)
{
    hb_buf *b = r->name;
    const hb_buf *a = &r->attributes;
    hb_buf_clear(b);
    hb_buf_str(b, hb_str_of(r->metric->name));
    if (b->n && part[0]) {
        hb_buf_ch(b, '.');
        hb_buf_c(b, part);
    }
    if (b->n && a->n) {
        if (b->n + a->n + 2 <= HB_PAYLOAD_NAME_MAX) {
            hb_buf_fmt(b, "{%s}", a->p);
        } else {
            hb_buf_fmt(b, "{~%016llx}", (unsigned long long)hb_hash((hb_str){a->p, a->n}));
        }
    }
    return (hb_str){b->p, b->n};
}

static hb_status put(reading *r, const char *part, double v, hb_str unit, hb_error *err)
{
    hb_live_sample s = hb_emit_sample(&r->emit);
    if (full(r)) {
        return HB_OK;
    }
    if (r->timed) {
        s.t = r->t;
        s.timed = true;
        s.id = hb_str_of(r->id);
    }
    if (!r->missing) {
        s.kind = isnan(v) ? HB_LIVE_NAN : isinf(v) ? HB_LIVE_INF : HB_LIVE_VALUE;
        s.value = s.kind == HB_LIVE_VALUE ? v : 0;
    }
    s.name = name_of(r, part);
    HB_TRY(hb_buf_check(r->name, err));
    s.unit = unit;
    return hb_emit_put(&r->emit, &s, HB_NAME_WHOLE, err);
}

/* What all points have; false when it is not to be read. */
static bool begin_point(reading *r, attribute **attributes, size_t n, uint64_t time_ns,
                        uint32_t flags)
{
    const attribute *all[HB_OTLP_ATTRIBUTES_MAX];
    if (n + r->n_resource > HB_OTLP_ATTRIBUTES_MAX) {
        hb_emit_bad(&r->emit, "too many attributes");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        all[i] = attributes[i];
    }
    for (size_t i = 0; i < r->n_resource; i++) {
        all[n + i] = r->resource[i];
    }
    const char *bad = hb_otlp_attributes(all, n + r->n_resource, &r->attributes);
    if (!bad && time_ns > INT64_MAX) {
        bad = "bad time";
    }
    if (bad) {
        hb_emit_bad(&r->emit, bad);
        return false;
    }
    r->timed = time_ns > 0;
    r->t = (hb_time)time_ns;
    r->missing = (flags & NO_RECORDED_VALUE) != 0;
    return true;
}

static hb_status take_numbers(reading *r, const Hb__Otlp__Numbers *numbers, hb_error *err)
{
    for (size_t i = 0; i < numbers->n_data_points && !full(r); i++) {
        const Hb__Otlp__NumberPoint *p = numbers->data_points[i];
        if (!begin_point(r, p->attributes, p->n_attributes, p->time_unix_nano, p->flags)) {
            continue;
        }
        if (p->value_case == HB__OTLP__NUMBER_POINT__VALUE_AS_INT) {
            HB_TRY(put(r, "", (double)p->as_int, r->unit, err));
        } else if (p->value_case == HB__OTLP__NUMBER_POINT__VALUE_AS_DOUBLE || r->missing) {
            HB_TRY(put(r, "", r->missing ? 0 : p->as_double, r->unit, err));
        } else {
            hb_emit_bad(&r->emit, "no value");
        }
    }
    return HB_OK;
}

/* What both kinds of histogram say; the buckets are not read. */
typedef struct distribution {
    uint64_t count;
    bool has_sum;
    double sum;
    bool has_min;
    double min;
    bool has_max;
    double max;
    bool delta; /* of its own interval, not of all time */
} distribution;

static hb_status put_distribution(reading *r, const distribution *d, hb_error *err)
{
    HB_TRY(put(r, "count", (double)d->count, HB_STR(""), err));
    if (d->has_sum || r->missing) {
        HB_TRY(put(r, "sum", d->sum, r->unit, err));
    }
    if (r->missing) {
        return HB_OK;
    }
    if (d->has_sum && d->delta && d->count) {
        HB_TRY(put(r, "mean", d->sum / (double)d->count, r->unit, err));
    }
    if (d->has_min) {
        HB_TRY(put(r, "min", d->min, r->unit, err));
    }
    return d->has_max ? put(r, "max", d->max, r->unit, err) : HB_OK;
}

static hb_status take_histogram(reading *r, const Hb__Otlp__Histogram *h, hb_error *err)
{
    for (size_t i = 0; i < h->n_data_points && !full(r); i++) {
        const Hb__Otlp__HistogramPoint *p = h->data_points[i];
        const distribution d = {
            .count = p->count,
            .has_sum = p->has_sum,
            .sum = p->sum,
            .has_min = p->has_min,
            .min = p->min,
            .has_max = p->has_max,
            .max = p->max,
            .delta = h->aggregation_temporality ==
                     HB__OTLP__AGGREGATION_TEMPORALITY__AGGREGATION_TEMPORALITY_DELTA};
        if (begin_point(r, p->attributes, p->n_attributes, p->time_unix_nano, p->flags)) {
            HB_TRY(put_distribution(r, &d, err));
        }
    }
    return HB_OK;
}

static hb_status take_exponential(reading *r, const Hb__Otlp__ExponentialHistogram *h,
                                  hb_error *err)
{
    for (size_t i = 0; i < h->n_data_points && !full(r); i++) {
        const Hb__Otlp__ExponentialPoint *p = h->data_points[i];
        const distribution d = {
            .count = p->count,
            .has_sum = p->has_sum,
            .sum = p->sum,
            .has_min = p->has_min,
            .min = p->min,
            .has_max = p->has_max,
            .max = p->max,
            .delta = h->aggregation_temporality ==
                     HB__OTLP__AGGREGATION_TEMPORALITY__AGGREGATION_TEMPORALITY_DELTA};
        if (!begin_point(r, p->attributes, p->n_attributes, p->time_unix_nano, p->flags)) {
            continue;
        }
        HB_TRY(put_distribution(r, &d, err));
        if (!r->missing) {
            HB_TRY(put(r, "zero_count", (double)p->zero_count, HB_STR(""), err));
        }
    }
    return HB_OK;
}

/* 0.5 is q50, 0.999 is q99.9. */
static hb_status put_quantile(reading *r, const Hb__Otlp__ValueAtQuantile *q, hb_error *err)
{
    char part[HB_NUM_TEXT + 1] = "q";
    if (!(q->quantile >= 0 && q->quantile <= 1)) {
        hb_emit_bad(&r->emit, "bad quantile");
        return HB_OK;
    }
    hb_num_print(floor(q->quantile * 1e8 + 0.5) / 1e6, part + 1);
    return put(r, part, q->value, r->unit, err);
}

static hb_status take_summary(reading *r, const Hb__Otlp__Summary *summary, hb_error *err)
{
    for (size_t i = 0; i < summary->n_data_points && !full(r); i++) {
        const Hb__Otlp__SummaryPoint *p = summary->data_points[i];
        if (!begin_point(r, p->attributes, p->n_attributes, p->time_unix_nano, p->flags)) {
            continue;
        }
        HB_TRY(put(r, "count", (double)p->count, HB_STR(""), err));
        HB_TRY(put(r, "sum", p->sum, r->unit, err));
        for (size_t k = 0; k < p->n_quantile_values && !r->missing; k++) {
            HB_TRY(put_quantile(r, p->quantile_values[k], err));
        }
    }
    return HB_OK;
}

static hb_status take_metric(reading *r, const metric *m, hb_error *err)
{
    const hb_str name = hb_str_of(m->name);
    if (hb_utf8_valid_prefix(name) != name.n) {
        hb_emit_bad(&r->emit, "name is no UTF-8");
        return HB_OK;
    }
    r->metric = m;
    r->unit = hb_otlp_unit(hb_str_of(m->unit), r->unit_room);
    switch (m->data_case) {
    case HB__OTLP__METRIC__DATA_GAUGE:
        return take_numbers(r, m->gauge, err);
    case HB__OTLP__METRIC__DATA_SUM:
        return take_numbers(r, m->sum, err);
    case HB__OTLP__METRIC__DATA_HISTOGRAM:
        return take_histogram(r, m->histogram, err);
    case HB__OTLP__METRIC__DATA_EXPONENTIAL_HISTOGRAM:
        return take_exponential(r, m->exponential_histogram, err);
    case HB__OTLP__METRIC__DATA_SUMMARY:
        return take_summary(r, m->summary, err);
    case HB__OTLP__METRIC__DATA__NOT_SET:
    case _HB__OTLP__METRIC__DATA__CASE_IS_INT_SIZE:
        break;
    }
    hb_emit_bad(&r->emit, "a metric of a kind that is not read");
    return HB_OK;
}

static bool wanted(const reading *r, hb_str key)
{
    hb_str rest = r->resource_keys;
    while (rest.n) {
        size_t n = hb_str_find_ch(rest, ',');
        if (n && hb_str_eq((hb_str){rest.p, n}, key)) {
            return true;
        }
        n += n < rest.n;
        rest = (hb_str){rest.p + n, rest.n - n};
    }
    return false;
}

static void add_resource(reading *r, const attribute *a)
{
    if (r->n_resource < RESOURCE_MAX && wanted(r, hb_str_of(a->key))) {
        r->resource[r->n_resource++] = a;
    }
}

static hb_status take_resource(reading *r, const Hb__Otlp__ResourceMetrics *of, hb_error *err)
{
    char scope_key[] = "otel.scope.name";
    r->n_resource = 0;
    for (size_t i = 0; of->resource && i < of->resource->n_attributes; i++) {
        add_resource(r, of->resource->attributes[i]);
    }
    const size_t n = r->n_resource;
    for (size_t i = 0; i < of->n_scope_metrics; i++) {
        const Hb__Otlp__ScopeMetrics *scope = of->scope_metrics[i];
        Hb__Otlp__AnyValue value = HB__OTLP__ANY_VALUE__INIT;
        attribute named = HB__OTLP__KEY_VALUE__INIT;
        r->n_resource = n;
        if (scope->scope && scope->scope->name) {
            value.value_case = HB__OTLP__ANY_VALUE__VALUE_STRING_VALUE;
            value.string_value = scope->scope->name;
            named.key = scope_key;
            named.value = &value;
            add_resource(r, &named);
        }
        for (size_t k = 0; k < scope->n_metrics && !full(r); k++) {
            HB_TRY(take_metric(r, scope->metrics[k], err));
        }
    }
    r->n_resource = 0; /* the scope's was this function's own */
    return HB_OK;
}

static hb_status take_request(reading *r, const request *m, hb_error *err)
{
    for (size_t i = 0; i < m->n_resource_metrics; i++) {
        HB_TRY(take_resource(r, m->resource_metrics[i], err));
    }
    return HB_OK;
}

static void stays(void *ctx, void *p)
{
    (void)ctx;
    (void)p;
}

static hb_status read_protobuf(reading *r, hb_str body, hb_error *err)
{
    ProtobufCAllocator allocator = {
        .alloc = hb_otlp_alloc, .free = stays, .allocator_data = &r->memory};
    const request *m = hb__otlp__request__unpack(&allocator, body.n, (const uint8_t *)body.p);
    if (!m) {
        hb_emit_bad(&r->emit, "bad protobuf");
        return r->memory.no_memory ? HB_NOMEM(err) : HB_OK;
    }
    return take_request(r, m, err);
}

static hb_str skip_blanks(hb_str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\n' || s.p[0] == '\r' || s.p[0] == '\t')) {
        s = (hb_str){s.p + 1, s.n - 1};
    }
    return s;
}

static hb_status read_tree(reading *r, const hb_jvalue *v, hb_error *err)
{
    const char *bad = NULL;
    const request *m = hb_otlp_from_json(&r->memory, &hb__otlp__request__descriptor, v, &bad);
    if (!m) {
        hb_emit_bad(&r->emit, bad);
        return r->memory.no_memory ? HB_NOMEM(err) : HB_OK;
    }
    r->name = hb_decoder_text(r->emit.d); /* the parser is done with it */
    return take_request(r, m, err);
}

static hb_status read_json(reading *r, hb_str body, hb_error *err)
{
    hb_json_any any = {.document = NULL};
    const hb_jvalue *v = NULL;
    const char *bad = NULL;
    body = skip_blanks(body);
    if (body.n == 0) {
        hb_emit_bad(&r->emit, "bad JSON");
        return HB_OK;
    }
    const char *p = body.p;
    const char *end = p + body.n;
    HB_TRY(hb_json_any_read(&any, r->emit.d, &p, end, &v, &bad, err));
    if (!v) {
        hb_emit_bad(&r->emit, bad);
        return HB_OK;
    }
    hb_status status = HB_OK;
    if (skip_blanks((hb_str){p, (size_t)(end - p)}).n) {
        hb_emit_bad(&r->emit, "bad JSON");
    } else {
        status = read_tree(r, v, err);
    }
    hb_json_any_end(&any);
    return status;
}

/* The topic of the source http: /v1/metrics?type=json&resource=a,b */
static void read_topic(reading *r, hb_str topic)
{
    static const char path[] = "/v1/metrics?";
    if (!hb_str_starts(topic, path)) {
        return;
    }
    hb_str rest = {topic.p + sizeof path - 1, topic.n - (sizeof path - 1)};
    while (rest.n) {
        static const char resource[] = "resource=";
        size_t n = hb_str_find_ch(rest, '&');
        hb_str part = {rest.p, n};
        if (hb_str_starts(part, resource)) {
            size_t skip = sizeof resource - 1;
            r->resource_keys = (hb_str){part.p + skip, part.n - skip};
        }
        r->json = r->json || hb_str_eq_c(part, "type=json");
        n += n < rest.n;
        rest = (hb_str){rest.p + n, rest.n - n};
    }
}

static hb_status read_body(reading *r, hb_str body, hb_error *err)
{
    const char *bad = NULL;
    if (hb_str_starts(body, "\x1f\x8b")) {
        HB_TRY(hb_otlp_gunzip(body, &r->body, &bad, err));
        body = (hb_str){r->body.p, r->body.n};
    }
    if (bad) {
        hb_emit_bad(&r->emit, bad);
        return HB_OK;
    }
    snprintf(r->id, sizeof r->id, "%016llx", (unsigned long long)hb_hash(body));
    return r->json || hb_str_starts(body, "{") ? read_json(r, body, err)
                                               : read_protobuf(r, body, err);
}

hb_status hb_payload_otlp(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                          const char **ret_bad, hb_error *err)
{
    reading r = {.resource_keys = HB_STR("service.name"), .name = hb_decoder_text(d)};
    hb_buf_init(&r.body, HB_OTLP_BODY_MAX);
    hb_buf_init(&r.attributes, HB_OTLP_ATTRIBUTE_TEXT);
    hb_arena_init(&r.arena, MESSAGE_MAX_BYTES);
    r.memory.arena = &r.arena;
    hb_emit_begin(&r.emit, d, record, fn, ctx);
    read_topic(&r, record->topic);
    hb_status status = read_body(&r, record->payload, err);
    hb_buf_release(&r.body);
    hb_buf_release(&r.attributes);
    hb_arena_release(&r.arena);
    HB_TRY(status);
    *ret_bad = r.emit.bad;
    return HB_OK;
}
