/* SPDX-License-Identifier: Apache-2.0 */
/* Merging two ascending arrays of order images (sort.h), about 1 ns a value: from both ends of both
 * halves, so that four chains of dependent steps run side by side, without a branch on which is
 * less and without a test for an end.
 *
 * a and b need UINT64_MAX behind their last value and 0 before their first, which are the images of
 * no finite value; `out`, room for na + nb, overlaps neither. Of equal values those of `a` come
 * first. */
#ifndef HB_STATS_MERGE_H
#define HB_STATS_MERGE_H

#include <stddef.h>
#include <stdint.h>

void hb_merge_images(const uint64_t *a, size_t na, const uint64_t *b, size_t nb, uint64_t *out);
/* Also from_a[k], how many of out[0] … out[k] are from `a`. na + nb below 2^31. */
void hb_merge_counted(const uint64_t *a, size_t na, const uint64_t *b, size_t nb, uint64_t *out,
                      int32_t *from_a);

#endif
