/* SPDX-License-Identifier: Apache-2.0 */
/* Flat objects in one pass over their bytes, without an allocation. Whatever it is not sure of it
 * leaves to the other parser: escapes, control characters, bytes that are no UTF-8, words other
 * than true, false and null, objects and arrays inside, a key that stands twice. */
#include "source/payload_json.h"

#include <string.h>

/* Of a byte in a string: 0 = plain, 1 = from here on it may be UTF-8, 2 = the string ends or is not
 * for this parser. */
#define PLAIN8 0, 0, 0, 0, 0, 0, 0, 0
#define HIGH16 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
#define STOP16 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2
static const uint8_t classes[256] = {
    STOP16, STOP16,                                                         /* control characters */
    0,      0,      2,      0,      0,      0,      0,      0,      PLAIN8, /* the quote */
    PLAIN8, PLAIN8, PLAIN8, PLAIN8, PLAIN8,                                 /* digits, capitals */
    0,      0,      0,      0,      2,      0,      0,      0, /* the backslash is 0x5c */
    PLAIN8, PLAIN8, PLAIN8, PLAIN8,                            /* small letters */
    HIGH16, HIGH16, HIGH16, HIGH16, HIGH16, HIGH16, HIGH16, HIGH16,
};

static inline const char *blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) {
        p++;
    }
    return p;
}

/* p is behind the opening quote. NULL = not here. */
static inline const char *string(const char *p, const char *end, hb_str *ret)
{
    const char *from = p;
    unsigned seen = 0;
    for (; p < end; p++) {
        unsigned c = classes[(unsigned char)*p];
        if (c == 2) {
            break;
        }
        seen |= c;
    }
    if (p == end || *p != '"') {
        return NULL;
    }
    *ret = (hb_str){from, (size_t)(p - from)};
    return seen && hb_utf8_valid_prefix(*ret) != ret->n ? NULL : p + 1;
}

static inline const char *digits(const char *p, const char *end)
{
    while (p < end && (unsigned)(unsigned char)*p - '0' <= 9) {
        p++;
    }
    return p;
}

/* RFC 8259's grammar. NULL = no such number. */
static inline const char *number(const char *p, const char *end, hb_str *ret)
{
    const char *from = p;
    p += *p == '-';
    const char *whole = p;
    p = digits(p, end);
    if (p == whole || (*whole == '0' && p - whole > 1)) {
        return NULL;
    }
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        p = digits(p, end);
        if (p == fraction) {
            return NULL;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        const char *exponent = p;
        p = digits(p, end);
        if (p == exponent) {
            return NULL;
        }
    }
    *ret = (hb_str){from, (size_t)(p - from)};
    return p;
}

static inline const char *word(const char *p, const char *end, hb_jvalue *m)
{
    static const struct {
        const char *text;
        size_t n;
        hb_jkind kind;
    } words[] = {{"true", 4, HB_J_TRUE}, {"false", 5, HB_J_FALSE}, {"null", 4, HB_J_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if ((size_t)(end - p) > words[i].n && memcmp(p, words[i].text, words[i].n) == 0) {
            m->kind = words[i].kind;
            return p + words[i].n;
        }
    }
    return NULL;
}

/* "key": scalar */
static inline const char *member(const char *p, const char *end, hb_jvalue *m)
{
    if (p == end || *p != '"' || !(p = string(p + 1, end, &m->key))) {
        return NULL;
    }
    p = blanks(p, end);
    if (p == end || *p != ':') {
        return NULL;
    }
    p = blanks(p + 1, end);
    if (p == end) {
        return NULL;
    }
    m->role = hb_key_role_of(m->key);
    m->text = (hb_str){"", 0};
    m->kids = NULL;
    m->n = 0;
    m->kind = HB_J_TEXT;
    if (*p == '"') {
        return string(p + 1, end, &m->text);
    }
    bool figure = *p == '-' || (*p >= '0' && *p <= '9');
    return figure ? number(p, end, &m->text) : word(p, end, m);
}

static inline bool is_new(const hb_jvalue *members, size_t n)
{
    const hb_str key = members[n].key;
    for (size_t i = 0; i < n; i++) {
        if (members[i].key.n == key.n && memcmp(members[i].key.p, key.p, key.n) == 0) {
            return false;
        }
    }
    return true;
}

bool hb_json_flat(const char **at, const char *end, hb_jvalue *members, hb_jvalue *ret)
{
    const char *p = *at;
    if (p == end || *p != '{') {
        return false;
    }
    p = blanks(p + 1, end);
    size_t n = 0;
    bool more = p < end && *p != '}';
    while (more) {
        if (n == HB_JSON_FLAT_MEMBERS || !(p = member(p, end, &members[n])) ||
            !is_new(members, n)) {
            return false;
        }
        n++;
        p = blanks(p, end);
        more = p < end && *p == ',';
        p = more ? blanks(p + 1, end) : p;
    }
    if (p == end || *p != '}') {
        return false;
    }
    *ret = (hb_jvalue){.kind = HB_J_OBJECT, .kids = members, .n = n};
    *at = p + 1;
    return true;
}
