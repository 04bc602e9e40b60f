/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles against numpy while exact, the stated bound against a full sort on awkward orders and
 * merges, and damage to the stored form. */
#include "support/check.h"
#include "support/stats_case.h"

#include "base/map.h"
#include "stats/sketch.h"
#include "stats/sort.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MILLION = 1000000, BLOCK = 4099 };

static double values[MILLION];
static double sorted[MILLION];
static double scratch[MILLION];

static hb_sketch *sketch_of(const double *v, size_t n, size_t block)
{
    hb_sketch *s = NULL;
    CHECK_OK(hb_sketch_new(&s, &err));
    for (size_t i = 0; i < n; i += block) {
        CHECK_OK(hb_sketch_add(s, v + i, n - i < block ? n - i : block, &err));
    }
    return s;
}

static void check_quantiles(const stats_case *c)
{
    const stats_row *v = stats_case_row(c, "v");
    const stats_row *q = stats_case_row(c, "q");
    const stats_row *want = stats_case_row(c, "want");
    hb_sketch *s = sketch_of(v->v, v->n, 7);
    for (size_t i = 0; i < q->n; i++) {
        stats_near(c->title, "quantile", hb_sketch_quantile(s, q->v[i]), want->v[i], 0, 0);
    }
    assert_true(hb_sketch_rank_error(s) == 0 && hb_sketch_n(s) == v->n);
    hb_sketch_free(s);
}

static void sketch__has_numpys_quantiles_while_exact(void **state)
{
    (void)state;
    assert_true(stats_cases("quantile", check_quantiles) >= 35);
}

/* Orders made to be awkward for a sketch that compacts 2,048 values at a time. */
static double shaped(int shape, size_t i, size_t n)
{
    switch (shape) {
    case 0:
        return (double)i;
    case 1:
        return (double)(n - i);
    case 2:
        return 7;
    case 3:
        return tan(3.14159265 * (stats_uniform() - 0.5)); /* Cauchy */
    case 4:
        return (double)(i % 4096); /* a saw in step with the buffer */
    case 5:
        return (double)(i % 2 ? i : n - i); /* from both ends inwards */
    case 6:
        return floor(stats_uniform() * 10);
    case 7:
        return (double)(i / 2048 % 2 ? n + i
                                     : n - i); /* away from the middle, a buffer at a time */
    default:
        return i % 97 == 0 ? 0 : 20 + stats_normal() * 1e-3; /* drop-outs */
    }
}

enum { SHAPES = 9 };

static void fill(int shape, size_t n)
{
    stats_seed((uint64_t)shape + 1);
    for (size_t i = 0; i < n; i++) {
        values[i] = shaped(shape, i, n);
        sorted[i] = values[i];
    }
    hb_sort_f64(sorted, n, scratch);
}

/* The distribution function at and between the samples, and quantiles by their rank. */
static void check_bound(const hb_sketch *s, size_t n, const char *what, int shape)
{
    double bound = hb_sketch_rank_error(s);
    hb_ecdf e = {0};
    CHECK_OK(hb_sketch_ecdf(s, &e, &err));
    assert_true(e.n == n && e.rank_error == bound && e.upto[e.n_points - 1] == n);
    size_t at = 0;
    for (size_t i = 0; i < n; i += 997) {
        double x = sorted[i];
        while (at < n && sorted[at] <= x) {
            at++;
        }
        double off = fabs(hb_ecdf_at(&e, x) - (double)at / (double)n);
        if (off > bound + 1e-15) {
            fail_msg("%s, shape %d: rank of %g is off by %g, bound %g", what, shape, x, off, bound);
        }
    }
    for (int i = 0; i <= 1000; i++) {
        double q = i / 1000.0;
        double x = hb_sketch_quantile(s, q);
        assert_true(x == hb_ecdf_quantile(&e, q));
        /* x lies between the values of ranks q ± bound, and one for the interpolation */
        double low = floor((q - bound) * (double)(n - 1)) - 1;
        double high = ceil((q + bound) * (double)(n - 1)) + 1;
        assert_true(low < 0 || sorted[(size_t)low] <= x);
        assert_true(high > (double)(n - 1) || x <= sorted[(size_t)high]);
    }
    hb_ecdf_release(&e);
}

static void sketch__keeps_its_bound_on_every_shape(void **state)
{
    (void)state;
    for (int shape = 0; shape < SHAPES; shape++) {
        fill(shape, MILLION);
        hb_sketch *s = sketch_of(values, MILLION, BLOCK);
        assert_true(hb_sketch_rank_error(s) > 0 && hb_sketch_rank_error(s) <= 0.005);
        check_bound(s, MILLION, "one series", shape);
        hb_sketch_free(s);
    }
}

