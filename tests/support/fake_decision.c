/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fake_decision.h"
#include "support/inputs_case.h"

#include "decide/findings.h"

#include <math.h>
#include <stdio.h>

enum { ARENA_BYTES = 64 << 20, SAMPLES = 240, NAME_BYTES = 64 };

static const hb_time day = INT64_C(86400000000000);
static const hb_time first_day = INT64_C(1767323045000000000);

/* Scores of a normal distribution in no order. */
static const double scores[FAKE_DECISION_HISTORY] = {-0.31, 0.84,  -1.28, 0.10, 1.64,  -0.67,
                                                     0.52,  -0.10, -1.04, 0.31, 1.04,  -0.52,
                                                     0.0,   -1.64, 0.67,  1.28, -0.84, 0.25};

typedef enum row_kind { PLAIN, SUSPECTED, CONFIRMED, SMALL, FEW, CLEARED } row_kind;

typedef struct row {
    const char *name;
    const char *unit;
    double mean;
    double sd;
    double off; /* of the run, in sd */
    row_kind kind;
    double p;
    double q;
    double min_effect; /* in sd, 0 = none */
    hb_tost tost;
    hb_direction bad;
    bool governed;
    bool log;
} row;

static const row named[FAKE_DECISION_METRICS] = {
    {"bearing_temp", "°C", 61, 0.8, 6.4, SUSPECTED, 0.000041, 0.00049, 2, HB_TOST_NOT_SHOWN, 0,
     false, false},
    {"vibration_rms", "mm/s", 2.3, 0.11, 5.7, CONFIRMED, 0.00012, 0.00072, 0, HB_TOST_NOT_DECLARED,
     HB_DIRECTION_UP, false, false},
    {FAKE_DECISION_EVIL, "<b>V</b>", 3.3, 0.02, -5.1, SUSPECTED, 0.00034, 0.0014, 0,
     HB_TOST_NOT_DECLARED, HB_DIRECTION_DOWN, false, false},
    {"latency", "ms", 14, 0.05, 4.9, SMALL, 0.00047, 0.0015, 12, HB_TOST_SHOWN, 0, false, false},
    {"pressure", "bar", 101, 0.4, 0.4, PLAIN, 0.71, 0.85, 8, HB_TOST_SHOWN, 0, false, false},
    {"flow", "l/min", 18, 0.9, -1.1, PLAIN, 0.31, 0.62, 2, HB_TOST_NOT_SHOWN, 0, false, false},
    {"resets", "", 0, 0, 0, FEW, 0, 0, 0, HB_TOST_NOT_DECLARED, 0, false, false},
    {"battery", "V", 12.6, 0.05, 0.6, CLEARED, 0.58, 0.84, 0, HB_TOST_NOT_DECLARED, 0, false,
     false},
    {"supply_current", "A", 4.2, 0.06, 1.4, PLAIN, 0.17, 0.5, 3, HB_TOST_NOT_SHOWN, 0, true, false},
    {"noise_floor", "", 0.0031, 0.0006, 1.0, PLAIN, 0.34, 0.62, 0, HB_TOST_NOT_DECLARED, 0, false,
     true},
    {"rail_3v3", "V", 3.3, 0, 0, PLAIN, 1, 1, 0, HB_TOST_NOT_DECLARED, 0, false, false},
    {"a_metric_with_a_very_long_name_that_no_column_holds", "counts/revolution", 1234567, 890, 0.2,
     PLAIN, 0.84, 0.92, 0, HB_TOST_NOT_DECLARED, 0, false, false},
};

static void *room(hb_arena *a, size_t n, size_t size)
{
    void *p = hb_arena_array(a, n ? n : 1, size);
    assert_non_null(p);
    return p;
}

static const char *keep(hb_arena *a, const char *text)
{
    char *copy = hb_arena_str(a, hb_str_of(text));
    assert_non_null(copy);
    return copy;
}

