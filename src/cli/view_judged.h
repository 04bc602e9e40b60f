/* SPDX-License-Identifier: Apache-2.0 */
/* How a run was judged last, beside what is shown of the run: above all what a person must know of
 * the baseline, as that it stood by break-glass. */
#ifndef HB_CLI_VIEW_JUDGED_H
#define HB_CLI_VIEW_JUDGED_H

#include "base/json_write.h"
#include "cli/app.h"

typedef struct hb_judged { /* in app->arena */
    hb_decision_row row;
    const char *warning; /* of the baseline; "" = none */
} hb_judged;

/* *ret_found = false: it was not judged yet. */
HB_CHECKED hb_status hb_judged_of(hb_app *app, const char *run_id, hb_judged *ret, bool *ret_found,
                                  hb_error *err);
HB_CHECKED hb_status hb_view_judged_text(const hb_judged *d, hb_buf *out, hb_error *err);
/* The member "judged" of an open object. */
void hb_view_judged_json(const hb_judged *d, hb_json *j);

#endif
