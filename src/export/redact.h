/* SPDX-License-Identifier: Apache-2.0 */
/* A pack without some of its raw files, which can still be verified. docs/custody.md
 *
 *     hb_redact(&ask, &arena, &redacted, err)
 *
 * The original is looked at first: each file must be that of its manifest, and it must be signed
 * (HB_E_EVIDENCE else). Its bytes are not changed. The new pack is signed by who redacts it. */
#ifndef HB_EXPORT_REDACT_H
#define HB_EXPORT_REDACT_H

#include "crypto/key.h"
#include "evidence/pack.h"
#include "export/redact_policy.h"

typedef struct hb_redacted { /* strings in the arena */
    const char *case_id;
    const char *original_sha256; /* of the manifest */
    const char *const *dropped;
    size_t n_dropped;
    uint64_t dropped_bytes;
    size_t n_fields; /* places of fields that are hidden … */
    size_t n_follow; /* … and texts that follow from them */
    char manifest_sha256[HB_DIGEST_HEX];
} hb_redacted;

typedef struct hb_redact_ask {
    const hb_os *os;
    const char *pack;
    const char *target; /* must not exist */
    hb_pack_form form;
    const char *const *drop; /* files of the pack or folders in it, below raw/ */
    size_t n_drop;
    const hb_redact_profile *hide; /* fields; NULL or without rules = none */
    const char *reason;
    hb_signer *signer;
    /* Before the new pack gets its name; what it fails with ends it. */
    hb_status (*record)(void *ctx, const hb_redacted *r, hb_error *err);
    void *record_ctx;
} hb_redact_ask;

HB_CHECKED hb_status hb_redact(const hb_redact_ask *ask, hb_arena *arena, hb_redacted *ret,
                               hb_error *err);

#endif
