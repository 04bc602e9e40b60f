/* SPDX-License-Identifier: Apache-2.0 */
#include "source/otlp/otlp.h"

#include <string.h>

/* What would make two different sets look alike is written %XX. */
static void put_escaped(hb_buf *b, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ' ' || c == 0x7f || strchr(",={}%", c)) {
            hb_buf_ch(b, '%');
            hb_buf_ch(b, hex[c >> 4]);
            hb_buf_ch(b, hex[c & 15]);
        } else {
            hb_buf_ch(b, *text);
        }
    }
}

static bool put_value(const Hb__Otlp__AnyValue *v, hb_buf *b)
{
    switch (v ? v->value_case : HB__OTLP__ANY_VALUE__VALUE__NOT_SET) {
    case HB__OTLP__ANY_VALUE__VALUE_STRING_VALUE:
        put_escaped(b, v->string_value);
        return true;
    case HB__OTLP__ANY_VALUE__VALUE_BOOL_VALUE:
        hb_buf_c(b, v->bool_value ? "true" : "false");
        return true;
    case HB__OTLP__ANY_VALUE__VALUE_INT_VALUE:
        hb_buf_i64(b, v->int_value);
        return true;
    case HB__OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE:
        hb_buf_f64(b, v->double_value);
        return true;
    case HB__OTLP__ANY_VALUE__VALUE__NOT_SET:
        return true;
    case HB__OTLP__ANY_VALUE__VALUE_ARRAY_VALUE:
    case HB__OTLP__ANY_VALUE__VALUE_KVLIST_VALUE:
    case HB__OTLP__ANY_VALUE__VALUE_BYTES_VALUE:
    case _HB__OTLP__ANY_VALUE__VALUE__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

static hb_str key_of(const Hb__Otlp__KeyValue *a)
{
    return hb_str_of(a->key);
}

const char *hb_otlp_attributes(const Hb__Otlp__KeyValue **attributes, size_t n, hb_buf *out)
{
    hb_buf_clear(out);
    for (size_t i = 1; i < n; i++) { /* few, and equal keys stay in order */
        const Hb__Otlp__KeyValue *a = attributes[i];
        size_t at = i;
        for (; at > 0 && hb_str_cmp(key_of(attributes[at - 1]), key_of(a)) > 0; at--) {
            attributes[at] = attributes[at - 1];
        }
        attributes[at] = a;
    }
    for (size_t i = 0; i < n; i++) {
        if (key_of(attributes[i]).n == 0) {
            return "an attribute without a key";
        }
        if (i > 0 && hb_str_eq(key_of(attributes[i - 1]), key_of(attributes[i]))) {
            continue;
        }
        if (out->n) {
            hb_buf_ch(out, ',');
        }
        put_escaped(out, attributes[i]->key);
        hb_buf_ch(out, '=');
        if (!put_value(attributes[i]->value, out)) {
            return "an attribute of a kind that is not read";
        }
    }
    if (out->failed == HB_E_LIMIT) {
        return "attributes too long";
    }
    hb_str text = {out->p, out->n};
    return hb_utf8_valid_prefix(text) == text.n ? NULL : "an attribute is no UTF-8";
}
