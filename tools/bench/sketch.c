/* SPDX-License-Identifier: Apache-2.0 */
/* The rank error the sketch makes on as many samples as asked, in orders that are awkward for it,
 * beside the bound it states: one series, and the same in 16 parts merged as a tree.
 *
 *     bench_sketch SAMPLES     prints {"shapes": [{"shape": …, "stated": …, "made": …}]} */
#include "stats/sketch.h"
#include "base/mem.h"
#include "base/num.h"
#include "stats/sort.h"

#include <math.h>

enum { BLOCK = 4096, PARTS = 16 };

static uint64_t state;

static double uniform(void)
{
    uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

static double sorted_up(size_t i, size_t n)
{
    (void)n;
    return (double)i;
}

static double reversed(size_t i, size_t n)
{
    return (double)(n - i);
}

static double random_order(size_t i, size_t n)
{
    (void)i;
    (void)n;
    return uniform();
}

static double cauchy(size_t i, size_t n)
{
    (void)i;
    (void)n;
    return tan(3.14159265358979 * (uniform() - 0.5));
}

static double pareto(size_t i, size_t n)
{
    (void)i;
    (void)n;
    return 1 / sqrt(1 - uniform());
}

static double zig_zag(size_t i, size_t n)
{
    return i % 2 ? (double)(n + i) : -(double)(n + i);
}

static double organ_pipe(size_t i, size_t n)
{
    return (double)(i < n / 2 ? i : n - i);
}

static double saw(size_t i, size_t n)
{
    (void)n;
    return (double)(i % 4096);
}

static const struct shape {
    const char *name;
    double (*value)(size_t i, size_t n);
} shapes[] = {
    {"sorted", sorted_up},      {"reversed", reversed},
    {"random", random_order},   {"Cauchy", cauchy},
    {"Pareto", pareto},         {"zig-zag", zig_zag},
    {"organ pipe", organ_pipe}, {"saw in step with the buffer", saw},
};

/* The furthest any rank is off, at every value that is there. */
static hb_status error_made(const hb_sketch *s, const double *sorted, size_t n, double *ret,
                            hb_error *err)
{
    hb_ecdf e = {0};
    HB_TRY(hb_sketch_ecdf(s, &e, err));
    double most = 0;
    size_t point = 0;
    for (size_t i = 0; i < n;) {
        size_t after = i + 1;
        while (after < n && sorted[after] <= sorted[i]) {
            after++;
        }
        while (point < e.n_points && e.values[point] <= sorted[i]) {
            point++;
        }
        double stated = point ? (double)e.upto[point - 1] : 0;
        double off = fabs(stated - (double)after) / (double)n;
        most = off > most ? off : most;
        i = after;
    }
    hb_ecdf_release(&e);
    *ret = most;
    return HB_OK;
}

static hb_status add_all(hb_sketch *s, const double *v, size_t n, hb_error *err)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        HB_TRY(hb_sketch_add(s, v + at, n - at < BLOCK ? n - at : BLOCK, err));
    }
    return HB_OK;
}

static hb_status in_parts(hb_sketch *part[PARTS], const double *v, size_t n, hb_error *err)
{
    size_t each = n / PARTS;
    for (size_t i = 0; i < PARTS; i++) {
        HB_TRY(hb_sketch_new(&part[i], err));
        HB_TRY(add_all(part[i], v + i * each, i == PARTS - 1 ? n - i * each : each, err));
    }
    for (size_t step = 1; step < PARTS; step *= 2) {
        for (size_t i = 0; i + step < PARTS; i += 2 * step) {
            HB_TRY(hb_sketch_merge(part[i], part[i + step], err));
        }
    }
    return HB_OK;
}

static hb_status one_shape(const struct shape *shape, double *v, double *scratch, size_t n,
                           const char *before, hb_error *err)
{
    hb_sketch *s = NULL;
    hb_sketch *part[PARTS] = {0};
    state = 11;
    for (size_t i = 0; i < n; i++) {
        v[i] = shape->value(i, n);
    }
    double made = 0;
    double merged = 0;
    HB_TRY(hb_sketch_new(&s, err));
    hb_status status = add_all(s, v, n, err);
    if (status == HB_OK) {
        status = in_parts(part, v, n, err);
    }
    hb_sort_f64(v, n, scratch);
    if (status == HB_OK) {
        status = error_made(s, v, n, &made, err);
    }
    if (status == HB_OK) {
        status = error_made(part[0], v, n, &merged, err);
    }
    if (status == HB_OK) {
        printf("%s{\"shape\": \"%s\", \"stated\": %.9g, \"made\": %.9g},"
               "{\"shape\": \"%s, 16 parts merged\", \"stated\": %.9g, \"made\": %.9g}",
               before, shape->name, hb_sketch_rank_error(s), made, shape->name,
               hb_sketch_rank_error(part[0]), merged);
    }
    for (size_t i = 0; i < PARTS; i++) {
        hb_sketch_free(part[i]);
    }
    hb_sketch_free(s);
    return status;
}

int main(int argc, char **argv)
{
    uint64_t n = 0;
    if (argc != 2 || !hb_num_parse_u64(argv[1], strlen(argv[1]), &n) || n < PARTS ||
        n > UINT32_MAX) {
        fputs("usage: bench_sketch SAMPLES\n", stderr);
        return 2;
    }
    hb_error err = {0};
    double *v = hb_alloc_array((size_t)n, sizeof *v);
    double *scratch = hb_alloc_array((size_t)n, sizeof *scratch);
    hb_status status = v && scratch ? HB_OK : HB_NOMEM(&err);
    printf("{\"shapes\": [");
    for (size_t i = 0; status == HB_OK && i < sizeof shapes / sizeof *shapes; i++) {
        status = one_shape(&shapes[i], v, scratch, (size_t)n, i ? ", " : "", &err);
    }
    puts("]}");
    hb_free(v);
    hb_free(scratch);
    if (status != HB_OK) {
        fprintf(stderr, "bench_sketch: %s\n", err.msg);
        return 2;
    }
    return 0;
}