static row row_of(size_t i, char name[NAME_BYTES])
{
    if (i < FAKE_DECISION_METRICS) {
        return named[i];
    }
    snprintf(name, NAME_BYTES, "further_metric_%03zu", i);
    return (row){.name = name,
                 .unit = "ms",
                 .mean = 10 + (double)i,
                 .sd = 0.5,
                 .off = scores[i % FAKE_DECISION_HISTORY],
                 .p = 0.05 + 0.9 * (double)i / 1100,
                 .q = 0.97,
                 .tost = HB_TOST_NOT_DECLARED};
}

static hb_run *make_run(test_case *c, const char *run_id, size_t n, double share)
{
    double *samples = calloc(n * SAMPLES, sizeof *samples);
    test_metric *metrics = calloc(n, sizeof *metrics);
    char(*names)[NAME_BYTES] = calloc(n, sizeof *names);
    for (size_t i = 0; i < n; i++) {
        row r = row_of(i, names[i]);
        double value = r.mean + share * r.off * r.sd;
        metrics[i] = (test_metric){.name = r.name, .unit = r.unit, .value = value};
        if (i < 4) {
            double *v = samples + i * SAMPLES;
            for (size_t k = 0; k < SAMPLES; k++) { /* the upper half of the range moves more */
                double s = scores[(k * 7 + i) % FAKE_DECISION_HISTORY] + (double)k / SAMPLES;
                v[k] = value + r.sd * (s + share * (s > 0.5 ? 1.5 * s : 0));
            }
            metrics[i].samples = v;
            metrics[i].n = SAMPLES;
        }
    }
    hb_run *run = case_run(c, run_id, metrics, n);
    free(names);
    free(metrics);
    free(samples);
    run->meta.start = first_day + FAKE_DECISION_HISTORY * day;
    run->meta.program = "rig-tests";
    run->meta.test_name = "endurance & soak";
    return run;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const hb_past_metric *)a)->name, ((const hb_past_metric *)b)->name);
}

/* Runs `from` … `from + n - 1` of the history; bearing_temp steps up at run 14. */
static void make_set(hb_run_set *s, const char *kind, size_t from, size_t n, size_t n_metrics)
{
    hb_arena_init(&s->arena, ARENA_BYTES);
    s->kind = kind;
    s->version = "";
    memset(s->digest, kind[0] == 'h' ? 'b' : 'a', 64);
    s->n_runs = n;
    s->runs = room(&s->arena, n, sizeof *s->runs);
    for (size_t k = 0; k < n; k++) {
        char id[NAME_BYTES];
        snprintf(id, sizeof id, "run-%02zu", from + k + 1);
        s->runs[k] = (hb_past_run){.run_id = keep(&s->arena, id),
                                   .digest = "",
                                   .status = "PASS",
                                   .start = first_day + (hb_time)(from + k) * day};
    }
    s->n_metrics = n_metrics;
    s->metrics = room(&s->arena, n_metrics, sizeof *s->metrics);
    for (size_t i = 0; i < n_metrics; i++) {
        char name[NAME_BYTES];
        row r = row_of(i, name);
        double *values = room(&s->arena, n, sizeof *values);
        for (size_t k = 0; k < n; k++) {
            size_t run = from + k;
            double step = i == 0 && run >= 13 ? 1.1 : 0;
            values[k] =
                r.kind == FEW && k > 1
                    ? NAN
                    : r.mean + r.sd * (scores[(run * 5 + i) % FAKE_DECISION_HISTORY] + step);
        }
        s->metrics[i] = (hb_past_metric){.name = keep(&s->arena, r.name),
                                         .unit = keep(&s->arena, r.unit),
                                         .values = values,
                                         .n = r.kind == FEW ? 2 : n};
    }
    qsort(s->metrics, n_metrics, sizeof *s->metrics, by_name);
}

static void fit(const double *v, size_t n, double *ret_mean, double *ret_sd)
{
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i];
    }
    for (size_t i = 0; i < n; i++) {
        squares += (v[i] - sum / (double)n) * (v[i] - sum / (double)n);
    }
    *ret_mean = sum / (double)n;
    *ret_sd = sqrt(squares / (double)(n - 1));
}

