/* SPDX-License-Identifier: Apache-2.0 */
/* An evidence pack whose baseline is made of several runs: a baseline version or the rolling
 * strategy, with the runs in the pack, sets of every kind, a suspicion, and if asked for converted
 * metrics. It holds as it is made; a test changes what it likes in between.
 *
 *     reference_case_begin(&c, REFERENCE_VERSION);
 *     reference_case_make(&c);      runs → pool, sets, conversions: c.reference
 *     reference_case_files(&c);     → the files of the pack; decided, drawn and logged again
 *     … evidence_case_write(&c.e, c.e.lab) …
 *     reference_case_end(&c);
 *
 * Runs are r0 … r7, a day apart; the run under test is "now". The baseline is r2 … r6 (rolling: r4
 * … r6), the history r0 … r7, the early set r5 … r7, judged together is "r8". */
#ifndef HB_TESTS_SUPPORT_REFERENCE_CASE_H
#define HB_TESTS_SUPPORT_REFERENCE_CASE_H

#include "evidence/pack_runs.h"
#include "support/evidence_case.h"
#include "telemetry/equivalence.h"

enum { REFERENCE_RUNS = 9, REFERENCE_SETS = 4 };

typedef enum reference_shape {
    REFERENCE_VERSION = 0,
    REFERENCE_ROLLING = 1 << 0,
    REFERENCE_MAPPED = 1 << 1,
    REFERENCE_APPROVED = 1 << 2, /* the policy requires it */
} reference_shape;

typedef struct reference_case {
    evidence_case e;
    test_case k;
    unsigned shape;
    hb_run *runs[REFERENCE_RUNS];
    size_t first; /* of the baseline's, up to r6 … */
    int left_out; /* … without this one; -1 = none */
    hb_run *pool;
    hb_run_set set;
    hb_run_set with;
    hb_run_set early;
    hb_run_set history;
    hb_prior prior;
    hb_suspicion suspicion;
    double frozen[3];
    const char *frozen_ids[3];
    hb_equivalence_mapping mapping;
    hb_equivalence_applied applied;
    hb_reference reference;
    char version[65]; /* SHA-256 of baseline/version.json */
} reference_case;

void reference_case_begin(reference_case *c, unsigned shape);
void reference_case_make(reference_case *c);
/* Everything made again from the runs as they are now, and put into the pack. */
void reference_case_files(reference_case *c);
void reference_case_end(reference_case *c);

/* A run of another content under this name; its digest is right. Owned by the case. */
void reference_case_replace(reference_case *c, size_t i, double temp);
/* Figures of a set, to be changed. */
double *reference_case_values(const hb_run_set *s, const char *metric);
/* The path of a run's document in the pack. */
const char *reference_case_path(reference_case *c, const char *run_id);
/* Leaves baseline/runs/ out. */
void reference_case_drop_runs(reference_case *c);
/* Signed by the lab and verified: one line of this question has this state and these words. alone:
 * every other question holds, and so the pack holds or not by this one. */
void reference_case_answer(reference_case *c, const char *question, hb_answer_state state,
                           const char *words, bool alone);

#endif
