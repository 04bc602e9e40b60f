/* SPDX-License-Identifier: Apache-2.0 */
#include "qualify/qualify_internal.h"

#include <string.h>

enum { HELD_MAX_BYTES = 256 << 20 };

_Static_assert(HB_RULE_COUNT_ <= 64, "a set of rules is a word of 64 bits");

/* As hb_decide() takes it: what the registry declares now reduces the samples. */
static hb_metric as_declared(const hb_registry *registry, const hb_metric *m)
{
    hb_metric now = *m;
    const hb_metric_def *def = hb_registry_find(registry, hb_str_of(m->name));
    if (def && def->reduce_set && !m->stated && def->reduce != m->reduce) {
        now.reduce = def->reduce;
        now.has_value = hb_profile_reduce(&m->profile, def->reduce, &now.value);
    }
    return now;
}

static hb_metric value_alone(const hb_metric *m)
{
    hb_metric now = *m;
    hb_profile_init(&now.profile, 0);
    now.profile.t_last = m->profile.t_last;
    return now;
}

static hb_status copy(hb_held *h, const hb_run *from, hb_run *to, hb_metric **ret_whole,
                      hb_error *err)
{
    size_t n = from->n_metrics ? from->n_metrics : 1;
    *to = *from;
    to->own_metrics = NULL;
    to->metrics = hb_arena_array(&h->arena, n, sizeof *to->metrics);
    *ret_whole = hb_arena_array(&h->arena, n, sizeof **ret_whole);
    if (!to->metrics || !*ret_whole) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < from->n_metrics; i++) {
        (*ret_whole)[i] = as_declared(h->ask->registry, &from->metrics[i]);
        to->metrics[i] = value_alone(&(*ret_whole)[i]);
    }
    return HB_OK;
}

hb_status hb_held_make(const hb_qualify_ask *ask, const hb_run *run, const hb_reference *reference,
                       hb_held *ret, hb_error *err)
{
    hb_held *h = ret;
    *h = (hb_held){.ask = ask, .full = *reference};
    hb_arena_init(&h->arena, HELD_MAX_BYTES);
    hb_status status = copy(h, run, &h->run, &h->whole_run, err);
    if (status == HB_OK && reference->run) {
        status = copy(h, reference->run, &h->base, &h->whole_base, err);
    }
    if (status != HB_OK) {
        hb_held_release(h);
        return status;
    }
    h->prior.early = reference->prior ? reference->prior->early : NULL;
    h->full.prior = &h->prior;
    h->full.with = NULL;
    h->light = h->full;
    h->light.run = reference->run ? &h->base : NULL;
    h->light.weight_only = true;
    return HB_OK;
}

void hb_held_release(hb_held *h)
{
    hb_arena_release(&h->arena);
}

uint64_t hb_held_rules(const hb_decision *d, const char *metric)
{
    uint64_t rules = 0;
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        if (f->severity >= HB_SEVERITY_DRIFT && strcmp(f->metric, metric) == 0) {
            rules |= UINT64_C(1) << f->rule;
        }
    }
    return rules;
}

hb_status hb_held_judge(hb_held *h, size_t i, const hb_metric *as, uint64_t *ret_rules,
                        hb_error *err)
{
    const hb_metric *base = h->light.run ? hb_run_metric(&h->base, hb_str_of(as->name)) : NULL;
    size_t k = base ? (size_t)(base - h->base.metrics) : 0;
    hb_metric run_was = h->run.metrics[i];
    hb_metric base_was = base ? *base : (hb_metric){0};
    h->run.metrics[i] = *as;
    if (base) {
        h->base.metrics[k] = h->whole_base[k];
    }
    hb_decision *d = NULL;
    hb_status status = hb_decide(&h->run, &h->light, h->ask->registry, h->ask->policy, &d, err);
    if (status == HB_OK) {
        *ret_rules = hb_held_rules(d, as->name);
        hb_decision_free(d);
        h->n_decisions++;
    }
    h->run.metrics[i] = run_was;
    if (base) {
        h->base.metrics[k] = base_was;
    }
    return status;
}
