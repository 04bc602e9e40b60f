/* SPDX-License-Identifier: Apache-2.0 */
/* Converting what is kept of a metric is the same as keeping what was converted; and a converted
 * reference with its sets. */
#include "support/check.h"
#include "support/fake_past.h"
#include "support/fake_run.h"
#include "support/stats_case.h"

#include "telemetry/equivalence.h"

#include <math.h>

enum { N = 10000 };

static void fill(hb_profile *p, const double *v, size_t n)
{
    hb_profile_init(p, 5);
    CHECK_OK(hb_profile_add(p, v, NULL, n, &err));
    CHECK_OK(hb_profile_finish(p, &err));
}

static void check_same(double scale, double offset, size_t n)
{
    static double v[N];
    static double w[N];
    hb_profile of_v;
    hb_profile want;
    hb_profile got;
    stats_seed(3);
    for (size_t i = 0; i < n; i++) {
        v[i] = floor(stats_normal() * 64) / 8 + (double)i * 0x1p-10;
        w[i] = v[i] * scale + offset;
    }
    fill(&of_v, v, n);
    fill(&want, w, n);
    CHECK_OK(hb_profile_affine(&of_v, scale, offset, &got, &err));
    static const hb_reduce how[] = {HB_REDUCE_MEDIAN, HB_REDUCE_MEAN, HB_REDUCE_MAX,
                                    HB_REDUCE_MIN,    HB_REDUCE_LAST, HB_REDUCE_COUNT,
                                    HB_REDUCE_RANGE,  HB_REDUCE_STD};
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        double a = 0;
        double b = 0;
        assert_true(hb_profile_reduce(&got, how[i], &a) && hb_profile_reduce(&want, how[i], &b));
        /* The median of a sketch that was turned around lies within its bound, not at its place. */
        bool bounded = scale < 0 && n > HB_SKETCH_EXACT && how[i] == HB_REDUCE_MEDIAN;
        stats_near(hb_reduce_name(how[i]), "value", a, b, 1e-12, bounded ? 0.3 : 1e-12);
    }
    stats_near("lag 1", "r", hb_moments_lag1(&got.moments), hb_moments_lag1(&want.moments), 1e-9,
               1e-12);
    assert_true(got.persist_known == want.persist_known);
    stats_near("sustained", "high", got.sustained_high, want.sustained_high, 1e-12, 0);
    stats_near("sustained", "low", got.sustained_low, want.sustained_low, 1e-12, 0);
    assert_true(got.sustained_high_at == want.sustained_high_at);
    assert_int_equal(got.trace.n_buckets, want.trace.n_buckets);
    for (size_t i = 0; i < got.trace.n_buckets; i++) {
        const hb_trace_bucket *a = &got.trace.buckets[i];
        const hb_trace_bucket *b = &want.trace.buckets[i];
        assert_true(a->n == b->n && a->min == b->min && a->max == b->max);
        stats_near("bucket", "sum", a->sum, b->sum, 1e-12, 1e-9);
    }
    assert_true(hb_sketch_rank_error(got.sketch) == hb_sketch_rank_error(want.sketch));
    hb_profile_release(&of_v);
    hb_profile_release(&want);
    hb_profile_release(&got);
}

static void affine__of_what_is_kept_is_what_is_kept_of_it(void **state)
{
    (void)state;
    const size_t sizes[] = {7, 2000, N};
    for (size_t i = 0; i < 3; i++) {
        check_same(1.5, 32, sizes[i]);
        check_same(-0.25, 0, sizes[i]);
        check_same(1, -4, sizes[i]);
    }
    const double large[] = {1e300, 2e300, 3e300};
    hb_profile p;
    hb_profile ret;
    fill(&p, large, 3);
    CHECK_ERROR(hb_profile_affine(&p, 1e10, 0, &ret, &err), HB_E_INPUT, "beyond the range");
    hb_profile_release(&p);
}

static hb_equivalence_mapping mapping_of(const char *text)
{
    hb_equivalence_mapping m;
    CHECK_OK(hb_equivalence_parse(hb_str_of(text), "map.yaml", "0123456789abcdef", &m, &err));
    return m;
}

static hb_run *of_one(const char *run_id, const char *metric, double value)
{
    hb_run *r = fake_run(run_id);
    fake_run_value(r, metric, "u", value);
    fake_run_done(r);
    return r;
}

#define MAP "mappings: [{source_name: a, target_name: b, scale: -2, offset: 100}]"

