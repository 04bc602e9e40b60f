/* SPDX-License-Identifier: Apache-2.0 */
/* Converting a reference: the run it is, and every set beside it. Only names, values, spreads,
 * steps and profiles of the mapped metrics are new; all else is borrowed. */
#include "telemetry/equivalence.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 512 << 20 };

/* One conversion that will be made: the reference's metric `from` becomes `name`. */
typedef struct change {
    hb_equivalence_use use;
    const hb_metric *run; /* the run's metric of that name */
    hb_reduce reduce;     /* what the values are */
    bool whole;           /* value times scale plus offset, not a rate or a range */
} change;

static const hb_metric *usable(const hb_run *r, const char *name)
{
    const hb_metric *m = r ? hb_run_metric(r, hb_str_of(name)) : NULL;
    return m && !(m->flags & HB_METRIC_TEXT) ? m : NULL;
}

/* The reference run decides; a set may hold runs of both makes. */
static bool has(const hb_reference *r, const char *name)
{
    return r->run ? usable(r->run, name) != NULL : hb_run_set_metric(r->set, name) != NULL;
}

static const char *platform_of(const hb_run *r)
{
    for (size_t i = 0; r && i < r->meta.n_factors; i++) {
        if (strcmp(r->meta.factors[i].name, "platform") == 0) {
            return r->meta.factors[i].value;
        }
    }
    return "";
}

/* What is not said fits. */
static bool fits(const char *stated, const char *wanted)
{
    return !*stated || !*wanted || strcmp(stated, wanted) == 0;
}

/* Which way round the mapping applies, if at all: the reference has one name, the run the other. */
static bool direction(const hb_equivalence *e, const hb_run *run, const hb_reference *r,
                      hb_equivalence_use *ret)
{
    bool forward = has(r, e->source_name) && !has(r, e->target_name) &&
                   usable(run, e->target_name) && !usable(run, e->source_name);
    bool backward = has(r, e->target_name) && !has(r, e->source_name) &&
                    usable(run, e->source_name) && !usable(run, e->target_name);
    const char *of_reference = platform_of(r->run);
    const char *of_run = platform_of(run);
    if (forward && fits(of_reference, e->source_platform) && fits(of_run, e->target_platform)) {
        *ret = (hb_equivalence_use){.name = e->target_name,
                                    .from = e->source_name,
                                    .scale = e->scale,
                                    .offset = e->offset,
                                    .from_platform = e->source_platform,
                                    .platform = e->target_platform};
    } else if (backward && fits(of_reference, e->target_platform) &&
               fits(of_run, e->source_platform)) {
        *ret = (hb_equivalence_use){.name = e->source_name,
                                    .from = e->target_name,
                                    .scale = 1 / e->scale,
                                    .offset = -e->offset / e->scale,
                                    .from_platform = e->target_platform,
                                    .platform = e->source_platform};
    } else {
        return false;
    }
    ret->provenance = e->provenance;
    ret->why_not = "";
    return true;
}

/* How a value made by this rule goes over, or why it cannot. */
static const char *way(hb_reduce reduce, bool stated, double scale, bool *ret_whole)
{
    *ret_whole = true;
    if (stated) {
        return "";
    }
    switch (reduce) {
    case HB_REDUCE_MEDIAN:
    case HB_REDUCE_MEAN:
    case HB_REDUCE_LAST:
        return "";
    case HB_REDUCE_MAX:
    case HB_REDUCE_MIN:
    case HB_REDUCE_P95:
    case HB_REDUCE_P99:
        return scale > 0 ? "" : "a scale below 0 turns the ends of a range around";
    case HB_REDUCE_RATE:
    case HB_REDUCE_RANGE:
    case HB_REDUCE_STD:
        *ret_whole = false;
        return "";
    case HB_REDUCE_COUNT:
    case HB_REDUCE_COUNT_:
        break;
    }
    return "it counts samples, which no scale converts";
}

static double value_of(const change *c, double v)
{
    if (c->whole) {
        return v * c->use.scale + c->use.offset;
    }
    return v * (c->reduce == HB_REDUCE_RATE ? c->use.scale : fabs(c->use.scale));
}

static int by_metric(const void *a, const void *b)
{
    return strcmp(((const hb_metric *)a)->name, ((const hb_metric *)b)->name);
}

