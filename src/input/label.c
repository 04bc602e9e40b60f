/* SPDX-License-Identifier: Apache-2.0 */
/* The ways a unit is put to a name, tried from the plainest to the vaguest: in brackets, behind a
 * comma, a slash or "in", as the end of the name, as the name itself. What is found must be a unit
 * of unit_text.h and believable at this place: symbols are, lone letters must go with the name. */
#include "input/label.h"

#include "input/label_fit.h"
#include "input/label_stem.h"

#include <string.h>

static const struct {
    const char *how;
    double confidence;
} places[] = {
    [HB_LABEL_SQUARE] = {"in square brackets", 0.98},
    [HB_LABEL_ROUND] = {"in brackets", 0.95},
    [HB_LABEL_AMID] = {"in brackets amid the name", 0.8},
    [HB_LABEL_COMMA] = {"after a comma", 0.9},
    [HB_LABEL_SLASH] = {"after a slash", 0.9},
    [HB_LABEL_TIGHT] = {"after a slash", 0.7},
    [HB_LABEL_IN] = {"after 'in'", 0.85},
    [HB_LABEL_SUFFIX] = {"name suffix", 0.7},
    [HB_LABEL_BLANK] = {"after a blank", 0.6},
    [HB_LABEL_ITSELF] = {"the name itself", 0.6},
};

static hb_str cut(hb_str s, size_t from, size_t to)
{
    return hb_str_trim((hb_str){s.p + from, to - from});
}

typedef struct splitter {
    hb_units *units;
    hb_arena *arena;
    hb_str header;
    hb_label *ret;
    bool done;
    bool no_memory;
} splitter;

/* Without the marks that stood between name and unit, and with blanks for line breaks. */
static hb_str tidy(splitter *s, hb_str a, hb_str b)
{
    while (a.n && hb_label_has(",;:/_-= \t\r\n", a.p[a.n - 1])) {
        a.n--;
    }
    a = hb_str_trim(a);
    bool broken = hb_str_find_ch(a, '\n') < a.n || hb_str_find_ch(a, '\r') < a.n;
    if (!b.n && !broken) {
        return a;
    }
    char *out = hb_arena_alloc(s->arena, a.n + b.n + 2);
    if (!out) {
        s->no_memory = true;
        return a;
    }
    size_t n = 0;
    for (size_t i = 0; i < a.n; i++) {
        char c = hb_label_has("\r\n\t", a.p[i]) ? ' ' : a.p[i];
        if (!(c == ' ' && n && out[n - 1] == ' ')) {
            out[n++] = c;
        }
    }
    if (b.n) {
        bool mark = n == 0 || hb_label_has("_,;:", *b.p);
        n += mark ? 0 : 1;
        if (!mark) {
            out[n - 1] = ' ';
        }
        memcpy(out + n, b.p, b.n);
        n += b.n;
    }
    return (hb_str){out, n};
}

static void take(splitter *s, hb_str label, hb_str rest, hb_str written, const char *unit,
                 hb_label_place at, double confidence)
{
    label = tidy(s, label, rest);
    size_t n = strlen(unit);
    char *kept = hb_arena_strndup(s->arena, unit, n);
    s->no_memory = s->no_memory || !kept;
    *s->ret = (hb_label){.label = label.n ? label : s->header,
                         .unit = {kept ? kept : "", kept ? n : 0},
                         .written = written,
                         .how = places[at].how,
                         .confidence = confidence};
    s->done = true;
}

static bool try_unit(splitter *s, hb_str stem, hb_str rest, hb_str written, hb_label_place at)
{
    hb_unit_said said;
    if (!hb_unit_text(written, &said)) {
        return false;
    }
    hb_label_by_name(stem, written, &said);
    if (!hb_label_fits(written, stem, at, &said)) {
        return false;
    }
    double less = said.letter && !(hb_stem_quantities(stem) & HB_STEM_BIT(said.quantity)) ? 0.1 : 0;
    take(s, stem, rest, written, said.text, at, places[at].confidence - less);
    return true;
}

static void drop(splitter *s, hb_str stem, hb_str rest)
{
    hb_str label = tidy(s, stem, rest);
    *s->ret = (hb_label){.label = label.n ? label : s->header};
    s->done = true;
}

