/* SPDX-License-Identifier: Apache-2.0 */
/* Factors with equal levels are one factor to the model (`same`: the first of them). Every factor's
 * own part is spanned by orthonormal vectors: those that its indicator columns add to the columns
 * of all others, by Gram-Schmidt done twice (Giraud, Langou 2005: enough for full precision). */
#include "stats/variance_components.h"

#include "base/mem.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

/* Squared length, of an indicator column's one a run, under which nothing new was in it. */
#define NOTHING_NEW 1e-9

struct hb_design {
    size_t n_runs;
    size_t n_factors;
    const hb_design_factor *factors; /* own copy */
    hb_factor_why why[HB_DESIGN_FACTORS];
    size_t same[HB_DESIGN_FACTORS];
    double *own[HB_DESIGN_FACTORS]; /* dof × n_runs */
    size_t dof[HB_DESIGN_FACTORS];
    double trace[HB_DESIGN_FACTORS];
    double *all; /* orthonormal columns of the whole model, rank × n_runs */
    size_t rank;
    double *y; /* of the latest fit: deviations from the mean over `scale` */
    double scale;
    double *solved; /* V⁻¹(y - mean) of the latest effect, n_runs */
    bool is_solved;
    double *matrix; /* n_runs × n_runs */
    double *memory; /* all of the above */
    hb_design_factor copy[HB_DESIGN_FACTORS];
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Adds to `basis` what of v is new; v is spoilt. */
static void add_direction(double *basis, size_t *rank, size_t n, double *v)
{
    double length = dot(v, v, n);
    for (int turn = 0; turn < 2; turn++) {
        for (size_t k = 0; k < *rank; k++) {
            double along = dot(v, basis + k * n, n);
            for (size_t i = 0; i < n; i++) {
                v[i] -= along * basis[k * n + i];
            }
        }
    }
    double left = dot(v, v, n);
    if (left <= NOTHING_NEW * length) {
        return;
    }
    double by = 1 / sqrt(left);
    for (size_t i = 0; i < n; i++) {
        basis[*rank * n + i] = v[i] * by;
    }
    ++*rank;
}

static void add_factor(const hb_design *d, size_t f, double *basis, size_t *rank, double *scratch)
{
    for (size_t level = 0; level < d->factors[f].n_levels; level++) {
        for (size_t i = 0; i < d->n_runs; i++) {
            scratch[i] = d->factors[f].levels[i] == level ? 1 : 0;
        }
        add_direction(basis, rank, d->n_runs, scratch);
    }
}

/* g says everything f says: runs of one level of g are of one level of f. */
static bool determines(const hb_design *d, size_t g, size_t f)
{
    const uint16_t *lg = d->factors[g].levels;
    const uint16_t *lf = d->factors[f].levels;
    for (size_t i = 1; i < d->n_runs; i++) {
        for (size_t k = 0; k < i; k++) {
            if (lg[i] == lg[k] && lf[i] != lf[k]) {
                return false;
            }
        }
    }
    return true;
}

static hb_factor_why first_look(const hb_design *d, size_t f)
{
    bool used[HB_DESIGN_RUNS] = {false};
    size_t n_used = 0;
    for (size_t i = 0; i < d->n_runs; i++) {
        uint16_t level = d->factors[f].levels[i];
        if (level == HB_DESIGN_UNSTATED) {
            return HB_FACTOR_UNSTATED;
        }
        n_used += !used[level];
        used[level] = true;
    }
    return n_used < 2               ? HB_FACTOR_ONE_LEVEL
           : 2 * n_used > d->n_runs ? HB_FACTOR_UNREPEATED
                                    : HB_FACTOR_TOLD;
}

static bool in_model(const hb_design *d, size_t f)
{
    return d->why[f] == HB_FACTOR_TOLD && d->same[f] == f;
}

static double trace_of(const hb_design *d, size_t f)
{
    double sum = 0;
    size_t n = d->n_runs;
    for (size_t k = 0; k < d->dof[f]; k++) {
        for (size_t level = 0; level < d->factors[f].n_levels; level++) {
            double part = 0;
            for (size_t i = 0; i < n; i++) {
                part += d->factors[f].levels[i] == level ? d->own[f][k * n + i] : 0;
            }
            sum += part * part;
        }
    }
    return sum;
}

/* The model's columns with factor f last; what it adds is its own. */
static void span(hb_design *d, size_t f, double *basis, double *scratch, double **io_room)
{
    size_t n = d->n_runs;
    size_t rank = 0;
    for (size_t i = 0; i < n; i++) {
        scratch[i] = 1;
    }
    add_direction(basis, &rank, n, scratch);
    for (size_t g = 0; g < d->n_factors; g++) {
        if (g != f && in_model(d, g)) {
            add_factor(d, g, basis, &rank, scratch);
        }
    }
    size_t others = rank;
    add_factor(d, f, basis, &rank, scratch);
    d->dof[f] = rank - others;
    d->own[f] = *io_room;
    memcpy(d->own[f], basis + others * n, d->dof[f] * n * sizeof *basis);
    *io_room += d->dof[f] * n;
    d->trace[f] = trace_of(d, f);
    d->all = basis;
    d->rank = rank;
}

static void look_all(hb_design *d, double *basis, double *scratch, double *room)
{
    for (size_t f = 0; f < d->n_factors; f++) {
        d->why[f] = first_look(d, f);
        d->same[f] = f;
        for (size_t g = 0; g < f && d->why[f] == HB_FACTOR_TOLD; g++) {
            if (in_model(d, g) && determines(d, g, f) && determines(d, f, g)) {
                d->same[f] = g;
                break;
            }
        }
    }
    for (size_t f = 0; f < d->n_factors; f++) {
        if (in_model(d, f)) {
            span(d, f, basis, scratch, &room);
        }
    }
    bool few = d->rank + HB_DESIGN_REST > d->n_runs;
    bool has_twin[HB_DESIGN_FACTORS] = {false};
    for (size_t f = 0; f < d->n_factors; f++) {
        has_twin[d->same[f]] = has_twin[d->same[f]] || d->same[f] != f;
    }
    for (size_t f = 0; f < d->n_factors; f++) {
        bool twin = has_twin[d->same[f]];
        if (d->why[f] == HB_FACTOR_TOLD) {
            d->why[f] = few                               ? HB_FACTOR_FEW_RUNS
                        : twin || d->dof[d->same[f]] == 0 ? HB_FACTOR_CONFOUNDED
                                                          : HB_FACTOR_TOLD;
        }
    }
}

hb_status hb_design_new(const hb_design_factor *factors, size_t n_factors, size_t n_runs,
                        hb_design **ret_design, hb_error *err)
{
    if (n_factors > HB_DESIGN_FACTORS || n_runs > HB_DESIGN_RUNS) {
        return HB_FAIL(err, HB_E_LIMIT, "%zu factors of %zu runs, at most %d of %d are looked at",
                       n_factors, n_runs, HB_DESIGN_FACTORS, HB_DESIGN_RUNS);
    }
    for (size_t f = 0; f < n_factors; f++) {
        if (factors[f].n_levels > HB_DESIGN_RUNS) {
            return HB_FAIL(err, HB_E_LIMIT, "a factor of %zu levels, at most %d are looked at",
                           factors[f].n_levels, HB_DESIGN_RUNS);
        }
    }
    size_t n = n_runs;
    hb_design *d = hb_alloc_zero(sizeof *d);
    /* basis: rank <= n vectors and one to spare; own parts: together at most n vectors a factor in
     * the worst case, but dof add up to less than the rank; a matrix; y, solved and scratch. */
    double *memory = d ? hb_alloc_array((n + 1) * (3 * n + 4), sizeof *memory) : NULL;
    if (!memory) {
        hb_free(d);
        return HB_NOMEM(err);
    }
    d->n_runs = n;
    d->n_factors = n_factors;
    d->memory = memory;
    for (size_t f = 0; f < n_factors; f++) {
        d->copy[f] = factors[f];
    }
    d->factors = d->copy;
    double *basis = memory;
    double *room = basis + (n + 1) * n;
    d->matrix = room + (n + 1) * n;
    d->y = d->matrix + n * n;
    d->solved = d->y + n;
    look_all(d, basis, d->solved + n, room);
    *ret_design = d;
    return HB_OK;
}

void hb_design_free(hb_design *d)
{
    if (d) {
        hb_free(d->memory);
        hb_free(d);
    }
}

hb_factor_why hb_design_why(const hb_design *d, size_t factor)
{
    return d->why[factor];
}

size_t hb_design_group(const hb_design *d, size_t factor)
{
    return d->same[factor];
}

static bool was_in_model(const hb_design *d, size_t f)
{
    return d->why[f] == HB_FACTOR_TOLD || d->why[f] == HB_FACTOR_CONFOUNDED;
}

bool hb_design_confounds(const hb_design *d, size_t factor, size_t other)
{
    if (factor == other || d->why[factor] != HB_FACTOR_CONFOUNDED || !was_in_model(d, other)) {
        return false;
    }
    bool twin = false;
    bool nested = false;
    for (size_t g = 0; g < d->n_factors; g++) {
        bool another = g != factor && was_in_model(d, g);
        twin = twin || (another && d->same[g] == d->same[factor]);
        nested = nested || (another && determines(d, g, factor));
    }
    return twin ? d->same[other] == d->same[factor] : nested ? determines(d, other, factor) : true;
}

bool hb_design_in_order(const hb_design *d, size_t factor)
{
    const uint16_t *levels = d->factors[factor].levels;
    bool left[HB_DESIGN_RUNS] = {false};
    for (size_t i = 1; i < d->n_runs; i++) {
        if (levels[i] == levels[i - 1]) {
            continue;
        }
        if (levels[i] >= HB_DESIGN_RUNS || levels[i - 1] >= HB_DESIGN_RUNS || left[levels[i]]) {
            return false;
        }
        left[levels[i - 1]] = true;
    }
    return true;
}

/* Deviations from the mean, the largest 1, so that squares neither overflow nor vanish. */
static double centre(hb_design *d, const double *y)
{
    double most = 0;
    double sum = 0;
    double off = 0;
    for (size_t i = 0; i < d->n_runs; i++) {
        most = fabs(y[i]) > most ? fabs(y[i]) : most;
    }
    most = most > 0 ? most : 1;
    for (size_t i = 0; i < d->n_runs; i++) {
        sum += y[i] / most;
    }
    double mean = sum / (double)d->n_runs;
    for (size_t i = 0; i < d->n_runs; i++) {
        off += y[i] / most - mean;
    }
    mean += off / (double)d->n_runs;
    double far = 0;
    for (size_t i = 0; i < d->n_runs; i++) {
        d->y[i] = y[i] / most - mean;
        far = fabs(d->y[i]) > far ? fabs(d->y[i]) : far;
    }
    /* Less than what rounding leaves of equal values is no spread. */
    far = far > 4e-16 ? far : 0;
    for (size_t i = 0; i < d->n_runs; i++) {
        d->y[i] = far > 0 ? d->y[i] / far : 0;
    }
    d->scale = far * most;
    return mean * most;
}

static double squares_along(const double *basis, size_t rank, const double *y, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < rank; k++) {
        double along = dot(basis + k * n, y, n);
        sum += along * along;
    }
    return sum;
}

