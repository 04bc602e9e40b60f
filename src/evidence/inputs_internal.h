/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the documents of evidence/: what stands in several of them, written and read again.
 * Members are in ascending order, as canonical JSON demands. */
#ifndef HB_EVIDENCE_INPUTS_INTERNAL_H
#define HB_EVIDENCE_INPUTS_INTERNAL_H

#include "decide/live.h"
#include "evidence/basis.h"
#include "evidence/inputs_text.h"
#include "telemetry/reference.h"

enum { HB_INPUTS_ARENA_BYTES = 1 << 30 };

/* An object. Texts that are NULL stay NULL. */
void hb_meta_put(hb_json *j, const hb_run_meta *m);
void hb_meta_get(hb_strict *d, hb_run_meta *ret);

/* Members of an object that is open, all of them between "comparable" and "warning": what a
 * reference is without what it points at. */
void hb_facts_put(hb_json *j, const hb_reference *r);
void hb_facts_get(hb_strict *d, hb_reference *ret);

void hb_suspicions_put(hb_json *j, const hb_prior *p);
void hb_suspicions_get(hb_strict *d, const hb_suspicion **ret, size_t *ret_n);

/* An object or null. The detector's state is that before the decision. */
HB_CHECKED hb_status hb_live_put(hb_json *j, const hb_live *live, hb_error *err);
/* NULL = null. */
const hb_live_kept *hb_live_get(hb_strict *d);

/* A set with all its values, or null. */
void hb_set_put(hb_json *j, const hb_run_set *s);
/* NULL = null. Its arena is empty: all of it is in the document's. */
const hb_run_set *hb_set_get(hb_strict *d);

#endif
