/* SPDX-License-Identifier: Apache-2.0 */
#include "support/window_case.h"

#include <math.h>
#include <string.h>

hb_time window_case_time(double s)
{
    return (hb_time)llround(s * 1e3) * 1000000;
}

void window_case_begin(window_case *c, double size_s, double slide_s, const char *registry_yaml)
{
    memset(c, 0, sizeof *c);
    CHECK_OK(hb_units_open(&c->units, &err));
    if (registry_yaml) {
        CHECK_OK(hb_registry_parse(hb_str_of(registry_yaml), "reg.yaml", NULL, NULL, "digest",
                                   c->units, &c->registry, &err));
    } else {
        CHECK_OK(hb_registry_builtin(&c->registry, &err));
    }
    c->defs[0] = (hb_window_def){
        .name = "w", .size_ns = window_case_time(size_s), .slide_ns = window_case_time(slide_s)};
    c->options = (hb_windows_options){.stream = "rig", .defs = c->defs, .n_defs = 1};
}

void window_case_start(window_case *c)
{
    CHECK_OK(hb_windows_new(&c->options, c->registry, c->units, &c->w, &err));
}

void window_case_end(window_case *c)
{
    for (size_t i = 0; i < c->n_closed; i++) {
        hb_window_closed_free(c->closed[i]);
    }
    hb_windows_free(c->w);
    hb_registry_free(c->registry);
    hb_units_close(c->units);
}

void window_case_take(window_case *c)
{
    for (;;) {
        hb_window_closed *one = NULL;
        CHECK_OK(hb_windows_take(c->w, &one, &err));
        if (!one) {
            return;
        }
        assert_true(c->n_closed < WINDOW_CASE_MAX);
        c->closed[c->n_closed++] = one;
    }
}

void window_case_sample(window_case *c, const hb_live_sample *s)
{
    CHECK_OK(hb_windows_sample(c->w, s, &err));
    window_case_take(c);
}

void window_case_value(window_case *c, const char *name, double t_s, double value)
{
    const hb_live_sample s = {.source = HB_STR("mqtt"),
                              .name = hb_str_of(name),
                              .t = window_case_time(t_s),
                              .timed = true,
                              .kind = HB_LIVE_VALUE,
                              .value = value};
    window_case_sample(c, &s);
}

void window_case_tick(window_case *c, double arrival_s)
{
    CHECK_OK(hb_windows_tick(c->w, window_case_time(arrival_s), &err));
    window_case_take(c);
}

void window_case_finish(window_case *c)
{
    CHECK_OK(hb_windows_finish(c->w, &err));
    window_case_take(c);
}

const hb_window *window_case_at(const window_case *c, size_t i)
{
    assert_true(i < c->n_closed);
    return &c->closed[i]->window;
}

const hb_metric *window_case_metric(const window_case *c, size_t i, const char *name)
{
    return hb_run_metric(window_case_at(c, i)->run, hb_str_of(name));
}

uint64_t window_case_count(const window_case *c, hb_windows_count what)
{
    return hb_windows_counted(c->w, what);
}
