/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of every encoding to UTF-8, read in pieces of every size. What the characters are is taken
 * from the Unicode tables of windows-1252 and from RFC 2781 by hand. */
#include "support/check.h"
#include "support/memory_file.h"

#include "base/cpu.h"
#include "input/text/eol.h"
#include "input/text/source.h"

#include <stdio.h>
#include <stdlib.h>

#define S(lit) lit, sizeof(lit) - 1

typedef struct text_case {
    const char *in;
    size_t n;
    const char *out;
    size_t out_n;
    hb_encoding first; /* as opened */
    hb_encoding last;  /* as read */
    uint64_t strays;
    uint64_t damaged;
} text_case;

static const text_case cases[] = {
    {S("a,b\n1,2\n"), S("a,b\n1,2\n"), HB_ENCODING_ASCII, HB_ENCODING_ASCII, 0, 0},
    {S("T \xc2\xb0\x43\n"), S("T \xc2\xb0\x43\n"), HB_ENCODING_UTF8, HB_ENCODING_UTF8, 0, 0},
    {S("\xef\xbb\xbfT\n"), S("T\n"), HB_ENCODING_UTF8_BOM, HB_ENCODING_UTF8_BOM, 0, 0},
    {S("T [\xb0\x43] \xb5 \x80 \x96\n"), S("T [\xc2\xb0\x43] \xc2\xb5 \xe2\x82\xac \xe2\x80\x93\n"),
     HB_ENCODING_WINDOWS_1252, HB_ENCODING_WINDOWS_1252, 0, 0},
    {S("\x81 x \xb0\n"), S("\xef\xbf\xbd x \xc2\xb0\n"), HB_ENCODING_WINDOWS_1252,
     HB_ENCODING_WINDOWS_1252, 0, 1},
    {S("\xc2\xb0 \xc2\xb0 \xb0 \xff\n"), S("\xc2\xb0 \xc2\xb0 \xc2\xb0 \xc3\xbf\n"),
     HB_ENCODING_UTF8, HB_ENCODING_UTF8, 2, 0},
    {S("x\xc2"), S("x\xc3\x82"), HB_ENCODING_WINDOWS_1252, HB_ENCODING_WINDOWS_1252, 0, 0},
    {S("\xff\xfe\x41\0\xb0\0\n\0"), S("A\xc2\xb0\n"), HB_ENCODING_UTF16LE_BOM,
     HB_ENCODING_UTF16LE_BOM, 0, 0},
    {S("\xfe\xff\0\x41\0\xb0\0\n"), S("A\xc2\xb0\n"), HB_ENCODING_UTF16BE_BOM,
     HB_ENCODING_UTF16BE_BOM, 0, 0},
    {S("a\0,\0b\0\n\0001\0,\0002\0\n\0"), S("a,b\n1,2\n"), HB_ENCODING_UTF16LE, HB_ENCODING_UTF16LE,
     0, 0},
    {S("\0a\0,\0b\0\n\0001\0,\0002\0\n"), S("a,b\n1,2\n"), HB_ENCODING_UTF16BE, HB_ENCODING_UTF16BE,
     0, 0},
    /* U+1F321 is a pair; half a pair stands for nothing */
    {S("\xff\xfe\x3c\xd8\x21\xdf\n\0\x3c\xd8\n\0"), S("\xf0\x9f\x8c\xa1\n\xef\xbf\xbd\n"),
     HB_ENCODING_UTF16LE_BOM, HB_ENCODING_UTF16LE_BOM, 0, 1},
    {S("\xff\xfe\x41\0\x42"), S("A\xef\xbf\xbd"), HB_ENCODING_UTF16LE_BOM, HB_ENCODING_UTF16LE_BOM,
     0, 1},
    {S("a\n1\n\x1a"), S("a\n1\n"), HB_ENCODING_ASCII, HB_ENCODING_ASCII, 0, 0},
    {S("a\x1a\x62\n"), S("a\x1a\x62\n"), HB_ENCODING_ASCII, HB_ENCODING_ASCII, 0, 0},
    {S(""), S(""), HB_ENCODING_ASCII, HB_ENCODING_ASCII, 0, 0},
};

