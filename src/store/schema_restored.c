/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3 to 4: what a restored registry knows of journals that were not in the backup. */
#include "store/store_internal.h"

static const char *const statements[] = {
    "CREATE TABLE live_restored("
    " stream TEXT PRIMARY KEY CHECK(length(stream) BETWEEN 1 AND 64),"
    " decided INTEGER NOT NULL) STRICT",
};

const hb_migration hb_store_step_3_restored = {
    .from = 3, .statements = statements, .n_statements = sizeof statements / sizeof *statements};
