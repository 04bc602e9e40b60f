/* SPDX-License-Identifier: Apache-2.0 */
#include "export/backup.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "evidence/pack.h"
#include "export/backup_internal.h"
#include "govern/token.h"
#include "os/writing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { DEPTH_MAX = 8, PATH_BYTES = 4096, PIECE = 256 << 10 };

/* --- what is kept --- */

static bool below(const char *path, const char *folder)
{
    return strncmp(path, folder, strlen(folder)) == 0;
}

static bool hidden(const char *path)
{
    return path[0] == '.' || strstr(path, "/.") != NULL;
}

bool hb_backup_wants(const char *path)
{
    hb_str s = hb_str_of(path);
    if (hidden(path) || hb_str_ends(s, ".tmp") || hb_str_ends(s, ".pem")) {
        return false;
    }
    if (!strchr(path, '/')) {
        return hb_str_ends(s, ".yaml") || hb_str_ends(s, ".yml") ||
               strcmp(path, HB_BACKUP_REGISTRY) == 0 || strcmp(path, HB_BACKUP_ABOUT) == 0 ||
               strcmp(path, HB_TOKENS_FILE) == 0 || strcmp(path, "watch.json") == 0;
    }
    bool yaml = hb_str_ends(s, ".yaml") || hb_str_ends(s, ".yml");
    return (yaml && below(path, "config/")) || below(path, "profiles/") ||
           below(path, "governance/") || below(path, "keys/") ||
           (below(path, "audit/") && strcmp(path, "audit/lock") != 0);
}

/* --- what it says of itself --- */

hb_status hb_backup_about_log(hb_audit_log *log, hb_arena *arena, hb_backup_about *a, hb_error *err)
{
    static const char hex[] = "0123456789abcdef";
    hb_hash root;
    char text[65];
    a->log_origin = a->log_root = "";
    a->log_size = 0;
    if (!log) {
        return HB_OK;
    }
    a->log_size = hb_audit_size(log);
    HB_TRY(hb_audit_root(log, a->log_size, &root, err));
    for (size_t i = 0; i < 32; i++) {
        text[2 * i] = hex[root.v[i] >> 4];
        text[2 * i + 1] = hex[root.v[i] & 15];
    }
    text[64] = '\0';
    a->log_root = hb_arena_str(arena, hb_str_of(text));
    a->log_origin = hb_arena_str(arena, hb_str_of(hb_audit_origin(log)));
    return a->log_root && a->log_origin ? HB_OK : HB_NOMEM(err);
}

hb_status hb_backup_about_put(const hb_backup_about *a, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "counts");
    hb_json_obj(&j);
    hb_json_ku(&j, "decisions", a->counts.decisions);
    hb_json_ku(&j, "log_entries", a->counts.log_entries);
    hb_json_ku(&j, "runs", a->counts.runs);
    hb_json_ku(&j, "statements", a->counts.statements);
    hb_json_ku(&j, "tags", a->counts.tags);
    hb_json_ku(&j, "versions", a->counts.versions);
    hb_json_end(&j);
    hb_json_kc(&j, "format", "hb-backup/1");
    hb_json_key(&j, "log");
    hb_json_obj(&j);
    hb_json_kc(&j, "origin", a->log_origin);
    hb_json_kc(&j, "root", a->log_root);
    hb_json_ku(&j, "size", a->log_size);
    hb_json_end(&j);
    hb_json_kc(&j, "made_at", a->made_at);
    hb_json_kc(&j, "program", a->program);
    hb_json_ku(&j, "schema", a->schema);
    hb_json_end(&j);
    HB_TRY(hb_json_done(&j, err));
    return hb_buf_check(out, err);
}

