/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: what kind of file it is, whether we may use it, bringing it to our schema.
 *
 * A reader opens the file for writing where it may, with query_only set: SQLite lets only such a
 * connection take the write-ahead log's side files away when it is the last one to close. In a
 * folder where no side file can be made and none exists, the file is opened as immutable. */
#include "base/buf.h"
#include "base/mem.h"
#include "os/file.h"
#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { PATH_MAX_BYTES = 64 * 1024 };

typedef struct file_kind {
    int64_t application_id;
    int64_t version;
    int64_t n_objects;
    int64_t n_original; /* tables only the Python tool's registry has */
    int64_t n_late;     /* marks of step 4 as it was released: LATE_MARKS */
} file_kind;

enum { LATE_MARKS = 2 };

/* SQLite's own handler sleeps 100 ms at a time, and of several busy writers one may starve; short
 * uneven sleeps give each its turn. */
static int wait_for_lock(void *ctx, int n_calls)
{
    hb_store *s = ctx;
    int64_t now = s->os->monotonic_ns();
    if (n_calls == 0) {
        s->busy_since_ns = now;
    }
    if (now - s->busy_since_ns >= s->busy_most_ns) {
        return 0;
    }
    unsigned char jitter = 0;
    sqlite3_randomness(1, &jitter);
    sqlite3_sleep(1 + jitter % 4);
    return 1;
}

static bool is_empty_file(const hb_os *os, const char *path, const char *suffix)
{
    char name[4200];
    struct stat st;
    size_t n = strlen(path);
    size_t m = strlen(suffix);
    if (n + m >= sizeof name) {
        return false;
    }
    memcpy(name, path, n);
    memcpy(name + n, suffix, m + 1);
    return os->stat(name, &st) != 0 || st.st_size == 0;
}

static hb_status create_file(const hb_os *os, const char *path, hb_error *err)
{
    int fd = os->open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd >= 0) {
        os->close(fd);
        return HB_OK;
    }
    if (errno == EEXIST) { /* another process was faster */
        return HB_OK;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' cannot be created: its folder does not exist", path);
    }
    return HB_FAIL(err, HB_E_STORE, "registry '%s' cannot be created: %s", path, strerror(errno));
}

static hb_status check_path(const hb_os *os, const char *path, hb_store_mode mode, hb_error *err)
{
    struct stat st;
    if (os->stat(path, &st) == 0) {
        return S_ISREG(st.st_mode)
                   ? HB_OK
                   : HB_FAIL(err, HB_E_STORE, "registry '%s' is not a file; name one with --db",
                             path);
    }
    if (errno != ENOENT) {
        return HB_FAIL(err, HB_E_STORE, "registry '%s' cannot be opened: %s", path,
                       strerror(errno));
    }
    if (mode == HB_STORE_CREATE) {
        return create_file(os, path, err);
    }
    return HB_FAIL(err, HB_E_STORE,
                   "there is no registry at '%s'; make one with 'hb init', or name one with --db",
                   path);
}

/* SQLite takes "file:…" for a URI and ":memory:" for no file at all; behind "./" both are names. */
static hb_status plain_name(const char *path, hb_buf *out, hb_error *err)
{
    hb_buf_c(out, path[0] == '/' ? "" : "./");
    hb_buf_c(out, path);
    return hb_buf_check(out, err);
}

static hb_status immutable_name(const char *path, hb_buf *out, hb_error *err)
{
    hb_buf_c(out, path[0] == '/' ? "file:" : "file:./");
    for (const char *p = path; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("/._-", *p);
        if (plain) {
            hb_buf_ch(out, *p);
        } else {
            hb_buf_fmt(out, "%%%02X", (unsigned)(unsigned char)*p);
        }
    }
    hb_buf_c(out, "?immutable=1");
    return hb_buf_check(out, err);
}

static hb_status connect_as(hb_store *s, const char *name, int flags, hb_error *err)
{
    int rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) {
        return hb_store_fail(s, rc, err);
    }
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_handler(s->db, wait_for_lock, s);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    HB_TRY(hb_sql_do(s, "PRAGMA foreign_keys = ON", err));
    HB_TRY(hb_sql_do(s, "PRAGMA cell_size_check = ON", err));
    if (s->mode == HB_STORE_READ) {
        return hb_sql_do(s, "PRAGMA query_only = ON", err);
    }
    return hb_sql_do(s, "PRAGMA synchronous = FULL", err);
}

static hb_status read_marks(hb_store *s, file_kind *k, hb_error *err)
{
    HB_TRY(hb_sql_number(s, "SELECT count(*) FROM sqlite_schema", &k->n_objects, err));
    HB_TRY(hb_sql_number(s, "PRAGMA application_id", &k->application_id, err));
    HB_TRY(hb_sql_number(s, "PRAGMA user_version", &k->version, err));
    HB_TRY(hb_sql_number(s,
                         "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
                         "('live_restored', 'pack_secret')",
                         &k->n_late, err));
    return hb_sql_number(s,
                         "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
                         "('baseline_tags', 'baseline_lineage')",
                         &k->n_original, err);
}

