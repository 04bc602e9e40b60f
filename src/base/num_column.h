/* SPDX-License-Identifier: Apache-2.0 */
/* Many fields of text to figures: a column of a table. What hb_num_field takes (num_field.h) is
 * taken here, with the same bits, four fields at a time where the processor can. */
#ifndef HB_BASE_NUM_COLUMN_H
#define HB_BASE_NUM_COLUMN_H

#include <stddef.h>
#include <stdint.h>

enum { HB_NUM_COLUMN_PAD = 16 /* readable bytes in front of every field */ };

/* Field i is text[start[i] + skip, end[i]); one byte behind it is readable. Its figure goes to
 * v[i]; where it is no such figure, v[i] is undefined and i is added to `left`, which has room for
 * n. Returns how many are left. */
size_t hb_num_column(const char *text, const uint32_t *start, uint32_t skip, const uint32_t *end,
                     size_t n, char decimal, double *v, uint32_t *left);

#endif
