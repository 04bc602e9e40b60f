/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg.h"

#include "report/escape.h"
#include "report/figure.h"
#include "report/svg_axes.h"
#include "stats/ecdf.h"

#include <math.h>
#include <stdio.h>

enum { POINTS = 120 };

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* The curve as steps through at most POINTS values. */
static void curve(hb_buf *out, const hb_svg_frame *f, const hb_ecdf *e, const char *class)
{
    hb_buf_fmt(out, "<path class=\"%s\" d=\"M%.1f %.1f", class, hb_svg_x(f, f->x0), hb_svg_y(f, 0));
    size_t stride = e->n_points > POINTS ? e->n_points / POINTS : 1;
    for (size_t i = 0; i < e->n_points; i += stride) {
        double x = clamp(e->values[i], f->x0, f->x1);
        hb_buf_fmt(out, "H%.1fV%.1f", hb_svg_x(f, x),
                   hb_svg_y(f, (double)e->upto[i] / (double)e->n));
    }
    hb_buf_fmt(out, "V%.1fH%.1f\"/>", hb_svg_y(f, 1), hb_svg_x(f, f->x1));
}

/* From the 0.5 to the 99.5 percentile of both, so that one wild sample does not flatten the rest.
 */
static bool curve_frame(const hb_ecdf *a, const hb_ecdf *b, hb_svg_frame *ret)
{
    double low = fmin(hb_ecdf_quantile(a, 0.005), hb_ecdf_quantile(b, 0.005));
    double high = fmax(hb_ecdf_quantile(a, 0.995), hb_ecdf_quantile(b, 0.995));
    if (!(high > low) || !isfinite(high - low)) {
        return false;
    }
    double pad = (high - low) * 0.04;
    *ret = (hb_svg_frame){low - pad, high + pad, 0, 1};
    return true;
}

static void draw_curves(const hb_comparison *c, const hb_ecdf *run, const hb_ecdf *base,
                        hb_buf *out)
{
    hb_svg_frame f;
    if (!curve_frame(run, base, &f)) {
        return;
    }
    hb_svg_open(out, "Distribution", c->name,
                "Share of samples at or below each value; dashed: baseline, solid: run.");
    hb_svg_grid_x(out, &f);
    for (int i = 0; i <= 4; i++) {
        double p = hb_svg_y(&f, i / 4.0);
        hb_buf_fmt(out,
                   "<path class=\"g\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"e\">%d "
                   "%%</text>",
                   HB_SVG_LEFT, p, HB_SVG_WIDTH - HB_SVG_RIGHT, HB_SVG_LEFT - 5, p + 3.5, i * 25);
    }
    curve(out, &f, base, "cb");
    curve(out, &f, run, "cr");
    hb_svg_axis_name(out, "value", c->unit);
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

static void grow(hb_svg_frame *f, double y)
{
    f->y0 = y < f->y0 ? y : f->y0;
    f->y1 = y > f->y1 ? y : f->y1;
}

static hb_svg_frame trace_frame(const hb_comparison *c, const hb_trace *tr, double low, double high)
{
    hb_svg_frame f = {0, (double)(tr->n > 1 ? tr->n - 1 : 1), INFINITY, -INFINITY};
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

static void level(hb_buf *out, const hb_svg_frame *f, double y, const char *class)
{
    if (y >= f->y0 && y <= f->y1) {
        hb_buf_fmt(out, "<path class=\"%s\" d=\"M%d %.1fH%d\"/>", class, HB_SVG_LEFT,
                   hb_svg_y(f, y), HB_SVG_WIDTH - HB_SVG_RIGHT);
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
    hb_svg_frame f = trace_frame(c, tr, low, high);
    if (!isfinite(f.y1 - f.y0)) {
        return HB_OK;
    }
    hb_svg_open(
        out, "Trace of the run", c->name,
        "Samples in order over the baseline's 5 to 95 percent band; dashed: the baseline's value, "
        "dotted: the change limit.");
    hb_svg_grid_y(out, &f);
    hb_svg_grid_x(out, &f);
    if (isfinite(low) && isfinite(high)) {
        hb_buf_fmt(out, "<rect class=\"bb\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>",
                   HB_SVG_LEFT, hb_svg_y(&f, high), HB_SVG_WIDTH - HB_SVG_LEFT - HB_SVG_RIGHT,
                   fmax(hb_svg_y(&f, low) - hb_svg_y(&f, high), 1));
    }
    hb_svg_trace_line(out, &f, tr, 0);
    if (c->value_baseline.set) {
        level(out, &f, c->value_baseline.v, "cb");
        if (c->change_limit.set) {
            level(out, &f, c->value_baseline.v + c->change_limit.v, "lim");
            level(out, &f, c->value_baseline.v - c->change_limit.v, "lim");
        }
    }
    if (finding && finding->has_onset) {
        double x = hb_svg_x(&f, (double)finding->onset_index);
        bool late = x > (HB_SVG_WIDTH + HB_SVG_LEFT) / 2.0;
        hb_buf_fmt(out,
                   "<path class=\"on\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\" "
                   "class=\"%s\">onset</text>",
                   x, HB_SVG_TOP, HB_SVG_HEIGHT - HB_SVG_BOTTOM, late ? x - 4 : x + 4,
                   HB_SVG_TOP + 9, late ? "e" : "s");
    }
    hb_svg_axis_name(out, "sample", "");
    hb_buf_c(out, "</svg>");
    return hb_buf_check(out, err);
}
