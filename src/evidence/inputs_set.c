/* SPDX-License-Identifier: Apache-2.0 */
/* A set of runs with all its values. A metric's figures are arrays, one place a run; spreads and
 * counts are null where the set has none. */
#include "evidence/inputs_internal.h"
#include "telemetry/run_builder.h"

#include <math.h>

/* --- writing --- */

static void runs_put(hb_json *j, const hb_run_set *s)
{
    hb_json_key(j, "runs");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_runs; i++) {
        const hb_past_run *r = &s->runs[i];
        hb_json_obj(j);
        hb_json_kc(j, "digest", r->digest);
        hb_json_key(j, "meta");
        hb_meta_put(j, &r->meta);
        hb_exact_text(j, "run_id", r->run_id);
        hb_exact_time(j, "start_ns", r->start);
        hb_exact_text(j, "status", r->status);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void figures_put(hb_json *j, const char *key, const double *v, size_t n)
{
    hb_json_key(j, key);
    if (!v) {
        hb_json_null(j);
        return;
    }
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_exact_f64(j, NULL, v[i]);
    }
    hb_json_end(j);
}

static void counts_put(hb_json *j, const uint64_t *v, size_t n)
{
    hb_json_key(j, "counts");
    if (!v) {
        hb_json_null(j);
        return;
    }
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_json_u64(j, v[i]);
    }
    hb_json_end(j);
}

void hb_set_put(hb_json *j, const hb_run_set *s)
{
    if (!s) {
        hb_json_null(j);
        return;
    }
    hb_json_obj(j);
    hb_json_kc(j, "digest", s->digest);
    hb_exact_text(j, "kind", s->kind);
    hb_json_key(j, "metrics");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_metrics; i++) {
        const hb_past_metric *m = &s->metrics[i];
        hb_json_obj(j);
        counts_put(j, m->counts, s->n_runs);
        hb_json_kb(j, "log", m->log);
        hb_exact_text(j, "name", m->name);
        figures_put(j, "spreads", m->spreads, s->n_runs);
        hb_exact_f64(j, "step", m->step);
        hb_exact_text(j, "unit", m->unit);
        figures_put(j, "values", m->values, s->n_runs);
        hb_json_end(j);
    }
    hb_json_end(j);
    runs_put(j, s);
    hb_exact_text(j, "version", s->version);
    hb_json_end(j);
}

/* --- reading --- */

static void runs_get(hb_strict *d, hb_run_set *s)
{
    size_t cap = 0;
    hb_strict_key(d, "runs");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, s->runs, s->n_runs, cap)) {
        hb_past_run *r = &s->runs[s->n_runs++];
        char *digest = hb_arena_alloc(d->arena, 65);
        if (!digest) {
            hb_strict_failed(d, HB_NOMEM(d->err));
            return;
        }
        hb_strict_obj(d);
        hb_strict_key(d, "digest");
        hb_strict_hex(d, digest, false);
        r->digest = digest;
        hb_strict_key(d, "meta");
        hb_meta_get(d, &r->meta);
        hb_strict_key(d, "run_id");
        r->run_id = hb_strict_text(d);
        hb_strict_key(d, "start_ns");
        r->start = hb_strict_time(d);
        hb_strict_key(d, "status");
        r->status = hb_strict_text(d);
        hb_strict_end(d);
        if (s->n_runs > HB_PAST_RUNS_MAX) {
            hb_strict_refuse(d, "more than %d runs in a set", HB_PAST_RUNS_MAX);
        }
    }
}

/* How many there are is held against the set's runs, which come after the metrics. */
static const double *figures_get(hb_strict *d, const char *key, size_t *ret_n)
{
    *ret_n = 0;
    hb_strict_key(d, key);
    return hb_strict_null(d) ? NULL : hb_strict_f64s(d, ret_n);
}

static const uint64_t *counts_get(hb_strict *d, size_t *ret_n)
{
    *ret_n = 0;
    hb_strict_key(d, "counts");
    return hb_strict_null(d) ? NULL : hb_strict_u64s(d, ret_n);
}

/* The number of runs of the first metric is that of all. */
static void metric_get(hb_strict *d, hb_past_metric *m, size_t *io_runs, bool first)
{
    size_t n_counts = 0;
    size_t n_spreads = 0;
    size_t n_values = 0;
    hb_strict_obj(d);
    m->counts = counts_get(d, &n_counts);
    hb_strict_key(d, "log");
    m->log = hb_strict_bool(d);
    hb_strict_key(d, "name");
    m->name = hb_strict_text(d);
    m->spreads = figures_get(d, "spreads", &n_spreads);
    hb_strict_key(d, "step");
    m->step = hb_strict_f64(d);
    hb_strict_key(d, "unit");
    m->unit = hb_strict_text(d);
    m->values = figures_get(d, "values", &n_values);
    hb_strict_end(d);
    *io_runs = first ? n_values : *io_runs;
    bool fits = m->values && n_values == *io_runs && (!m->counts || n_counts == n_values) &&
                (!m->spreads || n_spreads == n_values);
    if (!fits) {
        hb_strict_refuse(d, "metric '%.80s' of a set has not one figure a run", m->name);
    }
    for (size_t i = 0; i < n_values && fits; i++) {
        m->n += isnan(m->values[i]) ? 0 : 1;
    }
}

static size_t metrics_get(hb_strict *d, hb_run_set *s)
{
    size_t cap = 0;
    size_t runs = 0;
    hb_strict_key(d, "metrics");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, s->metrics, s->n_metrics, cap)) {
        hb_past_metric *m = &s->metrics[s->n_metrics++];
        metric_get(d, m, &runs, s->n_metrics == 1);
        if (s->n_metrics > 1 && hb_strict_check(d) == HB_OK && strcmp(m[-1].name, m->name) >= 0) {
            hb_strict_refuse(d, "metric '%.80s' of a set is not in the order of the names",
                             m->name);
        }
        if (s->n_metrics > HB_RUN_MAX_METRICS) {
            hb_strict_refuse(d, "more than %d metrics in a set", HB_RUN_MAX_METRICS);
        }
    }
    return runs;
}

static void check(hb_strict *d, const hb_run_set *s, size_t runs)
{
    char digest[65];
    if (hb_strict_check(d) != HB_OK) {
        return;
    }
    if (s->n_metrics && runs != s->n_runs) {
        hb_strict_refuse(d, "a set with figures of %zu runs has %zu", runs, s->n_runs);
        return;
    }
    hb_strict_failed(d, hb_run_set_digest_of(s, digest, d->err));
    if (hb_strict_check(d) == HB_OK && strcmp(digest, s->digest) != 0) {
        hb_strict_refuse(d, "a set of kind '%.40s' states the digest %.12s…, its runs give %.12s…",
                         s->kind, s->digest, digest);
    }
}

const hb_run_set *hb_set_get(hb_strict *d)
{
    if (hb_strict_null(d) || hb_strict_check(d) != HB_OK) {
        return NULL;
    }
    hb_run_set *s = hb_arena_array(d->arena, 1, sizeof *s);
    if (!s) {
        hb_strict_failed(d, HB_NOMEM(d->err));
        return NULL;
    }
    hb_strict_obj(d);
    hb_strict_key(d, "digest");
    hb_strict_hex(d, s->digest, false);
    hb_strict_key(d, "kind");
    s->kind = hb_strict_text(d);
    size_t runs = metrics_get(d, s);
    runs_get(d, s);
    hb_strict_key(d, "version");
    s->version = hb_strict_text(d);
    hb_strict_end(d);
    check(d, s, runs);
    return s;
}
