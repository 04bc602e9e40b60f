/* SPDX-License-Identifier: Apache-2.0 */
/* A detector's state: saved and loaded bit for bit, whatever the stream, and strict about what it
 * loads. docs/formats/detector.md */
#include "support/live_case.h"

#include "crypto/digest.h"
#include "decide/decision_json.h"
#include "stats/random.h"

enum { STATE_BYTES = 8 << 20, METRICS = 4 };

static const char *const names[METRICS] = {"a", "b", "c", "d"};

static hb_detector_options small_ring(void)
{
    hb_detector_options o = live_options(METRICS);
    o.keep = 25; /* so that it turns over */
    o.alarms_per_month = 5000;
    return o;
}

/* Windows with ties, gaps, steps and missing metrics. */
static void values_of(hb_random *r, uint64_t i, double v[METRICS])
{
    v[0] = hb_random_normal(r);
    v[1] = (double)hb_random_below(r, 3) + (i > 60 ? 2 : 0);
    v[2] = i % 5 == 3 ? NAN : hb_random_normal(r) * 1e200;
    v[3] = i < 30 ? NAN : -0.0;
}

static hb_detector *fresh(const hb_detector_options *o)
{
    hb_detector *d = NULL;
    CHECK_OK(hb_detector_new(o, &d, &err));
    return d;
}

static void save(const hb_detector *d, hb_buf *out)
{
    hb_buf_clear(out);
    CHECK_OK(hb_detector_save(d, out, &err));
}

static void next(live_case *l, hb_random *r)
{
    double v[METRICS];
    values_of(r, l->count, v);
    live_next(l, v);
    l->window.coverage = l->count % 17 == 0 ? 0.2 : 1;
}

static void detector__goes_on_bit_for_bit_after_loading(void **state)
{
    (void)state;
    hb_detector_options o = small_ring();
    hb_random r = hb_random_of(3, 1);
    live_case l;
    hb_buf plain;
    hb_buf again;
    hb_buf want;
    hb_buf got;
    hb_buf_init(&plain, STATE_BYTES);
    hb_buf_init(&again, STATE_BYTES);
    hb_buf_init(&want, STATE_BYTES);
    hb_buf_init(&got, STATE_BYTES);
    live_begin(&l, NULL, &o, names, METRICS, 8);
    live_ready(&l, 0, 1);
    hb_detector *other = fresh(&o);
    size_t drifts = 0;
    for (int i = 0; i < 300; i++) {
        if (hb_random_below(&r, 4) == 0) { /* the other one is born again */
            save(other, &again);
            hb_detector_free(other);
            other = fresh(&o);
            CHECK_OK(hb_detector_load(other, again.p, again.n, &err));
        }
        next(&l, &r);
        live_decide(&l);
        hb_buf_clear(&want);
        CHECK_OK(hb_decision_json(l.decision, &want, &err));
        drifts += l.decision->statistics.live->n_drifts;
        l.live.detector = other;
        live_decide(&l);
        hb_buf_clear(&got);
        CHECK_OK(hb_decision_json(l.decision, &got, &err));
        assert_string_equal(want.p, got.p);
        l.live.detector = l.detector;
        live_absorb(&l);
        CHECK_OK(hb_detector_absorb(other, &l.window, l.set, l.registry, &err));
        save(l.detector, &plain);
        save(other, &again);
        assert_int_equal(plain.n, again.n);
        assert_memory_equal(plain.p, again.p, plain.n);
        assert_string_equal(hb_detector_digest(l.detector), hb_detector_digest(other));
    }
    assert_true(drifts > 0);
    hb_detector_free(other);
    live_end(&l);
    hb_buf_release(&plain);
    hb_buf_release(&again);
    hb_buf_release(&want);
    hb_buf_release(&got);
}

/* A state with everything in it; the caller ends l. */
static void some_state(live_case *l, hb_buf *out)
{
    hb_detector_options o = small_ring();
    hb_random r = hb_random_of(4, 1);
    live_begin(l, NULL, &o, names, METRICS, 8);
    live_ready(l, 0, 1);
    for (int i = 0; i < 50; i++) {
        next(l, &r);
        live_absorb(l);
    }
    hb_buf_init(out, STATE_BYTES);
    save(l->detector, out);
}

static void sign_again(hb_buf *b)
{
    char hex[HB_DIGEST_HEX];
    CHECK_OK(hb_digest_of(b->p, b->n - 64, hex, &err));
    memcpy(b->p + b->n - 64, hex, 64);
}

