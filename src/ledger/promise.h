/* SPDX-License-Identifier: Apache-2.0 */
/* A promised share of false alarms, held against what was counted. Pure arithmetic.
 *
 * The promise is about clean trials: those in which nothing had really changed. What is known to be
 * a true alarm, or to have been missed, was not clean and leaves the denominator. What nobody
 * looked at is not guessed: everything is stated twice, once as if all unknown alarms were true and
 * once as if all were false, and a verdict is given only where both agree with it. The bands are
 * exact (Clopper, Pearson 1934) for trials that are independent of each other. */
#ifndef HB_LEDGER_PROMISE_H
#define HB_LEDGER_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct hb_alarm_count {
    uint64_t trials;       /* runs judged; of a metric the runs it was tested in */
    uint64_t false_alarms; /* trials with false alarms alone */
    uint64_t true_alarms;  /* trials with a true one */
    uint64_t unknown;      /* trials with one nobody has answered, and no true one */
    uint64_t
        missed; /* trials without a true alarm in which something was missed, not in the above */
} hb_alarm_count;

typedef struct hb_alarm_share {
    uint64_t k;   /* false alarms */
    uint64_t n;   /* clean trials */
    double share; /* k / n; NaN when n = 0 */
    double low;   /* 0 and 1 when n = 0 */
    double high;
} hb_alarm_share;

typedef enum hb_promise {
    HB_PROMISE_WITHIN, /* the whole band is at or under the promise, whatever the unknown are */
    HB_PROMISE_ABOVE,  /* the whole band is over it, whatever they are */
    HB_PROMISE_CANNOT_TELL, /* neither */
    HB_PROMISE_COUNT_
} hb_promise;

const char *hb_promise_name(hb_promise p); /* "within", "above", "cannot_tell" */

typedef struct hb_promise_held {
    double promised;
    double confidence;
    hb_alarm_share if_true;  /* the unknown alarms are true ones */
    hb_alarm_share if_false; /* … are false ones */
    hb_promise verdict;
    bool unknown_decide; /* cannot tell, but with the unknown answered the right way it could be */
    /* Clean trials in all, those there are included, after which the answer would be "within" if
     * none of those to come is a false alarm (unknown ones counted as false). 0 = it is within, or
     * nothing is promised. */
    uint64_t needed_at_best;
    /* … after which the answer would be known, one way or the other, if the share of `if_false`
     * goes on as it is; 0 = known, or over HB_PROMISE_TRIALS_MAX. */
    uint64_t needed_as_it_is;
} hb_promise_held;

enum { HB_PROMISE_TRIALS_MAX = 10000 };

/* promised 0 … 1, confidence over 0 and under 1 (0.95). The parts of c must fit into its trials. */
hb_promise_held hb_promise_hold(const hb_alarm_count *c, double promised, double confidence);

/* k of n with its band; for rates that promise nothing. */
hb_alarm_share hb_alarm_share_of(uint64_t k, uint64_t n, double confidence);

#endif