/* The part of one factor or group, in squared scales. */
static hb_component component(const hb_design *d, size_t f, double rest, double dof_rest)
{
    double dof = (double)d->dof[f];
    double own = squares_along(d->own[f], d->dof[f], d->y, d->n_runs);
    double variance = (own - dof * rest) / d->trace[f];
    hb_component c = {.variance = variance > 0 ? variance : 0, .dof = dof};
    c.f = rest > 0 ? own / dof / rest : own > 0 ? INFINITY : 0;
    c.p = isinf(c.f) ? 0 : hb_f_sf(c.f, dof, dof_rest);
    return c;
}

void hb_design_fit(hb_design *d, const double *y, hb_components *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->mean = centre(d, y);
    d->is_solved = false;
    size_t n = d->n_runs;
    bool any = d->rank > 0 && d->rank + HB_DESIGN_REST <= n;
    double dof_rest = any ? (double)(n - d->rank) : (double)(n ? n - 1 : 0);
    double whole = dot(d->y, d->y, n);
    double rss = whole - (any ? squares_along(d->all, d->rank, d->y, n) : 0);
    /* Under what rounding leaves: the factors explain everything. */
    double rest = rss > 1e-13 * whole && dof_rest > 0 ? rss / dof_rest : 0;
    double sum = rest;
    for (size_t f = 0; f < d->n_factors; f++) {
        if (any && d->same[f] == f && d->dof[f] > 0 && d->scale > 0) {
            ret->factor[f] = component(d, f, rest, dof_rest);
            sum += ret->factor[f].variance;
        }
        ret->factor[f].why = d->why[f];
        if (d->why[f] == HB_FACTOR_TOLD && d->scale == 0) {
            ret->factor[f].why = HB_FACTOR_CONSTANT;
        }
    }
    double unit = d->scale * d->scale;
    for (size_t f = 0; f < d->n_factors; f++) {
        ret->factor[f].share = sum > 0 ? ret->factor[f].variance / sum : 0;
        ret->factor[f].variance *= unit;
    }
    ret->rest = rest * unit;
    ret->rest_share = sum > 0 ? rest / sum : 0;
    ret->dof_rest = dof_rest;
}

