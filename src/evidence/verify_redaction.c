/* SPDX-License-Identifier: Apache-2.0 */
/* Was something taken out of the pack, of which pack, and who signed that one? */
#include "evidence/attestation.h"
#include "evidence/redaction.h"
#include "evidence/verify_internal.h"

#include <string.h>

static hb_status read_all(hb_check *c, hb_redaction *r, hb_manifest *original, hb_error *err)
{
    hb_str text;
    HB_TRY(hb_check_read(c, HB_PACK_REDACTION, HB_VERIFY_SMALL_MAX, &text, err));
    HB_TRY(hb_redaction_read(text, &c->out->arena, r, err));
    if (r->n_documents) {
        return HB_OK;
    }
    HB_TRY(hb_check_read(c, HB_PACK_ORIGINAL_MANIFEST, HB_PACK_MANIFEST_MAX, &text, err));
    HB_TRY(hb_manifest_read(text, &c->out->arena, original, err));
    return hb_redaction_check(r, original, &c->manifest, err);
}

/* Is what was signed the original's manifest, with the decision that is here? */
static hb_status is_about(hb_check *c, const hb_dsse *d, const hb_manifest *m, hb_error *err)
{
    const hb_attestation_facts facts = {.case_id = m->case_id,
                                        .manifest_sha256 = m->sha256,
                                        .manifest_sha512 = m->sha512,
                                        .files = m->files,
                                        .n_files = m->n_files,
                                        .decision = {c->decision_text, c->decision_n}};
    hb_attestation is;
    hb_attestation due;
    hb_buf text;
    HB_TRY(hb_attestation_read(d->payload, HB_PACK_ORIGINAL_ATTESTATION, &c->out->arena, &is, err));
    hb_buf_init(&text, HB_DSSE_PAYLOAD_MAX);
    hb_status status = hb_attestation_statement(&facts, &text, err);
    if (status == HB_OK) {
        status = hb_attestation_read((hb_str){text.p, text.n}, HB_PACK_DECISION, &c->out->arena,
                                     &due, err);
    }
    hb_buf_release(&text);
    HB_TRY(status);
    return hb_attestation_compare(&is, &due, err);
}

static hb_status signed_by(hb_check *c, const hb_dsse *d, hb_error *err)
{
    const hb_verify_ask *ask = c->ask;
    for (size_t i = 0; i < ask->n_trusted + c->n_keys; i++) {
        bool trusted = i < ask->n_trusted;
        const hb_pubkey *k = trusted ? ask->trusted[i] : c->keys[i - ask->n_trusted].key;
        if (hb_dsse_verify(d, k, NULL) != HB_OK) {
            continue;
        }
        return trusted
                   ? hb_check_say(c, "redaction", HB_HOLDS, err,
                                  "the original was signed by key %s, which was brought along",
                                  hb_pubkey_id(k))
                   : hb_check_say(c, "redaction", HB_NOT_CHECKED, err,
                                  "the original was signed by key %s, which was not brought along: "
                                  "anybody could have signed it so",
                                  hb_pubkey_id(k));
    }
    return hb_check_say(c, "redaction", HB_FAILS, err,
                        "the original is signed by no key of the pack or that was brought along");
}

static hb_status ask_original(hb_check *c, const hb_manifest *original, hb_error *err)
{
    hb_error e = {0};
    hb_str text;
    hb_dsse d;
    if (!c->decision) {
        return hb_check_say(c, "redaction", HB_NOT_CHECKED, err, "%s", c->why_no_decision);
    }
    hb_status status =
        hb_check_read(c, HB_PACK_ORIGINAL_ATTESTATION, 2 * HB_DSSE_PAYLOAD_MAX, &text, &e);
    if (status == HB_OK) {
        status = hb_dsse_read(text, HB_PACK_ORIGINAL_ATTESTATION, &c->out->arena, &d, &e);
    }
    if (status == HB_OK && strcmp(d.type, HB_DSSE_INTOTO) != 0) {
        status = HB_FAIL(&e, HB_E_EVIDENCE, "'%s' has a payload of another type",
                         HB_PACK_ORIGINAL_ATTESTATION);
    }
    status = status == HB_OK ? is_about(c, &d, original, &e) : status;
    if (status != HB_OK) {
        hb_error_prefix(&e, "the original's attestation");
        return hb_check_fault(c, "redaction", &e, err);
    }
    return signed_by(c, &d, err);
}

hb_status hb_ask_redaction(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_redaction r = {0};
    hb_manifest original;
    if (c->ask->disclosure.n && !hb_check_has(c, HB_PACK_REDACTION)) {
        return hb_check_say(c, "redaction", HB_FAILS, err,
                            "a disclosure was brought along, and nothing is hidden in the pack");
    }
    if (!hb_check_has(c, HB_PACK_REDACTION)) {
        return hb_check_say(c, "redaction", HB_NOT_IN_PACK, err,
                            "nothing was taken out of it after it was made");
    }
    if (read_all(c, &r, &original, &e) != HB_OK) {
        return hb_check_fault(c, "redaction", &e, err);
    }
    c->out->is_redacted = true;
    if (r.n_documents) {
        return hb_check_hidden(c, &r, err);
    }
    if (c->ask->disclosure.n) {
        HB_TRY(hb_check_say(c, "redaction", HB_FAILS, err,
                            "a disclosure was brought along, and no field is hidden in the pack"));
    }
    c->out->n_taken_out = r.n_dropped;
    HB_TRY(hb_check_say(c, "redaction", HB_HOLDS, err,
                        "redacted: %zu file%s of the original (manifest SHA-256 %s) %s not here, "
                        "'%s' among them; the others are byte for byte the original's, but for "
                        "raw/reading.json, which lists what is here. What the missing files would "
                        "show is not decided again. Reason given: %.300s",
                        r.n_dropped, r.n_dropped == 1 ? "" : "s", original.sha256,
                        r.n_dropped == 1 ? "is" : "are", r.n_dropped ? r.dropped[0] : "none",
                        r.reason));
    return ask_original(c, &original, err);
}
