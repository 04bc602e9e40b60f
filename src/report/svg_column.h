/* SPDX-License-Identifier: Apache-2.0 */
/* The plots of one column of a file: its course with the extremes as a band, and how its figures
 * are spread (bars, with the quartiles as a strip below). Inside report/. */
#ifndef HB_REPORT_SVG_COLUMN_H
#define HB_REPORT_SVG_COLUMN_H

#include "input/reading.h"

/* Over time where every bucket has one and they rise. Nothing with fewer than two figures. */
void hb_svg_course(const hb_reading_column *c, hb_buf *out);
/* Nothing where no sketch was kept, or all figures are one. */
HB_CHECKED hb_status hb_svg_spread(const hb_reading_column *c, hb_buf *out, hb_error *err);

#endif
