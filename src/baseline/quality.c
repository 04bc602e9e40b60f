/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria that count runs stand in quality_runs.c; those that test every metric give a family of
 * p-values (quality_metrics.c, quality_pool.c), judged together here. */
#include "baseline/quality_internal.h"

#include "base/mem.h"
#include "stats/fmath.h"
#include "stats/predict.h"
#include "stats/random.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 64 << 20, FLAGS_MAX = 1000000, TESTS_MAX = 10000000 };

/* Values moved for one metric at most: some 20 ms. */
#define PERMUTED_VALUES_MAX 5e6
#define PERMUTATIONS_MIN 199

static const char *const outcome_names[HB_OUTCOME_COUNT_] = {
    [HB_OUTCOME_PASS] = "pass",
    [HB_OUTCOME_FAIL] = "fail",
    [HB_OUTCOME_CANNOT_TELL] = "cannot_tell",
    [HB_OUTCOME_OFF] = "off",
};

/* What the refusal budget is shared among. */
static const hb_criterion statistical[] = {HB_CRITERION_POOLABILITY, HB_CRITERION_OUTLIERS,
                                           HB_CRITERION_INDEPENDENCE, HB_CRITERION_STABILITY,
                                           HB_CRITERION_SHAPE};

const char *hb_outcome_name(hb_outcome o)
{
    return (unsigned)o < HB_OUTCOME_COUNT_ ? outcome_names[o] : "?";
}

static hb_status put_text(hb_quality *q, const char **ret_text, const char *fmt, va_list ap,
                          hb_error *err)
{
    char text[HB_QUALITY_TEXT];
    int n = vsnprintf(text, sizeof text, fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    len = hb_utf8_valid_prefix((hb_str){text, len});
    const char *kept = hb_arena_strndup(&q->arena, text, len);
    if (!kept) {
        return HB_NOMEM(err);
    }
    *ret_text = kept;
    return HB_OK;
}

hb_status hb_quality_text(hb_quality *q, const char **ret_text, hb_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    hb_status status = put_text(q, ret_text, fmt, ap, err);
    va_end(ap);
    return status;
}

hb_status hb_quality_say(hb_quality *q, hb_criterion c, hb_outcome outcome, hb_error *err,
                         const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    hb_status status = put_text(q, &q->criteria[c].text, fmt, ap, err);
    va_end(ap);
    q->criteria[c].outcome = outcome;
    return status;
}

hb_status hb_quality_family_add(hb_quality_family *f, hb_quality_test t, hb_error *err)
{
    HB_TRY(HB_GROW(f->list, f->cap, f->n + 1, TESTS_MAX, "tests of a baseline's quality", err));
    f->list[f->n++] = t;
    return HB_OK;
}

void hb_quality_family_release(hb_quality_family *f)
{
    hb_free(f->list);
    *f = (hb_quality_family){0};
}

hb_status hb_quality_adjust(hb_quality_family *f, double level, hb_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (f->list[i].p_min <= level / (double)f->n) {
            f->list[kept++] = f->list[i];
        }
    }
    f->n = kept;
    double *p = hb_alloc_zero((kept + 1) * sizeof *p);
    double *q = hb_alloc_zero((kept + 1) * sizeof *q);
    size_t *order = hb_alloc_zero((kept + 1) * sizeof *order);
    hb_status status = p && q && order ? HB_OK : HB_NOMEM(err);
    if (status == HB_OK && kept) {
        for (size_t i = 0; i < kept; i++) {
            p[i] = f->list[i].p;
        }
        (void)hb_bh(p, kept, level, order, q); /* the adjusted values are what is wanted */
        for (size_t i = 0; i < kept; i++) {
            f->list[i].flag.q = q[i];
        }
    }
    hb_free(p);
    hb_free(q);
    hb_free(order);
    return status;
}

uint32_t hb_quality_permutations(const hb_quality *q)
{
    double wanted = 4 * (double)(q->n_metrics + 1) / q->level;
    double most = PERMUTED_VALUES_MAX / (double)(q->n_runs + 1);
    return (uint32_t)fmax(PERMUTATIONS_MIN, fmin(wanted, most));
}

bool hb_quality_excluded(const hb_quality_policy *p, const char *metric)
{
    for (size_t i = 0; i < p->n_exclude_metrics; i++) {
        if (strcmp(p->exclude_metrics[i], metric) == 0) {
            return true;
        }
    }
    return false;
}

uint64_t hb_quality_seed(const hb_quality_input *in, const char *metric, const char *by)
{
    uint64_t parts[3] = {hb_random_seed(in->set->digest, strlen(in->set->digest)),
                         hb_random_seed(metric, strlen(metric)), hb_random_seed(by, strlen(by))};
    return hb_random_seed(parts, sizeof parts);
}

