/* SPDX-License-Identifier: Apache-2.0 */
#include "input/text/source.h"

#include "base/cpu.h"
#include "base/mem.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#if HB_X86
#include <immintrin.h>
#endif

enum { RAW_BYTES = 1 << 16, MARK_MOST = 4, SPILL_BYTES = 64 };

/* ways of reading: PLAIN → CONVERTED or STRAY at the first byte that is no UTF-8 */
typedef enum way {
    WAY_PLAIN,     /* straight into the caller's room, checked there */
    WAY_CONVERTED, /* raw bytes through iconv */
    WAY_STRAY,     /* raw bytes, UTF-8 kept, others through iconv one by one */
} way;

struct hb_text {
    hb_stream *stream;
    const char *path;
    hb_encoding encoding;
    way way;
    iconv_t cd;
    bool cd_open;
    char raw[RAW_BYTES];
    size_t raw_at;
    size_t raw_n;
    uint64_t offset; /* in the decompressed file, of what is read from the stream next */
    bool end;
    char tail[MARK_MOST]; /* PLAIN: a character that was cut by the end of a read */
    size_t tail_n;
    bool held;               /* a 0x1A that may be the last byte */
    char spill[SPILL_BYTES]; /* read, but there was no room for it */
    size_t spill_at;
    size_t spill_n;
    bool any_utf8;
    uint64_t strays;
    uint64_t damaged;
};

static hb_status open_converter(hb_text *t, const char *from, hb_error *err)
{
    t->cd = iconv_open("UTF-8", from);
    t->cd_open = t->cd != (iconv_t)-1;
    return t->cd_open ? HB_OK
                      : HB_FAIL(err, HB_E_INPUT,
                                "'%s' is %s text, which this system's C library cannot convert",
                                t->path, from);
}

static hb_status read_raw(hb_text *t, char *p, size_t n, size_t *ret_n, hb_error *err)
{
    HB_TRY(hb_stream_read(t->stream, p, n, ret_n, err));
    t->offset += *ret_n;
    t->end = t->end || *ret_n == 0;
    return HB_OK;
}

static hb_status nul_at(const hb_text *t, uint64_t offset, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "'%s' holds a NUL byte at offset %llu: it is binary or damaged",
                   t->path, (unsigned long long)offset);
}

#if HB_X86
/* As many of the bytes from i on as are ASCII and not NUL, in steps of 64. */
HB_AVX2 static size_t skip_ascii_avx2(const char *p, size_t i, size_t n)
{
    const __m256i zero = _mm256_setzero_si256();
    for (; i + 64 <= n; i += 64) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + i + 32));
        __m256i high = _mm256_or_si256(a, b);
        __m256i nul = _mm256_cmpeq_epi8(_mm256_min_epu8(a, b), zero);
        if (_mm256_movemask_epi8(_mm256_or_si256(high, nul))) {
            break;
        }
    }
    return i;
}
#endif

/* First byte from i on that is NUL or beyond ASCII, eight at a time. */
static size_t skip_ascii(const char *p, size_t i, size_t n)
{
#if HB_X86
    if (hb_cpu_avx2()) {
        i = skip_ascii_avx2(p, i, n);
    }
#endif
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = 0x8080808080808080u;
    for (; i + 8 <= n; i += 8) {
        uint64_t w = 0;
        memcpy(&w, p + i, 8);
        if ((w | (w - ones)) & highs) { /* exact in the absence of bytes from 0x80 on */
            break;
        }
    }
    while (i < n && p[i] != 0 && (unsigned char)p[i] < 0x80) {
        i++;
    }
    return i;
}

/* Could these bytes become a character with more to come? */
static bool is_begun(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    bool begun = u[0] >= 0xc2 && u[0] <= 0xf4 && n < len;
    for (size_t i = 1; begun && i < n; i++) {
        begun = (u[i] & 0xc0) == 0x80;
    }
    return begun;
}

static hb_status leave_plain(hb_text *t, const char *rest, size_t n, hb_error *err)
{
    const char *nul = memchr(rest, 0, n);
    if (nul) {
        return nul_at(t, t->offset - n + (uint64_t)(nul - rest), err);
    }
    memcpy(t->raw, rest, n);
    t->raw_at = 0;
    t->raw_n = n;
    t->way = t->any_utf8 ? WAY_STRAY : WAY_CONVERTED;
    t->encoding = t->any_utf8 ? t->encoding : HB_ENCODING_WINDOWS_1252;
    return open_converter(t, "WINDOWS-1252", err);
}