hb_status hb_backup_digest(const hb_os *os, const char *path, char ret[HB_DIGEST_HEX],
                           hb_error *err)
{
    hb_digest *d = NULL;
    char *piece = hb_alloc(PIECE);
    int fd = os->open(path, O_RDONLY, 0);
    hb_status status = piece ? HB_OK : HB_NOMEM(err);
    if (status == HB_OK && fd < 0) {
        status = HB_FAIL(err, HB_E_IO, "cannot open '%s': %s", path, strerror(errno));
    }
    status = status == HB_OK ? hb_digest_new(&d, err) : status;
    while (status == HB_OK) {
        ssize_t got = os->read(fd, piece, PIECE);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            status = hb_digest_add(d, piece, (size_t)got, err);
        } else if (errno != EINTR) {
            status = HB_FAIL(err, HB_E_IO, "cannot read '%s': %s", path, strerror(errno));
        }
    }
    status = status == HB_OK ? hb_digest_hex(d, ret, err) : status;
    hb_digest_free(d);
    if (fd >= 0) {
        os->close(fd);
    }
    hb_free(piece);
    return status;
}

/* --- making one --- */

typedef struct maker {
    const hb_backup_ask *ask;
    hb_arena *arena;
    hb_pack_writer *w;
    hb_error *err;
} maker;

static hb_status put_folder(maker *m, const char *path, unsigned depth);

/* `path` in the workspace, "" = itself. */
static hb_status full_path(const maker *m, const char *path, char out[PATH_BYTES])
{
    int n = snprintf(out, PATH_BYTES, "%s%s%s", m->ask->workspace, *path ? "/" : "", path);
    return n < PATH_BYTES ? HB_OK
                          : HB_FAIL(m->err, HB_E_LIMIT, "'%.200s…' is too long a path", out);
}

