/* SPDX-License-Identifier: Apache-2.0 */
/* Flat objects in one pass over their bytes, without an allocation. Whatever it is not sure of it
 * leaves to the other parser: escapes, control characters, bytes that are no UTF-8, words other
 * than true, false and null, objects and arrays inside, a key that stands twice. */
#include "source/payload_json.h"

#include "base/num_swar.h"

#include <string.h>

static inline const char *blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) {
        p++;
    }
    return p;
}

static inline bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Behind the plain characters at p, eight at a time. A byte below 0x20 borrows from those above it,
 * so only the lowest mark is sure, and that is the one that is asked for. */
static inline const char *plain(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t w = hb_swar_load(p);
        uint64_t low = (w - HB_SWAR_EACH(0x20)) & ~w & HB_SWAR_EACH(0x80);
        uint64_t marks = low | (w & HB_SWAR_EACH(0x80)) | hb_swar_zeros(w ^ HB_SWAR_EACH('"')) |
                         hb_swar_zeros(w ^ HB_SWAR_EACH('\\'));
        if (marks) {
            return p + (unsigned)__builtin_ctzll(marks) / 8;
        }
        p += 8;
    }
    while (p < end && is_plain((unsigned char)*p)) {
        p++;
    }
    return p;
}

/* p is behind the opening quote. NULL = not here. */
static inline const char *string(const char *p, const char *end, hb_str *ret)
{
    const char *from = p;
    bool foreign = false;
    for (p = plain(p, end); p < end && (unsigned char)*p >= 0x80; p = plain(p + 1, end)) {
        foreign = true;
    }
    if (p == end || *p != '"') {
        return NULL;
    }
    *ret = (hb_str){from, (size_t)(p - from)};
    return foreign && hb_utf8_valid_prefix(*ret) != ret->n ? NULL : p + 1;
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

bool hb_json_flat_array(const char *p, const char *end, const char **ret_end)
{
    hb_jvalue members[HB_JSON_FLAT_MEMBERS];
    hb_jvalue v;
    size_t tokens = 2; /* as the other parser counts them, which has the last word on too many */
    bool more = p < end && *p == '[';
    while (more) {
        p = blanks(p + 1, end);
        if (!hb_json_flat(&p, end, members, &v)) {
            return false;
        }
        tokens += 4 * v.n + 3;
        p = blanks(p, end);
        more = p < end && *p == ',';
    }
    if (p == end || *p != ']' || tokens > HB_PAYLOAD_TOKENS_MAX || tokens == 2) {
        return false;
    }
    *ret_end = p + 1;
    return true;
}
