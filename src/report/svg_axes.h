/* SPDX-License-Identifier: Apache-2.0 */
/* What the plots share: the field, its axes, a trace as a line in its band. Inside report/. */
#ifndef HB_REPORT_SVG_AXES_H
#define HB_REPORT_SVG_AXES_H

#include "base/buf.h"
#include "stats/trace.h"

enum {
    HB_SVG_WIDTH = 460,
    HB_SVG_HEIGHT = 220,
    HB_SVG_LEFT = 58,
    HB_SVG_RIGHT = 12,
    HB_SVG_TOP = 12,
    HB_SVG_BOTTOM = 34
};

typedef struct hb_svg_frame {
    double x0;
    double x1;
    double y0;
    double y1;
} hb_svg_frame;

double hb_svg_x(const hb_svg_frame *f, double x);
double hb_svg_y(const hb_svg_frame *f, double y);
/* Opens the element; kind and words are ours, name is escaped. */
void hb_svg_open(hb_buf *out, const char *kind, const char *name, const char *words);
void hb_svg_grid_x(hb_buf *out, const hb_svg_frame *f);
void hb_svg_grid_y(hb_buf *out, const hb_svg_frame *f);
/* words under the x axis, the unit (escaped) behind them. */
void hb_svg_axis_name(hb_buf *out, const char *words, const char *unit);
/* Means as a line, the extremes of each bucket as a band; x is the sample's number, or its time
 * since the first in units of unit_ns where that is not 0. */
void hb_svg_trace_line(hb_buf *out, const hb_svg_frame *f, const hb_trace *tr, double unit_ns);

#endif
