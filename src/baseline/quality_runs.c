/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria that look at the runs themselves: how many, over how long, under which context, and what
 * is open about them. */
#include "baseline/quality_internal.h"

#include <stdio.h>
#include <string.h>

hb_status hb_quality_sample_size(const hb_quality_input *in, hb_quality *q, hb_error *err)
{
    const hb_run_set *s = in->set;
    uint32_t least = in->policy->min_sample_size;
    size_t enough = 0;
    for (size_t i = 0; i < s->n_metrics; i++) {
        enough += s->metrics[i].n >= least;
    }
    size_t few = s->n_metrics - enough;
    q->criteria[HB_CRITERION_SAMPLE_SIZE].figure = (hb_opt_f64){true, (double)s->n_runs};
    q->criteria[HB_CRITERION_SAMPLE_SIZE].limit = (hb_opt_f64){true, least};
    if (s->n_runs < least) {
        return hb_quality_say(q, HB_CRITERION_SAMPLE_SIZE, HB_OUTCOME_FAIL, err,
                              "%zu %s, at least %u required: a shift that matters would be missed",
                              s->n_runs, s->n_runs == 1 ? "run" : "runs", least);
    }
    if (enough == 0) {
        return hb_quality_say(q, HB_CRITERION_SAMPLE_SIZE, HB_OUTCOME_FAIL, err,
                              "%zu runs, but none of their %zu metrics has a value in %u of them",
                              s->n_runs, s->n_metrics, least);
    }
    if (few) {
        return hb_quality_say(q, HB_CRITERION_SAMPLE_SIZE, HB_OUTCOME_PASS, err,
                              "%zu runs, at least %u required; %zu of %zu metrics have a value in "
                              "fewer, and are judged on fewer",
                              s->n_runs, least, few, s->n_metrics);
    }
    return hb_quality_say(q, HB_CRITERION_SAMPLE_SIZE, HB_OUTCOME_PASS, err,
                          "%zu runs, at least %u required", s->n_runs, least);
}

