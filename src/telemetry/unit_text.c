/* SPDX-License-Identifier: Apache-2.0 */
/* text    = whole | product
 * product = factor { operator factor }       operator: / * . - blank, or none after an exponent
 * factor  = "(" product ")" | [prefix] word [exponent] */
#include "telemetry/unit_text.h"

#include "telemetry/unit_words.h"

#include <string.h>

enum { WRITTEN_MAX = 48, FACTORS = 8 };

typedef struct text {
    char p[WRITTEN_MAX * 2];
    size_t n;
} text;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One spelling for what looks alike. Longer ones first. */
static const struct {
    const char *from;
    const char *to;
} same[] = {
    {"\xce\xbc", "µ"}, {"º", "°"},        {"˚", "°"},      {"−", "-"},      {"·", "."},
    {"⋅", "."},        {"×", "."},        {"∙", "."},      {"²", "2"},      {"³", "3"},
    {"⁻", "-"},        {"¹", "1"},        {"**", "^"},     {"\t", " "},     {"\r", " "},
    {"\n", " "},       {"\u00a0", " "},   {"\u202f", " "}, {"\u2009", " "}, {" per ", "/"},
    {"deg C", "degC"}, {"deg F", "degF"}, {"° C", "°C"},   {"° F", "°F"},
};

static bool normalise(hb_str written, text *ret)
{
    written = hb_str_trim(written);
    while (written.n > 1 && written.p[written.n - 1] == '.') {
        written.n--;
    }
    if (written.n == 0 || written.n > WRITTEN_MAX || hb_utf8_valid_prefix(written) != written.n) {
        return false;
    }
    ret->n = 0;
    for (size_t i = 0; i < written.n;) {
        hb_str rest = {written.p + i, written.n - i};
        size_t k = 0;
        while (k < sizeof same / sizeof *same && !hb_str_starts(rest, same[k].from)) {
            k++;
        }
        const char *add = k < sizeof same / sizeof *same ? same[k].to : NULL;
        size_t n = add ? strlen(add) : 1;
        add = add ? add : rest.p;
        if (!(n == 1 && *add == ' ' && ret->n && ret->p[ret->n - 1] == ' ')) {
            memcpy(ret->p + ret->n, add, n);
            ret->n += n;
        }
        i += k < sizeof same / sizeof *same ? strlen(same[k].from) : 1;
    }
    return true;
}

typedef struct prefix {
    const char *symbol;
    const char *name;
    const char *udunits;
    int power;
    unsigned short bit;
} prefix;

static const prefix no_prefix = {"", "", "", 0, 0};
static const prefix prefixes[] = {
    {"f", "femto", "f", -15, HB_PREFIX_FEMTO}, {"p", "pico", "p", -12, HB_PREFIX_PICO},
    {"n", "nano", "n", -9, HB_PREFIX_NANO},    {"µ", "micro", "u", -6, HB_PREFIX_MICRO},
    {"u", "micro", "u", -6, HB_PREFIX_MICRO},  {"m", "milli", "m", -3, HB_PREFIX_MILLI},
    {"c", "centi", "c", -2, HB_PREFIX_CENTI},  {"d", "deci", "d", -1, HB_PREFIX_DECI},
    {"da", "deca", "da", 1, HB_PREFIX_DECA},   {"h", "hecto", "h", 2, HB_PREFIX_HECTO},
    {"k", "kilo", "k", 3, HB_PREFIX_KILO},     {"M", "mega", "M", 6, HB_PREFIX_MEGA},
    {"G", "giga", "G", 9, HB_PREFIX_GIGA},     {"T", "tera", "T", 12, HB_PREFIX_TERA},
};
enum { PREFIXES = sizeof prefixes / sizeof *prefixes };

typedef struct factor {
    const hb_unit_word *word; /* NULL: in parentheses */
    const prefix *prefix;     /* no_prefix = none */
    size_t n;                 /* bytes of the text */
} factor;

/* "volts", "Millivolt": case does not count, a plural s neither. */
static bool match_name(hb_str s, const hb_unit_word *w, const prefix **ret_prefix)
{
    bool plural = s.n > 2 && (s.p[s.n - 1] == 's' || s.p[s.n - 1] == 'S');
    hb_str single = {s.p, s.n - plural};
    if ((s.n == w->n && hb_str_ieq_c(s, w->said)) ||
        (single.n == w->n && hb_str_ieq_c(single, w->said))) {
        *ret_prefix = &no_prefix;
        return true;
    }
    size_t before = single.n - w->n; /* bytes of the prefix: deci … micro */
    if (single.n < w->n + 4u || before > 5 || w->n < 4 || is_digit(*w->udunits) ||
        !hb_str_ieq_c((hb_str){single.p + before, w->n}, w->said)) {
        return false;
    }
    for (size_t i = 0; i < PREFIXES; i++) {
        if (hb_str_ieq_c((hb_str){single.p, before}, prefixes[i].name)) {
            *ret_prefix = &prefixes[i];
            return true;
        }
    }
    return false;
}

