/* SPDX-License-Identifier: Apache-2.0 */
/* Against numpy and scipy (tests/data/stats/make_cases.py) and against brute force. */
#include "support/check.h"

#include "base/num.h"
#include "os/file.h"
#include "stats/compare.h"
#include "stats/fmath.h"
#include "stats/moments.h"
#include "stats/sketch.h"
#include "stats/sort.h"
#include "stats/sustained.h"
#include "stats/trace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 200, FIGURES = 9 };

static uint64_t seed = 1;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) * 0x1p-53;
}

static size_t numbers(hb_str line, double *out, size_t max)
{
    size_t n = 0;
    while (line.n && n < max) {
        size_t end = hb_str_find_ch(line, ' ');
        hb_num_kind kind = hb_num_parse(line.p, end, &out[n]);
        if (kind == HB_NUM_NAN) {
            out[n] = NAN;
        } else {
            assert_int_equal(kind, HB_NUM_FINITE);
        }
        n++;
        size_t skip = end < line.n ? end + 1 : end;
        line = (hb_str){line.p + skip, line.n - skip};
    }
    return n;
}

static void near(const char *name, const char *what, double got, double want, double rel)
{
    bool same = (isnan(got) && isnan(want)) || got == want || fabs(got - want) <= rel * fabs(want);
    if (!same) {
        fail_msg("%s: %s is %.17g, expected %.17g", name, what, got, want);
    }
}

static void check_case(const char *name, const double *a, size_t na, const double *b, size_t nb,
                       const double *want)
{
    hb_moments m = hb_moments_block(a, na);
    hb_moments split = {0};
    for (size_t i = 0; i < na; i += 7) {
        hb_moments part = hb_moments_block(a + i, na - i < 7 ? na - i : 7);
        hb_moments_merge(&split, &part);
    }
    const hb_moments *both[] = {&m, &split};
    for (int i = 0; i < 2; i++) {
        near(name, "mean", hb_moments_mean(both[i]), want[0], 1e-13);
        near(name, "variance", hb_moments_variance(both[i]), want[1], 1e-9);
        near(name, "lag1", hb_moments_lag1(both[i]), want[2], 1e-6);
        assert_true(both[i]->first == a[0] && both[i]->last == a[na - 1]);
    }
    hb_sketch *s = NULL;
    CHECK_OK(hb_sketch_new(&s, &err));
    CHECK_OK(hb_sketch_add(s, a, na, &err));
    near(name, "p50", hb_sketch_quantile(s, 0.5), want[3], 0);
    near(name, "p95", hb_sketch_quantile(s, 0.95), want[4], 4e-16);
    near(name, "p99", hb_sketch_quantile(s, 0.99), want[5], 4e-16);
    assert_true(hb_sketch_rank_error(s) == 0);
    hb_ecdf ea = {0};
    hb_ecdf eb = {0};
    CHECK_OK(hb_sketch_ecdf(s, &ea, &err));
    CHECK_OK(hb_ecdf_from_samples(b, nb, &eb, &err));
    hb_ks ks = hb_ks_two_sample(&ea, &eb);
    near(name, "D", ks.d, want[6], 1e-14);
    if (fabs(ks.p - want[7]) > 1e-12) {
        fail_msg("%s: p is %.17g, expected %.17g", name, ks.p, want[7]);
    }
    near(name, "Wasserstein", hb_wasserstein(&ea, &eb), want[8], 1e-9);
    hb_ecdf_release(&ea);
    hb_ecdf_release(&eb);
    hb_sketch_free(s);
}

static void stats__equal_numpy_and_scipy(void **state)
{
    (void)state;
    char path[512];
    char *text = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "%s/tests/data/stats/stats.case", getenv("HB_SOURCE_DIR"));
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &text, &len, &err));
    hb_str rest = {text, len};
    int cases = 0;
    while (rest.n) {
        hb_str line[4];
        for (int i = 0; i < 4; i++) {
            size_t end = hb_str_find_ch(rest, '\n');
            line[i] = (hb_str){rest.p, end};
            rest = (hb_str){rest.p + end + 1, rest.n - end - 1};
        }
        double a[MOST];
        double b[MOST];
        double want[FIGURES];
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)line[0].n, line[0].p);
        size_t na = numbers(line[1], a, MOST);
        size_t nb = numbers(line[2], b, MOST);
        assert_int_equal(numbers((hb_str){line[3].p + 2, line[3].n - 2}, want, FIGURES), FIGURES);
        check_case(name, a, na, b, nb, want);
        cases++;
    }
    assert_true(cases >= 12);
    hb_free(text);
}

