/* SPDX-License-Identifier: Apache-2.0 */
#include "qualify/qualify_internal.h"

#include "base/mem.h"
#include "stats/random.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

enum { ARENA_MAX_BYTES = 256 << 20, TRIALS_OF_ROW_MAX = 1000000, METRICS_MAX = 100000 };

static bool asked_for(const hb_qualify_ask *ask, const char *metric)
{
    bool asked = ask->n_metrics == 0;
    for (size_t i = 0; i < ask->n_metrics && !asked; i++) {
        asked = strcmp(ask->metrics[i], metric) == 0;
    }
    return asked;
}

/* Standard deviation and mean over the runs; of a set that does not differ what its resolution
 * leaves open (JCGM 100, F.2.2.1), 0 when that is not known either. */
static void scale_of(const hb_past_metric *m, size_t n_runs, double *ret_sd, double *ret_mean)
{
    double mean = 0;
    double m2 = 0;
    size_t n = 0;
    for (size_t i = 0; i < n_runs; i++) {
        if (isfinite(m->values[i])) {
            double away = m->values[i] - mean;
            mean += away / (double)++n;
            m2 += away * (m->values[i] - mean);
        }
    }
    double sd = n >= 2 ? sqrt(m2 / (double)(n - 1)) : 0;
    sd = sd > 0 ? sd : m->step / sqrt(12);
    *ret_sd = isfinite(sd) ? sd : 0;
    *ret_mean = mean;
}

static hb_status add_rows(hb_qualifier *q, hb_error *err)
{
    const hb_run_set *set = q->ask.set;
    size_t most = set->n_metrics * HB_FAULT_COUNT_;
    q->rows = hb_alloc_zero((most ? most : 1) * sizeof *q->rows);
    if (!q->rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < set->n_metrics; i++) {
        const hb_past_metric *m = &set->metrics[i];
        if (!asked_for(&q->ask, m->name)) {
            continue;
        }
        double sd = 0;
        double mean = 0;
        scale_of(m, set->n_runs, &sd, &mean);
        for (unsigned f = 0; f < HB_FAULT_COUNT_; f++) {
            if (!q->ask.faults[f]) {
                continue;
            }
            hb_qualified *r = &q->rows[q->n_rows++].r;
            bool in_sd = strcmp(hb_fault_size_unit((hb_fault)f), "sd") == 0;
            *r = (hb_qualified){.metric = m->name,
                                .unit = m->unit,
                                .fault = (hb_fault)f,
                                .unit_per_size = in_sd && sd > 0 ? sd : NAN};
            const double *sizes = hb_fault_sizes((hb_fault)f, &r->n_sizes);
            for (size_t k = 0; k < r->n_sizes; k++) {
                r->sizes[k].size = sizes[k];
            }
        }
    }
    return HB_OK;
}

hb_status hb_qualifier_new(const hb_qualify_ask *ask, hb_qualifier **ret, hb_error *err)
{
    if (ask->trials < 1 || ask->trials > HB_QUALIFY_TRIALS_MAX ||
        ask->set->n_metrics > METRICS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "1 to %d trials and at most %d metrics, got %u and %zu",
                       HB_QUALIFY_TRIALS_MAX, METRICS_MAX, ask->trials, ask->set->n_metrics);
    }
    hb_qualifier *q = hb_alloc_zero(sizeof *q);
    if (!q) {
        return HB_NOMEM(err);
    }
    q->ask = *ask;
    hb_arena_init(&q->arena, ARENA_MAX_BYTES);
    hb_status status = add_rows(q, err);
    if (status != HB_OK) {
        hb_qualifier_free(q);
        return status;
    }
    *ret = q;
    return HB_OK;
}

void hb_qualifier_free(hb_qualifier *q)
{
    if (!q) {
        return;
    }
    for (size_t i = 0; i < q->n_rows; i++) {
        hb_free(q->rows[i].r.trials);
        hb_free(q->rows[i].rules);
        hb_free(q->rows[i].first);
    }
    hb_free(q->rows);
    hb_free(q->out);
    hb_arena_release(&q->arena);
    hb_free(q);
}

