/* SPDX-License-Identifier: Apache-2.0 */
/* Faults put into telemetry on purpose, to see whether they are found. One event after another goes
 * in, what becomes of it comes out; the same seed and events give the same.
 *
 *     hb_injector_new(&fault, seed, &inj, err)
 *     per event: hb_injector_next(inj, &event, &outcome)
 *     hb_injector_counts(inj)
 *     hb_injector_free(inj)
 *
 * An event that no fault touches comes out as it went in, byte for byte where the caller keeps its
 * text. */
#ifndef HB_INJECT_FAULT_H
#define HB_INJECT_FAULT_H

#include "base/error.h"
#include "base/str.h"
#include "base/time.h"

#define HB_INJECTION_MAP(X)                                                                     \
    X(LATENCY_SPIKE, "latency_spike", "events come `delay` later than their own time says")     \
    X(PACKET_LOSS, "packet_loss", "events are left out with `probability`")                     \
    X(VALUE_CORRUPTION, "value_corruption",                                                     \
      "normal noise of `noise-scale` times the value is added, and `offset`")                   \
    X(SCHEMA_CHANGE, "schema_change", "a metric is renamed (`rename`), or dropped (`drop`)")    \
    X(TIME_SKEW, "time_skew", "event times are moved by `skew-seconds`")                        \
    X(STUCK_AT, "stuck_at", "the value stays at `value`")                                       \
    X(SPIKE, "spike", "the first value, or with `repeat-spike` each, is multiplied by `scale`") \
    X(SENSOR_DRIFT, "sensor_drift", "the k-th value grows by k times `drift-per-row`")          \
    X(DUPLICATION, "duplication", "each event comes `count` times")

typedef enum hb_injection {
#define HB_INJECTION_ENUM(code, name, words) HB_INJECT_##code,
    HB_INJECTION_MAP(HB_INJECTION_ENUM)
#undef HB_INJECTION_ENUM
        HB_INJECTION_COUNT_
} hb_injection;

extern const char *const hb_injection_names[]; /* in the order of the enum, NULL at the end */
extern const char *const hb_injection_words[];

typedef struct hb_inject_fault {
    hb_injection kind;
    const char *metric; /* NULL = every metric */
    double delay_s;
    double probability; /* 0 … 1 */
    double noise_scale;
    double offset;
    double value;
    double scale;
    double skew_s;
    double drift_per_row;
    uint32_t count;
    bool repeat_spike;
    const char *rename; /* new name; NULL = not renamed */
    bool drop;
    /* Only events of this stretch: times, or seconds after the first event when *_relative. */
    hb_time from; /* HB_TIME_NONE = from the start */
    hb_time to;   /* HB_TIME_NONE = to the end; not included */
    bool from_relative;
    bool to_relative;
} hb_inject_fault;

/* HB_E_USAGE when the fault's figures make no fault (a scale of 1, a count of 1 …) or are missing.
 */
HB_CHECKED hb_status hb_inject_fault_check(const hb_inject_fault *f, hb_error *err);

typedef struct hb_inject_event {
    hb_str metric;
    bool has_value;
    double value;
    hb_time t; /* HB_TIME_NONE = it has none */
} hb_inject_event;

typedef struct hb_inject_outcome {
    uint32_t copies; /* 0 = left out */
    bool value_changed;
    bool time_changed;
    bool renamed;
    double value;
    hb_time t;
    const char *metric; /* when renamed; borrowed from the fault */
    double delay_s;     /* 0 = at once */
} hb_inject_outcome;

typedef struct hb_injector hb_injector;

HB_CHECKED hb_status hb_injector_new(const hb_inject_fault *fault, uint64_t seed,
                                     hb_injector **ret_injector, hb_error *err);
void hb_injector_free(hb_injector *inj);
void hb_injector_next(hb_injector *inj, const hb_inject_event *event, hb_inject_outcome *ret);

typedef struct hb_inject_counts {
    uint64_t events;        /* in all */
    uint64_t matched;       /* of the metric, in the stretch */
    uint64_t changed;       /* came out otherwise than they went in */
    uint64_t first_changed; /* number of the event, from 1; 0 = none */
    uint64_t last_changed;
    hb_time first_time; /* of these; HB_TIME_NONE when they have none */
    hb_time last_time;
} hb_inject_counts;

/* Nanoseconds in the unit of a time that is a number since 1970, by its size: below 1e11 seconds
 * (until the year 5138), and so on by thousands. As source/payload.h reads it. */
double hb_inject_ns_per(double t);

const hb_inject_counts *hb_injector_counts(const hb_injector *inj);

#endif
