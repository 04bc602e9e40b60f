/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/pod.h"

#include "stats/fmath.h"
#include "stats/special.h"

#include <math.h>
#include <stdbool.h>

enum { STEPS_MAX = 60, LEAST_OF_EACH = 3 };

const char *hb_pod_answer_name(hb_pod_answer a)
{
    static const char *const names[] = {"fit",          "binomial", "not_found",
                                        "too_few_runs", "poor_fit", "none"};
    return names[a];
}

static double chance(double eta)
{
    return eta >= 0 ? 1 / (1 + hb_exp(-eta)) : 1 - 1 / (1 + hb_exp(eta));
}

double hb_pod_at(const hb_pod *p, double size)
{
    return isnan(p->slope) || !(size > 0) ? NAN : chance(p->intercept + p->slope * hb_log(size));
}

typedef struct fit {
    const hb_pod_trial *trials;
    size_t n;
    double centre; /* of ln size: with it the two parameters hardly hang together */
    double b0;     /* at the centre */
    double b1;
    double info[3]; /* 00, 01, 11 of the information matrix */
} fit;

static double x_of(const fit *f, size_t i)
{
    return hb_log(f->trials[i].size) - f->centre;
}

static double log_likelihood(const fit *f, double b0, double b1)
{
    double sum = 0;
    for (size_t i = 0; i < f->n; i++) {
        double eta = b0 + b1 * x_of(f, i);
        double towards = f->trials[i].hit ? eta : -eta;
        sum += towards >= 0 ? -hb_log1p(hb_exp(-towards)) : towards - hb_log1p(hb_exp(towards));
    }
    return sum;
}

static void score(fit *f, double s[2])
{
    s[0] = s[1] = 0;
    f->info[0] = f->info[1] = f->info[2] = 0;
    for (size_t i = 0; i < f->n; i++) {
        double x = x_of(f, i);
        double p = chance(f->b0 + f->b1 * x);
        double w = p * (1 - p);
        double r = (f->trials[i].hit ? 1 : 0) - p;
        s[0] += r;
        s[1] += r * x;
        f->info[0] += w;
        f->info[1] += w * x;
        f->info[2] += w * x * x;
    }
}

/* Newton's steps, halved until the likelihood does not fall; so near the top that its differences
 * are lost in rounding the steps are right as they are. */
static bool climb(fit *f)
{
    double best = log_likelihood(f, f->b0, f->b1);
    for (int k = 0; k < STEPS_MAX; k++) {
        double s[2];
        score(f, s);
        double det = f->info[0] * f->info[2] - f->info[1] * f->info[1];
        if (!(det > 1e-14 * f->info[0] * f->info[2])) {
            return false;
        }
        double d0 = (f->info[2] * s[0] - f->info[1] * s[1]) / det;
        double d1 = (f->info[0] * s[1] - f->info[1] * s[0]) / det;
        if (fabs(d0) < 1e-10 && fabs(d1) < 1e-10) {
            return true;
        }
        bool near = fabs(d0) < 1e-3 && fabs(d1) < 1e-3;
        double now = log_likelihood(f, f->b0 + d0, f->b1 + d1);
        for (int half = 0; half < 40 && !near && !(now >= best); half++) {
            d0 /= 2;
            d1 /= 2;
            now = log_likelihood(f, f->b0 + d0, f->b1 + d1);
        }
        f->b0 += d0;
        f->b1 += d1;
        best = now;
    }
    return false;
}

/* Variance of g0·b0 + g1·b1 by the model, and robust to clusters. */
static double variance(const fit *f, double g0, double g1, size_t n_clusters)
{
    double det = f->info[0] * f->info[2] - f->info[1] * f->info[1];
    double h0 = (f->info[2] * g0 - f->info[1] * g1) / det;
    double h1 = (f->info[0] * g1 - f->info[1] * g0) / det;
    double sums[HB_POD_CLUSTERS_MAX] = {0};
    for (size_t i = 0; i < f->n; i++) {
        double x = x_of(f, i);
        double r = (f->trials[i].hit ? 1 : 0) - chance(f->b0 + f->b1 * x);
        sums[f->trials[i].cluster] += r * (h0 + h1 * x);
    }
    double robust = 0;
    for (size_t c = 0; c < HB_POD_CLUSTERS_MAX; c++) {
        robust += sums[c] * sums[c];
    }
    robust *= (double)n_clusters / (double)(n_clusters - 1);
    double model = g0 * h0 + g1 * h1;
    return model > robust ? model : robust;
}

typedef struct tally {
    double smallest;
    double smallest_hit;
    double largest_miss; /* 0 = no miss */
    size_t hits;
    size_t misses;
} tally;

