/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/promise.h"

#include "stats/special.h"

#include <math.h>

static const char *const names[HB_PROMISE_COUNT_] = {
    [HB_PROMISE_WITHIN] = "within",
    [HB_PROMISE_ABOVE] = "above",
    [HB_PROMISE_CANNOT_TELL] = "cannot_tell",
};

const char *hb_promise_name(hb_promise p)
{
    return (unsigned)p < HB_PROMISE_COUNT_ ? names[p] : "?";
}

hb_alarm_share hb_alarm_share_of(uint64_t k, uint64_t n, double confidence)
{
    hb_alarm_share s = {.k = k, .n = n, .share = NAN, .low = 0, .high = 1};
    if (n) {
        s.share = (double)k / (double)n;
        hb_binomial_limits(k, n, confidence, &s.low, &s.high);
    }
    return s;
}

/* The upper limit is at or under p exactly when so few are this unlikely at p. */
static bool shows_within(uint64_t k, uint64_t n, double p, double tail)
{
    return p >= 1 || (n > 0 && p > 0 && hb_binomial_cdf(k, n, p) <= tail);
}

static bool shows_above(uint64_t k, uint64_t n, double p, double tail)
{
    return k > 0 && p < 1 && (p <= 0 || 1 - hb_binomial_cdf(k - 1, n, p) < tail);
}

/* P(X <= k) falls with n, so bisection finds the first. */
static uint64_t at_best(uint64_t k, uint64_t n, double p, double tail)
{
    enum { MOST = 1 << 30 };
    uint64_t low = n ? n : 1;
    uint64_t high = low;
    if (!(p > 0)) {
        return 0;
    }
    while (high < MOST && !shows_within(k, high, p, tail)) {
        high *= 2;
    }
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (shows_within(k, middle, p, tail)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return high < MOST ? high : 0;
}

/* The share goes on as it is: rounded up where it must stay under the promise, down where it must
 * get over it, so that the rounding never helps. */
static uint64_t as_it_is(const hb_alarm_share *s, double p, double tail)
{
    for (uint64_t n = s->n + 1; s->n && n <= HB_PROMISE_TRIALS_MAX; n++) {
        uint64_t floor_k = s->k * n / s->n;
        uint64_t ceil_k = (s->k * n + s->n - 1) / s->n;
        if (shows_within(ceil_k, n, p, tail) || shows_above(floor_k, n, p, tail)) {
            return n;
        }
    }
    return 0;
}

hb_promise_held hb_promise_hold(const hb_alarm_count *c, double promised, double confidence)
{
    uint64_t clean = c->trials - c->true_alarms - c->missed;
    double tail = (1 - confidence) / 2;
    hb_promise_held h = {.promised = promised, .confidence = confidence};
    h.if_true = hb_alarm_share_of(c->false_alarms, clean - c->unknown, confidence);
    h.if_false = hb_alarm_share_of(c->false_alarms + c->unknown, clean, confidence);
    /* Over the promise, more false alarms only add to it: these two ends settle it. */
    bool within = shows_within(h.if_false.k, h.if_false.n, promised, tail);
    bool above = shows_above(h.if_true.k, h.if_true.n, promised, tail);
    h.verdict = within ? HB_PROMISE_WITHIN : above ? HB_PROMISE_ABOVE : HB_PROMISE_CANNOT_TELL;
    if (h.verdict == HB_PROMISE_CANNOT_TELL) {
        h.unknown_decide = shows_within(h.if_true.k, h.if_true.n, promised, tail) ||
                           shows_above(h.if_false.k, h.if_false.n, promised, tail);
        h.needed_as_it_is = as_it_is(&h.if_false, promised, tail);
    }
    if (!within) {
        h.needed_at_best = at_best(h.if_false.k, h.if_false.n, promised, tail);
    }
    return h;
}
