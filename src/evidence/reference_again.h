/* SPDX-License-Identifier: Apache-2.0 */
/* A reference made once more from the runs in a pack, by the code that made it of the registry's:
 * pool, sets, conversions. What then differs from the reference that was read is named.
 *
 *     hb_again a;
 *     hb_again_init(&a, &reference);
 *     hb_again_read(&a, pack, run, err)           every run that is in the pack
 *     hb_again_make(&a, &with, err)               pool, sets, conversions
 *     hb_again_set_differs(&a, HB_AGAIN_SET, …)   "" = the same
 *     hb_again_release(&a)
 *
 * A set of which only the newest runs are in the pack is made of those: values, spreads and counts
 * are each run's own; unit and step are the whole set's and are not compared then. */
#ifndef HB_EVIDENCE_REFERENCE_AGAIN_H
#define HB_EVIDENCE_REFERENCE_AGAIN_H

#include "evidence/pack.h"
#include "evidence/pack_runs.h"
#include "telemetry/equivalence.h"
#include "telemetry/set_maker.h"

typedef enum hb_again_set {
    HB_AGAIN_SET,
    HB_AGAIN_WITH,
    HB_AGAIN_EARLY,
    HB_AGAIN_HISTORY,
    HB_AGAIN_SETS_
} hb_again_set;

/* One run of the list, where it is in the pack. */
typedef struct hb_again_run {
    bool is_here;
    uint64_t bytes;
    hb_past_run past;
    const hb_past_figure *figures;
    size_t n;
    hb_run *run; /* the whole of it, where the reference is made of it; else NULL */
} hb_again_run;

typedef struct hb_again {
    hb_arena arena;
    const hb_reference *stated; /* the reference that was read */
    hb_pack_runs list;
    hb_again_run *runs;           /* one of each of the list */
    struct hb_again_index *by_id; /* run_id → place in the list */
    hb_run *pool;                 /* owned; NULL = the reference is no pool */
    hb_run_set sets[HB_AGAIN_SETS_];
    hb_equivalence_applied applied;
    hb_prior prior;
    hb_reference made; /* run and sets made again; the facts are the stated ones */
    bool has_mapping;
    hb_equivalence_mapping mapping;
} hb_again;

typedef struct hb_again_with {
    const hb_run *run; /* under test */
    const hb_registry *registry;
    const char *const *logs; /* metrics that the baseline version tests by their logarithms */
    size_t n_logs;
    const hb_str *mapping; /* text; NULL = none */
    const char *mapping_sha256;
} hb_again_with;

/* The stated reference is borrowed until release. HB_E_NOMEM */
HB_CHECKED hb_status hb_again_init(hb_again *a, const hb_reference *stated, hb_error *err);
void hb_again_release(hb_again *a);

/* Reads the listed runs that are in the pack: each must be the run it stands for, unconverted, of
 * the same test as `run`. HB_E_EVIDENCE names the file. */
HB_CHECKED hb_status hb_again_read(hb_again *a, hb_pack_reader *pack, const hb_run *run,
                                   hb_error *err);
/* HB_E_EVIDENCE names a file of baseline/runs/ that is none of the list. */
HB_CHECKED hb_status hb_again_only_listed(const hb_again *a, const hb_pack_reader *pack,
                                          hb_error *err);
/* Every run that the reference is made of must be here. HB_E_EVIDENCE when they cannot be pooled or
 * the mapping cannot be read. */
HB_CHECKED hb_status hb_again_make(hb_again *a, const hb_again_with *with, hb_error *err);

/* The stated set; NULL = there is none. */
const hb_run_set *hb_again_stated(const hb_again *a, hb_again_set which);
/* How many of its runs, from the newest, are in the pack without a gap. */
size_t hb_again_newest(const hb_again *a, const hb_run_set *s);
/* The first difference between the stated set and the made one, as a text in the arena; "" = none.
 */
HB_CHECKED hb_status hb_again_set_differs(hb_again *a, hb_again_set which, const char **ret,
                                          hb_error *err);
/* The same of a suspicion's frozen values; *ret_whole = false when not all of its runs are here. */
HB_CHECKED hb_status hb_again_suspicion_differs(hb_again *a, const hb_again_with *with,
                                                const hb_suspicion *x, bool *ret_whole,
                                                const char **ret, hb_error *err);
/* Of the conversions. */
const char *hb_again_conversion_differs(const hb_again *a);

#endif