static hb_status read_plain(hb_text *t, char *p, size_t n, size_t *ret_n, hb_error *err)
{
    size_t have = t->tail_n;
    size_t got = 0;
    memcpy(p, t->tail, have); /* MARK_MOST bytes at most: there is room */
    t->tail_n = 0;
    HB_TRY(read_raw(t, p + have, (n < RAW_BYTES ? n : RAW_BYTES) - have, &got, err));
    have += got;
    size_t i = skip_ascii(p, 0, have);
    while (i < have) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next((hb_str){p + i, have - i}, &cp);
        if (p[i] == 0) {
            return nul_at(t, t->offset - (have - i), err);
        }
        if (len == 0) {
            *ret_n = i;
            if (t->end || !is_begun(p + i, have - i)) {
                return leave_plain(t, p + i, have - i, err);
            }
            t->tail_n = have - i;
            memcpy(t->tail, p + i, t->tail_n);
            return HB_OK;
        }
        t->encoding = t->encoding == HB_ENCODING_ASCII ? HB_ENCODING_UTF8 : t->encoding;
        t->any_utf8 = true;
        i = skip_ascii(p, i + len, have);
    }
    *ret_n = have;
    return HB_OK;
}

/* Moves the rest to the front and reads on; a NUL among the new bytes is refused. */
static hb_status fill(hb_text *t, hb_error *err)
{
    size_t got = 0;
    t->raw_n -= t->raw_at;
    memmove(t->raw, t->raw + t->raw_at, t->raw_n);
    t->raw_at = 0;
    HB_TRY(read_raw(t, t->raw + t->raw_n, RAW_BYTES - t->raw_n, &got, err));
    uint64_t first = t->offset - got - t->raw_n; /* of raw[0] */
    size_t i = t->raw_n;
    t->raw_n += got;
    if (hb_encoding_is_utf16(t->encoding)) {
        for (i -= i % 2; i + 2 <= t->raw_n; i += 2) { /* units stand at even places of raw */
            if (t->raw[i] == 0 && t->raw[i + 1] == 0) {
                return nul_at(t, first + i, err);
            }
        }
        return HB_OK;
    }
    const char *nul = got ? memchr(t->raw + i, 0, got) : NULL;
    return nul ? nul_at(t, first + (uint64_t)(nul - t->raw), err) : HB_OK;
}

/* One character that nothing stands for. */
static void replace(hb_text *t, char **out, size_t *left, size_t skip)
{
    memcpy(*out, "\xef\xbf\xbd", 3);
    *out += 3;
    *left -= 3;
    t->raw_at += skip < t->raw_n - t->raw_at ? skip : t->raw_n - t->raw_at;
    t->damaged++;
}

static hb_status convert(hb_text *t, char *p, size_t n, size_t *ret_n, hb_error *err)
{
    char *out = p;
    size_t left = n;
    size_t unit = hb_encoding_is_utf16(t->encoding) ? 2 : 1;
    while (left >= 8) {
        if (t->raw_at == t->raw_n) {
            HB_TRY(fill(t, err));
            if (t->raw_n == 0) {
                break;
            }
        }
        char *in = t->raw + t->raw_at;
        size_t rest = t->raw_n - t->raw_at;
        size_t ok = iconv(t->cd, &in, &rest, &out, &left);
        int why = ok == (size_t)-1 ? errno : 0;
        t->raw_at = t->raw_n - rest;
        if (why == E2BIG) {
            break;
        }
        if (why == EINVAL && !t->end) { /* a character is cut by the end of what was read */
            HB_TRY(fill(t, err));
        } else if (why && left >= 8) {
            replace(t, &out, &left, unit);
        }
    }
    *ret_n = n - left;
    return HB_OK;
}

static hb_status read_stray(hb_text *t, char *p, size_t n, size_t *ret_n, hb_error *err)
{
    char *out = p;
    size_t left = n;
    while (left >= 8) {
        if (t->raw_n - t->raw_at < MARK_MOST && !t->end) {
            HB_TRY(fill(t, err));
        }
        if (t->raw_at == t->raw_n) {
            break;
        }
        uint32_t cp = 0;
        char *in = t->raw + t->raw_at;
        size_t one = 1;
        size_t len = hb_utf8_next((hb_str){in, t->raw_n - t->raw_at}, &cp);
        if (len) {
            memcpy(out, in, len);
            out += len;
            left -= len;
            t->raw_at += len;
        } else if (iconv(t->cd, &in, &one, &out, &left) == (size_t)-1) {
            replace(t, &out, &left, 1);
        } else {
            t->raw_at++;
            t->strays++;
        }
    }
    *ret_n = n - left;
    return HB_OK;
}

