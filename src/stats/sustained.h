/* SPDX-License-Identifier: Apache-2.0 */
/* The level a series held for at least N consecutive samples: the largest minimum (and smallest
 * maximum) over all windows of N. A limit L was exceeded for N samples in a row exactly when
 * `high > L` (or `low < L`), so persistence can be judged after the pass, when the limit is known.
 * Feed finite values in order; 24·N bytes, three comparisons a sample whatever N. */
#ifndef HB_STATS_SUSTAINED_H
#define HB_STATS_SUSTAINED_H

#include "base/wire.h"

#include <stdbool.h>

enum { HB_SUSTAINED_MAX = 10000 };

typedef struct hb_sustained hb_sustained;

/* HB_E_LIMIT unless 1 <= N <= HB_SUSTAINED_MAX. */
HB_CHECKED hb_status hb_sustained_new(uint32_t n_consecutive, hb_sustained **ret_s, hb_error *err);
void hb_sustained_free(hb_sustained *s);
void hb_sustained_add(hb_sustained *s, const double *v, size_t n);
/* False (nothing set) while fewer than N samples were seen. *_at = index of the first sample of the
 * first such window. */
bool hb_sustained_get(const hb_sustained *s, double *ret_high, uint64_t *ret_high_at,
                      double *ret_low, uint64_t *ret_low_at);

/* The state in the middle of a series, for a checkpoint: little-endian, bit for bit. Load reads one
 * from the cursor and refuses (HB_E_INPUT) whatever store could not have written. */
void hb_sustained_store(const hb_sustained *s, hb_buf *out);
HB_CHECKED hb_status hb_sustained_load(hb_rd *r, hb_sustained **ret_s, hb_error *err);

#endif