static void fill_test(fake_decision *f, hb_comparison *c, const row *r)
{
    const hb_past_metric *past = hb_run_set_metric(&f->set, r->name);
    hb_run_test *t = &c->test;
    *t = (hb_run_test){.m = 1, .n0 = past->n, .tost_p = NAN, .tost = r->tost};
    if (r->kind == FEW) {
        t->untested = HB_UNTESTED_FEW;
        return;
    }
    double wide = r->bad == HB_DIRECTION_NONE ? 4.6 : 4.2;
    fit(past->values, past->n, &t->mean, &t->sd_runs);
    t->step = 0.01 * r->sd + (r->sd > 0 ? 0 : 0.001);
    t->sd = sqrt(t->sd_runs * t->sd_runs + t->step * t->step / 12);
    t->x = c->value_run.v;
    t->t = (t->x - t->mean) / (t->sd * sqrt(1 + 1 / (double)past->n));
    t->dof = (double)past->n - 1 + (r->governed ? 30 : 0);
    t->governed = r->governed;
    t->log = r->log;
    t->bad = r->bad;
    t->p = r->p;
    t->q = r->q;
    t->low = r->bad == HB_DIRECTION_UP ? -INFINITY : t->mean - wide * t->sd;
    t->high = r->bad == HB_DIRECTION_DOWN ? INFINITY : t->mean + wide * t->sd;
    t->rejected = r->kind == SUSPECTED || r->kind == CONFIRMED || r->kind == SMALL;
    t->moved = !t->rejected ? HB_DIRECTION_NONE : r->off > 0 ? HB_DIRECTION_UP : HB_DIRECTION_DOWN;
    t->below_min_effect = r->kind == SMALL;
    t->suspected = r->kind == SUSPECTED;
    t->confirmed = r->kind == CONFIRMED;
    t->detectable_sigma = 5.4;
    t->detectable = 5.4 * t->sd;
    t->target = (r->min_effect > 0 ? r->min_effect : 2) * t->sd;
    t->runs_needed = r->min_effect > 6 ? 9 : 0;
    if (r->min_effect > 0) {
        t->power_at_min_effect = hb_some(r->min_effect > 6 ? 0.99 : 0.07);
        t->tost_p = r->tost == HB_TOST_SHOWN ? 0.002 : 0.4;
    }
}

static void fill_retests(fake_decision *f)
{
    hb_arena *a = &f->c.decision->arena;
    hb_run_statistics *s = &f->c.decision->statistics;
    hb_suspicion *open = room(a, 2, sizeof *open);
    const char **ids = room(a, 3, sizeof *ids);
    double *values = room(a, 3, sizeof *values);
    for (size_t i = 0; i < 3; i++) {
        ids[i] = f->set.runs[i].run_id;
        values[i] = 1;
    }
    for (size_t i = 0; i < 2; i++) {
        open[i] = (hb_suspicion){.metric = i ? "vibration_rms" : "battery",
                                 .direction = i ? HB_DIRECTION_UP : HB_DIRECTION_DOWN,
                                 .run_id = "run-18",
                                 .raised = first_day + 17 * day,
                                 .until = first_day + 31 * day,
                                 .set_run_ids = ids,
                                 .n_set = 3,
                                 .values = values};
    }
    f->prior = (hb_prior){.suspicions = open, .n_suspicions = 2, .history = &f->history};
    s->retests = room(a, 2, sizeof *s->retests);
    s->n_retests = 2;
    s->retests[0] = (hb_retest){&open[0], HB_RETEST_CLEARED, 12, 1, 12.63, 12.6, 0.6, 11, 0.72};
    s->retests[1] = (hb_retest){&open[1], HB_RETEST_CONFIRMED, 12, 1, 2.927, 2.3, 5.5, 11, 0.0001};
    hb_retest_order *o = room(a, 1, sizeof *o);
    o->metrics = room(a, 2, sizeof *o->metrics);
    o->metrics[0] = FAKE_DECISION_EVIL;
    o->metrics[1] = "bearing_temp";
    o->n_metrics = 2;
    o->until = first_day + 32 * day;
    o->days = 14;
    o->text = "repeat the test under the same context within 14 days; if it differs again in the "
              "same direction, the change is confirmed; if not, the suspicion is closed";
    s->order = o;
}

