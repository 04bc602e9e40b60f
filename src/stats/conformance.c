/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/conformance.h"

#include "stats/special.h"

#include <math.h>

double hb_conformance(double x, double u, double low, double high)
{
    if (!(u >= 0) || isnan(x) || isnan(low) || isnan(high)) {
        return NAN;
    }
    if (low > high) {
        return 0;
    }
    if (u == 0) {
        return low <= x && x <= high;
    }
    /* The smaller tails are subtracted, so that a value far beyond keeps its digits. */
    double below = (low - x) / u;
    double above = (high - x) / u;
    return below > 0 ? hb_normal_sf(below) - hb_normal_sf(above)
                     : hb_normal_cdf(above) - hb_normal_cdf(below);
}
