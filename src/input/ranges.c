/* SPDX-License-Identifier: Apache-2.0 */
#include "input/ranges.h"

#include "base/num.h"

#include <math.h>

static bool bound(hb_str text, double open, double *ret)
{
    uint64_t v = 0;
    if (text.n == 0) {
        *ret = open;
        return true;
    }
    if (!hb_num_parse_u64(text.p, text.n, &v)) {
        return false;
    }
    *ret = (double)v;
    return true;
}

static bool one(hb_str part, double *low, double *high)
{
    size_t dash = hb_str_find_ch(part, '-');
    if (dash == part.n) {
        *high = 0;
        bool ok = part.n && bound(part, 0, low);
        *high = *low;
        return ok;
    }
    return part.n > 1 && bound((hb_str){part.p, dash}, -INFINITY, low) &&
           bound((hb_str){part.p + dash + 1, part.n - dash - 1}, INFINITY, high) && *low <= *high;
}

hb_status hb_ranges_parse(const char *text, const char *option, hb_ranges *ret, hb_error *err)
{
    hb_ranges r = {.n = 0};
    hb_str rest = hb_str_of(text);
    while (rest.n) {
        size_t comma = hb_str_find_ch(rest, ',');
        if (r.n == HB_RANGES_MAX) {
            return HB_FAIL(err, HB_E_USAGE, "%s names more than %d ranges", option, HB_RANGES_MAX);
        }
        if (!one((hb_str){rest.p, comma}, &r.list[r.n].low, &r.list[r.n].high) ||
            comma + 1 == rest.n) {
            return HB_FAIL(err, HB_E_USAGE, "%s must be like 1-20,25,30-; got '%s'", option, text);
        }
        r.n++;
        size_t skip = comma < rest.n ? comma + 1 : comma;
        rest = (hb_str){rest.p + skip, rest.n - skip};
    }
    *ret = r;
    return HB_OK;
}

bool hb_ranges_has(const hb_ranges *r, double v)
{
    for (size_t i = 0; i < r->n; i++) {
        if (v >= r->list[i].low && v <= r->list[i].high) {
            return true;
        }
    }
    return r->n == 0;
}
