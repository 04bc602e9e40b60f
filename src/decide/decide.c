/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/decision.h"

#include "base/mem.h"
#include "decide/attribution.h"
#include "decide/early.h"
#include "decide/equivalent.h"
#include "decide/history.h"
#include "decide/layer2.h"
#include "decide/limits.h"
#include "decide/live_judge.h"
#include "decide/relation.h"
#include "decide/verdict_text.h"

#include <string.h>

enum { DECISION_MAX_BYTES = 512 << 20, DECISION_MAX_METRICS = 1000000 };

static hb_finding run_finding(hb_rule rule, hb_severity severity)
{
    return (hb_finding){.metric = "",
                        .rule = rule,
                        .severity = severity,
                        .sustained_index = UINT64_MAX,
                        .onset_time = HB_TIME_NONE};
}

/* Walks two name-sorted lists at once; NULL where one side lacks the metric. */
static bool next_pair(const hb_run *run, const hb_run *base, size_t *i, size_t *j,
                      const hb_metric **ret_run, const hb_metric **ret_base)
{
    const hb_metric *r = *i < run->n_metrics ? &run->metrics[*i] : NULL;
    const hb_metric *b = base && *j < base->n_metrics ? &base->metrics[*j] : NULL;
    if (!r && !b) {
        return false;
    }
    int order = !b ? -1 : !r ? 1 : strcmp(r->name, b->name);
    *ret_run = order <= 0 ? r : NULL;
    *ret_base = order >= 0 ? b : NULL;
    *i += order <= 0;
    *j += order >= 0;
    return true;
}

/* A stored run was read under the registry of its day. What is declared now: another `reduce` is
 * taken from the samples' profile; figures of another unit are not used. */
static hb_status as_declared(hb_decision *d, const hb_metric_def *def, const hb_metric **io,
                             hb_error *err)
{
    const hb_metric *m = *io;
    if (!m || !def) {
        return HB_OK;
    }
    bool old_unit = *def->unit && *m->unit && strcmp(def->unit, m->unit) != 0;
    bool old_reduce = def->reduce_set && !m->stated && def->reduce != m->reduce;
    if (!old_unit && !old_reduce) {
        return HB_OK;
    }
    hb_metric *now = hb_arena_array(&d->arena, 1, sizeof *now);
    if (!now) {
        return HB_NOMEM(err);
    }
    *now = *m;
    if (old_reduce) {
        now->reduce = def->reduce;
        now->has_value = hb_profile_reduce(&m->profile, def->reduce, &now->value);
    }
    if (old_unit) {
        now->flags |= HB_METRIC_UNIT_OLD;
        now->has_value = false;
    }
    *io = now;
    return HB_OK;
}

static bool is_text(const hb_metric *m)
{
    return m && m->flags & HB_METRIC_TEXT;
}

static hb_status compare_all(hb_decision *d, hb_findings *findings, hb_error *err)
{
    const hb_run *base = d->reference->run;
    size_t most = d->run->n_metrics + (base ? base->n_metrics : 0);
    if (most > DECISION_MAX_METRICS) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "run and baseline have %zu metrics together, a decision takes at most %d",
                       most, DECISION_MAX_METRICS);
    }
    d->comparisons = hb_arena_array(&d->arena, most, sizeof *d->comparisons);
    if (!d->comparisons) {
        return HB_NOMEM(err);
    }
    hb_limits_input in = {
        .defaults = hb_registry_defaults(d->registry),
        .has_reference = base != NULL,
        .weight_only = d->reference->weight_only,
        .run_end = d->run->t_last,
        .policy = d->policy,
        .window = hb_live_of(d) ? hb_live_of(d)->window : NULL,
    };
    size_t i = 0;
    size_t j = 0;
    while (next_pair(d->run, base, &i, &j, &in.run, &in.baseline)) {
        const char *name = in.run ? in.run->name : in.baseline->name;
        in.def = hb_registry_find(d->registry, hb_str_of(name));
        HB_TRY(as_declared(d, in.def, &in.run, err));
        HB_TRY(as_declared(d, in.def, &in.baseline, err));
        in.baseline = is_text(in.baseline) ? NULL : in.baseline;
        if (is_text(in.run) && !in.baseline) {
            continue; /* a column of remarks */
        }
        HB_TRY(hb_limits_check(&in, &d->comparisons[d->n_comparisons++], findings, err));
    }
    return HB_OK;
}

