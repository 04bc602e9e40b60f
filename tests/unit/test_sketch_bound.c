/* SPDX-License-Identifier: Apache-2.0 */
/* The stated rank error against the ranks themselves, at every value: orders chosen to be awkward,
 * inputs chosen by looking at the sketch while it is filled, and merges of any shape. */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/sketch.h"
#include "stats/sort.h"

#include <math.h>
#include <stdlib.h>

enum { MILLION = 1000000, BLOCK = 4099 };

static double values[MILLION];
static double sorted[MILLION];
static double scratch[MILLION];

static hb_sketch *new_sketch(void)
{
    hb_sketch *s = NULL;
    CHECK_OK(hb_sketch_new(&s, &err));
    return s;
}

static void add(hb_sketch *s, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i += BLOCK) {
        CHECK_OK(hb_sketch_add(s, v + i, n - i < BLOCK ? n - i : BLOCK, &err));
    }
}

/* What sketch.h promises of n samples however they came. */
static double promised(size_t n)
{
    return n <= HB_SKETCH_EXACT ? 0
                                : (1 + floor(log2((double)n / HB_SKETCH_EXACT))) / HB_SKETCH_EXACT;
}

static void sort_first(size_t n)
{
    memcpy(sorted, values, n * sizeof *sorted);
    hb_sort_f64(sorted, n, scratch);
}

/* The furthest that any rank of the first n values (sorted before) is off. */
static double error_made(const hb_sketch *s, size_t n)
{
    hb_ecdf e = {0};
    CHECK_OK(hb_sketch_ecdf(s, &e, &err));
    assert_true(e.n == n && e.upto[e.n_points - 1] == n);
    double most = 0;
    size_t point = 0;
    for (size_t i = 0; i < n;) {
        size_t upto = i + 1;
        while (upto < n && sorted[upto] <= sorted[i]) {
            upto++;
        }
        while (point < e.n_points && e.values[point] <= sorted[i]) {
            point++;
        }
        double told = point ? (double)e.upto[point - 1] : 0;
        most = fmax(most, fabs(told - (double)upto) / (double)n);
        i = upto;
    }
    hb_ecdf_release(&e);
    return most;
}

static double check_bound(const hb_sketch *s, size_t n, const char *what)
{
    double stated = hb_sketch_rank_error(s);
    double made = error_made(s, n);
    if (made > stated || stated > promised(n)) {
        fail_msg("%s, %zu samples: off by %g, states %g, promised %g", what, n, made, stated,
                 promised(n));
    }
    return made;
}

static double ascending(size_t i, size_t n)
{
    (void)n;
    return (double)i;
}

static double descending(size_t i, size_t n)
{
    return (double)(n - i);
}

static double constant(size_t i, size_t n)
{
    (void)i;
    (void)n;
    return 21.5;
}

static double two_values(size_t i, size_t n)
{
    (void)i;
    (void)n;
    return stats_uniform() < 0.3 ? -1 : 1;
}

static double cauchy(size_t i, size_t n)
{
    (void)i;
    (void)n;
    return tan(3.14159265358979 * (stats_uniform() - 0.5));
}

static double pareto(size_t i, size_t n)
{
    (void)i;
    (void)n;
    return pow(1 - stats_uniform(), -2); /* no mean */
}

static double saw(size_t i, size_t n)
{
    (void)n;
    return (double)(i % 1000);
}

static double saw_of_the_buffer(size_t i, size_t n)
{
    (void)n;
    return (double)(i % HB_SKETCH_EXACT);
}

static double zig_zag(size_t i, size_t n)
{
    return i % 2 ? (double)(n + i) : -(double)(n + i);
}

static double organ_pipe(size_t i, size_t n)
{
    return (double)(i < n / 2 ? i : n - i);
}

/* Buffers that lie wholly on one side, by turns. */
static double sides(size_t i, size_t n)
{
    return i / HB_SKETCH_EXACT % 2 ? (double)(n + i) : -(double)(n + i);
}

/* All over the range of doubles, both signs. */
static double all_magnitudes(size_t i, size_t n)
{
    (void)i;
    (void)n;
    double v = exp2(stats_uniform() * 2000 - 1000);
    return stats_uniform() < 0.5 ? -v : v;
}

static const struct shape {
    const char *name;
    double (*value)(size_t i, size_t n);
} shapes[] = {
    {"ascending", ascending},
    {"descending", descending},
    {"constant", constant},
    {"two values", two_values},
    {"Cauchy", cauchy},
    {"Pareto", pareto},
    {"saw", saw},
    {"saw of the buffer", saw_of_the_buffer},
    {"zig-zag", zig_zag},
    {"organ pipe", organ_pipe},
    {"sides", sides},
    {"all magnitudes", all_magnitudes},
};

