/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/random.h"

#include "stats/special.h"

__extension__ typedef unsigned __int128 wide;

static const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

hb_random hb_random_of(uint64_t seed, uint64_t stream)
{
    /* Stream 0 is SplitMix64 of the seed itself. The others start where two rounds of mixing put
     * them; two of 2^64 places are closer than a trillion draws once in 10^7. */
    return (hb_random){.state = stream ? mix(seed + mix(stream * golden)) : seed};
}

uint64_t hb_random_u64(hb_random *r)
{
    r->state += golden;
    return mix(r->state);
}

uint64_t hb_random_below(hb_random *r, uint64_t n)
{
    wide product = (wide)hb_random_u64(r) * n;
    if ((uint64_t)product < n) {
        uint64_t unfair = (0 - n) % n;
        while ((uint64_t)product < unfair) {
            product = (wide)hb_random_u64(r) * n;
        }
    }
    return (uint64_t)(product >> 64);
}

double hb_random_unit(hb_random *r)
{
    uint64_t v = hb_random_u64(r) >> 11;
    return v ? (double)v * 0x1p-53 : 0x1p-54;
}

double hb_random_normal(hb_random *r)
{
    return hb_normal_quantile(hb_random_unit(r));
}

void hb_random_shuffle(hb_random *r, double *v, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)hb_random_below(r, i);
        double t = v[i - 1];
        v[i - 1] = v[j];
        v[j] = t;
    }
}

uint64_t hb_random_seed(const void *p, size_t n)
{
    const unsigned char *bytes = p;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) {
        h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return mix(h);
}
