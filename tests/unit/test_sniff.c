/* SPDX-License-Identifier: Apache-2.0 */
/* The table in small texts of many layouts, each with the lines and names a person would give. */
#include "support/check.h"

#include "input/csv/sniff.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct layout {
    const char *title;
    const char *text; /* rows of figures follow it: see `row` */
    const char *row;  /* one row of data, with %d where a figure changes; NULL = none are added */
    int n_rows;
    char delimiter;
    int names; /* physical lines, 0 = none */
    int units;
    int group;
    int data;
    const char *columns; /* "name|name" */
    const char *unit;    /* units as written, likewise; NULL = none */
    const char *signs;   /* of comments; NULL = none */
} layout;

static hb_units *units;

static const layout layouts[] = {
    {"names above figures", "clock,load,slip\n", "%d,1.5,2.5\n", 9, ',', 1, 0, 0, 2,
     "clock|load|slip", NULL, NULL},
    {"units in brackets", "clock,load\n(ms),(kN)\n\n", "%d.0,1.5\n", 9, ',', 1, 2, 0, 4,
     "clock|load", "(ms)|(kN)", NULL},
    {"plain units", "t;F;v\ns;N;m/s\n", "%d,5;1,5;0,25\n", 9, ';', 1, 2, 0, 3, "t|F|v", "s|N|m/s",
     NULL},
    {"names that are units", "h,min,s\n", "1,2,%d\n", 9, ',', 1, 0, 0, 2, "h|min|s", NULL, NULL},
    {"kinds and units",
     "\"LOG4\",\"shed\",\"X9\",\"1.2\",\"prog.c9\"\n\"STAMP\",\"NR\",\"Tank_Avg\"\n"
     "\"TS\",\"RN\",\"degC\"\n\"\",\"\",\"Avg\"\n",
     "\"2021-05-06 07:%02d:00\",7,8.5\n", 9, ',', 2, 3, 0, 5, "STAMP|NR|Tank_Avg", "TS|RN|degC",
     NULL},
    {"types", "when,low,high\ndouble,double,double\n", "%d,1.5,2.5\n", 9, ',', 1, 0, 0, 3,
     "when|low|high", NULL, NULL},
    {"a ruler", "Clock    Low    High\n======= ====== =======\n", "%7d    1.5     2.5\n", 9, ' ', 1,
     0, 0, 3, "Clock|Low|High", NULL, NULL},
    {"settings with other delimiters",
     "Maker: Acme\nModel; 7; rev; B\nDate,2020-01-02,03:04\n\nIndex\tVolt\tAmp\n", "%d\t1.5\t2.5\n",
     20, '\t', 5, 0, 0, 6, "Index|Volt|Amp", NULL, NULL},
    {"a list of channels that looks like a table",
     "No,Label,Gain\n1,North,2.0\n2,South,4.0\n3,East,8.0\n\nScan,North,South,East\n",
     "%d,0.5,0.25,0.125\n", 30, ',', 6, 0, 0, 7, "Scan|North|South|East", NULL, NULL},
    {"figures above the table", "Least,0.5,1.5\nMost,7.5,9.5\n\nStep,Left,Right\n", "%d,2.5,3.5\n",
     30, ',', 4, 0, 0, 5, "Step|Left|Right", NULL, NULL},
    {"units far above", "Horizontal Units,ms,\nVertical Units,V,A\nScale,4,2\n,,\nCLK,X1,X2\n",
     "%d.5,1.5,2.5\n", 12, ',', 5, 2, 0, 6, "CLK|X1|X2", "ms|V|A", NULL},
    {"groups, names, units", ",Pump,,Valve,\nClock,P,Q,P,Q\n[s],[bar],[l/min],[bar],[l/min]\n",
     "%d,1.5,2.5,3.5,4.5\n", 9, ',', 2, 3, 1, 4, "Clock|P|Q|P|Q", "[s]|[bar]|[l/min]|[bar]|[l/min]",
     NULL},
    {"a group cell that spans both rows", "Clock,Pump,,Valve,\n,P,Q,P,Q\n", "%d,1.5,2.5,3.5,4.5\n",
     9, ',', 2, 0, 1, 3, "Clock|P|Q|P|Q", NULL, NULL},
    {"titles of rows in front",
     "\"remarks\",\"\",\"inlet "
     "side\"\n\"kind\",\"double\",\"double\"\n\"name\",\"Clock\",\"T_in\"\n"
     "\"unit\",\"s\",\"degC\"\n",
     "\"\",%d,20.5\n", 9, ',', 3, 4, 0, 5, "Clock|T_in", "s|degC", NULL},
    {"a title of one cell", "Fatigue of part 17\nCycle,Load,Slip\n", "%d,2.5,3.5\n", 9, ',', 2, 0,
     0, 3, "Cycle|Load|Slip", NULL, NULL},
    {"a sentence above fixed columns",
     "Probe seven, values every minute\n STEP   LEFT   RIGHT  DEPTH\n",
     "%5d  10.50   20.25  3.125\n", 9, ' ', 2, 0, 0, 3, "STEP|LEFT|RIGHT|DEPTH", NULL, NULL},
    {"units by their place", " STEP   LEFT   RIGHT\n          kPa     kPa\n",
     "%5d  10.50   20.25\n", 9, ' ', 1, 2, 0, 3, "STEP|LEFT|RIGHT", "|kPa|kPa", NULL},
    {"phrases over fixed columns", "  Step   Oil Temp  Air Temp\n", "%6d%11d.5%9d.5\n", 9, ' ', 1,
     0, 0, 2, "Step|Oil Temp|Air Temp", NULL, NULL},
    {"a delimiter at the end of each line", "Zeit;Kraft;\n", "%d;1,5;\n", 9, ';', 1, 0, 0, 2,
     "Zeit|Kraft", NULL, NULL},
    {"a line for spreadsheets", "sep=|\na|b\n", "%d|2\n", 9, '|', 2, 0, 0, 3, "a|b", NULL, NULL},
    {"bars around", "| a | b |\n|---|---|\n", "| %d | 2.5 |\n", 9, '|', 1, 0, 0, 3, "a|b", NULL,
     NULL},
    {"a rare delimiter", "a^b^c\n", "%d^1.5^2.5\n", 20, '^', 1, 0, 0, 2, "a|b|c", NULL, NULL},
    {"no names", "", "%d.5,1.5,2.5\n", 9, ',', 0, 0, 0, 1, "||", NULL, NULL},
    {"numbers for names", "Depth,101,102\n", "%d.5,1.5,2.5\n", 9, ',', 1, 0, 0, 2, "Depth|101|102",
     NULL, NULL},
    {"names as R writes them", "\"u\",\"v\"\n1,0.5,1.5\n2,0.5,1.5\n3,0.5,1.5\n", NULL, 0, ',', 1, 0,
     0, 2, "|u|v", NULL, NULL},
    {"texts only", "who,where\nann,kiel\nbob,ulm\ncid,rom\n", NULL, 0, ',', 1, 0, 0, 2, "who|where",
     NULL, NULL},
    {"one column", "Flow rate\n", "%d.5\n", 9, 0, 1, 0, 0, 2, "Flow rate", NULL, NULL},
    {"one column with a decimal comma", "Kraft\n", "%d,5\n", 9, 0, 1, 0, 0, 2, "Kraft", NULL, NULL},
    {"a bad first row", "a,b,c\n0,init,init\n", "%d,1.5,2.5\n", 9, ',', 1, 0, 0, 2, "a|b|c", NULL,
     NULL},
    {"comments of two signs", "# run 3\n% gain 10, offset 2\nstep,left,right\n",
     "%d,1.5,2.5\n#9,9.5,9.5\n", 9, ',', 3, 0, 0, 4, "step|left|right", NULL, "#%"},
    {"names behind a sign", "# made on Monday, by hand\n# step, left, right\n", "%d,1.5,2.5\n", 9,
     ',', 2, 0, 0, 3, "step|left|right", NULL, "#"},
    {"names and units behind signs", "#YY MM DD PRES\n#yr mo dy  hPa\n", "2020 01 %02d 1001\n", 9,
     ' ', 1, 2, 0, 3, "YY|MM|DD|PRES", "yr|mo|dy|hPa", "#"},
    {"a sign that is a name", "Plot 7\n#,When,Load\n", "%d,2020-01-02 03:04,5.5\n", 9, ',', 2, 0, 0,
     3, "#|When|Load", NULL, NULL},
    {"double slashes", "// one\n// two, three\nstep,left,right\n", "%d,1.5,2.5\n", 9, ',', 3, 0, 0,
     4, "step|left|right", NULL, "/"},
    {"semicolons for comments", "; one, two, three\nstep,left,right\n", "%d,1.5,2.5\n", 9, ',', 2,
     0, 0, 3, "step|left|right", NULL, ";"},
    {"overflow in the first field is no comment", " STEP   LEFT\n", "%5d  10.50\n*****  11.50\n", 9,
     ' ', 1, 0, 0, 2, "STEP|LEFT", NULL, NULL},
    {"line ends and delimiters in names", "\"When\n(UTC)\",\"Load, kN\",\"a \"\"b\"\"\"\n",
     "\"%d,\n5\",1.5,2.5\n", 9, ',', 1, 0, 0, 3, "When\n(UTC)|Load, kN|a \"b\"", NULL, NULL},
    {"segments under one header",
     "Part\t1\n\nClock\tFlow\n0\t1.5\n1\t1.5\n2\t1.5\n\nPart\t2\n\n"
     "Clock\tFlow\n",
     "%d\t2.5\n", 30, '\t', 3, 0, 0, 4, "Clock|Flow", NULL, NULL},
    {"a footer", "Clock;Volt\n", "00:%02d:00;3.5\n", 20, ';', 1, 0, 0, 2, "Clock|Volt", NULL, NULL},
    {"names that come again", "V,V,\n", "%d,1.5,2.5\n", 9, ',', 1, 0, 0, 2, "V|V|", NULL, NULL},
    {"only names", "Clock (s),Volt (V)\n", NULL, 0, ',', 1, 0, 0, 0, "Clock (s)|Volt (V)", NULL,
     NULL},
};

