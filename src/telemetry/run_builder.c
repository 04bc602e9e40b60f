/* SPDX-License-Identifier: Apache-2.0 */
/* A run from its begin to its end; what comes between is in run_builder_channels.c and
 * run_builder_samples.c. */
#include "telemetry/run_builder_internal.h"

#include "base/mem.h"
#include "telemetry/factors.h"
#include "telemetry/names.h"
#include "telemetry/resolution.h"
#include "telemetry/run_digest.h"
#include "telemetry/run_meta.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 30 };

hb_status hb_run_builder_new(const hb_registry *registry, hb_units *units,
                             hb_run_builder **ret_builder, hb_error *err)
{
    hb_run_builder *b = hb_alloc_zero(sizeof *b);
    hb_run *run = hb_alloc_zero(sizeof *run);
    if (!b || !run) {
        hb_free(b);
        hb_free(run);
        return HB_NOMEM(err);
    }
    hb_arena_init(&run->arena, ARENA_BYTES);
    b->registry = registry;
    b->units = units;
    b->run = run;
    hb_map_init(&b->by_name, HB_RUN_MAX_METRICS);
    *ret_builder = b;
    return HB_OK;
}

void hb_run_builder_free(hb_run_builder *b)
{
    if (!b) {
        return;
    }
    for (size_t i = 0; i < b->n_metrics; i++) {
        hb_profile_release(&b->metrics[i].m.profile);
    }
    for (size_t i = 0; i < b->n_files; i++) {
        hb_free(b->files[i].f.guesses);
        hb_free(b->files[i].f.rejects);
    }
    hb_run_free(b->run);
    hb_free(b->metrics);
    hb_free(b->channels);
    hb_free(b->files);
    hb_free(b->warnings);
    hb_map_release(&b->by_name);
    hb_free(b);
}

void hb_run_builder_units_like(hb_run_builder *b, const hb_run *like)
{
    b->like = like;
}

bool hb_run_builder_declared(const hb_run_builder *b, hb_str raw_name)
{
    return hb_registry_resolve(b->registry, hb_str_trim(raw_name)) != NULL;
}

void hb_run_builder_default_reduce(hb_run_builder *b, hb_reduce how)
{
    b->default_reduce = how;
}

void hb_run_builder_reduce(hb_run_builder *b, hb_str raw_name, hb_reduce how)
{
    size_t i = 0;
    const hb_metric_def *def = hb_registry_resolve(b->registry, hb_str_trim(raw_name));
    if (hb_map_get(&b->by_name, def ? hb_str_of(def->name) : hb_str_trim(raw_name), &i)) {
        b->metrics[i].own_reduce = true;
        b->metrics[i].reduce = how;
    }
}

const hb_registry *hb_run_builder_registry(const hb_run_builder *b)
{
    return b->registry;
}

static int by_metric_name(const void *a, const void *b)
{
    return strcmp(((const hb_metric *)a)->name, ((const hb_metric *)b)->name);
}

static void widen(hb_run *run, const hb_profile *p)
{
    if (p->t_first != HB_TIME_NONE && (run->t_first == HB_TIME_NONE || p->t_first < run->t_first)) {
        run->t_first = p->t_first;
    }
    if (p->t_last != HB_TIME_NONE && p->t_last > run->t_last) {
        run->t_last = p->t_last;
    }
}

/* The resolution of the metric's value. A count moves by whole ones, a rate by steps a second. */
static double resolution(const building *k)
{
    const hb_metric *m = &k->m;
    const hb_profile *p = &m->profile;
    double most = fmax(fabs(p->moments.min), fabs(p->moments.max));
    double step = p->sketch ? hb_tidy_step(hb_sketch_step(p->sketch), most) : 0;
    if (m->stated) {
        step = step > 0 && (k->digit == 0 || step < k->digit) ? step : k->digit;
    } else if (m->reduce == HB_REDUCE_COUNT) {
        step = 1;
    } else if (step == 0 && p->moments.n) {
        step = hb_printed_step(p->moments.max);
    }
    if (!m->stated && m->reduce == HB_REDUCE_RATE && p->t_last > p->t_first) {
        step /= (double)(p->t_last - p->t_first) / 1e9;
    }
    return isfinite(step) ? step : 0;
}

