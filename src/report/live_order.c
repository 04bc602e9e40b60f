/* SPDX-License-Identifier: Apache-2.0 */
#include "report/live_order.h"

#include <math.h>
#include <string.h>

double hb_live_reached(const hb_live_test *t)
{
    return t->h > 0 ? fmax(t->up, t->down) / t->h : 0;
}

static int weight(const hb_live_test *t)
{
    return t->shock ? 2 : t->drift ? 1 : 0;
}

static bool before(const hb_live_test *a, const hb_live_test *b)
{
    if (weight(a) != weight(b)) {
        return weight(a) > weight(b);
    }
    double x = hb_live_reached(a);
    double y = hb_live_reached(b);
    return x > y || (!(y > x) && strcmp(a->metric, b->metric) < 0);
}

size_t hb_live_noteworthy(const hb_live_statistics *s, const hb_live_test **ret, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_tests && most; i++) {
        const hb_live_test *t = &s->tests[i];
        if (n == most && !before(t, ret[n - 1])) {
            continue;
        }
        size_t at = n < most ? n++ : n - 1;
        for (; at > 0 && before(t, ret[at - 1]); at--) {
            ret[at] = ret[at - 1];
        }
        ret[at] = t;
    }
    return n;
}
