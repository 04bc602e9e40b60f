/* SPDX-License-Identifier: Apache-2.0 */
/* Who says so: keys of the pack, the attestation's signatures, whether one of them is of a key that
 * was brought along, and whether the Statement is the one these files ask for. */
#include "evidence/verify_internal.h"

#include "evidence/attestation.h"

#include <string.h>

enum { PAE_MAX_BYTES = HB_DSSE_PAYLOAD_MAX + 1024 };

hb_status hb_ask_keys(hb_check *c, hb_error *err)
{
    size_t n = 0;
    bool whole = true;
    const hb_pack_file *members = hb_pack_members(c->pack, &n);
    for (size_t i = 0; i < n; i++) {
        hb_error e = {0};
        hb_str pem;
        if (strncmp(members[i].path, HB_PACK_KEYS, strlen(HB_PACK_KEYS)) != 0 ||
            strcmp(members[i].path, HB_PACK_CHAIN) == 0) {
            continue;
        }
        if (c->n_keys == HB_VERIFY_KEYS_MAX) {
            return hb_check_say(c, "keys", HB_FAILS, err, "more than %d keys in the pack",
                                HB_VERIFY_KEYS_MAX);
        }
        hb_check_key *k = &c->keys[c->n_keys];
        k->path = members[i].path;
        hb_status status = hb_check_read(c, k->path, HB_PEM_MAX, &pem, &e);
        if (status == HB_OK) {
            status = hb_pubkey_read(pem, k->path, &k->key, &e);
        }
        if (status == HB_OK) {
            c->n_keys++;
            continue;
        }
        whole = false;
        HB_TRY(hb_check_fault(c, "keys", &e, err));
    }
    return whole ? hb_check_say(c, "keys", c->n_keys ? HB_HOLDS : HB_NOT_IN_PACK, err,
                                "%zu public key%s came with the pack", c->n_keys,
                                c->n_keys == 1 ? "" : "s")
                 : HB_OK;
}

/* No digest covers the envelope: if it had two spellings, bytes of it could be changed unseen. */
static hb_status has_one_spelling(const hb_dsse *d, hb_str text, hb_error *err)
{
    hb_buf again;
    hb_buf_init(&again, 2 * HB_DSSE_PAYLOAD_MAX);
    hb_status status = hb_dsse_write(d, &again, err);
    if (status == HB_OK && !hb_str_eq((hb_str){again.p, again.n}, text)) {
        status = HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not written as canonical JSON",
                         HB_PACK_ATTESTATION);
    }
    hb_buf_release(&again);
    return status;
}

hb_status hb_ask_attestation(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_str text;
    if (!hb_check_has(c, HB_PACK_ATTESTATION)) {
        return hb_check_say(c, "attestation", HB_FAILS, err,
                            "the pack is not signed: nobody vouches for it");
    }
    hb_status status = hb_check_read(c, HB_PACK_ATTESTATION, 2 * HB_DSSE_PAYLOAD_MAX, &text, &e);
    if (status == HB_OK) {
        status = hb_dsse_read(text, HB_PACK_ATTESTATION, &c->out->arena, &c->envelope, &e);
    }
    if (status == HB_OK && strcmp(c->envelope.type, HB_DSSE_INTOTO) != 0) {
        status = HB_FAIL(&e, HB_E_EVIDENCE, "'%s' has a payload of type '%.80s', expected '%s'",
                         HB_PACK_ATTESTATION, c->envelope.type, HB_DSSE_INTOTO);
    }
    status = status == HB_OK ? has_one_spelling(&c->envelope, text, &e) : status;
    if (status != HB_OK) {
        return hb_check_fault(c, "attestation", &e, err);
    }
    c->has_envelope = true;
    return hb_check_say(c, "attestation", HB_HOLDS, err, "an envelope with %zu signature%s",
                        c->envelope.n_signatures, c->envelope.n_signatures == 1 ? "" : "s");
}

/* --- signatures --- */

/* A key that this signature is of, among those brought along and those of the pack; NULL = none.
 * The key id is only a hint to save work, it is never believed. */
static const hb_pubkey *signer_of(const hb_check *c, const hb_dsse_signature *s, const hb_buf *pae)
{
    const hb_verify_ask *ask = c->ask;
    for (size_t i = 0; i < ask->n_trusted + c->n_keys; i++) {
        const hb_pubkey *k = i < ask->n_trusted ? ask->trusted[i] : c->keys[i - ask->n_trusted].key;
        if ((!*s->keyid || strcmp(s->keyid, hb_pubkey_id(k)) == 0) &&
            hb_pubkey_verify(k, pae->p, pae->n, s->sig.p, s->sig.n, NULL) == HB_OK) {
            return k;
        }
    }
    return NULL;
}

static bool is_among(hb_pubkey *const *keys, size_t n, const hb_pubkey *k)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(hb_pubkey_id(keys[i]), hb_pubkey_id(k)) == 0) {
            return true;
        }
    }
    return false;
}

