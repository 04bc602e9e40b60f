/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/units.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "telemetry/units_table.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <udunits2.h>

/* Longer text is no unit, and a parser of somebody else's should not see it. */
enum { UNIT_MAX_BYTES = 64, CACHE_MAX = 10000, ARENA_BYTES = 8 << 20 };

typedef struct meaning {
    const hb_unit_row *row; /* NULL: only UDUNITS knows it */
    ut_unit *ut;            /* NULL for our own families; borrowed from the cache */
    hb_str text;            /* trimmed */
} meaning;

struct hb_units {
    pthread_mutex_t lock; /* UDUNITS parses with variables of the library */
    hb_arena arena;
    hb_map rows;   /* spelling → row index */
    hb_map parsed; /* UDUNITS text → index of `units` */
    ut_unit **units;
    size_t n_units;
    size_t cap_units;
    hb_map cache; /* "from\x1fto" → index of `affine` */
    hb_affine *affine;
    size_t n_affine;
    size_t cap_affine;
    ut_system *system; /* opened at first need */
};

hb_status hb_units_open(hb_units **ret_units, hb_error *err)
{
    hb_units *u = hb_alloc_zero(sizeof *u);
    if (!u) {
        return HB_NOMEM(err);
    }
    pthread_mutex_init(&u->lock, NULL);
    hb_arena_init(&u->arena, ARENA_BYTES);
    hb_map_init(&u->rows, 1000);
    hb_map_init(&u->parsed, CACHE_MAX);
    hb_map_init(&u->cache, CACHE_MAX);
    hb_status status = HB_OK;
    for (size_t i = 0; i < hb_unit_row_count && status == HB_OK; i++) {
        status = hb_map_put(&u->rows, hb_str_of(hb_unit_rows[i].spelling), i, err);
    }
    if (status != HB_OK) {
        hb_units_close(u);
        return status;
    }
    *ret_units = u;
    return HB_OK;
}

void hb_units_close(hb_units *u)
{
    if (!u) {
        return;
    }
    for (size_t i = 0; i < u->n_units; i++) {
        ut_free(u->units[i]);
    }
    if (u->system) {
        ut_free_system(u->system);
    }
    hb_free(u->units);
    hb_free(u->affine);
    hb_map_release(&u->rows);
    hb_map_release(&u->parsed);
    hb_map_release(&u->cache);
    hb_arena_release(&u->arena);
    pthread_mutex_destroy(&u->lock);
    hb_free(u);
}

static hb_status open_system(hb_units *u, hb_error *err)
{
    if (u->system) {
        return HB_OK;
    }
    ut_set_error_message_handler(ut_ignore); /* failures are ours to tell */
    u->system = ut_read_xml(NULL);
    return u->system ? HB_OK
                     : HB_FAIL(err, HB_E_CONFIG,
                               "the UDUNITS-2 database cannot be read; install the package "
                               "libudunits2-data");
}

static const char *nearest(hb_str text)
{
    const char *best = NULL;
    unsigned least = 3;
    for (size_t i = 0; i < hb_unit_row_count; i++) {
        unsigned d = hb_str_distance(text, hb_str_of(hb_unit_rows[i].spelling), 2);
        if (d < least && text.n > 2) {
            least = d;
            best = hb_unit_rows[i].spelling;
        }
    }
    return best;
}

static hb_status unknown(hb_str text, hb_error *err)
{
    const char *guess = nearest(text);
    int n = (int)(text.n < 60 ? text.n : 60);
    if (guess) {
        return HB_FAIL(err, HB_E_INPUT, "unknown unit '%.*s'; did you mean '%s'?", n, text.p,
                       guess);
    }
    return HB_FAIL(err, HB_E_INPUT, "unknown unit '%.*s'", n, text.p);
}

/* "10", "1e3" and the like parse as dimensionless numbers; as a unit they are a slip. And what
 * UDUNITS would read as a date ("s since 1970-01-01") or a logarithm ("lg(re mW)") is not for us.
 */
static bool plausible(hb_str text)
{
    bool letter = false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f || c == '@' || c == '(' || c == ')' || c == ':') {
            return false;
        }
        letter = letter || c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
    return letter && text.n <= UNIT_MAX_BYTES && hb_utf8_valid_prefix(text) == text.n;
}