/* The place of the bracket that closes at s.p[close], or s.n. */
static size_t opener(hb_str s, size_t close)
{
    char c = s.p[close];
    char o = c == ']' ? '[' : c == ')' ? '(' : c == '}' ? '{' : c == '>' ? '<' : 0;
    size_t depth = 0;
    for (size_t i = close + 1; o && i-- > 0;) {
        depth += s.p[i] == c;
        depth -= s.p[i] == o && depth;
        if (depth == 0) {
            return i;
        }
    }
    return s.n;
}

static bool contains(hb_str s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.n; i++) {
        if (hb_str_ieq_c((hb_str){s.p + i, n}, word)) {
            return true;
        }
    }
    return false;
}

static bool is_serial_note(hb_str s)
{
    return contains(s, "S/N:") || contains(s, "S/N ") || contains(s, "SN:") ||
           contains(s, "serial");
}

static bool is_zone(hb_str s)
{
    return (hb_str_starts(s, "GMT") || hb_str_starts(s, "UTC")) &&
           (s.n == 3 || hb_label_has("+-0123456789 ", s.p[3]) || (unsigned char)s.p[3] >= 0x80);
}

static bool is_dash(hb_str s)
{
    return hb_str_eq_c(s, "-") || hb_str_eq_c(s, "--") || hb_str_eq_c(s, "–") ||
           hb_str_eq_c(s, "—") || hb_str_eq_c(s, "/");
}

/* "°C, avg", "bar abs": the unit first, then how it was taken. */
static hb_str without_qualifier(hb_str s)
{
    static const char *const words[] = {"avg", "mean", "min",   "max",  "rms",  "abs",
                                        "rel", "peak", "gauge", "std",  "smp",  "filtered",
                                        "raw", "ist",  "soll",  "abs.", "rel.", "absolute"};
    size_t at = s.n;
    while (at > 0 && s.p[at - 1] != ' ' && s.p[at - 1] != ',') {
        at--;
    }
    hb_str last = {s.p + at, s.n - at};
    for (size_t i = 0; at > 1 && i < sizeof words / sizeof *words; i++) {
        if (hb_str_ieq_c(last, words[i])) {
            hb_str first = {s.p, at};
            while (first.n && hb_label_has(" ,;", first.p[first.n - 1])) {
                first.n--;
            }
            return first;
        }
    }
    return s;
}

/* In square brackets nearly everything is a unit: UDUNITS is asked for what the vocabulary lacks.
 */
static bool known_to_udunits(const splitter *s, hb_str written)
{
    bool small = written.n >= 3 && hb_label_is_ascii(written);
    for (size_t i = 0; i < written.n; i++) {
        char c = written.p[i];
        small = small && ((c >= 'a' && c <= 'z') || hb_label_has("/^.", c) ||
                          (i && hb_label_has("0123456789-", c)));
    }
    return small && hb_units_check(s->units, written, NULL) == HB_OK;
}

static bool try_bracket(splitter *s, hb_str stem, hb_str rest, hb_str written, hb_label_place at)
{
    if (is_dash(written) || (is_zone(written) && at != HB_LABEL_AMID)) {
        drop(s, stem, rest);
        return true;
    }
    bool index = hb_str_eq_c(written, "1") &&
                 (at != HB_LABEL_SQUARE || !stem.n || !hb_label_has(" \n", stem.p[stem.n]));
    hb_str bare = without_qualifier(written);
    if (index) {
        return false;
    }
    if (try_unit(s, stem, rest, written, at) ||
        (bare.n < written.n && try_unit(s, stem, rest, bare, at))) {
        return true;
    }
    if (at == HB_LABEL_SQUARE && known_to_udunits(s, written)) {
        char text[HB_UNIT_TEXT] = "";
        if (written.n >= sizeof text) {
            return false;
        }
        memcpy(text, written.p, written.n);
        take(s, stem, rest, written, text, at, 0.8);
        return true;
    }
    return false;
}

static void in_brackets(splitter *s, hb_str h)
{
    /* From the last bracket to the first: "Torque (M) [Nm]". */
    for (size_t i = h.n; !s->done && i-- > 0;) {
        size_t open = hb_label_has("])}>", h.p[i]) ? opener(h, i) : h.n;
        if (open == h.n) {
            continue;
        }
        hb_str stem = cut(h, 0, open);
        hb_str rest = cut(h, i + 1, h.n);
        hb_label_place at = rest.n          ? HB_LABEL_AMID
                            : h.p[i] == ']' ? HB_LABEL_SQUARE
                                            : HB_LABEL_ROUND;
        if (!try_bracket(s, stem, rest, cut(h, open + 1, i), at)) {
            i = open;
        }
    }
}

