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

/* 64 = not of the alphabet. */
static unsigned digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (unsigned)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0') + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : 64;
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
    size_t made = 0;
    for (size_t at = 0; at < text.n; at += 4) {
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