static int line_of(const hb_finding *f, size_t row)
{
    const hb_cut_row *r = hb_finding_row(f, row);
    return r ? (int)r->line : 0;
}

static void check_list(const char *title, const char *want, const hb_survey *s, bool of_units)
{
    char got[600] = "";
    size_t n = 0;
    for (size_t i = 0; i < s->n_columns; i++) {
        hb_str t = of_units ? s->columns[i].unit : s->columns[i].name;
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", i ? "|" : "", (int)t.n, t.p);
    }
    if (strcmp(want, got) != 0) {
        fail_msg("%s: expected '%s', got '%s'", title, want, got);
    }
}

static void check_layout(const layout *l, const char *eol)
{
    char text[8192];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", l->text);
    for (int i = 0; i < l->n_rows && l->row; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, l->row, i, i + 10, i + 20);
    }
    char *end = text + n;
    for (char *p = text; *eol == '\r' && p < end; p++) {
        *p = *p == '\n' ? '\r' : *p;
    }
    hb_sniffed s;
    hb_sniff_options o = {.units = units};
    CHECK_OK(hb_sniff((hb_str){text, n}, true, &o, &s, &err));
    const hb_finding *f = &s.table;
    const hb_survey *v = &f->survey;
    if (f->delimiter != l->delimiter || line_of(f, v->names_row) != l->names ||
        line_of(f, v->units_row) != l->units || line_of(f, v->group_row) != l->group ||
        line_of(f, v->data_row) != l->data) {
        fail_msg("%s: delimiter '%c', names %d, units %d, group %d, data %d", l->title,
                 f->delimiter ? f->delimiter : '0', line_of(f, v->names_row),
                 line_of(f, v->units_row), line_of(f, v->group_row), line_of(f, v->data_row));
    }
    if (*eol == '\n') {
        check_list(l->title, l->columns, v, false);
        if (l->unit) {
            check_list(l->title, l->unit, v, true);
        }
    }
    if (strcmp(f->comments.signs, l->signs ? l->signs : "") != 0) {
        fail_msg("%s: signs '%s'", l->title, f->comments.signs);
    }
    hb_sniffed_release(&s);
}