static void moments__extreme_values_stay_numbers(void **state)
{
    (void)state;
    double big[100];
    for (int i = 0; i < 100; i++) {
        big[i] = i % 2 ? 1e308 : 1.5e308;
    }
    hb_moments m = hb_moments_block(big, 100);
    near("big", "mean", hb_moments_mean(&m), 1.25e308, 1e-14);
    assert_true(isinf(hb_moments_variance(&m)));
    assert_true(m.min == 1e308 && m.max == 1.5e308);
    hb_moments constant = hb_moments_block((double[]){0.1, 0.1, 0.1, 0.1, 0.1}, 5);
    assert_true(hb_moments_variance(&constant) == 0);
    assert_true(isnan(hb_moments_lag1(&constant)));
    hb_moments none = hb_moments_block(NULL, 0);
    hb_moments_merge(&none, &constant);
    assert_int_equal(none.n, 5);
    assert_true(isnan(hb_moments_mean(&(hb_moments){0})));
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort__equals_qsort(void **state)
{
    (void)state;
    static double v[5000];
    static double w[5000];
    static double scratch[5000];
    for (size_t n = 0; n < 5000; n = n * 2 + 1) {
        for (size_t i = 0; i < n; i++) {
            uint64_t bits = 0;
            do {
                (void)uniform();
                bits = seed ^ seed << 29;
                memcpy(&v[i], &bits, sizeof bits);
            } while (!isfinite(v[i]));
            w[i] = v[i];
        }
        hb_sort_f64(v, n, scratch);
        qsort(w, n, sizeof *w, by_value);
        assert_memory_equal(v, w, n * sizeof *v);
    }
}

/* One million values in an order made to be awkward; the true rank comes from a full sort. */
static double shaped(int shape, size_t i, size_t n)
{
    switch (shape) {
    case 0:
        return (double)i; /* sorted */
    case 1:
        return (double)(n - i); /* reversed */
    case 2:
        return 7; /* constant */
    case 3:
        return tan(3.14159265 * (uniform() - 0.5)); /* Cauchy: heavy tails */
    case 4:
        return (double)(i % 4096); /* a saw in step with the buffer */
    default:
        return (double)(i % 2 ? i : n - i); /* from both ends inwards */
    }
}

static void check_ranks(const hb_sketch *s, const double *sorted, size_t n, int shape)
{
    double bound = hb_sketch_rank_error(s);
    if (bound > 0.005) {
        fail_msg("shape %d: stated bound %g", shape, bound);
    }
    hb_ecdf e = {0};
    CHECK_OK(hb_sketch_ecdf(s, &e, &err));
    assert_int_equal(e.n, n);
    size_t at = 0;
    for (size_t i = 0; i < n; i += 997) {
        double x = sorted[i];
        while (at < n && sorted[at] <= x) {
            at++;
        }
        double error = fabs(hb_ecdf_at(&e, x) - (double)at / (double)n);
        if (error > bound + 1e-12) {
            fail_msg("shape %d: rank of %g is off by %g, bound %g", shape, x, error, bound);
        }
    }
    hb_ecdf_release(&e);
}

static void sketch__keeps_its_bound_on_every_shape(void **state)
{
    (void)state;
    enum { N = 1000000, BLOCK = 4099 };
    double *v = malloc(N * sizeof *v);
    for (int shape = 0; shape < 6; shape++) {
        hb_sketch *s = NULL;
        hb_sketch *left = NULL;
        hb_sketch *right = NULL;
        CHECK_OK(hb_sketch_new(&s, &err));
        CHECK_OK(hb_sketch_new(&left, &err));
        CHECK_OK(hb_sketch_new(&right, &err));
        for (size_t i = 0; i < N; i++) {
            v[i] = shaped(shape, i, N);
        }
        for (size_t i = 0; i < N; i += BLOCK) {
            size_t k = N - i < BLOCK ? N - i : BLOCK;
            CHECK_OK(hb_sketch_add(s, v + i, k, &err));
            CHECK_OK(hb_sketch_add(i < N / 3 ? left : right, v + i, k, &err));
        }
        CHECK_OK(hb_sketch_merge(right, left, &err)); /* the "wrong" order */
        qsort(v, N, sizeof *v, by_value);
        check_ranks(s, v, N, shape);
        check_ranks(right, v, N, shape);
        hb_sketch_free(s);
        hb_sketch_free(left);
        hb_sketch_free(right);
    }
    free(v);
}

static void sketch__file_form_round_trips_and_refuses_damage(void **state)
{
    (void)state;
    hb_sketch *s = NULL;
    CHECK_OK(hb_sketch_new(&s, &err));
    for (int i = 0; i < 10000; i++) {
        double x = uniform();
        CHECK_OK(hb_sketch_add(s, &x, 1, &err));
    }
    hb_buf a;
    hb_buf b;
    hb_buf_init(&a, 1 << 20);
    hb_buf_init(&b, 1 << 20);
    CHECK_OK(hb_sketch_store(s, &a, &err));
    hb_sketch *back = NULL;
    CHECK_OK(hb_sketch_load(a.p, a.n, &back, &err));
    for (int i = 0; i < 5000; i++) { /* goes on exactly as the first would */
        double x = uniform();
        CHECK_OK(hb_sketch_add(s, &x, 1, &err));
        CHECK_OK(hb_sketch_add(back, &x, 1, &err));
    }
    hb_buf_clear(&a);
    CHECK_OK(hb_sketch_store(s, &a, &err));
    CHECK_OK(hb_sketch_store(back, &b, &err));
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    hb_sketch *none = NULL;
    for (size_t cut = 0; cut < a.n; cut += 101) {
        CHECK_ERROR(hb_sketch_load(a.p, cut, &none, &err), HB_E_INPUT, "sketch");
    }
    a.p[8] = (char)(a.p[8] + 1); /* the number of samples */
    CHECK_ERROR(hb_sketch_load(a.p, a.n, &none, &err), HB_E_INPUT, "number of samples");
    hb_buf_release(&a);
    hb_buf_release(&b);
    hb_sketch_free(s);
    hb_sketch_free(back);
}

static void ks__limit_law_is_close_to_the_exact_value(void **state)
{
    (void)state;
    /* scipy.stats.ks_2samp(…, method="exact") for the same D, n, m */
    static const struct {
        double d;
        uint64_t n;
        uint64_t m;
        double p;
    } cases[] = {
        {0.1, 200, 200, 0.2704743832803917},
        {0.12, 300, 250, 0.03612919189199999},
        {0.08, 1000, 1000, 0.003311056963176061},
        {0.05, 2000, 1500, 0.026719100728279436},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double p = hb_ks_p(cases[i].d, cases[i].n, cases[i].m);
        if (fabs(p - cases[i].p) > 0.12 * cases[i].p) {
            fail_msg("D %g n %d m %d: p %.8g, exact %.8g", cases[i].d, (int)cases[i].n,
                     (int)cases[i].m, p, cases[i].p);
        }
    }
    assert_true(hb_ks_p(0, 10, 10) == 1);
    assert_true(hb_ks_p(1, 1000, 1000) < 1e-100);
}

static void fmath__within_three_units_and_the_same_bits_everywhere(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        double x = (uniform() - 0.5) * 1400;
        double want = exp(x); /* glibc's is below 1 ulp */
        double got = hb_exp(x);
        double ulp = nextafter(fabs(want), INFINITY) - fabs(want);
        if (fabs(got - want) > 3 * ulp) {
            fail_msg("exp(%.17g) = %.17g, expected %.17g", x, got, want);
        }
        double y = exp((uniform() - 0.5) * 1400);
        want = log(y);
        got = hb_log(y);
        ulp = nextafter(fabs(want), INFINITY) - fabs(want);
        if (fabs(got - want) > 3 * ulp) {
            fail_msg("log(%.17g) = %.17g, expected %.17g", y, got, want);
        }
    }
    /* Stored bits: another compiler or level of optimisation must give these. */
    static const double vectors[][3] = {
        {1.0, 0x1.5bf0a8b14576ap+1, 0x0p+0},
        {-0.5, 0x1.368b2fc6f960ap-1, 0},
        {10.25, 0, 0x1.29e43c6118f56p+1},
        {0.001, 0, -0x1.ba18a998fffap+2},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        if (vectors[i][1] != 0) {
            assert_true(hb_exp(vectors[i][0]) == vectors[i][1]);
        }
        if (vectors[i][2] != 0) {
            assert_true(hb_log(vectors[i][0]) == vectors[i][2]);
        }
    }
    assert_true(hb_exp(0) == 1 && hb_log(1) == 0 && hb_exp(-INFINITY) == 0);
    assert_true(isinf(hb_exp(710)) && isinf(hb_log(0)) && isnan(hb_log(-1)) && isnan(hb_exp(NAN)));
}