static void fill_history(fake_decision *f)
{
    hb_arena *a = &f->c.decision->arena;
    hb_run_statistics *s = &f->c.decision->statistics;
    s->changes = room(a, 1, sizeof *s->changes);
    s->n_changes = 1;
    s->changes[0] = (hb_change_point){
        .metric = "bearing_temp",
        .n = FAKE_DECISION_HISTORY + 1,
        .run_id = "run-14",
        .time = first_day + 13 * day,
        .before = 60.9,
        .after = 62.4,
        .p = 0.004,
        .seed = UINT64_C(0xfedcba9876543210),
        .permutations = 9999,
        .with = "build 5.2 <rc>",
        .text = "bearing_temp changed at run run-14 (2026-01-15) by +1.5 °C, with build 5.2 <rc>"};
    static const hb_attribution list[] = {
        {.metric = "bearing_temp",
         .factor = "rig",
         .level = "C",
         .levels = 3,
         .told = true,
         .variance_share = 0.62,
         .p = 0.003,
         .shift = {true, 1.1},
         .confounded = "",
         .text = "62 % of the spread of bearing_temp goes with the rig"},
        {.metric = "bearing_temp",
         .factor = "operator",
         .level = "<i>mo</i>",
         .levels = 4,
         .told = true,
         .variance_share = 0.08,
         .p = 0.4,
         .confounded = "",
         .text = "8 % of the spread of bearing_temp goes with the operator"},
        {.metric = "bearing_temp",
         .factor = "day",
         .level = "Monday",
         .levels = 5,
         .told = false,
         .p = 1,
         .confounded = "build",
         .text = "day cannot be told apart from build"},
    };
    s->attributions = room(a, 3, sizeof *s->attributions);
    s->n_attributions = 3;
    memcpy(s->attributions, list, sizeof list);
    hb_relation *r = &s->relation;
    *r = (hb_relation){.ran = true,
                       .why_not = "",
                       .note = "",
                       .n0 = FAKE_DECISION_RUNS,
                       .n_metrics = 9,
                       .n_related = 9,
                       .distance = 41.3,
                       .shrinkage = 0.31,
                       .p = 0.011,
                       .level = 0.02,
                       .rejected = true};
    static const hb_relation_part parts[] = {{"flow", 0.55, 19.4},
                                             {"pressure", 0.34, 100.2},
                                             {FAKE_DECISION_EVIL, 0.17, 3.29},
                                             {"battery", 0.02, 12.61},
                                             {"supply_current", -0.08, 4.3}};
    r->parts = room(a, 5, sizeof *r->parts);
    r->n_parts = 5;
    memcpy(r->parts, parts, sizeof parts);
}

static hb_finding finding(const char *metric, hb_rule rule, hb_severity severity, double excess,
                          const char *text)
{
    return (hb_finding){.metric = metric,
                        .rule = rule,
                        .severity = severity,
                        .excess = excess,
                        .sustained_index = UINT64_MAX,
                        .onset_time = HB_TIME_NONE,
                        .text = text};
}

