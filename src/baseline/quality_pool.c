/* SPDX-License-Identifier: Apache-2.0 */
/* May the runs be pooled? Every grouping the policy names (day, build, a factor of run_meta) that
 * splits the set into at least two groups of at least two runs is tried. Groupings that split it
 * alike (one build a day) are one, under both names, so that nothing is counted twice. */
#include "baseline/quality_internal.h"

#include "base/mem.h"
#include "stats/joint.h"
#include "stats/ksample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPINGS_MAX = 16, DAY_BYTES = 10, NAMES_BYTES = 200 };
#define NO_GROUP UINT32_MAX

enum { JOINT_PERMUTATIONS = 1999, SHOWN_PERMUTATIONS = 999 };

typedef struct grouping {
    uint32_t *of; /* by run, NO_GROUP = in none; owned */
    size_t n;     /* groups, each of two runs at least */
    char names[NAMES_BYTES];
} grouping;

typedef struct labelled {
    const char *label; /* "" = unknown */
    uint32_t run;
} labelled;

static hb_status label_of(hb_arena *arena, const hb_past_run *r, const char *by,
                          const char **ret_label, hb_error *err)
{
    char text[HB_TIME_TEXT];
    *ret_label = "";
    if (strcmp(by, "day") == 0) {
        if (r->start != HB_TIME_NONE && hb_time_print(r->start, text) >= DAY_BYTES) {
            *ret_label = hb_arena_strndup(arena, text, DAY_BYTES);
        }
        return *ret_label ? HB_OK : HB_NOMEM(err);
    }
    if (strcmp(by, "build") == 0) {
        *ret_label = *r->meta.build_id ? r->meta.build_id : r->meta.git_sha;
        return HB_OK;
    }
    for (size_t i = 0; i < r->meta.n_factors; i++) {
        if (strcmp(r->meta.factors[i].name, by) == 0) {
            *ret_label = r->meta.factors[i].value;
        }
    }
    return HB_OK;
}

static int by_label(const void *pa, const void *pb)
{
    const labelled *a = pa;
    const labelled *b = pb;
    int order = strcmp(a->label, b->label);
    return order ? order : (a->run < b->run ? -1 : 1);
}

static int by_run(const void *pa, const void *pb)
{
    uint32_t a = *(const uint32_t *)pa;
    uint32_t b = *(const uint32_t *)pb;
    return a < b ? -1 : a > b;
}

/* Numbered by their first run, so that equal partitions have equal numbers. */
static size_t number(const labelled *sorted, size_t n, uint32_t *of, uint32_t *leaders)
{
    size_t groups = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && strcmp(sorted[end].label, sorted[i].label) == 0) {
            end++;
        }
        bool counts = end - i >= 2 && *sorted[i].label;
        for (size_t k = i; k < end; k++) {
            of[sorted[k].run] = counts ? sorted[i].run : NO_GROUP;
        }
        if (counts) {
            leaders[groups++] = sorted[i].run;
        }
        i = end;
    }
    qsort(leaders, groups, sizeof *leaders, by_run);
    for (size_t i = 0; i < n; i++) {
        uint32_t low = 0;
        while (of[i] != NO_GROUP && leaders[low] != of[i]) {
            low++;
        }
        of[i] = of[i] == NO_GROUP ? NO_GROUP : low;
    }
    return groups;
}

static hb_status group(const hb_run_set *s, hb_arena *arena, const char *by, grouping *g,
                       hb_error *err)
{
    labelled *list = hb_alloc_zero(s->n_runs * sizeof *list);
    uint32_t *leaders = hb_alloc_zero(s->n_runs * sizeof *leaders);
    g->of = hb_alloc_zero(s->n_runs * sizeof *g->of);
    hb_status status = list && leaders && g->of ? HB_OK : HB_NOMEM(err);
    for (size_t i = 0; i < s->n_runs && status == HB_OK; i++) {
        list[i].run = (uint32_t)i;
        status = label_of(arena, &s->runs[i], by, &list[i].label, err);
    }
    if (status == HB_OK) {
        qsort(list, s->n_runs, sizeof *list, by_label);
        g->n = number(list, s->n_runs, g->of, leaders);
        snprintf(g->names, sizeof g->names, "%.64s", by);
    }
    hb_free(list);
    hb_free(leaders);
    return status;
}

static bool same(const grouping *a, const grouping *b, size_t n_runs)
{
    return a->n == b->n && memcmp(a->of, b->of, n_runs * sizeof *a->of) == 0;
}

/* The groupings that can be used, without doubles. */
static hb_status groupings_of(const hb_quality_input *in, hb_quality *q, grouping *list,
                              size_t *ret_n, hb_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < in->policy->n_pool_by && n < GROUPINGS_MAX; i++) {
        grouping *g = &list[n];
        *ret_n = n + 1; /* the caller frees it, whatever happens */
        HB_TRY(group(in->set, &q->arena, in->policy->pool_by[i], g, err));
        size_t twin = 0;
        while (twin < n && !same(&list[twin], g, in->set->n_runs)) {
            twin++;
        }
        if (g->n >= 2 && twin == n) {
            n++;
            continue;
        }
        if (g->n >= 2) {
            size_t used = strlen(list[twin].names);
            snprintf(list[twin].names + used, NAMES_BYTES - used, " = %.64s",
                     in->policy->pool_by[i]);
        }
        hb_free(g->of);
        *g = (grouping){0};
    }
    *ret_n = n;
    return HB_OK;
}