/* Greek mu to micro sign, and the operators labs print to those UDUNITS reads. */
static size_t spell(hb_str text, char *out)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = {{"\xce\xbc", "\xc2\xb5"},
                {"·", "."},
                {"×", "."},
                {"⋅", "."},
                {"²", "2"},
                {"³", "3"},
                {"⁻¹", "-1"},
                {"⁻²", "-2"}};
    size_t n = 0;
    size_t i = 0;
    while (i < text.n) {
        hb_str rest = {text.p + i, text.n - i};
        size_t k = 0;
        while (k < sizeof rows / sizeof *rows && !hb_str_starts(rest, rows[k].from)) {
            k++;
        }
        if (k < sizeof rows / sizeof *rows) {
            memcpy(out + n, rows[k].to, strlen(rows[k].to));
            n += strlen(rows[k].to);
            i += strlen(rows[k].from);
        } else {
            out[n++] = text.p[i++];
        }
    }
    out[n] = '\0';
    return n;
}

static hb_status keep_parsed(hb_units *u, hb_str text, ut_unit *unit, hb_error *err)
{
    hb_status status = HB_GROW(u->units, u->cap_units, u->n_units + 1, CACHE_MAX, "units", err);
    char *key = status == HB_OK ? hb_arena_str(&u->arena, text) : NULL;
    if (status == HB_OK && !key) {
        status = HB_NOMEM(err);
    }
    if (status == HB_OK) {
        status = hb_map_put(&u->parsed, (hb_str){key, text.n}, u->n_units, err);
    }
    if (status != HB_OK) {
        ut_free(unit);
        return status;
    }
    u->units[u->n_units++] = unit;
    return HB_OK;
}

static hb_status parse_udunits(hb_units *u, hb_str text, hb_str told, ut_unit **ret, hb_error *err)
{
    size_t index = 0;
    if (hb_map_get(&u->parsed, text, &index)) {
        *ret = u->units[index];
        return HB_OK;
    }
    HB_TRY(open_system(u, err));
    char spelled[UNIT_MAX_BYTES * 2];
    spell(text, spelled);
    ut_unit *unit = ut_parse(u->system, spelled, UT_UTF8);
    if (!unit) {
        return unknown(told, err);
    }
    HB_TRY(keep_parsed(u, text, unit, err));
    *ret = unit;
    return HB_OK;
}

static hb_status resolve(hb_units *u, hb_str text, meaning *ret, hb_error *err)
{
    size_t index = 0;
    char spelled[UNIT_MAX_BYTES * 2];
    *ret = (meaning){.text = text};
    bool known = hb_map_get(&u->rows, text, &index);
    if (!known && plausible(text)) {
        known = hb_map_get(&u->rows, (hb_str){spelled, spell(text, spelled)}, &index);
    }
    if (!known) {
        return plausible(text) ? parse_udunits(u, text, text, &ret->ut, err) : unknown(text, err);
    }
    const hb_unit_row *row = &hb_unit_rows[index];
    ret->row = row;
    switch (row->kind) {
    case HB_UNIT_ALIAS:
        ret->row = NULL;
        return parse_udunits(u, hb_str_of(row->meaning), text, &ret->ut, err);
    case HB_UNIT_AMBIGUOUS:
        return HB_FAIL(err, HB_E_INPUT, "ambiguous unit '%s': %s", row->spelling, row->meaning);
    case HB_UNIT_FAMILY:
    case HB_UNIT_SAME_ONLY:
        break;
    }
    return HB_OK;
}

hb_status hb_units_check(hb_units *u, hb_str unit, hb_error *err)
{
    unit = hb_str_trim(unit);
    meaning m;
    if (!unit.n) {
        return HB_OK;
    }
    pthread_mutex_lock(&u->lock);
    hb_status status = resolve(u, unit, &m, err);
    pthread_mutex_unlock(&u->lock);
    return status;
}

