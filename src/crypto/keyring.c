/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyring.h"

#include "base/mem.h"
#include "crypto/keyring_internal.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RING_ARENA_BYTES = 64 << 20 };

const char *hb_key_state_name(hb_key_state s)
{
    static const char *const names[HB_KEY_STATE_COUNT_] = {[HB_KEY_ACTIVE] = "active",
                                                           [HB_KEY_ROTATED] = "rotated",
                                                           [HB_KEY_REVOKED] = "revoked",
                                                           [HB_KEY_UNCLEAR] = "unclear"};
    return names[s];
}

static bool is_id(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

hb_status hb_key_name_check(const char *name, hb_error *err)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    static const char *const endings[] = {".pem", ".pub", ".json"};
    hb_str s = hb_str_of(name);
    if (!s.n || s.n > HB_KEY_NAME_MAX || strspn(name, letters) != s.n || strchr("._-", name[0])) {
        return HB_FAIL(err, HB_E_USAGE,
                       "a key cannot be called '%.80s': expected 1 to %d letters, digits, '.', '_' "
                       "and '-', the first a letter or digit",
                       name, HB_KEY_NAME_MAX);
    }
    bool taken = strcmp(name, "default") == 0 || is_id(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        taken |= hb_str_ends(s, endings[i]);
    }
    return taken ? HB_FAIL(err, HB_E_USAGE,
                           "a key cannot be called '%s': that means something else", name)
                 : HB_OK;
}

hb_status hb_keyring_path(hb_arena *arena, const char *dir, const char *name, const char *ending,
                          const char **ret_path, hb_error *err)
{
    hb_buf path;
    hb_buf_init(&path, 8192);
    hb_buf_fmt(&path, "%s/%s%s", dir, name, ending);
    hb_status status = hb_buf_check(&path, err);
    const char *copy = status == HB_OK ? hb_arena_str(arena, (hb_str){path.p, path.n}) : NULL;
    hb_buf_release(&path);
    if (status == HB_OK && !copy) {
        return HB_NOMEM(err);
    }
    if (status == HB_OK) {
        *ret_path = copy;
    }
    return status;
}

hb_status hb_keyring_set_default(const hb_os *os, const char *dir, const char *name, hb_error *err)
{
    char *path = NULL;
    char line[HB_KEY_NAME_MAX + 2];
    HB_TRY(hb_key_name_check(name, err));
    HB_TRY(hb_path_join(dir, "default", &path, err));
    int n = snprintf(line, sizeof line, "%s\n", name);
    hb_status status = hb_file_write_atomic(os, path, line, (size_t)n, 0644, err);
    hb_free(path);
    return status;
}

/* --- asking --- */

const hb_ring_key *hb_keyring_by_id(const hb_keyring *r, const char *id)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->keys[i].id, id) == 0) {
            return &r->keys[i];
        }
    }
    return NULL;
}

const hb_ring_key *hb_keyring_by_name(const hb_keyring *r, const char *name)
{
    for (size_t i = 0; i < r->n && *name; i++) {
        if (strcmp(r->keys[i].name, name) == 0) {
            return &r->keys[i];
        }
    }
    return NULL;
}

hb_status hb_keyring_find(const hb_keyring *r, const char *what, const hb_ring_key **ret_key,
                          hb_error *err)
{
    enum { ID_LEAST = 8 };
    const hb_ring_key *found = hb_keyring_by_name(r, what);
    size_t n = strlen(what);
    size_t matches = found ? 1 : 0;
    for (size_t i = 0; i < r->n && !matches && n >= ID_LEAST; i++) {
        if (strncmp(r->keys[i].id, what, n) == 0) {
            if (found && strcmp(found->id, r->keys[i].id) != 0) {
                return HB_FAIL(err, HB_E_INPUT, "'%s' begins the ids of several keys", what);
            }
            found = found ? found : &r->keys[i];
        }
    }
    if (!found) {
        return HB_FAIL(err, HB_E_INPUT, "no key is called '%.80s' in '%s'; hb keys list shows them",
                       what, r->dir);
    }
    *ret_key = found;
    return HB_OK;
}

/* --- loading --- */

typedef struct loader {
    const hb_os *os;
    hb_keyring *ring;
    size_t cap;
    hb_error *err;
} loader;

