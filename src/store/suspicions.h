/* SPDX-License-Identifier: Apache-2.0 */
/* Inside store/: what a decision says about suspicions, written in the decision's transaction. */
#ifndef HB_STORE_SUSPICIONS_H
#define HB_STORE_SUSPICIONS_H

#include "store/past.h"

/* `decision` and `run` are row numbers; the decision's lineage is written before. Nothing changes
 * when the decision says what the run's last one said. */
HB_CHECKED hb_status hb_store_write_suspicions(hb_store *s, const hb_decision_row *row,
                                               int64_t decision, int64_t run, hb_error *err);

#endif
