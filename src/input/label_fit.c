/* SPDX-License-Identifier: Apache-2.0 */
#include "input/label_fit.h"

#include "input/label_stem.h"

#include <string.h>

bool hb_label_has(const char *letters, char c)
{
    return c && strchr(letters, c) != NULL;
}

/* Is the letter the formula's sign of what the name says, as in "Force (F)", "Height (h)"? */
static bool is_formula(char letter, unsigned hints)
{
    static const struct {
        char letter;
        unsigned char of[2];
    } signs[] = {
        {'V', {HB_QUANTITY_VOLUME, HB_QUANTITY_VOLUME}},
        {'W', {HB_QUANTITY_ENERGY, HB_QUANTITY_FORCE}},
        {'h', {HB_QUANTITY_LENGTH, HB_QUANTITY_RATIO}},
        {'m', {HB_QUANTITY_MASS, HB_QUANTITY_MASS}},
        {'s', {HB_QUANTITY_LENGTH, HB_QUANTITY_LENGTH}},
        {'g', {HB_QUANTITY_CONDUCTANCE, HB_QUANTITY_CONDUCTANCE}},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (signs[i].letter == letter &&
            (hints & (HB_STEM_BIT(signs[i].of[0]) | HB_STEM_BIT(signs[i].of[1])))) {
            return true;
        }
    }
    return false;
}

/* A lone letter, or min, in, cal …: does it go with the name it stands by? */
static bool letter_fits(hb_str written, hb_str stem, hb_label_place at, hb_quantity quantity)
{
    unsigned hints = hb_stem_quantities(stem);
    if (hints & HB_STEM_BIT(quantity)) {
        return true;
    }
    if (at == HB_LABEL_SUFFIX || at == HB_LABEL_TIGHT || at == HB_LABEL_BLANK ||
        at == HB_LABEL_ITSELF || at == HB_LABEL_AMID) {
        return false;
    }
    bool counted = stem.n && hb_label_has("0123456789", stem.p[stem.n - 1]); /* CH1 (V) */
    if (at != HB_LABEL_SQUARE && !counted && hb_stem_enumerates(stem)) {
        return false;
    }
    if (written.n > 1) { /* in, min, cal, ADC: mean other things in most places */
        return hints == 0 &&
               (at == HB_LABEL_SQUARE || hb_str_eq_c(written, "in") ||
                hb_str_eq_c(written, "ADC")) &&
               at != HB_LABEL_COMMA;
    }
    char c = *written.p;
    if (hb_label_has("VWKJshmg", c)) {
        return !is_formula(c, hints);
    }
    return hints == 0 &&
           (at == HB_LABEL_SQUARE || (at != HB_LABEL_COMMA && hb_label_has("ACFNl", c)));
}

/* Symbols that are other things when they merely end a name: PM, cd, rad … */
static bool suffix_fits(hb_str written, const hb_unit_said *said)
{
    static const char *const not_these[] = {"pm", "fm", "fs", "ps",   "cd",  "lm",  "lx", "gal",
                                            "mi", "kn", "kt", "kp",   "gn",  "rad", "cc", "gon",
                                            "oz", "gf", "yd", "thou", "App", "Lux", "1",  "PS"};
    for (size_t i = 0; i < sizeof not_these / sizeof *not_these; i++) {
        if (hb_str_eq_c(written, not_these[i])) {
            return false;
        }
    }
    return !said->name || said->quantity != HB_QUANTITY_OTHER;
}

bool hb_label_is_ascii(hb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

bool hb_label_fits(hb_str written, hb_str stem, hb_label_place at, const hb_unit_said *said)
{
    if (said->letter) {
        return letter_fits(written, stem, at, said->quantity);
    }
    bool positive = hb_stem_quantities(stem) & HB_STEM_BIT(said->quantity);
    switch (at) {
    case HB_LABEL_SQUARE:
    case HB_LABEL_ROUND:
    case HB_LABEL_SLASH:
        return true;
    case HB_LABEL_AMID:
        return !said->name;
    case HB_LABEL_COMMA:
    case HB_LABEL_IN:
        return !said->name || said->quantity != HB_QUANTITY_OTHER;
    case HB_LABEL_TIGHT:
        return positive || !said->name;
    case HB_LABEL_SUFFIX:
        /* wind_ms is in m/s as often as not. */
        return suffix_fits(written, said) &&
               (said->quantity != HB_QUANTITY_TIME || positive ||
                !(hb_stem_quantities(stem) & HB_STEM_BIT(HB_QUANTITY_FREQUENCY)));
    case HB_LABEL_BLANK:
        return suffix_fits(written, said) && (!said->name || positive);
    case HB_LABEL_ITSELF:
        /* "Second" and "Minute" are parts of a date. */
        return suffix_fits(written, said) && written.n > 1 &&
               !(said->name && said->quantity == HB_QUANTITY_TIME);
    }
    return false;
}

/* Letters that the name turns into another unit than the usual one. */
void hb_label_by_name(hb_str stem, hb_str written, hb_unit_said *said)
{
    static const struct {
        const char *written;
        hb_quantity named;
        const char *unit;
    } rows[] = {
        {"C", HB_QUANTITY_CHARGE, "C"},
        {"F", HB_QUANTITY_CAPACITANCE, "F"},
        {"g", HB_QUANTITY_ACCELERATION, "standard_free_fall"},
        {"mg", HB_QUANTITY_ACCELERATION, "1e-3 standard_free_fall"},
        {"G", HB_QUANTITY_MAGNETIC, "gauss"},
        {"mG", HB_QUANTITY_MAGNETIC, "1e-3 gauss"},
    };
    unsigned hints = hb_stem_quantities(stem);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hb_str_eq_c(written, rows[i].written) && (hints & HB_STEM_BIT(rows[i].named)) &&
            !(hints & HB_STEM_BIT(said->quantity))) {
            said->quantity = rows[i].named;
            memcpy(said->text, rows[i].unit, strlen(rows[i].unit) + 1);
        }
    }
}
