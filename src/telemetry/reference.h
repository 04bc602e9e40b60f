/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is judged against: the reference run, why it was chosen, and the comparable set. Plain
 * values made by baseline/, read by decide/ and report/. */
#ifndef HB_TELEMETRY_REFERENCE_H
#define HB_TELEMETRY_REFERENCE_H

#include "telemetry/past.h"

typedef enum hb_match_level {
    HB_MATCH_NONE, /* no context field could be compared */
    HB_MATCH_LOW,
    HB_MATCH_MED,
    HB_MATCH_HIGH,  /* every field that could be compared is equal */
    HB_MATCH_TAG,   /* chosen by tag */
    HB_MATCH_FILES, /* files named on the command line */
    HB_MATCH_COUNT_
} hb_match_level;

const char *hb_match_name(hb_match_level m);

typedef struct hb_context_diff {
    hb_context_field field;
    const char *run;
    const char *baseline;
} hb_context_diff;

/* A metric of the reference that was converted to the run's make (equivalence.h). */
typedef struct hb_equivalence_use {
    const char *name; /* the run's, and now the reference's */
    const char *from; /* the reference's own */
    double scale;     /* name = from · scale + offset */
    double offset;
    const char *from_platform; /* "" = not said */
    const char *platform;
    const char *provenance;
    const char *why_not; /* "" = converted; else why it could not be */
} hb_equivalence_use;

enum { HB_COMPARABLE_MAX = 30 };

typedef struct hb_reference {
    const hb_run *run;  /* borrowed; NULL = no baseline */
    const char *reason; /* "tag", "last_pass", "rolling", "explicit", "files", "fallback_latest",
                           or why there is none: "no_runs", "no_pass", "tag_not_found" … */
    const char *strategy;
    const char *tag; /* "" when not by tag */
    hb_match_level level;
    unsigned score;    /* equal context fields */
    unsigned possible; /* context fields that could be compared */
    hb_context_diff differs[HB_CONTEXT_COUNT];
    size_t n_differs;
    const char *warning;                    /* "" when none */
    const char *run_ids[HB_COMPARABLE_MAX]; /* runs the reference is made of (rolling: several) */
    size_t n_run_ids;
    const char *comparable[HB_COMPARABLE_MAX]; /* the set of STATISTICS layer 2, newest first */
    size_t n_comparable;
    const hb_run_set *set;  /* the runs layer 2 judges against; NULL = none: layer 1 alone */
    const hb_run_set *with; /* further runs judged together with the run (--with); NULL = none */
    const hb_prior *prior;  /* NULL = nothing is known of the past */
    const hb_equivalence_use *equivalences; /* by name */
    size_t n_equivalences;
    const char *equivalence_digest; /* of the mapping file; NULL = none was used */
    /* Only findings of weight are wanted (hb qualify decides by the ten thousand): the comparison
     * of distributions, most of the work, is left out where no limit is declared for it. */
    bool weight_only;
} hb_reference;

/* One run out of several, metric by metric: distributions merged, value = median of the values.
 * A metric is in the pool when at least one run has it. Order of `runs` matters to the bits. */
HB_CHECKED hb_status hb_run_pool(const hb_run *const *runs, size_t n, hb_run **ret_run,
                                 hb_error *err);

#endif
