/* SPDX-License-Identifier: Apache-2.0 */
/* The truth about units is libudunits2 itself. */
#include "support/check.h"

#include "telemetry/unit_text.h"
#include "telemetry/unit_words.h"
#include "telemetry/units.h"
#include "telemetry/units_table.h"

#include <math.h>
#include <udunits2.h>

static ut_system *ut;

static int open_udunits(void **state)
{
    (void)state;
    ut_set_error_message_handler(ut_ignore);
    ut = ut_read_xml(NULL);
    return ut ? 0 : 1;
}

static int close_udunits(void **state)
{
    (void)state;
    ut_free_system(ut);
    return 0;
}

static bool same_unit(const char *a, const char *b)
{
    ut_unit *x = ut_parse(ut, a, UT_UTF8);
    ut_unit *y = ut_parse(ut, b, UT_UTF8);
    bool same = x && y && ut_are_convertible(x, y);
    cv_converter *c = same ? ut_get_converter(x, y) : NULL;
    same =
        c && fabs(cv_convert_double(c, 100) - 100) < 1e-10 && fabs(cv_convert_double(c, 0)) < 1e-12;
    cv_free(c);
    ut_free(x);
    ut_free(y);
    return same;
}

/* What UDUNITS has no word for. */
static bool is_outside(const char *text)
{
    static const char *const rows[] = {"dB",     "dBuV",  "dBu",   "dBc",   "dBi",
                                       "dBFS",   "dBA",   "dB(A)", "dB(C)", "dBc/Hz",
                                       "dBm/Hz", "dB/Hz", "NTU",   "LSB"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(text, rows[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void unit_text__every_word_is_read_by_udunits(void **state)
{
    (void)state;
    for (size_t i = 0; i < hb_unit_word_count; i++) {
        const hb_unit_word *w = &hb_unit_words[i];
        hb_unit_said said;
        bool alone = !(w->flags & HB_WORD_PREFIXED);
        if (alone && (!hb_unit_text(hb_str_of(w->said), &said) ||
                      (strcmp(said.text, w->udunits) != 0 && !same_unit(said.text, w->udunits)))) {
            fail_msg("'%s' is told as '%s', not '%s'", w->said, said.text, w->udunits);
        }
        if (!is_outside(w->udunits) && !same_unit(w->udunits, w->udunits)) {
            fail_msg("udunits2 does not read '%s' (of '%s')", w->udunits, w->said);
        }
    }
}

static void unit_text__prefixes_are_those_of_udunits(void **state)
{
    (void)state;
    static const struct {
        const char *sign;
        unsigned bit;
        double factor;
    } prefixes[] = {
        {"f", HB_PREFIX_FEMTO, 1e-15},     {"p", HB_PREFIX_PICO, 1e-12},
        {"n", HB_PREFIX_NANO, 1e-9},       {"µ", HB_PREFIX_MICRO, 1e-6},
        {"\u03bc", HB_PREFIX_MICRO, 1e-6}, {"u", HB_PREFIX_MICRO, 1e-6},
        {"m", HB_PREFIX_MILLI, 1e-3},      {"c", HB_PREFIX_CENTI, 1e-2},
        {"d", HB_PREFIX_DECI, 1e-1},       {"da", HB_PREFIX_DECA, 10},
        {"h", HB_PREFIX_HECTO, 100},       {"k", HB_PREFIX_KILO, 1e3},
        {"M", HB_PREFIX_MEGA, 1e6},        {"G", HB_PREFIX_GIGA, 1e9},
        {"T", HB_PREFIX_TERA, 1e12},
    };
    for (size_t i = 0; i < hb_unit_word_count; i++) {
        const hb_unit_word *w = &hb_unit_words[i];
        for (size_t k = 0; k < sizeof prefixes / sizeof *prefixes; k++) {
            if (!(w->prefixes & prefixes[k].bit)) {
                continue;
            }
            char text[64];
            char want[96];
            hb_unit_said said;
            snprintf(text, sizeof text, "%s%s", prefixes[k].sign, w->said);
            snprintf(want, sizeof want, "%.17g (%s)", prefixes[k].factor, w->udunits);
            if (!hb_unit_text(hb_str_of(text), &said) || !same_unit(said.text, want)) {
                fail_msg("'%s' is told as '%s', not as %s", text, said.text, want);
            }
        }
    }
}

static void unit_text__products_and_exponents(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        const char *unit;
    } cases[] = {
        {"W/m^2", "W m-2"},
        {"W/m²", "W m-2"},
        {"W m-2", "W m-2"},
        {"W·m⁻²", "W m-2"},
        {"m/s²", "m s-2"},
        {"m/s^2", "m s-2"},
        {"m/s2", "m s-2"},
        {"m/s/s", "m s-2"},
        {"m s-2", "m s-2"},
        {"m/s**2", "m s-2"},
        {"N m", "N m"},
        {"N·m", "N m"},
        {"N*m", "N m"},
        {"N-m", "N m"},
        {"Nm", "N m"},
        {"nm", "nanometer"},
        {"kN·m", "kN m"},
        {"Ah", "A h"},
        {"mAh", "mA h"},
        {"A·h", "A h"},
        {"kWh", "kW h"},
        {"l/min", "l/min"},
        {"L/min", "l/min"},
        {"L/MIN", "l/min"},
        {"m³/h", "m3/h"},
        {"Nm³/h", "m3/h"},
        {"kg/m³", "kg m-3"},
        {"W/(m²·K)", "W m-2 K-1"},
        {"W/(m²K)", "W m-2 K-1"},
        {"W/m²K", "W m-2 K-1"},
        {"J/(kg·K)", "J kg-1 K-1"},
        {"J/(kg K)", "J kg-1 K-1"},
        {"1/min", "rpm"},
        {"min-1", "rpm"},
        {"min⁻¹", "rpm"},
        {"U/min", "rpm"},
        {"rev/min", "rpm"},
        {"1/s", "s-1"},
        {"s^-1", "s-1"},
        {"Deg C", "degC"},
        {"deg C", "degC"},
        {"° C", "degC"},
        {"ºC", "degC"},
        {"°C/min", "K/min"},
        {"deg C/min", "K/min"},
        {"VDC", "V"},
        {"V DC", "V"},
        {"mVDC", "mV"},
        {"V rms", "V"},
        {"OHM", "ohm"},
        {"kΩ", "kohm"},
        {"k Ohm", "kohm"},
        {"MOHM", "Mohm"},
        {"microstrain", "1e-6"},
        {"µε", "1e-6"},
        {"\u03bcε", "1e-6"},
        {"µm/m", "1e-6"},
        {"Volts", "V"},
        {"VOLTS", "V"},
        {"milliseconds", "ms"},
        {"Kilopascals", "kPa"},
        {"% RH", "%"},
        {"%RH", "%"},
        {"psig", "psi"},
        {"bar(g)", "bar"},
        {"mm Hg", "mm_Hg"},
        {"inHg", "inch_Hg"},
        {"BTU/h", "Btu/h"},
        {"ft-lb", "ft lbf"},
        {"MB/s", "1e6 byte/s"},
        {"KiB", "1024 byte"},
        {"counts/s", "count/s"},
        {"µmol/m²/s", "umol m-2 s-1"},
        {"µS/cm", "uS cm-1"},
        {"°/s", "degree/s"},
        {"V/V", "1"},
        {"sec.", "s"},
        {"km / h", "km/h"},
        {"mm per minute", "mm/min"},
        {"dBm", "dBm"},
        {"N/mm²", "MPa"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hb_unit_said said;
        if (!hb_unit_text(hb_str_of(cases[i].written), &said)) {
            fail_msg("'%s' is not known", cases[i].written);
        }
        if (!same_unit(said.text, cases[i].unit)) {
            fail_msg("'%s' is told as '%s', not %s", cases[i].written, said.text, cases[i].unit);
        }
    }
}

static void unit_text__words_that_udunits_would_take_are_none(void **state)
{
    (void)state;
    static const char *const words[] = {
        "PV",        "TC",        "Mar",
        "Dec",       "May",       "N/A",
        "S/N",       "A/B",       "I/O",
        "L/R",       "d/m",       "h:m:s",
        "h-m-s",     "s.d.",      "in A",
        "hh/mm",     "dd/mm",     "mm/dd",
        "TS",        "RN",        "Avg",
        "Smp",       "Min",       "Max",
        "raw",       "inlet",     "winding",
        "free text", "x",         "I",
        "U",         "V1",        "A2",
        "",          "-",         "2",
        "10",        "k",         "M",
        "cos φ",     "pH",        "set",
        "point",     "mean",      "abs",
        "(ms)",      "ms)",       "m//s",
        "/",         "m/",        "s since 1970-01-01",
        "1e3 V",     "lg(re mW)",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        hb_unit_said said;
        if (hb_unit_text(hb_str_of(words[i]), &said)) {
            fail_msg("'%s' was taken for %s", words[i], said.text);
        }
    }
}

static void unit_text__knows_what_the_alias_table_knows(void **state)
{
    (void)state;
    /* Told apart by the table only, or names of states. */
    static const char *const not_units[] = {"ratio", "fraction", "-",  "bool", "state",
                                            "pH",    "Np",       "UI", "rH",   "kAh"};
    hb_units *units = NULL;
    CHECK_OK(hb_units_open(&units, &err));
    for (size_t i = 0; i < hb_unit_row_count; i++) {
        const hb_unit_row *row = &hb_unit_rows[i];
        bool skip =
            row->kind == HB_UNIT_AMBIGUOUS || hb_str_starts(hb_str_of(row->spelling), "1e-");
        for (size_t k = 0; k < sizeof not_units / sizeof *not_units; k++) {
            skip = skip || strcmp(row->spelling, not_units[k]) == 0;
        }
        hb_unit_said said;
        if (!skip && !hb_unit_text(hb_str_of(row->spelling), &said)) {
            fail_msg("'%s' is in the alias table and not in the vocabulary", row->spelling);
        }
    }
    hb_units_close(units);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_text__every_word_is_read_by_udunits),
        cmocka_unit_test(unit_text__prefixes_are_those_of_udunits),
        cmocka_unit_test(unit_text__products_and_exponents),
        cmocka_unit_test(unit_text__words_that_udunits_would_take_are_none),
        cmocka_unit_test(unit_text__knows_what_the_alias_table_knows),
    };
    return cmocka_run_group_tests(tests, open_udunits, close_udunits);
}
