/* SPDX-License-Identifier: Apache-2.0 */
/* A backup is believed when a workspace made of it holds: nothing is taken over untried. */
#include "base/mem.h"
#include "crypto/keyring.h"
#include "evidence/pack.h"
#include "export/backup.h"
#include "export/backup_internal.h"
#include "govern/token.h"
#include "os/writing.h"
#include "store/audit.h"
#include "store/live.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

typedef struct restorer {
    const hb_os *os;
    hb_pack_reader *r;
    const hb_manifest *manifest;
    const char *dir; /* aside */
    hb_arena *arena;
    hb_error *err;
} restorer;

static hb_status inside(const restorer *x, const char *path, const char **ret)
{
    char *joined = NULL;
    HB_TRY(hb_path_join(x->dir, path, &joined, x->err));
    *ret = hb_arena_str(x->arena, hb_str_of(joined));
    hb_free(joined);
    return *ret ? HB_OK : HB_NOMEM(x->err);
}

/* --- files --- */

typedef struct sink {
    const hb_os *os;
    int fd;
    const char *path;
} sink;

static hb_status take(void *ctx, const void *p, size_t n, hb_error *err)
{
    const sink *s = ctx;
    return hb_write_all(s->os, s->fd, s->path, p, n, err);
}

static hb_status write_file(const restorer *x, const hb_pack_file *f, const char *path)
{
    char *folder = NULL;
    HB_TRY(hb_path_dir(path, &folder, x->err));
    hb_status status = hb_dir_make(x->os, folder, x->err);
    hb_free(folder);
    HB_TRY(status);
    bool closed = strcmp(f->path, HB_BACKUP_REGISTRY) == 0 || strcmp(f->path, HB_TOKENS_FILE) == 0;
    sink s = {.os = x->os, .path = path};
    s.fd = x->os->open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, closed ? 0600 : 0644);
    if (s.fd < 0) {
        return HB_FAIL(x->err, HB_E_IO, "cannot make '%s': %s", path, strerror(errno));
    }
    status = hb_pack_stream(x->r, f->path, take, &s, x->err);
    if (status == HB_OK && x->os->fsync(s.fd) != 0) {
        status = HB_FAIL(x->err, HB_E_IO, "cannot sync '%s': %s", path, strerror(errno));
    }
    x->os->close(s.fd);
    return status;
}

static hb_status restore_file(const restorer *x, const hb_pack_file *f)
{
    char digest[HB_DIGEST_HEX];
    const char *path = NULL;
    if (!hb_backup_wants(f->path)) {
        return HB_FAIL(x->err, HB_E_EVIDENCE, "a backup holds no '%s': somebody else made this one",
                       f->path);
    }
    HB_TRY(inside(x, f->path, &path));
    HB_TRY(write_file(x, f, path));
    /* Of what is on the disk now, not of what was sent there. */
    HB_TRY(hb_backup_digest(x->os, path, digest, x->err));
    return strcmp(digest, f->sha256) == 0
               ? HB_OK
               : HB_FAIL(x->err, HB_E_EVIDENCE, "'%s' is not what the manifest says of it",
                         f->path);
}

static hb_status restore_files(const restorer *x)
{
    hb_pack_fault *faults = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_check(x->r, x->manifest, x->arena, &faults, &n, x->err));
    if (n) {
        return HB_FAIL(x->err, HB_E_EVIDENCE, "'%s' in the backup %s", faults[0].path,
                       hb_pack_fault_words(&faults[0]));
    }
    for (size_t i = 0; i < x->manifest->n_files; i++) {
        HB_TRY(restore_file(x, &x->manifest->files[i]));
    }
    return HB_OK;
}

/* --- what it says of itself --- */

static hb_status no_backup(const restorer *x)
{
    return HB_FAIL(x->err, HB_E_EVIDENCE, "this is no backup of hb: its '%s' is not of that form",
                   HB_BACKUP_ABOUT);
}

/* What cannot be counted again; the rest is compared by spelling it again. */
static hb_status read_about(const restorer *x, hb_str text, hb_backup_about *a)
{
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    const char *at = json_string_value(json_object_get(root, "made_at"));
    const char *program = json_string_value(json_object_get(root, "program"));
    json_int_t schema = json_integer_value(json_object_get(root, "schema"));
    bool good = at && program && schema > 0;
    if (good) {
        a->made_at = hb_arena_str(x->arena, hb_str_of(at));
        a->program = hb_arena_str(x->arena, hb_str_of(program));
        a->schema = (uint64_t)schema;
    }
    json_decref(root);
    if (good && !(a->made_at && a->program)) {
        return HB_NOMEM(x->err);
    }
    return good ? HB_OK : no_backup(x);
}

static hb_status check_about(const restorer *x, hb_backup_about *a)
{
    char *text = NULL;
    size_t n = 0;
    hb_buf again;
    HB_TRY(hb_pack_read(x->r, HB_BACKUP_ABOUT, HB_BACKUP_ABOUT_MAX, &text, &n, x->err));
    hb_buf_init(&again, HB_BACKUP_ABOUT_MAX);
    hb_status status = read_about(x, (hb_str){text, n}, a);
    status = status == HB_OK ? hb_backup_about_put(a, &again, x->err) : status;
    if (status == HB_OK && !hb_str_eq((hb_str){text, n}, (hb_str){again.p, again.n})) {
        status = HB_FAIL(x->err, HB_E_EVIDENCE,
                         "the registry and the log restored do not hold what '%s' says",
                         HB_BACKUP_ABOUT);
    }
    hb_buf_release(&again);
    hb_free(text);
    return status;
}

