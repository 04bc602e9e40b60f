/* SPDX-License-Identifier: Apache-2.0 */
/* A number that may be absent. */
#ifndef HB_BASE_OPT_H
#define HB_BASE_OPT_H

#include <stdbool.h>

typedef struct hb_opt_f64 {
    bool set;
    double v;
} hb_opt_f64;

#endif
