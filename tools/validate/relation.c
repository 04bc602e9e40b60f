/* SPDX-License-Identifier: Apache-2.0 */
/* The multivariate check on simulated runs: how often it alarms at 2 % on clean ones, by kind of
 * data, number of metrics and runs, and how often it finds a relation that breaks. Writes the
 * tables of docs/verdict-quality.md.
 *
 *     relation [REPEATS]          default 2,000 a cell */
#include "stats/relation.h"
#include "stats/fmath.h"
#include "stats/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METRICS_MOST = 200, RUNS_MOST = 30, STRUCTURES = 6, DISTRIBUTIONS = 4 };

#define LEVEL 0.02

static const char *const structures[STRUCTURES] = {
    "independent", "all 0.5", "all 0.9", "pairs 0.95", "chain 0.9", "fives 0.8",
};
static const char *const distributions[DISTRIBUTIONS] = {"normal", "t(3)", "t(3), common scale",
                                                         "lognormal"};

static double t3(hb_random *r)
{
    double z = hb_random_normal(r);
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double part = hb_random_normal(r);
        sum += part * part;
    }
    return z / sqrt(sum / 3);
}

/* One run: independent draws mixed by the structure. */
static void draw(hb_random *r, int structure, int distribution, size_t p, double *out)
{
    double e[METRICS_MOST + 1];
    for (size_t i = 0; i <= p; i++) {
        e[i] = distribution == 1 ? t3(r) : hb_random_normal(r);
    }
    double common = e[p];
    for (size_t i = 0; i < p; i++) {
        switch (structure) {
        case 1:
            out[i] = sqrt(0.5) * common + sqrt(0.5) * e[i];
            break;
        case 2:
            out[i] = sqrt(0.9) * common + sqrt(0.1) * e[i];
            break;
        case 3:
            out[i] = i % 2 ? 0.95 * out[i - 1] + sqrt(1 - 0.95 * 0.95) * e[i] : e[i];
            break;
        case 4:
            out[i] = i ? 0.9 * out[i - 1] + sqrt(1 - 0.81) * e[i] : e[i];
            break;
        case 5:
            if (i % 5 == 0) {
                common = distribution == 1 ? t3(r) : hb_random_normal(r);
            }
            out[i] = sqrt(0.8) * common + sqrt(0.2) * e[i];
            break;
        default:
            out[i] = e[i];
        }
    }
    double scale = 1;
    if (distribution == 2) {
        scale = 0;
        for (int i = 0; i < 3; i++) {
            double part = hb_random_normal(r);
            scale += part * part / 3;
        }
        scale = 1 / sqrt(scale);
    }
    for (size_t i = 0; i < p; i++) {
        out[i] = distribution == 3 ? hb_exp(0.7 * out[i]) : out[i] * scale;
    }
}

/* Share of `repeats` in which the check alarms. apart: the first two metrics are moved apart by so
 * many standard deviations of their difference. */
static double rate(int structure, int distribution, size_t p, size_t n, double apart,
                   size_t repeats)
{
    static double rows[(RUNS_MOST + 1) * METRICS_MOST];
    static double values[RUNS_MOST * METRICS_MOST];
    hb_random r = hb_random_of(
        20261126, (uint64_t)(((structure * 10 + distribution) * 1000) + (int)p * 100 + (int)n));
    size_t alarms = 0;
    for (size_t k = 0; k < repeats; k++) {
        for (size_t i = 0; i <= n; i++) {
            draw(&r, structure, distribution, p, rows + i * p);
        }
        for (size_t m = 0; m < p; m++) {
            for (size_t i = 0; i < n; i++) {
                values[m * n + i] = rows[i * p + m];
            }
        }
        double *now = rows + n * p;
        double half = apart * sqrt(2 * (1 - 0.95)) / 2;
        now[0] += half;
        now[1] -= half;
        hb_relation_fit fit;
        hb_error err = {0};
        if (hb_relation_check(values, n, now, p, &fit, &err) != HB_OK) {
            fprintf(stderr, "%s\n", err.msg);
            exit(1);
        }
        alarms += fit.p <= LEVEL;
        hb_relation_fit_release(&fit);
    }
    return 100 * (double)alarms / (double)repeats;
}

static void clean_table(size_t repeats)
{
    static const size_t metrics[] = {5, 20, 60, 200};
    static const size_t runs[] = {10, 15, 20, 30};
    double worst = 0;
    for (int d = 0; d < DISTRIBUTIONS; d++) {
        printf("\n%s\n\n| metrics | runs |", distributions[d]);
        for (int s = 0; s < STRUCTURES; s++) {
            printf(" %s |", structures[s]);
        }
        printf("\n|---|---|---|---|---|---|---|---|\n");
        for (size_t m = 0; m < 4; m++) {
            for (size_t n = 0; n < 4; n++) {
                printf("| %zu | %zu |", metrics[m], runs[n]);
                for (int s = 0; s < STRUCTURES; s++) {
                    double share = rate(s, d, metrics[m], runs[n], 0, repeats);
                    worst = share > worst ? share : worst;
                    printf(" %.1f |", share);
                    fflush(stdout);
                }
                printf("\n");
            }
        }
    }
    printf("\nThe largest is %.1f %%.\n", worst);
}

static void power_table(size_t repeats)
{
    static const double apart[] = {0, 3, 4, 6, 10};
    static const size_t cells[][2] = {{2, 10},  {2, 20},  {2, 30},  {10, 10}, {10, 20},
                                      {10, 30}, {50, 10}, {50, 20}, {50, 30}, {200, 30}};
    printf("\n| metrics | runs | clean | 3 | 4 | 6 | 10 |\n|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
        printf("| %zu | %zu |", cells[c][0], cells[c][1]);
        for (size_t a = 0; a < 5; a++) {
            printf(" %.0f |", rate(3, 0, cells[c][0], cells[c][1], apart[a], repeats));
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    size_t repeats = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 2000;
    power_table(repeats);
    clean_table(repeats);
    return 0;
}
