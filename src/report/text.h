/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the terminal's text. Inside report/. */
#ifndef HB_REPORT_TEXT_H
#define HB_REPORT_TEXT_H

#include "report/report.h"

enum { HB_TEXT_WIDTH = 80 };

/* Foreign text broken at blanks so that no line passes HB_TEXT_WIDTH (a longer word stands alone);
 * `head` begins the first line, the others are indented by its width. */
void hb_text_wrapped(hb_buf *out, const char *head, const char *text);
/* What layer 2 found, against which runs, what to repeat, what a PASS could have missed. Nothing
 * when it did not run, but for the reason when that is too few runs. */
void hb_text_statistics(const hb_decision *d, bool colour, hb_buf *out);
/* A live window: which, and what is nearest to an alarm; the decision has one. */
void hb_text_live(const hb_decision *d, hb_buf *out);
/* What to do, without what hb_text_statistics said already. */
void hb_text_next(const hb_decision *d, hb_buf *out);

#endif
