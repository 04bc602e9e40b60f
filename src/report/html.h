/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the page, in its order. Inside report/. */
#ifndef HB_REPORT_HTML_H
#define HB_REPORT_HTML_H

#include "report/report.h"

extern const char hb_html_style[];

HB_CHECKED hb_status hb_html_flagged(const hb_decision *d, hb_buf *out, hb_error *err);
void hb_html_comparisons(const hb_decision *d, hb_buf *out);
void hb_html_origin(const hb_decision *d, const hb_report_about *about, hb_buf *out);

#endif
