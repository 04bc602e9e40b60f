/* SPDX-License-Identifier: Apache-2.0 */
/* Bands, verdicts and numbers of runs against scipy 1.10
 * (binomtest().proportion_ci(method="exact"), binom.cdf, every n tried in turn). */
#include "support/check.h"

#include "ledger/promise.h"

#include <math.h>

typedef struct vector {
    hb_alarm_count count; /* trials, false, true, unknown, missed */
    double promised;
    double confidence;
    double true_low;
    double true_high;
    double false_low;
    double false_high;
    hb_promise verdict;
    bool unknown_decide;
    uint64_t at_best;
    uint64_t as_it_is;
} vector;

static const vector vectors[] = {
    {{0, 0, 0, 0, 0}, 0.1, 0.95, 0.0, 1.0, 0.0, 1.0, HB_PROMISE_CANNOT_TELL, false, 36, 0},
    {{35, 0, 0, 0, 0},
     0.1,
     0.95,
     0.0,
     0.10003243557210871,
     0.0,
     0.10003243557210871,
     HB_PROMISE_CANNOT_TELL,
     false,
     36,
     36},
    {{36, 0, 0, 0, 0},
     0.1,
     0.95,
     0.0,
     0.0973937559145927,
     0.0,
     0.0973937559145927,
     HB_PROMISE_WITHIN,
     false,
     0,
     0},
    {{40, 12, 3, 0, 1},
     0.1,
     0.95,
     0.18556180982587867,
     0.5097025466518912,
     0.18556180982587867,
     0.5097025466518912,
     HB_PROMISE_ABOVE,
     false,
     206,
     0},
    {{40, 2, 1, 3, 0},
     0.1,
     0.95,
     0.006800300654021725,
     0.18663670645755398,
     0.04296834300178915,
     0.2742994104447326,
     HB_PROMISE_CANNOT_TELL,
     false,
     114,
     507},
    {{200, 9, 4, 2, 1},
     0.1,
     0.95,
     0.02154191562323144,
     0.08667403835318278,
     0.02849287960998946,
     0.09869030271414368,
     HB_PROMISE_WITHIN,
     false,
     0,
     0},
    {{45, 9, 8, 4, 0},
     0.039,
     0.9944444444444445,
     0.09429234998577476,
     0.5265546935511224,
     0.15568121644622793,
     0.5910671007106938,
     HB_PROMISE_ABOVE,
     false,
     676,
     0},
    {{1000, 100, 0, 0, 0},
     0.1,
     0.95,
     0.08210533435557994,
     0.12028793651869372,
     0.08210533435557994,
     0.12028793651869372,
     HB_PROMISE_CANNOT_TELL,
     false,
     1206,
     0},
    {{50, 0, 0, 0, 0},
     0.0016,
     0.999,
     0.0,
     0.14102722316239688,
     0.0,
     0.14102722316239688,
     HB_PROMISE_CANNOT_TELL,
     false,
     4747,
     4747},
    {{40, 0, 0, 20, 0},
     0.1,
     0.95,
     0.0,
     0.16843347098308548,
     0.3380178137372346,
     0.6619821862627654,
     HB_PROMISE_CANNOT_TELL,
     true,
     304,
     41},
    {{10, 10, 0, 0, 0},
     0.1,
     0.95,
     0.6915028921812371,
     1.0,
     0.6915028921812371,
     1.0,
     HB_PROMISE_ABOVE,
     false,
     180,
     0},
    {{5, 0, 5, 0, 0}, 0.1, 0.95, 0.0, 1.0, 0.0, 1.0, HB_PROMISE_CANNOT_TELL, false, 36, 0},
    {{300, 0, 0, 31, 0},
     0.1,
     0.95,
     0.0,
     0.013619707472312203,
     0.07129644602853306,
     0.14346052148741456,
     HB_PROMISE_CANNOT_TELL,
     true,
     434,
     0},
    {{20, 0, 0, 0, 0},
     0,
     0.95,
     0.0,
     0.16843347098308548,
     0.0,
     0.16843347098308548,
     HB_PROMISE_CANNOT_TELL,
     false,
     0,
     0},
};

static void near(double got, double expected)
{
    assert_true(fabs(got - expected) <= 1e-11 * fabs(expected) + 1e-15);
}

static void promise__holds_counts_as_scipy_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const vector *v = &vectors[i];
        hb_promise_held h = hb_promise_hold(&v->count, v->promised, v->confidence);
        uint64_t clean = v->count.trials - v->count.true_alarms - v->count.missed;
        near(h.if_true.low, v->true_low);
        near(h.if_true.high, v->true_high);
        near(h.if_false.low, v->false_low);
        near(h.if_false.high, v->false_high);
        assert_int_equal(h.if_true.k, v->count.false_alarms);
        assert_int_equal(h.if_true.n, clean - v->count.unknown);
        assert_int_equal(h.if_false.k, v->count.false_alarms + v->count.unknown);
        assert_int_equal(h.if_false.n, clean);
        assert_int_equal(h.verdict, v->verdict);
        assert_int_equal(h.unknown_decide, v->unknown_decide);
        assert_int_equal(h.needed_at_best, v->at_best);
        assert_int_equal(h.needed_as_it_is, v->as_it_is);
    }
}

static void promise__says_nothing_of_nothing(void **state)
{
    (void)state;
    hb_promise_held h = hb_promise_hold(&(hb_alarm_count){0}, 0.1, 0.95);
    assert_true(isnan(h.if_true.share));
    assert_true(isnan(h.if_false.share));
    assert_string_equal(hb_promise_name(h.verdict), "cannot_tell");
    assert_string_equal(hb_promise_name(HB_PROMISE_COUNT_), "?");
}

static void promise__keeps_whatever_is_promised_to_be_anything(void **state)
{
    (void)state;
    hb_alarm_count c = {.trials = 5, .false_alarms = 5};
    assert_int_equal(hb_promise_hold(&c, 1, 0.95).verdict, HB_PROMISE_WITHIN);
    assert_int_equal(hb_promise_hold(&c, 0, 0.95).verdict, HB_PROMISE_ABOVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promise__holds_counts_as_scipy_does),
        cmocka_unit_test(promise__says_nothing_of_nothing),
        cmocka_unit_test(promise__keeps_whatever_is_promised_to_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