/* "1.5 h"; for sentences only. */
static const char *span_text(double seconds, char out[32])
{
    static const struct {
        double seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    while (i < 3 && seconds < units[i].seconds) {
        i++;
    }
    snprintf(out, 32, "%.3g %s", seconds / units[i].seconds, units[i].unit);
    return out;
}

hb_status hb_quality_time_span(const hb_quality_input *in, hb_quality *q, hb_error *err)
{
    hb_time first = HB_TIME_NONE;
    hb_time last = HB_TIME_NONE;
    size_t unstated = 0;
    for (size_t i = 0; i < in->set->n_runs; i++) {
        const hb_past_run *r = &in->set->runs[i];
        if (r->start == HB_TIME_NONE) {
            continue;
        }
        unstated += r->meta.start == HB_TIME_NONE;
        first = first == HB_TIME_NONE || r->start < first ? r->start : first;
        last = r->start > last ? r->start : last;
        last = r->meta.end > last ? r->meta.end : last;
    }
    double limit = in->policy->min_time_in_state.v;
    char got[32];
    char least[32];
    span_text(limit, least);
    q->criteria[HB_CRITERION_TIME_SPAN].limit = (hb_opt_f64){true, limit};
    if (first == HB_TIME_NONE) {
        return hb_quality_say(q, HB_CRITERION_TIME_SPAN, HB_OUTCOME_CANNOT_TELL, err,
                              "no run has a time, so the span is unknown; at least %s required",
                              least);
    }
    double span = ((double)last - (double)first) / 1e9;
    q->criteria[HB_CRITERION_TIME_SPAN].figure = (hb_opt_f64){true, span};
    return hb_quality_say(
        q, HB_CRITERION_TIME_SPAN, span >= limit ? HB_OUTCOME_PASS : HB_OUTCOME_FAIL, err,
        "the runs span %s, at least %s required%s", span_text(span, got), least,
        unstated ? " (a run that states no start counts from its registration)" : "");
}

/* The first field in which two runs differ; HB_CONTEXT_COUNT = none. */
static unsigned differs(const hb_quality_input *in, const hb_past_run *a, const hb_past_run *b)
{
    unsigned f = 0;
    while (f < HB_CONTEXT_COUNT && ((in->context_match && !in->context_match[f]) ||
                                    strcmp(a->meta.context[f], b->meta.context[f]) == 0)) {
        f++;
    }
    return f;
}

hb_status hb_quality_context(const hb_quality_input *in, hb_quality *q, hb_error *err)
{
    const hb_run_set *s = in->set;
    static const hb_past_run empty = {.meta = {.context = {"", "", "", "", "", ""}}};
    size_t commonest = 0;
    size_t at = 0;
    size_t stated = 0;
    for (size_t i = 0; i < s->n_runs; i++) {
        bool counted = i && differs(in, &s->runs[i], &s->runs[at]) == HB_CONTEXT_COUNT;
        size_t alike = 0;
        for (size_t k = i; k < s->n_runs && !counted; k++) {
            alike += differs(in, &s->runs[i], &s->runs[k]) == HB_CONTEXT_COUNT;
        }
        at = alike > commonest ? i : at;
        commonest = alike > commonest ? alike : commonest;
        stated += differs(in, &s->runs[i], &empty) != HB_CONTEXT_COUNT;
    }
    double share = (double)commonest / (double)s->n_runs;
    double limit = in->policy->min_environment_match_score;
    hb_quality_result *r = &q->criteria[HB_CRITERION_CONTEXT];
    r->limit = (hb_opt_f64){true, limit};
    if (stated == 0) {
        return hb_quality_say(q, HB_CRITERION_CONTEXT, HB_OUTCOME_CANNOT_TELL, err,
                              "no run states any field of the context, so nothing says that they "
                              "were made under the same; state it in run_meta.json");
    }
    r->figure = (hb_opt_f64){true, share};
    hb_outcome outcome = share >= limit ? HB_OUTCOME_PASS : HB_OUTCOME_FAIL;
    for (size_t i = 0; i < s->n_runs; i++) {
        unsigned f = differs(in, &s->runs[at], &s->runs[i]);
        if (f != HB_CONTEXT_COUNT) {
            return hb_quality_say(q, HB_CRITERION_CONTEXT, outcome, err,
                                  "%zu of %zu runs have the same context, at least %.4g %% "
                                  "required; %s is '%.60s' in "
                                  "'%.128s' and '%.60s' in '%.128s'",
                                  commonest, s->n_runs, limit * 100,
                                  hb_context_name((hb_context_field)f), s->runs[at].meta.context[f],
                                  s->runs[at].run_id, s->runs[i].meta.context[f],
                                  s->runs[i].run_id);
        }
    }
    return hb_quality_say(q, HB_CRITERION_CONTEXT, outcome, err,
                          "all %zu runs have the same context", s->n_runs);
}

static bool is_open(const hb_quality_input *in, const char *run_id)
{
    for (size_t i = 0; i < in->n_open; i++) {
        if (strcmp(in->open[i], run_id) == 0) {
            return true;
        }
    }
    return false;
}

hb_status hb_quality_open_findings(const hb_quality_input *in, hb_quality *q, hb_error *err)
{
    const hb_run_set *s = in->set;
    const char *first[3] = {NULL, NULL, NULL}; /* FAIL, suspicion, drift */
    size_t count[3] = {0, 0, 0};
    size_t unknown = 0;
    for (size_t i = 0; i < s->n_runs; i++) {
        const hb_past_run *r = &s->runs[i];
        const bool is[3] = {strcmp(r->status, "FAIL") == 0, is_open(in, r->run_id),
                            strcmp(r->status, "PASS_WITH_DRIFT") == 0};
        for (size_t k = 0; k < 3; k++) {
            first[k] = is[k] && !first[k] ? r->run_id : first[k];
            count[k] += is[k];
        }
        unknown += !*r->status;
    }
    double share = (double)count[2] / (double)s->n_runs;
    double limit = in->policy->max_drift_share;
    q->criteria[HB_CRITERION_OPEN_FINDINGS].figure = (hb_opt_f64){true, share};
    q->criteria[HB_CRITERION_OPEN_FINDINGS].limit = (hb_opt_f64){true, limit};
    const hb_criterion c = HB_CRITERION_OPEN_FINDINGS;
    if (count[0]) {
        return hb_quality_say(q, c, HB_OUTCOME_FAIL, err,
                              "%zu runs have the verdict FAIL ('%.128s')", count[0], first[0]);
    }
    if (count[1]) {
        return hb_quality_say(q, c, HB_OUTCOME_FAIL, err,
                              "%zu runs have a suspicion that waits for its retest ('%.128s')",
                              count[1], first[1]);
    }
    if (share > limit) {
        return hb_quality_say(
            q, c, HB_OUTCOME_FAIL, err,
            "%zu of %zu runs have the verdict PASS_WITH_DRIFT ('%.128s'), at most "
            "%.4g %% allowed",
            count[2], s->n_runs, first[2], limit * 100);
    }
    if (unknown) {
        return hb_quality_say(q, c, HB_OUTCOME_CANNOT_TELL, err,
                              "%zu of %zu runs were never analysed, so nobody knows what is open "
                              "about them; 'hb analyze RUN' tells",
                              unknown, s->n_runs);
    }
    return hb_quality_say(q, c, HB_OUTCOME_PASS, err,
                          "no FAIL, no open suspicion, %zu of %zu runs with drift, at most %.4g %% "
                          "allowed",
                          count[2], s->n_runs, limit * 100);
}
