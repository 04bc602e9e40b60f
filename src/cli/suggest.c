/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suggest.h"

#include <stdio.h>

hb_suggest hb_suggest_for(hb_str wanted)
{
    size_t allowed = (wanted.n + 1) / 2;
    return (hb_suggest){.wanted = wanted, .least = allowed > 3 ? 4 : (unsigned)allowed + 1};
}

void hb_suggest_offer(hb_suggest *s, hb_str candidate)
{
    unsigned d = hb_str_distance(s->wanted, candidate, s->least);
    if (d < s->least) {
        s->least = d;
        s->best = candidate;
    }
}

const char *hb_suggest_text(const hb_suggest *s, const char *prefix, char *out, size_t out_size)
{
    out[0] = '\0';
    if (s->best.p) {
        snprintf(out, out_size, ", did you mean '%s%.*s'?", prefix, (int)s->best.n, s->best.p);
    }
    return out;
}