/* Metrics with a value on both sides. */
static size_t compared(const hb_decision *d, size_t *ret_in_baseline, size_t *ret_usable)
{
    size_t both = 0;
    for (size_t i = 0; i < d->n_comparisons; i++) {
        const hb_comparison *c = &d->comparisons[i];
        both += c->value_run.set && c->value_baseline.set;
        *ret_in_baseline += c->value_baseline.set;
        *ret_usable += c->value_run.set;
    }
    return both;
}

static hb_status coverage_of_metrics(const hb_decision *d, size_t both, size_t in_baseline,
                                     hb_findings *findings, hb_error *err)
{
    hb_missing_mode mode = d->policy->missing_data_mode;
    double least = d->policy->missing_data_min_coverage;
    double got = in_baseline ? (double)both / (double)in_baseline : 1;
    if (mode == HB_MISSING_IGNORE || !d->reference->run || got >= least) {
        return HB_OK;
    }
    hb_finding f = run_finding(HB_RULE_METRIC_COVERAGE,
                               mode == HB_MISSING_FAIL ? HB_SEVERITY_FAIL : HB_SEVERITY_DRIFT);
    f.limit = hb_some(least);
    f.observed = hb_some(got);
    f.excess = got > 0 ? least / got : 1e6;
    return hb_findings_add(
        findings, f, err,
        "the run has %zu of the baseline's %zu metrics, at least %.4g %% required", both,
        in_baseline, least * 100);
}

/* Whole rows that nobody could read: what they held is unknown. */
static hb_status lost_rows(const hb_decision *d, hb_findings *findings, hb_error *err)
{
    uint64_t all = 0;
    uint64_t all_before = 0;
    uint64_t lost = hb_run_lost_rows(d->run, &all);
    uint64_t lost_before = d->reference->run ? hb_run_lost_rows(d->reference->run, &all_before) : 0;
    if (lost == 0) {
        return HB_OK;
    }
    double now = (double)lost / (double)all;
    double before = lost_before ? (double)lost_before / (double)all_before : 0;
    double limit = before + HB_UNREADABLE_SHARE;
    hb_finding f =
        run_finding(HB_RULE_LOST_ROWS, now > limit ? HB_SEVERITY_DRIFT : HB_SEVERITY_WARN);
    f.limit = hb_some(limit);
    f.observed = hb_some(now);
    f.excess = now / limit;
    return hb_findings_add(findings, f, err,
                           "%llu of %llu rows of the run's files could not be read; the report "
                           "lists them by reason",
                           (unsigned long long)lost, (unsigned long long)all);
}

static hb_status nothing_to_compare(const hb_decision *d, size_t both, size_t usable,
                                    hb_findings *findings, hb_error *err)
{
    hb_severity severity =
        d->policy->on_no_baseline == HB_NO_BASELINE_FAIL ? HB_SEVERITY_FAIL : HB_SEVERITY_INFO;
    uint64_t left_out = hb_run_none_selected(d->run);
    if (usable == 0 && left_out) {
        return hb_findings_add(findings, run_finding(HB_RULE_NO_METRICS, severity), err,
                               "none of the run's %llu rows is among those selected",
                               (unsigned long long)left_out);
    }
    if (usable == 0) {
        return hb_findings_add(findings, run_finding(HB_RULE_NO_METRICS, severity), err,
                               "the %s has no metric with a usable value",
                               d->statistics.live ? "window" : "run");
    }
    if (!d->reference->run) {
        return hb_findings_add(findings, run_finding(HB_RULE_NO_BASELINE, severity), err,
                               "there is no baseline to compare with (%s)", d->reference->reason);
    }
    left_out = hb_run_none_selected(d->reference->run);
    if (both == 0 && !d->statistics.ran && left_out) {
        return hb_findings_add(findings, run_finding(HB_RULE_NO_METRICS, severity), err,
                               "none of the baseline's %llu rows is among those selected",
                               (unsigned long long)left_out);
    }
    if (both == 0 && !d->statistics.ran) {
        return hb_findings_add(findings, run_finding(HB_RULE_NO_METRICS, severity), err,
                               "run and baseline have no usable metric in common");
    }
    return HB_OK;
}

static hb_status context(const hb_decision *d, hb_findings *findings, hb_error *err)
{
    const hb_reference *r = d->reference;
    if (!r->run || !d->policy->warn_on_mismatch || (!r->n_differs && !*r->warning)) {
        return HB_OK;
    }
    hb_finding f = run_finding(HB_RULE_CONTEXT_MISMATCH, HB_SEVERITY_WARN);
    if (*r->warning) {
        return hb_findings_add(findings, f, err, "%s", r->warning);
    }
    const hb_context_diff *diff = &r->differs[0];
    return hb_findings_add(
        findings, f, err,
        "context matches in %u of %u fields; %s is '%.60s' here and '%.60s' in the "
        "baseline%s",
        r->score, r->possible, hb_context_name(diff->field), diff->run, diff->baseline,
        r->n_differs > 1 ? ", and more differ" : "");
}

