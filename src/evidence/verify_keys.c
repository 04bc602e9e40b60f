/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/verify_keys.h"

#include "audit/note.h"
#include "base/mem.h"
#include "crypto/base64.h"
#include "crypto/x509.h"

#include <string.h>

static bool is_pem(hb_str text)
{
    return hb_str_starts(hb_str_trim(text), "-----BEGIN");
}

/* name "+" 8 hex "+" base64(0x01, 32 bytes). Names may not have a '+'. */
static hb_status read_verifier_key(hb_str text, const char *path, hb_pubkey **ret, hb_error *err)
{
    hb_str line = hb_str_trim(text);
    size_t name = hb_str_find_ch(line, '+');
    hb_str rest = name < line.n ? (hb_str){line.p + name + 1, line.n - name - 1} : HB_STR("");
    size_t hash = hb_str_find_ch(rest, '+');
    uint8_t key[64];
    size_t n = 0;
    if (name == 0 || hash != 8 || hash >= rest.n) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is no key of a log: expected a PEM file (the log's key.pub) or one "
                       "line 'name+hash+key'",
                       path);
    }
    HB_TRY(hb_base64_read((hb_str){rest.p + hash + 1, rest.n - hash - 1}, path, key, sizeof key, &n,
                          err));
    if (n != 33 || key[0] != 1) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has a key that is not Ed25519 (type 1, 32 bytes)",
                       path);
    }
    return hb_pubkey_from_raw(key + 1, ret, err);
}

static hb_status read_file(const hb_os *os, const char *path, bool log, hb_pubkey **ret,
                           hb_error *err)
{
    char *p = NULL;
    size_t n = 0;
    HB_TRY(hb_file_read(os, path, HB_PEM_MAX, &p, &n, err));
    hb_str text = {p, n};
    hb_status status = log && !is_pem(text) ? read_verifier_key(text, path, ret, err)
                                            : hb_pubkey_read(text, path, ret, err);
    hb_free(p);
    return status;
}

static bool has(hb_pubkey *const *keys, size_t n, const hb_pubkey *k)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(hb_pubkey_id(keys[i]), hb_pubkey_id(k)) == 0) {
            return true;
        }
    }
    return false;
}

static hb_status add(hb_trust *t, const hb_os *os, const char *path, bool log, hb_error *err)
{
    hb_pubkey *k = NULL;
    hb_pubkey **list = log ? t->logs : t->keys;
    size_t *n = log ? &t->n_logs : &t->n;
    if (*n == HB_TRUST_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "more than %d keys", HB_TRUST_MAX);
    }
    HB_TRY(read_file(os, path, log, &k, err));
    if (log ? has(t->keys, t->n, k) : has(t->logs, t->n_logs, k)) {
        hb_pubkey_free(k);
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' is given as a key of packs and of a log; it can be one of them: a log "
                       "signs unattended, so its key must not make a pack",
                       path);
    }
    list[(*n)++] = k;
    return HB_OK;
}

hb_status hb_trust_add(hb_trust *t, const hb_os *os, const char *path, hb_error *err)
{
    return add(t, os, path, false, err);
}

hb_status hb_trust_add_log(hb_trust *t, const hb_os *os, const char *path, hb_error *err)
{
    return add(t, os, path, true, err);
}

hb_status hb_trust_add_pem(hb_trust *t, hb_trust_pem kind, const hb_os *os, const char *path,
                           hb_error *err)
{
    static const size_t max[HB_TRUST_PEM_COUNT_] = {[HB_TRUST_CA] = HB_CA_FILE_MAX,
                                                    [HB_TRUST_TSA] = HB_CA_FILE_MAX,
                                                    [HB_TRUST_CRL] = HB_CRL_FILE_MAX};
    char *p = NULL;
    size_t n = 0;
    HB_TRY(hb_file_read(os, path, max[kind], &p, &n, err));
    hb_buf all;
    hb_buf_init(&all, max[kind]);
    hb_buf_str(&all, hb_trust_text(t, kind));
    hb_buf_add(&all, p, n);
    hb_buf_ch(&all, '\n');
    hb_status status = memmem(p, n, "-----BEGIN ", 11) && !memchr(p, 0, n)
                           ? HB_OK
                           : HB_FAIL(err, HB_E_INPUT, "'%s' is no PEM", path);
    char *text = NULL;
    status = status == HB_OK ? hb_buf_finish(&all, &text, &n, err) : status;
    if (status == HB_OK) {
        hb_free(t->pem[kind]);
        t->pem[kind] = text;
    }
    hb_buf_release(&all);
    hb_free(p);
    return status;
}

hb_str hb_trust_text(const hb_trust *t, hb_trust_pem kind)
{
    return hb_str_of(t->pem[kind]);
}

void hb_trust_release(hb_trust *t)
{
    for (size_t i = 0; i < t->n; i++) {
        hb_pubkey_free(t->keys[i]);
    }
    for (size_t i = 0; i < t->n_logs; i++) {
        hb_pubkey_free(t->logs[i]);
    }
    for (int i = 0; i < HB_TRUST_PEM_COUNT_; i++) {
        hb_free(t->pem[i]);
    }
    *t = (hb_trust){.n = 0};
}
