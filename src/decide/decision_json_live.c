/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 4 of a decision, and the window it was made of. Keys are in ascending order, as the
 * canonical form demands; times are int64 nanoseconds, beyond 2^53 as text. */
#include "decide/decision_json.h"
#include "decide/live.h"

static void time_ns(hb_json *j, const char *key, hb_time t)
{
    if (t != HB_TIME_NONE) {
        hb_json_ki(j, key, t);
    }
}

static void sample_limit(hb_json *j, const hb_window_limit *l)
{
    static const char *const which[] = {"min", "max", "eq"};
    hb_json_obj(j);
    hb_json_key(j, "first");
    hb_json_arr(j);
    for (uint32_t i = 0; i < l->n_first; i++) {
        hb_json_obj(j);
        time_ns(j, "t_ns", l->first[i].t);
        hb_json_kfinite(j, "value", l->first[i].value);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_kfinite(j, "limit", l->limit);
    hb_json_kc(j, "metric", l->metric);
    hb_json_ku(j, "n", l->n);
    hb_json_kc(j, "which", which[l->which]);
    hb_json_kfinite(j, "worst", l->worst);
    hb_json_end(j);
}

static void window(hb_json *j, const hb_window *w)
{
    hb_json_obj(j);
    hb_json_kfinite(j, "coverage", w->coverage);
    time_ns(j, "end_ns", w->end);
    hb_json_kc(j, "id", w->id);
    hb_json_ku(j, "late", w->late);
    hb_json_key(j, "limits");
    hb_json_arr(j);
    for (size_t i = 0; i < w->n_limits; i++) {
        sample_limit(j, &w->limits[i]);
    }
    hb_json_end(j);
    hb_json_kc(j, "name", w->name);
    hb_json_ku(j, "revision", w->revision);
    hb_json_ku(j, "samples", w->samples);
    hb_json_key(j, "silent");
    hb_json_arr(j);
    for (size_t i = 0; i < w->n_silent; i++) {
        hb_json_obj(j);
        hb_json_kfinite(j, "allowed_s", w->silent[i].allowed_s);
        time_ns(j, "last_ns", w->silent[i].last);
        hb_json_kc(j, "metric", w->silent[i].metric);
        if (w->silent[i].last != HB_TIME_NONE) {
            hb_json_kfinite(j, "silent_s", w->silent[i].silent_s);
        }
        hb_json_end(j);
    }
    hb_json_end(j);
    time_ns(j, "start_ns", w->start);
    hb_json_end(j);
}

static void shock(hb_json *j, const hb_live_test *t)
{
    hb_json_obj(j);
    hb_json_kc(j, "beyond", hb_direction_name(t->beyond));
    hb_json_ku(j, "beyond_of_3", t->beyond_of_3);
    time_ns(j, "beyond_since_ns", t->beyond_since);
    hb_json_kfinite(j, "high", t->high);
    hb_json_kfinite(j, "low", t->low);
    hb_json_kfinite(j, "mean", t->mean);
    hb_json_ku(j, "n0", t->n0);
    hb_json_ku(j, "n_alone", t->n_alone);
    hb_json_ku(j, "needed_of_3", t->needed_of_3);
    hb_json_kfinite(j, "p", t->p);
    hb_json_kb(j, "shock", t->shock);
    hb_json_kfinite(j, "t", t->t);
    hb_json_kc(j, "why_not", t->why_no_shock);
    hb_json_end(j);
}

static void drift(hb_json *j, const hb_live_test *t)
{
    hb_json_obj(j);
    hb_json_kfinite(j, "after", t->after);
    hb_json_kfinite(j, "before", t->before);
    hb_json_kb(j, "below_min_effect", t->below_min_effect);
    hb_json_kb(j, "correlated", t->correlated);
    hb_json_kc(j, "direction", hb_direction_name(t->drift_direction));
    hb_json_kfinite(j, "down", t->down);
    hb_json_kb(j, "drift", t->drift);
    hb_json_kfinite(j, "lag1", t->lag1);
    hb_json_ku(j, "n_reference", t->n_reference);
    hb_json_ku(j, "n_since", t->n_since);
    hb_json_kfinite(j, "score", t->score);
    time_ns(j, "since_ns", t->drift_since);
    hb_json_kfinite(j, "up", t->up);
    hb_json_kc(j, "why_not", t->why_no_drift);
    hb_json_ku(j, "widen", t->widen);
    hb_json_kb(j, "widen_more", t->widen_more);
    hb_json_end(j);
}

void hb_decision_json_live(hb_json *j, const hb_live_statistics *s)
{
    hb_json_obj(j);
    hb_json_kf(j, "alarms_per_month", s->alarms_per_month);
    hb_json_kf(j, "arl0", s->arl0);
    hb_json_kc(j, "detector_digest", s->detector_digest);
    hb_json_kf(j, "h", s->h);
    hb_json_ku(j, "keep", s->keep);
    hb_json_kf(j, "min_coverage", s->min_coverage);
    hb_json_ku(j, "n_correlated", s->n_correlated);
    hb_json_ku(j, "n_defs", s->n_defs);
    hb_json_ku(j, "n_drift_tested", s->n_drift_tested);
    hb_json_ku(j, "n_drifts", s->n_drifts);
    hb_json_ku(j, "n_metrics", s->n_metrics);
    hb_json_ku(j, "n_shock_tested", s->n_shock_tested);
    hb_json_ku(j, "n_shocks", s->n_shocks);
    hb_json_kb(j, "ran", s->ran);
    hb_json_ku(j, "seed", s->seed);
    hb_json_kf(j, "shock_level", s->shock_level);
    hb_json_key(j, "tests");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_tests; i++) {
        const hb_live_test *t = &s->tests[i];
        hb_json_obj(j);
        hb_json_key(j, "drift");
        drift(j, t);
        hb_json_kc(j, "metric", t->metric);
        hb_json_key(j, "shock");
        shock(j, t);
        hb_json_kfinite(j, "x", t->x);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_key(j, "window");
    window(j, s->window);
    hb_json_end(j);
}
