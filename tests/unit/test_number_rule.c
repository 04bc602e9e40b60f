/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"
#include "support/text_case.h"

#include "input/number_rule.h"
#include "input/number_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 8, ROWS = 64 };

static hb_units *units;
static hb_arena arena;

static int setup(void **state)
{
    (void)state;
    hb_arena_init(&arena, 64 << 20);
    return hb_units_open(&units, NULL) == HB_OK ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    hb_units_close(units);
    hb_arena_release(&arena);
    return 0;
}

typedef struct table {
    hb_str cells[COLUMNS][ROWS];
    hb_cell_column columns[COLUMNS];
    size_t n;
    hb_number_rule rules[COLUMNS];
    hb_number_look looks[COLUMNS];
} table;

static hb_str next_line(hb_str *rest)
{
    size_t n = hb_str_find_ch(*rest, '\n');
    hb_str line = {rest->p, n};
    size_t step = n < rest->n ? n + 1 : n;
    *rest = (hb_str){rest->p + step, rest->n - step};
    return line;
}

static size_t split(hb_str line, char mark, hb_str *out, size_t max)
{
    size_t n = 0;
    for (;;) {
        size_t at = hb_str_find_ch(line, mark);
        if (n == max) {
            fail_msg("too many cells");
        }
        out[n++] = hb_str_trim((hb_str){line.p, at});
        if (at == line.n) {
            return n;
        }
        line = (hb_str){line.p + at + 1, line.n - at - 1};
    }
}

static void read_table(const text_case *c, table *t)
{
    hb_str rest = c->text;
    size_t row = 0;
    while (rest.n) {
        hb_str cells[COLUMNS];
        size_t n = split(next_line(&rest), '|', cells, COLUMNS);
        t->n = n > t->n ? n : t->n;
        for (size_t i = 0; i < n; i++) {
            t->cells[i][row] = cells[i];
        }
        row++;
        assert_true(row < ROWS);
    }
    for (size_t i = 0; i < t->n; i++) {
        t->columns[i] = (hb_cell_column){t->cells[i], row};
    }
}

static const char *class_name(hb_cell_class k)
{
    switch (k) {
    case HB_CELL_IS_NUMBER:
        return "number";
    case HB_CELL_IS_MISSING:
        return "missing";
    case HB_CELL_IS_NAN:
        return "nan";
    case HB_CELL_IS_INF:
        return "inf";
    case HB_CELL_IS_TEXT:
        break;
    }
    return "text";
}

static void check_cell(const text_case *c, const hb_number_rule *r, hb_str cell, hb_str want)
{
    double v = 0;
    double wanted = 0;
    hb_cell_class k = hb_number_rule_read(r, cell, &v);
    char number[64];
    assert_true(want.n < sizeof number);
    memcpy(number, want.p, want.n);
    number[want.n] = '\0';
    int used = 0;
    bool figure = sscanf(number, "%lf%n", &wanted, &used) == 1 && (size_t)used == want.n &&
                  isfinite(wanted) && number[0] != 'i' && number[0] != 'n';
    bool right = figure ? k == HB_CELL_IS_NUMBER && v == wanted : hb_str_eq_c(want, class_name(k));
    if (!right) {
        fail_msg("case '%s': '%.*s' is %s %.17g, wanted %s", c->title, (int)cell.n, cell.p,
                 class_name(k), v, number);
    }
}

static const char *key_of(const text_case *c, const char *what, size_t column)
{
    char key[32];
    snprintf(key, sizeof key, "%s %zu", what, column + 1);
    return text_case_key(c, key);
}

