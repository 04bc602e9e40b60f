/* SPDX-License-Identifier: Apache-2.0 */
/* What people and programs read: one self-contained HTML page and drift_report.json (the original's
 * field names plus ours; schemas/drift_report.json). Both are functions of the decision and of
 * `about`, which holds what is not part of the decision (when, where, which program version). */
#ifndef HB_REPORT_REPORT_H
#define HB_REPORT_REPORT_H

#include "base/buf.h"
#include "decide/decision.h"

typedef struct hb_report_about {
    const char *version;         /* of hb */
    hb_time decided_at;          /* HB_TIME_NONE: left out, for reproducible reports */
    const char *decision_digest; /* SHA-256 of the canonical decision */
    size_t top;                  /* entries of top_drifts; 0 = 5 */
} hb_report_about;

enum { HB_REPORT_MAX_BYTES = 64 << 20 };

HB_CHECKED hb_status hb_report_html(const hb_decision *d, const hb_report_about *about, hb_buf *out,
                                    hb_error *err);
HB_CHECKED hb_status hb_report_json(const hb_decision *d, const hb_report_about *about, hb_buf *out,
                                    hb_error *err);
/* Why a metric has no run test, for people: "too few runs" … */
const char *hb_report_untested(hb_untested u);
/* A few lines for the terminal; colour only when asked. */
HB_CHECKED hb_status hb_report_text(const hb_decision *d, bool colour, hb_buf *out, hb_error *err);

#endif