static int by_past(const void *a, const void *b)
{
    return strcmp(((const hb_past_metric *)a)->name, ((const hb_past_metric *)b)->name);
}

static hb_status convert_metric(const change *c, hb_metric *m, bool *ret_owned, hb_error *err)
{
    hb_profile profile = m->profile;
    hb_status status = hb_profile_affine(&m->profile, c->use.scale, c->use.offset, &profile, err);
    if (status != HB_OK) {
        return hb_error_prefix(err, "metric '%s' mapped to '%s'", m->name, c->use.name);
    }
    m->profile = profile;
    *ret_owned = true;
    m->name = c->use.name;
    m->unit = c->run->unit;
    m->declared = c->run->declared;
    if (m->has_value) {
        m->value = value_of(c, m->value);
    }
    m->step *= fabs(c->use.scale);
    return HB_OK;
}

/* The converted metrics stand first in `owned`, so that only their profiles are released. */
static hb_status convert_run(const hb_run *from, const change *list, size_t n,
                             hb_equivalence_applied *a, hb_error *err)
{
    hb_run *to = hb_arena_array(&a->arena, 1, sizeof *to);
    hb_metric *metrics = hb_arena_array(&a->arena, from->n_metrics + 1, sizeof *metrics);
    a->owned = hb_arena_array(&a->arena, n + 1, sizeof *a->owned);
    if (!to || !metrics || !a->owned) {
        return HB_NOMEM(err);
    }
    *to = *from;
    memcpy(metrics, from->metrics, from->n_metrics * sizeof *metrics);
    for (size_t i = 0; i < from->n_metrics; i++) {
        for (size_t k = 0; k < n; k++) {
            bool owned = false;
            if (*list[k].use.why_not || strcmp(metrics[i].name, list[k].use.from) != 0) {
                continue;
            }
            HB_TRY(convert_metric(&list[k], &metrics[i], &owned, err));
            a->owned[a->n_owned++] = metrics[i].profile;
            break;
        }
    }
    qsort(metrics, to->n_metrics, sizeof *metrics, by_metric);
    to->metrics = metrics;
    a->run = to;
    return HB_OK;
}

static double *mapped(hb_arena *arena, const change *c, const double *v, size_t n, bool spread)
{
    double *out = hb_arena_array(arena, n + 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++) {
        out[i] = spread ? v[i] * fabs(c->use.scale) : value_of(c, v[i]);
    }
    return out;
}

/* Runs of both makes in one set: where the run's own name has no value, the converted one fills in.
 */
static hb_status fill_in(hb_arena *arena, hb_past_metric *into, const hb_past_metric *from,
                         size_t n, hb_error *err)
{
    double *values = hb_arena_array(arena, n + 1, sizeof *values);
    double *spreads = hb_arena_array(arena, n + 1, sizeof *spreads);
    uint64_t *counts = hb_arena_array(arena, n + 1, sizeof *counts);
    if (!values || !spreads || !counts) {
        return HB_NOMEM(err);
    }
    into->n = 0;
    for (size_t i = 0; i < n; i++) {
        const hb_past_metric *have = isnan(into->values[i]) ? from : into;
        values[i] = have->values[i];
        spreads[i] = have->spreads ? have->spreads[i] : NAN;
        counts[i] = have->counts ? have->counts[i] : 0;
        into->n += isnan(values[i]) ? 0 : 1;
    }
    into->values = values;
    into->spreads = spreads;
    into->counts = counts;
    into->step = fmax(into->step, from->step);
    return HB_OK;
}

