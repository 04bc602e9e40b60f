/* SPDX-License-Identifier: Apache-2.0 */
/* Names: a topic's name is what topic_map makes of it, else the topic with '_' for '/', where the
 * source's topics are names. A mapped name with {metric} in it takes the payload's name there. */
#include "source/payload.h"

#include "base/map.h"
#include "base/mem.h"

#include <string.h>

/* One message's scratch: the largest payload's tree fits. */
enum {
    ARENA_MAX_BYTES = 64 << 20,
    TEXT_MAX_BYTES = 3 * HB_RECORD_PAYLOAD_MAX + 64,
    KEEP_TEXT_BYTES = 64 << 10
};

struct hb_decoder {
    const hb_payload_reader *reader;
    void *state;
    const hb_telemetry_schema *schema;
    hb_decode_options options;
    hb_arena arena;
    hb_buf text;
    hb_buf topic;
    hb_buf name;
    hb_buf id;
};

hb_status hb_decoder_new(const hb_decode_options *options, const hb_telemetry_schema *schema,
                         hb_decoder **ret_decoder, hb_error *err)
{
    const hb_payload_reader *reader = hb_payload_reader_find(options->payload);
    if (!reader) {
        return HB_FAIL(err, HB_E_CONFIG, "payloads of the format '%s' cannot be read here",
                       (unsigned)options->payload < HB_PAYLOAD_COUNT_
                           ? hb_payload_names[options->payload]
                           : "?");
    }
    hb_decoder *d = hb_alloc_zero(sizeof *d);
    if (!d) {
        return HB_NOMEM(err);
    }
    d->reader = reader;
    d->schema = schema;
    d->options = *options;
    hb_arena_init(&d->arena, ARENA_MAX_BYTES);
    hb_buf_init(&d->text, TEXT_MAX_BYTES);
    hb_buf_init(&d->topic, HB_RECORD_TOPIC_MAX + 4 * HB_PAYLOAD_NAME_MAX);
    hb_buf_init(&d->name, HB_RECORD_TOPIC_MAX + 8 * HB_PAYLOAD_NAME_MAX);
    hb_buf_init(&d->id, 2 * HB_PAYLOAD_ID_MAX);
    hb_status status = reader->new_state ? reader->new_state(&d->state, err) : HB_OK;
    if (status != HB_OK) {
        hb_decoder_free(d);
        return status;
    }
    *ret_decoder = d;
    return HB_OK;
}

void hb_decoder_free(hb_decoder *d)
{
    if (!d) {
        return;
    }
    if (d->state) {
        d->reader->free_state(d->state);
    }
    hb_arena_release(&d->arena);
    hb_buf_release(&d->text);
    hb_buf_release(&d->topic);
    hb_buf_release(&d->name);
    hb_buf_release(&d->id);
    hb_free(d);
}

hb_status hb_decode(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn, void *ctx,
                    const char **ret_bad, hb_error *err)
{
    const char *bad = NULL;
    if (record->kind != HB_RECORD_MESSAGE) {
        *ret_bad = NULL;
        return HB_OK;
    }
    HB_TRY(d->reader->read(d, record, fn, ctx, &bad, err));
    *ret_bad = bad;
    return HB_OK;
}

hb_status hb_decoder_save(const hb_decoder *d, hb_buf *out, hb_error *err)
{
    return d->reader->save ? d->reader->save(d->state, out, err) : HB_OK;
}

hb_status hb_decoder_load(hb_decoder *d, const void *p, size_t n, hb_error *err)
{
    if (d->reader->load) {
        return d->reader->load(d->state, p, n, err);
    }
    return n == 0 ? HB_OK
                  : HB_FAIL(err, HB_E_INPUT,
                            "the reader of '%s' remembers nothing, got a state of %zu bytes",
                            hb_payload_names[d->reader->payload], n);
}

void *hb_decoder_state(const hb_decoder *d)
{
    return d->state;
}

const hb_telemetry_schema *hb_decoder_schema(const hb_decoder *d)
{
    return d->schema;
}

hb_arena *hb_decoder_arena(hb_decoder *d)
{
    if (d->arena.used_bytes) {
        hb_arena_release(&d->arena);
        hb_arena_init(&d->arena, ARENA_MAX_BYTES);
    }
    return &d->arena;
}

hb_buf *hb_decoder_text(hb_decoder *d)
{
    if (d->text.cap > KEEP_TEXT_BYTES) { /* after a large message its memory goes back */
        hb_buf_release(&d->text);
        hb_buf_init(&d->text, TEXT_MAX_BYTES);
    }
    hb_buf_clear(&d->text);
    return &d->text;
}

static hb_str topic_as_name(hb_decoder *d, hb_str topic)
{
    hb_buf_clear(&d->topic);
    hb_buf_str(&d->topic, topic);
    for (size_t i = 0; i < d->topic.n; i++) {
        if (d->topic.p[i] == '/') {
            d->topic.p[i] = '_';
        }
    }
    return (hb_str){d->topic.p, d->topic.n};
}

