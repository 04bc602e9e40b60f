/* SPDX-License-Identifier: Apache-2.0 */
#include "input/text/encoding.h"

#include <string.h>

static const struct {
    const char *name;
    const char *mark;
    size_t mark_bytes;
    const char *why;
} rows[HB_ENCODING_COUNT_] = {
    [HB_ENCODING_ASCII] = {"ascii", "", 0, "no byte from 0x80 on"},
    [HB_ENCODING_UTF8] = {"utf-8", "", 0, "its bytes from 0x80 on are well-formed UTF-8"},
    [HB_ENCODING_UTF8_BOM] = {"utf-8-bom", "\xef\xbb\xbf", 3, "it begins with a byte order mark"},
    [HB_ENCODING_UTF16LE_BOM] = {"utf-16le-bom", "\xff\xfe", 2, "it begins with a byte order mark"},
    [HB_ENCODING_UTF16BE_BOM] = {"utf-16be-bom", "\xfe\xff", 2, "it begins with a byte order mark"},
    [HB_ENCODING_UTF16LE] = {"utf-16le", "", 0, "every second byte is NUL"},
    [HB_ENCODING_UTF16BE] = {"utf-16be", "", 0, "every second byte is NUL"},
    [HB_ENCODING_WINDOWS_1252] = {"windows-1252", "", 0,
                                  "bytes from 0x80 on that are no UTF-8; other one-byte encodings "
                                  "cannot be told from it"},
};

const char *hb_encoding_name(hb_encoding e)
{
    return rows[e].name;
}

size_t hb_encoding_mark_bytes(hb_encoding e)
{
    return rows[e].mark_bytes;
}

const char *hb_encoding_why(hb_encoding e)
{
    return rows[e].why;
}

bool hb_encoding_is_utf16(hb_encoding e)
{
    return e == HB_ENCODING_UTF16LE_BOM || e == HB_ENCODING_UTF16BE_BOM ||
           e == HB_ENCODING_UTF16LE || e == HB_ENCODING_UTF16BE;
}

static bool is_control(unsigned c)
{
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
}

/* UTF-16 without a mark: most of one half's bytes are NUL, hardly any of the other's, and the
 * other's are text. Small numbers of 16 bits look alike but for the control characters. */
static bool halves_say_utf16(hb_str head, size_t high)
{
    size_t pairs = head.n / 2;
    size_t high_nul = 0;
    size_t low_nul = 0;
    size_t control = 0;
    for (size_t i = 0; i < pairs; i++) {
        unsigned char h = (unsigned char)head.p[2 * i + high];
        unsigned char l = (unsigned char)head.p[2 * i + (1 - high)];
        high_nul += h == 0;
        low_nul += l == 0;
        control += h == 0 && is_control(l);
    }
    return pairs >= 2 && high_nul * 10 >= pairs * 7 && low_nul * 50 <= pairs &&
           control * 50 <= pairs;
}

static hb_encoding by_bytes(hb_str head, bool whole)
{
    size_t good = 0;
    size_t bad = 0;
    for (size_t i = 0; i < head.n;) {
        if ((unsigned char)head.p[i] < 0x80) {
            i++;
            continue;
        }
        uint32_t cp = 0;
        size_t n = hb_utf8_next((hb_str){head.p + i, head.n - i}, &cp);
        bool cut = n == 0 && !whole && head.n - i < 4; /* the head may end inside a character */
        good += n > 0;
        bad += n == 0 && !cut;
        i += n ? n : 1;
    }
    if (good + bad == 0) {
        return HB_ENCODING_ASCII;
    }
    return good >= bad ? HB_ENCODING_UTF8 : HB_ENCODING_WINDOWS_1252;
}

static hb_status check_text(hb_str head, const char *path, hb_error *err)
{
    const char *nul = head.n ? memchr(head.p, '\0', head.n) : NULL;
    if (nul) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' holds a NUL byte at offset %llu: it is binary or damaged", path,
                       (unsigned long long)(nul - head.p));
    }
    size_t odd = 0;
    for (size_t i = 0; i < head.n; i++) {
        odd += is_control((unsigned char)head.p[i]);
    }
    if (odd > 2 && odd > head.n / 50) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is binary: %zu of its first %zu bytes are control characters", path,
                       odd, head.n);
    }
    return HB_OK;
}

hb_status hb_encoding_guess(hb_str head, bool whole, const char *path, hb_encoding *ret,
                            hb_error *err)
{
    if (head.n >= 4 &&
        (memcmp(head.p, "\xff\xfe\0\0", 4) == 0 || memcmp(head.p, "\0\0\xfe\xff", 4) == 0)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is UTF-32 text, which is not read; convert it: %s",
                       path, "iconv -f UTF-32 -t UTF-8 FILE");
    }
    for (int e = 0; e < HB_ENCODING_COUNT_; e++) {
        if (rows[e].mark_bytes && head.n >= rows[e].mark_bytes &&
            memcmp(head.p, rows[e].mark, rows[e].mark_bytes) == 0) {
            *ret = (hb_encoding)e;
            return HB_OK;
        }
    }
    if (halves_say_utf16(head, 1) || halves_say_utf16(head, 0)) {
        *ret = halves_say_utf16(head, 1) ? HB_ENCODING_UTF16LE : HB_ENCODING_UTF16BE;
        return HB_OK;
    }
    HB_TRY(check_text(head, path, err));
    *ret = by_bytes(head, whole);
    return HB_OK;
}
