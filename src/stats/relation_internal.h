/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of relation share. Z: standardised values, a row a run and the new run's as the
 * last, so that sums over runs go along rows. */
#ifndef HB_STATS_RELATION_INTERNAL_H
#define HB_STATS_RELATION_INTERNAL_H

#include "stats/relation.h"

typedef struct hb_relation_work {
    size_t n; /* runs */
    size_t p; /* metrics that are not constant */
    size_t all;
    size_t *metric; /* index into the input, of each column */
    double *mean;   /* of each column */
    double *sd;
    double *z;       /* (n + 1) × p */
    double *sums;    /* p */
    size_t *group;   /* root of each column's group */
    size_t *members; /* columns, those of one group one after the other */
    double *x;       /* (n + 1) × m of a group */
    double *matrix;  /* side² of a group, side <= n + 1 */
    double *far;     /* largest weighted distance of each run so far, n + 1 */
    double *loo;     /* n + 1: of the group in hand */
    double *sorted;
    double *u; /* m: inverse covariance times the new run */
    double *g; /* n */
} hb_relation_work;

/* Columns of one group one after the other into w->members, groups by their first column; how many
 * into *ret. */
void hb_relation_groups(hb_relation_work *w, hb_relation_fit *ret);
/* The first column of the group that column c is of. */
size_t hb_relation_root(size_t *group, size_t c);
/* Sums over runs of the products of column c with those after it. x has `stride` columns. */
void hb_relation_products(const double *x, size_t n, size_t stride, size_t c, size_t to,
                          double *sums);
/* Takes the group's columns out of Z, and its distances into w->far; *io_most is the largest
 * weighted distance of the new run so far, and the group that has it fills *ret. */
void hb_relation_look(hb_relation_work *w, const size_t *columns, size_t m, double *io_most,
                      hb_relation_fit *ret);

#endif