enum { SHAPES = sizeof shapes / sizeof *shapes };

static void fill(size_t shape, size_t n)
{
    stats_seed(shape + 100);
    for (size_t i = 0; i < n; i++) {
        values[i] = shapes[shape].value(i, n);
    }
}

static void sketch__keeps_its_bound_at_every_value(void **state)
{
    (void)state;
    const size_t sizes[] = {1000, 2049, 10000, 100000, MILLION};
    for (size_t shape = 0; shape < SHAPES; shape++) {
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            fill(shape, sizes[k]);
            sort_first(sizes[k]);
            hb_sketch *s = new_sketch();
            add(s, values, sizes[k]);
            check_bound(s, sizes[k], shapes[shape].name);
            hb_sketch_free(s);
        }
    }
}

static void sketch__is_exact_at_every_size_up_to_2048(void **state)
{
    (void)state;
    for (size_t n = 1; n <= HB_SKETCH_EXACT; n = n < 70 ? n + 1 : n < 2000 ? n + 97 : n + 1) {
        fill(n % SHAPES, n);
        sort_first(n);
        hb_sketch *s = new_sketch();
        add(s, values, n / 3);
        hb_sketch *rest = new_sketch();
        add(rest, values + n / 3, n - n / 3);
        CHECK_OK(hb_sketch_merge(s, rest, &err));
        assert_true(hb_sketch_rank_error(s) == 0);
        assert_true(error_made(s, n) == 0);
        for (int q = 0; q <= 20; q++) { /* the ranks a quantile falls between hold it */
            double at = q / 20.0 * (double)(n - 1);
            double x = hb_sketch_quantile(s, q / 20.0);
            assert_true(sorted[(size_t)floor(at)] <= x && x <= sorted[(size_t)ceil(at)]);
        }
        hb_sketch_free(s);
        hb_sketch_free(rest);
    }
}

static uint64_t told_upto_0(const hb_sketch *s)
{
    hb_ecdf e = {0};
    uint64_t told = 0;
    CHECK_OK(hb_sketch_ecdf(s, &e, &err));
    for (size_t i = 0; i < e.n_points && e.values[i] <= 0; i++) {
        told = e.upto[i];
    }
    hb_ecdf_release(&e);
    return told;
}

static hb_sketch *copy_of(const hb_sketch *s)
{
    hb_buf b;
    hb_sketch *copy = NULL;
    hb_buf_init(&b, 1 << 20);
    CHECK_OK(hb_sketch_store(s, &b, &err));
    CHECK_OK(hb_sketch_load(b.p, b.n, &copy, &err));
    hb_buf_release(&b);
    return copy;
}

/* The choice of odd or even at a compaction is fixed, so whoever knows the sketch can arrange how
 * many values of each buffer lie at or below 0, such that it rounds upwards again and again: each
 * buffer is tried on copies with 32 different counts, and the worst is taken. This reaches a good
 * part of the bound, and must not pass it. */
static void sketch__keeps_its_bound_against_who_knows_its_choices(void **state)
{
    (void)state;
    enum { BUFFERS = 100, CHOICES = 32, K = HB_SKETCH_EXACT };
    hb_sketch *s = new_sketch();
    uint64_t upto = 0;
    size_t n = 0;
    for (size_t round = 0; round < BUFFERS; round++) {
        size_t best = 0;
        double worst = -INFINITY;
        for (size_t c = 0; c < CHOICES; c++) {
            size_t below = K / 2 + c;
            hb_sketch *trial = copy_of(s);
            for (size_t i = 0; i < K; i++) {
                values[n + i] = i < below ? -(double)i : (double)(i + 1);
            }
            CHECK_OK(hb_sketch_add(trial, values + n, K, &err));
            CHECK_OK(hb_sketch_add(trial, (double[]){1e9}, 1, &err)); /* compacts the buffer */
            double off = (double)told_upto_0(trial) - (double)(upto + below);
            if (off > worst) {
                worst = off;
                best = below;
            }
            hb_sketch_free(trial);
        }
        for (size_t i = 0; i < K; i++) {
            values[n + i] = i < best ? -(double)i : (double)(i + 1);
        }
        add(s, values + n, K);
        upto += best;
        n += K;
    }
    sort_first(n);
    double made = check_bound(s, n, "chosen counts");
    assert_true(made > 0.25 * hb_sketch_rank_error(s)); /* else the adversary was none */
    hb_sketch_free(s);
}

