/* SPDX-License-Identifier: Apache-2.0 */
#include "report/svg_runs.h"

#include "report/escape.h"
#include "report/svg_axes.h"

#include <math.h>
#include <string.h>

void hb_svg_parts(const hb_relation *r, size_t most, hb_buf *out)
{
    enum { NAME_WIDTH = 170, ROW = 24, TOP = 8, FIGURE = 50 };
    size_t n = r->n_parts < most ? r->n_parts : most;
    double low = 0;
    double high = 0;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, r->parts[i].share);
        high = fmax(high, r->parts[i].share);
    }
    if (n == 0 || !(high > low)) {
        return;
    }
    double scale = (HB_SVG_WIDTH - NAME_WIDTH - FIGURE) / (high - low);
    double zero = NAME_WIDTH - low * scale;
    int height = TOP * 2 + (int)n * ROW;
    hb_buf_fmt(out,
               "<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\"><title>Which metrics break "
               "the relation</title><desc>Share of the distance that each metric carries, largest "
               "first.</desc>",
               HB_SVG_WIDTH, height);
    for (size_t i = 0; i < n; i++) {
        double share = r->parts[i].share;
        double y = TOP + (double)i * ROW;
        char cut[27];
        size_t len = strlen(r->parts[i].metric);
        bool whole = len < sizeof cut;
        len = hb_utf8_valid_prefix((hb_str){r->parts[i].metric, whole ? len : sizeof cut - 4});
        memcpy(cut, r->parts[i].metric, len);
        cut[len] = '\0';
        hb_buf_fmt(out, "<text x=\"%d\" y=\"%.1f\" class=\"e\">", NAME_WIDTH - 6, y + 15);
        hb_escape(out, cut);
        hb_buf_fmt(out,
                   "%s</text><rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                   "height=\"%d\"/><text x=\"%.1f\" y=\"%.1f\">%.0f %%</text>",
                   whole ? "" : "…", share < 0 ? "un" : "up", fmin(zero, zero + share * scale),
                   y + 4, fmax(fabs(share) * scale, 1), ROW - 8,
                   fmax(zero, zero + share * scale) + 4, y + 15, share * 100);
    }
    hb_buf_fmt(out, "<path class=\"g\" d=\"M%.1f %dV%d\"/></svg>", zero, TOP, height - TOP);
}

void hb_svg_shift(const hb_comparison *c, hb_buf *out)
{
    enum { STEPS = 19 };
    const hb_profile *run = c->run ? &c->run->profile : NULL;
    const hb_profile *base = c->baseline ? &c->baseline->profile : NULL;
    if (!run || !base || !run->sketch || !base->sketch || run->moments.n < 20 ||
        base->moments.n < 20) {
        return;
    }
    double shift[STEPS];
    hb_svg_frame f = {0, 100, 0, 0}; /* the zero line is always in it */
    for (int i = 0; i < STEPS; i++) {
        double q = (i + 1) * 0.05;
        shift[i] = hb_profile_quantile(run, q) - hb_profile_quantile(base, q);
        f.y0 = fmin(f.y0, shift[i]);
        f.y1 = fmax(f.y1, shift[i]);
    }
    double pad = (f.y1 - f.y0) * 0.08;
    if (!(pad > 0) || !isfinite(f.y1 - f.y0)) {
        return;
    }
    f.y0 -= pad;
    f.y1 += pad;
    hb_svg_open(out, "Shift of each quantile", c->name,
                "Run minus baseline at each quantile of the samples; a flat line is a plain shift, "
                "a slope a change of spread.");
    hb_svg_grid_y(out, &f);
    hb_svg_grid_x(out, &f);
    hb_buf_fmt(out, "<path class=\"cb\" d=\"M%d %.1fH%d\"/><path class=\"cr\" d=\"", HB_SVG_LEFT,
               hb_svg_y(&f, 0), HB_SVG_WIDTH - HB_SVG_RIGHT);
    for (int i = 0; i < STEPS; i++) {
        hb_buf_fmt(out, "%s%.1f %.1f", i ? "L" : "M", hb_svg_x(&f, (i + 1) * 5.0),
                   hb_svg_y(&f, shift[i]));
    }
    hb_buf_c(out, "\"/>");
    for (int i = 0; i < STEPS; i += 2) {
        hb_buf_fmt(out, "<circle class=\"dq\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>",
                   hb_svg_x(&f, (i + 1) * 5.0), hb_svg_y(&f, shift[i]));
    }
    hb_svg_axis_name(out, "quantile of the samples in %; shift", c->unit);
    hb_buf_c(out, "</svg>");
}