static void equivalence__converts_reference_set_and_history(void **state)
{
    (void)state;
    static const char *const both[] = {"a", "b", "c"};
    hb_equivalence_mapping m = mapping_of(MAP);
    hb_run *base = of_one("base", "a", 10);
    hb_run *run = of_one("run", "b", 81);
    hb_run_set *set = fake_past(4, both, 1);
    hb_run_set *history = fake_past(3, both, 3); /* the last run is of the new make */
    for (size_t i = 0; i < 4; i++) {
        fake_past_values(set, "a")[i] = 10 + (double)i;
    }
    set->metrics[0].step = 0.5;
    fake_past_values(history, "a")[0] = 9;
    fake_past_values(history, "a")[1] = 11;
    fake_past_values(history, "b")[2] = 77;
    fake_past_done(set);
    fake_past_done(history);
    hb_prior prior = {.history = history};
    hb_reference r = {.run = base, .reason = "tag", .set = set, .prior = &prior};
    hb_equivalence_applied applied;
    CHECK_OK(hb_equivalence_apply(&m, run, &r, &applied, &err));
    assert_int_equal(r.n_equivalences, 1);
    assert_string_equal(r.equivalence_digest, "0123456789abcdef");
    assert_null(hb_run_metric(r.run, hb_str_of("a")));
    assert_true(hb_run_metric(r.run, hb_str_of("b"))->value == 80);
    assert_true(hb_run_metric(base, hb_str_of("a"))->value == 10); /* as it was */
    const hb_past_metric *in_set = hb_run_set_metric(r.set, "b");
    assert_true(in_set && in_set->n == 4 && in_set->step == 1 && in_set->values[3] == 74);
    assert_null(hb_run_set_metric(r.set, "a"));
    const hb_past_metric *in_history = hb_run_set_metric(r.prior->history, "b");
    assert_true(in_history->n == 3 && in_history->values[0] == 82 && in_history->values[2] == 77);
    assert_null(hb_run_set_metric(r.prior->history, "a"));
    assert_non_null(hb_run_set_metric(r.prior->history, "c"));
    hb_equivalence_applied_release(&applied);

    /* Nothing to do where both have the name. */
    hb_run *same = of_one("same", "a", 10);
    r = (hb_reference){.run = base, .reason = "tag", .set = set, .prior = &prior};
    CHECK_OK(hb_equivalence_apply(&m, same, &r, &applied, &err));
    assert_true(r.n_equivalences == 0 && r.run == base && r.set == set);
    hb_equivalence_applied_release(&applied);

    hb_run_free(base);
    hb_run_free(run);
    hb_run_free(same);
    fake_past_free(set);
    fake_past_free(history);
    hb_equivalence_release(&m);
}

static void equivalence__does_not_convert_what_it_cannot(void **state)
{
    (void)state;
    hb_equivalence_mapping m = mapping_of(MAP);
    const double v[] = {1, 2, 3};
    hb_run *base = fake_run("base");
    hb_metric *max = fake_run_samples(base, "a", "u", v, 3);
    max->reduce = HB_REDUCE_MAX;
    fake_run_done(base);
    hb_run *run = of_one("run", "b", 81);
    hb_reference r = {.run = base, .reason = "tag"};
    hb_equivalence_applied applied;
    CHECK_OK(hb_equivalence_apply(&m, run, &r, &applied, &err));
    assert_int_equal(r.n_equivalences, 1);
    assert_non_null(strstr(r.equivalences[0].why_not, "turns the ends"));
    assert_non_null(hb_run_metric(r.run, hb_str_of("a")));
    hb_equivalence_applied_release(&applied);
    hb_run_free(base);
    hb_run_free(run);
    hb_equivalence_release(&m);
}

static void equivalence__survives_a_lack_of_memory(void **state)
{
    (void)state;
    const double v[] = {1, 2, 3};
    hb_equivalence_mapping m = mapping_of(MAP);
    hb_run *base = fake_run("base");
    fake_run_samples(base, "a", "u", v, 3);
    fake_run_done(base);
    hb_run *run = of_one("run", "b", 81);
    for (unsigned long nth = 1;; nth++) {
        hb_reference r = {.run = base, .reason = "tag"};
        hb_equivalence_applied applied;
        hb_error err = {0};
        hb_fault_alloc(nth, true);
        hb_status status = hb_equivalence_apply(&m, run, &r, &applied, &err);
        bool fired = hb_fault_fired();
        hb_fault_alloc(0, false);
        hb_equivalence_applied_release(&applied);
        if (!fired) {
            assert_int_equal(status, HB_OK);
            break;
        }
        assert_int_equal(status, HB_E_NOMEM);
        assert_true(r.run == base && r.n_equivalences == 0);
    }
    hb_run_free(base);
    hb_run_free(run);
    hb_equivalence_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(affine__of_what_is_kept_is_what_is_kept_of_it),
        cmocka_unit_test(equivalence__converts_reference_set_and_history),
        cmocka_unit_test(equivalence__does_not_convert_what_it_cannot),
        cmocka_unit_test(equivalence__survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("equivalence", tests, NULL, NULL);
}
