/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg.h"

#include "report/escape.h"
#include "report/figure.h"
#include "stats/ecdf.h"

#include <math.h>
#include <stdio.h>

enum {
    WIDTH = 460,
    HEIGHT = 220,
    LEFT = 58,
    RIGHT = 12,
    TOP = 12,
    BOTTOM = 34,
    POINTS = 120,
    MOST_TICKS = 12
}; /* bounded: far from zero a step may be lost in rounding */

typedef struct frame {
    double x0;
    double x1;
    double y0;
    double y1;
} frame;

static double px(const frame *f, double x)
{
    return LEFT + (x - f->x0) / (f->x1 - f->x0) * (WIDTH - LEFT - RIGHT);
}

static double py(const frame *f, double y)
{
    return HEIGHT - BOTTOM - (y - f->y0) / (f->y1 - f->y0) * (HEIGHT - TOP - BOTTOM);
}

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* A step of 1, 2 or 5 times a power of ten that cuts the span into about four. */
static double tick_step(double span)
{
    double step = 1;
    if (!(span > 0) || !isfinite(span)) {
        return 1;
    }
    for (int i = 0; i < 330 && step > span / 4; i++) {
        step /= 10;
    }
    for (int i = 0; i < 310 && step * 10 <= span / 4; i++) {
        step *= 10;
    }
    return step * 5 <= span / 4 ? step * 5 : step * 2 <= span / 4 ? step * 2 : step;
}

static void open_svg(hb_buf *out, const char *kind, const hb_comparison *c, const char *words)
{
    hb_buf_fmt(out, "<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\"><title>%s: ", WIDTH,
               HEIGHT, kind);
    hb_escape(out, c->name);
    hb_buf_fmt(out, "</title><desc>%s</desc>", words);
}

static void grid_y(hb_buf *out, const frame *f)
{
    double step = tick_step(f->y1 - f->y0);
    double start = ceil(f->y0 / step) * step;
    for (int k = 0; k < MOST_TICKS && start + k * step <= f->y1; k++) {
        double y = start + k * step;
        char fig[HB_FIG];
        double p = py(f, y);
        double shown = fabs(y) < step * 1e-6 ? 0 : y;
        hb_buf_fmt(
            out,
            "<path class=\"g\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"e\">%s</text>",
            LEFT, p, WIDTH - RIGHT, LEFT - 5, p + 3.5, hb_fig(shown, fig));
    }
}

static void grid_x(hb_buf *out, const frame *f)
{
    double step = tick_step(f->x1 - f->x0);
    double start = ceil(f->x0 / step) * step;
    for (int k = 0; k < MOST_TICKS && start + k * step <= f->x1; k++) {
        double x = start + k * step;
        char fig[HB_FIG];
        double shown = fabs(x) < step * 1e-6 ? 0 : x;
        hb_buf_fmt(
            out,
            "<path class=\"g\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\" class=\"m\">%s</text>",
            px(f, x), TOP, HEIGHT - BOTTOM, px(f, x), HEIGHT - BOTTOM + 13, hb_fig(shown, fig));
    }
}

static void axis_name(hb_buf *out, const char *words, const char *unit)
{
    hb_buf_fmt(out, "<text x=\"%d\" y=\"%d\" class=\"m\">%s", (LEFT + WIDTH - RIGHT) / 2,
               HEIGHT - 5, words);
    if (*unit) {
        hb_buf_c(out, " [");
        hb_escape(out, unit);
        hb_buf_c(out, "]");
    }
    hb_buf_c(out, "</text>");
}

/* The curve as steps through at most POINTS values. */
static void curve(hb_buf *out, const frame *f, const hb_ecdf *e, const char *class)
{
    hb_buf_fmt(out, "<path class=\"%s\" d=\"M%.1f %.1f", class, px(f, f->x0), py(f, 0));
    size_t stride = e->n_points > POINTS ? e->n_points / POINTS : 1;
    for (size_t i = 0; i < e->n_points; i += stride) {
        double x = clamp(e->values[i], f->x0, f->x1);
        hb_buf_fmt(out, "H%.1fV%.1f", px(f, x), py(f, (double)e->upto[i] / (double)e->n));
    }
    hb_buf_fmt(out, "V%.1fH%.1f\"/>", py(f, 1), px(f, f->x1));
}

/* From the 0.5 to the 99.5 percentile of both, so that one wild sample does not flatten the rest.
 */
static bool curve_frame(const hb_ecdf *a, const hb_ecdf *b, frame *ret)
{
    double low = fmin(hb_ecdf_quantile(a, 0.005), hb_ecdf_quantile(b, 0.005));
    double high = fmax(hb_ecdf_quantile(a, 0.995), hb_ecdf_quantile(b, 0.995));
    if (!(high > low) || !isfinite(high - low)) {
        return false;
    }
    double pad = (high - low) * 0.04;
    *ret = (frame){low - pad, high + pad, 0, 1};
    return true;
}

static void draw_curves(const hb_comparison *c, const hb_ecdf *run, const hb_ecdf *base,
                        hb_buf *out)
{
    frame f;
    if (!curve_frame(run, base, &f)) {
        return;
    }
    open_svg(out, "Distribution", c,
             "Share of samples at or below each value; dashed: baseline, solid: run.");
    grid_x(out, &f);
    for (int i = 0; i <= 4; i++) {
        double p = py(&f, i / 4.0);
        hb_buf_fmt(out,
                   "<path class=\"g\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"e\">%d "
                   "%%</text>",
                   LEFT, p, WIDTH - RIGHT, LEFT - 5, p + 3.5, i * 25);
    }
    curve(out, &f, base, "cb");
    curve(out, &f, run, "cr");
    axis_name(out, "value", c->unit);
    hb_buf_c(out, "</svg>");
}

