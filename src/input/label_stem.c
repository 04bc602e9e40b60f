/* SPDX-License-Identifier: Apache-2.0 */
#include "input/label_stem.h"

#include <string.h>

enum { WORD_MAX = 40 };

typedef struct hint {
    const char *word; /* up to 3 letters: the whole word; 4: its start or end; more: anywhere */
    unsigned char quantity;
} hint;

/* clang-format off */
#define H(quantity, word) { word, HB_QUANTITY_##quantity }
/* clang-format on */
static const hint hints[] = {
    H(TIME, "time"),
    H(TIME, "zeit"),
    H(TIME, "temps"),
    H(TIME, "tiempo"),
    H(TIME, "tempo"),
    H(TIME, "elapsed"),
    H(TIME, "dur"),
    H(TIME, "duration"),
    H(TIME, "dauer"),
    H(TIME, "durée"),
    H(TIME, "delay"),
    H(TIME, "latenc"),
    H(TIME, "lag"),
    H(TIME, "period"),
    H(TIME, "interval"),
    H(TIME, "age"),
    H(TIME, "timeout"),
    H(TIME, "dt"),
    H(TIME, "settling"),
    H(TIME, "jitter"),
    H(TIME, "clock"),
    H(TIME, "hours"),
    H(TIME, "stunden"),
    H(TIME, "rtt"),
    H(TIME, "tau"),
    H(TEMPERATURE, "temp"),
    H(TEMPERATURE, "tmp"),
    H(TEMPERATURE, "temperat"),
    H(TEMPERATURE, "tempér"),
    H(TEMPERATURE, "therm"),
    H(TEMPERATURE, "tc"),
    H(TEMPERATURE, "dew"),
    H(TEMPERATURE, "taupunkt"),
    H(TEMPERATURE, "coolant"),
    H(TEMPERATURE, "ambient"),
    H(TEMPERATURE, "junction"),
    H(TEMPERATURE, "tair"),
    H(TEMPERATURE, "tcase"),
    H(TEMPERATURE, "tj"),
    H(TEMPERATURE, "ta"),
    H(TEMPERATURE, "rtd"),
    H(TEMPERATURE, "pt100"),
    H(TEMPERATURE, "oven"),
    H(TEMPERATURE, "chamber"),
    H(TEMPERATURE, "ofen"),
    H(TEMPERATURE, "heater"),
    H(VOLTAGE, "volt"),
    H(VOLTAGE, "voltage"),
    H(VOLTAGE, "spannung"),
    H(VOLTAGE, "tension"),
    H(VOLTAGE, "tensione"),
    H(VOLTAGE, "vdd"),
    H(VOLTAGE, "vcc"),
    H(VOLTAGE, "vbat"),
    H(VOLTAGE, "vin"),
    H(VOLTAGE, "vout"),
    H(VOLTAGE, "vbus"),
    H(VOLTAGE, "batt"),
    H(VOLTAGE, "supply"),
    H(VOLTAGE, "rail"),
    H(VOLTAGE, "bias"),
    H(VOLTAGE, "bus"),
    H(VOLTAGE, "ripple"),
    H(VOLTAGE, "ewe"),
    H(VOLTAGE, "ece"),
    H(VOLTAGE, "cell"),
    H(CURRENT, "curr"),
    H(CURRENT, "current"),
    H(CURRENT, "strom"),
    H(CURRENT, "courant"),
    H(CURRENT, "corrient"),
    H(CURRENT, "amp"),
    H(CURRENT, "leakage"),
    H(CURRENT, "ibat"),
    H(CURRENT, "idd"),
    H(CURRENT, "iout"),
    H(CURRENT, "iin"),
    H(CURRENT, "shunt"),
    H(POWER, "pow"),
    H(POWER, "power"),
    H(POWER, "leistung"),
    H(POWER, "puissance"),
    H(POWER, "potenz"),
    H(POWER, "potencia"),
    H(POWER, "watt"),
    H(POWER, "pwr"),
    H(FORCE, "force"),
    H(FORCE, "kraft"),
    H(FORCE, "load"),
    H(CURRENT, "load"),
    H(POWER, "load"),
    H(FORCE, "thrust"),
    H(FORCE, "schub"),
    H(FORCE, "pull"),
    H(FORCE, "weight"),
    H(FORCE, "drag"),
    H(FORCE, "lift"),
    H(FORCE, "fuerza"),
    H(FORCE, "fx"),
    H(FORCE, "fy"),
    H(FORCE, "fz"),
    H(FORCE, "preload"),
    H(FORCE, "last"),
    H(LENGTH, "len"),
    H(LENGTH, "length"),
    H(LENGTH, "länge"),
    H(LENGTH, "laenge"),
    H(LENGTH, "dist"),
    H(LENGTH, "depth"),
    H(LENGTH, "tiefe"),
    H(LENGTH, "height"),
    H(LENGTH, "höhe"),
    H(LENGTH, "hoehe"),
    H(LENGTH, "level"),
    H(LENGTH, "niveau"),
    H(LENGTH, "pegel"),
    H(LENGTH, "alt"),
    H(LENGTH, "altitude"),
    H(LENGTH, "elev"),
    H(LENGTH, "pos"),
    H(LENGTH, "position"),
    H(LENGTH, "disp"),
    H(LENGTH, "displac"),
    H(LENGTH, "width"),
    H(LENGTH, "breite"),
    H(LENGTH, "gap"),
    H(LENGTH, "travel"),
    H(LENGTH, "stroke"),
    H(LENGTH, "hub"),
    H(LENGTH, "weg"),
    H(LENGTH, "radius"),
    H(LENGTH, "diamet"),
    H(LENGTH, "durchmesser"),
    H(LENGTH, "thick"),
    H(LENGTH, "dicke"),
    H(LENGTH, "extens"),
    H(LENGTH, "crosshead"),
    H(LENGTH, "wavelen"),
    H(LENGTH, "rain"),
    H(LENGTH, "precip"),
    H(MASS, "mass"),
    H(MASS, "masse"),
    H(MASS, "weight"),
    H(MASS, "gewicht"),
    H(MASS, "poids"),
    H(ACCELERATION, "acc"),
    H(ACCELERATION, "accel"),
    H(ACCELERATION, "vib"),
    H(ACCELERATION, "vibrat"),
    H(ACCELERATION, "shock"),
    H(ACCELERATION, "beschl"),
    H(ACCELERATION, "ax"),
    H(ACCELERATION, "ay"),
    H(ACCELERATION, "az"),
    H(ENERGY, "energ"),
    H(ENERGY, "énerg"),
    H(ENERGY, "work"),
    H(ENERGY, "arbeit"),
    H(PRESSURE, "press"),
    H(PRESSURE, "pressure"),
    H(PRESSURE, "druck"),
    H(PRESSURE, "presion"),
    H(PRESSURE, "baro"),
    H(FREQUENCY, "freq"),
    H(FREQUENCY, "frequen"),
    H(FREQUENCY, "rate"),
    H(FREQUENCY, "speed"),
    H(FREQUENCY, "wind"),
    H(FREQUENCY, "veloc"),
    H(FREQUENCY, "geschw"),
    H(FREQUENCY, "drehzahl"),
    H(ANGLE, "angle"),
    H(ANGLE, "winkel"),
    H(ANGLE, "heading"),
    H(ANGLE, "yaw"),
    H(ANGLE, "pitch"),
    H(ANGLE, "roll"),
    H(ANGLE, "direction"),
    H(ANGLE, "phi"),
    H(ANGLE, "theta"),
    H(VOLUME, "vol"),
    H(VOLUME, "volume"),
    H(VOLUME, "volum"),
    H(VOLUME, "tank"),
    H(VOLUME, "fuel"),
    H(RESISTANCE, "resist"),
    H(RESISTANCE, "widerst"),
    H(RESISTANCE, "impedan"),
    H(RESISTANCE, "esr"),
    H(CONDUCTANCE, "conduct"),
    H(CONDUCTANCE, "leitf"),
    H(CAPACITANCE, "capacit"),
    H(CAPACITANCE, "kapazit"),
    H(INDUCTANCE, "induct"),
    H(CHARGE, "charge"),
    H(CHARGE, "ladung"),
    H(MAGNETIC, "mag"),
    H(MAGNETIC, "magnet"),
    H(MAGNETIC, "field"),
    H(MAGNETIC, "flux"),
    H(MAGNETIC, "feld"),
    H(RATIO, "humid"),
    H(RATIO, "feuchte"),
    H(RATIO, "ratio"),
    H(DATA, "size"),
    H(DATA, "bytes"),
    H(DATA, "memory"),
    H(DATA, "heap"),
    H(DATA, "buffer"),
};

