/* SPDX-License-Identifier: Apache-2.0 */
/* Reads tests/data/stats/NAME.case: `case TITLE` lines, each followed by `KEY number number …`.
 * Written by make_cases.py there. */
#ifndef HB_TESTS_SUPPORT_STATS_CASE_H
#define HB_TESTS_SUPPORT_STATS_CASE_H

#include <stddef.h>
#include <stdint.h>

enum { STATS_CASE_ROWS = 4 };

typedef struct stats_row {
    char key[16];
    double *v;
    size_t n;
} stats_row;

typedef struct stats_case {
    char title[64];
    stats_row row[STATS_CASE_ROWS];
    size_t n_rows;
} stats_case;

/* Calls `check` for each case with all its rows. A line of key `row` is checked at once, alone.
 * Returns the number of calls. */
size_t stats_cases(const char *name, void (*check)(const stats_case *c));
/* Fails the test when the case has no such row. */
const stats_row *stats_case_row(const stats_case *c, const char *key);

/* Fails unless |got - want| <= rel·|want| + abs; NaN equals NaN, inf equals inf. */
void stats_near(const char *title, const char *what, double got, double want, double rel,
                double absolute);
/* Distance in units in the last place of `want`. */
double stats_ulps(double got, double want);

/* A repeatable sequence: uniform in [0, 1), roughly normal, and raw bits. */
void stats_seed(uint64_t seed);
double stats_uniform(void);
double stats_normal(void);
uint64_t stats_bits(void);

#endif
