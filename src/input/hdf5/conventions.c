/* SPDX-License-Identifier: Apache-2.0 */
/* The climate and forecast conventions (CF), as NetCDF-4 files keep them: packed values, fill
 * values, and times as "hours since 1900-01-01 00:00:0.0", which become seconds since 1970. */
#include "input/hdf5/hdf5_internal.h"

#include <string.h>

typedef struct scan {
    const char *p;
    const char *end;
} scan;

/* A whole number of at most `most` digits; -1 = there is none. */
static int64_t number(scan *s, int most)
{
    int64_t v = 0;
    int n = 0;
    for (; n < most && s->p < s->end && *s->p >= '0' && *s->p <= '9'; n++) {
        v = v * 10 + (*s->p++ - '0');
    }
    return n ? v : -1;
}

static bool eat(scan *s, const char *any)
{
    bool there = s->p < s->end && strchr(any, *s->p);
    s->p += there;
    return there;
}

static void blanks(scan *s)
{
    while (eat(s, " ")) {
    }
}

/* h:m[:s[.f]], less strict than RFC 3339: one digit will do. */
static bool clock_of(scan *s, int64_t *io_seconds)
{
    int64_t h = number(s, 2);
    int64_t m = eat(s, ":") ? number(s, 2) : 0;
    int64_t sec = eat(s, ":") ? number(s, 2) : 0;
    if (eat(s, ".") && number(s, 9) > 0) {
        return false; /* an origin between two seconds */
    }
    *io_seconds += h * 3600 + m * 60 + sec;
    return h >= 0 && h < 24 && m >= 0 && m < 60 && sec >= 0 && sec < 60;
}

/* Nothing, UTC, Z, or an offset. */
static bool zone_of(scan *s, int64_t *io_seconds)
{
    blanks(s);
    size_t left = (size_t)(s->end - s->p);
    if (left == 0 || (left == 1 && *s->p == 'Z') ||
        (left == 3 && (memcmp(s->p, "UTC", 3) == 0 || memcmp(s->p, "GMT", 3) == 0))) {
        return true;
    }
    int64_t sign = *s->p == '-' ? 1 : -1; /* east of Greenwich it is earlier in UTC */
    if (!eat(s, "+-")) {
        return false;
    }
    int64_t h = number(s, 2);
    bool colon = eat(s, ":");
    int64_t m = s->p < s->end ? number(s, 2) : 0;
    (void)colon;
    *io_seconds += sign * (h * 3600 + m * 60);
    return h >= 0 && h < 24 && m >= 0 && m < 60 && s->p == s->end;
}

/* Seconds from 1970 to the origin. Before the Gregorian calendar the conventions' usual calendar
 * has other days than ours: such an origin is none. */
static bool origin_of(scan *s, int64_t *ret_seconds)
{
    enum { GREGORIAN_YEAR = 1583, DAY_S = 86400 };
    int64_t year = number(s, 4);
    int64_t month = eat(s, "-") ? number(s, 2) : -1;
    int64_t day = eat(s, "-") ? number(s, 2) : -1;
    if (year < GREGORIAN_YEAR || month < 1 || month > 12 || day < 1 || day > 31) {
        return false;
    }
    *ret_seconds = hb_days_from_civil(year, (unsigned)month, (unsigned)day) * DAY_S;
    if (eat(s, "T ")) {
        blanks(s);
        if (s->p < s->end && *s->p >= '0' && *s->p <= '9' && !clock_of(s, ret_seconds)) {
            return false;
        }
    }
    return zone_of(s, ret_seconds);
}

typedef struct time_word {
    const char *word;
    const char *unit;
    double seconds;
} time_word;

static const time_word *time_word_of(hb_str word)
{
    static const time_word words[] = {{"nanosecond", "ns", 1e-9},
                                      {"microsecond", "us", 1e-6},
                                      {"millisecond", "ms", 1e-3},
                                      {"second", "s", 1},
                                      {"minute", "min", 60},
                                      {"hour", "h", 3600},
                                      {"day", "d", 86400},
                                      {"msec", "ms", 1e-3},
                                      {"sec", "s", 1},
                                      {"min", "min", 60},
                                      {"hr", "h", 3600},
                                      {"ns", "ns", 1e-9},
                                      {"us", "us", 1e-6},
                                      {"ms", "ms", 1e-3},
                                      {"s", "s", 1},
                                      {"h", "h", 3600},
                                      {"d", "d", 86400}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        bool plural = word.n == n + 1 && n > 1 && word.p[n] == 's';
        if ((word.n == n || plural) && memcmp(word.p, words[i].word, n) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

/* Leap days as ours? No attribute: the usual calendar. */
static hb_status has_our_calendar(hb_tree *t, hid_t dataset, bool *ret, hb_error *err)
{
    static const char *const ours[] = {"standard", "gregorian", "proleptic_gregorian"};
    const char *name = "";
    size_t n = 0;
    HB_TRY(hb_h5_attribute_texts(t, dataset, "calendar", 1, &name, &n, err));
    *ret = n == 0;
    for (size_t i = 0; i < sizeof ours / sizeof *ours && !*ret; i++) {
        *ret = strcmp(name, ours[i]) == 0;
    }
    return HB_OK;
}

static hb_status read_origin(hb_tree *t, hid_t dataset, hb_var *v, hb_h5_source *s, hb_error *err)
{
    static const char since[] = " since ";
    const char *at = strstr(v->unit, since);
    const time_word *word = at ? time_word_of((hb_str){v->unit, (size_t)(at - v->unit)}) : NULL;
    bool our_calendar = false;
    int64_t origin = 0;
    if (!word) {
        return HB_OK;
    }
    scan rest = {at + strlen(since), v->unit + strlen(v->unit)};
    HB_TRY(has_our_calendar(t, dataset, &our_calendar, err));
    blanks(&rest);
    bool known = our_calendar && origin_of(&rest, &origin);
    v->unit = word->unit;
    if (known && (origin || word->seconds > 1)) {
        s->add = s->add * word->seconds + (double)origin;
        s->scale *= word->seconds;
        v->unit = "s";
    }
    if (v->labels) { /* the unit stood there as well; the reader's arena owns them */
        hb_frame_label *label = hb_arena_alloc(&t->arena, sizeof *label);
        if (!label) {
            return HB_NOMEM(err);
        }
        *label = (hb_frame_label){.name = v->labels[0].name, .unit = hb_str_of(v->unit)};
        v->labels = label;
    }
    return HB_OK;
}

hb_status hb_h5_conventions(hb_tree *t, hid_t dataset, hb_var *v, hb_h5_source *s, hb_error *err)
{
    s->scale = 1;
    s->add = 0;
    (void)hb_h5_attribute_number(dataset, "scale_factor", &s->scale);
    (void)hb_h5_attribute_number(dataset, "add_offset", &s->add);
    s->has_missing = hb_h5_attribute_number(dataset, "_FillValue", &s->missing) ||
                     hb_h5_attribute_number(dataset, "missing_value", &s->missing);
    bool column = s->n_fields == 1 && s->col_dim < 0 && s->fields[0].kind < HB_H5_FIXED_TEXT;
    return column ? read_origin(t, dataset, v, s, err) : HB_OK;
}