void hb_emit_begin(hb_emit *e, hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                   void *ctx)
{
    *e = (hb_emit){.d = d,
                   .record = record,
                   .fn = fn,
                   .ctx = ctx,
                   .topic_name = HB_STR(""),
                   .topic_unit = HB_STR("")};
    hb_buf_clear(&d->topic);
    hb_buf_clear(&d->name);
    hb_buf_clear(&d->id);
    if (!d->options.topic_is_name || record->topic.n == 0) {
        return;
    }
    if (!hb_topic_map(d->schema, record->topic, &d->topic, &e->topic_name, &e->topic_unit)) {
        e->topic_name = topic_as_name(d, record->topic);
    }
}

hb_live_sample hb_emit_sample(const hb_emit *e)
{
    bool timed = e->record->event != HB_TIME_NONE;
    return (hb_live_sample){.source = e->record->source,
                            .name = HB_STR(""), /* empty texts are no null pointers */
                            .unit = HB_STR(""),
                            .id = HB_STR(""),
                            .t = timed ? e->record->event : e->record->arrival,
                            .timed = timed,
                            .kind = HB_LIVE_MISSING};
}

void hb_emit_bad(hb_emit *e, const char *reason)
{
    e->bad = e->bad ? e->bad : reason;
}

static bool find_metric(hb_str name, size_t *ret_at)
{
    static const char place[] = "{metric}";
    const size_t n = sizeof place - 1;
    for (size_t i = 0; i + n <= name.n; i++) {
        if (memcmp(name.p + i, place, n) == 0) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

/* The topic's name and the payload's own in one. */
static hb_str full_name(hb_emit *e, hb_str own, hb_name_given given)
{
    hb_buf *b = &e->d->name;
    size_t at = 0;
    const hb_str topic = e->topic_name;
    bool has_place = find_metric(topic, &at);
    if (!has_place && (given == HB_NAME_WHOLE || topic.n == 0)) {
        return own;
    }
    if (!has_place && own.n == 0) {
        return topic;
    }
    hb_buf_clear(b);
    if (has_place) {
        const size_t behind = at + sizeof "{metric}" - 1;
        hb_buf_add(b, topic.p, at);
        hb_buf_str(b, own.n ? own : HB_STR("value"));
        hb_buf_add(b, topic.p + behind, topic.n - behind);
    } else {
        hb_buf_str(b, topic);
        hb_buf_ch(b, '_');
        hb_buf_str(b, own);
    }
    return (hb_str){b->p, b->n};
}

/* Two devices count from 0 each, and so does one that was started again: with the topic and the
 * time the sender gave an id says which message is meant. */
static hb_str full_id(const hb_emit *e, const hb_live_sample *s)
{
    hb_buf *b = &e->d->id;
    hb_buf_clear(b);
    hb_buf_str(b, s->id);
    if (s->timed) {
        hb_buf_ch(b, '@');
        hb_buf_i64(b, s->t);
    }
    if (e->d->options.topic_is_name && e->record->topic.n) {
        hb_buf_ch(b, '#');
        hb_buf_u64(b, hb_hash(e->record->topic));
    }
    return (hb_str){b->p, b->n};
}

/* Whether name and id could be put together. */
static hb_status check_texts(hb_emit *e, bool *ret_fit, hb_error *err)
{
    const hb_buf *texts[] = {&e->d->topic, &e->d->name, &e->d->id};
    *ret_fit = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i]->failed == HB_E_LIMIT) {
            *ret_fit = false;
        } else if (texts[i]->failed != HB_OK) {
            return hb_buf_check(texts[i], err);
        }
    }
    return HB_OK;
}

hb_status hb_emit_put(hb_emit *e, const hb_live_sample *s, hb_name_given given, hb_error *err)
{
    bool fit = true;
    hb_live_sample out = *s;
    out.name = e->topic_name.n ? full_name(e, s->name, given) : s->name;
    out.part = e->part;
    if (s->id.n > HB_PAYLOAD_ID_MAX) {
        hb_emit_bad(e, "id too long");
        return HB_OK;
    }
    out.id = s->id.n ? full_id(e, s) : s->id;
    HB_TRY(check_texts(e, &fit, err));
    if (!fit) {
        hb_emit_bad(e, "name too long");
        return HB_OK;
    }
    if (out.name.n == 0 || out.name.n > HB_PAYLOAD_NAME_MAX) {
        hb_emit_bad(e, out.name.n ? "name too long" : "no name");
        return HB_OK;
    }
    if (out.unit.n == 0) {
        out.unit = e->topic_unit;
    }
    e->part++;
    hb_normalise(e->d->schema, &out);
    return e->fn(e->ctx, &out, err);
}