static void check_column(const text_case *c, const table *t, size_t i)
{
    const hb_number_rule *r = &t->rules[i];
    const hb_number_look *look = &t->looks[i];
    const char *want = key_of(c, "want", i);
    const char *unit = key_of(c, "unit", i);
    const char *confidence = key_of(c, "confidence", i);
    const char *other = key_of(c, "alternative", i);
    const char *texts = key_of(c, "texts", i);
    const char *probe = i == 0 ? text_case_key(c, "probe") : NULL;
    hb_str wants[ROWS];
    hb_str cells[ROWS];
    assert_non_null(want);
    size_t n = split(hb_str_of(want), ' ', wants, ROWS);
    size_t rows = t->columns[i].n;
    memcpy(cells, t->columns[i].cells, rows * sizeof *cells);
    rows += probe ? split(hb_str_of(probe), '|', cells + rows, ROWS - rows) : 0;
    if (rows != n) {
        fail_msg("case '%s': column %zu has %zu cells, %zu wanted", c->title, i + 1, rows, n);
    }
    for (size_t k = 0; k < n; k++) {
        check_cell(c, r, cells[k], wants[k]);
    }
    if (strcmp(r->unit, unit ? unit : "") != 0) {
        fail_msg("case '%s': unit of column %zu is '%s'", c->title, i + 1, r->unit);
    }
    double figure = 0;
    if (confidence && (sscanf(confidence, "%lf", &figure) != 1 || figure != look->confidence)) {
        fail_msg("case '%s': confidence is %g", c->title, look->confidence);
    }
    if (other ? !look->alternative || strcmp(look->alternative, other) != 0
              : look->alternative != NULL) {
        fail_msg("case '%s': the alternative is '%s'", c->title, look->alternative);
    }
    if (texts && (size_t)(*texts - '0') != look->texts) {
        fail_msg("case '%s': %zu texts", c->title, look->texts);
    }
    assert_true(look->why && *look->why);
    assert_int_equal(look->numbers + look->missing + look->inf + look->texts, t->columns[i].n);
}

static void check_case(const text_case *c)
{
    static const char *const groups[] = {"none", "comma", "point", "blank", "apostrophe"};
    const char *delimiter = text_case_key(c, "delimiter");
    const char *group = text_case_key(c, "group");
    const char *sure = text_case_key(c, "sure");
    table t = {.n = 0};
    read_table(c, &t);
    assert_non_null(delimiter);
    CHECK_OK(
        hb_number_rules_infer(t.columns, t.n, *delimiter, units, &arena, t.rules, t.looks, &err));
    for (size_t i = 0; i < t.n; i++) {
        check_column(c, &t, i);
        const char *words = text_case_key(c, "words");
        bool has = words && strchr(words, (char)('1' + i));
        if (t.rules[i].words != has) {
            fail_msg("case '%s': column %zu is%s of words", c->title, i + 1, has ? " not" : "");
        }
        if (group && strcmp(groups[t.rules[i].group], group) != 0) {
            fail_msg("case '%s': groups by %s", c->title, groups[t.rules[i].group]);
        }
        if (sure && t.looks[i].confidence < 0.7) {
            fail_msg("case '%s': column %zu is sure by %g", c->title, i + 1, t.looks[i].confidence);
        }
    }
}

static void number_rule__reads_columns_as_people_mean_them(void **state)
{
    (void)state;
    assert_true(text_cases("number/columns.case", check_case) > 30);
}

/* xorshift: the same figures in every run. */
static uint64_t random_bits(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static size_t dress(const char *plain, char decimal, const char *mark, char *out)
{
    size_t n = 0;
    size_t whole = strcspn(plain, ".");
    for (size_t i = 0; plain[i]; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0 && *mark) {
            memcpy(out + n, mark, strlen(mark));
            n += strlen(mark);
        }
        out[n++] = plain[i] == '.' ? decimal : plain[i];
    }
    return n;
}

static void number_rule__undressed_is_what_the_c_library_reads(void **state)
{
    (void)state;
    static const struct {
        char decimal;
        hb_group_mark group;
        const char *mark;
    } styles[] = {
        {'.', HB_GROUP_COMMA, ","},      {',', HB_GROUP_POINT, "."},
        {',', HB_GROUP_BLANK, " "},      {',', HB_GROUP_BLANK, "\u00a0"},
        {'.', HB_GROUP_BLANK, "\u202f"}, {',', HB_GROUP_BLANK, "\xa0"},
        {'.', HB_GROUP_APOSTROPHE, "'"}, {',', HB_GROUP_APOSTROPHE, "\u2019"},
        {'.', HB_GROUP_NONE, ""},        {',', HB_GROUP_NONE, ""},
    };
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 40000; i++) {
        char plain[64];
        int places = (int)(random_bits(&x) % 8);
        uint64_t size = UINT64_C(1) << (random_bits(&x) % 50);
        double seed = (double)(random_bits(&x) % size) + (double)(random_bits(&x) % 1000000) / 1e6;
        snprintf(plain, sizeof plain, "%.*f", places, seed);
        double want = 0;
        assert_int_equal(sscanf(plain, "%lf", &want), 1);
        size_t k = (size_t)(random_bits(&x) % (sizeof styles / sizeof *styles));
        hb_number_rule r = {.decimal = styles[k].decimal,
                            .group = styles[k].group,
                            .percent = true,
                            .accounting = true,
                            .minus_behind = true,
                            .apostrophe = true,
                            .unit = ""};
        static const char *const before[] = {"", "-", "+", "−", "(", "'", "'-", ""};
        static const char *const behind[] = {"", "%", " %", "", ")", "", "", "-"};
        static const int sign[] = {1, -1, 1, -1, -1, 1, -1, -1};
        size_t d = (size_t)(random_bits(&x) % 8);
        char cell[160];
        size_t n = strlen(before[d]);
        memcpy(cell, before[d], n);
        n += dress(plain, styles[k].decimal, styles[k].mark, cell + n);
        memcpy(cell + n, behind[d], strlen(behind[d]));
        n += strlen(behind[d]);
        double v = 0;
        hb_cell_class class = hb_number_rule_read(&r, (hb_str){cell, n}, &v);
        if (class != HB_CELL_IS_NUMBER || v != sign[d] * want) {
            fail_msg("'%.*s' is %s %.17g, wanted %.17g", (int)n, cell, class_name(class), v,
                     sign[d] * want);
        }
    }
}