/* --- does it hold? --- */

static hb_status check_queue(const restorer *x, hb_store *s, const hb_backup_about *a)
{
    hb_audit_queue q;
    HB_TRY(hb_store_log_state(s, &q, x->err));
    return q.last_leaf < (int64_t)a->log_size
               ? HB_OK
               : HB_FAIL(x->err, HB_E_EVIDENCE,
                         "the registry knows entry %lld of the log, which has %llu",
                         (long long)q.last_leaf, (unsigned long long)a->log_size);
}

static hb_status check_log(const restorer *x, hb_backup_about *a)
{
    const char *dir = NULL;
    hb_audit_log *log = NULL;
    const char *checkpoint = NULL;
    HB_TRY(inside(x, "audit", &dir));
    HB_TRY(inside(x, HB_BACKUP_CHECKPOINT, &checkpoint));
    if (hb_path_exists(x->os, checkpoint)) {
        HB_TRY(hb_audit_open_read(x->os, dir, &log, x->err));
    }
    hb_status status = log ? hb_audit_verify(log, NULL, x->err) : HB_OK;
    status = status == HB_OK ? hb_backup_about_log(log, x->arena, a, x->err) : status;
    hb_audit_close(log);
    return status;
}

static hb_status look_into(const restorer *x, const char *path, hb_backup_about *a)
{
    hb_store *s = NULL;
    HB_TRY(
        hb_store_open(x->os, path, HB_STORE_WRITE, &s, x->err)); /* an older schema is brought up */
    hb_status status = hb_store_check(s, x->err);
    status = status == HB_OK ? hb_store_count(s, &a->counts, x->err) : status;
    status = status == HB_OK ? check_queue(x, s, a) : status;
    status = status == HB_OK ? hb_live_restored(s, x->err) : status;
    hb_store_close(s);
    return status;
}

static hb_status check_registry(const restorer *x, hb_backup_about *a)
{
    const char *path = NULL;
    HB_TRY(inside(x, HB_BACKUP_REGISTRY, &path));
    hb_status status = look_into(x, path, a);
    if (status == HB_E_STORE && x->err) { /* not the registry in use */
        x->err->code = HB_E_EVIDENCE;
        return hb_error_prefix(x->err, "in the backup");
    }
    return status;
}

static hb_status check_keys(const restorer *x)
{
    const char *dir = NULL;
    hb_keyring ring;
    HB_TRY(inside(x, "keys", &dir));
    HB_TRY(hb_keyring_load(x->os, dir, &ring, x->err));
    hb_keyring_release(&ring);
    return HB_OK;
}

static hb_status check_tokens(const restorer *x)
{
    const char *path = NULL;
    hb_tokens *tokens = NULL;
    HB_TRY(inside(x, HB_TOKENS_FILE, &path));
    hb_status status = hb_tokens_load(x->os, path, &tokens, x->err);
    hb_free(tokens);
    return status;
}

static hb_status restore(const restorer *x, hb_backup_told *ret)
{
    hb_backup_about a = {0};
    if (strcmp(x->manifest->case_id, HB_BACKUP_CASE) != 0 || !hb_pack_has(x->r, HB_BACKUP_ABOUT) ||
        !hb_pack_has(x->r, HB_BACKUP_REGISTRY)) {
        return no_backup(x);
    }
    HB_TRY(restore_files(x));
    HB_TRY(check_log(x, &a));
    HB_TRY(check_registry(x, &a));
    HB_TRY(check_about(x, &a));
    HB_TRY(check_keys(x));
    HB_TRY(check_tokens(x));
    hb_backup_told told = {.counts = a.counts,
                           .log_size = a.log_size,
                           .log_origin = a.log_origin,
                           .made_at = a.made_at,
                           .program = a.program,
                           .n_files = x->manifest->n_files};
    for (size_t i = 0; i < told.n_files; i++) {
        told.bytes += x->manifest->files[i].size;
    }
    *ret = told;
    return HB_OK;
}

/* It is in the folder for people to read, not a part of the workspace. */
static hb_status drop_about(const restorer *x)
{
    const char *path = NULL;
    HB_TRY(inside(x, HB_BACKUP_ABOUT, &path));
    return x->os->unlink(path) == 0
               ? HB_OK
               : HB_FAIL(x->err, HB_E_IO, "cannot remove '%s': %s", path, strerror(errno));
}

hb_status hb_backup_restore(const hb_os *os, const char *backup, const char *target,
                            hb_arena *arena, hb_backup_told *ret, hb_error *err)
{
    hb_stage stage = {0};
    hb_manifest manifest;
    hb_backup_told told;
    restorer x = {.os = os, .manifest = &manifest, .arena = arena, .err = err};
    if (target && hb_path_exists(os, target)) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' exists; a backup is restored into a new folder",
                       target);
    }
    HB_TRY(hb_pack_open(os, backup, &x.r, err));
    hb_status status = hb_pack_read_manifest(x.r, arena, &manifest, err);
    status = status == HB_OK ? hb_stage_open(&stage, os, target ? target : backup, err) : status;
    x.dir = stage.temporary;
    status = status == HB_OK ? restore(&x, &told) : status;
    status = status == HB_OK ? drop_about(&x) : status;
    status = status == HB_OK ? hb_backup_digest(os, backup, told.sha256, err) : status;
    if (status == HB_OK) { /* a copy of the registry that stays is told of */
        status = target ? hb_stage_commit(&stage, err) : hb_dir_remove(os, stage.temporary, err);
    }
    hb_stage_abort(&stage);
    hb_pack_close(x.r);
    if (status == HB_OK) {
        *ret = told;
    }
    return status;
}
