/* SPDX-License-Identifier: Apache-2.0 */
/* A live window on the terminal: which it is, and what is nearest to an alarm. */
#include "report/text.h"

#include "decide/live.h"
#include "report/live_order.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 8, BAR = 20, NAME = 28, SHOWN = 200 };

static void window_line(const hb_live_statistics *s, hb_buf *out)
{
    const hb_window *w = s->window;
    char start[HB_TIME_TEXT];
    char end[HB_TIME_TEXT];
    char text[400];
    hb_time_print(w->start, start);
    hb_time_print(w->end, end);
    snprintf(text, sizeof text, "%.60s, %s to %s: %llu samples, %.3g %% of those expected%s",
             w->name, start, end, (unsigned long long)w->samples, w->coverage * 100,
             w->revision ? ", closed again with late ones" : "");
    hb_text_wrapped(out, "window ", text);
    snprintf(text, sizeof text,
             "%zu metrics tested for a shock (%zu), %zu for slow drift (%zu); at most %.3g false "
             "alarm%s a month",
             s->n_shock_tested, s->n_shocks, s->n_drift_tested, s->n_drifts, s->alarms_per_month,
             s->alarms_per_month == 1 ? "" : "s");
    hb_text_wrapped(out, "live ", text);
}

/* Long names are cut at their end. */
static void name_of(const char *metric, char out[SHOWN])
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 16);
    hb_buf_shown(&shown, metric);
    size_t n = shown.n < NAME ? shown.n : NAME;
    n = hb_utf8_valid_prefix((hb_str){shown.p, n});
    memcpy(out, shown.p, n);
    out[n] = '\0';
    hb_buf_release(&shown);
}

static void row(const hb_live_test *t, hb_buf *out)
{
    char name[SHOWN];
    char bar[BAR + 1];
    double reached = hb_live_reached(t);
    size_t full = reached >= 1 ? BAR : (size_t)(reached * BAR);
    memset(bar, '.', BAR);
    memset(bar, '#', full);
    bar[BAR] = '\0';
    name_of(t->metric, name);
    hb_buf_fmt(out, "  %-*s  [%s] %4.0f %%%s%s\n", NAME, name, bar,
               reached < 99 ? reached * 100 : 9900,
               t->drift_direction == HB_DIRECTION_UP     ? " up"
               : t->drift_direction == HB_DIRECTION_DOWN ? " down"
                                                         : "",
               t->shock   ? "  SHOCK"
               : t->drift ? "  DRIFT"
                          : "");
}

void hb_text_live(const hb_decision *d, hb_buf *out)
{
    const hb_live_statistics *s = d->statistics.live;
    const hb_live_test *list[ROWS];
    window_line(s, out);
    size_t n = hb_live_noteworthy(s, list, ROWS);
    size_t told = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(hb_live_reached(list[i]) > 0) && !list[i]->shock) {
            continue;
        }
        if (told++ == 0) {
            hb_buf_fmt(out, "  %-*s  %s\n", NAME, "METRIC", "WAY TO A SLOW DRIFT");
        }
        row(list[i], out);
    }
}
