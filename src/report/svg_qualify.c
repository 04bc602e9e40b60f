/* SPDX-License-Identifier: Apache-2.0 */
#include "report/qualify.h"

#include "report/figure.h"
#include "report/svg_axes.h"
#include "stats/fmath.h"

#include <math.h>

enum { STEPS = 60 };

static void shares(hb_buf *out, const hb_svg_frame *f)
{
    for (int i = 0; i <= 4; i++) {
        double p = hb_svg_y(f, i / 4.0);
        hb_buf_fmt(out,
                   "<path class=\"g\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"e\">%d "
                   "%%</text>",
                   HB_SVG_LEFT, p, HB_SVG_WIDTH - HB_SVG_RIGHT, HB_SVG_LEFT - 5, p + 3.5, i * 25);
    }
    hb_buf_fmt(out, "<path class=\"lim\" d=\"M%d %.1fH%d\"/>", HB_SVG_LEFT,
               hb_svg_y(f, HB_POD_ASKED), HB_SVG_WIDTH - HB_SVG_RIGHT);
}

/* The sizes are geometric, so the axis is; every second one is named. */
static void names(hb_buf *out, const hb_svg_frame *f, const hb_qualified *r)
{
    for (size_t i = 0; i < r->n_sizes; i += 2) {
        char fig[HB_FIG];
        double x = hb_svg_x(f, hb_log(r->sizes[i].size));
        hb_buf_fmt(out, "<text x=\"%.1f\" y=\"%d\" class=\"m\">%s</text>", x,
                   HB_SVG_HEIGHT - HB_SVG_BOTTOM + 14, hb_fig_short(r->sizes[i].size, fig));
    }
}

static void curve(hb_buf *out, const hb_svg_frame *f, const hb_qualified *r)
{
    if (isnan(r->pod.slope)) {
        return;
    }
    hb_buf_c(out, "<path class=\"cr\" d=\"");
    for (int i = 0; i <= STEPS; i++) {
        double x = f->x0 + (f->x1 - f->x0) * i / STEPS;
        hb_buf_fmt(out, "%s%.1f %.1f", i ? "L" : "M", hb_svg_x(f, x),
                   hb_svg_y(f, hb_pod_at(&r->pod, hb_exp(x))));
    }
    hb_buf_c(out, "\"/>");
}

void hb_svg_qualify(const hb_qualified *r, hb_buf *out)
{
    if (r->n_trials == 0) {
        return;
    }
    hb_svg_frame f = {hb_log(r->sizes[0].size), hb_log(r->sizes[r->n_sizes - 1].size), 0, 1};
    hb_svg_open(out, "Share found against the size of a fault", r->metric,
                "Dots: share of the trials in which it was found; solid: the fitted curve; dotted: "
                "90 %; line down: the size shown to be found.");
    shares(out, &f);
    names(out, &f, r);
    curve(out, &f, r);
    for (size_t i = 0; i < r->n_sizes; i++) {
        if (r->sizes[i].tried) {
            double share = (double)r->sizes[i].found / (double)r->sizes[i].tried;
            hb_buf_fmt(out, "<circle class=\"dr\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
                       hb_svg_x(&f, hb_log(r->sizes[i].size)), hb_svg_y(&f, share));
        }
    }
    if (isfinite(r->pod.a90_95)) {
        hb_buf_fmt(out, "<path class=\"on dash\" d=\"M%.1f %dV%d\"/>",
                   hb_svg_x(&f, hb_log(r->pod.a90_95)), HB_SVG_TOP, HB_SVG_HEIGHT - HB_SVG_BOTTOM);
    }
    hb_svg_axis_name(out, hb_fault_words(r->fault), "");
    hb_buf_c(out, "</svg>");
}
