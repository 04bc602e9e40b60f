/* SPDX-License-Identifier: Apache-2.0 */
#include "input/sqlite/guard.h"

#include "base/mem.h"
#include "input/sqlite/sqlite.h"

#include <stdio.h>
#include <string.h>

enum { STEPS_A_CALL = 10000 };

static const uint64_t default_max_steps = UINT64_C(10000000000);

struct hb_sqlite_guard {
    sqlite3 *db;
    hb_sqlite_vfs *vfs;
    const char *path;
    uint64_t max_steps;
    uint64_t steps;
    sqlite3_int64 memory_before; /* the library's use by others */
    bool out_of_steps;
    bool out_of_memory;
    char denied[100];
};

/* Functions whose answer does not come from the file. */
static bool is_foreign(const char *function)
{
    static const char *const names[] = {"random",        "randomblob",   "load_extension",
                                        "current_date",  "current_time", "current_timestamp",
                                        "fts3_tokenizer"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (sqlite3_stricmp(function, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int authorise(void *ctx, int action, const char *a, const char *b, const char *db,
                     const char *trigger)
{
    hb_sqlite_guard *g = ctx;
    (void)a;
    (void)db;
    (void)trigger;
    if (action == SQLITE_SELECT || action == SQLITE_READ) {
        return SQLITE_OK;
    }
    if (action == SQLITE_FUNCTION && b && !is_foreign(b)) {
        return SQLITE_OK;
    }
    if (action == SQLITE_FUNCTION) {
        snprintf(g->denied, sizeof g->denied, "the function %.40s, whose answer is not in the file",
                 b ? b : "?");
    } else {
        snprintf(g->denied, sizeof g->denied, "%s",
                 action == SQLITE_RECURSIVE ? "a recursive query" : "anything but SELECT");
    }
    return SQLITE_DENY;
}

static int progress(void *ctx)
{
    hb_sqlite_guard *g = ctx;
    g->steps += STEPS_A_CALL;
    g->out_of_steps = g->steps > g->max_steps;
    g->out_of_memory = sqlite3_memory_used() - g->memory_before > HB_SQLITE_MAX_MEMORY;
    return g->out_of_steps || g->out_of_memory;
}

static void set_limits(sqlite3 *db)
{
    static const struct {
        int what;
        int most;
    } rows[] = {
        {SQLITE_LIMIT_LENGTH, HB_SQLITE_MAX_ROW},
        {SQLITE_LIMIT_SQL_LENGTH, HB_SQLITE_MAX_QUERY},
        {SQLITE_LIMIT_COLUMN, 2000},
        {SQLITE_LIMIT_EXPR_DEPTH, 200},
        {SQLITE_LIMIT_COMPOUND_SELECT, 50},
        {SQLITE_LIMIT_VDBE_OP, 250000},
        {SQLITE_LIMIT_FUNCTION_ARG, 100},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 0},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sqlite3_limit(db, rows[i].what, rows[i].most);
    }
}

/* What the library's own advice for files from strangers says (sqlite.org/security.html). Double
 * quotes name columns and nothing else, so that a slip in a name is an error and no text. */
static int harden(hb_sqlite_guard *g)
{
    static const struct {
        int what;
        int value;
    } rows[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int rc = sqlite3_db_config(g->db, rows[i].what, rows[i].value, (int *)NULL);
        if (rc != SQLITE_OK) {
            return rc;
        }
    }
    set_limits(g->db);
    sqlite3_progress_handler(g->db, STEPS_A_CALL, progress, g);
    int rc = sqlite3_exec(g->db,
                          "PRAGMA query_only=1; PRAGMA cell_size_check=1; PRAGMA mmap_size=0; "
                          "PRAGMA temp_store=1; PRAGMA cache_size=-4096;",
                          NULL, NULL, NULL);
    return rc == SQLITE_OK ? sqlite3_set_authorizer(g->db, authorise, g) : rc;
}

hb_status hb_sqlite_guard_new(hb_stream *stream, uint64_t max_steps, hb_sqlite_guard **ret,
                              hb_error *err)
{
    hb_sqlite_guard *g = hb_alloc_zero(sizeof *g);
    if (!g) {
        return HB_NOMEM(err);
    }
    g->path = hb_stream_path(stream);
    g->max_steps = max_steps ? max_steps : default_max_steps;
    g->memory_before = sqlite3_memory_used();
    hb_status status = hb_sqlite_vfs_new(stream, &g->vfs, err);
    if (status == HB_OK) {
        int rc = sqlite3_open_v2("file:database?immutable=1", &g->db,
                                 SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                                     SQLITE_OPEN_PRIVATECACHE,
                                 hb_sqlite_vfs_name(g->vfs));
        rc = rc == SQLITE_OK ? harden(g) : rc;
        status = rc == SQLITE_OK ? HB_OK : hb_sqlite_guard_error(g, rc, false, err);
    }
    if (status != HB_OK) {
        hb_sqlite_guard_free(g);
        return status;
    }
    *ret = g;
    return HB_OK;
}

void hb_sqlite_guard_free(hb_sqlite_guard *g)
{
    if (g) {
        sqlite3_close(g->db);
        hb_sqlite_vfs_free(g->vfs);
        hb_free(g);
    }
}

sqlite3 *hb_sqlite_guard_db(const hb_sqlite_guard *g)
{
    return g->db;
}

void hb_sqlite_guard_row(hb_sqlite_guard *g)
{
    g->steps = 0;
}

static hb_status ended(const hb_sqlite_guard *g, hb_error *err)
{
    return g->out_of_memory
               ? HB_FAIL(err, HB_E_LIMIT, "'%s': the query needs more than %d MiB of memory",
                         g->path, HB_SQLITE_MAX_MEMORY >> 20)
               : HB_FAIL(err, HB_E_LIMIT,
                         "'%s': the query gave no row for %llu steps of SQLite's machine and was "
                         "ended",
                         g->path, (unsigned long long)g->max_steps);
}

hb_status hb_sqlite_guard_error(const hb_sqlite_guard *g, int rc, bool usage, hb_error *err)
{
    const hb_error *file = hb_sqlite_vfs_error(g->vfs);
    const char *said = g->db ? sqlite3_errmsg(g->db) : sqlite3_errstr(rc);
    if (file) {
        return HB_FAIL(err, file->code, "%s", file->msg);
    }
    if (*g->denied) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s': the query may be a SELECT over the file; %s is not "
                       "permitted",
                       g->path, g->denied);
    }
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return HB_NOMEM(err);
    case SQLITE_INTERRUPT:
        return ended(g, err);
    case SQLITE_TOOBIG:
        return HB_FAIL(err, HB_E_LIMIT, "'%s': a value or the query is too long (%d bytes at most)",
                       g->path, HB_SQLITE_MAX_ROW);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_FORMAT:
        return HB_FAIL(err, HB_E_INPUT, "'%s' is a damaged or cut off SQLite database: %.200s",
                       g->path, said);
    default:
        return HB_FAIL(err, usage ? HB_E_USAGE : HB_E_INPUT, "'%s': SQLite says: %.300s", g->path,
                       said);
    }
}
