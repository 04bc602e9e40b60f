/* SPDX-License-Identifier: Apache-2.0 */
#include "source/sparkplug/value.h"

#include <math.h>
#include <string.h>

/* Section 6.4.16 of the specification. */
enum {
    TYPE_INT8 = 1,
    TYPE_INT16 = 2,
    TYPE_INT32 = 3,
    TYPE_INT64 = 4,
};

enum { QUALITY_BAD = 0, QUALITY_STALE = 500 };

static int64_t as_signed(uint64_t v, uint32_t type)
{
    switch (type) {
    case TYPE_INT8:
        return (int8_t)v;
    case TYPE_INT16:
        return (int16_t)v;
    case TYPE_INT32:
        return (int32_t)v;
    default:
        return (int64_t)v;
    }
}

static void set_number(double v, hb_live_sample *s)
{
    s->kind = isnan(v) ? HB_LIVE_NAN : isinf(v) ? HB_LIVE_INF : HB_LIVE_VALUE;
    s->value = s->kind == HB_LIVE_VALUE ? v : 0;
}

static void set_integer(uint64_t v, uint32_t type, hb_live_sample *s)
{
    bool is_signed = type >= TYPE_INT8 && type <= TYPE_INT64;
    set_number(is_signed ? (double)as_signed(v, type) : (double)v, s);
}

bool hb_sparkplug_value(const Hb__Sparkplug__Metric *m, uint32_t type, hb_live_sample *s)
{
    s->kind = HB_LIVE_MISSING;
    if (m->has_is_null && m->is_null) {
        return true;
    }
    switch (m->value_case) {
    case HB__SPARKPLUG__METRIC__VALUE_INT_VALUE:
        set_integer(m->int_value, type, s);
        return true;
    case HB__SPARKPLUG__METRIC__VALUE_LONG_VALUE:
        set_integer(m->long_value, type, s);
        return true;
    case HB__SPARKPLUG__METRIC__VALUE_FLOAT_VALUE:
        set_number((double)m->float_value, s);
        return true;
    case HB__SPARKPLUG__METRIC__VALUE_DOUBLE_VALUE:
        set_number(m->double_value, s);
        return true;
    case HB__SPARKPLUG__METRIC__VALUE_BOOLEAN_VALUE:
        set_number(m->boolean_value ? 1 : 0, s);
        return true;
    case HB__SPARKPLUG__METRIC__VALUE_STRING_VALUE:
        s->kind = HB_LIVE_TEXT;
        return true;
    case HB__SPARKPLUG__METRIC__VALUE__NOT_SET:
    case HB__SPARKPLUG__METRIC__VALUE_BYTES_VALUE:
    case HB__SPARKPLUG__METRIC__VALUE_DATASET_VALUE:
    case HB__SPARKPLUG__METRIC__VALUE_TEMPLATE_VALUE:
    case HB__SPARKPLUG__METRIC__VALUE_EXTENSION_VALUE:
    case _HB__SPARKPLUG__METRIC__VALUE__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

/* The specification names Quality; the unit's key is the custom of gateways. */
hb_str hb_sparkplug_unit(const Hb__Sparkplug__Metric *m)
{
    static const char *const keys[] = {"engUnit", "unit", "units"};
    const Hb__Sparkplug__PropertySet *set = m->properties;
    size_t n = set ? (set->n_keys < set->n_values ? set->n_keys : set->n_values) : 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            const Hb__Sparkplug__PropertyValue *v = set->values[i];
            if (hb_str_ieq_c(hb_str_of(set->keys[i]), keys[k]) &&
                v->value_case == HB__SPARKPLUG__PROPERTY_VALUE__VALUE_STRING_VALUE) {
                return hb_str_of(v->string_value);
            }
        }
    }
    return HB_STR("");
}

bool hb_sparkplug_trusted(const Hb__Sparkplug__Metric *m)
{
    const Hb__Sparkplug__PropertySet *set = m->properties;
    size_t n = set ? (set->n_keys < set->n_values ? set->n_keys : set->n_values) : 0;
    for (size_t i = 0; i < n; i++) {
        const Hb__Sparkplug__PropertyValue *v = set->values[i];
        if (strcmp(set->keys[i], "Quality") == 0 &&
            v->value_case == HB__SPARKPLUG__PROPERTY_VALUE__VALUE_INT_VALUE &&
            (v->int_value == QUALITY_BAD || v->int_value == QUALITY_STALE)) {
            return false;
        }
    }
    return true;
}

bool hb_sparkplug_measures(hb_str name)
{
    return !hb_str_eq_c(name, "bdSeq") && !hb_str_starts(name, "Node Control/") &&
           !hb_str_starts(name, "Device Control/");
}
