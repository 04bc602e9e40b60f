/* SPDX-License-Identifier: Apache-2.0 */
/* redaction_policy.yaml: which fields of a run's identity are hidden in a pack, and how.
 * docs/formats/redaction_policy.md
 *
 *     hb_redact_policy_parse(text, name, &policy, err)
 *     hb_redact_policy_choose(&policy, "supplier", &profile, err)     NULL = the one without a name
 *     hb_redact_policy_release(&policy) */
#ifndef HB_EXPORT_REDACT_POLICY_H
#define HB_EXPORT_REDACT_POLICY_H

#include "base/arena.h"
#include "evidence/commitments.h"
#include "telemetry/run.h"

typedef enum hb_redact_what {
    HB_REDACT_BUILD_ID,
    HB_REDACT_GIT_SHA,
    HB_REDACT_SUBSYSTEM,
    HB_REDACT_TEST_NAME,
    HB_REDACT_SOURCE_SYSTEM,
    HB_REDACT_SCHEMA_VERSION,
    HB_REDACT_CORRELATION_ID,
    HB_REDACT_CONTEXT, /* of rule.context */
    HB_REDACT_FACTOR,  /* of rule.factor */
    HB_REDACT_INPUT_NAME,
    HB_REDACT_INPUT_PATH,
} hb_redact_what;

typedef struct hb_redact_rule {
    const char *path; /* as it is written */
    hb_redact_what what;
    hb_context_field context;
    const char *factor; /* its name */
    hb_hide_action action;
} hb_redact_rule;

enum { HB_REDACT_RULES_MAX = 64, HB_REDACT_PROFILES_MAX = 64, HB_REDACT_DROP_MAX = 256 };

typedef struct hb_redact_profile {
    const char *name; /* "" = it has none */
    hb_redact_rule *rules;
    size_t n_rules;
    const char **drop; /* raw files and folders, as --drop */
    size_t n_drop;
} hb_redact_profile;

typedef struct hb_redact_policy {
    hb_arena arena;
    const char *name; /* file */
    hb_redact_profile profiles[HB_REDACT_PROFILES_MAX];
    size_t n_profiles;
} hb_redact_policy;

/* HB_E_CONFIG with the place: an unknown path or action, a path that cannot be hidden and why. */
HB_CHECKED hb_status hb_redact_policy_parse(hb_str text, const char *name, hb_redact_policy *ret,
                                            hb_error *err);
void hb_redact_policy_release(hb_redact_policy *p);
/* HB_E_USAGE when there is no such profile, naming those there are. */
HB_CHECKED hb_status hb_redact_policy_choose(const hb_redact_policy *p, const char *profile,
                                             const hb_redact_profile **ret, hb_error *err);
const struct hb_field *hb_redact_policy_fields(void);

#endif
