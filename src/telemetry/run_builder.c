/* SPDX-License-Identifier: Apache-2.0 */
/* A channel is one (name, unit) as a file writes it; a metric is what channels feed. So a long
 * table may change its unit from row to row, and several files may continue one metric. */
#include "telemetry/run_builder_internal.h"

#include "base/mem.h"
#include "telemetry/factors.h"
#include "telemetry/metric_unit.h"
#include "telemetry/names.h"
#include "telemetry/resolution.h"
#include "telemetry/run_digest.h"
#include "telemetry/run_meta.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BYTES = 1 << 30,
    MAX_CHANNELS = 2 * HB_RUN_MAX_METRICS,
    REJECT_TEXT_BYTES = 80,
};

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

static hb_status new_metric(hb_run_builder *b, const hb_metric_def *def, const char *raw,
                            uint64_t line, uint32_t *ret, hb_error *err)
{
    HB_TRY(
        HB_GROW(b->metrics, b->cap_metrics, b->n_metrics + 1, HB_RUN_MAX_METRICS, "metrics", err));
    building *k = &b->metrics[b->n_metrics];
    *k = (building){.def = def, .channels = NO_CHANNEL, .file = (uint32_t)b->n_files, .line = line};
    const char *name = raw;
    if (def) {
        HB_TRY(hb_builder_text(b, hb_str_of(def->name), HB_NAME_MAX_BYTES, &name, err));
    }
    k->m = (hb_metric){.name = name, .raw_name = raw, .unit = "", .raw_unit = "", .declared = def};
    hb_profile_init(&k->m.profile, def ? def->drift_persistence : 0);
    HB_TRY(hb_map_put(&b->by_name, hb_str_of(name), b->n_metrics, err));
    *ret = (uint32_t)b->n_metrics++;
    return HB_OK;
}

static hb_status find_metric(hb_run_builder *b, hb_str raw_name, uint64_t line, uint64_t col,
                             uint32_t *ret, hb_error *err)
{
    if (hb_str_trim(raw_name).n > HB_NAME_MAX_BYTES) {
        return HB_FAIL_AT(err, HB_E_LIMIT, hb_builder_path(b), line, col,
                          "a metric's name has %zu bytes, at most %d are accepted", raw_name.n,
                          HB_NAME_MAX_BYTES);
    }
    const char *raw = NULL;
    HB_TRY(hb_builder_text(b, raw_name, HB_NAME_MAX_BYTES, &raw, err));
    if (!*raw) {
        return HB_FAIL_AT(err, HB_E_INPUT, hb_builder_path(b), line, col,
                          "a metric without a name");
    }
    const hb_metric_def *def = hb_registry_resolve(b->registry, hb_str_of(raw));
    size_t index = 0;
    if (!hb_map_get(&b->by_name, hb_str_of(def ? def->name : raw), &index)) {
        return new_metric(b, def, raw, line, ret, err);
    }
    building *k = &b->metrics[index];
    if (k->file == b->n_files && strcmp(k->m.raw_name, raw) != 0) {
        return HB_FAIL_AT(err, HB_E_INPUT, hb_builder_path(b), line, col,
                          "'%.100s' and '%.100s' (line %llu) both mean metric '%s'; rename one or "
                          "correct the aliases",
                          raw, k->m.raw_name, (unsigned long long)k->line, k->m.name);
    }
    k->file = (uint32_t)b->n_files;
    k->m.raw_name = raw;
    *ret = (uint32_t)index;
    return HB_OK;
}

/* The unit of a metric without `like` is that of its first channel that has one, and the only thing
 * `like` can change is what becomes of that channel. */
bool hb_run_units_unlike(const hb_run *run, const hb_run *like, hb_units *units)
{
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        const hb_metric *other = *m->unit ? hb_run_metric(like, hb_str_of(m->name)) : NULL;
        hb_affine to;
        bool same = other && strcmp(m->unit, other->unit) == 0;
        if (same ? m->flags & HB_METRIC_UNIT_UNKNOWN
                 : other && *other->unit &&
                       hb_units_convert(units, hb_str_of(m->unit), hb_str_of(other->unit), &to,
                                        NULL) == HB_OK) {
            return true;
        }
    }
    return false;
}

static hb_status settle_unit(hb_run_builder *b, building *k, const char *unit, uint64_t line,
                             uint64_t col, hb_affine *ret, hb_error *err)
{
    const hb_metric *other = b->like ? hb_run_metric(b->like, hb_str_of(k->m.name)) : NULL;
    /* A unit that is another run's is copied into the run's arena at the end. */
    hb_metric_unit u = {
        .def = k->def, .unit = k->m.unit, .known = k->unit_known, .like = other ? other->unit : ""};
    hb_error why = {0};
    hb_status status = hb_metric_unit_settle(b->units, &u, unit, ret, &why);
    if (status == HB_E_INPUT) {
        return HB_FAIL_AT(err, HB_E_INPUT, hb_builder_path(b), line, col, "metric '%s': %s",
                          k->m.name, why.msg);
    }
    if (status != HB_OK) {
        if (err) {
            *err = why;
        }
        return status;
    }
    bool newly = u.as_written && !(k->m.flags & HB_METRIC_UNIT_UNKNOWN);
    k->m.unit = u.unit;
    k->unit_known = u.known;
    if (!newly) {
        return HB_OK;
    }
    k->m.flags |= HB_METRIC_UNIT_UNKNOWN;
    return hb_builder_warn(b, err,
                           "metric '%s': %s; kept as written, compared only with the same text",
                           k->m.name, why.msg);
}

static hb_status new_channel(hb_run_builder *b, uint32_t metric, const char *unit, uint64_t line,
                             uint64_t col, uint32_t *ret, hb_error *err)
{
    HB_TRY(HB_GROW(b->channels, b->cap_channels, b->n_channels + 1, MAX_CHANNELS, "channels", err));
    building *k = &b->metrics[metric];
    hb_affine to_unit;
    HB_TRY(settle_unit(b, k, unit, line, col, &to_unit, err));
    if (*unit || !*k->m.raw_unit) {
        k->m.raw_unit = unit;
    }
    b->channels[b->n_channels] = (channel){.metric = metric,
                                           .next = k->channels,
                                           .unit = unit,
                                           .to_unit = to_unit,
                                           .identity = to_unit.a == 1 && to_unit.b == 0};
    *ret = (uint32_t)b->n_channels++;
    k->channels = *ret;
    return HB_OK;
}

hb_status hb_run_builder_channel(hb_run_builder *b, hb_str raw_name, hb_str raw_unit, uint64_t line,
                                 uint64_t col, uint32_t *ret_channel, hb_error *err)
{
    uint32_t metric = 0;
    if (hb_utf8_valid_prefix(raw_name) != raw_name.n) {
        return HB_FAIL_AT(err, HB_E_INPUT, hb_builder_path(b), line, col,
                          "the name of a metric is not UTF-8; convert the file first: iconv -f "
                          "ISO-8859-1 -t UTF-8 FILE");
    }
    HB_TRY(find_metric(b, raw_name, line, col, &metric, err));
    const char *unit = "";
    if (raw_unit.n) {
        HB_TRY(hb_builder_text(b, raw_unit, 100, &unit, err));
    }
    for (uint32_t i = b->metrics[metric].channels; i != NO_CHANNEL; i = b->channels[i].next) {
        if (strcmp(b->channels[i].unit, unit) == 0) {
            *ret_channel = i;
            return HB_OK;
        }
    }
    return new_channel(b, metric, unit, line, col, ret_channel, err);
}

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
