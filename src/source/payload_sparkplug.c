/* SPDX-License-Identifier: Apache-2.0 */
/* Eclipse Sparkplug B, as a host that listens: births define, data refer to them.
 *
 *     spBv1.0/GROUP/TYPE/NODE[/DEVICE]    TYPE: NBIRTH DBIRTH NDATA DDATA NDEATH DDEATH; commands
 *                                         and STATE say nothing about measurements
 *
 * A node counts its messages (seq, modulo 256, its devices' too; NDEATH has none). A gap is told
 * and the samples are kept. docs/formats/sparkplug.md */
#include "source/payload.h"

#include "source/sparkplug/births.h"
#include "source/sparkplug/value.h"

#include <string.h>

typedef Hb__Sparkplug__Payload message;
typedef Hb__Sparkplug__Metric metric;

typedef enum kind { OTHER, NBIRTH, DBIRTH, NDATA, DDATA, NDEATH, DDEATH } kind;

typedef struct address {
    kind kind;
    hb_str group;
    hb_str node;
    hb_str device; /* empty for a node's own */
} address;

static hb_str level(hb_str *rest)
{
    size_t n = hb_str_find_ch(*rest, '/');
    hb_str one = {rest->p, n};
    size_t step = n < rest->n ? n + 1 : n;
    *rest = (hb_str){rest->p + step, rest->n - step};
    return one;
}

/* False when it is no topic of Sparkplug. */
static bool parse_topic(hb_str topic, address *ret)
{
    static const struct {
        const char *word;
        kind kind;
        bool device;
    } words[] = {{"NBIRTH", NBIRTH, false}, {"DBIRTH", DBIRTH, true},  {"NDATA", NDATA, false},
                 {"DDATA", DDATA, true},    {"NDEATH", NDEATH, false}, {"DDEATH", DDEATH, true},
                 {"NCMD", OTHER, false},    {"DCMD", OTHER, true}};
    hb_str rest = topic;
    if (!hb_str_eq_c(level(&rest), "spBv1.0")) {
        return false;
    }
    address a = {.group = level(&rest)};
    hb_str word = level(&rest);
    a.node = level(&rest);
    a.device = level(&rest);
    if (hb_str_eq_c(a.group, "STATE")) {
        *ret = (address){.kind = OTHER};
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_eq_c(word, words[i].word)) {
            a.kind = words[i].kind;
            *ret = a;
            return a.group.n && a.node.n && (a.device.n > 0) == words[i].device && rest.n == 0;
        }
    }
    return false;
}

typedef struct unpacking {
    hb_arena *arena;
    bool no_memory; /* the machine has none; the arena's own limit is the message's fault */
} unpacking;

static void *from_arena(void *ctx, size_t size)
{
    unpacking *u = ctx;
    bool fits = size <= u->arena->max_bytes - u->arena->used_bytes;
    void *p = hb_arena_alloc(u->arena, size);
    u->no_memory = u->no_memory || (!p && fits);
    return p;
}

static void stays(void *ctx, void *p)
{
    (void)ctx;
    (void)p;
}

/* *ret = NULL when it is no such message. */
static hb_status unpack(hb_arena *arena, hb_str payload, message **ret, hb_error *err)
{
    unpacking u = {arena, false};
    ProtobufCAllocator allocator = {.alloc = from_arena, .free = stays, .allocator_data = &u};
    message *m = hb__sparkplug__payload__unpack(&allocator, payload.n, (const uint8_t *)payload.p);
    if (!m && u.no_memory) {
        return HB_NOMEM(err);
    }
    *ret = m;
    return HB_OK;
}

typedef struct reading {
    hb_emit emit;
    hb_births *births;
    hb_birth_part *part; /* whose metrics these are; NULL = never heard of */
    address from;
    bool defines;    /* a birth */
    bool plain_name; /* the topic map puts the metric's name where it wants it */
    bool whole_name; /* topics are names */
    hb_str id;
    hb_buf *text;
} reading;

/* True when it fits into hb_time. */
static bool time_of(uint64_t ms, hb_time *ret)
{
    if (ms > (uint64_t)INT64_MAX / 1000000) {
        return false;
    }
    *ret = (hb_time)ms * 1000000;
    return true;
}

static void add_level(hb_buf *b, hb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        hb_buf_ch(b, s.p[i] == '/' ? '_' : s.p[i]);
    }
}

static hb_str full_name(reading *r, hb_str name)
{
    if (r->plain_name || !r->whole_name) {
        return name;
    }
    hb_buf_clear(r->text);
    add_level(r->text, r->from.group);
    hb_buf_ch(r->text, '_');
    add_level(r->text, r->from.node);
    hb_buf_ch(r->text, '_');
    if (r->from.device.n) {
        add_level(r->text, r->from.device);
        hb_buf_ch(r->text, '_');
    }
    add_level(r->text, name);
    return (hb_str){r->text->p, r->text->n};
}

