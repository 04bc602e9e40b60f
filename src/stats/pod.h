/* SPDX-License-Identifier: Apache-2.0 */
/* Probability of detection from hits and misses, as MIL-HDBK-1823A, 4.4 and appendix G: a logistic
 * curve of the logarithm of the size, and the size that is found with probability 0.9, with 95 %
 * confidence (a90/95).
 *
 * Trials that share a specimen (here: a run) are not independent, so the Wald bound uses the larger
 * of the model's standard error and one that is robust to such clusters (Liang, Zeger 1986, with
 * the factor G/(G-1)), and Student's quantile with G-1 degrees of freedom for G clusters.
 *
 * Where the hits are separated from the misses no curve can be fitted. Then the rule of 29 of 29:
 * all specimens found at a size and at every larger one, and there are at least 29 of them
 * (0.9^29 < 0.05). A specimen counts once, however many trials it had. */
#ifndef HB_STATS_POD_H
#define HB_STATS_POD_H

#include <stddef.h>
#include <stdint.h>

#define HB_POD_ASKED 0.9
#define HB_POD_CONFIDENCE 0.95

enum { HB_POD_CLUSTERS_MAX = 1000, HB_POD_ALL_OF = 29, HB_POD_FIT_CLUSTERS = 4 };

typedef struct hb_pod_trial {
    double size;      /* > 0 */
    uint32_t cluster; /* below HB_POD_CLUSTERS_MAX */
    int hit;
} hb_pod_trial;

typedef enum hb_pod_answer {
    HB_POD_FIT,       /* a90_95 from the curve */
    HB_POD_BINOMIAL,  /* a90_95 by 29 of 29 */
    HB_POD_NOT_FOUND, /* not shown up to the largest size tried */
    HB_POD_FEW,       /* all found from `found_from` on, in too few specimens to show 90 % */
    HB_POD_POOR_FIT,  /* the curve promises what the trials above it did not keep */
    HB_POD_NONE,      /* no trials */
    HB_POD_COUNT_
} hb_pod_answer;

/* "fit", "binomial", "not_found", "too_few_runs", "poor_fit", "none" */
const char *hb_pod_answer_name(hb_pod_answer a);

/* Figures that are not known are NaN. */
typedef struct hb_pod {
    hb_pod_answer answer;
    double a50;       /* of the curve, inside the sizes tried; NaN else */
    double a90;       /* … */
    double a90_95;    /* only with HB_POD_FIT and HB_POD_BINOMIAL; never below the smallest size */
    double intercept; /* the logit of POD(a) is intercept + slope · ln a */
    double slope;
    double found_from; /* every trial of this and every larger size was a hit */
    double shown;      /* lower 95 % bound of the POD there, of that many specimens */
    double largest;    /* size tried */
    size_t n_clusters;
} hb_pod;

/* Order of the trials matters to the last bits only. */
void hb_pod_of(const hb_pod_trial *trials, size_t n, hb_pod *ret);
/* Of the curve; NaN when there is none. */
double hb_pod_at(const hb_pod *p, double size);

#endif