static void sniff__finds_the_table_in_many_layouts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        check_layout(&layouts[i], "\n");
        check_layout(&layouts[i], "\r");
    }
}

static void sniff__carries_groups_to_the_right(void **state)
{
    (void)state;
    static const char text[] = ",Pump,,Valve,\nClock,P,Q,P,Q\n0,1,2,3,4\n1,1,2,3,4\n2,1,2,3,4\n";
    static const char *const want[] = {"", "Pump", "Pump", "Valve", "Valve"};
    hb_sniffed s;
    hb_sniff_options o = {.units = NULL};
    CHECK_OK(hb_sniff(HB_STR(text), true, &o, &s, &err));
    assert_int_equal(s.table.survey.n_columns, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(hb_str_eq_c(s.table.survey.columns[i].group, want[i]));
    }
    hb_sniffed_release(&s);
}

static void sniff__looks_further_when_the_preamble_is_long(void **state)
{
    (void)state;
    size_t room = 200000;
    char *text = malloc(room); /* lint: allow malloc, no allocation of the program's */
    size_t n = 0;
    assert_non_null(text);
    for (int i = 0; i < 1500; i++) {
        n += (size_t)snprintf(text + n, room - n, "setting of something number %d is on\n", i);
    }
    n += (size_t)snprintf(text + n, room - n, "wave,light\n");
    for (int i = 0; i < 4000; i++) {
        n += (size_t)snprintf(text + n, room - n, "%d.5,0.25\n", i);
    }
    hb_sniffed s;
    hb_sniff_options o = {.units = NULL};
    CHECK_OK(hb_sniff((hb_str){text, n}, true, &o, &s, &err));
    assert_int_equal(s.table.delimiter, ',');
    assert_int_equal(line_of(&s.table, s.table.survey.names_row), 1501);
    hb_sniffed_release(&s);
    free(text); /* lint: allow malloc, no allocation of the program's */
}