static hb_status note(hb_qualifier *q, hb_qualify_row *row, double size, uint64_t found,
                      hb_error *err)
{
    size_t need = row->r.n_trials + 1;
    HB_TRY(
        HB_GROW(row->r.trials, row->cap_trials, need, TRIALS_OF_ROW_MAX, "trials of a fault", err));
    HB_TRY(HB_GROW(row->rules, row->cap_rules, need, TRIALS_OF_ROW_MAX, "trials of a fault", err));
    HB_TRY(HB_GROW(row->first, row->cap_first, need, TRIALS_OF_ROW_MAX, "trials of a fault", err));
    row->r.trials[need - 1] =
        (hb_pod_trial){.size = size, .cluster = (uint32_t)q->n_runs, .hit = found != 0};
    row->rules[need - 1] = found;
    row->first[need - 1] = q->ladders;
    row->r.n_trials = need;
    return HB_OK;
}

/* One metric of the held-back run. */
typedef struct subject {
    hb_qualifier *q;
    hb_held *held;
    size_t i;
    hb_fault_target target;
    uint64_t clean;        /* rules that find something without a fault */
    uint64_t clean_series; /* … in the series that faults are put into */
} subject;

static hb_status ladder(subject *s, hb_qualify_row *row, uint32_t trial, uint64_t clean,
                        hb_error *err)
{
    s->q->ladders++;
    for (size_t k = 0; k < row->r.n_sizes; k++) {
        hb_metric faulty;
        bool tried = false;
        uint64_t rules = 0;
        HB_TRY(hb_fault_apply(&s->target, row->r.fault, row->r.sizes[k].size, trial, &faulty,
                              &tried, err));
        if (!tried) {
            continue;
        }
        hb_status status = hb_held_judge(s->held, s->i, &faulty, &rules, err);
        hb_fault_release(&faulty);
        if (status == HB_OK) {
            status = note(s->q, row, row->r.sizes[k].size, rules & ~clean, err);
        }
        if (status != HB_OK) {
            return status;
        }
    }
    return HB_OK;
}

static hb_status try_fault(subject *s, hb_qualify_row *row, hb_error *err)
{
    hb_qualified *r = &row->r;
    bool series = hb_fault_of_series(r->fault);
    const char *why_not = hb_fault_why_not(&s->target, r->fault);
    if (why_not) {
        r->why_not = why_not;
        r->n_left_why_not++;
        return HB_OK;
    }
    if (s->clean) {
        r->n_left_alarmed++;
        return HB_OK;
    }
    if (series && s->clean_series) {
        r->n_left_series++;
        return HB_OK;
    }
    r->n_runs++;
    r->n_made += series && !s->target.exact;
    for (uint32_t t = 0; t < s->q->ask.trials && !s->q->stopped; t++) {
        HB_TRY(ladder(s, row, t, s->clean, err));
        s->q->stopped = s->q->ask.stop && s->q->ask.stop(s->q->ask.ctx, s->q->share);
    }
    return HB_OK;
}

static hb_status look_at_clean(subject *s, const hb_decision *whole, hb_error *err)
{
    const hb_metric *m = s->target.metric;
    HB_TRY(hb_held_judge(s->held, s->i, m, &s->clean, err));
    if (s->clean != hb_held_rules(whole, m->name)) {
        return HB_FAIL(err, HB_E_BUG, "what is found on '%s' depends on the samples of others",
                       m->name);
    }
    if (!s->target.v) {
        return HB_OK;
    }
    hb_metric series;
    HB_TRY(hb_fault_series_as_is(&s->target, &series, err));
    hb_status status = hb_held_judge(s->held, s->i, &series, &s->clean_series, err);
    hb_fault_release(&series);
    return status;
}

