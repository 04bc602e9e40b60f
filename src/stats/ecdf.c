/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/ecdf.h"

#include "base/mem.h"
#include "stats/sort.h"

#include <math.h>
#include <string.h>

hb_status hb_ecdf_from_samples(const double *v, size_t n, hb_ecdf *ret_ecdf, hb_error *err)
{
    if (n > UINT32_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "%zu samples, at most %u can be sorted at once", n,
                       UINT32_MAX);
    }
    double *values = hb_alloc_array(n, sizeof *values);
    uint64_t *upto = hb_alloc_array(n, sizeof *upto);
    double *scratch = hb_alloc_array(n, sizeof *scratch);
    if (!values || !upto || !scratch) {
        hb_free(values);
        hb_free(upto);
        hb_free(scratch);
        return HB_NOMEM(err);
    }
    if (n) {
        memcpy(values, v, n * sizeof *values);
    }
    hb_sort_f64(values, n, scratch);
    hb_free(scratch);
    size_t points = 0;
    for (size_t i = 0; i < n; i++) {
        if (points && values[points - 1] == values[i]) {
            upto[points - 1] = i + 1;
        } else {
            values[points] = values[i] + 0.0; /* never -0 */
            upto[points++] = i + 1;
        }
    }
    *ret_ecdf = (hb_ecdf){.values = values, .upto = upto, .n_points = points, .n = n};
    return HB_OK;
}

void hb_ecdf_release(hb_ecdf *e)
{
    hb_free(e->values);
    hb_free(e->upto);
    *e = (hb_ecdf){0};
}

/* Points with value <= x. */
static size_t points_upto(const hb_ecdf *e, double x)
{
    size_t low = 0;
    size_t high = e->n_points;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (e->values[mid] <= x) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

double hb_ecdf_at(const hb_ecdf *e, double x)
{
    size_t k = isnan(x) ? 0 : points_upto(e, x);
    return k && e->n ? (double)e->upto[k - 1] / (double)e->n : 0;
}

/* The order statistic of rank r (0-based). */
static double at_rank(const hb_ecdf *e, uint64_t r)
{
    size_t low = 0;
    size_t high = e->n_points - 1;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (e->upto[mid] > r) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return e->values[low];
}

hb_rank7 hb_rank7_of(double q, uint64_t n)
{
    q = q < 0 ? 0 : q > 1 ? 1 : q;
    double h = q * (double)(n - 1);
    uint64_t k = (uint64_t)h;
    return k + 1 < n ? (hb_rank7){.k = k, .share = h - (double)k} : (hb_rank7){.k = n - 1};
}

double hb_rank7_between(double a, double b, double share)
{
    double d = b - a;
    if (!isfinite(d)) { /* values of opposite sign near the largest double */
        return a * (1 - share) + b * share;
    }
    return share >= 0.5 ? b - d * (1 - share) : a + d * share;
}

double hb_ecdf_quantile(const hb_ecdf *e, double q)
{
    if (e->n == 0 || isnan(q)) {
        return NAN;
    }
    hb_rank7 r = hb_rank7_of(q, e->n);
    double a = at_rank(e, r.k);
    double b = r.share > 0 ? at_rank(e, r.k + 1) : a;
    return hb_rank7_between(a, b, r.share);
}
