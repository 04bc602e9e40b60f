/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of a baseline's quality. */
#ifndef HB_BASELINE_QUALITY_INTERNAL_H
#define HB_BASELINE_QUALITY_INTERNAL_H

#include "baseline/quality.h"

enum { HB_QUALITY_TEXT = 600 };

/* One p-value of a family: a metric, for poolability a metric in one grouping. */
typedef struct hb_quality_test {
    hb_quality_flag flag; /* its text is made when it is flagged */
    double p;
    double p_min; /* the smallest p this one could have had */
} hb_quality_test;

typedef struct hb_quality_family {
    hb_criterion criterion;
    hb_quality_test *list; /* owned */
    size_t n;
    size_t cap;
} hb_quality_family;

/* Fills one criterion's result; the text is built from the printf arguments. */
hb_status hb_quality_say(hb_quality *q, hb_criterion c, hb_outcome outcome, hb_error *err,
                         const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* A text in the arena of q. */
hb_status hb_quality_text(hb_quality *q, const char **ret_text, hb_error *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
hb_status hb_quality_family_add(hb_quality_family *f, hb_quality_test t, hb_error *err);
void hb_quality_family_release(hb_quality_family *f);
/* Leaves only tests of which some outcome could have been flagged, were it the only one, at
 * `level`; then fills flag.q, the p adjusted for the family (Benjamini-Hochberg). */
hb_status hb_quality_adjust(hb_quality_family *f, double level, hb_error *err);
/* Permutations that can show a p of level / n_metrics, as far as the work allows. */
uint32_t hb_quality_permutations(const hb_quality *q);

/* quality_runs.c: one criterion each, whole. */
hb_status hb_quality_sample_size(const hb_quality_input *in, hb_quality *q, hb_error *err);
hb_status hb_quality_time_span(const hb_quality_input *in, hb_quality *q, hb_error *err);
hb_status hb_quality_context(const hb_quality_input *in, hb_quality *q, hb_error *err);
hb_status hb_quality_open_findings(const hb_quality_input *in, hb_quality *q, hb_error *err);
/* quality_metrics.c, quality_pool.c: add the tests of one criterion to the family. */
hb_status hb_quality_outliers(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                              hb_error *err);
hb_status hb_quality_independence(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                                  hb_error *err);
hb_status hb_quality_trend(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                           hb_error *err);
hb_status hb_quality_shape(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                           hb_error *err);
/* Fills flag.q too. *ret_groupings: in words which groupings were used, "" when none could be. */
hb_status hb_quality_pool(const hb_quality_input *in, hb_quality *q, hb_quality_family *f,
                          const char **ret_groupings, hb_error *err);
/* The declared limit on the coefficient of variation: flags the metrics over it, and turns the
 * criterion of stability into a fail. */
hb_status hb_quality_scatter(const hb_quality_input *in, hb_quality *q, hb_error *err);

/* Appends to q->flags. */
hb_status hb_quality_flag_add(hb_quality *q, hb_quality_flag flag, hb_error *err);
bool hb_quality_excluded(const hb_quality_policy *p, const char *metric);
uint64_t hb_quality_seed(const hb_quality_input *in, const char *metric, const char *by);

#endif
