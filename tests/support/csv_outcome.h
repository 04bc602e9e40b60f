/* SPDX-License-Identifier: Apache-2.0 */
/* All that a delimited text gives, as text that can be compared: once by way of cells, once decoded
 * by a plan. */
#ifndef HB_TESTS_SUPPORT_CSV_OUTCOME_H
#define HB_TESTS_SUPPORT_CSV_OUTCOME_H

#include "base/buf.h"
#include "os/pool.h"
#include "telemetry/units.h"

/* What came out, as text that can be compared. */
typedef struct csv_outcome {
    hb_status status;
    hb_buf rows;
    hb_buf rejects;
    char error[300];
} csv_outcome;

typedef struct csv_setting {
    bool planned;
    size_t block_bytes; /* 0 = as always */
    size_t first_rows;
    hb_pool *pool;
    bool portable;
} csv_setting;

/* The plan is made from the first rows. */
void csv_outcome_read(const char *text, size_t n, const csv_setting *s, hb_units *units,
                      csv_outcome *ret);
/* Of two that failed only what is told is compared. */
bool csv_outcome_same(const csv_outcome *a, const csv_outcome *b);
void csv_outcome_release(csv_outcome *o);

#endif
