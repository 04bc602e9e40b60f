/* SPDX-License-Identifier: Apache-2.0 */
#include "input/number_suffix.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool hb_tails_add(hb_tails *t, const hb_number_parts *p)
{
    for (size_t i = 0; i < t->n; i++) {
        hb_tail *tail = &t->list[i];
        if (hb_str_eq(tail->text, p->tail)) {
            tail->n++;
            tail->bare_letter = tail->bare_letter && p->glued;
            t->cells += tail->is_unit;
            return tail->is_unit;
        }
    }
    if (t->n == HB_TAILS) {
        return false; /* so many words are no units */
    }
    hb_unit_said said;
    bool unit = hb_unit_text(p->tail, &said);
    hb_tail *tail = &t->list[t->n++];
    *tail = (hb_tail){.text = p->tail, .n = 1, .is_unit = unit};
    tail->bare_letter = p->glued && p->tail.n == 1 && is_letter(*p->tail.p);
    if (unit) {
        tail->said = said;
        t->cells++;
    }
    return unit;
}

/* The unit of most cells; the spellings of one unit count together. */
static const hb_tail *commonest(const hb_tails *t)
{
    const hb_tail *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < t->n; i++) {
        size_t n = 0;
        for (size_t k = 0; t->list[i].is_unit && k < t->n; k++) {
            bool same =
                t->list[k].is_unit && strcmp(t->list[k].said.text, t->list[i].said.text) == 0;
            n += same ? t->list[k].n : 0;
        }
        if (n > most) {
            most = n;
            best = &t->list[i];
        }
    }
    return best;
}

/* A factor within rounding of a power of ten is that power. */
static void clean(hb_affine *f)
{
    for (int k = -15; k <= 15 && f->b == 0; k++) {
        double power = k < 0 ? 1 / pow(10, -k) : pow(10, k);
        if (fabs(f->a / power - 1) < 1e-12) {
            f->a = power;
        }
    }
}

typedef struct settling {
    hb_number_rule *rule;
    const hb_unit_said *into; /* the column's unit */
    hb_units *units;
    hb_arena *arena;
} settling;

/* Prefixes of one word need no UDUNITS. */
static hb_status factor_of(const settling *s, const hb_unit_said *from, hb_affine *ret)
{
    *ret = (hb_affine){1, 0};
    if (strcmp(from->text, s->into->text) == 0) {
        return HB_OK;
    }
    if (from->base && s->into->base && strcmp(from->base, s->into->base) == 0) {
        ret->a = pow(10, from->power - s->into->power);
        return HB_OK;
    }
    return hb_units_convert(s->units, hb_str_of(from->text), hb_str_of(s->into->text), ret, NULL);
}

static hb_status add(const settling *s, hb_str text, const hb_unit_said *from, bool only_prefix,
                     hb_error *err)
{
    hb_number_rule *rule = s->rule;
    for (size_t i = 0; i < rule->n_suffixes; i++) {
        if (hb_str_eq(rule->suffixes[i].text, text)) {
            return HB_OK;
        }
    }
    hb_affine f;
    hb_status status = factor_of(s, from, &f);
    if (status == HB_E_INPUT || rule->n_suffixes == HB_CELL_SUFFIXES) {
        return HB_OK; /* another quantity: its cells stay text */
    }
    if (status != HB_OK) {
        return HB_FAIL(err, status, "the units behind the figures cannot be converted");
    }
    clean(&f);
    int shift = 0;
    if (only_prefix && (f.b != 0 || !hb_number_shift(f.a, &shift))) {
        return HB_OK;
    }
    char *kept = hb_arena_str(s->arena, text);
    if (!kept) {
        return HB_NOMEM(err);
    }
    rule->suffixes[rule->n_suffixes++] = (hb_cell_suffix){{kept, text.n}, f};
    return HB_OK;
}

/* An instrument that chooses its range will use prefixes that the first rows did not show. */
static hb_status add_prefixes(const settling *s, hb_str tail, hb_error *err)
{
    static const char *const bases[] = {
        "s", "V", "A", "W",  "Hz", "Ω",  "ohm", "Ohm", "F",  "H",  "N",   "Pa",  "bar", "J",   "m",
        "g", "l", "L", "VA", "Ah", "Wh", "S",   "T",   "Nm", "eV", "VDC", "VAC", "Vpp", "Vrms"};
    static const char *const prefixes[] = {"", "m", "µ", "\u03bc", "u", "k", "n", "M", "G", "p"};
    for (size_t b = 0; b < sizeof bases / sizeof *bases; b++) {
        size_t n = strlen(bases[b]);
        bool fits = false;
        for (size_t k = 0; k < sizeof prefixes / sizeof *prefixes; k++) {
            size_t m = strlen(prefixes[k]);
            fits = fits || (tail.n == m + n && hb_str_starts(tail, prefixes[k]) &&
                            hb_str_ends(tail, bases[b]));
        }
        for (size_t k = 0; fits && k < sizeof prefixes / sizeof *prefixes; k++) {
            char text[16];
            int len = snprintf(text, sizeof text, "%s%s", prefixes[k], bases[b]);
            hb_unit_said said;
            if (len > 0 && (size_t)len < sizeof text && hb_unit_text(hb_str_of(text), &said)) {
                HB_TRY(add(s, hb_str_of(text), &said, true, err));
            }
        }
    }
    return HB_OK;
}

hb_status hb_tails_settle(const hb_tails *t, size_t present, bool marked, hb_units *units,
                          hb_arena *arena, hb_number_rule *rule, hb_error *err)
{
    const hb_tail *common = commonest(t);
    bool names = !marked;
    for (size_t i = 0; i < t->n; i++) {
        names = names && (t->list[i].bare_letter || !t->list[i].is_unit);
    }
    if (!common || names || t->cells * 2 < present) {
        return HB_OK;
    }
    char *unit = hb_arena_strndup(arena, common->said.text, strlen(common->said.text));
    if (!unit) {
        return HB_NOMEM(err);
    }
    rule->unit = unit;
    settling s = {.rule = rule, .into = &common->said, .units = units, .arena = arena};
    for (size_t i = 0; i < t->n; i++) {
        const hb_tail *tail = &t->list[i];
        if (strcmp(rule->unit, "%") == 0 && hb_str_eq_c(tail->text, "%")) {
            rule->percent = true;
        } else if (tail->is_unit) {
            HB_TRY(add(&s, tail->text, &tail->said, false, err));
        }
    }
    return rule->n_suffixes ? add_prefixes(&s, common->text, err) : HB_OK;
}