static void sustained__equals_brute_force(void **state)
{
    (void)state;
    for (uint32_t window = 1; window < 40; window += 3) {
        double v[150];
        for (int i = 0; i < 150; i++) {
            v[i] = floor(uniform() * 10);
        }
        hb_sustained *s = NULL;
        CHECK_OK(hb_sustained_new(window, &s, &err));
        double high = 0;
        double low = 0;
        uint64_t ha = 0;
        uint64_t la = 0;
        hb_sustained_add(s, v, window - 1);
        assert_false(hb_sustained_get(s, &high, &ha, &low, &la));
        hb_sustained_add(s, v + window - 1, 150 - window + 1);
        assert_true(hb_sustained_get(s, &high, &ha, &low, &la));
        double want_high = -1;
        double want_low = 11;
        for (size_t i = 0; i + window <= 150; i++) {
            double least = 11;
            double most = -1;
            for (size_t k = 0; k < window; k++) {
                least = v[i + k] < least ? v[i + k] : least;
                most = v[i + k] > most ? v[i + k] : most;
            }
            want_high = least > want_high ? least : want_high;
            want_low = most < want_low ? most : want_low;
        }
        assert_true(high == want_high && low == want_low);
        for (size_t k = 0; k < window; k++) {
            assert_true(v[ha + k] >= high && v[la + k] <= low);
        }
        hb_sustained_free(s);
    }
}

