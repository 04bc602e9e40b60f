/* SPDX-License-Identifier: Apache-2.0 */
/* The sketch's full buffers ordered by a network of comparators, where the processor has AVX2: no
 * step depends on the values, so none is foreseen badly. Inside stats/; for sort.c. */
#ifndef HB_STATS_SORT_NETWORK_H
#define HB_STATS_SORT_NETWORK_H

#include "base/cpu.h"

#include <stdbool.h>
#include <stdint.h>

/* How many values it orders, and by how many bits: they share a word with a value's place. */
enum { HB_NETWORK_VALUES = 2048, HB_NETWORK_BITS = 21 };

#if HB_X86
/* Of v[0 … 2047], -0 and 0 being one value. Is any less than the one before? Only when
 * hb_cpu_avx2(), as the next. */
bool hb_network_range(const double *v, double *ret_least, double *ret_most);
/* The order images of v[0 … 2047], ascending by (image - least) >> shift, which must fit into
 * HB_NETWORK_BITS; those alike in these bits as it happens, by them and their places alone. Is any
 * less than the one before? scratch: room for as many, overlapping nothing. */
bool hb_network_sort(const double *v, uint64_t least, int shift, uint64_t *scratch,
                     uint64_t *images);
#endif

#endif