static hb_status read_all(const void *in, size_t n, size_t piece, hb_buf *out, text_case *seen,
                          hb_error *err)
{
    hb_os os = memory_os(in, n);
    hb_stream *stream = NULL;
    hb_text *t = NULL;
    char room[4096];
    size_t got = 1;
    HB_TRY(hb_stream_open(&os, MEMORY_FILE, &stream, err));
    hb_status status = hb_text_open(stream, &t, err);
    seen->first = status == HB_OK ? hb_text_encoding(t) : HB_ENCODING_COUNT_;
    while (status == HB_OK && got) {
        status = hb_text_read(t, room, piece, &got, err);
        hb_buf_add(out, room, status == HB_OK ? got : 0);
    }
    if (t) {
        seen->last = hb_text_encoding(t);
        seen->strays = hb_text_strays(t);
        seen->damaged = hb_text_damaged(t);
    }
    hb_text_close(t);
    hb_stream_close(stream);
    return status;
}

static void text__becomes_utf8_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 3, 7, 63, 64, 65, 4096};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            hb_buf out;
            text_case seen = {.in = ""};
            hb_buf_init(&out, 1 << 20);
            CHECK_OK(read_all(cases[i].in, cases[i].n, pieces[k], &out, &seen, &err));
            if (out.n != cases[i].out_n || (out.n && memcmp(out.p, cases[i].out, out.n) != 0) ||
                seen.first != cases[i].first || seen.last != cases[i].last ||
                seen.strays != cases[i].strays || seen.damaged != cases[i].damaged) {
                fail_msg("case %zu in pieces of %zu: '%.*s' as %s, then %s, %d strays, %d damaged",
                         i, pieces[k], (int)out.n, out.p, hb_encoding_name(seen.first),
                         hb_encoding_name(seen.last), (int)seen.strays, (int)seen.damaged);
            }
            hb_buf_release(&out);
        }
    }
}

/* A character over every border of the 64 KiB that are read at once. */
static void text__turns_to_windows_1252_where_the_first_such_byte_is(void **state)
{
    (void)state;
    size_t n = 70000;
    char *in = malloc(n); /* lint: allow malloc, no allocation of the program's */
    assert_non_null(in);
    for (size_t at = 65530; at < 65542; at++) {
        for (size_t late = 0; late < 2; late++) {
            hb_buf out;
            text_case seen = {.in = ""};
            memset(in, 'x', n);
            memcpy(in + at, "\xc2\xb0", 2);
            in[at] = late ? '\xe4' : in[at]; /* "ä°" of windows-1252, or a degree sign of UTF-8 */
            hb_buf_init(&out, 1 << 20);
            CHECK_OK(read_all(in, n, 4096, &out, &seen, &err));
            assert_int_equal(seen.last, late ? HB_ENCODING_WINDOWS_1252 : HB_ENCODING_UTF8);
            assert_int_equal(out.n, late ? n + 2 : n);
            assert_memory_equal(out.p + at, late ? "\xc3\xa4\xc2\xb0" : "\xc2\xb0", late ? 4 : 2);
            hb_buf_release(&out);
        }
    }
    free(in); /* lint: allow malloc, no allocation of the program's */
}

static void refuse(const char *in, size_t n, const char *has)
{
    hb_buf out;
    text_case seen = {.in = ""};
    hb_buf_init(&out, 1 << 20);
    CHECK_ERROR(read_all(in, n, 100, &out, &seen, &err), HB_E_INPUT, has);
    hb_buf_release(&out);
}