/* What a fast path may take without the rule. */
static void number_rule__plain_rules_read_what_num_parse_reads(void **state)
{
    (void)state;
    static const hb_number_rule rules[] = {
        {.decimal = '.', .unit = ""},
        {.decimal = '.', .group = HB_GROUP_COMMA, .percent = true, .accounting = true, .unit = "%"},
        {.decimal = '.', .group = HB_GROUP_APOSTROPHE, .apostrophe = true, .unit = ""},
    };
    static const char *const texts[] = {
        "1",    "-1.5e3", "+.5", "5.", "0x1F", "9.8e37", "1e-400", "123456789012345678901234567890",
        "0001", "-0"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        assert_true(hb_number_rule_is_plain(&rules[i]));
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            double a = 0;
            double b = 0;
            hb_str s = hb_str_of(texts[k]);
            assert_int_equal(hb_num_parse(s.p, s.n, &a), HB_NUM_FINITE);
            assert_int_equal(hb_number_rule_read(&rules[i], s, &b), HB_CELL_IS_NUMBER);
            assert_memory_equal(&a, &b, sizeof a);
        }
    }
    hb_number_rule comma = {.decimal = ',', .unit = ""};
    hb_number_rule words = {.decimal = '.', .words = true, .unit = ""};
    assert_false(hb_number_rule_is_plain(&comma));
    assert_false(hb_number_rule_is_plain(&words));
}

static void number_rule__a_profiles_words_and_codes_are_followed(void **state)
{
    (void)state;
    static const hb_str missing[] = {{"leer", 4}, {"-999", 4}};
    static const double codes[] = {-9999, 8191};
    hb_number_rule r = {.decimal = '.',
                        .unit = "",
                        .missing = missing,
                        .n_missing = 2,
                        .overload = codes,
                        .n_overload = 2};
    double v = 0;
    assert_int_equal(hb_number_rule_read(&r, HB_STR("leer"), &v), HB_CELL_IS_MISSING);
    assert_int_equal(hb_number_rule_read(&r, HB_STR("-9999"), &v), HB_CELL_IS_TEXT);
    assert_int_equal(hb_number_rule_read(&r, HB_STR("8191.0"), &v), HB_CELL_IS_TEXT);
    assert_int_equal(hb_number_rule_read(&r, HB_STR("8190"), &v), HB_CELL_IS_NUMBER);
    assert_int_equal(hb_number_rule_read(&r, HB_STR("-999"), &v), HB_CELL_IS_MISSING);
}

static hb_status infer_with_little_memory(void)
{
    static const hb_str cells[] = {{"0.235 s", 7}, {"78.5 ms", 7}, {"1,397 ms", 8}};
    static const hb_cell_column column = {cells, 3};
    hb_arena small;
    hb_arena_init(&small, 1 << 20);
    hb_units *own = NULL;
    hb_status status = hb_units_open(&own, NULL);
    if (status == HB_OK) {
        hb_number_rule rule;
        hb_number_look look;
        status = hb_number_rules_infer(&column, 1, ',', own, &small, &rule, &look, NULL);
    }
    hb_units_close(own);
    hb_arena_release(&small);
    return status;
}

static void number_rules_infer__out_of_memory_is_told(void **state)
{
    (void)state;
    fault_loop(infer_with_little_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_rule__reads_columns_as_people_mean_them),
        cmocka_unit_test(number_rule__undressed_is_what_the_c_library_reads),
        cmocka_unit_test(number_rule__plain_rules_read_what_num_parse_reads),
        cmocka_unit_test(number_rule__a_profiles_words_and_codes_are_followed),
        cmocka_unit_test(number_rules_infer__out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
