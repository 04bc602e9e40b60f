/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the tested metrics are worth a person's look, in the order in which to look. Inside
 * report/. */
#ifndef HB_REPORT_NOTEWORTHY_H
#define HB_REPORT_NOTEWORTHY_H

#include "decide/decision.h"

typedef enum hb_note {
    HB_NOTE_TESTED,
    HB_NOTE_CONFIRMED,
    HB_NOTE_SUSPECTED, /* and not confirmed */
    HB_NOTE_ANY,       /* confirmed, suspected, rejected, retested, changed in the history, or
                        * attributed; tested */
} hb_note;

/* The first `most` of them by p, then name. Returns how many. */
size_t hb_noteworthy(const hb_decision *d, hb_note note, const hb_comparison **ret, size_t most);
/* NULL when the decision has no such metric. */
const hb_comparison *hb_comparison_of(const hb_decision *d, const char *metric);
/* How much of what_to_do comes before the retest order or the statement of power, where it repeats
 * them: reports say these elsewhere. 0 = it is the order. */
size_t hb_next_length(const hb_decision *d);

#endif