static hb_status not_convertible(const meaning *from, const meaning *to, hb_error *err)
{
    const char *why = (from->row && from->row->kind == HB_UNIT_SAME_ONLY) ||
                              (to->row && to->row->kind == HB_UNIT_SAME_ONLY)
                          ? "a logarithmic or arbitrary unit converts only to itself"
                          : "they measure different things";
    return HB_FAIL(err, HB_E_INPUT, "unit '%.*s' cannot be converted to '%.*s': %s",
                   (int)from->text.n, from->text.p, (int)to->text.n, to->text.p, why);
}

static hb_status by_family(const meaning *from, const meaning *to, hb_affine *ret, hb_error *err)
{
    bool both = from->row && to->row && from->row->kind == HB_UNIT_FAMILY &&
                to->row->kind == HB_UNIT_FAMILY &&
                strcmp(from->row->meaning, to->row->meaning) == 0;
    if (!both) {
        return not_convertible(from, to, err);
    }
    *ret = (hb_affine){.a = from->row->factor / to->row->factor,
                       .b = (from->row->offset - to->row->offset) / to->row->factor};
    return HB_OK;
}

static hb_status by_udunits(const meaning *from, const meaning *to, hb_affine *ret, hb_error *err)
{
    if (!ut_are_convertible(from->ut, to->ut)) {
        return not_convertible(from, to, err);
    }
    cv_converter *converter = ut_get_converter(from->ut, to->ut);
    if (!converter) {
        return not_convertible(from, to, err);
    }
    double b = cv_convert_double(converter, 0);
    /* Far from 0 the offset takes fewer digits off the difference. */
    double a = b == 0 ? cv_convert_double(converter, 1)
                      : (cv_convert_double(converter, 0x1p20) - b) / 0x1p20;
    double check = cv_convert_double(converter, -0x1p10);
    cv_free(converter);
    if (fabs(a * -0x1p10 + b - check) > 1e-9 * (fabs(check) + fabs(a * 0x1p10))) {
        return not_convertible(from, to, err);
    }
    *ret = (hb_affine){a, b};
    return HB_OK;
}

static hb_status work_out(hb_units *u, hb_str from, hb_str to, hb_affine *ret, hb_error *err)
{
    meaning a;
    meaning b;
    HB_TRY(resolve(u, from, &a, err));
    HB_TRY(resolve(u, to, &b, err));
    if (a.row && a.row == b.row) {
        *ret = (hb_affine){1, 0};
        return HB_OK;
    }
    return a.row || b.row ? by_family(&a, &b, ret, err) : by_udunits(&a, &b, ret, err);
}

static hb_status remember(hb_units *u, hb_str key, const hb_affine *affine, hb_error *err)
{
    if (u->n_affine == CACHE_MAX) {
        return HB_OK;
    }
    HB_TRY(HB_GROW(u->affine, u->cap_affine, u->n_affine + 1, CACHE_MAX, "conversions", err));
    char *kept = hb_arena_str(&u->arena, key);
    if (!kept) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_map_put(&u->cache, (hb_str){kept, key.n}, u->n_affine, err));
    u->affine[u->n_affine++] = *affine;
    return HB_OK;
}

static hb_status convert(hb_units *u, hb_str from, hb_str to, hb_affine *ret, hb_error *err)
{
    char key[2 * UNIT_MAX_BYTES + 1];
    size_t index = 0;
    bool cached = from.n <= UNIT_MAX_BYTES && to.n <= UNIT_MAX_BYTES;
    hb_str pair = {key, from.n + 1 + to.n};
    if (cached) {
        memcpy(key, from.p, from.n);
        key[from.n] = '\x1f';
        memcpy(key + from.n + 1, to.p, to.n);
        if (hb_map_get(&u->cache, pair, &index)) {
            *ret = u->affine[index];
            return HB_OK;
        }
    }
    HB_TRY(work_out(u, from, to, ret, err));
    return cached ? remember(u, pair, ret, err) : HB_OK;
}

hb_status hb_units_convert(hb_units *u, hb_str from, hb_str to, hb_affine *ret, hb_error *err)
{
    from = hb_str_trim(from);
    to = hb_str_trim(to);
    if (hb_str_eq(from, to)) {
        *ret = (hb_affine){1, 0};
        return HB_OK;
    }
    pthread_mutex_lock(&u->lock);
    hb_status status = convert(u, from, to, ret, err);
    pthread_mutex_unlock(&u->lock);
    return status;
}
