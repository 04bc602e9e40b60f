/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of text to figures, with vector code and without, against the C library's strtod. */
#include "support/check.h"

#include "base/cpu.h"
#include "base/marks.h"
#include "base/num.h"
#include "base/num_column.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 4001, ROOM = FIELDS * 40 + 2 * HB_MARKS_PAD };

typedef struct fields {
    char room[ROOM];
    char *text;
    size_t size;
    uint32_t start[FIELDS];
    uint32_t end[FIELDS];
    size_t n;
} fields;

static fields f;
static locale_t c_locale;

static uint64_t random_u64(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static void begin(void)
{
    memset(f.room, '7', sizeof f.room); /* what stands around a field must not count */
    f.text = f.room + HB_MARKS_PAD;
    f.size = 0;
    f.n = 0;
}

static void add(const char *field)
{
    f.start[f.n] = (uint32_t)f.size;
    f.size += (size_t)snprintf(f.text + f.size, 40, "%s", field);
    f.end[f.n++] = (uint32_t)f.size;
    f.text[f.size++] = ',';
}

/* Returns how many were left. */
static size_t check(char decimal)
{
    static double v[2][FIELDS];
    static uint32_t left[2][FIELDS];
    static bool is_left[FIELDS];
    size_t n_left[2];
    for (int portable = 0; portable < 2; portable++) {
        hb_cpu_portable(portable);
        n_left[portable] =
            hb_num_column(f.text, f.start, 0, f.end, f.n, decimal, v[portable], left[portable]);
        hb_cpu_portable(false);
    }
    assert_int_equal(n_left[0], n_left[1]);
    assert_memory_equal(left[0], left[1], n_left[0] * sizeof left[0][0]);
    memset(is_left, 0, sizeof is_left);
    for (size_t i = 0; i < n_left[0]; i++) {
        is_left[left[0][i]] = true;
    }
    for (size_t i = 0; i < f.n; i++) {
        char text[64];
        size_t n = f.end[i] - f.start[i];
        memcpy(text, f.text + f.start[i], n);
        text[n] = '\0';
        for (char *c = text; *c; c++) {
            *c = *c == decimal ? '.' : *c == '.' ? 'x' : *c;
        }
        char *end = NULL;
        double want = strtod_l(text, &end, c_locale);
        bool plain = n > 0 && n <= 16 &&
                     strspn(text + (text[0] == '-'), "0123456789.") == n - (text[0] == '-') &&
                     end == text + n;
        if (plain && is_left[i]) {
            fail_msg("'%s' was left", text);
        }
        if (!is_left[i] && (memcmp(&v[0][i], &want, sizeof want) != 0 ||
                            memcmp(&v[1][i], &want, sizeof want) != 0 || end != text + n)) {
            fail_msg("'%s' gave %a and %a, strtod gives %a", text, v[0][i], v[1][i], want);
        }
    }
    return n_left[0];
}

static void num_column__reads_fields_of_every_length(void **state)
{
    (void)state;
    for (size_t digits = 0; digits <= 18; digits++) {
        begin();
        for (size_t mark = 0; mark <= digits + 1; mark++) {
            for (int sign = 0; sign < 3; sign++) {
                char field[40];
                size_t n = 0;
                if (sign) {
                    field[n++] = sign == 1 ? '-' : '+';
                }
                for (size_t i = 0; i < digits; i++) {
                    if (i == mark) {
                        field[n++] = '.';
                    }
                    field[n++] = (char)('9' - i % 10);
                }
                if (mark == digits) {
                    field[n++] = '.';
                }
                field[n] = '\0';
                add(field);
            }
        }
        check('.');
    }
}

static void num_column__leaves_what_is_no_plain_figure(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "",      "-",   ".",    "-.",    "1.2.3", "12345678.12345.1",
        "1e5",   "NaN", " 1",   "1 ",    "\"1\"", "1,5",
        "--1",   "1-",  "+1",   "0x10",  "x",     "1234567890123456x",
        "/",     ":",   "1:2",  "1/2",   "\xb1",  "\x80",
        "1_000", "\t1", "-1 -", "1\xa0", "..",    "12345678901234567"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        for (size_t place = 0; place < 6; place++) { /* among the four taken together, and behind */
            begin();
            for (size_t k = 0; k < 7; k++) {
                add(k == place ? odd[i] : "20.125");
            }
            assert_int_equal(check('.'), 1);
        }
    }
}

static void num_column__agrees_with_strtod_on_random_fields(void **state)
{
    (void)state;
    static const char letters[] = "0123456789012345678901234567890123456789..-+e x,";
    uint64_t seed = 12345;
    for (int round = 0; round < 300; round++) {
        char decimal = round % 3 ? '.' : ',';
        begin();
        while (f.n < FIELDS - 3) {
            char field[40];
            uint64_t r = random_u64(&seed);
            if (r & 7) {
                snprintf(field, sizeof field, "%.*f", (int)(r >> 8) % 9,
                         (double)(int64_t)(r >> 12) / 0x1p40 - 1000);
                char *point = strchr(field, '.');
                if (point) {
                    *point = decimal;
                }
            } else {
                size_t n = (r >> 8) % 20;
                for (size_t i = 0; i < n; i++) {
                    field[i] = letters[random_u64(&seed) % (sizeof letters - 1)];
                }
                field[n] = '\0';
            }
            add(field);
        }
        check(decimal);
    }
}

/* The marks of a text found character by character. */
static void marks__are_those_found_one_by_one(void **state)
{
    (void)state;
    static const char letters[] = "0123456789,,\"\n\n\r ;";
    static char room[3000 + 2 * HB_MARKS_PAD];
    static uint32_t at[3000 + HB_MARKS_PAD];
    static uint32_t turns[3000 + HB_MARKS_PAD];
    uint64_t seed = 77;
    for (int round = 0; round < 4000; round++) {
        size_t n = random_u64(&seed) % 300;
        size_t from = n ? random_u64(&seed) % n : 0;
        char delimiter = round % 3 ? ',' : round % 2 ? ';' : '\0';
        for (size_t i = 0; i < n + HB_MARKS_PAD; i++) {
            room[i] = letters[random_u64(&seed) % (sizeof letters - 1)];
        }
        for (int portable = 0; portable < 2; portable++) {
            hb_marks m = {.at = at, .turns = turns};
            hb_cpu_portable(portable);
            hb_marks_find(room, from, n, delimiter, &m);
            hb_cpu_portable(false);
            size_t k = 0;
            size_t t = 0;
            for (size_t i = from; i < n; i++) {
                char c = room[i];
                bool turn = c == '"' || c == '\n' || (c == '\r' && room[i + 1] != '\n');
                if (turn) {
                    assert_true(t < m.n_turns && turns[t] == k);
                    t++;
                }
                if (turn || (delimiter && c == delimiter)) {
                    assert_true(k < m.n && at[k] == i);
                    k++;
                }
            }
            assert_int_equal(m.n, k);
            assert_int_equal(m.n_turns, t);
        }
    }
}

static int open_locale(void **state)
{
    (void)state;
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c_locale == (locale_t)0;
}

static int close_locale(void **state)
{
    (void)state;
    freelocale(c_locale);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(num_column__reads_fields_of_every_length),
        cmocka_unit_test(num_column__leaves_what_is_no_plain_figure),
        cmocka_unit_test(num_column__agrees_with_strtod_on_random_fields),
        cmocka_unit_test(marks__are_those_found_one_by_one),
    };
    return cmocka_run_group_tests(tests, open_locale, close_locale);
}
