/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg_runs.h"

#include "base/mem.h"
#include "report/escape.h"
#include "report/figure.h"
#include "report/svg_axes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RINGS = 40, POINTS_MAX = 2 * HB_PAST_RUNS_MAX, END_TEXT = 24 };

typedef enum mark { RING, DOT, WITH } mark;

typedef struct point {
    const hb_past_run *run;
    double value;
    mark mark;
} point;

typedef struct points {
    point *list;
    size_t n;
    size_t cap;
} points;

static bool holds(const hb_run_set *s, const char *run_id)
{
    for (size_t i = 0; s && i < s->n_runs; i++) {
        if (strcmp(s->runs[i].run_id, run_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Runs of `s` that have the metric, the last `most`, but for those of `not_in`. */
static hb_status add(points *p, const hb_run_set *s, const char *metric, mark m,
                     const hb_run_set *not_in, size_t most, hb_error *err)
{
    const hb_past_metric *past = s ? hb_run_set_metric(s, metric) : NULL;
    size_t left = most;
    for (size_t i = past ? s->n_runs : 0; i-- > 0 && left;) {
        if (!isfinite(past->values[i]) || holds(not_in, s->runs[i].run_id)) {
            continue;
        }
        HB_TRY(HB_GROW(p->list, p->cap, p->n + 1, POINTS_MAX, "runs of a plot", err));
        p->list[p->n++] = (point){&s->runs[i], past->values[i], m};
        left--;
    }
    return HB_OK;
}

static int by_time(const void *pa, const void *pb)
{
    const point *a = pa;
    const point *b = pb;
    if ((a->mark == WITH) != (b->mark == WITH)) {
        return a->mark == WITH ? 1 : -1; /* the new runs stand together at the end */
    }
    if (a->run->start != b->run->start) {
        return a->run->start < b->run->start ? -1 : 1;
    }
    return strcmp(a->run->run_id, b->run->run_id);
}

static void grow(hb_svg_frame *f, double y)
{
    if (isfinite(y)) {
        f->y0 = y < f->y0 ? y : f->y0;
        f->y1 = y > f->y1 ? y : f->y1;
    }
}

static hb_svg_frame frame_of(const points *p, const hb_comparison *c, const hb_change_point *change)
{
    hb_svg_frame f = {0.4, (double)p->n + 1.6, INFINITY, -INFINITY};
    for (size_t i = 0; i < p->n; i++) {
        grow(&f, p->list[i].value);
    }
    grow(&f, c->value_run.set ? c->value_run.v : c->test.x);
    grow(&f, c->test.low);
    grow(&f, c->test.high);
    if (change) {
        grow(&f, change->before);
        grow(&f, change->after);
    }
    double pad = (f.y1 - f.y0) * 0.09;
    pad = pad > 0 ? pad : fabs(f.y0) * 0.01 + 1e-9;
    f.y0 -= pad;
    f.y1 += pad;
    return f;
}

static void band(hb_buf *out, const hb_svg_frame *f, const hb_run_test *t)
{
    double low = isfinite(t->low) ? t->low : f->y0;
    double high = isfinite(t->high) ? t->high : f->y1;
    int right = HB_SVG_WIDTH - HB_SVG_RIGHT;
    if (!(low <= high)) {
        return;
    }
    hb_buf_fmt(out, "<rect class=\"bb\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>",
               HB_SVG_LEFT, hb_svg_y(f, high), right - HB_SVG_LEFT,
               fmax(hb_svg_y(f, low) - hb_svg_y(f, high), 1));
    const double limits[] = {t->low, t->high};
    for (size_t i = 0; i < 2; i++) {
        if (isfinite(limits[i])) {
            hb_buf_fmt(out, "<path class=\"lim\" d=\"M%d %.1fH%d\"/>", HB_SVG_LEFT,
                       hb_svg_y(f, limits[i]), right);
        }
    }
    if (t->mean >= f->y0 && t->mean <= f->y1) {
        hb_buf_fmt(out, "<path class=\"cb\" d=\"M%d %.1fH%d\"/>", HB_SVG_LEFT, hb_svg_y(f, t->mean),
                   right);
    }
}

static void diamond(hb_buf *out, const char *class, double x, double y)
{
    hb_buf_fmt(out, "<path class=\"%s\" d=\"M%.1f %.1fl6 6-6 6-6-6Z\">", class, x, y - 6);
}

static void title(hb_buf *out, const char *run_id, double value)
{
    char fig[HB_FIG];
    hb_buf_c(out, "<title>");
    hb_escape(out, run_id);
    hb_buf_fmt(out, ": %s</title>", hb_fig(value, fig));
}

static void marks(hb_buf *out, const hb_svg_frame *f, const points *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const point *q = &p->list[i];
        double x = hb_svg_x(f, (double)i + 1);
        double y = hb_svg_y(f, q->value);
        if (q->mark == RING) {
            hb_buf_fmt(out, "<circle class=\"dh\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>", x, y);
        } else if (q->mark == DOT) {
            hb_buf_fmt(out, "<circle class=\"db\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.6\">", x, y);
            title(out, q->run->run_id, q->value);
            hb_buf_c(out, "</circle>");
        } else {
            diamond(out, "dw", x, y);
            title(out, q->run->run_id, q->value);
            hb_buf_c(out, "</path>");
        }
    }
}

/* Before and after as levels (a ramp as a slope), with a line where it changed. */
static void change_line(hb_buf *out, const hb_svg_frame *f, const points *p,
                        const hb_change_point *c)
{
    size_t at = 0;
    while (at < p->n && strcmp(p->list[at].run->run_id, c->run_id) != 0) {
        at++;
    }
    double x0 = hb_svg_x(f, 0.6);
    double x1 = hb_svg_x(f, (double)p->n + 1.4);
    bool here = at == p->n; /* this run is the first after it, or it lies before what is shown */
    double x = hb_svg_x(f, (double)at + 0.5);
    if (!isfinite(c->before) || !isfinite(c->after)) {
        return;
    }
    if (c->ramp) {
        hb_buf_fmt(out, "<path class=\"on\" d=\"M%.1f %.1fL%.1f %.1f\"/>", x0,
                   hb_svg_y(f, c->before), x1, hb_svg_y(f, c->after));
        return;
    }
    bool late = x > (HB_SVG_WIDTH + HB_SVG_LEFT) / 2.0;
    hb_buf_fmt(out,
               "<path class=\"on\" d=\"M%.1f %.1fH%.1fM%.1f %.1fH%.1f\"/><path class=\"on dash\" "
               "d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\" class=\"%s\">since ",
               x0, hb_svg_y(f, c->before), x, x, hb_svg_y(f, c->after), x1, x, HB_SVG_TOP,
               HB_SVG_HEIGHT - HB_SVG_BOTTOM, late ? x - 4 : x + 4, HB_SVG_TOP + 9,
               late ? "e" : "s");
    hb_escape(out, here ? "this run" : c->run_id);
    hb_buf_c(out, "</text>");
}

/* The day of a run, else its name. */
static void end_text(hb_buf *out, const char *run_id, hb_time start)
{
    char text[HB_TIME_TEXT];
    if (start != HB_TIME_NONE) {
        hb_time_print(start, text);
        text[10] = '\0';
        hb_buf_c(out, text);
        return;
    }
    char cut[END_TEXT + 1];
    size_t n = strlen(run_id) < END_TEXT ? strlen(run_id) : END_TEXT;
    memcpy(cut, run_id, n);
    cut[n] = '\0';
    hb_escape(out, cut);
}

static void ends(hb_buf *out, const points *p, const hb_run *run)
{
    int y = HB_SVG_HEIGHT - HB_SVG_BOTTOM + 13;
    hb_buf_fmt(out, "<text x=\"%d\" y=\"%d\">", HB_SVG_LEFT, y);
    end_text(out, p->list[0].run->run_id, p->list[0].run->start);
    hb_buf_fmt(out, "</text><text x=\"%d\" y=\"%d\" class=\"e\">", HB_SVG_WIDTH - HB_SVG_RIGHT, y);
    end_text(out, run->meta.run_id, run->meta.start);
    hb_buf_fmt(out, "</text><path class=\"g\" d=\"M%d %dH%d\"/>", HB_SVG_LEFT,
               HB_SVG_HEIGHT - HB_SVG_BOTTOM, HB_SVG_WIDTH - HB_SVG_RIGHT);
}

static void draw(hb_buf *out, const points *p, const hb_decision *d, const hb_comparison *c)
{
    const hb_change_point *change = NULL;
    for (size_t i = 0; i < d->statistics.n_changes && !change; i++) {
        if (strcmp(d->statistics.changes[i].metric, c->name) == 0) {
            change = &d->statistics.changes[i];
        }
    }
    hb_svg_frame f = frame_of(p, c, change);
    if (!isfinite(f.y1 - f.y0)) {
        return;
    }
    double value = c->value_run.set ? c->value_run.v : c->test.x;
    hb_svg_open(out, "Value of each run", c->name,
                "Dots: baseline runs in the order of time; rings: other earlier runs; diamond: "
                "this run; band: where it would not have been called different.");
    hb_svg_grid_y(out, &f);
    band(out, &f, &c->test);
    if (change) {
        change_line(out, &f, p, change);
    }
    marks(out, &f, p);
    diamond(out, c->test.rejected ? "dr far" : "dr", hb_svg_x(&f, (double)p->n + 1),
            hb_svg_y(&f, value));
    title(out, d->run->meta.run_id, value);
    hb_buf_c(out, "</path>");
    ends(out, p, d->run);
    hb_svg_axis_name(out, "runs, oldest first", "");
    hb_buf_c(out, "</svg>");
}

hb_status hb_svg_runs(const hb_decision *d, const hb_comparison *c, hb_buf *out, hb_error *err)
{
    points p = {0};
    const hb_reference *r = d->reference;
    const hb_run_set *history = r->prior ? r->prior->history : NULL;
    hb_status status = add(&p, r->set, c->name, DOT, NULL, SIZE_MAX, err);
    if (status == HB_OK) {
        status = add(&p, history, c->name, RING, r->set, RINGS, err);
    }
    if (status == HB_OK) {
        status = add(&p, r->with, c->name, WITH, NULL, SIZE_MAX, err);
    }
    if (status == HB_OK && p.n >= 2) {
        qsort(p.list, p.n, sizeof *p.list, by_time);
        draw(out, &p, d, c);
    }
    hb_free(p.list);
    return status;
}