static hb_status look_at_signatures(hb_check *c, const hb_buf *pae, hb_error *err)
{
    for (size_t i = 0; i < c->envelope.n_signatures; i++) {
        const hb_dsse_signature *s = &c->envelope.signatures[i];
        const hb_pubkey *k = signer_of(c, s, pae);
        if (k) {
            c->signed_by[c->n_signed_by++] = k;
            c->is_trusted = c->is_trusted || is_among(c->ask->trusted, c->ask->n_trusted, k);
            HB_TRY(hb_check_say(c, "signature", HB_HOLDS, err, "%s, by key %s",
                                hb_algorithm_name(hb_pubkey_algorithm(k)), hb_pubkey_id(k)));
        } else {
            HB_TRY(hb_check_say(c, "signature", HB_FAILS, err,
                                "signature %zu (key '%.64s') is of no key of the pack or that was "
                                "brought along over what is signed",
                                i + 1, s->keyid));
        }
    }
    return HB_OK;
}

hb_status hb_ask_signature(hb_check *c, hb_error *err)
{
    hb_buf pae;
    if (c->envelope.n_signatures == 0) {
        return hb_check_say(c, "signature", HB_FAILS, err, "the envelope has no signature");
    }
    hb_buf_init(&pae, PAE_MAX_BYTES);
    hb_dsse_pae(c->envelope.type, c->envelope.payload, &pae);
    hb_status status = hb_buf_check(&pae, err);
    if (status == HB_OK) {
        status = look_at_signatures(c, &pae, err);
    }
    hb_buf_release(&pae);
    return status;
}

/* An authority's word for whom the auditor named. */
static hb_status trust_by_name(hb_check *c, hb_error *err)
{
    const char *name = c->ask->trust_name;
    if (!name) {
        return hb_check_say(c, "trust", HB_NOT_CHECKED, err,
                            "the authority vouches for '%s'; whether that is who may sign packs is "
                            "for you to say (--trust-name)",
                            c->vouched_for);
    }
    return strcmp(name, c->vouched_for) == 0
               ? hb_check_say(c, "trust", HB_HOLDS, err,
                              "it is signed by '%s', for whom the authority that was brought along "
                              "vouches",
                              name)
               : hb_check_say(c, "trust", HB_FAILS, err, "it is signed by '%s', expected '%s'",
                              c->vouched_for, name);
}

hb_status hb_ask_trust(hb_check *c, hb_error *err)
{
    if (c->is_trusted) {
        return hb_check_say(c, "trust", HB_HOLDS, err,
                            "it is signed by a key that was brought along");
    }
    if (c->vouched_for) {
        return trust_by_name(c, err);
    }
    if (c->ask->n_trusted == 0 && c->ask->trust_ca.n == 0) {
        return hb_check_say(c, "trust", HB_NOT_CHECKED, err,
                            "no key of the lab was brought along: anybody could have signed this "
                            "pack with a key of his own");
    }
    if (c->ask->n_trusted == 0) {
        return hb_check_say(c, "trust", HB_FAILS, err,
                            "the authority that was brought along vouches for nobody who signed "
                            "it");
    }
    if (c->ask->n_trusted == 1) {
        return hb_check_say(c, "trust", HB_FAILS, err,
                            "the key that was brought along did not sign it");
    }
    return hb_check_say(c, "trust", HB_FAILS, err,
                        "none of the %zu keys that were brought along signed it",
                        c->ask->n_trusted);
}

/* --- what is signed --- */

static hb_status compare(hb_check *c, const hb_attestation_facts *facts, hb_buf *due_text,
                         hb_error *err)
{
    hb_arena *arena = &c->out->arena;
    hb_attestation is;
    hb_attestation due;
    HB_TRY(hb_attestation_read(c->envelope.payload, "attestation's statement", arena, &is, err));
    HB_TRY(hb_attestation_statement(facts, due_text, err));
    HB_TRY(hb_attestation_read((hb_str){due_text->p, due_text->n}, HB_PACK_DECISION, arena, &due,
                               err));
    return hb_attestation_compare(&is, &due, err);
}

hb_status hb_ask_statement(hb_check *c, hb_error *err)
{
    const hb_attestation_facts facts = {
        .case_id = c->manifest.case_id,
        .manifest_sha256 = c->manifest.sha256,
        .manifest_sha512 = c->manifest.sha512,
        .files = c->manifest.files,
        .n_files = c->manifest.n_files,
        .decision = {c->decision_text, c->decision_n},
    };
    hb_error e = {0};
    hb_buf due;
    hb_buf_init(&due, HB_DSSE_PAYLOAD_MAX);
    hb_status status = compare(c, &facts, &due, &e);
    hb_buf_release(&due);
    if (status != HB_OK) {
        return hb_check_fault(c, "statement", &e, err);
    }
    return hb_check_say(c, "statement", HB_HOLDS, err,
                        "what is signed is this manifest (SHA-256 %s) and verdict %s",
                        c->manifest.sha256, c->out->verdict);
}