/* Upper triangle of V over all components' sum, so that its diagonal is 1. */
static void covariance(hb_design *d, const hb_components *c)
{
    size_t n = d->n_runs;
    /* Where factors explain everything V would be singular. */
    double rest = c->rest_share > 1e-9 ? c->rest_share : 1e-9;
    memset(d->matrix, 0, n * n * sizeof *d->matrix);
    for (size_t i = 0; i < n; i++) {
        d->matrix[i * n + i] = rest;
    }
    for (size_t f = 0; f < d->n_factors; f++) {
        double share = c->factor[f].share;
        const uint16_t *levels = d->factors[f].levels;
        for (size_t i = 0; i < n && share > 0; i++) {
            for (size_t k = i; k < n; k++) {
                d->matrix[i * n + k] += levels[i] == levels[k] ? share : 0;
            }
        }
    }
}

/* V = U'U in place, by rows of U: no sum has to wait for the one before it. */
static void factorise(double *u, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double *row = u + k * n;
        double by = 1 / sqrt(row[k]);
        for (size_t j = k; j < n; j++) {
            row[j] *= by;
        }
        for (size_t i = k + 1; i < n; i++) {
            double *below = u + i * n;
            double one = row[i];
            for (size_t j = i; j < n; j++) {
                below[j] -= one * row[j];
            }
        }
    }
}

