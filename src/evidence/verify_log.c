/* SPDX-License-Identifier: Apache-2.0 */
/* The decision's place in the lab's log, and who signed the log's checkpoint. */
#include "evidence/verify_internal.h"

#include <string.h>

static hb_status read_texts(hb_check *c, hb_inclusion_texts *ret, hb_error *err)
{
    HB_TRY(hb_check_read(c, HB_PACK_ENTRY, HB_VERIFY_SMALL_MAX, &ret->entry, err));
    HB_TRY(hb_check_read(c, HB_PACK_INCLUSION, HB_INCLUSION_MAX, &ret->inclusion, err));
    return hb_check_read(c, HB_PACK_CHECKPOINT, HB_CHECKPOINT_MAX, &ret->checkpoint, err);
}

static bool has_any(const hb_check *c)
{
    return hb_check_has(c, HB_PACK_ENTRY) || hb_check_has(c, HB_PACK_INCLUSION) ||
           hb_check_has(c, HB_PACK_CHECKPOINT);
}

hb_status hb_ask_log(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_inclusion_texts texts;
    if (!has_any(c) && c->has_hidden) {
        return hb_check_say(c, "log", HB_NOT_IN_PACK, err,
                            "the log's entry was taken out: a hidden field could be guessed by the "
                            "digest in it");
    }
    if (!has_any(c)) {
        return hb_check_say(c, "log", HB_NOT_IN_PACK, err,
                            "the pack claims no place in a log: whether this decision was kept "
                            "from being seen is not known");
    }
    if (!c->decision) {
        return hb_check_say(c, "log", HB_NOT_CHECKED, err, "%s", c->why_no_decision);
    }
    hb_status status = read_texts(c, &texts, &e);
    if (status == HB_OK) {
        status =
            hb_inclusion_check(&texts, NULL, c->decision_sha256, &c->out->arena, &c->included, &e);
    }
    if (status != HB_OK) {
        return hb_check_fault(c, "log", &e, err);
    }
    c->has_included = true;
    return hb_check_say(c, "log", HB_HOLDS, err,
                        "the decision is entry %llu of %llu of the log '%s', made %s",
                        (unsigned long long)c->included.inclusion.index,
                        (unsigned long long)c->included.checkpoint.size,
                        c->included.checkpoint.origin, c->included.entry.at);
}

/* --- the checkpoint's signature --- */

/* Of the log under its own name, or of a witness under any. */
static bool signed_by(const hb_checkpoint *p, const hb_pubkey *k)
{
    for (size_t i = 0; i < p->note.n_signatures; i++) {
        if (hb_checkpoint_verify(p, p->note.signatures[i].name, k, NULL) == HB_OK) {
            return true;
        }
    }
    return false;
}

static const hb_check_key *log_key_of_pack(const hb_check *c)
{
    for (size_t i = 0; i < c->n_keys; i++) {
        const hb_pubkey *k = c->keys[i].key;
        if (hb_pubkey_algorithm(k) == HB_ALGORITHM_ED25519 &&
            hb_checkpoint_verify(&c->included.checkpoint, c->included.checkpoint.origin, k, NULL) ==
                HB_OK) {
            return &c->keys[i];
        }
    }
    return NULL;
}

static const hb_pubkey *trusted_log_key(const hb_check *c)
{
    for (size_t i = 0; i < c->ask->n_trusted_logs; i++) {
        if (hb_pubkey_algorithm(c->ask->trusted_logs[i]) == HB_ALGORITHM_ED25519 &&
            signed_by(&c->included.checkpoint, c->ask->trusted_logs[i])) {
            return c->ask->trusted_logs[i];
        }
    }
    return NULL;
}

hb_status hb_ask_checkpoint(hb_check *c, hb_error *err)
{
    if (!has_any(c) && c->has_hidden && c->ask->n_trusted_logs) {
        return hb_check_say(c, "checkpoint", HB_NOT_CHECKED, err,
                            "a log key was brought along, and the log's proof was taken out with "
                            "the hidden fields");
    }
    if (!has_any(c)) { /* else who signs packs would leave out the log that shows his lie */
        return c->ask->n_trusted_logs
                   ? hb_check_say(c, "checkpoint", HB_FAILS, err,
                                  "a log key was brought along, and the pack has no checkpoint")
                   : hb_check_say(c, "checkpoint", HB_NOT_IN_PACK, err, "there is no checkpoint");
    }
    if (!c->has_included) {
        return hb_check_say(c, "checkpoint", HB_NOT_CHECKED, err,
                            "the proof does not hold, so whose checkpoint it is does not matter");
    }
    const hb_pubkey *trusted = trusted_log_key(c);
    const hb_check_key *own = log_key_of_pack(c);
    if (trusted) {
        return hb_check_say(c, "checkpoint", HB_HOLDS, err,
                            "signed by the log key %s, which was brought along",
                            hb_pubkey_id(trusted));
    }
    if (!own) {
        return hb_check_say(c, "checkpoint", HB_FAILS, err,
                            "its signature is of no key of the pack or that was brought along");
    }
    if (c->ask->n_trusted_logs) {
        return hb_check_say(c, "checkpoint", HB_FAILS, err,
                            "signed by '%s', which is none of the log keys brought along",
                            own->path);
    }
    return hb_check_say(c, "checkpoint", HB_HOLDS, err,
                        "signed by '%s'; that this is the lab's log is said by who signed the "
                        "pack, bring the log's key along to know it",
                        own->path);
}
