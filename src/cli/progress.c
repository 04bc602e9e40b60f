/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>

enum { BAR = 30 };

hb_progress hb_progress_start(hb_app *app, const char *label)
{
    return (hb_progress){.app = app, .label = label};
}

void hb_progress_share(hb_progress *p, double share, const char *text)
{
    if (!p->app->tty_err || p->app->common.quiet) {
        return;
    }
    int64_t now = p->app->os->monotonic_ns();
    if (p->drawn && now - p->last_ns < 100000000) {
        return;
    }
    p->last_ns = now;
    p->drawn = true;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    int full = (int)(share * BAR);
    char bar[BAR + 1];
    for (int i = 0; i < BAR; i++) {
        bar[i] = i < full ? '#' : '.';
    }
    bar[BAR] = '\0';
    fprintf(stderr, "\r\033[K%.40s [%s] %3.0f %% %.40s", p->label, bar, share * 100, text);
}

void hb_progress_bytes(void *progress, uint64_t done, uint64_t total)
{
    char text[40];
    snprintf(text, sizeof text, "%.1f MB", (double)done / 1e6);
    hb_progress_share(progress, total ? (double)done / (double)total : 0, text);
}

void hb_progress_end(hb_progress *p)
{
    if (p->drawn) {
        fputs("\r\033[K", stderr);
        p->drawn = false;
    }
}
