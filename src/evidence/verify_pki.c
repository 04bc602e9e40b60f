/* SPDX-License-Identifier: Apache-2.0 */
/* What authorities say: when it was signed, and whose the key is. */
#include "evidence/verify_internal.h"

#include "crypto/tsa.h"
#include "crypto/x509.h"

#include <string.h>

static hb_status read_token(hb_check *c, hb_str *ret_token, hb_str *ret_attestation, hb_error *err)
{
    HB_TRY(hb_check_read(c, HB_PACK_TIME_TOKEN, HB_TSA_RESPONSE_MAX, ret_token, err));
    return hb_check_read(c, HB_PACK_ATTESTATION, 2 * HB_DSSE_PAYLOAD_MAX, ret_attestation, err);
}

hb_status hb_ask_time(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_str token;
    hb_str attestation;
    hb_tsa_found found = {0};
    char text[HB_TIME_TEXT];
    const hb_tsa_ask ask = {.trust_pem = c->ask->trust_tsa, .crl_pem = c->ask->crl};
    if (!hb_check_has(c, HB_PACK_TIME_TOKEN)) {
        return hb_check_say(c, "time", HB_NOT_IN_PACK, err,
                            "no time token: when it was signed is the lab's word");
    }
    hb_status status = read_token(c, &token, &attestation, &e);
    if (status == HB_OK) {
        status = ask.trust_pem.n ? hb_tsa_verify(token, attestation, &ask, &found, &e)
                                 : hb_tsa_look(token, attestation, &found.at, &e);
    }
    if (status != HB_OK) {
        return hb_check_fault(c, "time", &e, err);
    }
    hb_time_print(found.at, text);
    if (!ask.trust_pem.n) {
        return hb_check_say(c, "time", HB_NOT_ASKED, err,
                            "a time token says %s; whose word that is was not asked (--trust-tsa)",
                            text);
    }
    c->has_time = true;
    c->time = found.at;
    return hb_check_say(c, "time", HB_HOLDS, err, "signed before %s, says the time authority '%s'",
                        text, found.authority);
}

static bool has_signed(const hb_check *c, const hb_pubkey *k)
{
    for (size_t i = 0; i < c->n_signed_by; i++) {
        if (strcmp(hb_pubkey_id(c->signed_by[i]), hb_pubkey_id(k)) == 0) {
            return true;
        }
    }
    return false;
}

/* Without a proven time a stolen key that has expired could sign with any date: then it is now that
 * the certificate must be valid. */
static hb_status judge(hb_check *c, const hb_chain *chain, hb_buf *notes, hb_error *err)
{
    hb_error e = {0};
    char text[HB_TIME_TEXT];
    const hb_chain_ask ask = {.trust_pem = c->ask->trust_ca,
                              .crl_pem = c->ask->crl,
                              .at = c->has_time ? c->time : c->ask->os->now(),
                              .at_proven = c->has_time};
    if (!has_signed(c, hb_chain_public(chain))) {
        return hb_check_say(c, "chain", HB_FAILS, err,
                            "'%s' is about key %.16s… ('%s'), which did not sign the pack",
                            HB_PACK_CHAIN, hb_pubkey_id(hb_chain_public(chain)),
                            hb_chain_subject(chain));
    }
    if (!ask.trust_pem.n) {
        return hb_check_say(c, "chain", HB_NOT_ASKED, err,
                            "a certificate says the key is that of '%s'; whose word that is was "
                            "not asked (--trust-ca)",
                            hb_chain_subject(chain));
    }
    if (hb_chain_verify(chain, &ask, notes, &e) != HB_OK) {
        return hb_check_fault(c, "chain", &e, err);
    }
    c->vouched_for = hb_arena_str(&c->out->arena, hb_str_of(hb_chain_subject(chain)));
    if (!c->vouched_for) {
        return HB_NOMEM(err);
    }
    hb_time_print(ask.at, text);
    return hb_check_say(c, "chain", HB_HOLDS, err,
                        "the key is that of '%s', says the authority that was brought along, %s "
                        "%s%s%s; revocation was %s",
                        c->vouched_for, c->has_time ? "at the proven time" : "valid now,", text,
                        notes->n ? "; " : "", notes->p,
                        c->ask->crl.n ? "looked up" : "not asked (--crl)");
}

hb_status hb_ask_chain(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_str pem;
    hb_chain *chain = NULL;
    hb_buf notes;
    if (!hb_check_has(c, HB_PACK_CHAIN)) {
        return hb_check_say(c, "chain", HB_NOT_IN_PACK, err, "no certificates");
    }
    hb_status status = hb_check_read(c, HB_PACK_CHAIN, HB_CA_FILE_MAX, &pem, &e);
    if (status == HB_OK) {
        status = hb_chain_read(pem, HB_PACK_CHAIN, &chain, &e);
    }
    if (status != HB_OK) {
        return hb_check_fault(c, "chain", &e, err);
    }
    hb_buf_init(&notes, 4096);
    status = judge(c, chain, &notes, err);
    hb_buf_release(&notes);
    hb_chain_free(chain);
    return status;
}
