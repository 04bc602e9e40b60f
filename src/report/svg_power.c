/* SPDX-License-Identifier: Apache-2.0 */
#include "report/power.h"

#include "report/escape.h"
#include "report/figure.h"
#include "report/svg_axes.h"

#include <math.h>
#include <string.h>

enum { STEPS = 60, RUNS_SHOWN = 30 };

size_t hb_power_other_m(size_t m)
{
    return m == 1 ? 3 : 1;
}

static bool before(const hb_planned *a, const hb_planned *b)
{
    return a->power < b->power || (a->power == b->power && strcmp(a->name, b->name) < 0);
}

size_t hb_power_worst(const hb_power_plan *plan, const hb_planned **ret, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n_metrics && most; i++) {
        const hb_planned *x = &plan->metrics[i];
        if (x->untested != HB_UNTESTED_NO || (n == most && !before(x, ret[n - 1]))) {
            continue;
        }
        size_t at = n < most ? n++ : n - 1;
        for (; at > 0 && before(x, ret[at - 1]); at--) {
            ret[at] = ret[at - 1];
        }
        ret[at] = x;
    }
    return n;
}

static void shares(hb_buf *out, const hb_svg_frame *f, double wanted)
{
    for (int i = 0; i <= 4; i++) {
        double p = hb_svg_y(f, i / 4.0);
        hb_buf_fmt(out,
                   "<path class=\"g\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"e\">%d "
                   "%%</text>",
                   HB_SVG_LEFT, p, HB_SVG_WIDTH - HB_SVG_RIGHT, HB_SVG_LEFT - 5, p + 3.5, i * 25);
    }
    hb_buf_fmt(out, "<path class=\"lim\" d=\"M%d %.1fH%d\"/>", HB_SVG_LEFT, hb_svg_y(f, wanted),
               HB_SVG_WIDTH - HB_SVG_RIGHT);
}

/* The set's own scale is that of the test; a shift in the unit is given by the ratio that holds at
 * the target, which is exact but for logarithms. */
static double unit_per_sigma(const hb_planned *x)
{
    return x->detectable_sigma > 0 && isfinite(x->detectable) ? x->detectable / x->detectable_sigma
                                                              : x->sd;
}

void hb_svg_power_shift(const hb_power_plan *plan, const hb_planned *x, hb_buf *out)
{
    double unit = unit_per_sigma(x);
    double most = isfinite(x->detectable_sigma) ? 1.6 * x->detectable_sigma : 20;
    double target = x->target / unit;
    most = target > most && target < 4 * most ? target * 1.1 : most;
    hb_svg_frame f = {0, most * unit, 0, 1};
    if (!(f.x1 > 0) || !isfinite(f.x1)) {
        return;
    }
    hb_svg_open(out, "Power against the size of a shift", x->name,
                "Solid: the new runs asked for; dashed: the other number of new runs; dotted: the "
                "power wanted; line down: the target.");
    shares(out, &f, plan->wanted);
    hb_svg_grid_x(out, &f);
    const size_t m[] = {hb_power_other_m(plan->m), plan->m};
    static const char *const class[] = {"cb", "cr"};
    for (int k = 0; k < 2; k++) {
        hb_buf_fmt(out, "<path class=\"%s\" d=\"", class[k]);
        for (int i = 0; i <= STEPS; i++) {
            double sigmas = most * i / STEPS;
            hb_buf_fmt(out, "%s%.1f %.1f", i ? "L" : "M", hb_svg_x(&f, sigmas * unit),
                       hb_svg_y(&f, hb_planned_power(plan, x, sigmas, x->n0, m[k])));
        }
        hb_buf_c(out, "\"/>");
    }
    if (x->target <= f.x1) {
        hb_buf_fmt(out, "<path class=\"on dash\" d=\"M%.1f %dV%d\"/>", hb_svg_x(&f, x->target),
                   HB_SVG_TOP, HB_SVG_HEIGHT - HB_SVG_BOTTOM);
    }
    hb_svg_axis_name(out, "shift", x->unit);
    hb_buf_c(out, "</svg>");
}

void hb_svg_power_runs(const hb_power_plan *plan, const hb_planned *x, hb_buf *out)
{
    size_t last = x->n0 + 5 > RUNS_SHOWN ? x->n0 + 5 : RUNS_SHOWN;
    double sigmas = x->target / unit_per_sigma(x);
    hb_svg_frame f = {2, (double)last, 0, 1};
    if (!isfinite(sigmas)) {
        return;
    }
    hb_svg_open(out, "Power at the target against the number of baseline runs", x->name,
                "Solid: the new runs asked for; dashed: the other number of new runs; dotted: the "
                "power wanted; dot: the runs there are.");
    shares(out, &f, plan->wanted);
    hb_svg_grid_x(out, &f);
    const size_t m[] = {hb_power_other_m(plan->m), plan->m};
    static const char *const class[] = {"cb", "cr"};
    for (int k = 0; k < 2; k++) {
        hb_buf_fmt(out, "<path class=\"%s\" d=\"", class[k]);
        for (size_t n = plan->n_min; n <= last; n++) {
            hb_buf_fmt(out, "%s%.1f %.1f", n > plan->n_min ? "L" : "M", hb_svg_x(&f, (double)n),
                       hb_svg_y(&f, hb_planned_power(plan, x, sigmas, n, m[k])));
        }
        hb_buf_c(out, "\"/>");
    }
    hb_buf_fmt(out, "<circle class=\"dr\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>",
               hb_svg_x(&f, (double)x->n0),
               hb_svg_y(&f, hb_planned_power(plan, x, sigmas, x->n0, plan->m)));
    hb_svg_axis_name(out, "baseline runs", "");
    hb_buf_c(out, "</svg>");
}