static void fill_findings(fake_decision *f)
{
    hb_decision *d = f->c.decision;
    const hb_finding list[] = {
        finding("bearing_temp", HB_RULE_SUSPECTED, HB_SEVERITY_DRIFT, 1.39,
                "bearing_temp is 66.12 °C; 12 baseline runs lead to expect 57.6 to 64.4 °C"),
        finding("vibration_rms", HB_RULE_CONFIRMED, HB_SEVERITY_DRIFT, 1.36,
                "vibration_rms differs from its baseline runs again, upwards"),
        finding(FAKE_DECISION_EVIL, HB_RULE_SUSPECTED, HB_SEVERITY_DRIFT, 1.2,
                FAKE_DECISION_EVIL " is lower than its baseline runs"),
        finding("", HB_RULE_RELATION, HB_SEVERITY_DRIFT, 1.1,
                "flow and pressure no longer go together as in the baseline runs"),
        finding("battery", HB_RULE_RETEST_CLEARED, HB_SEVERITY_INFO, 0,
                "the suspicion of run run-18 was not seen again"),
        finding("bearing_temp", HB_RULE_CHANGE_POINT, HB_SEVERITY_INFO, 0,
                "bearing_temp changed at run run-14"),
    };
    d->n_findings = sizeof list / sizeof *list;
    d->findings = room(&d->arena, d->n_findings, sizeof *d->findings);
    memcpy(d->findings, list, sizeof list);
    d->verdict = HB_VERDICT_PASS_WITH_DRIFT;
    d->n_drift_metrics = 3;
    d->reason = "3 metrics differ from their baseline runs: bearing_temp, vibration_rms and one "
                "more";
    d->what_to_do = "repeat the run under the same context before anything is changed";
}

hb_comparison *fake_decision_metric(fake_decision *f, const char *name)
{
    for (size_t i = 0; i < f->c.decision->n_comparisons; i++) {
        if (strcmp(f->c.decision->comparisons[i].name, name) == 0) {
            return &f->c.decision->comparisons[i];
        }
    }
    fail_msg("no metric '%s' in the decision", name);
    return NULL;
}

void fake_decision_begin(fake_decision *f, size_t n_further)
{
    size_t n = FAKE_DECISION_METRICS + n_further;
    *f = (fake_decision){0};
    case_begin(&f->c, "defaults: {drift_spread: 9}\n", NULL);
    f->c.run = make_run(&f->c, "run-19", n, 1);
    f->c.baseline = make_run(&f->c, "run-18", n, 0);
    make_set(&f->set, "comparable", FAKE_DECISION_HISTORY - FAKE_DECISION_RUNS, FAKE_DECISION_RUNS,
             n);
    make_set(&f->history, "history", 0, FAKE_DECISION_HISTORY, n);
    f->c.reference = (hb_reference){.run = f->c.baseline,
                                    .reason = "last_pass",
                                    .strategy = "last_pass",
                                    .tag = "",
                                    .level = HB_MATCH_HIGH,
                                    .score = 2,
                                    .possible = 2,
                                    .warning = "",
                                    .run_ids = {"run-18"},
                                    .n_run_ids = 1};
    CHECK_OK(
        hb_decide(f->c.run, &f->c.reference, f->c.registry, &f->c.policy, &f->c.decision, &err));
    inputs_check(f->c.run, &f->c.reference, f->c.registry, &f->c.policy);
    f->c.reference.set = &f->set;
    f->c.reference.prior = &f->prior;
    hb_run_statistics *s = &f->c.decision->statistics;
    *s = (hb_run_statistics){
        .ran = true,
        .budget = 0.1,
        .bh_level = 0.08,
        .cut = 0.00047,
        .n_min = 3,
        .n_runs = FAKE_DECISION_RUNS,
        .n_tested = n - 1,
        .n_rejected = 4,
        .n_suspected = 2,
        .n_confirmed = 1,
        .power_text =
            "one run against 12: in half of the metrics a change under 5.4 "
            "standard deviations would have been missed more often than not; equivalence was "
            "shown for 2 of 5 metrics that declare min_effect."};
    for (size_t i = 0; i < n; i++) {
        char name[NAME_BYTES];
        row r = row_of(i, name);
        hb_comparison *c = fake_decision_metric(f, r.name);
        fill_test(f, c, &r);
        c->worst = c->test.suspected || c->test.confirmed ? HB_SEVERITY_DRIFT : HB_SEVERITY_INFO;
        c->flagged = c->worst == HB_SEVERITY_DRIFT;
    }
    fill_retests(f);
    fill_history(f);
    fill_findings(f);
}

void fake_decision_end(fake_decision *f)
{
    case_end(&f->c);
    hb_run_set_release(&f->set);
    hb_run_set_release(&f->history);
}
