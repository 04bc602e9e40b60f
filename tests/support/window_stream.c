/* SPDX-License-Identifier: Apache-2.0 */
#include "support/window_stream.h"

#include "support/stats_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"};

static bool one_in(unsigned every)
{
    return every && stats_uniform() * every < 1;
}

static void make_sample(const stream_kind *k, stream_event *e, size_t i, double now_s)
{
    e->metric = (unsigned)(stats_uniform() * k->metrics) % k->metrics;
    double t = now_s - stats_uniform() * k->disorder_s;
    if (one_in(k->ahead_every)) {
        t += 1e6 * (1 + stats_uniform());
    }
    snprintf(e->id, sizeof e->id, "%zu", i);
    bool ms = k->units && e->metric % 2 == 0 && stats_uniform() < 0.5;
    e->s =
        (hb_live_sample){.source = HB_STR("mqtt"),
                         .name = hb_str_of(names[e->metric]),
                         .unit = hb_str_of(k->units && e->metric % 2 == 0 ? ms ? "ms" : "s" : ""),
                         .t = window_case_time(t),
                         .timed = true,
                         .kind = HB_LIVE_VALUE,
                         .value = floor(stats_uniform() * 1000) * (ms ? 1000 : 1)};
    if (k->mode_s && e->metric == 5) {
        e->s.value = (double)(e->s.t / (k->mode_s * SEC) % 3);
    }
    if (k->duplicate_every) {
        e->s.id = hb_str_of(e->id);
    }
    if (one_in(k->odd_every)) {
        e->s.kind = (hb_live_kind)(1 + (int)(stats_uniform() * 4) % 4);
    }
}

stream_event *stream_make(const stream_kind *k)
{
    stream_event *all = calloc(k->n, sizeof *all);
    assert_non_null(all);
    stats_seed(k->seed);
    double now_s = 1000;
    for (size_t i = 0; i < k->n; i++) {
        stream_event *e = &all[i];
        now_s += stats_uniform() * 2 * k->step_s;
        now_s += one_in(k->gap_every) ? k->gap_s * stats_uniform() : 0;
        e->arrival = window_case_time(now_s + 5000);
        if (one_in(k->tick_every)) {
            e->what = STREAM_TICK;
        } else if (one_in(k->bad_every)) {
            e->what = STREAM_BAD;
        } else if (i && one_in(k->duplicate_every) && all[i - 1].what == STREAM_SAMPLE) {
            size_t back = (size_t)(stats_uniform() * (i < 50 ? (double)i : 50));
            *e = all[i - 1 - back];
            e->duplicate = e->what == STREAM_SAMPLE;
            e->s.id = hb_str_of(e->id);
        } else {
            make_sample(k, e, i, now_s);
        }
    }
    for (size_t i = 0; i < k->n; i++) { /* ids lie in the events themselves */
        all[i].s.id = all[i].s.id.n ? hb_str_of(all[i].id) : (hb_str){0};
    }
    return all;
}

void stream_give(hb_windows *w, const stream_event *e)
{
    switch (e->what) {
    case STREAM_SAMPLE:
        CHECK_OK(hb_windows_sample(w, &e->s, &err));
        break;
    case STREAM_TICK:
        CHECK_OK(hb_windows_tick(w, e->arrival, &err));
        break;
    case STREAM_BAD:
        CHECK_OK(hb_windows_bad_message(w, "bad JSON", &err));
        break;
    }
}

void stream_print(const hb_window *v, hb_buf *out)
{
    hb_buf_fmt(out, "%s %s %lld %lld r%u n%llu late%llu c%a %s %s\n", v->name, v->id,
               (long long)v->start, (long long)v->end, v->revision, (unsigned long long)v->samples,
               (unsigned long long)v->late, v->coverage, v->run->meta.run_id, v->run->digest);
    for (size_t i = 0; i < v->n_limits; i++) {
        const hb_window_limit *l = &v->limits[i];
        hb_buf_fmt(out, " limit %s %d %a n%llu worst %a", l->metric, (int)l->which, l->limit,
                   (unsigned long long)l->n, l->worst);
        for (uint32_t k = 0; k < l->n_first; k++) {
            hb_buf_fmt(out, " %lld:%a", (long long)l->first[k].t, l->first[k].value);
        }
        hb_buf_c(out, "\n");
    }
    for (size_t i = 0; i < v->n_silent; i++) {
        hb_buf_fmt(out, " silent %s %lld %a %a\n", v->silent[i].metric,
                   (long long)v->silent[i].last, v->silent[i].silent_s, v->silent[i].allowed_s);
    }
    for (size_t i = 0; i < v->run->n_inputs; i++) {
        const hb_input_file *f = &v->run->inputs[i];
        for (size_t k = 0; k < f->n_rejects; k++) {
            hb_buf_fmt(out, " lost %s %llu\n", f->rejects[k].reason,
                       (unsigned long long)f->rejects[k].n);
        }
    }
}

void stream_options(window_case *c, const char *registry_yaml, const hb_window_modes *modes,
                    unsigned variant)
{
    window_case_begin(c, 10, 10, registry_yaml);
    c->defs[1] = (hb_window_def){.name = "30s/5s", .size_ns = 30 * SEC, .slide_ns = 5 * SEC};
    c->options.n_defs = 1 + variant % 2;
    c->options.lateness_ns = (variant % 3) * SEC;
    c->options.late = (hb_late)(variant % HB_LATE_COUNT_);
    c->options.keep_closed_ns = 40 * SEC;
    c->options.stale_after_ns = variant % 2 ? 15 * SEC : 0;
    c->options.modes = modes ? *modes : (hb_window_modes){0};
    c->options.max_ahead_ns = variant % 4 == 3 ? 0 : 60 * SEC;
    c->options.idle_after_ns = variant % 5 ? 4 * SEC : 0;
}