/* What a metric is: its own words, and what the birth said where it says nothing. */
static bool identify(reading *r, const metric *m, hb_birth_metric *ret)
{
    hb_birth_metric got = {.name = hb_str_of(m->name),
                           .unit = hb_sparkplug_unit(m),
                           .alias = m->alias,
                           .has_alias = m->has_alias,
                           .datatype = m->has_datatype ? m->datatype : 0};
    const hb_birth_metric *born = NULL;
    if (r->part && !r->defines) {
        born = got.name.n ? hb_birth_by_name(r->part, got.name)
                          : hb_birth_by_alias(r->part, got.alias);
    }
    if (born) {
        got.name = born->name;
        got.unit = got.unit.n ? got.unit : born->unit;
        got.datatype = got.datatype ? got.datatype : born->datatype;
    }
    if (got.name.n == 0) {
        hb_emit_bad(&r->emit, m->has_alias ? "alias without a birth certificate" : "no name");
        return false;
    }
    if (got.name.n > HB_BIRTHS_TEXT_MAX || hb_utf8_valid_prefix(got.name) != got.name.n) {
        hb_emit_bad(&r->emit,
                    got.name.n > HB_BIRTHS_TEXT_MAX ? "name too long" : "name is no UTF-8");
        return false;
    }
    if (got.unit.n > HB_BIRTHS_TEXT_MAX || hb_utf8_valid_prefix(got.unit) != got.unit.n) {
        got.unit = HB_STR("");
    }
    *ret = got;
    return true;
}

static hb_status define(reading *r, const hb_birth_metric *m, hb_error *err)
{
    hb_status status = hb_births_add(r->births, r->part, m, err);
    if (status == HB_E_LIMIT) {
        hb_emit_bad(&r->emit, "more metrics than are remembered");
        return HB_OK;
    }
    return status;
}

static hb_status take_metric(reading *r, const message *payload, const metric *m, hb_error *err)
{
    hb_birth_metric what;
    if (!identify(r, m, &what)) {
        return HB_OK;
    }
    if (r->defines) {
        HB_TRY(define(r, &what, err));
    }
    if (!hb_sparkplug_measures(what.name)) {
        return HB_OK;
    }
    hb_live_sample s = hb_emit_sample(&r->emit);
    if (m->has_timestamp || payload->has_timestamp) {
        s.timed = true;
        if (!time_of(m->has_timestamp ? m->timestamp : payload->timestamp, &s.t)) {
            hb_emit_bad(&r->emit, "bad time");
            return HB_OK;
        }
    } else if (m->has_is_historical && m->is_historical) {
        hb_emit_bad(&r->emit, "a historical value without a time");
        return HB_OK;
    }
    if (!hb_sparkplug_value(m, what.datatype, &s)) {
        hb_emit_bad(&r->emit, "a value of a kind that is not read");
        return HB_OK;
    }
    if (!hb_sparkplug_trusted(m)) {
        s.kind = HB_LIVE_MISSING;
        s.value = 0;
    }
    s.name = full_name(r, what.name);
    s.unit = what.unit;
    s.id = r->id;
    return hb_emit_put(&r->emit, &s, HB_NAME_WHOLE, err);
}

/* Counts the node's messages. */
static void count(reading *r, const message *m, hb_birth_part *node)
{
    if (!m->has_seq || m->seq > 255) {
        hb_emit_bad(&r->emit, "no sequence number");
        return;
    }
    uint8_t seq = (uint8_t)m->seq;
    if (r->from.kind != NBIRTH && node->counts && seq != (uint8_t)(node->seq + 1)) {
        hb_emit_bad(&r->emit, seq == node->seq ? "sequence repeated" : "sequence gap");
    }
    node->counts = true;
    node->seq = seq;
}

static bool session_of(const message *m, uint64_t *ret)
{
    for (size_t i = 0; i < m->n_metrics; i++) {
        const metric *x = m->metrics[i];
        if (x->name && strcmp(x->name, "bdSeq") == 0) {
            *ret = x->value_case == HB__SPARKPLUG__METRIC__VALUE_INT_VALUE ? x->int_value
                                                                           : x->long_value;
            return x->value_case == HB__SPARKPLUG__METRIC__VALUE_INT_VALUE ||
                   x->value_case == HB__SPARKPLUG__METRIC__VALUE_LONG_VALUE;
        }
    }
    return false;
}

/* The certificate of an older session may come after the birth of a newer one. */
static void node_died(const message *m, hb_birth_part *node)
{
    uint64_t session = 0;
    if (node->has_session && session_of(m, &session) && session != node->session) {
        return;
    }
    node->born = false;
    node->counts = false;
}

static void node_born(reading *r, const message *m, hb_birth_part *node)
{
    hb_births_clear(r->births, node);
    hb_births_clear_devices(r->births, node->key);
    node->has_session = session_of(m, &node->session);
}

