/* SPDX-License-Identifier: Apache-2.0 */
/* hb inspect as a page: what report.h says of the drift report holds for it too (one file, no
 * script, everything foreign escaped; decision 0070). Plots need readings that kept traces and
 * sketches. */
#ifndef HB_REPORT_READING_H
#define HB_REPORT_READING_H

#include "input/reading.h"
#include "report/report.h"

HB_CHECKED hb_status hb_report_reading(const hb_reading *const *readings, size_t n,
                                       const char *version, hb_buf *out, hb_error *err);

#endif
