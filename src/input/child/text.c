/* SPDX-License-Identifier: Apache-2.0 */
#include "input/child/text.h"

#include <string.h>

static void put_code(hb_buf *out, uint32_t c)
{
    if (c < 0x80) {
        hb_buf_ch(out, (char)c);
    } else if (c < 0x800) {
        hb_buf_ch(out, (char)(0xc0 | c >> 6));
        hb_buf_ch(out, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        hb_buf_ch(out, (char)(0xe0 | c >> 12));
        hb_buf_ch(out, (char)(0x80 | (c >> 6 & 0x3f)));
        hb_buf_ch(out, (char)(0x80 | (c & 0x3f)));
    } else {
        hb_buf_ch(out, (char)(0xf0 | c >> 18));
        hb_buf_ch(out, (char)(0x80 | (c >> 12 & 0x3f)));
        hb_buf_ch(out, (char)(0x80 | (c >> 6 & 0x3f)));
        hb_buf_ch(out, (char)(0x80 | (c & 0x3f)));
    }
}

void hb_text_clean(const char *p, size_t n, hb_buf *out)
{
    while (n && (p[n - 1] == '\0' || p[n - 1] == ' ')) {
        n--;
    }
    while (n) {
        size_t good = hb_utf8_valid_prefix((hb_str){p, n});
        const char *nul = memchr(p, '\0', good);
        good = nul ? (size_t)(nul - p) : good;
        hb_buf_add(out, p, good);
        p += good;
        n -= good;
        if (n) { /* a byte that belongs to no character, or a NUL */
            put_code(out, 0xfffd);
            p++;
            n--;
        }
    }
}

void hb_text_clean_utf16(const uint16_t *p, size_t n, size_t stride, hb_buf *out)
{
    while (n && (p[(n - 1) * stride] == 0 || p[(n - 1) * stride] == ' ')) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t c = p[i * stride];
        uint32_t low = i + 1 < n ? p[(i + 1) * stride] : 0;
        if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i++;
        } else if ((c >= 0xd800 && c < 0xe000) || c == 0) {
            c = 0xfffd;
        }
        put_code(out, c);
    }
}