/* The id of the message: its sender's count and time, which together do not come again. */
static void make_id(reading *r, const message *m, hb_str topic, char *room, size_t size)
{
    if (m->has_seq && m->has_timestamp) {
        int n = snprintf(room, size, "%llu.%llu.%llx", (unsigned long long)m->seq,
                         (unsigned long long)m->timestamp, (unsigned long long)hb_hash(topic));
        r->id = (hb_str){room, (size_t)n};
    }
}

/* The two parts a message is about; false when there are too many already. */
static hb_status find_parts(reading *r, hb_birth_part **ret_node, hb_error *err)
{
    char key[HB_BIRTHS_KEY_MAX];
    const address *a = &r->from;
    int n = snprintf(key, sizeof key, "%.*s/%.*s", (int)a->group.n, a->group.p, (int)a->node.n,
                     a->node.p);
    HB_TRY(hb_births_part(r->births, (hb_str){key, (size_t)n}, ret_node, err));
    r->part = *ret_node;
    if (a->device.n) {
        int more =
            snprintf(key + n, sizeof key - (size_t)n, "/%.*s", (int)a->device.n, a->device.p);
        HB_TRY(hb_births_part(r->births, (hb_str){key, (size_t)(n + more)}, &r->part, err));
    }
    return HB_OK;
}

static hb_status take_message(reading *r, const message *m, hb_birth_part *node, hb_error *err)
{
    const kind what = r->from.kind;
    if (what == NDEATH) {
        node_died(m, node);
        return HB_OK;
    }
    count(r, m, node);
    if (what == NBIRTH) {
        node_born(r, m, node);
    } else if (what == DBIRTH) {
        hb_births_clear(r->births, r->part);
    }
    r->defines = what == NBIRTH || what == DBIRTH;
    r->part->born = r->defines || (r->part->born && what != DDEATH);
    if (what == DDEATH) {
        return HB_OK;
    }
    if (!r->part->born) {
        hb_emit_bad(&r->emit, "data without a birth certificate");
    }
    for (size_t i = 0; i < m->n_metrics; i++) {
        HB_TRY(take_metric(r, m, m->metrics[i], err));
    }
    return HB_OK;
}

static bool maps_metric(hb_str name)
{
    static const char place[] = "{metric}";
    for (size_t i = 0; i + sizeof place - 1 <= name.n; i++) {
        if (memcmp(name.p + i, place, sizeof place - 1) == 0) {
            return true;
        }
    }
    return false;
}

hb_status hb_payload_sparkplug(hb_decoder *d, const hb_record *record, hb_live_sample_fn fn,
                               void *ctx, const char **ret_bad, hb_error *err)
{
    char id[80];
    hb_birth_part *node = NULL;
    reading r = {.births = hb_decoder_state(d), .id = HB_STR(""), .text = hb_decoder_text(d)};
    hb_emit_begin(&r.emit, d, record, fn, ctx);
    r.whole_name = r.emit.topic_name.n > 0;
    r.plain_name = maps_metric(r.emit.topic_name);
    if (!parse_topic(record->topic, &r.from)) {
        *ret_bad = "no topic of Sparkplug B";
        return HB_OK;
    }
    if (r.from.kind == OTHER) {
        return HB_OK;
    }
    if (record->topic.n > HB_BIRTHS_KEY_MAX - 1 ||
        hb_utf8_valid_prefix(record->topic) != record->topic.n) {
        *ret_bad = "topic too long or no UTF-8";
        return HB_OK;
    }
    message *m = NULL;
    HB_TRY(unpack(hb_decoder_arena(d), record->payload, &m, err));
    if (!m || m->n_metrics > HB_PAYLOAD_VALUES_MAX) {
        *ret_bad = m ? "too many metrics" : "bad protobuf";
        return HB_OK;
    }
    hb_status status = find_parts(&r, &node, err);
    if (status == HB_E_LIMIT) {
        *ret_bad = "more nodes and devices than are remembered";
        return HB_OK;
    }
    HB_TRY(status);
    make_id(&r, m, record->topic, id, sizeof id);
    HB_TRY(take_message(&r, m, node, err));
    *ret_bad = r.emit.bad;
    return HB_OK;
}

hb_status hb_payload_sparkplug_new(void **ret_state, hb_error *err)
{
    hb_births *b = NULL;
    HB_TRY(hb_births_new(&b, err));
    *ret_state = b;
    return HB_OK;
}

void hb_payload_sparkplug_free(void *state)
{
    hb_births_free(state);
}

hb_status hb_payload_sparkplug_save(const void *state, hb_buf *out, hb_error *err)
{
    return hb_births_save(state, out, err);
}

hb_status hb_payload_sparkplug_load(void *state, const void *p, size_t n, hb_error *err)
{
    return hb_births_load(state, p, n, err);
}