static void sketch__does_not_see_block_borders(void **state)
{
    (void)state;
    fill(3, 50000);
    hb_sketch *a = sketch_of(values, 50000, 50000);
    hb_sketch *b = sketch_of(values, 50000, 1);
    hb_buf ba;
    hb_buf bb;
    hb_buf_init(&ba, 1 << 20);
    hb_buf_init(&bb, 1 << 20);
    CHECK_OK(hb_sketch_store(a, &ba, &err));
    CHECK_OK(hb_sketch_store(b, &bb, &err));
    assert_true(ba.n == bb.n && memcmp(ba.p, bb.p, ba.n) == 0);
    hb_buf_release(&ba);
    hb_buf_release(&bb);
    hb_sketch_free(a);
    hb_sketch_free(b);
}

static void sketch__has_stored_bits(void **state)
{
    (void)state;
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    stats_seed(12);
    for (size_t i = 0; i < 50000; i++) {
        values[i] = stats_normal();
    }
    hb_sketch *s = sketch_of(values, 50000, BLOCK);
    CHECK_OK(hb_sketch_store(s, &b, &err));
    /* Another compiler, level of optimisation or machine must give these. */
    assert_true(hb_hash((hb_str){b.p, b.n}) == UINT64_C(0x367380cbbfacbf21));
    assert_true(hb_sketch_quantile(s, 0.95) == 0x1.a320b44d35ee9p+0);
    hb_buf_release(&b);
    hb_sketch_free(s);
}

/* Parts of many sizes, merged in four orders: all keep the bound, and none states more than the
 * levels allow. */
static void sketch__may_be_merged_in_any_order(void **state)
{
    (void)state;
    enum { PARTS = 24, N = 400000 };
    for (int shape = 0; shape < SHAPES; shape++) {
        fill(shape, N);
        for (int order = 0; order < 4; order++) {
            hb_sketch *part[PARTS];
            size_t at = 0;
            for (size_t i = 0; i < PARTS; i++) {
                size_t n = i == PARTS - 1 ? N - at : i % 6 == 5 ? 0 : (size_t)40 << (i % 5 * 3);
                n = n < N - at ? n : N - at;
                part[i] = sketch_of(values + at, n, 1000);
                at += n;
            }
            for (size_t step = 1; order == 3 && step < PARTS; step *= 2) { /* as a tree */
                for (size_t i = 0; i + step < PARTS; i += 2 * step) {
                    CHECK_OK(hb_sketch_merge(part[i], part[i + step], &err));
                }
            }
            for (size_t k = 1; order < 3 && k < PARTS; k++) {
                size_t from = order == 0 ? k : order == 1 ? PARTS - k : (k * 7) % PARTS;
                CHECK_OK(hb_sketch_merge(part[0], part[from], &err));
            }
            assert_int_equal(hb_sketch_n(part[0]), N);
            assert_true(hb_sketch_rank_error(part[0]) <= 9.0 / 2048);
            check_bound(part[0], N, "merged", shape);
            for (size_t i = 0; i < PARTS; i++) {
                hb_sketch_free(part[i]);
            }
        }
    }
}

static void sketch__is_exact_up_to_2048_merged_or_not(void **state)
{
    (void)state;
    fill(3, HB_SKETCH_EXACT);
    hb_sketch *a = sketch_of(values, 1000, 100);
    hb_sketch *b = sketch_of(values + 1000, HB_SKETCH_EXACT - 1000, 100);
    CHECK_OK(hb_sketch_merge(a, b, &err));
    assert_true(hb_sketch_rank_error(a) == 0);
    check_bound(a, HB_SKETCH_EXACT, "exact", 3);
    CHECK_OK(hb_sketch_add(a, values, 1, &err));
    assert_true(hb_sketch_rank_error(a) > 0);
    hb_sketch_free(a);
    hb_sketch_free(b);
}

static void sketch__of_nothing(void **state)
{
    (void)state;
    hb_sketch *s = sketch_of(NULL, 0, 1);
    hb_sketch *other = sketch_of(NULL, 0, 1);
    hb_ecdf e = {0};
    CHECK_OK(hb_sketch_add(s, NULL, 0, &err));
    CHECK_OK(hb_sketch_merge(s, other, &err));
    CHECK_OK(hb_sketch_ecdf(s, &e, &err));
    assert_true(e.n == 0 && e.n_points == 0 && hb_sketch_n(s) == 0);
    assert_true(isnan(hb_sketch_quantile(s, 0.5)) && hb_sketch_rank_error(s) == 0);
    CHECK_ERROR(hb_sketch_merge(s, s, &err), HB_E_BUG, "itself");
    hb_ecdf_release(&e);
    hb_sketch_free(s);
    hb_sketch_free(other);
    hb_sketch_free(NULL);
}

