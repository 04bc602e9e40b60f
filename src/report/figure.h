/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as people read them: five significant digits, a real minus sign, thin spaces in large
 * whole numbers, nothing for what is not known. */
#ifndef HB_REPORT_FIGURE_H
#define HB_REPORT_FIGURE_H

#include "base/opt.h"
#include "base/time.h"

enum { HB_FIG = 64 };

const char *hb_fig(double v, char out[HB_FIG]);         /* "−0.00123", "12 345", "—" for NaN */
const char *hb_fig_opt(hb_opt_f64 v, char out[HB_FIG]); /* "—" when unset */
const char *hb_fig_signed(double v, char out[HB_FIG]);  /* "+2" */
const char *hb_fig_p(double p, char out[HB_FIG]); /* markup; two digits, "&lt; 0.0001" below that */
const char *hb_fig_short(double v, char out[HB_FIG]); /* three digits */
/* UTC; a file with elapsed time counts from 0, so what lies before 1980 is shown as elapsed
 * seconds. */
const char *hb_fig_time(hb_time t, char out[HB_FIG]);

#endif