/* Flags live on the heap while they grow, and in the arena once all are there. */
typedef struct hb_quality_build {
    hb_quality q;
    hb_quality_flag *flags;
    size_t cap;
} hb_quality_build;

hb_status hb_quality_flag_add(hb_quality *q, hb_quality_flag flag, hb_error *err)
{
    hb_quality_build *b = (hb_quality_build *)q;
    HB_TRY(HB_GROW(b->flags, b->cap, q->n_flags + 1, FLAGS_MAX, "flags of a baseline", err));
    b->flags[q->n_flags++] = flag;
    return HB_OK;
}

static const char *const said[HB_CRITERION_COUNT_][2] = {
    [HB_CRITERION_POOLABILITY] = {"groups of runs differ", "groups of runs do not differ"},
    [HB_CRITERION_OUTLIERS] = {"a run lies far from the others", "no run lies far from the others"},
    [HB_CRITERION_INDEPENDENCE] = {"a run resembles the one before it",
                                   "no run resembles the one before it"},
    [HB_CRITERION_STABILITY] = {"there is a trend over the runs",
                                "there is no trend over the runs"},
    [HB_CRITERION_SHAPE] = {"run values are not normal", "run values look normal"},
};

static hb_status tell(hb_quality *q, hb_quality_flag *flag, hb_error *err)
{
    const hb_quality_flag *f = flag;
    switch (f->criterion) {
    case HB_CRITERION_POOLABILITY:
        return hb_quality_text(q, &flag->text, err,
                               "'%.100s' differs by %s (ADK %.3g, CMH-17 critical %.3g, p = %.2g)",
                               f->metric, f->by, f->figure, f->limit, f->q);
    case HB_CRITERION_OUTLIERS:
        return hb_quality_text(
            q, &flag->text, err,
            "'%.100s' of run '%.128s' is %.3g standard deviations off (CMH-17 critical %.3g, p = "
            "%.2g)",
            f->metric, f->run_id, f->figure, f->limit, f->q);
    case HB_CRITERION_INDEPENDENCE:
        return hb_quality_text(q, &flag->text, err,
                               "'%.100s' has a lag-1 autocorrelation of %.2g (p = %.2g)", f->metric,
                               f->figure, f->q);
    case HB_CRITERION_STABILITY:
        return hb_quality_text(q, &flag->text, err,
                               "'%.100s' %s over the runs (Kendall's tau %.2g, p = %.2g)",
                               f->metric, f->figure > 0 ? "rises" : "falls", f->figure, f->q);
    case HB_CRITERION_SHAPE:
        return hb_quality_text(q, &flag->text, err,
                               "'%.100s' has an Anderson-Darling A² of %.3g (observed significance "
                               "%.2g)",
                               f->metric, f->figure, f->q);
    case HB_CRITERION_SAMPLE_SIZE:
    case HB_CRITERION_TIME_SPAN:
    case HB_CRITERION_CONTEXT:
    case HB_CRITERION_OPEN_FINDINGS:
    case HB_CRITERION_COUNT_:
        break;
    }
    return HB_FAIL(err, HB_E_BUG, "'%s' flags no metric", hb_criterion_name(f->criterion));
}

/* Every metric whose adjusted p is at most the level is flagged. */
static hb_status judge(hb_quality *q, hb_quality_family *f, const char *groupings, hb_error *err)
{
    hb_criterion c = f->criterion;
    hb_quality_result *r = &q->criteria[c];
    r->n_tested = f->n;
    if (f->n == 0) {
        return hb_quality_say(q, c, HB_OUTCOME_CANNOT_TELL, err, "cannot tell whether %s: %s",
                              said[c][0],
                              c == HB_CRITERION_POOLABILITY && !*groupings
                                  ? "there are no two groups (day, build …) of two runs each"
                                  : "no metric varies in enough runs for a fault to show");
    }
    size_t least = 0;
    for (size_t i = 0; i < f->n; i++) {
        hb_quality_flag *flag = &f->list[i].flag;
        least = flag->q < f->list[least].flag.q ? i : least;
        if (flag->q <= q->level) {
            r->n_flagged++;
            HB_TRY(tell(q, flag, err));
            HB_TRY(hb_quality_flag_add(q, *flag, err));
        }
    }
    const hb_quality_flag *worst = &f->list[least].flag;
    r->figure = (hb_opt_f64){true, worst->q};
    r->limit = (hb_opt_f64){true, q->level};
    bool many = *groupings != '\0';
    if (r->n_flagged) {
        return hb_quality_say(q, c, HB_OUTCOME_FAIL, err, "%s in %zu of %zu %s%s: %s", said[c][0],
                              r->n_flagged, f->n, many ? "comparisons by " : "metrics", groupings,
                              worst->text);
    }
    return hb_quality_say(
        q, c, HB_OUTCOME_PASS, err, "%s in %zu %s%s; nearest to it is '%.100s' with p = %.3g",
        said[c][1], f->n, many ? "comparisons by " : "metrics", groupings, worst->metric, worst->q);
}

