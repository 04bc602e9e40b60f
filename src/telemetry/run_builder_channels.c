/* SPDX-License-Identifier: Apache-2.0 */
/* A channel is one (name, unit) as a file writes it; a metric is what channels feed. So a long
 * table may change its unit from row to row, and several files may continue one metric. */
#include "telemetry/metric_unit.h"
#include "telemetry/names.h"
#include "telemetry/run_builder_internal.h"

#include "base/mem.h"

#include <string.h>

enum { MAX_CHANNELS = 2 * HB_RUN_MAX_METRICS };

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
