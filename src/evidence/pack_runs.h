/* SPDX-License-Identifier: Apache-2.0 */
/* Which runs belong into a pack beside the run under test, and where they stand there: those the
 * reference is made of, so that it can be made again, and those of its sets, so that their figures
 * can. The one list, for who writes a pack and who looks at one: a function of the reference alone.
 * docs/formats/evidence_pack.md, baseline/runs/
 *
 * Each is a document hb-run/1 (inputs.h) of the run as it was registered. A reference that is one
 * run, with nothing converted, is itself that document. */
#ifndef HB_EVIDENCE_PACK_RUNS_H
#define HB_EVIDENCE_PACK_RUNS_H

#include "base/arena.h"
#include "telemetry/reference.h"

#define HB_PACK_RUNS "baseline/runs/"

/* Runs of sets that are not the reference's go in, in the list's order, until they have this many
 * bytes in all; the one that reaches it is the last. */
enum { HB_PACK_RUNS_MORE_BYTES = 64 << 20 };

typedef struct hb_pack_run {
    const char *run_id;
    const char *digest; /* NULL = the reference does not say it */
    const char *path;   /* baseline/runs/N.json, or baseline/run.json */
} hb_pack_run;

typedef struct hb_pack_runs { /* in the arena */
    hb_pack_run *list;        /* each run_id once */
    size_t n;
    size_t n_baseline; /* so many of them, from the first, the reference is made of; oldest first */
    bool pooled;       /* it is their pool, not the one */
} hb_pack_runs;

/* Further runs: of `set`, `with`, the early set and the history, each newest first. */
HB_CHECKED hb_status hb_pack_runs_of(const hb_reference *r, hb_arena *arena, hb_pack_runs *ret,
                                     hb_error *err);
/* Are figures of the reference converted to the run's make? */
bool hb_reference_converted(const hb_reference *r);

#endif