/* Letters as formulas use them; what stands for two things hints at both. */
static unsigned letter_quantities(char c)
{
    switch (c) {
    case 't':
        return HB_STEM_BIT(HB_QUANTITY_TIME) | HB_STEM_BIT(HB_QUANTITY_TEMPERATURE);
    case 'T':
        return HB_STEM_BIT(HB_QUANTITY_TEMPERATURE) | HB_STEM_BIT(HB_QUANTITY_TIME);
    case 'U':
    case 'V':
    case 'u':
        return HB_STEM_BIT(HB_QUANTITY_VOLTAGE);
    case 'v':
        return HB_STEM_BIT(HB_QUANTITY_VOLTAGE) | HB_STEM_BIT(HB_QUANTITY_FREQUENCY);
    case 'I':
    case 'i':
        return HB_STEM_BIT(HB_QUANTITY_CURRENT);
    case 'P':
    case 'p':
        return HB_STEM_BIT(HB_QUANTITY_POWER) | HB_STEM_BIT(HB_QUANTITY_PRESSURE);
    case 'F':
        return HB_STEM_BIT(HB_QUANTITY_FORCE);
    case 'f':
        return HB_STEM_BIT(HB_QUANTITY_FREQUENCY) | HB_STEM_BIT(HB_QUANTITY_FORCE);
    case 'm':
        return HB_STEM_BIT(HB_QUANTITY_MASS);
    case 'x':
    case 'y':
    case 'z':
    case 's':
    case 'h':
    case 'd':
        return HB_STEM_BIT(HB_QUANTITY_LENGTH);
    case 'a':
        return HB_STEM_BIT(HB_QUANTITY_ACCELERATION);
    case 'B':
        return HB_STEM_BIT(HB_QUANTITY_MAGNETIC);
    case 'E':
    case 'W':
        return HB_STEM_BIT(HB_QUANTITY_ENERGY);
    case 'R':
        return HB_STEM_BIT(HB_QUANTITY_RESISTANCE);
    default:
        return 0;
    }
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The next word of *rest in small letters, without digits at its end; "elapsedTime" is two. */
static bool next_word(hb_str *rest, char word[WORD_MAX], size_t *ret_n)
{
    while (rest->n && !is_word_char(*rest->p)) {
        rest->p++;
        rest->n--;
    }
    size_t n = 0;
    while (n < rest->n && is_word_char(rest->p[n]) &&
           !(n && is_lower(rest->p[n - 1]) && is_upper(rest->p[n]))) {
        n++;
    }
    size_t kept = n < WORD_MAX - 1 ? n : WORD_MAX - 1;
    memcpy(word, rest->p, kept);
    while (kept > 1 && word[kept - 1] >= '0' && word[kept - 1] <= '9') {
        kept--;
    }
    for (size_t i = 0; kept > 1 && i < kept; i++) {
        word[i] = is_upper(word[i]) ? (char)(word[i] - 'A' + 'a') : word[i];
    }
    word[kept] = '\0';
    rest->p += n;
    rest->n -= n;
    *ret_n = kept;
    return n > 0;
}

static bool hinted(const char *word, size_t n, const char *hint_word)
{
    size_t k = strlen(hint_word);
    if (k > 4) {
        return strstr(word, hint_word) != NULL;
    }
    return n >= k &&
           (k < 4 ? n == k && memcmp(word, hint_word, k) == 0
                  : memcmp(word, hint_word, k) == 0 || memcmp(word + n - k, hint_word, k) == 0);
}

unsigned hb_stem_quantities(hb_str name)
{
    char word[WORD_MAX];
    size_t n = 0;
    unsigned found = 0;
    while (next_word(&name, word, &n)) {
        if (n == 1) {
            found |= letter_quantities(*word);
        }
        for (size_t i = 0; n > 1 && i < sizeof hints / sizeof *hints; i++) {
            found |= hinted(word, n, hints[i].word) ? HB_STEM_BIT(hints[i].quantity) : 0;
        }
    }
    return found;
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool hb_stem_enumerates(hb_str name)
{
    static const char *const words[] = {
        "phase",   "channel", "ch",      "kanal",  "sensor",   "probe", "group", "gruppe",
        "type",    "typ",     "class",   "klasse", "port",     "line",  "bank",  "set",
        "side",    "version", "rev",     "sample", "probe",    "site",  "zone",  "slot",
        "station", "unit",    "variant", "option", "part",     "plan",  "axis",  "achse",
        "module",  "modul",   "node",    "cell",   "inverter", "motor", "pump",  "pumpe",
        "voie",    "canal",   "winding", "leg",    "batch"};
    char word[WORD_MAX];
    char last[WORD_MAX] = "";
    size_t n = 0;
    while (next_word(&name, word, &n)) {
        memcpy(last, word, n + 1);
    }
    return is_one_of(last, words, sizeof words / sizeof *words);
}

bool hb_stem_is_epoch(hb_str name)
{
    static const char *const words[] = {"epoch", "unix", "posix", "timestamp",
                                        "stamp", "utc",  "ts"};
    char word[WORD_MAX];
    size_t n = 0;
    while (next_word(&name, word, &n)) {
        if (is_one_of(word, words, sizeof words / sizeof *words)) {
            return true;
        }
    }
    return false;
}