static uint64_t seed_of(const hb_qualifier *q, const hb_run *run, const char *metric)
{
    const uint64_t parts[] = {q->ask.seed,
                              hb_random_seed(run->meta.run_id, strlen(run->meta.run_id)),
                              hb_random_seed(metric, strlen(metric))};
    return hb_random_seed(parts, sizeof parts);
}

static hb_direction bad_of(const hb_qualifier *q, const char *metric)
{
    const hb_metric_def *def = hb_registry_find(q->ask.registry, hb_str_of(metric));
    return !def || def->direction == HB_BAD_BOTH ? HB_DIRECTION_NONE
           : def->direction == HB_BAD_UP         ? HB_DIRECTION_UP
                                                 : HB_DIRECTION_DOWN;
}

/* All faults of one metric: rows [first, first + n). */
static hb_status try_metric(hb_qualifier *q, hb_held *held, const hb_decision *whole, size_t first,
                            size_t n, hb_error *err)
{
    const char *name = q->rows[first].r.metric;
    const hb_metric *m = hb_run_metric(&held->run, hb_str_of(name));
    if (!m) {
        for (size_t k = 0; k < n; k++) {
            q->rows[first + k].r.why_not = "the run has no value";
            q->rows[first + k].r.n_left_why_not++;
        }
        return HB_OK;
    }
    subject s = {.q = q, .held = held, .i = (size_t)(m - held->run.metrics)};
    const hb_past_metric *past = hb_run_set_metric(q->ask.set, name);
    double sd = 0;
    double mean = 0;
    scale_of(past, q->ask.set->n_runs, &sd, &mean);
    HB_TRY(hb_fault_target_make(&held->whole_run[s.i], sd, mean, bad_of(q, name),
                                seed_of(q, &held->run, name), &s.target, err));
    hb_status status = look_at_clean(&s, whole, err);
    for (size_t k = 0; k < n && status == HB_OK && !q->stopped; k++) {
        status = try_fault(&s, &q->rows[first + k], err);
    }
    hb_fault_target_release(&s.target);
    return status;
}

static size_t rows_of_metric(const hb_qualifier *q, size_t first)
{
    size_t n = 1;
    while (first + n < q->n_rows &&
           strcmp(q->rows[first + n].r.metric, q->rows[first].r.metric) == 0) {
        n++;
    }
    return n;
}

static hb_status try_all(hb_qualifier *q, hb_held *held, const hb_decision *whole, hb_error *err)
{
    for (size_t i = 0; i < q->n_rows && !q->stopped;) {
        size_t n = rows_of_metric(q, i);
        HB_TRY(try_metric(q, held, whole, i, n, err));
        i += n;
        q->share = (double)i / (double)q->n_rows;
    }
    return HB_OK;
}

static hb_qualified_run clean_run(const hb_decision *d, const char *run_id)
{
    hb_qualified_run r = {.run_id = run_id, .verdict = d->verdict, .n0 = d->reference->set->n_runs};
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        bool budget = f->rule == HB_RULE_SUSPECTED || f->rule == HB_RULE_RELATION ||
                      f->rule == HB_RULE_EARLY_WARNING || f->rule == HB_RULE_CONFIRMED;
        bool weight = f->severity >= HB_SEVERITY_DRIFT;
        r.statistical = r.statistical || (weight && budget);
        r.limits = r.limits || (weight && !budget);
    }
    return r;
}

static hb_status judge_run(hb_qualifier *q, hb_held *held, const hb_run *run, hb_error *err)
{
    hb_decision *whole = NULL;
    HB_TRY(hb_decide(run, &held->full, q->ask.registry, q->ask.policy, &whole, err));
    hb_status status = try_all(q, held, whole, err);
    if (status == HB_OK && !q->stopped) {
        const char *run_id = hb_arena_str(&q->arena, hb_str_of(run->meta.run_id));
        q->runs[q->n_runs] = clean_run(whole, run_id);
        q->n_runs += run_id != NULL;
        q->n_decisions += held->n_decisions + 1;
        status = run_id ? HB_OK : HB_NOMEM(err);
    }
    hb_decision_free(whole);
    return status;
}

