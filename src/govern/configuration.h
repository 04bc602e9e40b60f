/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that is governed: every document that can change a verdict, what is kept, or
 * what counts as approved. One table: `hb config request/approve` takes these kinds, whatever uses
 * one asks here first, and a verifier of evidence packs asks the same of what the pack has.
 * docs/governance.md prints it.
 *
 * Nothing is asked unless operators.yaml has config_approvals_required. Approved is a text, byte
 * for byte: its SHA-256. Of some kinds there may be none; once one of such a kind is approved, none
 * is another configuration than that, and refused. */
#ifndef HB_GOVERN_CONFIGURATION_H
#define HB_GOVERN_CONFIGURATION_H

#include "govern/statement.h"

/* NEEDED: without a file a built-in one is used, which nobody approved. OPTIONAL: there may be
 * none. IF_USED: one that nobody names is not asked about. */
#define HB_GOVERNED_MAP(X)                          \
    X(REGISTRY, "metric-registry", NEEDED)          \
    X(POLICY, "baseline-policy", NEEDED)            \
    X(QUALITY, "baseline-quality-policy", NEEDED)   \
    X(EQUIVALENCE, "equivalence-mapping", OPTIONAL) \
    X(TELEMETRY, "telemetry-schema", OPTIONAL)      \
    X(PROFILE, "profile", IF_USED)                  \
    X(DAEMON, "daemon", NEEDED)                     \
    X(RETENTION, "retention", NEEDED)

typedef enum hb_governed_doc {
#define HB_GOVERNED_ENUM(code, name, need) HB_GOVERNED_##code,
    HB_GOVERNED_MAP(HB_GOVERNED_ENUM)
#undef HB_GOVERNED_ENUM
        HB_GOVERNED_DOCS_
} hb_governed_doc;

const char *hb_governed_name(hb_governed_doc d);
bool hb_governed_find(const char *name, hb_governed_doc *ret);

/* The statement that an approval of it is about. digest: SHA-256 of the text. */
hb_statement hb_governed_matter(hb_governed_doc d, const char *digest);

/* May it be used? digest "" = there is none, "built-in" = the one in the program. Envelopes may be
 * about other things too. `now` as in hb_approvals_check, but it must be a time. *ret_names (may be
 * NULL): who approved, "" where nothing had to be. HB_E_DENIED says what is missing and who could.
 */
HB_CHECKED hb_status hb_governed_check(const hb_operators *o, hb_governed_doc d, const char *digest,
                                       const hb_str *envelopes, size_t n, hb_time now,
                                       hb_arena *arena, const char **ret_names, hb_error *err);

#endif