/* In place, with U in d->matrix. */
static void solve(const hb_design *d, double *v)
{
    size_t n = d->n_runs;
    for (size_t k = 0; k < n; k++) {
        const double *row = d->matrix + k * n;
        v[k] /= row[k];
        for (size_t j = k + 1; j < n; j++) {
            v[j] -= v[k] * row[j];
        }
    }
    for (size_t k = n; k-- > 0;) {
        const double *row = d->matrix + k * n;
        v[k] = (v[k] - dot(row + k + 1, v + k + 1, n - k - 1)) / row[k];
    }
}

static void solve_effects(hb_design *d, const hb_components *c)
{
    size_t n = d->n_runs;
    double ones[HB_DESIGN_RUNS];
    covariance(d, c);
    factorise(d->matrix, n);
    for (size_t i = 0; i < n; i++) {
        ones[i] = 1;
        d->solved[i] = d->y[i];
    }
    solve(d, ones);
    solve(d, d->solved);
    double above = 0;
    double below = 0;
    for (size_t i = 0; i < n; i++) {
        above += d->solved[i];
        below += ones[i];
    }
    double mean = above / below;
    for (size_t i = 0; i < n; i++) {
        d->solved[i] -= mean * ones[i];
    }
    d->is_solved = true;
}

double hb_design_effect(hb_design *d, const hb_components *c, size_t factor, size_t level)
{
    if (d->scale == 0 || c->factor[factor].share == 0) {
        return 0;
    }
    if (!d->is_solved) {
        solve_effects(d, c);
    }
    double sum = 0;
    for (size_t i = 0; i < d->n_runs; i++) {
        sum += d->factors[factor].levels[i] == level ? d->solved[i] : 0;
    }
    return c->factor[factor].share * sum * d->scale;
}
