/* SPDX-License-Identifier: Apache-2.0 */
/* What a saved profile says of dressed figures and put-together times is what is read back. */
#include "support/check.h"

#include "input/profile.h"
#include "input/profile_write.h"
#include "input/time_ask.h"

enum { COLUMNS = 4 };

static const hb_str words[] = {{"N/D", 3}, {"off: \"line\"", 11}};
static const double overload[] = {9.9e37, -9.9e37};

static void fill(hb_reading *r, hb_column_plan *plans)
{
    static const char *const names[COLUMNS] = {"Datum", "Uhrzeit", "Weg: \"a\" # b", "note"};
    static const hb_column_kind kinds[COLUMNS] = {HB_COLUMN_TIME, HB_COLUMN_TIME, HB_COLUMN_NUMBER,
                                                  HB_COLUMN_TEXT};
    r->path = "dir/file.csv";
    r->format = "csv";
    r->layout = "wide";
    r->rows_data = 200;
    r->shape = (hb_reading_shape){.delimiter = ';',
                                  .decimal = ',',
                                  .encoding = "windows-1252",
                                  .header_line = 20,
                                  .data_first_line = 22};
    r->columns = hb_alloc_zero(COLUMNS * sizeof *r->columns);
    assert_non_null(r->columns);
    for (size_t i = 0; i < COLUMNS; i++) {
        r->columns[i].name = r->columns[i].label = names[i];
        r->columns[i].shown = names[i];
        r->columns[i].group = i == 2 ? "Achse A" : "";
        r->columns[i].unit = i == 2 ? "s" : "";
        r->columns[i].file_unit = "";
        r->columns[i].kind = plans[i].kind = kinds[i];
    }
    r->columns[2].n_rejected = 3;
    r->n_columns = COLUMNS;
    plans[2].number =
        (hb_number_rule){.decimal = ',',
                         .group = HB_GROUP_POINT,
                         .percent = true,
                         .accounting = true,
                         .apostrophe = true,
                         .hex = true,
                         .minus_behind = true,
                         .huge = true,
                         .unit = "s",
                         .suffixes = {{HB_STR("ms"), {0.001, 0}}, {HB_STR("µs"), {1e-6, 0.1}}},
                         .n_suffixes = 2,
                         .missing = words,
                         .n_missing = 2,
                         .overload = overload,
                         .n_overload = 2};
    r->plan = (hb_plan){.columns = plans, .n_columns = COLUMNS, .decimal = ','};
    r->times = hb_arena_array(&r->arena, 1, sizeof *r->times);
    assert_non_null(r->times);
    r->times[0] = (hb_reading_time){.column = "Datum+Uhrzeit",
                                    .rule = {.kind = HB_AXIS_UTC,
                                             .columns = {0, 1},
                                             .n_columns = 2,
                                             .order = HB_ORDER_DAY_FIRST,
                                             .serial_1904 = true,
                                             .scale_ns = 1e6,
                                             .offset_s = -18000,
                                             .notation = "dd.MM.yyyy + HH:mm:ss",
                                             .zone = "-05:00"}};
    assert_true(hb_time_form_parse(HB_STR("dmy"), &r->times[0].rule.form[0]));
    assert_true(hb_time_form_parse(HB_STR("clock"), &r->times[0].rule.form[1]));
    r->n_times = 1;
}

static hb_input_profile saved_and_read(void)
{
    hb_column_plan plans[COLUMNS] = {0};
    hb_reading *r = NULL;
    hb_buf text;
    hb_input_profile p;
    CHECK_OK(hb_reading_new(0, NULL, &r, &err));
    fill(r, plans);
    hb_buf_init(&text, 1 << 20);
    CHECK_OK(hb_profile_write(r, &text, &err));
    r->n_times = 0; /* made here without followers of their steps */
    hb_reading_free(r);
    CHECK_OK(hb_input_profile_parse((hb_str){text.p, text.n}, "p.yaml", &p, &err));
    hb_buf_release(&text);
    return p;
}

static void pins__keep_the_file(void **state)
{
    (void)state;
    hb_input_profile p = saved_and_read();
    assert_true(p.pinned);
    assert_int_equal(p.delimiter, ';');
    assert_int_equal(p.decimal, ',');
    assert_string_equal(p.encoding, "windows-1252");
    assert_int_equal(p.header, HB_PROFILE_HEADER_FIRST);
    assert_int_equal(p.find, HB_PROFILE_FIND_NAMES);
    assert_string_equal(p.names[0], "file");
    hb_input_profile_release(&p);
}