static size_t clusters_from(const hb_pod_trial *trials, size_t n, double size)
{
    bool seen[HB_POD_CLUSTERS_MAX] = {false};
    size_t clusters = 0;
    for (size_t i = 0; i < n; i++) {
        bool now = trials[i].size >= size && !seen[trials[i].cluster];
        seen[trials[i].cluster] = seen[trials[i].cluster] || now;
        clusters += now;
    }
    return clusters;
}

static tally count(const hb_pod_trial *trials, size_t n, hb_pod *p)
{
    tally t = {.smallest = INFINITY, .smallest_hit = INFINITY};
    p->largest = 0;
    for (size_t i = 0; i < n; i++) {
        double a = trials[i].size;
        t.smallest = a < t.smallest ? a : t.smallest;
        p->largest = a > p->largest ? a : p->largest;
        t.hits += trials[i].hit != 0;
        t.misses += trials[i].hit == 0;
        t.smallest_hit = trials[i].hit && a < t.smallest_hit ? a : t.smallest_hit;
        t.largest_miss = !trials[i].hit && a > t.largest_miss ? a : t.largest_miss;
    }
    double from = INFINITY;
    for (size_t i = 0; i < n; i++) {
        from = trials[i].size > t.largest_miss && trials[i].size < from ? trials[i].size : from;
    }
    p->n_clusters = clusters_from(trials, n, 0);
    if (isfinite(from)) {
        size_t all = clusters_from(trials, n, from);
        p->found_from = from;
        p->shown = hb_exp(hb_log(1 - HB_POD_CONFIDENCE) / (double)all);
    }
    return t;
}

/* The trials at and above the answer must not contradict it. */
static bool kept(const hb_pod_trial *trials, size_t n, double size)
{
    size_t all = 0;
    size_t hits = 0;
    for (size_t i = 0; i < n; i++) {
        all += trials[i].size >= size;
        hits += trials[i].size >= size && trials[i].hit;
    }
    return (double)hits >= HB_POD_ASKED * (double)all;
}

static double within(const tally *t, const hb_pod *p, double size)
{
    return size > p->largest || isnan(size) ? NAN : size < t->smallest ? t->smallest : size;
}

static bool by_curve(const hb_pod_trial *trials, size_t n, const tally *t, hb_pod *p)
{
    /* Hits separated from misses: the likelihood has no maximum. */
    bool enough = t->hits >= LEAST_OF_EACH && t->misses >= LEAST_OF_EACH &&
                  p->n_clusters >= HB_POD_FIT_CLUSTERS;
    if (!enough || t->largest_miss <= t->smallest_hit) {
        return false;
    }
    fit f = {.trials = trials, .n = n};
    for (size_t i = 0; i < n; i++) {
        f.centre += (hb_log(trials[i].size) - f.centre) / (double)(i + 1);
    }
    if (!climb(&f) || !(f.b1 > 0)) {
        return false;
    }
    p->slope = f.b1;
    p->intercept = f.b0 - f.b1 * f.centre;
    double logit = hb_log(HB_POD_ASKED / (1 - HB_POD_ASKED));
    double at = (logit - f.b0) / f.b1;
    double se = sqrt(variance(&f, -1 / f.b1, -at / f.b1, p->n_clusters));
    double k = hb_t_quantile(HB_POD_CONFIDENCE, (double)(p->n_clusters - 1));
    double most = hb_log(p->largest) - f.centre;
    p->a50 = -f.b0 / f.b1 > most ? NAN : within(t, p, hb_exp(f.centre - f.b0 / f.b1));
    p->a90 = at > most ? NAN : within(t, p, hb_exp(f.centre + at));
    double bound = at + k * se;
    if (!(bound <= most)) {
        p->answer = HB_POD_NOT_FOUND;
        return true;
    }
    double a = within(t, p, hb_exp(f.centre + bound));
    p->answer = kept(trials, n, a) ? HB_POD_FIT : HB_POD_POOR_FIT;
    p->a90_95 = p->answer == HB_POD_FIT ? a : NAN;
    return true;
}

void hb_pod_of(const hb_pod_trial *trials, size_t n, hb_pod *ret)
{
    *ret = (hb_pod){.answer = HB_POD_NONE,
                    .a50 = NAN,
                    .a90 = NAN,
                    .a90_95 = NAN,
                    .intercept = NAN,
                    .slope = NAN,
                    .found_from = NAN,
                    .shown = NAN,
                    .largest = NAN};
    if (n == 0) {
        return;
    }
    tally t = count(trials, n, ret);
    if (by_curve(trials, n, &t, ret)) {
        return;
    }
    if (isnan(ret->found_from)) {
        ret->answer = HB_POD_NOT_FOUND;
    } else if (clusters_from(trials, n, ret->found_from) >= HB_POD_ALL_OF) {
        ret->answer = HB_POD_BINOMIAL;
        ret->a90_95 = ret->found_from;
    } else {
        ret->answer = HB_POD_FEW;
    }
}
