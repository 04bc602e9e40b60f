/* SPDX-License-Identifier: Apache-2.0 */
/* Everything a decision of the registry was made from, exactly as it was when it was made: from the
 * basis kept with it (evidence/basis.h), the runs of the registry, which never change, and the
 * documents kept by their digests. Tags, promotions, retirements, verdicts and files that changed
 * since do not matter. It is decided again, so the caller sees whether the same bytes follow.
 *
 *     hb_rebuilt x = {0};
 *     HB_TRY(hb_rebuild(store, run_id, NULL, units, &arena, &x, err));
 *     hb_inputs_put(w, x.run, &x.reference, &x.config, err);  hb_pack_put(w, "decision.json", …)
 *     hb_rebuilt_release(&x); */
#ifndef HB_EXPORT_REBUILD_H
#define HB_EXPORT_REBUILD_H

#include "evidence/basis.h"
#include "evidence/inputs.h"
#include "store/store.h"

typedef struct hb_rebuilt {
    hb_decision_row row; /* the stored decision, in the arena */
    hb_basis basis;      /* in the arena */
    hb_run *run;
    hb_reference reference;
    hb_registry *registry;
    hb_policy policy;
    hb_inputs_config config;        /* texts and names, in the arena */
    const hb_str *equivalence_text; /* in the arena; NULL = no mapping was used */
    hb_decision *decision;          /* made again; borrows all of the above */
    hb_buf json;                    /* canonical */
    bool same;                      /* it is the stored decision, byte for byte … */
    const char *why_not;            /* … "", or why it is another, in the arena */
    struct hb_rebuilt_own *own;
} hb_rebuilt;

/* decision_sha256: NULL = the run's latest. HB_E_STORE when there is no such run or decision,
 * HB_E_EVIDENCE when its basis was not kept (made before schema 4) or does not fit what is in the
 * registry. `same` is false when another version of the program decided. units may be NULL. */
HB_CHECKED hb_status hb_rebuild(hb_store *store, const char *run_id, const char *decision_sha256,
                                hb_units *units, hb_arena *arena, hb_rebuilt *ret, hb_error *err);
void hb_rebuilt_release(hb_rebuilt *r);

#endif