static void after_slash(splitter *s, hb_str h)
{
    for (size_t i = 1; !s->done && i + 1 < h.n; i++) {
        if (h.p[i] != '/') {
            continue;
        }
        bool spaced = h.p[i - 1] == ' ' || h.p[i + 1] == ' ' || h.p[i - 1] == '\n';
        hb_str written = cut(h, i + 1, h.n);
        if (written.n > 2 && *written.p == '(' && written.p[written.n - 1] == ')') {
            written = cut(written, 1, written.n - 1);
        }
        if (spaced && is_dash(written)) {
            drop(s, cut(h, 0, i), (hb_str){"", 0});
            return;
        }
        /* "m/s²" is a unit itself, "t/s" a time in seconds. */
        hb_unit_said unit;
        bool named = hb_unit_text(written, &unit) &&
                     (hb_stem_quantities(cut(h, 0, i)) & HB_STEM_BIT(unit.quantity));
        if (!spaced && !named && hb_unit_text(h, &unit)) {
            continue;
        }
        if (try_unit(s, cut(h, 0, i), (hb_str){"", 0}, written,
                     spaced ? HB_LABEL_SLASH : HB_LABEL_TIGHT)) {
            return;
        }
    }
}

static void after_comma(splitter *s, hb_str h)
{
    for (size_t i = h.n; !s->done && i-- > 1;) {
        if (h.p[i] != ',') {
            continue;
        }
        hb_str written = cut(h, i + 1, h.n);
        if (is_zone(written)) {
            drop(s, cut(h, 0, i), (hb_str){"", 0});
        } else {
            (void)try_unit(s, cut(h, 0, i), (hb_str){"", 0}, written, HB_LABEL_COMMA);
        }
        return;
    }
}

static void after_in(splitter *s, hb_str h)
{
    for (size_t i = h.n; !s->done && i-- > 4;) {
        hb_str before = {h.p, i};
        if (h.p[i] == ' ' && (hb_str_ends(before, " in") || hb_str_ends(before, " en"))) {
            (void)try_unit(s, cut(h, 0, i - 3), (hb_str){"", 0}, cut(h, i + 1, h.n), HB_LABEL_IN);
        }
    }
}

/* flow_l_min, wind_m_s: two words are a quotient. */
static bool quotient_suffix(splitter *s, hb_str h, size_t last)
{
    static const char *const rows[][2] = {
        {"m_s", "m/s"},     {"km_h", "km/h"},        {"l_min", "l/min"}, {"L_min", "l/min"},
        {"l_h", "l/h"},     {"ml_min", "ml/min"},    {"m3_h", "m3/h"},   {"kg_h", "kg/h"},
        {"kg_s", "kg/s"},   {"g_s", "g/s"},          {"W_m2", "W/m2"},   {"kg_m3", "kg/m3"},
        {"rad_s", "rad/s"}, {"deg_s", "degree/s"},   {"m_s2", "m/s2"},   {"mm_s", "mm/s"},
        {"V_us", "V/us"},   {"mg_l", "mg/l"},        {"uS_cm", "uS/cm"}, {"mm_min", "mm/min"},
        {"K_min", "K/min"}, {"degC_min", "degC/min"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i][0]);
        hb_str name = {h.p, last};
        if (name.n > n + 1 && hb_str_ends(name, rows[i][0]) && name.p[name.n - n - 1] == '_') {
            take(s, cut(name, 0, name.n - n - 1), (hb_str){"", 0}, cut(name, name.n - n, name.n),
                 rows[i][1], HB_LABEL_SUFFIX, places[HB_LABEL_SUFFIX].confidence);
            return true;
        }
    }
    return false;
}

static size_t last_mark(hb_str h, const char *marks)
{
    size_t i = h.n;
    while (i > 0 && !hb_label_has(marks, h.p[i - 1])) {
        i--;
    }
    return i;
}

static bool is_statistic(hb_str s)
{
    static const char *const words[] = {"avg", "min", "max", "mean", "std", "smp",
                                        "tot", "med", "sum", "rms",  "peak"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_ieq_c(s, words[i])) {
            return true;
        }
    }
    return s.n == 3 && (*s.p == 'p' || *s.p == 'P') && hb_label_has("0123456789", s.p[1]) &&
           hb_label_has("0123456789", s.p[2]);
}