static hb_status add(loader *l, hb_ring_key **ret_key)
{
    hb_keyring *r = l->ring;
    if (r->n == HB_KEYRING_MAX) {
        return HB_FAIL(l->err, HB_E_LIMIT, "'%s' holds more than %d keys", r->dir, HB_KEYRING_MAX);
    }
    HB_TRY(HB_ARENA_GROW(&r->arena, r->keys, r->n, l->cap, l->err));
    r->keys[r->n] = (hb_ring_key){.name = "",
                                  .id = "",
                                  .since = HB_TIME_NONE,
                                  .by = "",
                                  .reason = "",
                                  .successor = "",
                                  .wrong = ""};
    *ret_key = &r->keys[r->n++];
    return HB_OK;
}

/* NAME.pub; the private half may be elsewhere. */
static hb_status add_pair(loader *l, hb_str name)
{
    hb_keyring *r = l->ring;
    const char *path = NULL;
    char *pem = NULL;
    size_t n = 0;
    hb_pubkey *pub = NULL;
    hb_ring_key *k = NULL;
    const char *called = hb_arena_str(&r->arena, name);
    if (!called) {
        return HB_NOMEM(l->err);
    }
    HB_TRY(hb_keyring_path(&r->arena, r->dir, called, ".pub", &path, l->err));
    HB_TRY(hb_file_read(l->os, path, HB_PEM_MAX, &pem, &n, l->err));
    hb_status status = hb_pubkey_read((hb_str){pem, n}, path, &pub, l->err);
    hb_free(pem);
    HB_TRY(status);
    status = add(l, &k);
    if (status != HB_OK) {
        hb_pubkey_free(pub);
        return status;
    }
    k->key = pub;
    k->name = called;
    k->id = hb_pubkey_id(pub);
    HB_TRY(hb_keyring_path(&r->arena, r->dir, called, ".pem", &path, l->err));
    k->has_private = hb_path_exists(l->os, path);
    return HB_OK;
}

/* A key of which nothing but KEYID.revocation.dsse.json is here. */
static hb_status add_absent(loader *l, hb_str id)
{
    hb_ring_key *k = NULL;
    const char *copy = hb_arena_str(&l->ring->arena, id);
    if (!copy) {
        return HB_NOMEM(l->err);
    }
    if (!is_id(copy) || hb_keyring_by_id(l->ring, copy)) {
        return HB_OK;
    }
    HB_TRY(add(l, &k));
    k->id = copy;
    return HB_OK;
}

/* Calls `each` with what stands before the ending, for every file of the folder that has it. */
static hb_status each_file(loader *l, const char *ending,
                           hb_status (*each)(loader *l, hb_str beginning))
{
    hb_status status = HB_OK;
    DIR *d = opendir(l->ring->dir);
    if (!d) {
        return errno == ENOENT ? HB_OK
                               : HB_FAIL(l->err, HB_E_INPUT, "cannot read folder '%s': %s",
                                         l->ring->dir, strerror(errno));
    }
    for (struct dirent *e = readdir(d); e && status == HB_OK; e = readdir(d)) {
        hb_str name = hb_str_of(e->d_name);
        if (hb_str_ends(name, ending) && name.n > strlen(ending) && e->d_name[0] != '.') {
            status = each(l, (hb_str){name.p, name.n - strlen(ending)});
        }
    }
    closedir(d);
    return status;
}

/* --- what is said about them --- */

/* NULL when none of the ring's keys has signed it. */
static const hb_ring_key *who_signed(const hb_keyring *r, const hb_dsse *d)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->keys[i].key && hb_dsse_verify(d, r->keys[i].key, NULL) == HB_OK) {
            return &r->keys[i];
        }
    }
    return NULL;
}

static void unclear(hb_keyring *r, hb_ring_key *k, const char *why)
{
    const char *copy = hb_arena_str(&r->arena, hb_str_of(why));
    k->state = HB_KEY_UNCLEAR;
    k->wrong = copy ? copy : "out of memory";
}