static hb_status convert_set(const hb_run_set *from, const change *list, size_t n, hb_arena *arena,
                             hb_run_set *to, hb_error *err)
{
    *to = *from;
    to->arena = (hb_arena){0}; /* borrowed */
    to->metrics = hb_arena_array(arena, from->n_metrics + 1, sizeof *to->metrics);
    if (!to->metrics) {
        return HB_NOMEM(err);
    }
    size_t kept = 0;
    for (size_t i = 0; i < from->n_metrics; i++) {
        to->metrics[kept++] = from->metrics[i];
    }
    for (size_t k = 0; k < n; k++) {
        const change *c = &list[k];
        const hb_past_metric *old = hb_run_set_metric(from, c->use.from);
        if (!old || *c->use.why_not) {
            continue;
        }
        hb_past_metric m = *old;
        m.name = c->use.name;
        m.unit = c->run->unit;
        m.values = mapped(arena, c, old->values, from->n_runs, false);
        m.spreads = old->spreads ? mapped(arena, c, old->spreads, from->n_runs, true) : NULL;
        m.step = old->step * fabs(c->use.scale);
        if (!m.values || (old->spreads && !m.spreads)) {
            return HB_NOMEM(err);
        }
        size_t at = 0;
        while (at < kept && strcmp(to->metrics[at].name, m.name) != 0) {
            at++;
        }
        if (at < kept) {
            HB_TRY(fill_in(arena, &to->metrics[at], &m, from->n_runs, err));
            m.name = old->name; /* the set had both names: its old one goes */
        }
        for (size_t i = 0; i < kept; i++) {
            if (strcmp(to->metrics[i].name, c->use.from) == 0) {
                to->metrics[i] = at < kept ? to->metrics[--kept] : m;
                break;
            }
        }
    }
    qsort(to->metrics, kept, sizeof *to->metrics, by_past);
    to->n_metrics = kept;
    return HB_OK;
}

static hb_status set_of(const hb_run_set **io, const change *list, size_t n,
                        hb_equivalence_applied *a, hb_error *err)
{
    if (!*io) {
        return HB_OK;
    }
    hb_run_set *to = &a->sets[a->n_sets];
    HB_TRY(convert_set(*io, list, n, &a->arena, to, err));
    a->n_sets++;
    *io = to;
    return HB_OK;
}

static int by_use(const void *a, const void *b)
{
    return strcmp(((const change *)a)->use.name, ((const change *)b)->use.name);
}

/* What the values of a metric are, from the reference run, else from the run. */
static void describe(const hb_reference *r, change *c)
{
    const hb_metric *m = usable(r->run, c->use.from);
    m = m ? m : c->run;
    c->reduce = m->reduce;
    c->use.why_not = way(m->reduce, m->stated, c->use.scale, &c->whole);
}

static hb_status apply(const change *list, size_t n, hb_reference *r, hb_equivalence_applied *a,
                       hb_error *err)
{
    a->uses = hb_arena_array(&a->arena, n, sizeof *a->uses);
    if (!a->uses) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        a->uses[i] = list[i].use;
    }
    a->n_uses = n;
    if (r->run) {
        HB_TRY(convert_run(r->run, list, n, a, err));
        r->run = a->run;
    }
    HB_TRY(set_of(&r->set, list, n, a, err));
    if (r->prior) {
        a->prior = *r->prior;
        HB_TRY(set_of(&a->prior.history, list, n, a, err));
        HB_TRY(set_of(&a->prior.early, list, n, a, err));
        r->prior = &a->prior;
    }
    r->equivalences = a->uses;
    r->n_equivalences = n;
    return HB_OK;
}

hb_status hb_equivalence_apply(const hb_equivalence_mapping *m, const hb_run *run,
                               hb_reference *reference, hb_equivalence_applied *ret_applied,
                               hb_error *err)
{
    *ret_applied = (hb_equivalence_applied){0};
    if (m->n == 0) {
        return HB_OK;
    }
    change *list = hb_alloc_zero(m->n * sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (direction(&m->list[i], run, reference, &list[n].use)) {
            list[n].run = usable(run, list[n].use.name);
            describe(reference, &list[n]);
            n++;
        }
    }
    hb_status status = HB_OK;
    if (n) {
        hb_reference with = *reference;
        hb_equivalence_applied *a = ret_applied;
        hb_arena_init(&a->arena, ARENA_BYTES);
        qsort(list, n, sizeof *list, by_use);
        status = apply(list, n, &with, a, err);
        if (status == HB_OK) {
            with.equivalence_digest = m->digest;
            *reference = with;
        }
    }
    hb_free(list);
    return status;
}

void hb_equivalence_applied_release(hb_equivalence_applied *a)
{
    for (size_t i = 0; i < a->n_owned; i++) {
        hb_profile_release(&a->owned[i]);
    }
    hb_arena_release(&a->arena);
    *a = (hb_equivalence_applied){0};
}
