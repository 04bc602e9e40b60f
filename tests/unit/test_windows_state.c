/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint anywhere changes nothing; damaged and foreign ones are refused. */
#include "support/window_stream.h"

#include "base/wire.h"
#include "crypto/digest.h"

static const char registry_yaml[] = "version: \"1\"\n"
                                    "metrics:\n"
                                    "  m0: {unit: s, invariant_max: 900, invariant_min: 20}\n"
                                    "  m1: {drift_persistence: 5, reduce: last, stale_after: 3}\n"
                                    "  m2: {unit: s, reduce: rate}\n"
                                    "  m3: {aliases: [m4], invariant_eq: 500, drift_threshold: 1}\n"
                                    "  never: {stale_after: 20}\n";

enum { TEXT_MAX = 64 << 20 };

typedef struct outcome {
    hb_buf windows; /* as text */
    hb_buf state;
    uint64_t count[HB_WINDOWS_COUNT_];
} outcome;

static const hb_window_mode mode_list[] = {{0, "idle"}, {1, "cruise"}};
static const hb_window_modes modes = {"m5", mode_list, 2};
static window_case c;

static void take_all(hb_windows *w, hb_buf *out)
{
    for (;;) {
        hb_window_closed *one = NULL;
        CHECK_OK(hb_windows_take(w, &one, &err));
        if (!one) {
            return;
        }
        stream_print(&one->window, out);
        hb_window_closed_free(one);
    }
}

static void reload(hb_windows **w)
{
    hb_buf b;
    hb_buf_init(&b, TEXT_MAX);
    CHECK_OK(hb_windows_save(*w, &b, &err));
    hb_windows *fresh = NULL;
    CHECK_OK(hb_windows_new(&c.options, c.registry, c.units, &fresh, &err));
    CHECK_OK(hb_windows_load(fresh, b.p, b.n, &err));
    hb_buf again;
    hb_buf_init(&again, TEXT_MAX);
    CHECK_OK(hb_windows_save(fresh, &again, &err));
    assert_int_equal(again.n, b.n);
    assert_memory_equal(again.p, b.p, b.n);
    hb_buf_release(&again);
    hb_buf_release(&b);
    hb_windows_free(*w);
    *w = fresh;
}

/* every: events between two checkpoints; 0 = none. take_every: events between two takes. */
static outcome run(const stream_kind *k, size_t every, size_t take_every)
{
    outcome o = {.windows = {0}};
    hb_buf_init(&o.windows, TEXT_MAX);
    hb_buf_init(&o.state, TEXT_MAX);
    hb_windows *w = NULL;
    CHECK_OK(hb_windows_new(&c.options, c.registry, c.units, &w, &err));
    stream_event *events = stream_make(k);
    for (size_t i = 0; i < k->n; i++) {
        stream_give(w, &events[i]);
        if (take_every < 2 || i % take_every == 0) {
            take_all(w, &o.windows);
        }
        if (every && i % every == every - 1) {
            reload(&w);
        }
    }
    take_all(w, &o.windows);
    CHECK_OK(hb_windows_save(w, &o.state, &err));
    CHECK_OK(hb_windows_finish(w, &err));
    take_all(w, &o.windows);
    for (int i = 0; i < HB_WINDOWS_COUNT_; i++) {
        o.count[i] = hb_windows_counted(w, (hb_windows_count)i);
    }
    CHECK_OK(hb_buf_check(&o.windows, &err));
    free(events);
    hb_windows_free(w);
    return o;
}

static void release(outcome *o)
{
    hb_buf_release(&o->windows);
    hb_buf_release(&o->state);
}

static void check_same(const outcome *a, const outcome *b, bool states)
{
    if (strcmp(a->windows.p, b->windows.p) != 0) {
        size_t i = 0;
        while (a->windows.p[i] == b->windows.p[i]) {
            i++;
        }
        fail_msg("windows differ at %zu: '%.200s' '%.200s'", i, a->windows.p + i, b->windows.p + i);
    }
    assert_memory_equal(a->count, b->count, sizeof a->count);
    if (states) {
        assert_int_equal(a->state.n, b->state.n);
        assert_memory_equal(a->state.p, b->state.p, a->state.n);
    }
}

