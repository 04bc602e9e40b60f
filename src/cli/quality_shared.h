/* SPDX-License-Identifier: Apache-2.0 */
/* Quality of a baseline as the commands about baselines use it.
 *
 *     HB_TRY(hb_quality_of_set(app, &set, &quality, err));
 *     HB_TRY(hb_quality_gate(app, quality, tag, override_reason, err));   before anything is
 * written HB_TRY(hb_quality_keep(app, version, "promote", quality, override_reason, by, err));
 *     hb_view_quality(quality, &app->out, err);  or  hb_quality_json(quality, &j);
 *     hb_quality_free(quality); */
#ifndef HB_CLI_QUALITY_SHARED_H
#define HB_CLI_QUALITY_SHARED_H

#include "baseline/quality.h"
#include "cli/app.h"

/* Judges a set of one test by the workspace's quality policy, the baseline policy's context fields
 * and the registry's open suspicions. The set must outlive the result. */
HB_CHECKED hb_status hb_quality_of_set(hb_app *app, const hb_run_set *set, hb_quality **ret_quality,
                                       hb_error *err);
/* HB_E_DENIED when the quality blocks, the tag is one of the policy's gated ones and no reason for
 * an override is given (NULL or blank). tag NULL = it is not being promoted: never refused. */
HB_CHECKED hb_status hb_quality_gate(hb_app *app, const hb_quality *q, const char *tag,
                                     const char *override_reason, hb_error *err);
/* Stores the result beside the version. purpose: "create" or "promote". */
HB_CHECKED hb_status hb_quality_keep(hb_app *app, const char *version, const char *purpose,
                                     const hb_quality *q, const char *override_reason,
                                     const char *by, hb_error *err);
/* The criteria as a table, then every metric that is flagged (the first twenty), for people. */
HB_CHECKED hb_status hb_view_quality(const hb_quality *q, hb_buf *out, hb_error *err);

#endif