/* A version may say that a metric is tested by its logarithms: it is judged by them here too. */
static hb_status on_test_scale(const hb_run_set *s, hb_arena *arena, hb_run_set *ret, hb_error *err)
{
    *ret = *s;
    ret->metrics = hb_arena_array(arena, s->n_metrics + 1, sizeof *ret->metrics);
    if (!ret->metrics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s->n_metrics; i++) {
        hb_past_metric *m = &ret->metrics[i];
        *m = s->metrics[i];
        double *logs = m->log ? hb_arena_array(arena, s->n_runs + 1, sizeof *logs) : NULL;
        double largest = 0;
        bool positive = m->log;
        if (m->log && !logs) {
            return HB_NOMEM(err);
        }
        for (size_t k = 0; k < s->n_runs && positive; k++) {
            double v = m->values[k];
            positive = isnan(v) || v > 0;
            logs[k] = positive ? hb_log(v) : NAN; /* NaN stays NaN */
            largest = v > largest ? v : largest;
        }
        if (positive && largest > 0) {
            m->values = logs;
            m->step /= largest; /* what one step is where it is smallest */
        }
    }
    return HB_OK;
}

static hb_status test(const hb_quality_input *in, hb_quality *q, hb_criterion c, hb_error *err)
{
    hb_quality_family f = {.criterion = c};
    const char *groupings = "";
    hb_status status = HB_OK;
    if (c == HB_CRITERION_POOLABILITY) {
        status = hb_quality_pool(in, q, &f, &groupings, err);
    } else if (c == HB_CRITERION_OUTLIERS) {
        status = hb_quality_outliers(in, q, &f, err);
    } else if (c == HB_CRITERION_INDEPENDENCE) {
        status = hb_quality_independence(in, q, &f, err);
    } else if (c == HB_CRITERION_STABILITY) {
        status = hb_quality_trend(in, q, &f, err);
    } else {
        status = hb_quality_shape(in, q, &f, err);
    }
    if (status == HB_OK && c != HB_CRITERION_POOLABILITY) {
        status = hb_quality_adjust(&f, q->level, err);
    }
    if (status == HB_OK) {
        status = judge(q, &f, groupings, err);
    }
    hb_quality_family_release(&f);
    return status;
}

static double share_of_level(const hb_quality_policy *p)
{
    size_t gating = 0;
    for (size_t i = 0; i < sizeof statistical / sizeof *statistical; i++) {
        hb_gate g = p->gate[statistical[i]];
        gating += g == HB_GATE_REQUIRED || g == HB_GATE_BLOCKING;
    }
    return p->refusal_budget / (double)(gating ? gating : 1);
}

static hb_status each(const hb_quality_input *in, hb_quality *q, hb_error *err)
{
    hb_run_set scaled;
    hb_quality_input tested = *in;
    HB_TRY(on_test_scale(in->set, &q->arena, &scaled, err));
    tested.set = &scaled;
    for (unsigned c = 0; c < HB_CRITERION_COUNT_; c++) {
        hb_quality_result *r = &q->criteria[c];
        r->gate = in->policy->gate[c];
        bool off = r->gate == HB_GATE_OFF ||
                   (c == HB_CRITERION_OPEN_FINDINGS && !in->policy->no_unresolved_alerts);
        if (off) {
            HB_TRY(hb_quality_say(q, (hb_criterion)c, HB_OUTCOME_OFF, err,
                                  "not looked at: the policy switches it off"));
        } else if (c == HB_CRITERION_SAMPLE_SIZE) {
            HB_TRY(hb_quality_sample_size(in, q, err));
        } else if (c == HB_CRITERION_TIME_SPAN) {
            HB_TRY(hb_quality_time_span(in, q, err));
        } else if (c == HB_CRITERION_CONTEXT) {
            HB_TRY(hb_quality_context(in, q, err));
        } else if (c == HB_CRITERION_OPEN_FINDINGS) {
            HB_TRY(hb_quality_open_findings(in, q, err));
        } else {
            HB_TRY(test(&tested, q, (hb_criterion)c, err));
            if (c == HB_CRITERION_STABILITY) {
                HB_TRY(hb_quality_scatter(in, q, err)); /* of the values themselves */
            }
        }
    }
    return HB_OK;
}