static hb_status put_entry(maker *m, const char *path, unsigned depth)
{
    char full[PATH_BYTES];
    char inside[PATH_BYTES + 8];
    struct stat st;
    HB_TRY(full_path(m, path, full));
    if (m->ask->os->stat(full, &st) != 0) {
        return HB_FAIL(m->err, HB_E_INPUT, "cannot look at '%s': %s", full, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        snprintf(inside, sizeof inside, "%s/x.yaml", path); /* could there be one? */
        return hb_backup_wants(inside) ? put_folder(m, path, depth + 1) : HB_OK;
    }
    if (!S_ISREG(st.st_mode) || !hb_backup_wants(path) || strcmp(path, HB_BACKUP_REGISTRY) == 0 ||
        strcmp(path, HB_BACKUP_ABOUT) == 0) {
        return HB_OK;
    }
    return hb_pack_put_file(m->w, path, full, NULL, m->err);
}

static hb_status put_folder(maker *m, const char *path, unsigned depth)
{
    char full[PATH_BYTES];
    char child[PATH_BYTES];
    hb_status status = HB_OK;
    HB_TRY(full_path(m, path, full));
    if (depth > DEPTH_MAX) {
        return HB_FAIL(m->err, HB_E_LIMIT, "'%s' lies deeper than %d folders", full, DEPTH_MAX);
    }
    DIR *d = opendir(full);
    if (!d) {
        return HB_FAIL(m->err, HB_E_INPUT, "cannot read folder '%s': %s", full, strerror(errno));
    }
    for (struct dirent *e = readdir(d); e && status == HB_OK; e = readdir(d)) {
        if (e->d_name[0] == '.') {
            continue;
        }
        int n = snprintf(child, sizeof child, "%s%s%s", path, *path ? "/" : "", e->d_name);
        status = n < (int)sizeof child
                     ? put_entry(m, child, depth)
                     : HB_FAIL(m->err, HB_E_LIMIT, "'%.200s…' is too long a path", child);
    }
    closedir(d);
    return status;
}

/* Through a file aside that is gone whatever happens. */
static hb_status put_registry(maker *m, hb_backup_about *a)
{
    hb_stage stage;
    char *copy = NULL;
    hb_store *s = NULL;
    HB_TRY(hb_stage_open(&stage, m->ask->os, m->ask->target, m->err));
    hb_status status = hb_path_join(stage.temporary, HB_BACKUP_REGISTRY, &copy, m->err);
    status = status == HB_OK ? hb_store_copy(m->ask->store, copy, m->err) : status;
    if (status == HB_OK) {
        status = hb_store_open(m->ask->os, copy, HB_STORE_READ, &s, m->err);
    }
    status = status == HB_OK ? hb_store_count(s, &a->counts, m->err) : status;
    hb_store_close(s);
    if (status == HB_OK) {
        status = hb_pack_put_file(m->w, HB_BACKUP_REGISTRY, copy, NULL, m->err);
    }
    if (copy) {
        m->ask->os->unlink(copy); /* it goes even when there is no memory to look for it */
    }
    hb_free(copy);
    hb_stage_abort(&stage);
    return status;
}

/* The log's lock is held while its files, and all others, are read. */
static hb_status put_files(maker *m, hb_backup_about *a)
{
    char dir[PATH_BYTES];
    char checkpoint[PATH_BYTES];
    hb_audit_log *log = NULL;
    HB_TRY(full_path(m, "audit", dir));
    HB_TRY(full_path(m, HB_BACKUP_CHECKPOINT, checkpoint));
    if (hb_path_exists(m->ask->os, checkpoint)) {
        HB_TRY(hb_audit_open_write(m->ask->os, dir, NULL, &log, m->err));
    }
    hb_status status = hb_backup_about_log(log, m->arena, a, m->err);
    status = status == HB_OK ? put_folder(m, "", 0) : status;
    hb_audit_close(log);
    return status;
}

static hb_status put_about(maker *m, const hb_backup_about *a)
{
    hb_buf text;
    hb_buf_init(&text, HB_BACKUP_ABOUT_MAX);
    hb_status status = hb_backup_about_put(a, &text, m->err);
    if (status == HB_OK) {
        status = hb_pack_put(m->w, HB_BACKUP_ABOUT, text.p, text.n, m->err);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status fill(maker *m, hb_backup_told *ret)
{
    char at[HB_TIME_TEXT];
    hb_pack_file manifest;
    hb_time_print(m->ask->now, at);
    hb_backup_about a = {.made_at = hb_arena_str(m->arena, hb_str_of(at)),
                         .program = HB_VERSION,
                         .schema = HB_STORE_SCHEMA};
    if (!a.made_at) {
        return HB_NOMEM(m->err);
    }
    HB_TRY(put_registry(m, &a));
    HB_TRY(put_files(m, &a));
    HB_TRY(put_about(m, &a));
    hb_backup_told told = {.counts = a.counts,
                           .log_size = a.log_size,
                           .log_origin = a.log_origin,
                           .made_at = a.made_at,
                           .program = a.program};
    const hb_pack_file *files = hb_pack_files(m->w, &told.n_files);
    if (!files) {
        return HB_NOMEM(m->err);
    }
    for (size_t i = 0; i < told.n_files; i++) {
        told.bytes += files[i].size;
    }
    HB_TRY(hb_pack_put_manifest(m->w, HB_BACKUP_CASE, &manifest, m->err));
    HB_TRY(hb_pack_finish(m->w, m->err));
    hb_status status = hb_backup_digest(m->ask->os, m->ask->target, told.sha256, m->err);
    if (status != HB_OK) {
        m->ask->os->unlink(m->ask->target);
        return status;
    }
    *ret = told;
    return HB_OK;
}

hb_status hb_backup_make(const hb_backup_ask *ask, hb_arena *arena, hb_backup_told *ret,
                         hb_error *err)
{
    maker m = {.ask = ask, .arena = arena, .err = err};
    HB_TRY(hb_pack_create(ask->os, ask->target, HB_PACK_ZIP, &m.w, err));
    hb_status status = fill(&m, ret);
    hb_pack_writer_free(m.w);
    return status;
}
