/* SPDX-License-Identifier: Apache-2.0 */
/* Does a baseline stand? By its approvals, or for a while by break-glass. Texts in, answer out: no
 * store, so the registry's selection and a verifier of evidence packs ask the same code.
 * docs/governance.md
 *
 * Break-glass is one signed statement of somebody who may, with a reason and an end, at most
 * HB_BREAK_GLASS_MAX away. It stands from its time to its end. A second one of the same person for
 * the same tag counts only when something was approved for that tag in between: prolongation is for
 * somebody else to answer for. */
#ifndef HB_GOVERN_DOSSIER_H
#define HB_GOVERN_DOSSIER_H

#include "govern/permission.h"
#include "govern/statement.h"

#define HB_BREAK_GLASS_MAX (INT64_C(7) * 86400 * 1000000000)

typedef enum hb_standing {
    HB_STANDING_NONE,
    HB_STANDING_APPROVED,
    HB_STANDING_BREAK_GLASS,
} hb_standing;

typedef struct hb_governed { /* texts in the arena */
    hb_standing standing;
    const char *names; /* who approved, or who broke the glass; "" = nobody */
    const char *text;  /* one sentence: why it stands, or what is missing and who could */
    hb_time until;     /* end of the break-glass; HB_TIME_NONE = none. Also of one that is over. */
    bool over;         /* there was a break-glass, and its time is over */
} hb_governed;

/* `wanted`: subject, program, subsystem, test and tag ("set" for a purpose that is not given).
 * Envelopes may be about other things too. `now` as in hb_approvals_check; break-glass needs a
 * time. HB_OK whatever the standing; other statuses mean that it could not be looked at. */
HB_CHECKED hb_status hb_governed_look(const hb_operators *o, const hb_approval_rule *rule,
                                      const hb_statement *wanted, const hb_str *envelopes, size_t n,
                                      hb_time now, hb_arena *arena, hb_governed *ret,
                                      hb_error *err);

/* The same from the text of an operators.yaml; for packs. HB_E_CONFIG when it is none. */
HB_CHECKED hb_status hb_governance_check(hb_str operators, const char *name,
                                         const hb_approval_rule *rule, const hb_statement *wanted,
                                         const hb_str *envelopes, size_t n, hb_time now,
                                         hb_arena *arena, hb_governed *ret, hb_error *err);

/* May this person break the glass for `wanted` until wanted->expires? HB_E_DENIED with why not. */
HB_CHECKED hb_status hb_break_glass_check(const hb_operators *o, const hb_approval_rule *rule,
                                          const hb_statement *wanted, const char *keyid,
                                          const hb_str *envelopes, size_t n, hb_time now,
                                          hb_arena *arena, hb_error *err);

#endif
