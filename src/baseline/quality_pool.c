/* SPDX-License-Identifier: Apache-2.0 */
/* May the runs be pooled? Every grouping the policy names (day, build, a factor of run_meta) that
 * splits the set into at least two groups of at least two runs is tried. Groupings that split it
 * alike (one build a day) are one, under both names, so that nothing is counted twice. */
#include "baseline/quality_internal.h"

#include "base/mem.h"
#include "stats/ksample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPINGS_MAX = 16, DAY_BYTES = 10, NAMES_BYTES = 200, NO_GROUP = UINT32_MAX };

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

static hb_status compare(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                         const grouping *g, const char *names, double *v, hb_error *err)
{
    const hb_run_set *s = in->set;
    for (size_t i = 0; i < s->n_metrics; i++) {
        const hb_past_metric *m = &s->metrics[i];
        uint32_t *of = g->of;
        size_t kept = 0;
        uint32_t *label = (uint32_t *)(v + s->n_runs);
        for (size_t k = 0; k < s->n_runs; k++) {
            if (of[k] != NO_GROUP) {
                v[kept] = m->values[k];
                label[kept++] = of[k];
            }
        }
        hb_ksample r;
        bool known = false;
        HB_TRY(hb_ksample_test(v, label, kept, g->n, hb_quality_seed(in, m->name, names),
                               HB_QUALITY_PERMUTATIONS, &r, &known, err));
        if (known && hb_quality_could_fail(q, r.p_min)) {
            hb_quality_test t = {.flag = {.criterion = HB_CRITERION_POOLABILITY,
                                          .metric = m->name,
                                          .by = names,
                                          .run_id = "",
                                          .figure = r.adk,
                                          .limit = r.adc,
                                          .p = r.p,
                                          .text = ""},
                                 .p = r.p};
            HB_TRY(hb_quality_family_add(f, t, err));
        }
    }
    return HB_OK;
}

hb_status hb_quality_pool(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                          const char **ret_groupings, hb_error *err)
{
    grouping list[GROUPINGS_MAX] = {0};
    size_t n = 0;
    hb_status status = groupings_of(in, q, list, &n, err);
    double *v = hb_alloc_zero(in->set->n_runs * (sizeof *v + sizeof(uint32_t)));
    if (status == HB_OK && !v) {
        status = HB_NOMEM(err);
    }
    const char *all = "";
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        const char *names = hb_arena_str(&q->arena, hb_str_of(list[i].names));
        status = names ? compare(in, q, f, &list[i], names, v, err) : HB_NOMEM(err);
        if (status == HB_OK) {
            status = hb_quality_text(q, &all, err, "%s%s%s", all, *all ? ", " : "", names);
        }
    }
    for (size_t i = 0; i < n; i++) {
        hb_free(list[i].of);
    }
    hb_free(v);
    *ret_groupings = all;
    return status;
}