/* The runs that are in a group, metric by metric. */
typedef struct pooled {
    hb_joint_metric *metrics; /* values point into v */
    double *v;
    uint32_t *label;
    double *joint; /* p of hb_joint_groups */
    size_t n;      /* runs */
} pooled;

static void pooled_release(pooled *p)
{
    hb_free(p->metrics);
    hb_free(p->v);
    hb_free(p->label);
    hb_free(p->joint);
}

static hb_status pool(const hb_run_set *s, const grouping *g, pooled *p, hb_error *err)
{
    size_t cells = s->n_runs * s->n_metrics + 1;
    p->metrics = hb_alloc_zero((s->n_metrics + 1) * sizeof *p->metrics);
    p->joint = hb_alloc_zero((s->n_metrics + 1) * sizeof *p->joint);
    p->v = hb_alloc_zero(cells * sizeof *p->v);
    p->label = hb_alloc_zero((s->n_runs + 1) * sizeof *p->label);
    if (!p->metrics || !p->joint || !p->v || !p->label) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s->n_runs; i++) {
        if (g->of[i] != NO_GROUP) {
            p->label[p->n++] = g->of[i];
        }
    }
    for (size_t m = 0; m < s->n_metrics; m++) {
        double *v = p->v + m * p->n;
        size_t at = 0;
        for (size_t i = 0; i < s->n_runs; i++) {
            if (g->of[i] != NO_GROUP) {
                v[at++] = s->metrics[m].values[i];
            }
        }
        p->metrics[m] = (hb_joint_metric){.values = v, .step = s->metrics[m].step};
    }
    return HB_OK;
}

/* CMH-17's statistic for every metric, whichever way it is judged. */
static hb_status by_metric(const hb_quality_input *in, hb_quality *q, const grouping *g,
                           const char *names, const pooled *p, uint32_t permutations,
                           hb_quality_family *f, hb_error *err)
{
    const hb_run_set *s = in->set;
    double finest = 1 / ((double)hb_quality_permutations(q) + 1);
    for (size_t i = 0; i < s->n_metrics; i++) {
        hb_ksample r;
        bool known = false;
        const char *name = s->metrics[i].name;
        HB_TRY(hb_ksample_test(p->metrics[i].values, p->label, p->n, g->n,
                               hb_quality_seed(in, name, names), permutations, &r, &known, err));
        if (known) {
            hb_quality_test t = {.flag = {.criterion = HB_CRITERION_POOLABILITY,
                                          .metric = name,
                                          .by = names,
                                          .run_id = "",
                                          .figure = r.adk,
                                          .limit = r.adc,
                                          .p = r.p,
                                          .q = p->joint[i],
                                          .text = ""},
                                 .p = r.p,
                                 .p_min = fmax(r.p_min, finest)};
            HB_TRY(hb_quality_family_add(f, t, err));
        }
    }
    return HB_OK;
}

/* Where even a complete separation of one metric would not stand out among so many by its ranks,
 * size has to: all metrics are then permuted together. Which of both depends on the numbers of
 * runs, groups and metrics alone, so nothing is chosen by its outcome. */
static hb_status compare(const hb_quality_input *in, hb_quality *q, const grouping *g,
                         const char *names, size_t n_groupings, hb_quality_family *f, hb_error *err)
{
    double level = q->level / (double)n_groupings;
    pooled p = {0};
    hb_quality_family own = {.criterion = f->criterion};
    hb_status status = pool(in->set, g, &p, err);
    if (status == HB_OK) {
        status = by_metric(in, q, g, names, &p, 0, &own, err); /* for what could be told */
    }
    double p_min = 1;
    size_t n = own.n;
    for (size_t i = 0; i < n; i++) {
        p_min = fmin(p_min, own.list[i].p_min);
    }
    own.n = 0;
    if (status == HB_OK && n && p_min <= level / (double)n) {
        status = by_metric(in, q, g, names, &p, hb_quality_permutations(q), &own, err);
        if (status == HB_OK) {
            status = hb_quality_adjust(&own, level, err);
        }
    } else if (status == HB_OK && n && p_min <= level) {
        status = hb_joint_groups(p.metrics, in->set->n_metrics, p.label, p.n, g->n,
                                 hb_quality_seed(in, "", names), JOINT_PERMUTATIONS, p.joint, err);
        if (status == HB_OK) {
            status = by_metric(in, q, g, names, &p, SHOWN_PERMUTATIONS, &own, err);
        }
    }
    for (size_t i = 0; i < own.n && status == HB_OK; i++) {
        if (!isnan(own.list[i].flag.q)) {
            own.list[i].flag.q = fmin(1, own.list[i].flag.q * (double)n_groupings);
            status = hb_quality_family_add(f, own.list[i], err);
        }
    }
    hb_quality_family_release(&own);
    pooled_release(&p);
    return status;
}

hb_status hb_quality_pool(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                          const char **ret_groupings, hb_error *err)
{
    grouping list[GROUPINGS_MAX] = {0};
    size_t n = 0;
    hb_status status = groupings_of(in, q, list, &n, err);
    const char *all = "";
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        const char *names = hb_arena_str(&q->arena, hb_str_of(list[i].names));
        status = names ? compare(in, q, &list[i], names, n, f, err) : HB_NOMEM(err);
        if (status == HB_OK) {
            status = hb_quality_text(q, &all, err, "%s%s%s", all, *all ? ", " : "", names);
        }
    }
    for (size_t i = 0; i < n; i++) {
        hb_free(list[i].of);
    }
    *ret_groupings = all;
    return status;
}