/* Room that the run in hand made is kept, what it put there is not. */
static void forget_run(hb_qualifier *q)
{
    for (size_t i = 0; i < q->n_rows; i++) {
        hb_pod_trial *trials = q->rows[i].r.trials;
        q->rows[i].r = q->rows[i].before;
        q->rows[i].r.trials = trials;
    }
}

hb_status hb_qualifier_run(hb_qualifier *q, const hb_run *run, const hb_reference *reference,
                           bool *ret_stopped, hb_error *err)
{
    if (q->n_runs == HB_QUALIFY_RUNS_MAX || !reference->set) {
        return HB_FAIL(err, HB_E_BUG, "run '%s' is the %zuth and has %s", run->meta.run_id,
                       q->n_runs + 1, reference->set ? "a set" : "no set");
    }
    hb_held held;
    q->stopped = false;
    q->share = 0;
    HB_TRY(hb_held_make(&q->ask, run, reference, &held, err));
    for (size_t i = 0; i < q->n_rows; i++) {
        q->rows[i].before = q->rows[i].r;
    }
    hb_status status = judge_run(q, &held, run, err);
    hb_held_release(&held);
    if (status != HB_OK || q->stopped) {
        forget_run(q);
    }
    *ret_stopped = q->stopped;
    return status;
}

static void count(hb_qualify_row *row)
{
    hb_qualified *r = &row->r;
    uint32_t told = 0;
    for (size_t k = 0; k < r->n_sizes; k++) {
        r->sizes[k].tried = r->sizes[k].found = 0;
    }
    memset(r->by_rule, 0, sizeof r->by_rule);
    for (size_t i = 0; i < r->n_trials; i++) {
        for (size_t k = 0; k < r->n_sizes; k++) {
            bool same = r->sizes[k].size == r->trials[i].size;
            r->sizes[k].tried += same;
            r->sizes[k].found += same && r->trials[i].hit;
        }
        if (row->rules[i] && row->first[i] != told) {
            told = row->first[i];
            for (unsigned rule = 0; rule < HB_RULE_COUNT_; rule++) {
                r->by_rule[rule] += row->rules[i] >> rule & 1;
            }
        }
    }
    hb_pod_of(r->trials, r->n_trials, &r->pod);
}

static hb_rate rate_of(size_t n, size_t of)
{
    hb_rate r = {.n = n, .of = of, .low = 0, .high = 1};
    if (of) {
        hb_binomial_limits(n, of, HB_POD_CONFIDENCE, &r.low, &r.high);
    }
    return r;
}

hb_status hb_qualifier_finish(hb_qualifier *q, hb_qualification *ret, hb_error *err)
{
    hb_qualified *out = hb_alloc_array(q->n_rows ? q->n_rows : 1, sizeof *out);
    if (!out) {
        return HB_NOMEM(err);
    }
    hb_free(q->out);
    q->out = out;
    for (size_t i = 0; i < q->n_rows; i++) {
        count(&q->rows[i]);
        out[i] = q->rows[i].r;
    }
    size_t statistical = 0;
    size_t any = 0;
    for (size_t i = 0; i < q->n_runs; i++) {
        statistical += q->runs[i].statistical;
        any += q->runs[i].statistical || q->runs[i].limits;
    }
    *ret = (hb_qualification){.rows = out,
                              .n_rows = q->n_rows,
                              .runs = q->runs,
                              .n_runs = q->n_runs,
                              .statistical = rate_of(statistical, q->n_runs),
                              .any = rate_of(any, q->n_runs),
                              .budget = q->ask.policy->false_alarm_budget,
                              .n_decisions = q->n_decisions};
    return HB_OK;
}