/* What the statement says, or why it does not hold. */
static void believe(hb_keyring *r, hb_ring_key *k, const hb_key_statement *s)
{
    const hb_ring_key *by = who_signed(r, &s->envelope);
    if (s->handover) {
        by = k->key && hb_dsse_verify(&s->envelope, k->key, NULL) == HB_OK ? k : NULL;
    } else if (k->key && hb_dsse_verify(&s->envelope, k->key, NULL) == HB_OK) {
        by = k;
    }
    if (strcmp(s->handover ? s->from : s->about, k->id) != 0) {
        unclear(r, k, "its statement is about another key");
    } else if (!by) {
        unclear(r, k,
                s->handover ? "it has not signed the handing over itself"
                            : "its revocation is signed by no key of this folder");
    } else {
        k->state = s->handover ? HB_KEY_ROTATED : HB_KEY_REVOKED;
        k->since = s->at;
        k->by = by->id;
        k->reason = s->reason;
        k->wrong = "";
        k->successor = s->handover ? s->about : k->successor;
    }
}

static hb_status read_statement(loader *l, hb_ring_key *k, bool handover)
{
    hb_keyring *r = l->ring;
    const char *path = NULL;
    char *text = NULL;
    size_t n = 0;
    hb_key_statement s;
    hb_error why = {0};
    HB_TRY(hb_keyring_path(&r->arena, r->dir, k->id,
                           handover ? HB_KEY_HANDOVER_ENDING : HB_KEY_REVOCATION_ENDING, &path,
                           l->err));
    if (!hb_path_exists(l->os, path)) {
        return HB_OK;
    }
    hb_status status = hb_file_read(l->os, path, HB_KEY_STATEMENT_MAX, &text, &n, &why);
    if (status == HB_OK) {
        status = hb_key_statement_read((hb_str){text, n}, path, handover, &r->arena, &s, &why);
    }
    hb_free(text);
    if (status == HB_E_NOMEM) {
        return HB_NOMEM(l->err);
    }
    if (status == HB_OK) {
        believe(r, k, &s);
    } else {
        unclear(r, k, why.msg);
    }
    return HB_OK;
}

static hb_status read_default(loader *l)
{
    hb_keyring *r = l->ring;
    const char *path = NULL;
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_keyring_path(&r->arena, r->dir, "default", "", &path, l->err));
    r->default_name = "";
    if (!hb_path_exists(l->os, path)) {
        return HB_OK;
    }
    HB_TRY(hb_file_read(l->os, path, HB_KEY_NAME_MAX + 2, &text, &n, l->err));
    r->default_name = hb_arena_str(&r->arena, hb_str_trim((hb_str){text, n}));
    hb_free(text);
    if (!r->default_name) {
        return HB_NOMEM(l->err);
    }
    for (size_t i = 0; i < r->n; i++) {
        r->keys[i].is_default = *r->keys[i].name && strcmp(r->keys[i].name, r->default_name) == 0;
    }
    return HB_OK;
}

static int by_name(const void *a, const void *b)
{
    const hb_ring_key *x = a;
    const hb_ring_key *y = b;
    if (!*x->name || !*y->name) {
        return *x->name ? -1 : *y->name ? 1 : strcmp(x->id, y->id);
    }
    return strcmp(x->name, y->name);
}

static hb_status load(loader *l)
{
    hb_keyring *r = l->ring;
    HB_TRY(each_file(l, ".pub", add_pair));
    HB_TRY(each_file(l, HB_KEY_REVOCATION_ENDING, add_absent));
    if (r->n) {
        qsort(r->keys, r->n, sizeof *r->keys, by_name);
    }
    HB_TRY(read_default(l));
    for (size_t i = 0; i < r->n; i++) {
        HB_TRY(read_statement(l, &r->keys[i], true));
        HB_TRY(read_statement(l, &r->keys[i], false)); /* the last word */
    }
    return HB_OK;
}

hb_status hb_keyring_load(const hb_os *os, const char *dir, hb_keyring *ret, hb_error *err)
{
    hb_keyring r = {.default_name = ""};
    hb_arena_init(&r.arena, RING_ARENA_BYTES);
    r.dir = hb_arena_str(&r.arena, hb_str_of(dir));
    loader l = {.os = os, .ring = &r, .err = err};
    hb_status status = r.dir ? load(&l) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_keyring_release(&r);
        return status;
    }
    *ret = r;
    return HB_OK;
}

void hb_keyring_release(hb_keyring *r)
{
    for (size_t i = 0; i < r->n; i++) {
        hb_pubkey_free(r->keys[i].key);
    }
    hb_arena_release(&r->arena);
    *r = (hb_keyring){0};
}
