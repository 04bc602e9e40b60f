/* SPDX-License-Identifier: Apache-2.0 */
#include "input/row_filter.h"

#include "support/cells.h"
#include "support/check.h"

#include <string.h>

typedef struct outcome {
    char keep[CELLS_ROWS + 1]; /* of all blocks, '1' and '0'; released rows as 'r' in front */
    hb_row_filter_counts counts;
    hb_segment segments[8];
} outcome;

static void note(outcome *o, const test_cells *t, const hb_released *released)
{
    size_t n = strlen(o->keep);
    for (size_t i = 0; released && i < released->n_rows; i++) {
        o->keep[n++] = 'r';
    }
    for (size_t i = 0; t && i < t->block.n_rows; i++) {
        o->keep[n++] = (char)('0' + t->keep[i]);
    }
}

/* Blocks are given one after another, NULL ends them. */
static outcome run(const char *names, const char *kinds, const char *const *blocks)
{
    test_cells *t = test_calloc(1, sizeof *t);
    outcome o = {0};
    hb_row_filter *f = NULL;
    hb_released released;
    uint64_t line = 2;
    test_cells_begin(t, names, kinds);
    assert_int_equal(hb_row_filter_new(&t->plan, t->columns, 1, &f, NULL), HB_OK);
    for (; *blocks; blocks++) {
        test_cells_rows(t, *blocks, line);
        for (const char *p = *blocks; *p; p++) {
            line += *p == '\n';
        }
        assert_int_equal(
            hb_row_filter_block(f, NULL, &t->block, t->figures, t->keep, &released, NULL), HB_OK);
        note(&o, t, &released);
    }
    assert_int_equal(hb_row_filter_finish(f, &released, &o.counts, NULL), HB_OK);
    note(&o, NULL, &released);
    for (size_t i = 0; i < o.counts.n_segments && i < 8; i++) {
        o.segments[i] = o.counts.segments[i];
    }
    hb_row_filter_free(f);
    test_cells_end(t);
    test_free(t);
    return o;
}

#define RUN(names, kinds, ...) run((names), (kinds), (const char *const[]){__VA_ARGS__, NULL})

static void filter__keeps_all_rows_of_a_plain_table(void **state)
{
    (void)state;
    outcome o = RUN("Time (s),a", "tn", "0,1\n1,2\n", "2,3\n");
    assert_string_equal(o.keep, "111");
    assert_int_equal(o.counts.rows, 3);
    assert_int_equal(o.counts.footer_rows, 0);
    assert_int_equal(o.counts.last_line, 4);
    assert_int_equal(o.counts.n_segments, 1);
    assert_int_equal(o.segments[0].data_first_line, 2);
}

static void filter__takes_summaries_below_for_a_footer(void **state)
{
    (void)state;
    outcome o = RUN("Time (s),a", "tn", "0,1\n1,2\n\nMinimum,1\nMaximum,2\n", "Average,1.5\n");
    assert_string_equal(o.keep, "11000");
    assert_int_equal(o.counts.rows, 2);
    assert_int_equal(o.counts.footer_rows, 3);
    assert_int_equal(o.counts.footer_line, 5);
    assert_int_equal(o.counts.last_line, 3);
    o = RUN("a,b", "nn", "0,1\n1,2\nMean:,1.5\n");
    assert_string_equal(o.keep, "110");
}

static void filter__gives_back_rows_without_a_time_that_data_follow(void **state)
{
    (void)state;
    outcome o = RUN("Time (s),a", "tn", "0,1\n?,2\n", "2,3\n?,4\n3,5\n");
    assert_string_equal(o.keep, "10r111");
    assert_int_equal(o.counts.rows, 5);
    assert_int_equal(o.counts.bad_times, 2);
}

static void filter__gives_back_a_last_row_that_only_lost_its_time(void **state)
{
    (void)state;
    outcome o = RUN("Time (s),a", "tn", "0,1\n1,2\n,3\n");
    assert_string_equal(o.keep, "110r");
    assert_int_equal(o.counts.rows, 3);
    assert_int_equal(o.counts.footer_rows, 0);
}

static void filter__finds_segments_by_their_names(void **state)
{
    (void)state;
    outcome o = RUN("Time (s),a", "tn", "0,1\n1,2\n\nSegment,2\nRate,50\nTime (s),a\n(s),V\n0,3\n",
                    "1,4\n\nSegment,3\n", "Time (s),a\n0,5\n");
    assert_string_equal(o.keep, "1100001"
                                "10"
                                "01");
    assert_int_equal(o.counts.rows, 5);
    assert_int_equal(o.counts.n_segments, 3);
    assert_int_equal(o.segments[1].header_line, 7);
    assert_int_equal(o.segments[1].data_first_line, 9);
    assert_int_equal(o.segments[1].rows, 2);
    assert_int_equal(o.segments[2].rows, 1);
}

static void filter__keeps_a_column_that_turned_to_text(void **state)
{
    (void)state;
    char rows[HB_FILTER_HELD * 8 + 40] = "1\n2\n";
    size_t n = 4;
    for (int i = 0; i < HB_FILTER_HELD + 5; i++) {
        memcpy(rows + n, "FAULT\n", 7);
        n += 6;
    }
    outcome o = RUN("a", "n", rows);
    assert_int_equal(o.counts.rows, HB_FILTER_HELD + 7);
    o = RUN("a", "n", "1\n2\nFAULT\nFAULT\n");
    assert_string_equal(o.keep, "1111");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter__keeps_all_rows_of_a_plain_table),
        cmocka_unit_test(filter__takes_summaries_below_for_a_footer),
        cmocka_unit_test(filter__gives_back_rows_without_a_time_that_data_follow),
        cmocka_unit_test(filter__gives_back_a_last_row_that_only_lost_its_time),
        cmocka_unit_test(filter__finds_segments_by_their_names),
        cmocka_unit_test(filter__keeps_a_column_that_turned_to_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
