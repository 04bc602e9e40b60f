/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hb_base64_put(hb_buf *out, const void *p, size_t n)
{
    const uint8_t *b = p;
    char four[4];
    for (; n >= 3; n -= 3, b += 3) {
        uint32_t v = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
        for (unsigned i = 0; i < 4; i++) {
            four[i] = alphabet[v >> (18 - 6 * i) & 63];
        }
        hb_buf_add(out, four, 4);
    }
    if (n) {
        uint32_t v = (uint32_t)b[0] << 16 | (n == 2 ? (uint32_t)b[1] << 8 : 0);
        four[0] = alphabet[v >> 18];
        four[1] = alphabet[v >> 12 & 63];
        four[2] = n == 2 ? alphabet[v >> 6 & 63] : '=';
        four[3] = '=';
        hb_buf_add(out, four, 4);
    }
}

/* The digit each character stands for, and one; 0 = none. */
static const uint8_t digits_of[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

/* 64 = not of the alphabet. */
static unsigned digit(char c)
{
    unsigned d = digits_of[(uint8_t)c];
    return d ? d - 1 : 64;
}

/* Whole groups from the first, as far as they are of the alphabet; how many characters. Most of
 * what is read of a pack goes through here. */
static size_t whole_groups(const char *p, size_t n, uint8_t *out)
{
    const uint8_t *c = (const uint8_t *)p;
    size_t at = 0;
    for (; n - at >= 4; at += 4, out += 3) {
        uint32_t d[4];
        for (size_t i = 0; i < 4; i++) {
            d[i] = digits_of[c[at + i]];
        }
        if (!d[0] || !d[1] || !d[2] || !d[3]) {
            break;
        }
        uint32_t v = (d[0] - 1) << 18 | (d[1] - 1) << 12 | (d[2] - 1) << 6 | (d[3] - 1);
        out[0] = (uint8_t)(v >> 16);
        out[1] = (uint8_t)(v >> 8);
        out[2] = (uint8_t)v;
    }
    return at;
}

static hb_status bad(const char *what, size_t at, const char *why, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "%s is no base64: %s at byte %zu", what, why, at + 1);
}

hb_status hb_base64_read(hb_str text, const char *what, void *ret, size_t room, size_t *ret_n,
                         hb_error *err)
{
    if (text.n % 4) {
        return HB_FAIL(err, HB_E_INPUT,
                       "%s is no base64: %zu characters, expected a multiple of four with '=' at "
                       "the end",
                       what, text.n);
    }
    size_t padding = !text.n || text.p[text.n - 1] != '=' ? 0 : text.p[text.n - 2] != '=' ? 1 : 2;
    size_t n = HB_BASE64_BYTES(text.n) - padding;
    if (n > room) {
        return HB_FAIL(err, HB_E_LIMIT, "%s has %zu bytes, at most %zu", what, n, room);
    }
    uint8_t *out = ret;
    size_t at = whole_groups(text.p, text.n, out);
    size_t made = at / 4 * 3;
    for (; at < text.n; at += 4) {
        size_t digits = at + 4 == text.n ? 4 - padding : 4;
        uint32_t v = 0;
        for (size_t i = 0; i < 4; i++) {
            unsigned d = i < digits ? digit(text.p[at + i]) : 0;
            if (d == 64) {
                return bad(what, at + i, "a character outside its alphabet", err);
            }
            v = v << 6 | d;
        }
        if (digits < 4 && (v & (digits == 3 ? 0xffu : 0xffffu))) {
            return bad(what, at + digits - 1, "bits that belong to no byte", err);
        }
        for (size_t i = 0; i + 1 < digits; i++) {
            out[made++] = (uint8_t)(v >> (16 - 8 * i));
        }
    }
    *ret_n = made;
    return HB_OK;
}
