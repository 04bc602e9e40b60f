/* SPDX-License-Identifier: Apache-2.0 */
/* A window that was empty at a point comes out of the outline taken there and the records after it,
 * bit for bit. */
#include "support/window_stream.h"

#include "crypto/digest.h"

static const char registry_yaml[] = "version: \"1\"\n"
                                    "metrics:\n"
                                    "  m0: {unit: s, invariant_max: 900, invariant_min: 20}\n"
                                    "  m1: {drift_persistence: 5, reduce: last, stale_after: 3}\n"
                                    "  m2: {unit: s, reduce: rate}\n"
                                    "  m3: {aliases: [m4], invariant_eq: 500, drift_threshold: 1}\n"
                                    "  never: {stale_after: 20}\n";

enum { TEXT_MAX = 64 << 20, POINTS_MAX = 400, EVERY = 23, EVENTS = 4000 };

typedef struct point {
    size_t event; /* the next one */
    hb_time filled[2];
    uint64_t hits;
    uint64_t messages;
    hb_buf text;
} point;

static const hb_window_mode mode_list[] = {{0, "idle"}, {1, "cruise"}};
static const hb_window_modes modes = {"m5", mode_list, 2};
static window_case c;
static point points[POINTS_MAX];
static size_t n_points;
static size_t n_compared;
static size_t n_with_ids;
static size_t n_seen;

static void options(unsigned variant)
{
    stream_options(&c, registry_yaml, variant & 4 ? &modes : NULL, variant);
    c.options.remembered_ids = variant % 2 ? 40 : 400;
}

static stream_kind kind(unsigned seed)
{
    return (stream_kind){.seed = seed,
                         .n = EVENTS,
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

static size_t def_of(const hb_window *v)
{
    return strcmp(v->name, c.defs[0].name) == 0 ? 0 : 1;
}

static void note(hb_windows *w, size_t next)
{
    point *p = &points[n_points++];
    assert_true(n_points <= POINTS_MAX);
    *p = (point){.event = next, .hits = hb_windows_hits(w), .messages = hb_windows_messages(w)};
    for (size_t d = 0; d < c.options.n_defs; d++) {
        p->filled[d] = hb_windows_filled_to(w, d);
    }
    hb_buf_init(&p->text, TEXT_MAX);
    CHECK_OK(hb_windows_outline(w, &p->text, &err));
}

/* The window as text, made from the point and the events to `last`. */
static void again(const point *p, const hb_buf *ids, const stream_event *events, size_t last,
                  const hb_window *like, hb_buf *out)
{
    hb_windows *w = NULL;
    bool found = false;
    CHECK_OK(hb_windows_new(&c.options, c.registry, c.units, &w, &err));
    CHECK_OK(hb_windows_load_outline(w, p->text.p, p->text.n, &err));
    CHECK_OK(hb_windows_recall(w, ids->p, ids->n, &err));
    for (size_t i = p->event; i <= last; i++) {
        hb_window_closed *one = NULL;
        stream_give(w, &events[i]);
        while (!found) {
            CHECK_OK(hb_windows_take(w, &one, &err));
            if (!one) {
                break;
            }
            if (strcmp(one->window.id, like->id) == 0 && one->window.revision == 0) {
                assert_int_equal(i, last);
                stream_print(&one->window, out);
                found = true;
            }
            hb_window_closed_free(one);
        }
    }
    assert_true(found);
    hb_windows_free(w);
}

/* From the latest point at which it was empty, and from one further back. */
static void check(const hb_windows *w, const hb_window *v, const stream_event *events, size_t last)
{
    size_t d = def_of(v);
    hb_buf want;
    size_t done = 0;
    hb_buf_init(&want, TEXT_MAX);
    stream_print(v, &want);
    for (size_t i = n_points; i > 0 && done < 2; i--) {
        const point *p = &points[i - 1];
        if (p->filled[d] != HB_TIME_NONE && p->filled[d] > v->start) {
            continue;
        }
        hb_buf ids;
        hb_buf got;
        bool all = false;
        hb_buf_init(&ids, TEXT_MAX);
        hb_buf_init(&got, TEXT_MAX);
        CHECK_OK(hb_windows_remembered(w, p->hits, p->messages, &all, &ids, &err));
        assert_true(all);
        n_with_ids += ids.n > 4;
        again(p, &ids, events, last, v, &got);
        assert_string_equal(got.p, want.p);
        hb_buf_release(&got);
        hb_buf_release(&ids);
        n_compared++;
        done++;
        i = i > 7 ? i - 6 : i;
    }
    assert_true(done > 0);
    hb_buf_release(&want);
}

static void outline__gives_every_window_that_was_empty_there(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 12; v++) {
        options(v);
        const stream_kind k = kind(v + 40);
        stream_event *events = stream_make(&k);
        hb_windows *w = NULL;
        CHECK_OK(hb_windows_new(&c.options, c.registry, c.units, &w, &err));
        n_points = 0;
        size_t seen_at = SIZE_MAX;
        note(w, 0);
        for (size_t i = 0; i < k.n; i++) {
            hb_window_closed *one = NULL;
            stream_give(w, &events[i]);
            for (;;) {
                CHECK_OK(hb_windows_take(w, &one, &err));
                if (!one) {
                    break;
                }
                bool first = i != seen_at; /* of a long silence thousands close at once */
                seen_at = i;
                if (one->window.revision == 0 && (first || n_seen++ % 500 == 0)) {
                    check(w, &one->window, events, i);
                }
                hb_window_closed_free(one);
            }
            if (i % EVERY == EVERY - 1 && hb_windows_held(w) == 0) {
                note(w, i + 1);
            }
        }
        for (size_t i = 0; i < n_points; i++) {
            hb_buf_release(&points[i].text);
        }
        hb_windows_free(w);
        free(events);
        window_case_end(&c);
    }
    assert_true(n_compared > 100);
    assert_true(n_with_ids > 30); /* messages that came before the point came again after it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outline__gives_every_window_that_was_empty_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