/* Nothing compared is no verdict; only a declared limit that failed outranks it, and a suspicion
 * that was retested against its own set, or what a live window says by itself. */
static hb_verdict verdict_of(const hb_findings *findings)
{
    bool fail = false;
    bool drift = false;
    bool nothing = false;
    bool tested = false;
    for (size_t i = 0; i < findings->n; i++) {
        const hb_finding *f = &findings->list[i];
        fail = fail || f->severity == HB_SEVERITY_FAIL;
        drift = drift || f->severity == HB_SEVERITY_DRIFT;
        nothing = nothing || f->rule == HB_RULE_NO_BASELINE || f->rule == HB_RULE_NO_METRICS;
        tested = tested || f->rule == HB_RULE_SUSPECTED || f->rule == HB_RULE_CONFIRMED ||
                 f->rule == HB_RULE_RELATION || f->rule == HB_RULE_SHOCK ||
                 f->rule == HB_RULE_SLOW_DRIFT || f->rule == HB_RULE_SILENT;
    }
    return fail                 ? HB_VERDICT_FAIL
           : nothing && !tested ? HB_VERDICT_NO_TEST
           : drift              ? HB_VERDICT_PASS_WITH_DRIFT
                                : HB_VERDICT_PASS;
}

static void count(hb_decision *d)
{
    for (size_t i = 0; i < d->n_comparisons; i++) {
        const hb_comparison *c = &d->comparisons[i];
        d->n_checked += c->n_checks > 0;
        d->n_drift_metrics += c->worst == HB_SEVERITY_DRIFT;
        d->n_fail_metrics += c->worst == HB_SEVERITY_FAIL;
    }
}

static hb_status keep_findings(hb_decision *d, hb_findings *findings, hb_error *err)
{
    hb_findings_rank(findings);
    d->findings = hb_arena_array(&d->arena, findings->n ? findings->n : 1, sizeof *d->findings);
    if (!d->findings) {
        return HB_NOMEM(err);
    }
    if (findings->n) {
        memcpy(d->findings, findings->list, findings->n * sizeof *d->findings);
    }
    d->n_findings = findings->n;
    return HB_OK;
}

static hb_status decide(hb_decision *d, hb_findings *findings, hb_error *err)
{
    const bool live = hb_live_of(d) != NULL;
    HB_TRY(compare_all(d, findings, err));
    if (live) {
        HB_TRY(hb_live_judge(d, findings, err));
    } else {
        HB_TRY(hb_layer2(d, findings, err));
        HB_TRY(hb_early_warnings(d, findings, err));
    }
    size_t in_baseline = 0;
    size_t usable = 0;
    size_t both = compared(d, &in_baseline, &usable);
    HB_TRY(nothing_to_compare(d, both, usable, findings, err));
    HB_TRY(coverage_of_metrics(d, both, in_baseline, findings, err));
    HB_TRY(lost_rows(d, findings, err));
    HB_TRY(context(d, findings, err));
    HB_TRY(hb_baseline_age(d, findings, err));
    HB_TRY(hb_equivalences_told(d, findings, err));
    if (!live) {
        HB_TRY(hb_history_explain(d, findings, err));
        HB_TRY(hb_attribution_explain(d, err));
        HB_TRY(hb_relation_judge(d, findings, err));
    }
    d->verdict = verdict_of(findings);
    count(d);
    HB_TRY(keep_findings(d, findings, err));
    return hb_verdict_text(d, both, err);
}

hb_status hb_decide(const hb_run *run, const hb_reference *reference, const hb_registry *registry,
                    const hb_policy *policy, hb_decision **ret_decision, hb_error *err)
{
    hb_decision *d = hb_alloc_zero(sizeof *d);
    if (!d) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&d->arena, DECISION_MAX_BYTES);
    d->run = run;
    d->reference = reference;
    d->registry = registry;
    d->policy = policy;
    hb_findings findings = {.arena = &d->arena};
    hb_status status = decide(d, &findings, err);
    hb_findings_release(&findings);
    if (status != HB_OK) {
        hb_decision_free(d);
        return status;
    }
    *ret_decision = d;
    return HB_OK;
}

void hb_decision_free(hb_decision *d)
{
    if (d) {
        hb_arena_release(&d->arena);
        hb_free(d);
    }
}