static void confidence(const hb_quality_policy *p, hb_quality *q)
{
    static const hb_criterion of[HB_CONFIDENCE_COUNT_] = {
        [HB_CONFIDENCE_SAMPLE_SIZE] = HB_CRITERION_SAMPLE_SIZE,
        [HB_CONFIDENCE_STABILITY] = HB_CRITERION_STABILITY,
        [HB_CONFIDENCE_NO_ALERTS] = HB_CRITERION_OPEN_FINDINGS,
        [HB_CONFIDENCE_ENVIRONMENT_MATCH] = HB_CRITERION_CONTEXT,
    };
    double all = 0;
    double passed = 0;
    for (unsigned i = 0; i < HB_CONFIDENCE_COUNT_; i++) {
        all += p->weight[i];
        passed += q->criteria[of[i]].outcome == HB_OUTCOME_PASS ? p->weight[i] : 0;
    }
    q->confidence = passed / all;
}

static hb_status sum_up(const hb_quality_policy *p, hb_quality *q, hb_error *err)
{
    bool fails = false;
    bool unsure = false;
    size_t shut = 0;
    unsigned first = 0;
    for (unsigned c = 0; c < HB_CRITERION_COUNT_; c++) {
        const hb_quality_result *r = &q->criteria[c];
        bool gating = r->gate == HB_GATE_REQUIRED || r->gate == HB_GATE_BLOCKING;
        bool failed = gating && r->outcome == HB_OUTCOME_FAIL;
        bool cannot = gating && r->outcome == HB_OUTCOME_CANNOT_TELL;
        fails = fails || failed;
        unsure = unsure || cannot;
        if (failed || (cannot && r->gate == HB_GATE_REQUIRED)) {
            first = shut++ ? first : c;
        }
    }
    q->overall = fails ? HB_OUTCOME_FAIL : unsure ? HB_OUTCOME_CANNOT_TELL : HB_OUTCOME_PASS;
    q->blocks = shut && p->require_quality_gate;
    if (!shut) {
        return hb_quality_text(q, &q->why, err,
                               unsure ? "nothing speaks against this baseline, but "
                                        "not everything could be told"
                                      : "every criterion is met");
    }
    return hb_quality_text(q, &q->why, err, "%s: %s%s", hb_criterion_name((hb_criterion)first),
                           q->criteria[first].text,
                           shut > 1 ? " (and more criteria are not met)" : "");
}

static int by_flag(const void *pa, const void *pb)
{
    const hb_quality_flag *a = pa;
    const hb_quality_flag *b = pb;
    if (a->criterion != b->criterion) {
        return (int)a->criterion - (int)b->criterion;
    }
    bool a_none = isnan(a->p);
    bool b_none = isnan(b->p);
    if (a_none != b_none) {
        return a_none - b_none;
    }
    if (!a_none && a->p != b->p) {
        return a->p < b->p ? -1 : 1;
    }
    int order = strcmp(a->metric, b->metric);
    return order ? order : strcmp(a->by, b->by);
}

static hb_status keep_flags(hb_quality_build *b, hb_error *err)
{
    hb_quality *q = &b->q;
    if (q->n_flags == 0) {
        return HB_OK;
    }
    qsort(b->flags, q->n_flags, sizeof *b->flags, by_flag);
    q->flags = hb_arena_array(&q->arena, q->n_flags, sizeof *q->flags);
    if (!q->flags) {
        return HB_NOMEM(err);
    }
    memcpy(q->flags, b->flags, q->n_flags * sizeof *q->flags);
    return HB_OK;
}

hb_status hb_baseline_quality(const hb_quality_input *in, hb_quality **ret_quality, hb_error *err)
{
    const hb_run_set *s = in->set;
    if (s->n_runs == 0) {
        return HB_FAIL(err, HB_E_USAGE, "a baseline needs at least one run");
    }
    if (s->n_runs > HB_PAST_RUNS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "a baseline of %zu runs, at most %d can be judged",
                       s->n_runs, HB_PAST_RUNS_MAX);
    }
    hb_quality_build *b = hb_alloc_zero(sizeof *b);
    if (!b) {
        return HB_NOMEM(err);
    }
    hb_quality *q = &b->q;
    hb_arena_init(&q->arena, ARENA_BYTES);
    q->level = share_of_level(in->policy);
    q->n_runs = s->n_runs;
    q->n_metrics = s->n_metrics;
    q->set_digest = s->digest;
    q->set_version = s->version;
    q->policy_name = in->policy->name;
    q->policy_digest = in->policy->digest;
    hb_status status = each(in, q, err);
    if (status == HB_OK) {
        confidence(in->policy, q);
        status = sum_up(in->policy, q, err);
    }
    if (status == HB_OK) {
        status = keep_flags(b, err);
    }
    hb_free(b->flags);
    b->flags = NULL;
    if (status != HB_OK) {
        hb_quality_free(q);
        return status;
    }
    *ret_quality = q;
    return HB_OK;
}

void hb_quality_free(hb_quality *q)
{
    if (q) {
        hb_arena_release(&q->arena);
        hb_free(q);
    }
}
