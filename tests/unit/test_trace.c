/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"
#include "support/stats_case.h"

#include "stats/trace.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { LONGEST = 20000 };

static double v[LONGEST];
static hb_time t[LONGEST];

static void fill(void)
{
    stats_seed(6);
    for (int i = 0; i < LONGEST; i++) {
        v[i] = stats_normal();
        t[i] = (hb_time)i * 1000 - 5000000;
    }
}

static void add(hb_trace *tr, size_t n, size_t block, bool timed)
{
    for (size_t i = 0; i < n; i += block) {
        size_t k = n - i < block ? n - i : block;
        CHECK_OK(hb_trace_add(tr, v + i, timed ? t + i : NULL, k, &err));
    }
}

/* Every figure of every bucket against the samples it stands for. */
static void check(const hb_trace *tr, size_t n, bool timed)
{
    assert_int_equal(tr->n, n);
    assert_true(tr->n_buckets <= HB_TRACE_BUCKETS);
    assert_true(tr->per_bucket <= 1 || tr->n_buckets > HB_TRACE_BUCKETS / 2);
    size_t at = 0;
    for (size_t i = 0; i < tr->n_buckets; i++) {
        const hb_trace_bucket *b = &tr->buckets[i];
        assert_int_equal(hb_trace_index(tr, i), at);
        assert_true(b->t == (timed ? t[at] : HB_TIME_NONE));
        assert_true(b->n == tr->per_bucket || (i + 1 == tr->n_buckets && b->n < tr->per_bucket));
        double least = INFINITY;
        double most = -INFINITY;
        double sum = 0;
        for (uint64_t k = 0; k < b->n; k++, at++) {
            least = fmin(least, v[at]);
            most = fmax(most, v[at]);
            sum += v[at];
        }
        assert_true(b->min == least && b->max == most);
        stats_near("trace", "sum", b->sum, sum, 0, 1e-12);
    }
    assert_int_equal(at, n);
}

static void trace__holds_every_sample_in_its_bucket(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 511, 512, 513, 514, 1023, 1024, 1025, 4097, LONGEST};
    const size_t blocks[] = {1, 7, 600, LONGEST};
    fill();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
            hb_trace tr = {0};
            add(&tr, sizes[i], blocks[k], k % 2);
            check(&tr, sizes[i], k % 2);
            hb_trace_release(&tr);
        }
    }
}

static void trace__sums_stay_finite(void **state)
{
    (void)state;
    hb_trace tr = {0};
    double huge[600];
    for (int i = 0; i < 600; i++) {
        huge[i] = i < 200 ? DBL_MAX : i < 400 ? -DBL_MAX : i % 2 ? DBL_MAX : -DBL_MAX;
    }
    for (int pass = 0; pass < 30; pass++) {
        CHECK_OK(hb_trace_add(&tr, huge, NULL, 600, &err));
    }
    for (size_t i = 0; i < tr.n_buckets; i++) {
        assert_true(isfinite(tr.buckets[i].sum));
    }
    assert_true(tr.buckets[0].sum == DBL_MAX && tr.buckets[0].max == DBL_MAX);
    hb_trace_release(&tr);
    double zeros[2056] = {0}; /* 257 buckets of 8 */
    CHECK_OK(hb_trace_add(&tr, zeros, NULL, 2056, &err));
    CHECK_OK(hb_trace_add(&tr, huge + 200, NULL, 1, &err));
    assert_true(tr.buckets[257].sum == -DBL_MAX);
    CHECK_OK(hb_trace_add(&tr, huge, NULL, 4, &err)); /* overflows on the way, from below */
    assert_true(tr.n_buckets == 258 && tr.buckets[257].sum == DBL_MAX);
    hb_trace_release(&tr);
}

static void trace__stored_form_goes_on_as_the_first_would(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 512, 513, 9000};
    fill();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        hb_trace tr = {0};
        hb_trace back = {0};
        hb_buf b;
        hb_buf_init(&b, 1 << 20);
        add(&tr, sizes[i], 1000, true);
        CHECK_OK(hb_trace_store(&tr, &b, &err));
        CHECK_OK(hb_trace_load(b.p, b.n, &back, &err));
        check(&back, sizes[i], true);
        size_t more = 3000;
        CHECK_OK(hb_trace_add(&tr, v + sizes[i], t + sizes[i], more, &err));
        CHECK_OK(hb_trace_add(&back, v + sizes[i], t + sizes[i], more, &err));
        check(&back, sizes[i] + more, true);
        assert_memory_equal(tr.buckets, back.buckets, tr.n_buckets * sizeof *tr.buckets);
        hb_trace_release(&tr);
        hb_trace_release(&back);
        hb_buf_release(&b);
    }
}