/* In one snapshot: another process may be creating the registry right now. */
static hb_status read_kind(hb_store *s, file_kind *ret, int *ret_rc, hb_error *err)
{
    file_kind k = {0};
    HB_TRY(hb_sql_do(s, "BEGIN", err));
    hb_status status = read_marks(s, &k, err);
    *ret_rc = sqlite3_errcode(s->db) & 0xff;
    HB_IGNORE(hb_sql_do(s, "ROLLBACK", NULL)); /* nothing was written */
    HB_TRY(status);
    *ret = k;
    return HB_OK;
}

static hb_status reopen_immutable(hb_store *s, hb_error *err)
{
    sqlite3_close(s->db);
    s->db = NULL;
    hb_buf name;
    hb_buf_init(&name, PATH_MAX_BYTES);
    hb_status status = immutable_name(s->path, &name, err);
    if (status == HB_OK) {
        status = connect_as(s, name.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    }
    hb_buf_release(&name);
    return status;
}

/* The file is there, so what cannot be opened is a side file: not "no such file", but a folder
 * nothing can be made in. */
static hb_status read_only_folder(hb_store *s, hb_status status, hb_error *err)
{
    bool side_file = s->mode != HB_STORE_READ && s->db &&
                     (sqlite3_errcode(s->db) & 0xff) == SQLITE_CANTOPEN &&
                     sqlite3_db_readonly(s->db, "main") == 1;
    return side_file ? hb_store_fail(s, SQLITE_READONLY, err) : status;
}

static hb_status connect_and_look(hb_store *s, file_kind *ret_kind, hb_error *err)
{
    hb_buf name;
    hb_buf_init(&name, PATH_MAX_BYTES);
    hb_status status = plain_name(s->path, &name, err);
    if (status == HB_OK) {
        status = connect_as(s, name.p, SQLITE_OPEN_READWRITE, err);
    }
    hb_buf_release(&name);
    if (status != HB_OK) {
        return read_only_folder(s, status, err);
    }
    int rc = SQLITE_OK;
    status = read_kind(s, ret_kind, &rc, err);
    bool no_side_files = rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY;
    if (status != HB_E_STORE || s->mode != HB_STORE_READ || !no_side_files) {
        return status;
    }
    if (!is_empty_file(s->os, s->path, "-wal")) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' has work in '%s-wal' that can only be read where side files "
                       "can be made; copy both files into a folder you may write to",
                       s->path, s->path);
    }
    HB_TRY(reopen_immutable(s, err));
    return read_kind(s, ret_kind, &rc, err);
}

static hb_status check_kind(const hb_store *s, const file_kind *k, int schema, bool *ret_new,
                            hb_error *err)
{
    if (k->application_id == HB_STORE_APPLICATION_ID && k->version > schema) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' was written by a newer hb (schema %lld, this one knows %d); "
                       "it was left untouched: use that hb, or another registry with --db",
                       s->path, (long long)k->version, schema);
    }
    if (k->application_id == HB_STORE_APPLICATION_ID && k->version >= 4 &&
        k->n_late != LATE_MARKS) { /* what is there fits neither step 3 nor step 4 */
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' was made by an unreleased build of hb, whose schema 4 lacks "
                       "tables; it was left untouched: read it with that build, and start a new "
                       "registry with --db or in a new workspace",
                       s->path);
    }
    if (k->application_id == HB_STORE_APPLICATION_ID && k->version > 0) {
        *ret_new = false;
        return HB_OK;
    }
    if (k->n_original) {
        return HB_FAIL(err, HB_E_STORE,
                       "'%s' is a registry of the Python Harmony Bridge, which this hb does not "
                       "read; ingest its run files into a new registry with --db",
                       s->path);
    }
    if (k->n_objects || k->application_id || k->version) {
        return HB_FAIL(err, HB_E_STORE,
                       "'%s' is a database of another program, not a registry; name the right one "
                       "with --db",
                       s->path);
    }
    if (s->mode != HB_STORE_CREATE) {
        return HB_FAIL(err, HB_E_STORE,
                       "'%s' is empty, there is no registry in it; make one with 'hb init'",
                       s->path);
    }
    *ret_new = true;
    return HB_OK;
}

/* Changing the mode needs the file for itself, and SQLite does not ask the handler before it gives
 * up, so processes that create one registry together would refuse each other. */
static hb_status switch_to_wal(hb_store *s, hb_error *err)
{
    int64_t start = s->os->monotonic_ns();
    for (;;) {
        hb_status status = hb_sql_do(s, "PRAGMA journal_mode = WAL", err);
        bool busy = status != HB_OK && (sqlite3_errcode(s->db) & 0xff) == SQLITE_BUSY;
        if (!busy || s->os->monotonic_ns() - start >= (int64_t)HB_STORE_BUSY_MS * 1000000) {
            return status;
        }
        sqlite3_sleep(1);
    }
}

