/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg_column.h"

#include "report/svg_axes.h"
#include "stats/ecdf.h"

#include <math.h>

enum { BARS = 32, STRIP = 14 };

/* 0 when the samples' numbers must do. */
static double time_unit(const hb_trace *tr, const char **ret_words)
{
    static const struct {
        double ns;
        const char *words;
    } units[] = {{86400e9, "days since the first"},     {3600e9, "hours since the first"},
                 {60e9, "minutes since the first"},     {1e9, "seconds since the first"},
                 {1e6, "milliseconds since the first"}, {1e3, "microseconds since the first"},
                 {1, "nanoseconds since the first"}};
    *ret_words = "row";
    for (size_t i = 0; i < tr->n_buckets; i++) {
        if (tr->buckets[i].t == HB_TIME_NONE || (i && tr->buckets[i].t < tr->buckets[i - 1].t)) {
            return 0;
        }
    }
    double span = (double)tr->buckets[tr->n_buckets - 1].t - (double)tr->buckets[0].t;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (span >= 3 * units[i].ns) {
            *ret_words = units[i].words;
            return units[i].ns;
        }
    }
    return 0;
}

static void pad(hb_svg_frame *f)
{
    double room = (f->y1 / 2 - f->y0 / 2) * 0.12;
    room = room > 0 ? room : f->y0 != 0 ? fabs(f->y0) * 0.1 : 1;
    f->y0 -= room;
    f->y1 += room;
}

void hb_svg_course(const hb_reading_column *c, hb_buf *out)
{
    const hb_trace *tr = &c->trace;
    const char *words = "row";
    if (tr->n_buckets < 2) {
        return;
    }
    double unit_ns = time_unit(tr, &words);
    hb_svg_frame f = {0, (double)(tr->n - 1), c->moments.min, c->moments.max};
    if (unit_ns > 0) {
        f.x1 = ((double)tr->buckets[tr->n_buckets - 1].t - (double)tr->buckets[0].t) / unit_ns;
    }
    pad(&f);
    if (!isfinite(f.y1 - f.y0) || !(f.x1 > f.x0)) {
        return;
    }
    hb_svg_open(out, "Course", c->shown, "Mean of each stretch as a line, its extremes as a band.");
    hb_svg_grid_y(out, &f);
    hb_svg_grid_x(out, &f);
    hb_svg_trace_line(out, &f, tr, unit_ns);
    hb_svg_axis_name(out, words, "");
    hb_buf_c(out, "</svg>");
}

static void strip(hb_buf *out, const hb_svg_frame *f, const hb_ecdf *e)
{
    static const double shares[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    double x[5];
    for (int i = 0; i < 5; i++) {
        x[i] = hb_svg_x(f, hb_ecdf_quantile(e, shares[i]));
    }
    double y = HB_SVG_TOP + STRIP / 2.0;
    hb_buf_fmt(out,
               "<path class=\"cb\" d=\"M%.1f %.1fH%.1f\"/><rect class=\"bb\" x=\"%.1f\" y=\"%d\" "
               "width=\"%.1f\" height=\"%d\"/><path class=\"cr\" d=\"M%.1f %dV%d\"/>",
               x[0], y, x[4], x[1], HB_SVG_TOP, fmax(x[3] - x[1], 1), STRIP, x[2], HB_SVG_TOP,
               HB_SVG_TOP + STRIP);
}

static void bars(hb_buf *out, hb_svg_frame f, const hb_ecdf *e)
{
    double share[BARS] = {0};
    double most = 0;
    uint64_t before = 0;
    for (size_t i = 0; i < e->n_points; i++) {
        double place = (e->values[i] / 2 - f.x0 / 2) / (f.x1 / 2 - f.x0 / 2) * BARS;
        size_t bar = place < 0 ? 0 : place >= BARS ? BARS - 1 : (size_t)place;
        share[bar] += (double)(e->upto[i] - before) / (double)e->n;
        before = e->upto[i];
        most = share[bar] > most ? share[bar] : most;
    }
    double top = HB_SVG_TOP + STRIP + 6;
    double height = HB_SVG_HEIGHT - HB_SVG_BOTTOM - top;
    double width = (HB_SVG_WIDTH - HB_SVG_LEFT - HB_SVG_RIGHT) / (double)BARS;
    for (int i = 0; i < BARS; i++) {
        if (share[i] > 0) {
            double h = height * share[i] / most;
            hb_buf_fmt(out,
                       "<rect class=\"tb\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                       HB_SVG_LEFT + i * width + 0.5, top + height - h, width - 1, h);
        }
    }
}

hb_status hb_svg_spread(const hb_reading_column *c, hb_buf *out, hb_error *err)
{
    hb_ecdf e = {0};
    hb_svg_frame f = {c->moments.min, c->moments.max, 0, 1};
    if (!c->sketch || !(f.x1 > f.x0) || !isfinite(f.x1 - f.x0)) {
        return HB_OK;
    }
    HB_TRY(hb_sketch_ecdf(c->sketch, &e, err));
    hb_svg_open(out, "Spread", c->shown,
                "Share of figures at each value; above: median, quartiles, 5 and 95 percent.");
    hb_svg_grid_x(out, &f);
    bars(out, f, &e);
    strip(out, &f, &e);
    hb_svg_axis_name(out, "value", c->unit);
    hb_buf_c(out, "</svg>");
    hb_ecdf_release(&e);
    return HB_OK;
}
