/* SPDX-License-Identifier: Apache-2.0 */
#include "store/backup.h"

#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { PAGES = 4096, WAIT_MS = 20 };

/* Another process that writes makes SQLite begin again; in a transaction of ours it does not have
 * to, so one step is all. */
static hb_status copy_pages(hb_store *s, sqlite3 *to, const char *path, hb_error *err)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", s->db, "main");
    int rc = b ? SQLITE_OK : sqlite3_errcode(to);
    int64_t begun = s->os->monotonic_ns();
    while (b && (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)) {
        rc = sqlite3_backup_step(b, PAGES);
        if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
            if (s->os->monotonic_ns() - begun > s->busy_most_ns) {
                break;
            }
            sqlite3_sleep(WAIT_MS);
        } else {
            begun = s->os->monotonic_ns();
        }
    }
    int finished = b ? sqlite3_backup_finish(b) : rc;
    return rc == SQLITE_DONE && finished == SQLITE_OK
               ? HB_OK
               : HB_FAIL(err, HB_E_STORE, "registry '%s' cannot be copied to '%s': %s", s->path,
                         path, sqlite3_errstr(rc == SQLITE_DONE ? finished : rc));
}

static hb_status make_file(const hb_os *os, const char *path, hb_error *err)
{
    int fd = os->open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot make '%s': %s", path, strerror(errno));
    }
    os->close(fd);
    return HB_OK;
}

hb_status hb_store_copy(hb_store *s, const char *path, hb_error *err)
{
    hb_buf name;
    sqlite3 *to = NULL;
    bool own = false;
    HB_TRY(make_file(s->os, path, err));
    hb_buf_init(&name, 8192);
    hb_buf_fmt(&name, "%s%s", path[0] == '/' ? "" : "./", path);
    hb_status status = hb_buf_check(&name, err);
    if (status == HB_OK && sqlite3_open_v2(name.p, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                           NULL) != SQLITE_OK) {
        status = HB_FAIL(err, HB_E_STORE, "cannot open '%s' for a copy: %s", path,
                         to ? sqlite3_errmsg(to) : "out of memory");
    }
    if (status == HB_OK) {
        status = hb_store_look(s, &own, err);
    }
    if (status == HB_OK) {
        status = copy_pages(s, to, path, err);
        hb_store_looked(s, own);
    }
    /* One file, without a log beside it, whatever the mode of the original. */
    if (status == HB_OK &&
        sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK) {
        status = HB_FAIL(err, HB_E_STORE, "the copy '%s' cannot be closed: %s", path,
                         sqlite3_errmsg(to));
    }
    sqlite3_close(to);
    if (status != HB_OK) {
        s->os->unlink(path);
    }
    hb_buf_release(&name);
    return status;
}

static hb_status no_rows(hb_store *s, const char *text, const char *what, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool more = false;
    HB_TRY(hb_sql_open(s, text, &q, err));
    HB_TRY(hb_sql_row(&q, &more, err));
    return more ? HB_FAIL(err, HB_E_STORE, "registry '%s' is damaged: %s", s->path, what) : HB_OK;
}

hb_status hb_store_check(hb_store *s, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool more = false;
    hb_arena arena;
    hb_arena_init(&arena, 64 << 10);
    hb_status status = hb_sql_open(s, "PRAGMA integrity_check(1)", &q, err);
    status = status == HB_OK ? hb_sql_row(&q, &more, err) : status;
    const char *said = status == HB_OK && more ? hb_sql_get_text(&q, &arena) : "nothing was said";
    status = status == HB_OK ? hb_sql_check(&q, err) : status;
    if (status == HB_OK && strcmp(said, "ok") != 0) {
        status = HB_FAIL(err, HB_E_STORE, "registry '%s' is damaged: %.200s", s->path, said);
    }
    hb_arena_release(&arena);
    HB_TRY(status);
    return no_rows(s, "PRAGMA foreign_key_check", "a row refers to another that is not there", err);
}

hb_status hb_store_count(hb_store *s, hb_store_counts *ret, hb_error *err)
{
    static const char *const queries[] = {"SELECT count(*) FROM runs",
                                          "SELECT count(*) FROM decisions",
                                          "SELECT count(*) FROM baseline_versions",
                                          "SELECT count(*) FROM tags",
                                          "SELECT count(*) FROM statements",
                                          "SELECT count(*) FROM audit_queue"};
    int64_t n[sizeof queries / sizeof *queries] = {0};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        HB_TRY(hb_sql_number(s, queries[i], &n[i], err));
    }
    *ret = (hb_store_counts){.runs = (uint64_t)n[0],
                             .decisions = (uint64_t)n[1],
                             .versions = (uint64_t)n[2],
                             .tags = (uint64_t)n[3],
                             .statements = (uint64_t)n[4],
                             .log_entries = (uint64_t)n[5]};
    return HB_OK;
}
