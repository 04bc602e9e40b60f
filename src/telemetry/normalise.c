/* SPDX-License-Identifier: Apache-2.0 */
/* Names, units and values by field_mapping. An entry named like a unit converts what is given in
 * that unit, as in the original; unlike there, it does so for mapped names too, and the unit's
 * label changes with the value. */
#include "telemetry/normalise_internal.h"

#include "base/mem.h"
#include "crypto/digest.h"
#include "telemetry/names.h"

#include <math.h>
#include <string.h>

static void lower(hb_str s, char *out)
{
    for (size_t i = 0; i < s.n; i++) {
        out[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] - 'A' + 'a' : s.p[i]);
    }
}

static const hb_field_map *find(const hb_telemetry_schema *s, hb_str name)
{
    size_t i = 0;
    char folded[HB_SCHEMA_TEXT_MAX];
    if (name.n > s->longest) {
        return NULL;
    }
    if (hb_map_get(&s->by_name, name, &i)) {
        return &s->fields[i];
    }
    lower(name, folded);
    return hb_map_get(&s->by_lower, (hb_str){folded, name.n}, &i) ? &s->fields[i] : NULL;
}

static bool same_unit(hb_str a, const char *b)
{
    char x[64];
    char y[64];
    hb_str other = hb_str_of(b);
    if (a.n != other.n) {
        return false;
    }
    if (memcmp(a.p, other.p, a.n) == 0) {
        return true;
    }
    if (a.n > sizeof x) {
        return false;
    }
    hb_unit_fold(a, x);
    hb_unit_fold(other, y);
    return memcmp(x, y, a.n) == 0;
}

static bool converts(const hb_field_map *m)
{
    return m->factor.set || m->offset.set;
}

static void convert(const hb_field_map *m, const char *unit, hb_live_sample *io)
{
    io->unit = hb_str_of(unit);
    if (io->kind != HB_LIVE_VALUE) {
        return;
    }
    double v = io->value * (m->factor.set ? m->factor.v : 1) + (m->offset.set ? m->offset.v : 0);
    if (!isfinite(v)) {
        io->kind = HB_LIVE_INF;
        v = 0;
    }
    io->value = v;
}

/* The name's own conversion. False: the sample is in another unit than that is for. */
static bool convert_by_name(const hb_field_map *m, hb_live_sample *io)
{
    const bool stated = io->unit.n > 0;
    if (!converts(m)) {
        io->unit = stated ? io->unit : hb_str_of(m->unit);
        return false;
    }
    if (stated && *m->unit && !same_unit(io->unit, m->unit)) {
        return false;
    }
    if (stated && !*m->unit && *m->canonical_unit && same_unit(io->unit, m->canonical_unit)) {
        return true; /* there already */
    }
    convert(m, m->canonical_unit, io);
    return true;
}

void hb_normalise(const hb_telemetry_schema *s, hb_live_sample *io)
{
    if (s->n_fields == 0) {
        return;
    }
    const hb_field_map *m = find(s, io->name);
    size_t i = 0;
    if (m && *m->canonical) {
        io->name = hb_str_of(m->canonical);
    }
    if (m && m->conversion && convert_by_name(m->conversion, io)) {
        return;
    }
    if (io->unit.n && io->unit.n <= s->longest && hb_map_get(&s->by_name, io->unit, &i)) {
        const hb_field_map *u = &s->fields[i];
        if (u != m && converts(u)) {
            convert(u, *u->canonical_unit ? u->canonical_unit : u->canonical, io);
        }
    }
}

const char *hb_telemetry_schema_digest(const hb_telemetry_schema *s)
{
    return s->digest;
}

void hb_telemetry_schema_free(hb_telemetry_schema *s)
{
    if (s) {
        hb_log_patterns_free(s);
        hb_map_release(&s->by_name);
        hb_map_release(&s->by_lower);
        hb_map_release(&s->exact_topics);
        hb_arena_release(&s->arena);
        hb_free(s);
    }
}
