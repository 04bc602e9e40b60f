/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the journal a window's records begin, against a list of all of them. */
#include "support/check.h"

#include "base/mem.h"
#include "daemon/track.h"

enum { RECORDS = 4000 };

typedef struct record {
    hb_time t;
    uint64_t position;
} record;

static uint64_t by_hand(const record *all, size_t n, hb_time start, hb_time end)
{
    for (size_t i = 0; i < n; i++) {
        if (all[i].t >= start && all[i].t < end) {
            return all[i].position;
        }
    }
    return UINT64_MAX;
}

static void track__names_the_first_record_of_every_window(void **state)
{
    (void)state;
    enum { SIZE = 50, SLIDE = 10 };
    static record all[RECORDS];
    hb_track t;
    uint32_t x = 7;
    hb_track_init(&t, SIZE, SLIDE);
    for (size_t i = 0; i < RECORDS; i++) {
        x = x * 1664525u + 1013904223u;
        all[i] = (record){(hb_time)(i / 4) + (hb_time)(x >> 28), 100 + 3 * i};
        CHECK_OK(hb_track_add(&t, all[i].t, all[i].position, &err));
        /* Windows close well behind, as they do; what is closed is not asked again. */
        if (i % 40 == 0 && i >= 800) {
            hb_time start = (hb_time)(i / 4) - 200;
            if (start >= 0) {
                assert_true(hb_track_from(&t, start, start + SIZE, UINT64_MAX) ==
                            by_hand(all, i + 1, start, start + SIZE));
                hb_track_closed(&t, start);
                assert_true(hb_track_first(&t, UINT64_MAX) ==
                            by_hand(all, i + 1, start + SLIDE, INT64_MAX));
            }
        }
    }
    hb_track_release(&t);
}

static void track__a_state_continues(void **state)
{
    (void)state;
    hb_track a;
    hb_track b;
    hb_buf saved;
    hb_track_init(&a, 10, 10);
    hb_track_init(&b, 10, 10);
    hb_buf_init(&saved, 1 << 20);
    CHECK_OK(hb_track_add(&a, -5, 40, &err));
    CHECK_OK(hb_track_add(&a, 25, 60, &err));
    hb_track_save(&a, &saved);
    hb_rd in = hb_rd_of(saved.p, saved.n);
    CHECK_OK(hb_track_restore(&b, &in, &err));
    assert_true(hb_track_from(&b, -10, 0, 1) == 40 && hb_track_from(&b, 20, 30, 1) == 60);
    assert_true(hb_track_from(&b, 0, 10, 1) == 1);
    for (size_t n = 0; n < saved.n; n++) {
        in = hb_rd_of(saved.p, n);
        CHECK_ERROR(hb_track_restore(&b, &in, &err), HB_E_INPUT, "positions");
    }
    hb_buf_release(&saved);
    hb_track_release(&a);
    hb_track_release(&b);
}

static void track__keeps_to_its_bound(void **state)
{
    (void)state;
    hb_track t;
    hb_track_init(&t, 1, 1);
    for (uint64_t i = 0; i < 3 * HB_TRACK_MAX; i++) {
        CHECK_OK(hb_track_add(&t, (hb_time)i, i, &err));
    }
    assert_true(t.n <= HB_TRACK_MAX);
    assert_true(hb_track_first(&t, UINT64_MAX) == 0); /* nothing that is needed is forgotten */
    hb_track_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(track__names_the_first_record_of_every_window),
        cmocka_unit_test(track__a_state_continues),
        cmocka_unit_test(track__keeps_to_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
