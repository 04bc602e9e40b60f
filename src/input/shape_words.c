/* SPDX-License-Identifier: Apache-2.0 */
/* What people write over columns and in front of header rows. */
#include "input/shape.h"

#include <string.h>

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool in_words(hb_str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (hb_str_ieq_c(s, words[i])) {
            return true;
        }
    }
    return false;
}

#define IN_WORDS(s, words) in_words((s), (words), sizeof(words) / sizeof *(words))

bool hb_shape_is_unit(hb_str s)
{
    /* Symbols as they stand; words in any case. */
    static const char symbols[] =
        " s ms us \xc2\xb5s \xce\xbcs ns min h hr d V mV kV uV \xc2\xb5V "
        "VDC VAC Vdc Vac Vrms Vpp A mA uA "
        "\xc2\xb5"
        "A kA Arms W mW kW VA var Ohm OHM kOhm \xe2\x84\xa6 \xce\xa9 F "
        "uF nF pF H mH uH Hz kHz MHz GHz "
        "C \xc2\xb0"
        "C \xc2\xb0"
        "F K degC degF DegC Pa hPa kPa MPa bar mbar psi psig psia N kN "
        "mN Nm N.m N\xc2\xb7m kNm lbf lb kg g mg m mm "
        "cm um \xc2\xb5m nm km in ft m/s mm/s km/h m/s^2 m/s2 "
        "m/s\xc2\xb2 rpm 1/min min-1 rad rad/s deg \xc2\xb0 % "
        "%RH ppm ppb dB dBm dBA l/min L/min l/h L/h ml/min slpm sccm "
        "m3/h J kJ Wh kWh Ah mAh lx mV/V "
        "\xc2\xb5\xce\xb5 ue m/m um/m cts degT yr mo dy hr mn W/m^2 W/m2 ";
    static const char *const words[] = {
        "volts",   "volt",      "amps",    "amp",     "ampere",  "amperes",   "watt",
        "watts",   "ohms",      "ohm",     "sec",     "secs",    "second",    "seconds",
        "msec",    "usec",      "minutes", "hours",   "days",    "deg c",     "deg f",
        "degrees", "degrees c", "celsius", "kelvin",  "kelvins", "degrees f", "degrees celsius",
        "percent", "pct",       "newton",  "newtons", "meters",  "metres",    "microstrain",
        "hertz",   "counts",    "count",   "pascal",  "pascals", "fahrenheit"};
    char room[24];
    s = hb_shape_unbracket(s);
    if (s.n == 0 || s.n > sizeof room - 3) {
        return false;
    }
    room[0] = ' ';
    memcpy(room + 1, s.p, s.n);
    room[s.n + 1] = ' ';
    room[s.n + 2] = 0;
    return (hb_str_find_ch(s, ' ') == s.n && strstr(symbols, room)) || IN_WORDS(s, words);
}

bool hb_shape_is_no_unit(hb_str s)
{
    static const char *const words[] = {"-",  "--",           "---", "TS",       "RN",
                                        "1",  "none",         "n/a", "unitless", "n.a.",
                                        "na", "\xe2\x80\x94", "text"};
    s = hb_shape_unbracket(s);
    return s.n == 0 || IN_WORDS(s, words);
}

bool hb_shape_is_kind(hb_str s)
{
    static const char *const words[] = {
        "avg",     "smp",     "min",     "max",    "tot",    "std",     "mean",     "inst",
        "sample",  "total",   "median",  "rms",    "raw",    "double",  "single",   "float",
        "float32", "float64", "int",     "int16",  "int32",  "int64",   "uint8",    "uint16",
        "uint32",  "uint64",  "integer", "string", "bool",   "boolean", "datetime", "numeric",
        "real",    "logical", "average", "analog", "digital"};
    return IN_WORDS(hb_shape_unbracket(s), words);
}

/* Does the folded text hold the word? Bounds are anything but letters. */
static bool has_word(hb_str s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.n; i++) {
        bool free_before = i == 0 || !letter(s.p[i - 1]);
        bool free_behind = i + n == s.n || !letter(s.p[i + n]);
        if (free_before && free_behind && hb_str_ieq_c((hb_str){s.p + i, n}, word)) {
            return true;
        }
    }
    return false;
}

hb_row_title hb_shape_row_title(hb_str s)
{
    static const char *const names[] = {"name",     "names",     "channel name", "signal name",
                                        "variable", "signal",    "channel",      "bezeichnung",
                                        "kanal",    "kanalname", "nom",          "nombre"};
    static const char *const units[] = {"unit",      "units",        "einheit",
                                        "einheiten", "unit\xc3\xa9", "unit\xc3\xa9s",
                                        "unidad",    "unidades",     "uom"};
    static const char *const other[] = {
        "type",  "description", "descriptions", "comment",  "path",   "sensor",    "range",
        "scale", "offset",      "typ",          "datatype", "origin", "kommentar", "label"};
    s = hb_str_trim(s);
    while (s.n && s.p[s.n - 1] == ':') {
        s.n--;
    }
    if (s.n == 0 || s.n > 40) {
        return HB_TITLE_NONE;
    }
    bool one_word = hb_str_find_ch(s, ' ') == s.n;
    if (one_word && s.n > 4 && s.n <= 12 && hb_str_ieq_c((hb_str){s.p + s.n - 4, 4}, "unit")) {
        return HB_TITLE_UNITS; /* VUnit */
    }
    if (one_word && s.n > 4 && s.n <= 12 && hb_str_ieq_c((hb_str){s.p + s.n - 4, 4}, "name")) {
        return HB_TITLE_NAMES; /* TraceName */
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (has_word(s, units[i])) {
            return HB_TITLE_UNITS;
        }
    }
    return IN_WORDS(s, names)   ? HB_TITLE_NAMES
           : IN_WORDS(s, other) ? HB_TITLE_OTHER
                                : HB_TITLE_NONE;
}
