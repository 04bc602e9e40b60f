/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers to text and back, without a locale.
 *
 * hb_num_parse: correctly rounded (IEEE 754 to nearest, ties to even) for every decimal and C hex
 * float, about 10 ns each: exact operands where there are (Clinger 1990), else the leading bits of
 * the power of ten (Lemire 2021); the C library decides only when more than 19 digits stand next to
 * the middle between two doubles. The whole text must be the number; blanks around it are the
 * caller's to trim. "1_000", "1,5" and "" are not numbers.
 *
 * hb_num_print: the shortest decimal that reads back as the same double, formatted as ECMAScript
 * (and so RFC 8785) does: 100, 0.1, 1e+21, 5e-324, -0 as 0. NaN and infinities print as "NaN",
 * "Infinity", "-Infinity", which is not JSON; JSON writers refuse them before. */
#ifndef HB_BASE_NUM_H
#define HB_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum hb_num_kind {
    HB_NUM_NOT,    /* not a number */
    HB_NUM_FINITE, /* *ret holds it; overflow to infinity counts as HB_NUM_INF */
    HB_NUM_NAN,
    HB_NUM_INF,
} hb_num_kind;

enum { HB_NUM_TEXT = 32 }; /* room hb_num_print needs */

hb_num_kind hb_num_parse(const char *p, size_t n, double *ret);
size_t hb_num_print(double v, char out[HB_NUM_TEXT]); /* length, NUL not counted */

/* Whole-text decimal integers; false when not one or out of range. */
bool hb_num_parse_i64(const char *p, size_t n, int64_t *ret);
bool hb_num_parse_u64(const char *p, size_t n, uint64_t *ret);

#endif
