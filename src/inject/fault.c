/* SPDX-License-Identifier: Apache-2.0 */
#include "inject/fault.h"

#include "base/mem.h"
#include "stats/random.h"

#include <math.h>

const char *const hb_injection_names[] = {
#define HB_INJECTION_NAME(code, name, words) [HB_INJECT_##code] = name,
    HB_INJECTION_MAP(HB_INJECTION_NAME)
#undef HB_INJECTION_NAME
        NULL};

const char *const hb_injection_words[] = {
#define HB_INJECTION_WORDS(code, name, words) [HB_INJECT_##code] = words,
    HB_INJECTION_MAP(HB_INJECTION_WORDS)
#undef HB_INJECTION_WORDS
        NULL};

struct hb_injector {
    hb_inject_fault f;
    hb_random random;
    hb_time first; /* of all events */
    uint64_t k;    /* matched before */
    hb_inject_counts counts;
};

static bool fits(double v, double low, double high)
{
    return isfinite(v) && v >= low && v <= high;
}

/* Why the figures make no fault; NULL = they do. */
static const char *why_not(const hb_inject_fault *f)
{
    switch (f->kind) {
    case HB_INJECT_LATENCY_SPIKE:
        return fits(f->delay_s, 1e-9, 1e9) ? NULL : "--delay must be over 0 s";
    case HB_INJECT_PACKET_LOSS:
        return fits(f->probability, 1e-12, 1) ? NULL : "--probability must be over 0, at most 1";
    case HB_INJECT_VALUE_CORRUPTION:
        return fits(f->noise_scale, 0, 1e300) && isfinite(f->offset) &&
                       (f->noise_scale > 0 || f->offset != 0)
                   ? NULL
                   : "--noise-scale over 0 or an --offset other than 0 is needed";
    case HB_INJECT_SCHEMA_CHANGE:
        return !f->metric                       ? "--metric says what is renamed or dropped"
               : (f->rename != NULL) == f->drop ? "either --rename NAME or --drop is needed"
               : f->rename && !*f->rename       ? "--rename needs a name"
               : f->rename && hb_str_eq(hb_str_of(f->rename), hb_str_of(f->metric))
                   ? "--rename names the metric itself"
                   : NULL;
    case HB_INJECT_TIME_SKEW:
        return isfinite(f->skew_s) && f->skew_s != 0 && fabs(f->skew_s) <= 1e9
                   ? NULL
                   : "--skew-seconds must not be 0";
    case HB_INJECT_STUCK_AT:
        return !f->metric ? "--metric says what sticks" : isfinite(f->value) ? NULL : "--value";
    case HB_INJECT_SPIKE:
        return isfinite(f->scale) && f->scale != 1 ? NULL : "--scale must not be 1";
    case HB_INJECT_SENSOR_DRIFT:
        return isfinite(f->drift_per_row) && f->drift_per_row != 0
                   ? NULL
                   : "--drift-per-row must not be 0";
    case HB_INJECT_DUPLICATION:
        return f->count >= 2 && f->count <= 1000 ? NULL : "--count must be 2 to 1000";
    case HB_INJECTION_COUNT_:
        break;
    }
    return "there is no such fault";
}

hb_status hb_inject_fault_check(const hb_inject_fault *f, hb_error *err)
{
    const char *why = why_not(f);
    return why ? HB_FAIL(err, HB_E_USAGE, "fault '%s': %s", hb_injection_names[f->kind], why)
               : HB_OK;
}

hb_status hb_injector_new(const hb_inject_fault *fault, uint64_t seed, hb_injector **ret_injector,
                          hb_error *err)
{
    HB_TRY(hb_inject_fault_check(fault, err));
    hb_injector *inj = hb_alloc_zero(sizeof *inj);
    if (!inj) {
        return HB_NOMEM(err);
    }
    inj->f = *fault;
    inj->random = hb_random_of(seed, 0x696e6a656374);
    inj->first = HB_TIME_NONE;
    inj->counts.first_time = HB_TIME_NONE;
    inj->counts.last_time = HB_TIME_NONE;
    *ret_injector = inj;
    return HB_OK;
}