static hb_sketch *reload(const hb_sketch *s, hb_buf *out)
{
    hb_sketch *back = NULL;
    hb_buf_clear(out);
    CHECK_OK(hb_sketch_store(s, out, &err));
    CHECK_OK(hb_sketch_load(out->p, out->n, &back, &err));
    return back;
}

static void sketch__stored_form_goes_on_as_the_first_would(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 2047, 2048, 2049, 4096, 4097, 100000};
    hb_buf a;
    hb_buf b;
    hb_buf_init(&a, 1 << 20);
    hb_buf_init(&b, 1 << 20);
    fill(3, 200000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        hb_sketch *s = sketch_of(values, sizes[i], BLOCK);
        hb_sketch *odd = sketch_of(values + 7, 1500 + sizes[i] / 3, BLOCK);
        CHECK_OK(hb_sketch_merge(s, odd, &err));
        hb_sketch *back = reload(s, &a);
        assert_true(hb_sketch_rank_error(back) == hb_sketch_rank_error(s));
        CHECK_OK(hb_sketch_add(s, values + sizes[i], 50000, &err));
        CHECK_OK(hb_sketch_add(back, values + sizes[i], 50000, &err));
        CHECK_OK(hb_sketch_merge(s, odd, &err));
        CHECK_OK(hb_sketch_merge(back, odd, &err));
        hb_sketch *one = reload(s, &a);
        hb_sketch *two = reload(back, &b);
        assert_true(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
        hb_sketch *all[] = {s, odd, back, one, two};
        for (size_t k = 0; k < 5; k++) {
            hb_sketch_free(all[k]);
        }
    }
    hb_buf_release(&a);
    hb_buf_release(&b);
}

enum { HEAD = 28, LEVEL_HEAD = 12 }; /* docs/formats/sketch.md */

static void damaged(hb_buf *b, size_t at, uint64_t value, size_t bytes, const char *message)
{
    char kept[8];
    memcpy(kept, b->p + at, bytes);
    for (size_t i = 0; i < bytes; i++) {
        b->p[at + i] = (char)(value >> (8 * i));
    }
    hb_sketch *none = NULL;
    CHECK_ERROR(hb_sketch_load(b->p, b->n, &none, &err), HB_E_INPUT, message);
    assert_null(none);
    memcpy(b->p + at, kept, bytes);
}

static void sketch__refuses_damage(void **state)
{
    (void)state;
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    fill(3, 7000);
    hb_sketch *s = sketch_of(values, 7000, BLOCK);
    hb_sketch_free(reload(s, &b));
    uint64_t nan_bits = UINT64_C(0x7ff8000000000000);
    size_t level0 = HEAD;
    size_t level1 = level0 + LEVEL_HEAD + (7000 - 3 * 2048) * 8;
    damaged(&b, 0, 'X', 1, "not a sketch");
    damaged(&b, 4, 2, 2, "version 1");
    damaged(&b, 6, 1024, 2, "not a sketch");
    damaged(&b, 8, 7001, 8, "another number of samples");
    damaged(&b, 16, 4, 8, "states an error of 4 samples, made was 5");
    damaged(&b, 24, 45, 4, "not a sketch");
    damaged(&b, 24, 2, 4, "after its end");
    damaged(&b, level0, 2, 8, "compacted 2 times, it was 3");
    damaged(&b, level0, 4, 8, "compacted 4 times, it was 3");
    damaged(&b, level0, UINT64_MAX, 8, "compacted");
    damaged(&b, level0 + 8, 2049, 4, "level 0 is cut off or cannot hold 2049");
    damaged(&b, level0 + 8, UINT32_MAX, 4, "cannot hold");
    damaged(&b, level0 + 8, 0, 4, "cannot hold 0");
    damaged(&b, level1 + 8, 1023, 4, "level 1 is cut off or cannot hold 1023");
    damaged(&b, level1 + 8, 2048, 4, "cannot hold 2048");
    damaged(&b, level0 + LEVEL_HEAD, nan_bits, 8, "not finite");
    damaged(&b, level1, 0, 8, "compacted 0 times, it was 1");
    damaged(&b, level1 + LEVEL_HEAD, nan_bits, 8, "not finite");
    damaged(&b, level1 + LEVEL_HEAD, UINT64_C(0x7fefffffffffffff), 8, "out of order");
    hb_sketch *none = NULL;
    for (size_t cut = 0; cut < b.n; cut += 13) {
        CHECK_ERROR(hb_sketch_load(b.p, cut, &none, &err), HB_E_INPUT, "sketch");
    }
    hb_buf_ch(&b, 0);
    CHECK_ERROR(hb_sketch_load(b.p, b.n, &none, &err), HB_E_INPUT, "after its end");
    assert_null(none);
    hb_buf_release(&b);
    hb_sketch_free(s);
}

