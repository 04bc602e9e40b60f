/* SPDX-License-Identifier: Apache-2.0 */
/* Delimited text decoded by a plan against the same text as cells and then figures: values to the
 * last bit, classes, times, lines, rejects and texts must be the same, wherever blocks end, with
 * and without threads, with vector code and without. */
#include "support/check.h"
#include "support/csv_outcome.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = 1 << 18 };

static hb_units *units;

static void compare(const char *text, size_t n, size_t block_bytes, hb_pool *pool)
{
    csv_setting cells = {.first_rows = 2};
    csv_outcome want;
    csv_outcome_read(text, n, &cells, units, &want);
    for (int portable = 0; portable < 2; portable++) {
        csv_setting planned = {.planned = true,
                               .block_bytes = block_bytes,
                               .first_rows = 2,
                               .pool = pool,
                               .portable = portable};
        csv_outcome got;
        csv_outcome_read(text, n, &planned, units, &got);
        if (!csv_outcome_same(&want, &got)) {
            fail_msg("blocks of %zu bytes, portable %d, threads %u, text of %zu bytes:\n%.*s\n"
                     "cells (%s):\n%.*s%.*s\nplan (%s):\n%.*s%.*s",
                     block_bytes, portable, hb_pool_threads(pool), n, (int)n, text, want.error,
                     (int)want.rows.n, want.rows.p, (int)want.rejects.n, want.rejects.p, got.error,
                     (int)got.rows.n, got.rows.p, (int)got.rejects.n, got.rejects.p);
        }
        csv_outcome_release(&got);
    }
    csv_outcome_release(&want);
}

static const char *const texts[] = {
    "time,a,b\n0,1,2\n1,-1.5,2e3\n2,.5,5.\n3,+4,0.1\n4,123456789.123456789,1e400\n",
    "time,a,b\r\n0,1,2\r\n1,-1.5,2e3\r\n2,.5,5.\r\n3,4,0.1",
    "time,a,b\r0,1,2\r1,-1.5,2\r2,.5,5\r3,4,0.1\r",
    "time,a,b\n0,1,2\r\n1,-1.5,2\r2,.5,5\n\r3,4,0.1\r\r\n4,1,1\n\n",
    "time;a;b\n0;1,5;2\n1;-1,25;2,0\n2;0,5;5\n3;x;1.5\n4;1,2,3;1\n",
    "a\tb\tc\n1\t2\t3\n\t\t\n 4\t 5 \t6\n7\t\t9\n\t \t\n",
    "a,b,c\n1,2,3\n4,5\n6,7,8,9\n6,7,8,\n,,\n , ,\n7,8,9,x,y\n\n   \n1\n",
    "a,b,c\n1,2,3\n# a comment, with \"quotes\n#4,5,6\n7,8,9\n #,1,2\n",
    "#c\na,b\n1,2\n3,4\n#\"\n5,6\n#,\"\n",
    "a,b\n1,2\n\"3\",\"4\"\n\" 5\" , \"6 \"\n\"\",\" "
    "\"\n\"7\"8,9\n\"1\"\"2\",3\n\"a\nb\",4\n\"c\r\nd\"\r\n"
    "5,6\n7,8\"\n\"9\"\" , \",1\n1\",\"2\"x\n",
    "a,b\n1,2\n\"3,4\",5\n6,\"7\n\n8\"\n\"\"\"\",1\n2,\"\n3,4\n\",\n\"x\"\"\n\",9\n",
    "a,b\n1,2\n3,4\n5,\"6\n7,8\n",
    "a,b\n1,2\nNA,nan\ninf,-Infinity\n-,--\nnull,***\n0x10,1e5\n1 2,3 4\n,-\n-,\n+,.\n-.,e5\n",
    "a,b\n1,12345678\n-12345678,123456789\n1234567.5,-1234567890123456\n0.12345678901234567,"
    "12345678901234567890\n9007199254740993,900719925474099.3\n-0,-0.0\n00000000000000001,"
    "0000000000000000000000001\n1.2.3,1234567.8.9\n123456789.12345.6,1-2\n",
    "value\n1\n2\n\n3\nx\n\"4\"\n5",
    "value\r\n1\r\n2\r\n",
    "a,b\n1,2\n3,4\r",
    "a,b\n1,2\n3,4\n\r",
    "a,b\n1,2\n3,\"4\"\r",
    "a,b\n1,2\n3,\xc3\xa4\n\xff,\x80\n",
    "a,b\n1,2\n\"3\"\t,4\n5,\t\"6\"\n\"7\" ,\"8\"\n",
};

