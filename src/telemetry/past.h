/* SPDX-License-Identifier: Apache-2.0 */
/* Earlier runs as the statistics of a verdict see them: for every metric one value and one spread a
 * run, and what is still open about it. Plain values made by baseline/, read by decide/ and
 * report/.
 *
 * A set is a matrix: every metric has one place a run, NaN where the run has no usable value of it
 * (or one in another unit). Runs are in the order of time, oldest first, so that sums and anything
 * that looks at order give the same bits wherever the set was made. */
#ifndef HB_TELEMETRY_PAST_H
#define HB_TELEMETRY_PAST_H

#include "base/json_write.h"
#include "telemetry/run.h"

typedef struct hb_past_run {
    const char *run_id;
    const char *digest;
    const char *status; /* of its newest decision when the set was made; "" = not analysed */
    hb_time start;      /* start, else registration */
    hb_run_meta meta;   /* identity, context, build */
} hb_past_run;

typedef struct hb_past_metric {
    const char *name;
    const char *unit;     /* canonical; "" = none */
    const double *values; /* one a run of the set; NaN = none */
    const double
        *spreads; /* standard deviation of the run's samples; NaN = fewer than 2, or stated */
    const uint64_t *counts; /* usable samples of each run; 0 = stated or none */
    size_t n;               /* values that are not NaN */
    double step; /* resolution seen: smallest non-zero step between samples, else the last
                  * printed digit of the values; 0 = unknown */
    bool log;    /* a baseline version stores that it is tested by its logarithms */
} hb_past_metric;

enum { HB_PAST_RUNS_MAX = 10000 };

typedef struct hb_run_set {
    hb_arena arena;
    const char *kind;    /* "comparable", "version", "named", "history", "rolling" */
    const char *version; /* of a baseline version; "" = none */
    hb_past_run *runs;   /* oldest first */
    size_t n_runs;
    hb_past_metric *metrics; /* by name, unique */
    size_t n_metrics;
    char digest[65]; /* SHA-256 over the run digests in order: equal sets have equal digests */
} hb_run_set;

void hb_run_set_release(hb_run_set *s);
/* The digest of its runs, as `digest` says. */
HB_CHECKED hb_status hb_run_set_digest_of(const hb_run_set *s, char ret_digest[65], hb_error *err);
/* Which set it is, as member `key`: kind, version, digest, run_ids. */
void hb_run_set_json(hb_json *j, const char *key, const hb_run_set *s);
/* NULL when no run of the set has it. */
const hb_past_metric *hb_run_set_metric(const hb_run_set *s, const char *name);

typedef enum hb_direction {
    HB_DIRECTION_DOWN = -1,
    HB_DIRECTION_NONE = 0,
    HB_DIRECTION_UP = 1
} hb_direction;

/* A finding of an earlier comparable run that waits for its retest. */
typedef struct hb_suspicion {
    const char *metric;
    hb_direction direction;
    const char *run_id;       /* the run that raised it */
    hb_time raised;           /* that run's time */
    hb_time until;            /* last moment at which a comparable run is its retest */
    const char **set_run_ids; /* the frozen set it was raised against, oldest first */
    size_t n_set;
    const double *values; /* the metric's values in that set, n_set of them, NaN = none */
    double step;          /* as hb_past_metric.step of the frozen set */
    bool log;             /* it was raised on the logarithms */
} hb_suspicion;

/* What a decision takes from the past beside the set: digested in the decision. */
typedef struct hb_prior {
    const hb_suspicion *suspicions; /* by metric, then run_id */
    size_t n_suspicions;
    const hb_run_set *history; /* comparable runs up to this one, oldest first, whatever their
                                * verdict; the run itself is not in it. NULL = unknown */
    const hb_run_set
        *early; /* dual baseline: the rolling set for early warning; NULL = not asked */
    const struct hb_live
        *live; /* decide/live.h: the run is a window of a stream; NULL = it is not */
} hb_prior;

#endif
