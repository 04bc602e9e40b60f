/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the nearest name of a table, or nothing when none is near. */
#ifndef HB_CLI_SUGGEST_H
#define HB_CLI_SUGGEST_H

#include "base/str.h"

/* Offers candidates one by one and keeps the nearest that a slip of the finger could explain: at
 * most half of the letters wrong, never more than three. */
typedef struct hb_suggest {
    hb_str wanted;
    unsigned least;
    hb_str best; /* p NULL: none is near enough */
} hb_suggest;

hb_suggest hb_suggest_for(hb_str wanted);
void hb_suggest_offer(hb_suggest *s, hb_str candidate); /* borrowed */
/* ", did you mean 'PREFIXbest'?" or "". Returns out. */
const char *hb_suggest_text(const hb_suggest *s, const char *prefix, char *out, size_t out_size);

#endif