static void trace__joins_buckets_and_loses_no_extreme(void **state)
{
    (void)state;
    hb_trace tr = {0};
    double sum = 0;
    for (int i = 0; i < 10000; i++) {
        double x = i == 7777 ? 1e6 : uniform();
        hb_time t = i * 1000;
        sum += x;
        CHECK_OK(hb_trace_add(&tr, &x, &t, 1, &err));
    }
    assert_true(tr.n_buckets <= HB_TRACE_BUCKETS && tr.n_buckets >= HB_TRACE_BUCKETS / 2);
    double total = 0;
    uint64_t n = 0;
    bool found = false;
    for (size_t i = 0; i < tr.n_buckets; i++) {
        assert_int_equal(tr.buckets[i].t, (hb_time)hb_trace_index(&tr, i) * 1000);
        total += tr.buckets[i].sum;
        n += tr.buckets[i].n;
        uint64_t from = hb_trace_index(&tr, i);
        found |= tr.buckets[i].max == 1e6 && from <= 7777 && 7777 < from + tr.per_bucket;
    }
    assert_true(found && n == 10000 && fabs(total - sum) < 1e-6 * sum);
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    CHECK_OK(hb_trace_store(&tr, &out, &err));
    hb_trace back = {0};
    CHECK_OK(hb_trace_load(out.p, out.n, &back, &err));
    assert_memory_equal(back.buckets, tr.buckets, tr.n_buckets * sizeof *tr.buckets);
    hb_trace_release(&back);
    for (size_t cut = 0; cut < out.n; cut += 13) {
        CHECK_ERROR(hb_trace_load(out.p, cut, &back, &err), HB_E_INPUT, "trace");
    }
    hb_buf_release(&out);
    hb_trace_release(&tr);
}

static hb_status sketch_work(void)
{
    hb_sketch *s = NULL;
    hb_sketch *t = NULL;
    hb_ecdf e = {0};
    double v[5000];
    for (int i = 0; i < 5000; i++) {
        v[i] = i;
    }
    hb_status status = hb_sketch_new(&s, NULL);
    status = status == HB_OK ? hb_sketch_new(&t, NULL) : status;
    status = status == HB_OK ? hb_sketch_add(s, v, 5000, NULL) : status;
    status = status == HB_OK ? hb_sketch_merge(t, s, NULL) : status;
    status = status == HB_OK ? hb_sketch_ecdf(t, &e, NULL) : status;
    hb_ecdf_release(&e);
    hb_sketch_free(s);
    hb_sketch_free(t);
    return status;
}

static void sketch__survives_every_failing_allocation(void **state)
{
    (void)state;
    fault_loop(sketch_work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stats__equal_numpy_and_scipy),
        cmocka_unit_test(moments__extreme_values_stay_numbers),
        cmocka_unit_test(sort__equals_qsort),
        cmocka_unit_test(sketch__keeps_its_bound_on_every_shape),
        cmocka_unit_test(sketch__file_form_round_trips_and_refuses_damage),
        cmocka_unit_test(ks__limit_law_is_close_to_the_exact_value),
        cmocka_unit_test(fmath__within_three_units_and_the_same_bits_everywhere),
        cmocka_unit_test(sustained__equals_brute_force),
        cmocka_unit_test(trace__joins_buckets_and_loses_no_extreme),
        cmocka_unit_test(sketch__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