/* The metrics move together where they are, so that a million of them are not there twice. */
static void hand_over(hb_run_builder *b)
{
    size_t n = b->n_metrics;
    char *start = (char *)b->metrics;
    for (size_t i = 0; i < n; i++) {
        memmove(start + i * sizeof(hb_metric), &b->metrics[i].m, sizeof(hb_metric));
    }
    void *fitted = n ? hb_realloc(b->metrics, n * sizeof(hb_metric)) : NULL;
    b->run->own_metrics = fitted ? fitted : (hb_metric *)(void *)b->metrics;
    b->run->metrics = b->run->own_metrics;
    b->run->n_metrics = n;
    b->metrics = NULL;
    b->n_metrics = 0;
    b->cap_metrics = 0;
}

static hb_status finish_metrics(hb_run_builder *b, hb_error *err)
{
    hb_run *run = b->run;
    size_t n = b->n_metrics;
    hb_map_release(&b->by_name);
    run->t_first = HB_TIME_NONE;
    run->t_last = HB_TIME_NONE;
    for (size_t i = 0; i < n; i++) {
        building *k = &b->metrics[i];
        hb_metric *m = &k->m;
        HB_TRY(hb_profile_finish(&m->profile, err));
        m->reduce = k->def && k->def->reduce_set ? k->def->reduce
                    : k->own_reduce              ? k->reduce
                                                 : b->default_reduce;
        if (!m->stated) {
            m->has_value = hb_profile_reduce(&m->profile, m->reduce, &m->value);
        }
        if (m->flags & HB_METRIC_NOT_FINITE) {
            m->has_value = false;
        }
        m->step = resolution(k);
        if (*m->unit) {
            HB_TRY(hb_builder_text(b, hb_str_of(m->unit), 100, &m->unit, err));
        }
        widen(run, &m->profile);
    }
    hand_over(b);
    if (n) {
        qsort(run->metrics, n, sizeof *run->metrics, by_metric_name);
    }
    return HB_OK;
}

static hb_status copy_meta(hb_run_builder *b, const hb_run_meta *meta, hb_error *err)
{
    hb_run_meta *to = &b->run->meta;
    *to = *meta;
    const char **texts[] = {&to->run_id,        &to->program,        &to->subsystem,
                            &to->test_name,     &to->git_sha,        &to->build_id,
                            &to->source_system, &to->schema_version, &to->correlation_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts + HB_CONTEXT_COUNT; i++) {
        const char **text = i < sizeof texts / sizeof *texts
                                ? texts[i]
                                : &to->context[i - sizeof texts / sizeof *texts];
        HB_TRY(hb_builder_text(b, hb_str_of(*text), 1000, text, err));
    }
    return HB_OK;
}

static hb_status copy_factors(hb_run_builder *b, const hb_run_meta *meta, hb_error *err)
{
    hb_run_meta *to = &b->run->meta;
    to->factors = NULL;
    to->n_factors = 0;
    for (size_t i = 0; i < meta->n_factors; i++) {
        HB_TRY(hb_factors_put(to, &b->run->arena, hb_str_of(meta->factors[i].name),
                              hb_str_of(meta->factors[i].value), err));
    }
    return HB_OK;
}

static hb_status name_run(hb_run *run, hb_error *err)
{
    if (*run->meta.run_id) {
        return hb_run_id_check(hb_str_of(run->meta.run_id), err);
    }
    char id[32];
    int n = snprintf(id, sizeof id, "run-%.12s", run->digest);
    run->meta.run_id = hb_arena_strndup(&run->arena, id, n > 0 ? (size_t)n : 0);
    return run->meta.run_id ? HB_OK : HB_NOMEM(err);
}

hb_status hb_run_builder_finish(hb_run_builder *b, const hb_run_meta *meta, hb_run **ret_run,
                                hb_error *err)
{
    HB_TRY(copy_meta(b, meta, err));
    HB_TRY(copy_factors(b, meta, err));
    HB_TRY(hb_builder_finish_files(b, err));
    HB_TRY(finish_metrics(b, err));
    HB_TRY(hb_run_set_digest(b->run, err));
    HB_TRY(name_run(b->run, err));
    *ret_run = b->run;
    b->run = NULL;
    return HB_OK;
}
