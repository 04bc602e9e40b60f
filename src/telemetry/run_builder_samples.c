/* SPDX-License-Identifier: Apache-2.0 */
/* What a channel brings: samples, stated values, counts, and what is no figure. */
#include "telemetry/metric_unit.h"
#include "telemetry/resolution.h"
#include "telemetry/run_builder_internal.h"

#include "base/mem.h"

#include <math.h>

enum { REJECT_TEXT_BYTES = 80 };

static building *metric_of(hb_run_builder *b, uint32_t ch)
{
    return &b->metrics[b->channels[ch].metric];
}

hb_status hb_run_builder_add(hb_run_builder *b, uint32_t ch, const double *v, const hb_time *t,
                             size_t n, hb_error *err)
{
    return hb_run_builder_add_known(b, ch, v, t, n, NULL, err);
}

hb_status hb_run_builder_add_known(hb_run_builder *b, uint32_t ch, const double *v,
                                   const hb_time *t, size_t n, const hb_moments *block,
                                   hb_error *err)
{
    const channel *c = &b->channels[ch];
    hb_profile *p = &metric_of(b, ch)->m.profile;
    if (c->identity || n == 0) {
        return hb_profile_add_known(p, v, t, n, block, err);
    }
    double *converted = hb_alloc_array(n, sizeof *converted);
    if (!converted) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        converted[i] = hb_in_unit(&c->to_unit, v[i]);
    }
    hb_status status = hb_profile_add(p, converted, t, n, err);
    hb_free(converted);
    return status;
}

hb_status hb_run_builder_profile(hb_run_builder *b, uint32_t ch, hb_profile *take, hb_error *err)
{
    hb_profile *p = &metric_of(b, ch)->m.profile;
    if (hb_profile_total(p)) {
        return HB_FAIL(err, HB_E_BUG, "metric '%s' has samples already", metric_of(b, ch)->m.name);
    }
    hb_profile_release(p);
    *p = *take;
    hb_profile_init(take, 0);
    return HB_OK;
}

uint32_t hb_run_builder_metric(const hb_run_builder *b, uint32_t ch)
{
    return b->channels[ch].metric;
}

void hb_run_builder_missing(hb_run_builder *b, uint32_t ch, uint64_t n)
{
    metric_of(b, ch)->m.profile.n_missing += n;
}

void hb_run_builder_nan(hb_run_builder *b, uint32_t ch, uint64_t n)
{
    metric_of(b, ch)->m.profile.n_missing += n;
    metric_of(b, ch)->m.profile.n_nan += n;
}

void hb_run_builder_inf(hb_run_builder *b, uint32_t ch, uint64_t n)
{
    metric_of(b, ch)->m.profile.n_inf += n;
}

hb_status hb_run_builder_uncounted(hb_run_builder *b, uint32_t ch, const char *reason, hb_str text,
                                   uint64_t line, hb_error *err)
{
    hb_metric *m = &metric_of(b, ch)->m;
    m->profile.n_rejected++;
    if (m->n_reject_examples < HB_REJECT_EXAMPLES) {
        if (!m->rejects) {
            m->rejects = hb_arena_array(&b->run->arena, HB_REJECT_EXAMPLES, sizeof *m->rejects);
        }
        if (!m->rejects) {
            return HB_NOMEM(err);
        }
        hb_reject *r = &m->rejects[m->n_reject_examples];
        HB_TRY(hb_builder_text(b, text, REJECT_TEXT_BYTES, &r->text, err));
        HB_TRY(hb_builder_text(b, hb_str_of(reason), 100, &r->reason, err));
        r->line = line;
        m->n_reject_examples++;
    }
    return HB_OK;
}

hb_status hb_run_builder_reject(hb_run_builder *b, uint32_t ch, const char *reason, hb_str text,
                                uint64_t line, hb_error *err)
{
    HB_TRY(hb_run_builder_uncounted(b, ch, reason, text, line, err));
    return hb_builder_count(b, reason, 1, err);
}

hb_status hb_run_builder_rejects(hb_run_builder *b, uint32_t ch, const char *reason, uint64_t n,
                                 hb_error *err)
{
    metric_of(b, ch)->m.profile.n_rejected += n;
    return hb_builder_count(b, reason, n, err);
}

bool hb_run_builder_wants_text(const hb_run_builder *b, uint32_t ch)
{
    return b->metrics[b->channels[ch].metric].m.n_reject_examples < HB_REJECT_EXAMPLES;
}

void hb_run_builder_printed(hb_run_builder *b, uint32_t ch, double digit)
{
    building *k = metric_of(b, ch);
    double step = digit * fabs(b->channels[ch].to_unit.a);
    k->digit = step > 0 && (k->digit == 0 || step < k->digit) ? step : k->digit;
}

hb_status hb_run_builder_stated(hb_run_builder *b, uint32_t ch, double value, hb_error *err)
{
    building *k = metric_of(b, ch);
    const channel *c = &b->channels[ch];
    hb_metric *m = &k->m;
    double v = value * c->to_unit.a + c->to_unit.b;
    bool again = k->stated_at++ > 0;
    m->stated = true;
    if (!isfinite(v)) {
        m->flags |= HB_METRIC_NOT_FINITE;
        m->profile.n_inf += isinf(v) != 0;
        m->profile.n_missing += isnan(v) != 0;
        m->profile.n_nan += isnan(v) != 0;
        return HB_OK;
    }
    if (again && m->has_value && v != m->value) {
        m->flags |= HB_METRIC_DUPLICATE;
        HB_TRY(hb_builder_warn(b, err, "metric '%s' is stated more than once with different values",
                               m->name));
    } else if (again) {
        HB_TRY(hb_builder_warn(b, err, "metric '%s' is stated more than once with the same value",
                               m->name));
    }
    m->has_value = true;
    m->value = v;
    hb_run_builder_printed(b, ch, hb_printed_step(value));
    return HB_OK;
}

hb_status hb_run_builder_events(hb_run_builder *b, uint32_t ch, uint64_t n, hb_error *err)
{
    hb_metric *m = &metric_of(b, ch)->m;
    if (m->flags & HB_METRIC_FROM_EVENTS) {
        m->value += (double)n;
        return HB_OK;
    }
    m->flags |= HB_METRIC_FROM_EVENTS;
    return hb_run_builder_stated(b, ch, (double)n, err);
}

void hb_run_builder_text_cells(hb_run_builder *b, uint32_t ch, uint64_t n)
{
    hb_metric *m = &metric_of(b, ch)->m;
    m->flags |= HB_METRIC_TEXT;
    m->profile.n_rejected += n;
}