static hb_status read_any(hb_text *t, char *p, size_t n, size_t *ret_n, hb_error *err)
{
    *ret_n = 0;
    while (*ret_n == 0) {
        bool ended = t->end;
        switch (t->way) {
        case WAY_PLAIN:
            HB_TRY(read_plain(t, p, n, ret_n, err));
            break;
        case WAY_CONVERTED:
            HB_TRY(convert(t, p, n, ret_n, err));
            break;
        case WAY_STRAY:
            HB_TRY(read_stray(t, p, n, ret_n, err));
            break;
        }
        if (*ret_n == 0 && ended) {
            break;
        }
    }
    return HB_OK;
}

/* Whole characters into room for some of them. */
static hb_status read_held(hb_text *t, char *p, size_t n, size_t *ret_n, hb_error *err)
{
    for (;;) {
        size_t held = t->held;
        size_t got = 0;
        p[0] = 0x1a;
        HB_TRY(read_any(t, p + held, n - held, &got, err));
        t->held = got && p[held + got - 1] == 0x1a;
        *ret_n = got ? held + got - t->held : 0;
        if (*ret_n || got == 0) {
            return HB_OK;
        }
    }
}

hb_status hb_text_read(hb_text *t, char *p, size_t n, size_t *ret_n, hb_error *err)
{
    if (t->spill_at == t->spill_n && n >= SPILL_BYTES) {
        return read_held(t, p, n, ret_n, err);
    }
    if (t->spill_at == t->spill_n) {
        t->spill_at = 0;
        HB_TRY(read_held(t, t->spill, SPILL_BYTES, &t->spill_n, err));
    }
    size_t k = t->spill_n - t->spill_at;
    *ret_n = k < n ? k : n;
    memcpy(p, t->spill + t->spill_at, *ret_n);
    t->spill_at += *ret_n;
    return HB_OK;
}

static hb_status start(hb_text *t, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(t->stream, RAW_BYTES, &head, err));
    HB_TRY(hb_encoding_guess(head, head.n < RAW_BYTES, t->path, &t->encoding, err));
    size_t mark = hb_encoding_mark_bytes(t->encoding);
    while (mark) {
        char skipped[MARK_MOST];
        size_t got = 0;
        HB_TRY(read_raw(t, skipped, mark, &got, err));
        mark -= got < mark ? got : mark;
    }
    if (hb_encoding_is_utf16(t->encoding)) {
        bool big = t->encoding == HB_ENCODING_UTF16BE || t->encoding == HB_ENCODING_UTF16BE_BOM;
        t->way = WAY_CONVERTED;
        return open_converter(t, big ? "UTF-16BE" : "UTF-16LE", err);
    }
    t->any_utf8 = t->encoding == HB_ENCODING_UTF8 || t->encoding == HB_ENCODING_UTF8_BOM;
    if (t->encoding == HB_ENCODING_WINDOWS_1252) {
        t->way = WAY_CONVERTED;
        return open_converter(t, "WINDOWS-1252", err);
    }
    return HB_OK;
}

hb_status hb_text_open(hb_stream *stream, hb_text **ret_text, hb_error *err)
{
    hb_text *t = hb_alloc_zero(sizeof *t);
    if (!t) {
        return HB_NOMEM(err);
    }
    t->stream = stream;
    t->path = hb_stream_path(stream);
    hb_status status = start(t, err);
    if (status != HB_OK) {
        hb_text_close(t);
        return status;
    }
    *ret_text = t;
    return HB_OK;
}

void hb_text_close(hb_text *t)
{
    if (t) {
        if (t->cd_open) {
            iconv_close(t->cd);
        }
        hb_free(t);
    }
}

hb_encoding hb_text_encoding(const hb_text *t)
{
    return t->encoding;
}

uint64_t hb_text_strays(const hb_text *t)
{
    return t->strays;
}

uint64_t hb_text_damaged(const hb_text *t)
{
    return t->damaged;
}
