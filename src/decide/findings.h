/* SPDX-License-Identifier: Apache-2.0 */
/* The growing list of findings of one decision, and the words they are told in. Inside decide/. */
#ifndef HB_DECIDE_FINDINGS_H
#define HB_DECIDE_FINDINGS_H

#include "base/buf.h"
#include "decide/decision.h"

typedef struct hb_findings {
    hb_arena *arena;  /* owns the texts */
    hb_finding *list; /* owned, hb_findings_release */
    size_t n;
    size_t cap;
} hb_findings;

enum { HB_FINDINGS_MAX = 1000000 };

void hb_findings_release(hb_findings *f);
/* Adds one, its text built from the printf arguments. A second finding of the same metric and rule
 * is a programmer error (HB_E_BUG): one per metric and rule. */
HB_CHECKED hb_status hb_findings_add(hb_findings *f, hb_finding finding, hb_error *err,
                                     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Severity first, then how far beyond, then name, then rule. */
void hb_findings_rank(hb_findings *f);

/* "%.5g" with the unit behind it ("12.5 ms", "3"); for sentences only, JSON keeps every digit. */
enum { HB_FIGURE_TEXT = 160 };
const char *hb_figure(double v, const char *unit, char out[HB_FIGURE_TEXT]);

/* A number as an optional that is set. */
hb_opt_f64 hb_some(double v);

#endif
