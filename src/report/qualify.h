/* SPDX-License-Identifier: Apache-2.0 */
/* hb qualify as JSON (schemas/qualify.schema.json, docs/formats/qualify.md) and as a page with a
 * table and curves. One file, no script, everything foreign escaped (decision 0070). */
#ifndef HB_REPORT_QUALIFY_H
#define HB_REPORT_QUALIFY_H

#include "base/buf.h"
#include "qualify/qualify.h"

/* A held-back run that could not be judged, and why. */
typedef struct hb_qualify_skipped {
    const char *run_id;
    const char *reason; /* of hb_baseline_reasons */
} hb_qualify_skipped;

typedef struct hb_qualify_about {
    const hb_qualification *q;
    const hb_run_set *set;   /* the runs that were to be held back */
    const hb_run_meta *test; /* of the newest run of the test */
    const char *set_is;      /* "baseline version 1a2b…", "as for run monday-2" */
    const char *version;     /* of hb */
    const hb_qualify_skipped *skipped;
    size_t n_skipped;
    bool partial; /* stopped before all runs were held back */
    uint64_t seed;
    uint32_t trials;
} hb_qualify_about;

HB_CHECKED hb_status hb_report_qualify_json(const hb_qualify_about *a, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_report_qualify(const hb_qualify_about *a, hb_buf *out, hb_error *err);

/* The answer in a few characters: "3.2", "not up to 43", "(3.2)" (found in every trial from there
 * on, in too few runs), "no curve fits", "—". */
enum { HB_QUALIFY_ANSWER = 96 };
const char *hb_qualify_answer(const hb_qualified *r, char out[HB_QUALIFY_ANSWER]);
/* Shares found against size, with the fitted curve. Inside report/. */
void hb_svg_qualify(const hb_qualified *r, hb_buf *out);

#endif
