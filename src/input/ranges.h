/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of whole numbers written as "1-20,25,30-": a number, a closed range, or a range open at one
 * end
 * ("30-", "-5"). */
#ifndef HB_INPUT_RANGES_H
#define HB_INPUT_RANGES_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

enum { HB_RANGES_MAX = 64 };

typedef struct hb_ranges {
    struct {
        double low;
        double high;
    } list[HB_RANGES_MAX];
    size_t n; /* 0 = everything */
} hb_ranges;

/* `option` names the option in messages. NULL text = everything. */
HB_CHECKED hb_status hb_ranges_parse(const char *text, const char *option, hb_ranges *ret,
                                     hb_error *err);
bool hb_ranges_has(const hb_ranges *r, double v);

#endif