static void pins__keep_a_dressed_column(void **state)
{
    (void)state;
    hb_input_profile p = saved_and_read();
    assert_int_equal(p.n_columns, COLUMNS);
    const hb_profile_column *c = &p.columns[2];
    const hb_number_rule *n = &c->number;
    assert_string_equal(c->header, "Weg: \"a\" # b");
    assert_string_equal(c->group, "Achse A");
    assert_string_equal(c->name, "");
    assert_string_equal(c->unit, "s");
    assert_int_equal(c->kind, HB_COLUMN_NUMBER);
    assert_int_equal(c->role, HB_ROLE_METRIC);
    assert_float_equal(c->rejected, 0.015, 0);
    assert_int_equal(n->group, HB_GROUP_POINT);
    assert_true(n->percent && n->accounting && n->apostrophe && n->hex && n->minus_behind &&
                n->huge && !n->words);
    assert_int_equal(n->n_suffixes, 2);
    assert_true(hb_str_eq_c(n->suffixes[1].text, "µs"));
    assert_float_equal(n->suffixes[0].to_unit.a, 0.001, 0);
    assert_float_equal(n->suffixes[1].to_unit.b, 0.1, 0);
    assert_int_equal(n->n_missing, 2);
    assert_true(hb_str_eq(n->missing[1], words[1]));
    assert_int_equal(n->n_overload, 2);
    assert_float_equal(n->overload[1], -9.9e37, 0);
    assert_int_equal(p.columns[3].kind, HB_COLUMN_TEXT);
    assert_int_equal(p.columns[3].role, HB_ROLE_IGNORE);
    hb_input_profile_release(&p);
}

static void pins__keep_a_time_of_two_columns(void **state)
{
    (void)state;
    hb_input_profile p = saved_and_read();
    assert_int_equal(p.n_times, 1);
    const hb_time_rule *t = &p.times[0];
    assert_int_equal(t->kind, HB_AXIS_UTC);
    assert_int_equal(t->n_columns, 2);
    assert_int_equal(t->columns[1], 1);
    assert_string_equal(hb_time_form_name(t->form[0]), "dmy");
    assert_string_equal(hb_time_form_name(t->form[1]), "clock");
    assert_int_equal(t->order, HB_ORDER_DAY_FIRST);
    assert_true(t->serial_1904 && !t->plain_number);
    assert_float_equal(t->scale_ns, 1e6, 0);
    assert_int_equal(t->offset_s, -18000);
    assert_string_equal(t->notation, "dd.MM.yyyy + HH:mm:ss");
    assert_string_equal(t->zone, "-05:00");
    assert_int_equal(p.columns[0].role, HB_ROLE_TIME);
    assert_int_equal(p.columns[1].role, HB_ROLE_IGNORE);
    hb_input_profile_release(&p);
}

static void pins__are_refused_with_a_question_open(void **state)
{
    (void)state;
    hb_column_plan plans[COLUMNS] = {0};
    hb_reading *r = NULL;
    hb_buf text;
    CHECK_OK(hb_reading_new(0, NULL, &r, &err));
    fill(r, plans);
    r->ambiguous = "column 'Datum': day or month?";
    hb_buf_init(&text, 1 << 20);
    CHECK_ERROR(hb_profile_write(r, &text, &err), HB_E_INPUT, "open question");
    hb_buf_release(&text);
    r->n_times = 0;
    hb_reading_free(r);
}

static void time_question__is_put_only_when_open(void **state)
{
    (void)state;
    char text[HB_TIME_QUESTION];
    const hb_column columns[] = {{.name = HB_STR("When")}};
    const hb_block none = {.n_cols = 1};
    hb_time_rule rule = {.kind = HB_AXIS_LOCAL,
                         .n_columns = 1,
                         .notation = "dd/MM/yyyy",
                         .alternative = "MM/dd/yyyy"};
    assert_false(hb_time_question(&rule, columns, 1, &none, '.', text));
    rule.ambiguous = true;
    assert_true(hb_time_question(&rule, columns, 1, &none, '.', text));
    assert_non_null(strstr(text, "column 'When'"));
    assert_non_null(strstr(text, "MM/dd/yyyy"));
    assert_non_null(strstr(text, "say --day-first or --month-first"));
    rule.kind = HB_AXIS_NONE;
    assert_false(hb_time_question(&rule, columns, 1, &none, '.', text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins__keep_the_file),
        cmocka_unit_test(pins__keep_a_dressed_column),
        cmocka_unit_test(pins__keep_a_time_of_two_columns),
        cmocka_unit_test(pins__are_refused_with_a_question_open),
        cmocka_unit_test(time_question__is_put_only_when_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
