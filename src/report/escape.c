/* SPDX-License-Identifier: Apache-2.0 */
#include "report/escape.h"

static bool invisible(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200b && cp <= 0x200f) ||
           (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff;
}

static const char *entity(uint32_t cp)
{
    static const struct {
        char c;
        const char *text;
    } rows[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (cp == (uint32_t)rows[i].c) {
            return rows[i].text;
        }
    }
    return NULL;
}

void hb_escape(hb_buf *out, const char *text)
{
    hb_str s = hb_str_of(text);
    while (s.n) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next(s, &cp);
        const char *as = len ? entity(cp) : "\xef\xbf\xbd";
        if (as) {
            hb_buf_c(out, as);
        } else if (invisible(cp)) {
            hb_buf_fmt(out, "⟨U+%04X⟩", (unsigned)cp);
        } else {
            hb_buf_add(out, s.p, len);
        }
        len = len ? len : 1;
        s = (hb_str){s.p + len, s.n - len};
    }
}