enum { HEAD = 24, BUCKET = 40 }; /* docs/formats/trace.md */

static void damaged(hb_buf *b, size_t at, uint64_t value, size_t bytes, const char *message)
{
    char kept[8];
    memcpy(kept, b->p + at, bytes);
    for (size_t i = 0; i < bytes; i++) {
        b->p[at + i] = (char)(value >> (8 * i));
    }
    hb_trace none = {0};
    CHECK_ERROR(hb_trace_load(b->p, b->n, &none, &err), HB_E_INPUT, message);
    assert_null(none.buckets);
    memcpy(b->p + at, kept, bytes);
}

static void trace__refuses_damage(void **state)
{
    (void)state;
    const uint64_t nan_bits = UINT64_C(0x7ff8000000000000);
    const uint64_t minus_huge = UINT64_C(0xffe0000000000000);
    hb_trace tr = {0};
    hb_trace none = {0};
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    fill();
    add(&tr, 2000, 100, true); /* 500 buckets of 4 */
    CHECK_OK(hb_trace_store(&tr, &b, &err));
    assert_true(tr.per_bucket == 4 && b.n == HEAD + 500 * BUCKET);
    damaged(&b, 0, 'X', 1, "not a trace");
    damaged(&b, 4, 9, 2, "version 1");
    damaged(&b, 6, 499, 2, "does not fit");
    damaged(&b, 6, 0, 2, "does not fit");
    damaged(&b, 6, 513, 2, "does not fit");
    damaged(&b, 8, 0, 8, "does not fit");
    damaged(&b, 8, 3, 8, "does not fit");
    damaged(&b, 8, UINT64_C(1) << 63, 8, "does not fit");
    damaged(&b, 8, 8, 8, "bucket 0 is damaged");
    damaged(&b, 16, 2001, 8, "another number of samples");
    for (size_t field = 0; field < 3; field++) {
        damaged(&b, HEAD + 3 * BUCKET + 8 * field, nan_bits, 8, "bucket 3 is damaged");
    }
    damaged(&b, HEAD + 3 * BUCKET + 8, minus_huge, 8, "bucket 3"); /* max below min */
    damaged(&b, HEAD + 3 * BUCKET + 24, 3, 8, "bucket 3");
    damaged(&b, HEAD + 499 * BUCKET + 24, 0, 8, "bucket 499");
    damaged(&b, HEAD + 499 * BUCKET + 24, 5, 8, "bucket 499");
    for (size_t cut = 0; cut < b.n; cut += 7) {
        CHECK_ERROR(hb_trace_load(b.p, cut, &none, &err), HB_E_INPUT, "trace");
    }
    hb_buf_ch(&b, 0);
    CHECK_ERROR(hb_trace_load(b.p, b.n, &none, &err), HB_E_INPUT, "does not fit");
    hb_trace few = {0};
    add(&few, 100, 100, false);
    few.per_bucket = 2; /* joined although there was room */
    hb_buf_clear(&b);
    CHECK_OK(hb_trace_store(&few, &b, &err));
    CHECK_ERROR(hb_trace_load(b.p, b.n, &none, &err), HB_E_INPUT, "does not fit");
    hb_buf_release(&b);
    hb_trace_release(&tr);
    hb_trace_release(&few);
}

static hb_status work(void)
{
    hb_trace tr = {0};
    hb_trace back = {0};
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    hb_status status = hb_trace_add(&tr, v, t, 1000, NULL);
    assert_true(status == HB_OK || tr.n == 0);
    status = status == HB_OK ? hb_trace_store(&tr, &b, NULL) : status;
    status = status == HB_OK ? hb_trace_load(b.p, b.n, &back, NULL) : status;
    assert_true((status == HB_OK) == (back.buckets != NULL));
    hb_buf_release(&b);
    hb_trace_release(&tr);
    hb_trace_release(&back);
    return status;
}

static void trace__survives_every_failing_allocation(void **state)
{
    (void)state;
    fill();
    fault_loop(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace__holds_every_sample_in_its_bucket),
        cmocka_unit_test(trace__sums_stay_finite),
        cmocka_unit_test(trace__stored_form_goes_on_as_the_first_would),
        cmocka_unit_test(trace__refuses_damage),
        cmocka_unit_test(trace__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