static void put(hb_buf *b, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        hb_buf_ch(b, (char)(v >> (8 * i)));
    }
}

/* Made by hand: a sketch one sample short of the most it can hold. */
static void sketch__refuses_more_samples_than_it_can_hold(void **state)
{
    (void)state;
    const uint64_t flushes = (UINT64_C(1) << 42) - 1;
    const uint64_t most = UINT64_C(1) << 53;
    uint64_t moved = 0;
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    for (int h = 0; h < 42; h++) {
        moved += flushes >> h << h;
    }
    hb_buf_c(&b, "HBSK");
    put(&b, 1, 2);
    put(&b, 2048, 2);
    put(&b, most - 1, 8);
    put(&b, moved, 8);
    put(&b, 43, 4);
    for (int h = 0; h < 43; h++) {
        uint64_t n = h ? 1024 : 2047;
        put(&b, flushes >> h, 8);
        put(&b, n, 4);
        for (uint64_t i = 0; i < n; i++) {
            put(&b, UINT64_C(0x3ff0000000000000), 8); /* 1.0 */
        }
    }
    hb_sketch *s = NULL;
    hb_sketch *one = sketch_of((double[]){1}, 1, 1);
    CHECK_OK(hb_sketch_load(b.p, b.n, &s, &err));
    assert_true(hb_sketch_n(s) == most - 1 && hb_sketch_quantile(s, 0.5) == 1);
    CHECK_ERROR(hb_sketch_add(s, (double[]){1, 2}, 2, &err), HB_E_LIMIT, "2^53");
    CHECK_OK(hb_sketch_merge(s, one, &err));
    CHECK_ERROR(hb_sketch_merge(s, one, &err), HB_E_LIMIT, "2^53");
    CHECK_ERROR(hb_sketch_merge(one, s, &err), HB_E_LIMIT, "2^53");
    assert_true(hb_sketch_n(s) == most && hb_sketch_n(one) == 1);
    hb_sketch_free(reload(s, &b));
    hb_sketch_free(s);
    hb_sketch_free(one);
    hb_buf_release(&b);
}

/* Each step either works or leaves the sketch as it was. */
static hb_status faulty_work(void)
{
    hb_sketch *s = NULL;
    hb_sketch *t = NULL;
    hb_sketch *back = NULL;
    hb_ecdf e = {0};
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    hb_status status = hb_sketch_new(&s, NULL);
    status = status == HB_OK ? hb_sketch_new(&t, NULL) : status;
    status = status == HB_OK ? hb_sketch_add(t, values, 3000, NULL) : status;
    for (size_t i = 0; status == HB_OK && i < 5; i++) {
        status = hb_sketch_add(s, values + i * 2500, 2500, NULL);
        assert_int_equal(hb_sketch_n(s), (i + (status == HB_OK)) * 2500);
    }
    if (status == HB_OK) {
        uint64_t n = hb_sketch_n(t);
        double bound = hb_sketch_rank_error(t);
        status = hb_sketch_merge(t, s, NULL);
        assert_true(status == HB_OK || (hb_sketch_n(t) == n && hb_sketch_rank_error(t) == bound));
    }
    status = status == HB_OK ? hb_sketch_ecdf(t, &e, NULL) : status;
    status = status == HB_OK ? hb_sketch_store(t, &out, NULL) : status;
    status = status == HB_OK ? hb_sketch_load(out.p, out.n, &back, NULL) : status;
    assert_true((status == HB_OK) == (back != NULL));
    hb_buf_release(&out);
    hb_ecdf_release(&e);
    hb_sketch_free(s);
    hb_sketch_free(t);
    hb_sketch_free(back);
    return status;
}

static void sketch__survives_every_failing_allocation(void **state)
{
    (void)state;
    fill(3, 20000);
    fault_loop(faulty_work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketch__has_numpys_quantiles_while_exact),
        cmocka_unit_test(sketch__keeps_its_bound_on_every_shape),
        cmocka_unit_test(sketch__does_not_see_block_borders),
        cmocka_unit_test(sketch__has_stored_bits),
        cmocka_unit_test(sketch__may_be_merged_in_any_order),
        cmocka_unit_test(sketch__is_exact_up_to_2048_merged_or_not),
        cmocka_unit_test(sketch__of_nothing),
        cmocka_unit_test(sketch__stored_form_goes_on_as_the_first_would),
        cmocka_unit_test(sketch__refuses_damage),
        cmocka_unit_test(sketch__refuses_more_samples_than_it_can_hold),
        cmocka_unit_test(sketch__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