static bool match_symbol(hb_str s, const hb_unit_word *w, const prefix **ret_prefix)
{
    if (hb_str_eq_c(s, w->said)) {
        *ret_prefix = &no_prefix;
        return !(w->flags & HB_WORD_PREFIXED);
    }
    for (size_t i = 0; w->prefixes && i < PREFIXES; i++) {
        size_t n = strlen(prefixes[i].symbol);
        if ((w->prefixes & prefixes[i].bit) && hb_str_starts(s, prefixes[i].symbol) &&
            hb_str_eq_c((hb_str){s.p + n, s.n - n}, w->said)) {
            *ret_prefix = &prefixes[i];
            return true;
        }
    }
    return false;
}

/* The whole of s as one word. Symbols as they stand go before prefixed ones and names: "min" is a
 * minute, "Pa" no pico-anything. */
static bool find_word(hb_str s, bool whole, factor *ret)
{
    *ret = (factor){.prefix = &no_prefix, .n = s.n};
    const hb_unit_word *found = NULL;
    for (size_t i = 0; s.n && i < hb_unit_word_count; i++) {
        const hb_unit_word *w = &hb_unit_words[i];
        const prefix *found_prefix = &no_prefix;
        /* Most words are out by their length (prefixes of symbols take 2 bytes) or their end. */
        bool name = w->flags & HB_WORD_NAME;
        char end = (char)(s.p[s.n - 1] | 0x20);
        if (s.n < w->n || (s.n > (size_t)w->n + 2 && !name) ||
            (end != (w->said[w->n - 1] | 0x20) && !(name && end == 's'))) {
            continue;
        }
        bool fits = w->flags & HB_WORD_WHOLE  ? whole && hb_str_eq_c(s, w->said)
                    : w->flags & HB_WORD_NAME ? match_name(s, w, &found_prefix)
                                              : match_symbol(s, w, &found_prefix);
        if (fits && (!found || (ret->prefix->bit && !found_prefix->bit))) {
            found = w;
            ret->word = w;
            ret->prefix = found_prefix;
        }
        if (found && !ret->prefix->bit && !(found->flags & HB_WORD_NAME)) {
            return true;
        }
    }
    return found != NULL;
}

/* The longest word at the start of s that ends where a word can end. */
static bool next_word(hb_str s, factor *ret)
{
    size_t longest = 0;
    while (longest < s.n && longest < 24 && !strchr(" /*()^", s.p[longest])) {
        longest++;
    }
    for (size_t n = longest; n > 0; n--) {
        bool inside = n < s.n && is_letter(s.p[n]) && !is_digit(s.p[n - 1]);
        bool half = n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80;
        if (!inside && !half && find_word((hb_str){s.p, n}, false, ret)) {
            return true;
        }
    }
    return false;
}

typedef struct product {
    hb_unit_said *out;
    size_t n;
    factor factors[FACTORS];
    char operators[FACTORS]; /* before each factor; 0 before the first */
    bool powers[FACTORS];
    size_t n_factors;
} product;

static bool put(product *p, const char *s)
{
    size_t n = strlen(s);
    if (p->n + n >= HB_UNIT_TEXT) {
        return false;
    }
    memcpy(p->out->text + p->n, s, n + 1);
    p->n += n;
    return true;
}

/* "2", "-1", "^2", "^(-1)"; the bytes it takes, 0 = none. */
static size_t exponent(hb_str s, char out[4])
{
    size_t i = s.n && s.p[0] == '^';
    size_t k = 0;
    bool bracket = i && i < s.n && s.p[i] == '(';
    i += bracket;
    if (i < s.n && s.p[i] == '-') {
        out[k++] = '-';
        i++;
    }
    bool digit = i < s.n && is_digit(s.p[i]) && s.p[i] != '0';
    if (digit) {
        out[k++] = s.p[i++];
    }
    bool closed = !bracket || (i < s.n && s.p[i] == ')');
    i += bracket;
    if (!digit || !closed || (i < s.n && is_digit(s.p[i]))) {
        out[0] = '\0';
        return 0;
    }
    out[k] = '\0';
    return i;
}

static bool put_factor(product *p, char op, const factor *f, const char *power)
{
    const char *ut = f->word->udunits;
    bool composite = strpbrk(ut, " ./") != NULL || is_digit(*ut);
    bool wrap = composite && (op == '/' || *power);
    return put(p, op == 0     ? ""
                  : op == '/' ? "/"
                              : ".") &&
           put(p, wrap ? "(" : "") && put(p, f->prefix->udunits) && put(p, ut) &&
           put(p, wrap ? ")" : "") && put(p, power);
}

static size_t skip_blanks(hb_str s, size_t at)
{
    while (at < s.n && s.p[at] == ' ') {
        at++;
    }
    return at;
}

/* The operator at *at with blanks around it; 0 = none. m2K is m2.K. */
static char operator_at(hb_str s, size_t *at, bool after_power)
{
    size_t i = skip_blanks(s, *at);
    bool blank = i > *at;
    if (i < s.n && strchr("/*.-", s.p[i])) {
        *at = skip_blanks(s, i + 1);
        return s.p[i];
    }
    *at = i;
    return blank ? ' ' : after_power && i < s.n ? '.' : 0;
}

