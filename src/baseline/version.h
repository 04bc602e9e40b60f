/* SPDX-License-Identifier: Apache-2.0 */
/* Baseline versions: which runs one may be made of, its content, and reading it again.
 * docs/baselines.md, docs/formats/baseline_version.md
 *
 *     hb_version_pick_runs(s, &ask, &pick, err)     the runs, and those left out with the reason
 *     hb_version_make(s, &pick, &with, &made, err)  their set, transforms, canonical JSON, digest
 *     hb_version_keep(s, &pick, &made, …)           into the registry
 *     hb_version_made_release, hb_version_pick_release
 *
 * Nothing is written before hb_version_keep, so checks of quality go between make and keep. */
#ifndef HB_BASELINE_VERSION_H
#define HB_BASELINE_VERSION_H

#include "baseline/run_set.h"
#include "store/versions.h"
#include "telemetry/policy.h"

enum { HB_VERSION_LOOKED_AT = 100000 };

typedef struct hb_version_ask {
    const hb_policy *policy; /* which context fields must be equal */
    /* Which runs are looked at: those named, or all from a time on that `keep` (may be NULL) keeps.
     */
    const char *const *run_ids;
    size_t n_run_ids; /* 0 = not named */
    hb_time from;     /* HB_TIME_NONE = all */
    hb_status (*keep)(const void *ctx, const hb_past_run *run, bool *ret_keep, hb_error *err);
    const void *ctx;
    const char *program; /* NULL = any */
    const char *subsystem;
    const char *test_name;
    const char *like; /* run whose test and context count; NULL = the newest that may be taken */
} hb_version_ask;

typedef struct hb_version_excluded {
    const char *run_id;
    const char *reason; /* "fail", "suspected", "other_test", "other_context", "copy", "too_many" */
    const char *text;   /* one sentence */
} hb_version_excluded;

typedef struct hb_version_pick {
    hb_arena arena;
    const char **run_ids; /* oldest first; at least one */
    size_t n_runs;
    hb_past_run like;               /* whose program, subsystem, test and context they share */
    bool context[HB_CONTEXT_COUNT]; /* fields that were compared */
    hb_version_excluded *excluded;  /* newest first */
    size_t n_excluded;
} hb_version_pick;

/* HB_E_STORE when a named run is unknown (with the nearest ids) or no run is left (with the
 * reasons). A run is left out when its latest verdict is FAIL, when a suspicion about it is open or
 * confirmed, when it belongs to another test or context, when a newer one has the same digest, and
 * beyond the newest HB_VERSION_RUNS_MAX. */
HB_CHECKED hb_status hb_version_pick_runs(hb_store *s, const hb_version_ask *ask,
                                          hb_version_pick *ret_pick, hb_error *err);
void hb_version_pick_release(hb_version_pick *p);

typedef struct hb_version_with {
    const hb_registry *registry; /* metric registry in use */
    const hb_policy *policy;
} hb_version_with;

typedef struct hb_version_made {
    hb_run_set set; /* kind "version"; its `log` fields are set */
    hb_buf json;    /* canonical content */
    char digest[65];
    const char *parent; /* version, in set.arena; "" = none */
    const char *note;   /* values left out of the set, in set.arena; "" = none */
} hb_version_made;

/* The parent is the newest version of the same test and context that is not retired and has another
 * content; with the content of one that is there it is that one's. A metric is tested by its
 * logarithms when all its values are over 0, there are HB_VERSION_LOG_RUNS or more, and the normal
 * log-likelihood (with the Jacobian) gains over 2 by it. */
enum { HB_VERSION_LOG_RUNS = 8 };
HB_CHECKED hb_status hb_version_make(hb_store *s, const hb_version_pick *pick,
                                     const hb_version_with *with, hb_version_made *ret_made,
                                     hb_error *err);
void hb_version_made_release(hb_version_made *m);

/* HB_E_USAGE for a name that hb_version_keep would keep but nobody could type or tell from the
 * beginning of a digest: 1 to 64 of A-Z a-z 0-9 . _ -, not all of them lower-case hex digits when
 * there are four or more. That no other version has it is seen to by hb_version_keep. */
HB_CHECKED hb_status hb_version_check_name(const char *name, hb_error *err);

typedef struct hb_version_label {
    const char *name; /* "" = none */
    const char *note;
    const char *by;
    hb_time now;
} hb_version_label;

HB_CHECKED hb_status hb_version_keep(hb_store *s, const hb_version_pick *pick,
                                     const hb_version_made *made, const hb_version_label *label,
                                     char ret_version[65], bool *ret_existed, hb_error *err);

/* Runs of a version (all, or all but one) as its set, with the transforms it states; `like` gives
 * run and registry as in hb_run_set_load. */
HB_CHECKED hb_status hb_version_set(hb_store *s, const hb_version_row *row,
                                    const hb_run_set_ask *like, const char *const *run_ids,
                                    size_t n_run_ids, hb_run_set *ret_set, hb_buf *note,
                                    hb_error *err);
/* Context fields and their values as the version states them; field not stated: NULL. In `arena`.
 */
HB_CHECKED hb_status hb_version_context(const hb_version_row *row, hb_arena *arena,
                                        const char *ret_context[HB_CONTEXT_COUNT], hb_error *err);

#endif