static void sniff__takes_what_it_is_told(void **state)
{
    (void)state;
    static const char text[] = "a;b,c\n1;2,3\n2;2,3\n3;2,3\n";
    hb_sniffed s;
    hb_sniff_options o = {.delimiter = ',', .header = -1};
    CHECK_OK(hb_sniff(HB_STR(text), true, &o, &s, &err));
    assert_int_equal(s.table.delimiter, ',');
    assert_true(s.table.survey.names_row == HB_NO_ROW);
    assert_int_equal(s.table.survey.data_row, 0);
    hb_sniffed_release(&s);
}

static hb_status sniff_with_faults(void)
{
    static const char text[] = "# x\n#t a\n 1   2.5\n 2   2.5\n 3   2.5\n4 \"a \"\"b\"\"\"\n";
    hb_sniffed s;
    hb_sniff_options o = {.blanks_if_single = true};
    hb_status status = hb_sniff(HB_STR(text), true, &o, &s, NULL);
    hb_sniffed_release(&s);
    return status;
}

static void sniff__survives_lack_of_memory(void **state)
{
    (void)state;
    fault_loop(sniff_with_faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sniff__finds_the_table_in_many_layouts),
        cmocka_unit_test(sniff__carries_groups_to_the_right),
        cmocka_unit_test(sniff__looks_further_when_the_preamble_is_long),
        cmocka_unit_test(sniff__takes_what_it_is_told),
        cmocka_unit_test(sniff__survives_lack_of_memory),
    };
    if (hb_units_open(&units, NULL) != HB_OK) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hb_units_close(units);
    return failed;
}