/* The other known attack (Cormode and Veselý 2020): what comes next lies in the gap between two
 * kept values where the ranks are furthest off, again and again. */
static void sketch__keeps_its_bound_when_fed_into_its_worst_gap(void **state)
{
    (void)state;
    enum { ROUNDS = 40, K = HB_SKETCH_EXACT };
    hb_sketch *s = new_sketch();
    double low = -1;
    double high = 1;
    size_t n = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < K; i++) {
            values[n + i] = low + (high - low) * ((double)i + 0.5) / K;
        }
        add(s, values + n, K);
        n += K;
        sort_first(n);
        check_bound(s, n, "worst gap");
        hb_ecdf e = {0};
        CHECK_OK(hb_sketch_ecdf(s, &e, &err));
        double most = -1;
        size_t true_upto = 0;
        low = -1;
        high = 1;
        for (size_t i = 0; i + 1 < e.n_points; i++) {
            while (true_upto < n && sorted[true_upto] < e.values[i + 1]) {
                true_upto++; /* just left of the next kept value the rank is furthest off */
            }
            double off = fabs((double)e.upto[i] - (double)true_upto);
            if (off > most && e.values[i + 1] - e.values[i] > 1e-9) {
                most = off;
                low = e.values[i];
                high = e.values[i + 1];
            }
        }
        hb_ecdf_release(&e);
    }
    hb_sketch_free(s);
}

/* Parts of many sizes, merged two at a time as chance has it: every tree, every order. */
static void sketch__may_be_merged_as_any_tree(void **state)
{
    (void)state;
    enum { MOST = 64, N = 120000 };
    for (size_t trial = 0; trial < 2 * SHAPES; trial++) {
        fill(trial % SHAPES, N);
        sort_first(N);
        stats_seed(trial + 1);
        hb_sketch *part[MOST];
        size_t parts = 2 + (size_t)(stats_uniform() * (MOST - 2));
        size_t at = 0;
        for (size_t i = 0; i < parts; i++) {
            double u = stats_uniform();
            size_t n = i == parts - 1 ? N - at : (size_t)(u * u * u * 4 * N / (double)parts);
            n = n < N - at ? n : N - at;
            part[i] = new_sketch();
            add(part[i], values + at, n);
            at += n;
        }
        for (size_t left = parts; left > 1; left--) {
            size_t a = (size_t)(stats_uniform() * (double)left);
            size_t b = (size_t)(stats_uniform() * (double)(left - 1));
            b += b >= a;
            CHECK_OK(hb_sketch_merge(part[a], part[b], &err));
            hb_sketch_free(part[b]);
            part[b] = part[left - 1];
            if (a == left - 1) {
                a = b;
            }
        }
        check_bound(part[0], N, shapes[trial % SHAPES].name);
        hb_sketch_free(part[0]);
    }
}

static void sketch__reads_the_same_once_settled(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 2, 2048, 2049, 50000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        fill(4, 100000);
        hb_sketch *s = new_sketch();
        hb_sketch *settled = new_sketch();
        add(s, values, sizes[k]);
        add(settled, values, sizes[k]);
        hb_sketch_settle(settled);
        for (int more = 0; more < 2; more++) { /* and goes on in the same way */
            hb_ecdf a = {0};
            hb_ecdf b = {0};
            CHECK_OK(hb_sketch_ecdf(s, &a, &err));
            CHECK_OK(hb_sketch_ecdf(settled, &b, &err));
            assert_true(a.n == b.n && a.n_points == b.n_points && a.rank_error == b.rank_error);
            for (size_t i = 0; i < a.n_points; i++) {
                assert_true(a.values[i] == b.values[i] && a.upto[i] == b.upto[i]);
            }
            if (a.n) {
                assert_true(hb_sketch_quantile(s, 0.37) == hb_sketch_quantile(settled, 0.37));
            }
            hb_ecdf_release(&a);
            hb_ecdf_release(&b);
            add(s, values + sizes[k], 7000);
            add(settled, values + sizes[k], 7000);
        }
        hb_sketch_free(s);
        hb_sketch_free(settled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketch__keeps_its_bound_at_every_value),
        cmocka_unit_test(sketch__is_exact_at_every_size_up_to_2048),
        cmocka_unit_test(sketch__keeps_its_bound_against_who_knows_its_choices),
        cmocka_unit_test(sketch__keeps_its_bound_when_fed_into_its_worst_gap),
        cmocka_unit_test(sketch__may_be_merged_as_any_tree),
        cmocka_unit_test(sketch__reads_the_same_once_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
