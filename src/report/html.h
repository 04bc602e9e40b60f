/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the page, in its order. Inside report/. */
#ifndef HB_REPORT_HTML_H
#define HB_REPORT_HTML_H

#include "report/report.h"

extern const char hb_html_style[];
extern const char hb_html_style_plots[]; /* after it */

/* What a PASS could have missed, for the head of the page. */
void hb_html_power(const hb_decision *d, hb_buf *out);
/* Run against baseline runs; nothing when layer 2 did not run. */
HB_CHECKED hb_status hb_html_statistics(const hb_decision *d, hb_buf *out, hb_error *err);
/* Its part that explains: history, attribution, relation. */
void hb_html_explain(const hb_decision *d, hb_buf *out);
/* A live window; nothing for a run. */
void hb_html_live(const hb_decision *d, hb_buf *out);
HB_CHECKED hb_status hb_html_flagged(const hb_decision *d, hb_buf *out, hb_error *err);
void hb_html_comparisons(const hb_decision *d, hb_buf *out);
void hb_html_origin(const hb_decision *d, const hb_report_about *about, hb_buf *out);

#endif
