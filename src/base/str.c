/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

hb_str hb_str_of(const char *cstr)
{
    return cstr ? (hb_str){cstr, strlen(cstr)} : (hb_str){"", 0};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

hb_str hb_str_trim(hb_str s)
{
    for (;;) {
        if (s.n && is_blank(s.p[0])) {
            s.p++;
            s.n--;
        } else if (s.n >= 2 && (unsigned char)s.p[0] == 0xc2 && (unsigned char)s.p[1] == 0xa0) {
            s.p += 2;
            s.n -= 2;
        } else {
            break;
        }
    }
    for (;;) {
        if (s.n && is_blank(s.p[s.n - 1])) {
            s.n--;
        } else if (s.n >= 2 && (unsigned char)s.p[s.n - 2] == 0xc2 &&
                   (unsigned char)s.p[s.n - 1] == 0xa0) {
            s.n -= 2;
        } else {
            return s;
        }
    }
}

bool hb_str_eq(hb_str a, hb_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool hb_str_eq_c(hb_str a, const char *cstr)
{
    return hb_str_eq(a, hb_str_of(cstr));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool hb_str_ieq_c(hb_str a, const char *cstr)
{
    hb_str b = hb_str_of(cstr);
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

int hb_str_cmp(hb_str a, hb_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c != 0) {
        return c;
    }
    return a.n < b.n ? -1 : a.n > b.n;
}

bool hb_str_starts(hb_str s, const char *cstr)
{
    size_t n = strlen(cstr);
    return s.n >= n && memcmp(s.p, cstr, n) == 0;
}

bool hb_str_ends(hb_str s, const char *cstr)
{
    size_t n = strlen(cstr);
    return s.n >= n && memcmp(s.p + s.n - n, cstr, n) == 0;
}

size_t hb_str_find_ch(hb_str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : s.n;
}

size_t hb_utf8_next(hb_str s, uint32_t *ret_cp)
{
    if (s.n == 0) {
        return 0;
    }
    const unsigned char *u = (const unsigned char *)s.p;
    if (u[0] < 0x80) {
        *ret_cp = u[0];
        return 1;
    }
    size_t len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (u[0] < 0xc2 || u[0] > 0xf4 || s.n < len) {
        return 0;
    }
    uint32_t cp = u[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            return 0;
        }
        cp = cp << 6 | (u[i] & 0x3fu);
    }
    if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
        return 0;
    }
    *ret_cp = cp;
    return len;
}

size_t hb_utf8_valid_prefix(hb_str s)
{
    size_t at = 0;
    while (at < s.n) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next((hb_str){s.p + at, s.n - at}, &cp);
        if (len == 0) {
            break;
        }
        at += len;
    }
    return at;
}

unsigned hb_str_distance(hb_str a, hb_str b, unsigned max)
{
    enum { LONGEST = 64 };
    if (a.n > LONGEST || b.n > LONGEST) {
        return max + 1;
    }
    unsigned row[LONGEST + 1];
    for (size_t j = 0; j <= b.n; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned swap = diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1]));
            unsigned least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = swap < least ? swap : least;
        }
    }
    return row[b.n] > max ? max + 1 : row[b.n];
}

void hb_str_fit(const char *text, char *out, size_t size)
{
    size_t n = strnlen(text, size - 1);
    memcpy(out, text, n);
    out[n] = '\0';
}