static void csv_figures__are_those_of_the_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        compare(texts[i], strlen(texts[i]), 0, NULL);
    }
}

static void csv_figures__do_not_depend_on_where_blocks_end(void **state)
{
    (void)state;
    hb_pool *pool = NULL;
    assert_int_equal(hb_pool_new(3, &pool, NULL), HB_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t bytes = 1; bytes < strlen(texts[i]) + 2; bytes++) {
            compare(texts[i], strlen(texts[i]), bytes, bytes % 2 ? pool : NULL);
        }
    }
    hb_pool_free(pool);
}

static uint64_t random_u64(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* Rows of three fields, mostly, out of pieces that are hard to take apart. */
static size_t random_text(uint64_t *state, char *out, size_t size)
{
    static const char *const pieces[] = {"1",       "2.5",
                                         "-3",      "",
                                         " ",       "\"4\"",
                                         "\"",      "x",
                                         "NA",      "1e5",
                                         "\"a,b\"", "\"\"",
                                         "\n",      "\r",
                                         "\r\n",    "#",
                                         "\"\n\"",  "12345678.25",
                                         "\t7 ",    "0.1",
                                         "\"5\"\"", "123456789012345678901"};
    static const char *const line_ends[] = {"\n", "\r\n", "\n", "\r"};
    size_t n = (size_t)snprintf(out, size, "a,b,c\n1,2,3\n4,5,6\n");
    const char *line_end = line_ends[random_u64(state) % 4];
    size_t rows = 1 + random_u64(state) % 60;
    for (size_t r = 0; r < rows && n + 200 < size; r++) {
        size_t fields = random_u64(state) % 16 ? 3 : random_u64(state) % 6;
        for (size_t i = 0; i < fields; i++) {
            bool odd = random_u64(state) % 8 == 0;
            const char *piece = pieces[random_u64(state) % (odd ? 22 : 6)];
            n += (size_t)snprintf(out + n, size - n, "%s%s", i ? "," : "", piece);
        }
        bool odd = random_u64(state) % 16 == 0;
        n += (size_t)snprintf(out + n, size - n, "%s",
                              odd ? line_ends[random_u64(state) % 4] : line_end);
    }
    return n - (random_u64(state) % 2);
}

static void csv_figures__are_those_of_the_cells_of_random_texts(void **state)
{
    (void)state;
    hb_pool *pool = NULL;
    static char text[ROOM];
    uint64_t seed = 4711;
    assert_int_equal(hb_pool_new(2, &pool, NULL), HB_OK);
    for (int i = 0; i < 3000; i++) {
        size_t n = random_text(&seed, text, sizeof text);
        compare(text, n, random_u64(&seed) % 3 ? 1 + random_u64(&seed) % 300 : 0,
                i % 4 ? NULL : pool);
    }
    hb_pool_free(pool);
}

/* Longer than the stretches that are looked at in one go. */
static void csv_figures__take_long_records_and_long_texts(void **state)
{
    (void)state;
    static char text[ROOM];
    uint64_t seed = 99;
    size_t n = (size_t)snprintf(text, sizeof text, "time,a,b\n0,1,2\n1,2,3\n");
    for (int r = 2; n + 40000 < sizeof text; r++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%.3f,", r,
                              (double)(random_u64(&seed) % 100000) / 1000);
        size_t fill = random_u64(&seed) % 50 ? random_u64(&seed) % 20 : 30000;
        bool quoted = random_u64(&seed) % 3 == 0;
        n += (size_t)snprintf(text + n, sizeof text - n, quoted ? "\"" : "");
        memset(text + n, '1', fill);
        if (quoted && fill > 5) {
            text[n + fill / 2] = '\n';
        }
        n += fill;
        n += (size_t)snprintf(text + n, sizeof text - n, quoted ? "\"\n" : "\n");
    }
    compare(text, n, 0, NULL);
    compare(text, n, 1000, NULL);
    compare(text, n, 65536, NULL);
}

static int open_units(void **state)
{
    (void)state;
    return hb_units_open(&units, NULL) != HB_OK;
}

static int close_units(void **state)
{
    (void)state;
    hb_units_close(units);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_figures__are_those_of_the_cells),
        cmocka_unit_test(csv_figures__do_not_depend_on_where_blocks_end),
        cmocka_unit_test(csv_figures__are_those_of_the_cells_of_random_texts),
        cmocka_unit_test(csv_figures__take_long_records_and_long_texts),
    };
    return cmocka_run_group_tests(tests, open_units, close_units);
}