static void detector__refuses_damage(void **state)
{
    (void)state;
    live_case l;
    hb_buf b;
    hb_buf mine;
    some_state(&l, &b);
    hb_detector_options o = small_ring();
    hb_detector *d = fresh(&o);
    hb_buf_init(&mine, STATE_BYTES);
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] ^= 0x40;
        CHECK_ERROR(hb_detector_load(d, b.p, b.n, &err), HB_E_INPUT, "damaged");
        b.p[i] ^= 0x40;
    }
    for (size_t n = 0; n < b.n; n += 7) {
        CHECK_ERROR(hb_detector_load(d, b.p, n, &err), HB_E_INPUT, "damaged");
    }
    /* With its SHA-256 made good again: whatever loads is a state that can be saved to the same. */
    size_t refused = 0;
    for (size_t i = 0; i + 64 < b.n; i++) {
        char was = b.p[i];
        b.p[i] = (char)(was ^ 0x80);
        sign_again(&b);
        hb_error err = {0};
        hb_status status = hb_detector_load(d, b.p, b.n, &err);
        if (status == HB_OK) {
            save(d, &mine);
            assert_int_equal(mine.n, b.n);
            assert_memory_equal(mine.p, b.p, b.n);
        } else {
            assert_true(status == HB_E_INPUT || status == HB_E_CONFIG);
            refused++;
        }
        b.p[i] = was;
    }
    assert_true(refused > 200);
    sign_again(&b);
    CHECK_OK(hb_detector_load(d, b.p, b.n, &err));
    hb_detector_free(d);
    hb_buf_release(&mine);
    hb_buf_release(&b);
    live_end(&l);
}

static void detector__names_the_option_that_differs(void **state)
{
    (void)state;
    live_case l;
    hb_buf b;
    some_state(&l, &b);
    hb_detector_options o = small_ring();
    o.n_metrics = 5;
    hb_detector *d = fresh(&o);
    CHECK_ERROR(hb_detector_load(d, b.p, b.n, &err), HB_E_CONFIG, "n_metrics");
    hb_detector_free(d);
    o = small_ring();
    o.seed = 9;
    d = fresh(&o);
    CHECK_ERROR(hb_detector_load(d, b.p, b.n, &err), HB_E_CONFIG, "seed");
    hb_detector_free(d);
    b.p[8] = 2;
    sign_again(&b);
    CHECK_ERROR(hb_detector_load(l.detector, b.p, b.n, &err), HB_E_INPUT, "version 2, expected 1");
    hb_buf_release(&b);
    live_end(&l);
}

static void detector__refuses_options_that_make_no_sense(void **state)
{
    (void)state;
    hb_detector *d = NULL;
    hb_detector_options o = live_options(0);
    CHECK_ERROR(hb_detector_new(&o, &d, &err), HB_E_CONFIG, "at least 1");
    o = live_options(1);
    o.keep = 19;
    CHECK_ERROR(hb_detector_new(&o, &d, &err), HB_E_CONFIG, "20 to 10000");
    o = live_options(1);
    o.slide_ns = 0;
    CHECK_ERROR(hb_detector_new(&o, &d, &err), HB_E_CONFIG, "slide");
    o = live_options(1);
    o.size_ns = o.slide_ns - 1;
    CHECK_ERROR(hb_detector_new(&o, &d, &err), HB_E_CONFIG, "size");
    o = live_options(1);
    o.alarms_per_month = -1;
    CHECK_ERROR(hb_detector_new(&o, &d, &err), HB_E_CONFIG, "false alarms");
    o = live_options(1);
    o.min_coverage = NAN;
    CHECK_ERROR(hb_detector_new(&o, &d, &err), HB_E_CONFIG, "min_coverage");
    assert_null(d);
}

static live_case *faulty;

static hb_status live_once(void)
{
    live_case *l = faulty;
    hb_error err = {0};
    hb_detector_options o = small_ring();
    hb_detector *d = NULL;
    hb_decision *decision = NULL;
    hb_buf b;
    hb_buf_init(&b, STATE_BYTES);
    hb_status status = hb_detector_new(&o, &d, &err);
    for (int i = 0; i < 3 && status == HB_OK; i++) {
        live_next(l, (double[]){i, 1, 2, NAN});
        status = hb_detector_absorb(d, &l->window, l->set, l->registry, &err);
    }
    if (status == HB_OK) {
        status = hb_detector_save(d, &b, &err);
    }
    hb_detector *back = NULL;
    if (status == HB_OK) {
        status = hb_detector_new(&o, &back, &err);
    }
    if (status == HB_OK) {
        status = hb_detector_load(back, b.p, b.n, &err);
    }
    if (status == HB_OK) {
        live_next(l, (double[]){9, 1, 2, 3});
        l->live.detector = back;
        status = hb_decide(&l->run, &l->reference, l->registry, &l->policy, &decision, &err);
    }
    if (status == HB_OK) {
        hb_buf_clear(&b);
        status = hb_decision_json(decision, &b, &err);
    }
    hb_decision_free(decision);
    hb_detector_free(back);
    hb_detector_free(d);
    hb_buf_release(&b);
    return status;
}

static void detector__survives_every_failing_allocation(void **state)
{
    (void)state;
    live_case l;
    hb_detector_options o = small_ring();
    live_begin(&l, NULL, &o, names, METRICS, 8);
    live_ready(&l, 0, 1);
    faulty = &l;
    fault_loop(live_once);
    live_end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detector__goes_on_bit_for_bit_after_loading),
        cmocka_unit_test(detector__refuses_damage),
        cmocka_unit_test(detector__names_the_option_that_differs),
        cmocka_unit_test(detector__refuses_options_that_make_no_sense),
        cmocka_unit_test(detector__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