static void options(unsigned variant)
{
    stream_options(&c, registry_yaml, variant & 4 ? &modes : NULL, variant);
    c.options.remembered_ids = 40;
}

static stream_kind kind(unsigned seed)
{
    return (stream_kind){.seed = seed,
                         .n = 4000,
                         .metrics = 6,
                         .step_s = 0.05,
                         .disorder_s = 4,
                         .duplicate_every = 20,
                         .gap_every = 400,
                         .gap_s = seed % 2 ? 300 : 10,
                         .odd_every = 30,
                         .ahead_every = seed % 3 ? 200 : 0,
                         .tick_every = 15,
                         .bad_every = 50,
                         .mode_s = 45,
                         .units = true};
}

static void windows__are_the_same_with_checkpoints_anywhere(void **state)
{
    (void)state;
    static const size_t places[] = {1, 7, 100, 1237};
    for (unsigned v = 0; v < 12; v++) {
        options(v);
        stream_kind k = kind(v);
        outcome plain = run(&k, 0, 1);
        assert_true(plain.count[HB_WINDOWS_CLOSED] > 10);
        assert_true(plain.count[HB_WINDOWS_LATE] + plain.count[HB_WINDOWS_REOPENED] > 0);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            k.n = places[i] == 1 ? 600 : 4000;
            outcome want = run(&k, 0, 1);
            outcome got = run(&k, places[i], 1);
            check_same(&want, &got, true);
            release(&want);
            release(&got);
        }
        release(&plain);
        window_case_end(&c);
    }
}

static void windows__do_not_depend_on_when_they_are_taken(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 12; v++) {
        options(v);
        stream_kind k = kind(v + 20);
        outcome often = run(&k, 0, 1);
        outcome seldom = run(&k, 0, 97);
        check_same(&often, &seldom, true);
        release(&often);
        release(&seldom);
        window_case_end(&c);
    }
}

/* A state in the middle of things: panes filling, samples ahead, windows kept. */
static void a_state(unsigned variant, size_t n, hb_buf *b)
{
    stream_kind k = kind(variant);
    k.n = n;
    outcome o = run(&k, 0, 1);
    hb_buf_init(b, TEXT_MAX);
    hb_buf_add(b, o.state.p, o.state.n);
    CHECK_OK(hb_buf_check(b, &err));
    release(&o);
}

static hb_status load(const void *p, size_t n, hb_error *err)
{
    hb_windows *w = NULL;
    hb_status status = hb_windows_new(&c.options, c.registry, c.units, &w, err);
    if (status == HB_OK) {
        status = hb_windows_load(w, p, n, err);
    }
    hb_windows_free(w);
    return status;
}

static void seal(hb_buf *b)
{
    char digest[HB_DIGEST_HEX];
    CHECK_OK(hb_digest_of(b->p, b->n - 64, digest, &err));
    memcpy(b->p + b->n - 64, digest, 64);
}

static void windows__refuse_a_state_of_other_options_or_another_registry(void **state)
{
    (void)state;
    hb_buf b;
    options(1);
    a_state(1, 500, &b);
    CHECK_OK(load(b.p, b.n, &err));
    c.options.lateness_ns++;
    CHECK_ERROR(load(b.p, b.n, &err), HB_E_CONFIG, "other options");
    c.options.lateness_ns--;
    c.options.stream = "another";
    CHECK_ERROR(load(b.p, b.n, &err), HB_E_CONFIG, "other options");
    c.options.stream = "rig";
    c.defs[0].name = "v";
    CHECK_ERROR(load(b.p, b.n, &err), HB_E_CONFIG, "other options");
    c.defs[0].name = "w";
    hb_registry *own = c.registry;
    CHECK_OK(hb_registry_builtin(&c.registry, &err));
    CHECK_ERROR(load(b.p, b.n, &err), HB_E_CONFIG, "another metric registry");
    hb_registry_free(c.registry);
    c.registry = own;
    b.p[4]++;
    CHECK_ERROR(load(b.p, b.n, &err), HB_E_CONFIG, "version 3");
    hb_buf_release(&b);
    window_case_end(&c);
}

