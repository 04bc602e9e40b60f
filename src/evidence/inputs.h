/* SPDX-License-Identifier: Apache-2.0 */
/* Everything hb_decide reads, as files of a pack, and read again to decide again.
 * docs/formats/evidence_pack.md
 *
 * Figures are written with the digits that give the same double again, sketches and traces as the
 * bytes they are kept in (base64): what is read is what was written, bit for bit. Reading checks
 * each run's digest against its content and each set's against its runs (HB_E_EVIDENCE). */
#ifndef HB_EVIDENCE_INPUTS_H
#define HB_EVIDENCE_INPUTS_H

#include "decide/decision.h"
#include "evidence/pack.h"

#define HB_PACK_RUN "run.json"               /* profiles of the run under test */
#define HB_PACK_BASELINE "baseline/run.json" /* of the reference, as it was compared with */
#define HB_PACK_REFERENCE "reference.json"   /* why it was chosen, sets, prior */
#define HB_PACK_REGISTRY "policy/metric_registry.yaml" /* absent = built-in */
#define HB_PACK_POLICY "policy/baseline_policy.yaml"   /* absent = built-in */
#define HB_PACK_DECISION "decision.json"

/* A run as canonical JSON and back. */
HB_CHECKED hb_status hb_run_json(const hb_run *run, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_run_from_json(hb_str text, const char *name, hb_run **ret_run,
                                      hb_error *err);
/* Reference without its run (reference.run->meta.run_id is named): facts, sets with all their
 * values, with, prior (suspicions, history, early, live window and detector), equivalences. */
HB_CHECKED hb_status hb_reference_json(const hb_reference *r, hb_buf *out, hb_error *err);

typedef struct hb_inputs {
    hb_arena arena;
    hb_run *run;
    hb_run *baseline; /* NULL = none */
    hb_reference reference;
    hb_registry *registry;
    hb_policy policy;
    struct hb_inputs_own *own; /* what the reference points at */
} hb_inputs;

/* Puts run, baseline, reference, registry and policy texts (NULL text = built-in) into a pack. */
HB_CHECKED hb_status hb_inputs_put(hb_pack_writer *w, const hb_run *run, const hb_reference *r,
                                   const hb_str *registry_text, const hb_str *policy_text,
                                   hb_error *err);
HB_CHECKED hb_status hb_inputs_read(hb_pack_reader *r, hb_inputs *ret, hb_error *err);
void hb_inputs_release(hb_inputs *in);

/* The decision that follows from them, as canonical JSON. Units may be NULL. */
HB_CHECKED hb_status hb_inputs_decide(const hb_inputs *in, hb_decision **ret_decision,
                                      hb_buf *ret_json, hb_error *err);

#endif