void hb_injector_free(hb_injector *inj)
{
    hb_free(inj);
}

static bool in_stretch(const hb_injector *inj, hb_time t)
{
    const hb_inject_fault *f = &inj->f;
    if (f->from == HB_TIME_NONE && f->to == HB_TIME_NONE) {
        return true;
    }
    if (t == HB_TIME_NONE) {
        return false;
    }
    hb_time from = f->from_relative ? inj->first + f->from : f->from;
    hb_time to = f->to_relative ? inj->first + f->to : f->to;
    return (f->from == HB_TIME_NONE || t >= from) && (f->to == HB_TIME_NONE || t < to);
}

static void new_value(const hb_injector *inj, hb_inject_outcome *o, double before, double after)
{
    (void)inj;
    if (isfinite(after) && after != before) {
        o->value = after;
        o->value_changed = true;
    }
}

/* k counts the matching events from 0. */
static void strike(hb_injector *inj, const hb_inject_event *e, uint64_t k, hb_inject_outcome *o)
{
    const hb_inject_fault *f = &inj->f;
    double v = e->value;
    switch (f->kind) {
    case HB_INJECT_LATENCY_SPIKE:
        o->delay_s = e->t != HB_TIME_NONE ? f->delay_s : 0;
        break;
    case HB_INJECT_PACKET_LOSS:
        o->copies = hb_random_unit(&inj->random) < f->probability ? 0 : 1;
        break;
    case HB_INJECT_VALUE_CORRUPTION:
        if (e->has_value) {
            double noise = f->noise_scale > 0 ? hb_random_normal(&inj->random) : 0;
            new_value(inj, o, v, v + noise * f->noise_scale * fmax(fabs(v), 1e-6) + f->offset);
        }
        break;
    case HB_INJECT_SCHEMA_CHANGE:
        o->copies = f->drop ? 0 : 1;
        o->renamed = !f->drop;
        o->metric = f->rename;
        break;
    case HB_INJECT_TIME_SKEW:
        if (e->t != HB_TIME_NONE) {
            o->t = e->t + (hb_time)llround(f->skew_s * 1e9);
            o->time_changed = true;
        }
        break;
    case HB_INJECT_STUCK_AT:
        if (e->has_value) {
            new_value(inj, o, v, f->value);
        }
        break;
    case HB_INJECT_SPIKE:
        if (e->has_value && (f->repeat_spike || k == 0)) {
            new_value(inj, o, v, v * f->scale);
        }
        break;
    case HB_INJECT_SENSOR_DRIFT:
        if (e->has_value) {
            new_value(inj, o, v, v + (double)k * f->drift_per_row);
        }
        break;
    case HB_INJECT_DUPLICATION:
        o->copies = f->count;
        break;
    case HB_INJECTION_COUNT_:
        break;
    }
}

static void count_changed(hb_inject_counts *c, hb_time t)
{
    c->changed++;
    c->last_changed = c->events;
    c->last_time = t;
    if (!c->first_changed) {
        c->first_changed = c->events;
        c->first_time = t;
    }
}

void hb_injector_next(hb_injector *inj, const hb_inject_event *event, hb_inject_outcome *ret)
{
    inj->counts.events++;
    *ret = (hb_inject_outcome){.copies = 1, .value = event->value, .t = event->t};
    if (inj->first == HB_TIME_NONE) {
        inj->first = event->t;
    }
    bool mine = !inj->f.metric || hb_str_eq(event->metric, hb_str_of(inj->f.metric));
    if (!mine || !in_stretch(inj, event->t)) {
        return;
    }
    inj->counts.matched++;
    strike(inj, event, inj->k++, ret);
    if (ret->copies != 1 || ret->value_changed || ret->time_changed || ret->renamed ||
        ret->delay_s > 0) {
        count_changed(&inj->counts, event->t);
    }
}

const hb_inject_counts *hb_injector_counts(const hb_injector *inj)
{
    return &inj->counts;
}

double hb_inject_ns_per(double t)
{
    double a = fabs(t);
    return a < 1e11 ? 1e9 : a < 1e14 ? 1e6 : a < 1e17 ? 1e3 : 1;
}
