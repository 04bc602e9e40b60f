/* SPDX-License-Identifier: Apache-2.0 */
/* A set of runs (past.h) made of the figures of its runs, wherever they are read from: the registry
 * (baseline/run_set.h) or the runs in an evidence pack (evidence/). The same figures give the same
 * set, bit for bit.
 *
 *     hb_set_maker_new(&ask, n, &m, err)
 *     for i = n - 1 … 0:                     newest first
 *         hb_set_maker_run(m, i, &past)      strings that live as long as the set
 *         hb_set_maker_add(m, i, &figure, err)   each figure of that run
 *     hb_set_maker_finish(m, &set, note, err)
 *     hb_set_maker_free(m)
 *
 * Runs stand oldest first in the set, and are read newest first, so that the newest settles the
 * unit of a metric that neither registry nor run know. */
#ifndef HB_TELEMETRY_SET_MAKER_H
#define HB_TELEMETRY_SET_MAKER_H

#include "base/buf.h"
#include "telemetry/past.h"
#include "telemetry/registry.h"

/* One metric of a run, without its samples. */
typedef struct hb_past_figure {
    hb_str name;
    hb_str unit;
    bool stated;
    hb_reduce reduce;
    bool has_value;
    double value;
    uint64_t n; /* usable samples */
    double m2;  /* sum of their squared deviations from the mean */
    double step;
} hb_past_figure;

/* The figure of a metric; its texts are the metric's. */
hb_past_figure hb_past_figure_of(const hb_metric *m);

/* What the set is compared with, and so the unit and the `reduce` its values must have: what the
 * metric registry declares, else what the run has, else what the newest run of the set has. */
typedef struct hb_run_set_ask {
    const hb_run *run;           /* NULL = none */
    const hb_registry *registry; /* NULL = none */
    const char *kind;            /* of hb_run_set */
    const char *version;         /* of hb_run_set; NULL = "" */
    bool history;                /* values are enough: no word about those left out */
} hb_run_set_ask;

typedef struct hb_set_maker hb_set_maker;

/* HB_E_LIMIT beyond HB_PAST_RUNS_MAX runs. `ask` is borrowed until free. */
HB_CHECKED hb_status hb_set_maker_new(const hb_run_set_ask *ask, size_t n_runs,
                                      hb_set_maker **ret_maker, hb_error *err);
void hb_set_maker_free(hb_set_maker *m);
/* The set's own, for the texts of its runs. */
hb_arena *hb_set_maker_arena(hb_set_maker *m);
void hb_set_maker_run(hb_set_maker *m, size_t i, const hb_past_run *run);
/* A value in another unit, or made by another `reduce`, is NaN in the set; a unit that is not
 * stated counts as the others'. When no value is in the wanted unit the metric keeps the unit it
 * has (and its values are NaN). The figure is copied. */
HB_CHECKED hb_status hb_set_maker_add(hb_set_maker *m, size_t i, const hb_past_figure *x,
                                      hb_error *err);
/* `note` (may be NULL) gets a sentence about values left out, nothing when there are none. */
HB_CHECKED hb_status hb_set_maker_finish(hb_set_maker *m, hb_run_set *ret_set, hb_buf *note,
                                         hb_error *err);

#endif
