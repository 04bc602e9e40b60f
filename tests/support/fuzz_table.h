/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through a format's reader, each cell looked at. */
#ifndef HB_TESTS_SUPPORT_FUZZ_TABLE_H
#define HB_TESTS_SUPPORT_FUZZ_TABLE_H

#include "input/format.h"

/* Opens the bytes as a stream (containers entered by options->member), reads at most `blocks`
 * blocks with `format` (NULL = by content), then the digest. fault: number of the allocation that
 * fails, 0 = none. Aborts when a promise of table.h is broken. */
void fuzz_table(const void *data, size_t n, const char *format, const hb_format_options *options,
                size_t blocks, uint8_t fault);
/* The same with an opened reader, which it closes. */
void fuzz_read_table(hb_table *t, size_t blocks);

#endif
