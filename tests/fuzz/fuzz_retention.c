/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as retention.yaml. What is accepted keeps nothing for less than no time. */
#include "export/retention.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_retention_policy p;
    if (hb_retention_policy_parse((hb_str){(const char *)data, size}, "fuzz", &p, NULL) != HB_OK) {
        return 0;
    }
    if (!(p.max_age_days >= 0) ||
        (p.evidence_max_age_days.set && !(p.evidence_max_age_days.v >= 0))) {
        abort();
    }
    hb_retention_policy_release(&p);
    return 0;
}
