/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/metric_unit.h"

#include <float.h>
#include <string.h>

/* True when the run to be like has this metric in a unit that this one converts to. */
static bool unit_like(hb_units *units, hb_metric_unit *io, const char *written, hb_affine *ret)
{
    if (!*io->like ||
        hb_units_convert(units, hb_str_of(written), hb_str_of(io->like), ret, NULL) != HB_OK) {
        return false;
    }
    io->unit = io->like;
    io->known = true;
    return true;
}

/* The first unit of an undeclared metric becomes its own. */
static hb_status adopt_unit(hb_units *units, hb_metric_unit *io, const char *written, hb_error *why)
{
    io->unit = written;
    io->known = true;
    hb_status status = hb_units_check(units, hb_str_of(written), why);
    if (status == HB_E_INPUT) {
        io->as_written = true;
        return HB_OK;
    }
    return status;
}

hb_status hb_metric_unit_settle(hb_units *units, hb_metric_unit *io, const char *written,
                                hb_affine *ret, hb_error *why)
{
    *ret = (hb_affine){1, 0};
    bool declared = io->def && *io->def->unit;
    if (declared) {
        io->unit = io->def->unit;
    }
    if (!*written || (io->def && hb_metric_def_factor(io->def, written, &ret->a))) {
        return HB_OK;
    }
    if (!declared && (!io->known || !*io->unit)) {
        if (unit_like(units, io, written, ret)) {
            return HB_OK;
        }
        *ret = (hb_affine){1, 0};
        return adopt_unit(units, io, written, why);
    }
    return hb_units_convert(units, hb_str_of(written), hb_str_of(io->unit), ret, why);
}

hb_status hb_shown_text(hb_arena *arena, hb_str raw, size_t max, const char **ret, hb_error *err)
{
    raw = hb_str_trim(raw);
    size_t plain = 0;
    while (plain < raw.n && raw.p[plain] >= ' ' && raw.p[plain] <= '~') {
        plain++;
    }
    if (plain == raw.n && raw.n <= max) {
        *ret = hb_arena_strndup(arena, raw.p, raw.n);
        return *ret ? HB_OK : HB_NOMEM(err);
    }
    char *out = hb_arena_alloc(arena, (raw.n < max ? raw.n : max) * 3 + 4);
    if (!out) {
        return HB_NOMEM(err);
    }
    size_t n = 0;
    size_t i = 0;
    while (i < raw.n && i < max) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next((hb_str){raw.p + i, raw.n - i}, &cp);
        if (len && cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0)) {
            memcpy(out + n, raw.p + i, len);
            n += len;
        } else {
            memcpy(out + n, "\xef\xbf\xbd", 3);
            n += 3;
        }
        i += len ? len : 1;
    }
    out[n] = '\0';
    *ret = out;
    return HB_OK;
}

double hb_in_unit(const hb_affine *to_unit, double v)
{
    double x = v * to_unit->a + to_unit->b;
    return x > DBL_MAX ? DBL_MAX : x < -DBL_MAX ? -DBL_MAX : x;
}
