/* SPDX-License-Identifier: Apache-2.0 */
/* When are two metric names the same? When they are equal after folding: ASCII letters in lower
 * case, other ASCII characters than letters and digits left out, every non-ASCII byte kept. So "Avg
 * Latency (ms)", "avg_latency_ms" and "avg-latency-ms" are one, and "µs" never becomes "s". */
#ifndef HB_TELEMETRY_NAMES_H
#define HB_TELEMETRY_NAMES_H

#include "base/str.h"

enum { HB_NAME_MAX_BYTES = 256 };

/* Writes at most name.n bytes to out; returns their number (0 = nothing is left). U+03BC (Greek mu)
 * is written as U+00B5 (micro sign), which looks the same. */
size_t hb_name_fold(hb_str name, char *out);

/* A unit's text as it is compared: U+03BC written as U+00B5, nothing else changed (case means
 * something in units). Writes unit.n bytes to out. */
void hb_unit_fold(hb_str unit, char *out);

#endif
