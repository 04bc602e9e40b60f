/* SPDX-License-Identifier: Apache-2.0 */
/* ProtoJSON, as far as the messages of otlp.proto need it: lowerCamelCase keys, numbers as numbers
 * or as text, NaN and infinities as words, enumerations by number or name, null for absent. */
#include "source/otlp/otlp.h"

#include "base/num.h"

#include <math.h>
#include <string.h>

static const char wrong_kind[] = "a JSON value of the wrong kind";

typedef struct builder {
    hb_otlp_memory *memory;
    const char *bad;
    bool full;
} builder;

static void *message_of(builder *b, const ProtobufCMessageDescriptor *of, const hb_jvalue *v);

void *hb_otlp_alloc(void *memory, size_t size)
{
    hb_otlp_memory *m = memory;
    bool fits = size <= m->arena->max_bytes - m->arena->used_bytes;
    void *p = hb_arena_alloc(m->arena, size);
    m->no_memory = m->no_memory || (!p && fits);
    return p;
}

static void *get_memory(builder *b, size_t n, size_t size)
{
    void *p = hb_otlp_alloc(b->memory, n * size);
    b->full = b->full || !p;
    return p;
}

/* resource_metrics is resourceMetrics. */
static bool is_camel(hb_str key, const char *name)
{
    size_t i = 0;
    bool up = false;
    for (; *name; name++) {
        if (*name == '_') {
            up = true;
            continue;
        }
        char c = up && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        up = false;
        if (i == key.n || key.p[i++] != c) {
            return false;
        }
    }
    return i == key.n;
}

/* Whole numbers may be written 1.0 and 1e3, too. */
static bool whole(hb_str text, double limit, double *ret)
{
    return hb_num_parse(text.p, text.n, ret) == HB_NUM_FINITE && floor(*ret) == *ret &&
           fabs(*ret) <= limit;
}

static bool read_i64(hb_str text, int64_t *ret)
{
    double v = 0;
    if (hb_num_parse_i64(text.p, text.n, ret)) {
        return true;
    }
    if (!whole(text, 9007199254740992.0, &v)) {
        return false;
    }
    *ret = (int64_t)v;
    return true;
}

static bool read_u64(hb_str text, uint64_t *ret)
{
    double v = 0;
    if (hb_num_parse_u64(text.p, text.n, ret)) {
        return true;
    }
    if (!whole(text, 9007199254740992.0, &v) || v < 0) {
        return false;
    }
    *ret = (uint64_t)v;
    return true;
}

static bool read_double(hb_str text, double *ret)
{
    switch (hb_num_parse(text.p, text.n, ret)) {
    case HB_NUM_FINITE:
        return true;
    case HB_NUM_NAN:
        *ret = NAN;
        return true;
    case HB_NUM_INF:
        *ret = text.p[0] == '-' ? -INFINITY : INFINITY;
        return true;
    case HB_NUM_NOT:
        break;
    }
    return false;
}

static bool read_enum(const ProtobufCEnumDescriptor *of, const hb_jvalue *v, int *ret)
{
    int64_t n = 0;
    for (unsigned i = 0; i < of->n_values; i++) {
        if (hb_str_eq_c(v->text, of->values[i].name)) {
            *ret = of->values[i].value;
            return true;
        }
    }
    if (!read_i64(v->text, &n) || n < INT32_MIN || n > INT32_MAX) {
        return false;
    }
    *ret = (int)n;
    return true;
}

static bool read_u32(hb_str text, uint32_t *ret)
{
    uint64_t n = 0;
    if (!read_u64(text, &n) || n > UINT32_MAX) {
        return false;
    }
    *ret = (uint32_t)n;
    return true;
}

/* One value to `at`. False = of the wrong kind, unless the memory is full. */
static bool set_value(builder *b, const ProtobufCFieldDescriptor *f, const hb_jvalue *v, void *at)
{
    void *made = NULL;
    if (f->type == PROTOBUF_C_TYPE_BYTES) { /* is there: more is not asked */
        *(ProtobufCBinaryData *)at = (ProtobufCBinaryData){0};
        return true;
    }
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
        made = message_of(b, f->descriptor, v);
        memcpy(at, &made, sizeof made);
        return made != NULL;
    }
    if (f->type == PROTOBUF_C_TYPE_BOOL) {
        *(protobuf_c_boolean *)at = v->kind == HB_J_TRUE;
        return v->kind == HB_J_TRUE || v->kind == HB_J_FALSE;
    }
    if (v->kind != HB_J_TEXT) {
        return false;
    }
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        made = get_memory(b, v->text.n + 1, 1);
        if (made) {
            memcpy(made, v->text.p, v->text.n);
            memcpy(at, &made, sizeof made);
        }
        return made != NULL;
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_double(v->text, at);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(f->descriptor, v, at);
    case PROTOBUF_C_TYPE_UINT32:
        return read_u32(v->text, at);
    case PROTOBUF_C_TYPE_FIXED64:
        return read_u64(v->text, at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return read_i64(v->text, at);
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FLOAT:
        break; /* otlp.proto has no others */
    }
    return false;
}

/* Repeated fields of otlp.proto are all messages. */
static bool set_list(builder *b, const ProtobufCFieldDescriptor *f, const hb_jvalue *v,
                     char *message)
{
    void **list = v->kind == HB_J_ARRAY ? get_memory(b, v->n ? v->n : 1, sizeof *list) : NULL;
    if (!list) {
        return false;
    }
    for (size_t i = 0; i < v->n; i++) {
        list[i] = message_of(b, f->descriptor, &v->kids[i]);
        if (!list[i]) {
            return false;
        }
    }
    memcpy(message + f->quantifier_offset, &v->n, sizeof v->n);
    memcpy(message + f->offset, &list, sizeof list);
    return true;
}

static bool set_field(builder *b, const ProtobufCFieldDescriptor *f, const hb_jvalue *v,
                      char *message)
{
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        return set_list(b, f, v, message);
    }
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t which = 0;
        memcpy(&which, message + f->quantifier_offset, sizeof which);
        if (which) {
            return false; /* one of them may be there */
        }
        memcpy(message + f->quantifier_offset, &f->id, sizeof f->id);
    } else if (f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE) {
        *(protobuf_c_boolean *)(message + f->quantifier_offset) = 1;
    }
    return set_value(b, f, v, message + f->offset);
}

/* Recursion ends: a message of otlp.proto holds none of its own kind. */
static void *message_of(builder *b, const ProtobufCMessageDescriptor *of, const hb_jvalue *v)
{
    if (v->kind != HB_J_OBJECT) {
        return NULL;
    }
    void *message = get_memory(b, 1, of->sizeof_message);
    if (!message) {
        return NULL;
    }
    protobuf_c_message_init(of, message);
    for (size_t i = 0; i < v->n; i++) {
        const hb_jvalue *kid = &v->kids[i];
        const ProtobufCFieldDescriptor *f = NULL;
        for (unsigned k = 0; k < of->n_fields && !f; k++) {
            f = is_camel(kid->key, of->fields[k].name) ? &of->fields[k] : NULL;
        }
        if (f && kid->kind != HB_J_NULL && !set_field(b, f, kid, message)) {
            return NULL;
        }
    }
    return message;
}

void *hb_otlp_from_json(hb_otlp_memory *memory, const ProtobufCMessageDescriptor *of,
                        const hb_jvalue *v, const char **ret_bad)
{
    builder b = {.memory = memory};
    void *message = message_of(&b, of, v);
    if (!message) {
        *ret_bad = b.full ? "too many values" : wrong_kind;
    }
    return message;
}
