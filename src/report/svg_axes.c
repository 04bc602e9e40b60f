/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg_axes.h"

#include "report/escape.h"
#include "report/figure.h"

#include <math.h>

enum { MOST_TICKS = 12 }; /* bounded: far from zero a step may be lost in rounding */

double hb_svg_x(const hb_svg_frame *f, double x)
{
    return HB_SVG_LEFT +
           (x - f->x0) / (f->x1 - f->x0) * (HB_SVG_WIDTH - HB_SVG_LEFT - HB_SVG_RIGHT);
}

double hb_svg_y(const hb_svg_frame *f, double y)
{
    return HB_SVG_HEIGHT - HB_SVG_BOTTOM -
           (y - f->y0) / (f->y1 - f->y0) * (HB_SVG_HEIGHT - HB_SVG_TOP - HB_SVG_BOTTOM);
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

void hb_svg_open(hb_buf *out, const char *kind, const char *name, const char *words)
{
    hb_buf_fmt(out,
               "<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\"><title>%s: ", HB_SVG_WIDTH,
               HB_SVG_HEIGHT, kind);
    hb_escape(out, name);
    hb_buf_fmt(out, "</title><desc>%s</desc>", words);
}

void hb_svg_grid_y(hb_buf *out, const hb_svg_frame *f)
{
    double step = tick_step(f->y1 - f->y0);
    double start = ceil(f->y0 / step) * step;
    for (int k = 0; k < MOST_TICKS && start + k * step <= f->y1; k++) {
        double y = start + k * step;
        char fig[HB_FIG];
        double p = hb_svg_y(f, y);
        double shown = fabs(y) < step * 1e-6 ? 0 : y;
        hb_buf_fmt(
            out,
            "<path class=\"g\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"e\">%s</text>",
            HB_SVG_LEFT, p, HB_SVG_WIDTH - HB_SVG_RIGHT, HB_SVG_LEFT - 5, p + 3.5,
            hb_fig(shown, fig));
    }
}

void hb_svg_grid_x(hb_buf *out, const hb_svg_frame *f)
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
            hb_svg_x(f, x), HB_SVG_TOP, HB_SVG_HEIGHT - HB_SVG_BOTTOM, hb_svg_x(f, x),
            HB_SVG_HEIGHT - HB_SVG_BOTTOM + 13, hb_fig(shown, fig));
    }
}

void hb_svg_axis_name(hb_buf *out, const char *words, const char *unit)
{
    hb_buf_fmt(out, "<text x=\"%d\" y=\"%d\" class=\"m\">%s",
               (HB_SVG_LEFT + HB_SVG_WIDTH - HB_SVG_RIGHT) / 2, HB_SVG_HEIGHT - 5, words);
    if (*unit) {
        hb_buf_c(out, " [");
        hb_escape(out, unit);
        hb_buf_c(out, "]");
    }
    hb_buf_c(out, "</text>");
}

/* Where a bucket stands on the x axis. */
static double place(const hb_trace *tr, size_t i, double unit_ns)
{
    return unit_ns > 0 ? (double)(tr->buckets[i].t - tr->buckets[0].t) / unit_ns
                       : (double)hb_trace_index(tr, i);
}

void hb_svg_trace_line(hb_buf *out, const hb_svg_frame *f, const hb_trace *tr, double unit_ns)
{
    if (tr->per_bucket > 1) { /* the extremes of each bucket as a filled band */
        hb_buf_c(out, "<path class=\"tb\" d=\"");
        for (size_t i = 0; i < tr->n_buckets; i++) {
            hb_buf_fmt(out, "%s%.1f %.1f", i ? "L" : "M", hb_svg_x(f, place(tr, i, unit_ns)),
                       hb_svg_y(f, tr->buckets[i].max));
        }
        for (size_t i = tr->n_buckets; i-- > 0;) {
            hb_buf_fmt(out, "L%.1f %.1f", hb_svg_x(f, place(tr, i, unit_ns)),
                       hb_svg_y(f, tr->buckets[i].min));
        }
        hb_buf_c(out, "Z\"/>");
    }
    hb_buf_c(out, "<path class=\"cr\" d=\"");
    for (size_t i = 0; i < tr->n_buckets; i++) {
        hb_buf_fmt(out, "%s%.1f %.1f", i ? "L" : "M", hb_svg_x(f, place(tr, i, unit_ns)),
                   hb_svg_y(f, tr->buckets[i].sum / (double)tr->buckets[i].n));
    }
    hb_buf_c(out, "\"/>");
}