/* A NUL or the first letter beyond ASCII at each place of the steps that vector code takes. */
static void text__is_looked_at_byte_by_byte_whatever_the_step(void **state)
{
    (void)state;
    enum { N = 66300, FROM = 66000, TO = 66200 };
    char *in = malloc(N); /* lint: allow malloc, no allocation of the program's */
    assert_non_null(in);
    for (int round = 0; round < 4 * (TO - FROM); round++) {
        size_t at = FROM + (size_t)round / 4;
        char has[60];
        snprintf(has, sizeof has, "NUL byte at offset %zu", at);
        hb_cpu_portable(round % 4 < 2);
        memset(in, 'x', N);
        if (round % 2) {
            in[at] = 0;
            refuse(in, N, has);
            continue;
        }
        hb_buf out;
        text_case seen = {.in = ""};
        memcpy(in + at, "\xc2\xb0", 2);
        hb_buf_init(&out, 1 << 20);
        CHECK_OK(read_all(in, N, 4096, &out, &seen, &err));
        assert_int_equal(seen.last, HB_ENCODING_UTF8);
        assert_int_equal(out.n, N);
        assert_memory_equal(out.p, in, N);
        hb_buf_release(&out);
    }
    hb_cpu_portable(false);
    free(in); /* lint: allow malloc, no allocation of the program's */
}

static void text__refuses_what_is_no_text(void **state)
{
    (void)state;
    size_t n = 100000;
    char *in = malloc(n); /* lint: allow malloc, no allocation of the program's */
    assert_non_null(in);
    memset(in, 'x', n);
    in[99000] = 0;
    refuse(in, n, "NUL byte at offset 99000");
    in[70000] = '\xb0'; /* windows-1252 from here */
    refuse(in, n, "NUL byte at offset 99000");
    in[10] = '\xb0';
    refuse(in, n, "NUL byte at offset 99000");
    memcpy(in, "\xc2\xb0", 2);
    refuse(in, n, "NUL byte at offset 99000");
    for (size_t i = 0; i < n; i++) {
        in[i] = i % 2 ? 0 : 'x';
    }
    in[99000] = 0;
    refuse(in, n, "NUL byte at offset 99000");
    free(in); /* lint: allow malloc, no allocation of the program's */
    refuse(S("ab\0cd\n"), "NUL byte at offset 2");
    refuse(S("\xff\xfe\0\0a\0\0\0"), "UTF-32");
    refuse(S("\x01\x02\x03\x04\x05\x06\x07\x0e"), "binary");
    /* small numbers of 16 bits look like UTF-16 but for the control characters */
    refuse(S("\x01\0\x02\0\x03\0\x04\0\x05\0\x06\0"), "NUL byte at offset 1");
}

static hb_status open_with_faults(void)
{
    hb_buf out;
    text_case seen = {.in = ""};
    hb_buf_init(&out, 1 << 20);
    hb_status status = read_all(S("a\xb0\n"), 10, &out, &seen, NULL);
    hb_buf_release(&out);
    return status;
}

static void text__survives_lack_of_memory(void **state)
{
    (void)state;
    fault_loop(open_with_faults);
}

static void eol__names_what_ends_the_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *name;
    } ends[] = {{"\n", "lf"}, {"\r\n", "crlf"}, {"\r", "cr"}};
    hb_eol_count all = {0};
    assert_null(hb_eol_name(&all));
    for (size_t i = 0; i < 3; i++) {
        hb_eol_count one = {0};
        const char *end = ends[i].text + strlen(ends[i].text);
        hb_eol_note(&one, ends[i].text, end);
        hb_eol_note(&all, ends[i].text, end);
        assert_string_equal(hb_eol_name(&one), ends[i].name);
    }
    assert_string_equal(hb_eol_name(&all), "mixed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__becomes_utf8_in_pieces_of_any_size),
        cmocka_unit_test(text__turns_to_windows_1252_where_the_first_such_byte_is),
        cmocka_unit_test(text__is_looked_at_byte_by_byte_whatever_the_step),
        cmocka_unit_test(text__refuses_what_is_no_text),
        cmocka_unit_test(text__survives_lack_of_memory),
        cmocka_unit_test(eol__names_what_ends_the_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
