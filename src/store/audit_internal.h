/* SPDX-License-Identifier: Apache-2.0 */
/* What the store logs of itself; inside store/, within its transactions. */
#ifndef HB_STORE_AUDIT_INTERNAL_H
#define HB_STORE_AUDIT_INTERNAL_H

#include "crypto/digest.h"
#include "store/audit.h"
#include "store/live.h"
#include "store/versions.h"

HB_CHECKED hb_status hb_store_log_decision(hb_store *s, const hb_decision_row *row, int64_t run,
                                           bool again, hb_error *err);
HB_CHECKED hb_status hb_store_log_window(hb_store *s, const hb_live_window_row *row, hb_error *err);
HB_CHECKED hb_status hb_store_log_tag(hb_store *s, const hb_tag_row *row, const char *program,
                                      const char *subsystem, const char *test_name, hb_error *err);
HB_CHECKED hb_status hb_store_log_version(hb_store *s, const hb_version_row *row, const char *name,
                                          hb_error *err);
HB_CHECKED hb_status hb_store_log_retire(hb_store *s, const char *version, const char *reason,
                                         const char *by, hb_time at, hb_error *err);
/* Nothing unless it was overridden. */
HB_CHECKED hb_status hb_store_log_quality(hb_store *s, const hb_quality_row *row, hb_error *err);

#endif
