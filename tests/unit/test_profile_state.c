/* SPDX-License-Identifier: Apache-2.0 */
/* A profile stored and loaded between blocks is the one that was not, bit for bit. */
#include "support/check.h"
#include "support/stats_case.h"

#include "telemetry/profile.h"

#include <math.h>

enum { BLOCK = 512, BLOCKS = 12 };

static void put(const hb_profile *p, hb_buf *b)
{
    hb_buf_init(b, 16 << 20);
    CHECK_OK(hb_profile_state_put(p, b, &err));
}

static void reload(hb_profile *p)
{
    hb_buf b;
    hb_buf again;
    put(p, &b);
    hb_profile_release(p);
    hb_rd r = hb_rd_of(b.p, b.n);
    CHECK_OK(hb_profile_state_get(&r, p, &err));
    assert_int_equal(hb_rd_left(&r), 0);
    put(p, &again);
    assert_int_equal(b.n, again.n);
    assert_memory_equal(b.p, again.p, b.n);
    hb_buf_release(&b);
    hb_buf_release(&again);
}

static void fill(hb_profile *p, unsigned shape, bool checkpoints)
{
    static double v[BLOCK];
    static hb_time t[BLOCK];
    stats_seed(shape);
    hb_profile_init(p, shape % 3 ? 7 * shape : 0);
    for (int b = 0; b < BLOCKS; b++) {
        size_t n = b == 5 ? 3 : BLOCK;
        for (size_t i = 0; i < n; i++) {
            v[i] = shape == 1   ? 5
                   : shape == 2 ? stats_normal() * 1e200
                                : floor(stats_normal() * 50);
            t[i] = b * 100000 + (hb_time)i;
        }
        CHECK_OK(hb_profile_add(p, v, shape == 4 ? NULL : t, n, &err));
        p->n_missing += shape;
        p->n_inf++;
        if (checkpoints) {
            reload(p);
        }
    }
    CHECK_OK(hb_profile_finish(p, &err));
    if (checkpoints) {
        reload(p);
    }
}

static void profile_state__changes_nothing(void **state)
{
    (void)state;
    for (unsigned shape = 0; shape < 6; shape++) {
        hb_profile a;
        hb_profile b;
        fill(&a, shape, false);
        fill(&b, shape, true);
        hb_buf x;
        hb_buf y;
        put(&a, &x);
        put(&b, &y);
        assert_int_equal(x.n, y.n);
        assert_memory_equal(x.p, y.p, x.n);
        hb_profile_release(&a);
        hb_profile_release(&b);
        hb_buf_release(&x);
        hb_buf_release(&y);
    }
}

static void profile_state__refuses_damage(void **state)
{
    (void)state;
    hb_profile p;
    hb_profile got;
    hb_profile_init(&p, 5);
    hb_profile_init(&got, 0);
    CHECK_OK(hb_profile_add(&p, (const double[]){3, 1, 2}, (const hb_time[]){1, 2, 3}, 3, &err));
    hb_buf b;
    put(&p, &b);
    for (size_t n = 0; n < b.n; n++) {
        hb_rd r = hb_rd_of(b.p, n);
        CHECK_ERROR(hb_profile_state_get(&r, &got, &err), HB_E_INPUT, "");
        assert_true(got.sketch == NULL && got.moments.n == 0);
    }
    b.p[0] = 4; /* more samples than the sketch has */
    hb_rd r = hb_rd_of(b.p, b.n);
    CHECK_ERROR(hb_profile_state_get(&r, &got, &err), HB_E_INPUT, "do not belong together");
    hb_buf_release(&b);
    hb_profile_release(&p);
}

static hb_status work(void)
{
    hb_profile p;
    hb_profile got;
    hb_profile_init(&p, 5);
    hb_profile_init(&got, 0);
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    hb_status status = hb_profile_add(&p, (const double[]){3, 1, 2}, NULL, 3, NULL);
    status = status == HB_OK ? hb_profile_state_put(&p, &b, NULL) : status;
    hb_rd r = hb_rd_of(b.p, b.n);
    status = status == HB_OK ? hb_profile_state_get(&r, &got, NULL) : status;
    hb_buf_release(&b);
    hb_profile_release(&p);
    hb_profile_release(&got);
    return status;
}

static void profile_state__survives_every_failing_allocation(void **state)
{
    (void)state;
    fault_loop(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile_state__changes_nothing),
        cmocka_unit_test(profile_state__refuses_damage),
        cmocka_unit_test(profile_state__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
