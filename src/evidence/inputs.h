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
#include "telemetry/window.h"

#define HB_PACK_RUN "run.json"               /* profiles of the run under test */
#define HB_PACK_BASELINE "baseline/run.json" /* of the reference, as it was compared with */
#define HB_PACK_REFERENCE "reference.json"   /* why it was chosen, sets, prior */
#define HB_PACK_REGISTRY "policy/metric_registry.yaml" /* absent = built-in */
#define HB_PACK_POLICY "policy/baseline_policy.yaml"   /* absent = built-in */
#define HB_PACK_TELEMETRY "raw/telemetry_schema.yaml"  /* of a window; absent = it had none */
#define HB_PACK_DECISION "decision.json"

/* What the metric registry and the policy of a decision were. */
typedef struct hb_inputs_config {
    const hb_str *registry_text; /* bytes of the file; NULL = built-in */
    const hb_str *policy_text;
    const char *registry_name; /* as reports show them */
    const char *policy_name;
    const char *program; /* whose overrides of the metric registry were in force; "" = none */
    const char *mode;
} hb_inputs_config;

enum { HB_RUN_JSON_MAX = 2000 << 20, HB_REFERENCE_JSON_MAX = 1 << 30 };

/* A run as canonical JSON and back (docs/formats/run_json.md). `out` is added to; its limit should
 * be HB_RUN_JSON_MAX. A reference whose metrics were converted (telemetry/equivalence.h) has the
 * digest of the run it was made of, so its content has one of its own. */
HB_CHECKED hb_status hb_run_json(const hb_run *run, hb_buf *out, hb_error *err);
/* HB_E_EVIDENCE for everything hb_run_json cannot have written, another digest among it; `name` is
 * used in messages. *ret_converted (may be NULL): its digest is not that of its content. */
HB_CHECKED hb_status hb_run_from_json(hb_str text, const char *name, hb_run **ret_run,
                                      bool *ret_converted, hb_error *err);

/* The digest of the content of a run whose texts were changed, whatever it says itself. */
HB_CHECKED hb_status hb_run_json_content(hb_str text, const char *name, char ret[HB_DIGEST_HEX],
                                         hb_error *err);

/* A reference without its run (of that the digest is named), and the configuration's names: facts,
 * sets with all their values, with, prior (suspicions, history, early, live window and detector),
 * equivalences. docs/formats/reference.md */
HB_CHECKED hb_status hb_reference_json(const hb_reference *r, const hb_inputs_config *c,
                                       hb_buf *out, hb_error *err);
/* A live window without its run, as it stands in a reference, for comparing two. */
HB_CHECKED hb_status hb_window_json(const hb_window *w, hb_buf *out, hb_error *err);
/* What a reference read from text points at. */
typedef struct hb_reference_read hb_reference_read;
/* run: the run under test, baseline: the run the reference is (NULL = none); both are borrowed and
 * must be those the text names. HB_E_EVIDENCE as above. */
HB_CHECKED hb_status hb_reference_from_json(hb_str text, const char *name, const hb_run *run,
                                            const hb_run *baseline, hb_reference_read **ret,
                                            hb_error *err);
void hb_reference_read_free(hb_reference_read *r);
const hb_reference *hb_reference_of(const hb_reference_read *r);
/* registry_text and policy_text are NULL. */
const hb_inputs_config *hb_reference_config(const hb_reference_read *r);

typedef struct hb_inputs {
    hb_arena arena;
    hb_run *run;
    hb_run *baseline; /* NULL = none */
    hb_reference reference;
    hb_registry *registry;
    hb_policy policy;
    hb_inputs_config config;
    hb_reference_read *own; /* what the reference points at */
} hb_inputs;

/* Puts run, baseline, reference, registry and policy texts into a pack. Each of run.json,
 * baseline/run.json and reference.json is shown to `seen` (NULL = nobody looks) as it was put in.
 */
typedef hb_status hb_inputs_seen(void *ctx, const char *path, hb_str text, hb_error *err);
HB_CHECKED hb_status hb_inputs_put(hb_pack_writer *w, const hb_run *run, const hb_reference *r,
                                   const hb_inputs_config *config, hb_inputs_seen *seen, void *ctx,
                                   hb_error *err);
/* From a pack whose digests were checked, or will be. HB_E_EVIDENCE, naming the file. */
HB_CHECKED hb_status hb_inputs_read(hb_pack_reader *r, hb_inputs *ret, hb_error *err);
void hb_inputs_release(hb_inputs *in);
/* The same with other documents in place of the pack's (baseline.p NULL: there is none). Of hidden
 * fields (redaction.json) a run keeps the digest it had, which is then not that of what is shown;
 * so it is in a pack that has it, and here. */
typedef struct hb_inputs_texts {
    hb_str run;
    hb_str baseline;
    hb_str reference;
} hb_inputs_texts;
HB_CHECKED hb_status hb_inputs_read_instead(hb_pack_reader *r, const hb_inputs_texts *texts,
                                            hb_inputs *ret, hb_error *err);

/* The decision that follows from them, as canonical JSON (added to ret_json). It borrows `in`. */
HB_CHECKED hb_status hb_inputs_decide(const hb_inputs *in, hb_decision **ret_decision,
                                      hb_buf *ret_json, hb_error *err);

#endif