static void windows__refuse_damaged_bytes(void **state)
{
    (void)state;
    for (unsigned v = 1; v < 6; v += 4) {
        hb_buf b;
        options(v);
        a_state(v, 300, &b);
        CHECK_ERROR(load(b.p, 0, &err), HB_E_INPUT, "these bytes are none");
        for (size_t i = 0; i < b.n; i += 1 + b.n / 500) {
            b.p[i] ^= 0x10;
            hb_status status = load(b.p, b.n, NULL);
            assert_true(status == HB_E_INPUT || (i < 8 && status == HB_E_CONFIG));
            b.p[i] ^= 0x10;
            CHECK_ERROR(load(b.p, i, &err), HB_E_INPUT, "state of windows");
        }
        hb_buf_release(&b);
        window_case_end(&c);
    }
}

/* With the digest made good again every byte is looked at: it is refused, or what was loaded can be
 * worked with and stored. */
static void windows__bear_any_byte_with_its_digest_made_good(void **state)
{
    (void)state;
    for (unsigned v = 1; v < 6; v += 4) {
        hb_buf b;
        options(v);
        a_state(v, 300, &b);
        stream_kind k = kind(v);
        k.n = 200;
        stream_event *events = stream_make(&k);
        for (size_t i = 136; i + 64 < b.n; i += 1 + b.n / 2000) {
            char was = b.p[i];
            b.p[i] = (char)(was ^ (i % 3 == 0 ? 0x80 : i % 3 == 1 ? 1 : 0xff));
            seal(&b);
            hb_windows *w = NULL;
            CHECK_OK(hb_windows_new(&c.options, c.registry, c.units, &w, &err));
            if (hb_windows_load(w, b.p, b.n, NULL) == HB_OK) {
                hb_buf text;
                hb_buf_init(&text, TEXT_MAX);
                for (size_t e = 0; e < k.n && hb_windows_counted(w, HB_WINDOWS_CLOSED) < 5000;
                     e++) {
                    HB_IGNORE(hb_windows_sample(w, &events[e].s, NULL)); /* any state may be full */
                    take_all(w, &text);
                }
                hb_buf_release(&text);
            }
            hb_windows_free(w);
            b.p[i] = was;
        }
        free(events);
        hb_buf_release(&b);
        window_case_end(&c);
    }
}

static stream_event *events;
static size_t n_events;

static hb_status work(void)
{
    hb_windows *w = NULL;
    hb_windows *fresh = NULL;
    hb_buf b;
    hb_buf_init(&b, TEXT_MAX);
    hb_status status = hb_windows_new(&c.options, c.registry, c.units, &w, NULL);
    for (size_t i = 0; i < n_events && status == HB_OK; i++) {
        hb_window_closed *one = NULL;
        status = events[i].what == STREAM_SAMPLE ? hb_windows_sample(w, &events[i].s, NULL)
                                                 : hb_windows_bad_message(w, "bad JSON", NULL);
        while (status == HB_OK && (status = hb_windows_take(w, &one, NULL)) == HB_OK && one) {
            hb_window_closed_free(one);
        }
    }
    status = status == HB_OK ? hb_windows_save(w, &b, NULL) : status;
    status =
        status == HB_OK ? hb_windows_new(&c.options, c.registry, c.units, &fresh, NULL) : status;
    status = status == HB_OK ? hb_windows_load(fresh, b.p, b.n, NULL) : status;
    hb_buf_release(&b);
    hb_windows_free(w);
    hb_windows_free(fresh);
    return status;
}

static void windows__survive_every_failing_allocation(void **state)
{
    (void)state;
    for (unsigned v = 4; v < 6; v++) {
        options(v);
        c.defs[0].size_ns = c.defs[0].slide_ns = 2 * SEC;
        c.options.n_defs = 1;
        c.options.remembered_ids = 4;
        c.options.max_ahead_ns = 0;
        stream_kind k = kind(v);
        k.n = 60;
        k.step_s = 0.2;
        n_events = k.n;
        events = stream_make(&k);
        fault_loop(work);
        free(events);
        window_case_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows__are_the_same_with_checkpoints_anywhere),
        cmocka_unit_test(windows__do_not_depend_on_when_they_are_taken),
        cmocka_unit_test(windows__refuse_a_state_of_other_options_or_another_registry),
        cmocka_unit_test(windows__refuse_damaged_bytes),
        cmocka_unit_test(windows__bear_any_byte_with_its_digest_made_good),
        cmocka_unit_test(windows__survive_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