static void as_suffix(splitter *s, hb_str h)
{
    size_t end = h.n;
    size_t at = last_mark(h, "_");
    /* T_degC_Avg: without the unit in its middle the name would be another. */
    if (at > 1 && is_statistic((hb_str){h.p + at, h.n - at}) &&
        last_mark((hb_str){h.p, at - 1}, "_") > 0 && !hb_str_ends(h, "_min")) {
        end = at - 1;
        at = last_mark((hb_str){h.p, end}, "_");
    }
    if (at < 2 || at >= end || quotient_suffix(s, h, end)) {
        return;
    }
    hb_str stem = {h.p, at - 1};
    hb_str written = {h.p + at, end - at};
    hb_unit_said said;
    if (hb_stem_is_epoch(stem) && hb_unit_text(written, &said) &&
        said.quantity == HB_QUANTITY_TIME) {
        drop(s, stem, (hb_str){"", 0}); /* ms since 1970 is a date, no length of time */
        return;
    }
    if (try_unit(s, stem, (hb_str){"", 0}, written, HB_LABEL_SUFFIX) && end < h.n) {
        s->ret->label = h;
    }
}

static void after_blank(splitter *s, hb_str h)
{
    hb_unit_said said;
    size_t path = hb_str_find_ch(h, ' ') == h.n ? last_mark(h, ".") : 0; /* meas.rpm */
    hb_str itself = {h.p + path, h.n - path};
    bool unit = hb_unit_text(itself, &said);
    if (unit && hb_label_fits(itself, (hb_str){"", 0}, HB_LABEL_ITSELF, &said)) {
        take(s, h, (hb_str){"", 0}, itself, said.text, HB_LABEL_ITSELF,
             places[HB_LABEL_ITSELF].confidence);
        return;
    }
    size_t at = last_mark(h, " \n");
    if (unit || at < 2) {
        return;
    }
    hb_str rest = cut(h, at, h.n);
    if (rest.n > 1 || hb_label_has("%", *rest.p)) {
        (void)try_unit(s, cut(h, 0, at - 1), (hb_str){"", 0}, rest, HB_LABEL_BLANK);
    }
}

hb_status hb_label_split(hb_str header, hb_units *units, hb_arena *arena, hb_label *ret,
                         hb_error *err)
{
    header = hb_str_trim(header);
    hb_label found = {.label = header};
    splitter s = {.units = units, .arena = arena, .header = header, .ret = &found};
    static void (*const ways[])(splitter *, hb_str) = {in_brackets, after_comma, after_slash,
                                                       after_in,    as_suffix,   after_blank};
    hb_str h = header;
    size_t open = h.n && hb_label_has("])", h.p[h.n - 1]) ? opener(h, h.n - 1) : h.n;
    if (open < h.n && is_serial_note(cut(h, open, h.n))) {
        h = cut(h, 0, open);
    }
    for (size_t i = 0; h.n && !s.done && i < sizeof ways / sizeof *ways; i++) {
        ways[i](&s, h);
    }
    if (!s.done) {
        found.label = h.n ? tidy(&s, h, (hb_str){"", 0}) : header;
        found.label = found.label.n ? found.label : header;
    }
    if (s.no_memory) {
        return HB_NOMEM(err);
    }
    *ret = found;
    return HB_OK;
}

hb_status hb_label_unit(hb_str cell, hb_units *units, hb_arena *arena, hb_str *ret_unit,
                        hb_error *err)
{
    cell = hb_str_trim(cell);
    bool square = false;
    for (int layers = 0; layers < 2 && cell.n > 1 && hb_label_has("])}>", cell.p[cell.n - 1]) &&
                         opener(cell, cell.n - 1) == 0;
         layers++) {
        square = cell.p[cell.n - 1] == ']';
        cell = cut(cell, 1, cell.n - 1);
    }
    if (hb_str_starts(cell, "in ") && cell.n > 3) {
        hb_unit_said whole;
        cell = hb_unit_text(cell, &whole) ? cell : cut(cell, 3, cell.n);
    }
    hb_unit_said said;
    hb_str bare = without_qualifier(cell);
    splitter s = {.units = units};
    bool figure = cell.n == 1 && *cell.p == '1' && !square;
    bool found = !figure && (hb_unit_text(cell, &said) || hb_unit_text(bare, &said));
    const char *text = found ? said.text : "";
    size_t n = strlen(text);
    if (!found && square && known_to_udunits(&s, cell)) {
        text = cell.p;
        n = cell.n;
    }
    char *kept = hb_arena_strndup(arena, text, n);
    if (!kept) {
        return HB_NOMEM(err);
    }
    *ret_unit = (hb_str){kept, n};
    return HB_OK;
}
