/* SPDX-License-Identifier: Apache-2.0 */
/* Governance of the registry: the operators in force, what people signed, and whether a baseline
 * stands. docs/governance.md
 *
 *     hb_matter_of(s, &what, arena, &matter, err)       what is spoken of, by content
 *     hb_matter_look(s, policy, &matter, now, …)        does it stand?
 *     hb_statement_keep(s, envelope, err)               a signed statement into registry and log
 */
#ifndef HB_BASELINE_APPROVED_H
#define HB_BASELINE_APPROVED_H

#include "govern/configuration.h"
#include "govern/dossier.h"
#include "store/governance.h"
#include "telemetry/policy.h"

/* NULL when no operators ever came into force. HB_E_EVIDENCE when what is kept is not what was
 * applied, or not what the registry's queue of the log tells of last (both digests are named): that
 * is asked each time and costs one look into an index. Who changes queue and table alike is found
 * by `hb audit verify`. Free with hb_operators_free. */
HB_CHECKED hb_status hb_operators_in_force(hb_store *s, hb_operators **ret, hb_error *err);

typedef struct hb_matter_ask {
    const char *run_id;  /* or */
    const char *version; /* name, or the beginning of one */
    const char *tag;     /* NULL = none */
    const char *purpose; /* "set", "retire" */
} hb_matter_ask;

/* Subject, purpose, program, subsystem, test, tag. HB_E_STORE when run or version are unknown. */
HB_CHECKED hb_status hb_matter_of(hb_store *s, const hb_matter_ask *ask, hb_arena *arena,
                                  hb_statement *ret, hb_error *err);

/* What the policy asks for. Borrows its names. */
hb_approval_rule hb_approval_rule_of(const hb_policy *policy);

/* Every statement about the matter's tag (and purpose), as envelopes. */
HB_CHECKED hb_status hb_matter_envelopes(hb_store *s, const hb_statement *matter, hb_arena *arena,
                                         hb_str **ret_envelopes, size_t *ret_n, hb_error *err);
/* Does it stand, by the operators in force? Without any it does not, and the text says how to
 * begin. */
HB_CHECKED hb_status hb_matter_look(hb_store *s, const hb_policy *policy,
                                    const hb_statement *matter, hb_time now, hb_arena *arena,
                                    hb_governed *ret, hb_error *err);
/* The same for where a tag points; a policy that requires no approval approves. */
HB_CHECKED hb_status hb_tag_look(hb_store *s, const hb_policy *policy, const hb_tag_row *tag,
                                 hb_time now, hb_arena *arena, hb_governed *ret, hb_error *err);

/* May this configuration be used, by the operators in force (govern/configuration.h)? digest "" =
 * there is none. HB_E_DENIED with what is missing and who could. */
HB_CHECKED hb_status hb_config_look(hb_store *s, hb_governed_doc d, const char *digest, hb_time now,
                                    hb_error *err);

/* Into the registry, and into the log's queue, in one transaction. Twice is once. */
HB_CHECKED hb_status hb_statement_keep(hb_store *s, hb_str envelope, hb_error *err);

/* May this be done now? "set" and "retire": approved, and by somebody who may do it. */
typedef struct hb_govern_ask {
    const hb_policy *policy;
    hb_statement matter; /* reason, overrides and (break-glass) expires filled in */
    hb_signer *signer;   /* who does it; NULL = nobody proved who he is */
    bool break_glass;
    hb_time now;
} hb_govern_ask;

/* HB_E_DENIED with who could allow it. envelope: the signed statement to keep with the deed,
 * nothing when the policy requires no approval; NULL = only asked, nothing is signed. *ret_by (may
 * be NULL): who does it, in the arena; NULL = not known. */
HB_CHECKED hb_status hb_govern(hb_store *s, const hb_govern_ask *ask, hb_arena *arena,
                               hb_buf *envelope, const char **ret_by, hb_error *err);

#endif