hb_status hb_svg_curves(const hb_comparison *c, hb_buf *out, hb_error *err)
{
    hb_ecdf run = {0};
    hb_ecdf base = {0};
    if (!c->run || !c->baseline || !c->run->profile.sketch || !c->baseline->profile.sketch) {
        return HB_OK;
    }
    hb_status status = hb_sketch_ecdf(c->run->profile.sketch, &run, err);
    if (status == HB_OK) {
        status = hb_sketch_ecdf(c->baseline->profile.sketch, &base, err);
    }
    if (status == HB_OK) {
        draw_curves(c, &run, &base, out);
    }
    hb_ecdf_release(&run);
    hb_ecdf_release(&base);
    return status;
}

static void grow(frame *f, double y)
{
    f->y0 = y < f->y0 ? y : f->y0;
    f->y1 = y > f->y1 ? y : f->y1;
}

static frame trace_frame(const hb_comparison *c, const hb_trace *tr, double low, double high)
{
    frame f = {0, (double)(tr->n > 1 ? tr->n - 1 : 1), INFINITY, -INFINITY};
    for (size_t i = 0; i < tr->n_buckets; i++) {
        grow(&f, tr->buckets[i].min);
        grow(&f, tr->buckets[i].max);
    }
    if (isfinite(low) && isfinite(high)) {
        grow(&f, low);
        grow(&f, high);
    }
    if (c->value_baseline.set) {
        grow(&f, c->value_baseline.v);
    }
    double pad = (f.y1 - f.y0) * 0.06;
    pad = pad > 0 ? pad : fabs(f.y0) * 0.01 + 1e-9;
    f.y0 -= pad;
    f.y1 += pad;
    return f;
}

static void trace_line(hb_buf *out, const frame *f, const hb_trace *tr)
{
    if (tr->per_bucket > 1) { /* the extremes of each bucket as a filled band */
        hb_buf_c(out, "<path class=\"tb\" d=\"");
        for (size_t i = 0; i < tr->n_buckets; i++) {
            hb_buf_fmt(out, "%s%.1f %.1f", i ? "L" : "M", px(f, (double)hb_trace_index(tr, i)),
                       py(f, tr->buckets[i].max));
        }
        for (size_t i = tr->n_buckets; i-- > 0;) {
            hb_buf_fmt(out, "L%.1f %.1f", px(f, (double)hb_trace_index(tr, i)),
                       py(f, tr->buckets[i].min));
        }
        hb_buf_c(out, "Z\"/>");
    }
    hb_buf_c(out, "<path class=\"cr\" d=\"");
    for (size_t i = 0; i < tr->n_buckets; i++) {
        hb_buf_fmt(out, "%s%.1f %.1f", i ? "L" : "M", px(f, (double)hb_trace_index(tr, i)),
                   py(f, tr->buckets[i].sum / (double)tr->buckets[i].n));
    }
    hb_buf_c(out, "\"/>");
}

static void level(hb_buf *out, const frame *f, double y, const char *class)
{
    if (y >= f->y0 && y <= f->y1) {
        hb_buf_fmt(out, "<path class=\"%s\" d=\"M%d %.1fH%d\"/>", class, LEFT, py(f, y),
                   WIDTH - RIGHT);
    }
}

hb_status hb_svg_trace(const hb_comparison *c, const hb_finding *finding, hb_buf *out,
                       hb_error *err)
{
    const hb_trace *tr = c->run ? &c->run->profile.trace : NULL;
    if (!tr || tr->n_buckets < 3) {
        return HB_OK;
    }
    double low = c->baseline ? hb_profile_quantile(&c->baseline->profile, 0.05) : NAN;
    double high = c->baseline ? hb_profile_quantile(&c->baseline->profile, 0.95) : NAN;
    frame f = trace_frame(c, tr, low, high);
    if (!isfinite(f.y1 - f.y0)) {
        return HB_OK;
    }
    open_svg(
        out, "Trace of the run", c,
        "Samples in order over the baseline's 5 to 95 percent band; dashed: the baseline's value, "
        "dotted: the change limit.");
    grid_y(out, &f);
    grid_x(out, &f);
    if (isfinite(low) && isfinite(high)) {
        hb_buf_fmt(out, "<rect class=\"bb\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>",
                   LEFT, py(&f, high), WIDTH - LEFT - RIGHT, fmax(py(&f, low) - py(&f, high), 1));
    }
    trace_line(out, &f, tr);
    if (c->value_baseline.set) {
        level(out, &f, c->value_baseline.v, "cb");
        if (c->change_limit.set) {
            level(out, &f, c->value_baseline.v + c->change_limit.v, "lim");
            level(out, &f, c->value_baseline.v - c->change_limit.v, "lim");
        }
    }
    if (finding && finding->has_onset) {
        double x = px(&f, (double)finding->onset_index);
        bool late = x > (WIDTH + LEFT) / 2.0;
        hb_buf_fmt(out,
                   "<path class=\"on\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\" "
                   "class=\"%s\">onset</text>",
                   x, TOP, HEIGHT - BOTTOM, late ? x - 4 : x + 4, TOP + 9, late ? "e" : "s");
    }
    axis_name(out, "sample", "");
    hb_buf_c(out, "</svg>");
    return hb_buf_check(out, err);
}