static bool parse_product(product *p, hb_str s)
{
    size_t at = 0;
    char op = 0;
    bool open = false;
    if (hb_str_starts(s, "1/") && put(p, "1")) {
        at = 2;
        op = '/';
    }
    for (;;) {
        factor f;
        char power[4] = "";
        char before = op;
        if (at < s.n && s.p[at] == '(') {
            if (open || op != '/' || !put(p, "/(")) {
                return false;
            }
            open = true;
            before = 0;
            at++;
        }
        if (p->n_factors == FACTORS || !next_word((hb_str){s.p + at, s.n - at}, &f)) {
            return false;
        }
        at += f.n;
        size_t n = exponent((hb_str){s.p + at, s.n - at}, power);
        at += n;
        if (!put_factor(p, before, &f, power)) {
            return false;
        }
        p->operators[p->n_factors] = op;
        p->powers[p->n_factors] = n > 0;
        p->factors[p->n_factors++] = f;
        if (open && at < s.n && s.p[at] == ')') {
            open = !put(p, ")");
            at++;
        }
        if (at == s.n) {
            return !open;
        }
        op = operator_at(s, &at, n > 0);
        if (op == 0 || at >= s.n) {
            return false;
        }
    }
}

static bool is_capital(const factor *f)
{
    return f->n == 1 && f->word->said[0] >= 'A' && f->word->said[0] <= 'Z';
}

/* N/A, S/N, A/B, L/R, d/m, h-m-s, s.d. and "in A" are no units, though their letters are. */
static bool believable(const product *p, hb_str s)
{
    static const char *const quotients[] = {"V/A", "A/V", "V/V", "J/K", "W/K", "V/K", "A/W",
                                            "V/W", "V.A", "V A", "W/W", "A/A", "A.V", "V-A"};
    const factor *first = &p->factors[0];
    if (p->n_factors < 2) {
        /* V1, V2, A2 are the second of something. */
        return !(is_capital(first) && p->powers[0] && is_digit(s.p[first->n]));
    }
    bool letters = p->n_factors == 2 && is_capital(first) && is_capital(&p->factors[1]) &&
                   !p->powers[0] && !p->powers[1];
    for (size_t i = 0; letters && i < sizeof quotients / sizeof *quotients; i++) {
        letters = !hb_str_eq_c(s, quotients[i]);
    }
    bool clock = first->word->quantity == HB_QUANTITY_TIME && !first->prefix->bit && !p->powers[0];
    for (size_t i = 0; i < p->n_factors; i++) {
        const hb_unit_word *w = p->factors[i].word;
        bool loose = p->operators[i] == ' ' || (i + 1 < p->n_factors && p->operators[i + 1] == ' ');
        bool other = (w->flags & HB_WORD_NAME) ||
                     ((w->flags & HB_WORD_LETTER) && !strchr("smhVANWJK", w->said[0]));
        if (loose && other && !p->powers[i] && !p->factors[i].prefix->bit) {
            return false;
        }
    }
    return !letters && !clock;
}

static void tell(hb_unit_said *ret, const factor *f, size_t n_factors, bool power)
{
    bool one = n_factors == 1 && !power;
    ret->quantity = one ? (hb_quantity)f->word->quantity : HB_QUANTITY_OTHER;
    ret->base = one ? f->word->udunits : NULL;
    ret->power = one ? f->prefix->power : 0;
    ret->letter = one && (f->word->flags & HB_WORD_LETTER) && !f->prefix->bit;
    ret->name = one && (f->word->flags & HB_WORD_NAME);
}

static bool put_word(hb_unit_said *ret, const factor *f)
{
    product p = {.out = ret};
    tell(ret, f, 1, false);
    return put_factor(&p, 0, f, "");
}

bool hb_unit_text(hb_str written, hb_unit_said *ret)
{
    text t;
    if (!normalise(written, &t)) {
        return false;
    }
    text close = {.n = 0};
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] != ' ') {
            close.p[close.n++] = t.p[i];
        }
    }
    hb_str spaced = hb_str_trim((hb_str){t.p, t.n});
    hb_str tight = {close.p, close.n};
    factor f;
    *ret = (hb_unit_said){0};
    if (find_word(spaced, true, &f) ||
        (find_word(tight, true, &f) && (f.word->flags & HB_WORD_WHOLE))) {
        return put_word(ret, &f);
    }
    product p = {.out = ret};
    if (parse_product(&p, spaced) && believable(&p, spaced)) {
        tell(ret, &p.factors[0], p.n_factors, p.powers[0] || hb_str_starts(spaced, "1/"));
        return true;
    }
    /* "V DC", "in Hg": one word with a blank in it. */
    *ret = (hb_unit_said){0};
    return t.n != close.n && !(p.n_factors && believable(&p, spaced) && p.n == 0) &&
           find_word(tight, false, &f) && !(f.word->flags & HB_WORD_LETTER) && f.n > 2 &&
           put_word(ret, &f);
}