static hb_status prepare_for_writing(hb_store *s, const file_kind *k, const hb_migration *steps,
                                     size_t n_steps, hb_error *err)
{
    if (sqlite3_db_readonly(s->db, "main") == 1) { /* SQLite falls back to this without a word */
        return hb_store_fail(s, SQLITE_READONLY, err);
    }
    HB_TRY(switch_to_wal(s, err));
    return k->version < (int64_t)n_steps ? hb_store_migrate(s, steps, n_steps, err) : HB_OK;
}

static hb_status open_file(hb_store *s, const hb_migration *steps, size_t n_steps, hb_error *err)
{
    file_kind k = {0};
    bool is_new = false;
    HB_TRY(connect_and_look(s, &k, err));
    HB_TRY(check_kind(s, &k, (int)n_steps, &is_new, err));
    if (s->mode != HB_STORE_READ) {
        return prepare_for_writing(s, &k, steps, n_steps, err);
    }
    if (k.version < (int64_t)n_steps) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' has schema %lld, this hb reads %zu; bring it up to date with "
                       "'hb init' or any command that writes to it",
                       s->path, (long long)k.version, n_steps);
    }
    return HB_OK;
}

hb_status hb_store_open_with(const hb_os *os, const char *path, hb_store_mode mode,
                             const hb_migration *steps, size_t n_steps, hb_store **ret_store,
                             hb_error *err)
{
    HB_TRY(check_path(os, path, mode, err));
    hb_store *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->os = os;
    s->mode = mode;
    hb_store_set_busy(s, HB_STORE_BUSY_MS);
    s->path = hb_strdup(path);
    hb_status status = s->path ? open_file(s, steps, n_steps, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_store_close(s);
        return status;
    }
    *ret_store = s;
    return HB_OK;
}

hb_status hb_store_open(const hb_os *os, const char *path, hb_store_mode mode, hb_store **ret_store,
                        hb_error *err)
{
    return hb_store_open_with(os, path, mode, hb_store_migrations, hb_store_migration_count,
                              ret_store, err);
}

void hb_store_close(hb_store *s)
{
    if (s) {
        sqlite3_close(s->db);
        hb_free(s->path);
        hb_free(s);
    }
}

const char *hb_store_path(const hb_store *s)
{
    return s->path;
}

void hb_store_set_busy(hb_store *s, uint32_t ms)
{
    s->busy_most_ns = (int64_t)ms * 1000000;
}

hb_status hb_store_in_place(hb_store *s, hb_error *err)
{
    int moved = 0;
    int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return rc == SQLITE_OK && moved
               ? HB_FAIL(err, HB_E_STORE,
                         "registry '%s' was removed or replaced while it was open; put it back, or "
                         "start again with the one that is there",
                         s->path)
               : HB_OK;
}

hb_status hb_store_begin(hb_store *s, hb_error *err)
{
    HB_TRY(s->writing ? HB_OK : hb_store_in_place(s, err));
    HB_TRY(hb_sql_do(s, s->writing ? "SAVEPOINT inner_work" : "BEGIN IMMEDIATE", err));
    s->writing++;
    return HB_OK;
}

static hb_status end_inner(hb_store *s, hb_status status, hb_error *err)
{
    if (status == HB_OK) {
        return hb_sql_do(s, "RELEASE inner_work", err);
    }
    if (!sqlite3_get_autocommit(s->db)) { /* else SQLite took back the whole by itself */
        HB_IGNORE(hb_sql_do(s, "ROLLBACK TO inner_work", NULL)); /* the first failure is the one */
        HB_IGNORE(hb_sql_do(s, "RELEASE inner_work", NULL));     /* to report */
    }
    return status;
}

hb_status hb_store_end(hb_store *s, hb_status status, hb_error *err)
{
    if (s->writing > 1) {
        s->writing--;
        return end_inner(s, status, err);
    }
    if (status == HB_OK) {
        status = hb_sql_do(s, "COMMIT", err);
    }
    s->writing = 0;
    if (status != HB_OK && !sqlite3_get_autocommit(s->db)) {
        HB_IGNORE(hb_sql_do(s, "ROLLBACK", NULL)); /* the first failure is the one to report */
    }
    return status;
}

hb_status hb_store_look(hb_store *s, bool *ret_own, hb_error *err)
{
    *ret_own = s->writing == 0;
    return *ret_own ? hb_sql_do(s, "BEGIN", err) : HB_OK;
}

void hb_store_looked(hb_store *s, bool own)
{
    if (own) {
        /* Nothing was written, and a lost lock is no loss. */
        HB_IGNORE(hb_sql_do(s, "ROLLBACK", NULL));
    }
}
