/* SPDX-License-Identifier: Apache-2.0 */
/* Delimited text decoded by a plan must give what the same text gives by way of cells. The first
 * two bytes choose where blocks end and whether vector code is used. */
#include "support/csv_outcome.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_units *units;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!units && hb_units_open(&units, NULL) != HB_OK) {
        abort();
    }
    if (size < 2) {
        return 0;
    }
    const char *text = (const char *)data + 2;
    csv_setting cells = {.first_rows = 2};
    csv_setting planned = {
        .planned = true, .first_rows = 2, .block_bytes = data[0], .portable = data[1] & 1};
    csv_outcome want;
    csv_outcome got;
    csv_outcome_read(text, size - 2, &cells, units, &want);
    csv_outcome_read(text, size - 2, &planned, units, &got);
    if (!csv_outcome_same(&want, &got)) {
        abort();
    }
    csv_outcome_release(&want);
    csv_outcome_release(&got);
    return 0;
}
