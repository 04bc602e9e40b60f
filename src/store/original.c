/* SPDX-License-Identifier: Apache-2.0 */
/* Columns are asked for by name, so that tables of any of the original's states are read: a column
 * it did not have yet reads as empty. */
#include "store/original.h"

#include "base/mem.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { PAIRS_MAX = 100000, SQL_MAX = 2048 };

struct hb_original {
    char *path;
    sqlite3 *db;
    sqlite3_stmt *runs;
    sqlite3_stmt *metrics;
};

static const char *const run_columns[] = {"run_id",
                                          "program",
                                          "subsystem",
                                          "test_name",
                                          "operating_mode",
                                          "scenario_id",
                                          "sensor_config_id",
                                          "input_data_version",
                                          "environment_fingerprint",
                                          "environment",
                                          "build_sha",
                                          "build_id",
                                          "source_system",
                                          "start_utc",
                                          "end_utc",
                                          "status",
                                          "created_at",
                                          NULL};

enum {
    RUN_ID,
    PROGRAM,
    SUBSYSTEM,
    TEST_NAME,
    CONTEXT,
    BUILD_SHA = CONTEXT + HB_CONTEXT_COUNT,
    BUILD_ID,
    SOURCE_SYSTEM,
    START,
    END,
    STATUS,
    CREATED
};

static hb_status fail(const hb_original *o, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "'%s' cannot be read as the original's runs.db: %s", o->path,
                   sqlite3_errmsg(o->db));
}

static bool has_column(hb_original *o, const char *table, const char *column)
{
    sqlite3_stmt *q = NULL;
    bool there = sqlite3_prepare_v2(o->db, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", -1,
                                    &q, NULL) == SQLITE_OK &&
                 sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC) == SQLITE_OK &&
                 sqlite3_bind_text(q, 2, column, -1, SQLITE_STATIC) == SQLITE_OK &&
                 sqlite3_step(q) == SQLITE_ROW;
    sqlite3_finalize(q);
    return there;
}

static hb_status select_columns(hb_original *o, const char *table, const char *const *columns,
                                const char *rest, sqlite3_stmt **ret, hb_error *err)
{
    char sql[SQL_MAX];
    size_t n = (size_t)snprintf(sql, sizeof sql, "SELECT ");
    for (size_t i = 0; columns[i] && n < sizeof sql; i++) {
        n += (size_t)snprintf(sql + n, sizeof sql - n, "%s%s", i ? ", " : "",
                              has_column(o, table, columns[i]) ? columns[i] : "NULL");
    }
    if (n < sizeof sql) {
        n += (size_t)snprintf(sql + n, sizeof sql - n, " FROM %s %s", table, rest);
    }
    if (n >= sizeof sql) {
        return HB_FAIL(err, HB_E_BUG, "a statement does not fit");
    }
    return sqlite3_prepare_v2(o->db, sql, -1, ret, NULL) == SQLITE_OK ? HB_OK : fail(o, err);
}

static hb_status check_tables(hb_original *o, hb_error *err)
{
    static const char *const needed[][2] = {{"runs", "run_id"},
                                            {"runs", "status"},
                                            {"metrics", "run_id"},
                                            {"metrics", "metric"},
                                            {"metrics", "value"}};
    if (has_column(o, "runs", "digest")) {
        return HB_FAIL(
            err, HB_E_INPUT,
            "'%s' is a registry of this program already; nothing needs importing: use it "
            "with --db",
            o->path);
    }
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!has_column(o, needed[i][0], needed[i][1])) {
            return HB_FAIL(err, HB_E_INPUT,
                           "'%s' is no registry of the original: there is no column %s.%s", o->path,
                           needed[i][0], needed[i][1]);
        }
    }
    return HB_OK;
}

static hb_status begin(hb_original *o, hb_error *err)
{
    static const char *const metric_columns[] = {"rowid", "metric", "value", "unit", "tags", NULL};
    if (sqlite3_open_v2(o->path, &o->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        return fail(o, err);
    }
    sqlite3_busy_timeout(o->db, 5000);
    /* What a file says about itself must not run code (functions in views and triggers). */
    sqlite3_db_config(o->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (sqlite3_exec(o->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK) {
        return fail(o, err);
    }
    HB_TRY(check_tables(o, err));
    HB_TRY(select_columns(o, "runs", run_columns, "ORDER BY created_at, rowid", &o->runs, err));
    /* rowid is no column of the table's own: asked for by hand. */
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql,
             "SELECT rowid, %s, %s, %s, %s FROM metrics WHERE run_id = ? ORDER BY rowid",
             metric_columns[1], metric_columns[2],
             has_column(o, "metrics", "unit") ? "unit" : "NULL",
             has_column(o, "metrics", "tags") ? "tags" : "NULL");
    return sqlite3_prepare_v2(o->db, sql, -1, &o->metrics, NULL) == SQLITE_OK ? HB_OK
                                                                              : fail(o, err);
}

hb_status hb_original_open(const char *path, hb_original **ret_original, hb_error *err)
{
    hb_original *o = hb_alloc_zero(sizeof *o);
    if (!o) {
        return HB_NOMEM(err);
    }
    o->path = hb_strdup(path);
    hb_status status = o->path ? begin(o, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_original_close(o);
        return status;
    }
    *ret_original = o;
    return HB_OK;
}

void hb_original_close(hb_original *o)
{
    if (o) {
        sqlite3_finalize(o->runs);
        sqlite3_finalize(o->metrics);
        sqlite3_close(o->db);
        hb_free(o->path);
        hb_free(o);
    }
}

static hb_str text_of(sqlite3_stmt *q, int column)
{
    const void *p = sqlite3_column_text(q, column);
    return (hb_str){p ? p : "", p ? (size_t)sqlite3_column_bytes(q, column) : 0};
}

static hb_time time_of(hb_str s)
{
    hb_time t = HB_TIME_NONE;
    return hb_time_parse(s.p, s.n, &t, NULL) ? t : HB_TIME_NONE;
}

hb_status hb_original_run(hb_original *o, hb_arena *arena, hb_original_run_row *ret_run,
                          bool *ret_more, hb_error *err)
{
    int rc = sqlite3_step(o->runs);
    *ret_more = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW) {
        return rc == SQLITE_DONE ? HB_OK : fail(o, err);
    }
    const char *texts[sizeof run_columns / sizeof *run_columns];
    for (int i = 0; run_columns[i]; i++) {
        texts[i] = hb_arena_str(arena, text_of(o->runs, i));
        if (!texts[i]) {
            return HB_NOMEM(err);
        }
    }
    hb_run_meta m = {.run_id = texts[RUN_ID],
                     .program = texts[PROGRAM],
                     .subsystem = texts[SUBSYSTEM],
                     .test_name = texts[TEST_NAME],
                     .git_sha = texts[BUILD_SHA],
                     .build_id = texts[BUILD_ID],
                     .source_system = texts[SOURCE_SYSTEM],
                     .schema_version = "",
                     .correlation_id = "",
                     .start = time_of(hb_str_of(texts[START])),
                     .end = time_of(hb_str_of(texts[END]))};
    for (int i = 0; i < HB_CONTEXT_COUNT; i++) {
        m.context[i] = texts[CONTEXT + i];
    }
    *ret_run = (hb_original_run_row){
        .meta = m, .status = texts[STATUS], .created = time_of(hb_str_of(texts[CREATED]))};
    sqlite3_reset(o->metrics);
    int bad = sqlite3_bind_text(o->metrics, 1, m.run_id, -1, SQLITE_TRANSIENT);
    return bad == SQLITE_OK ? HB_OK : fail(o, err);
}

hb_status hb_original_metric(hb_original *o, hb_original_metric_row *ret_metric, bool *ret_more,
                             hb_error *err)
{
    int rc = sqlite3_step(o->metrics);
    *ret_more = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW) {
        return rc == SQLITE_DONE ? HB_OK : fail(o, err);
    }
    int type = sqlite3_column_type(o->metrics, 2);
    *ret_metric = (hb_original_metric_row){
        .row = (uint64_t)sqlite3_column_int64(o->metrics, 0),
        .name = text_of(o->metrics, 1),
        .has_value = type == SQLITE_FLOAT || type == SQLITE_INTEGER,
        .value = sqlite3_column_double(o->metrics, 2),
        .unit = text_of(o->metrics, 3),
        .tags = text_of(o->metrics, 4),
    };
    return HB_OK;
}

static hb_status pairs(hb_original *o, const char *table, const char *const *columns,
                       hb_arena *arena, hb_original_pair **ret, size_t *ret_n, hb_error *err)
{
    sqlite3_stmt *q = NULL;
    hb_original_pair *list = NULL;
    size_t cap = 0;
    size_t n = 0;
    *ret = NULL;
    *ret_n = 0;
    if (!has_column(o, table, columns[0])) {
        return HB_OK;
    }
    HB_TRY(select_columns(o, table, columns, "ORDER BY 1", &q, err));
    hb_status status = HB_OK;
    int rc = SQLITE_DONE;
    while (status == HB_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        status = n < PAIRS_MAX
                     ? HB_ARENA_GROW(arena, list, n, cap, err)
                     : HB_FAIL(err, HB_E_LIMIT, "more than %d rows in %s", PAIRS_MAX, table);
        if (status == HB_OK) {
            hb_original_pair p = {.name = hb_arena_str(arena, text_of(q, 0)),
                                  .run_id = hb_arena_str(arena, text_of(q, 1)),
                                  .runs = hb_arena_str(arena, text_of(q, 2)),
                                  .created = time_of(text_of(q, 3))};
            status = p.name && p.run_id && p.runs ? HB_OK : HB_NOMEM(err);
            list[n++] = p;
        }
    }
    if (status == HB_OK && rc != SQLITE_DONE) {
        status = fail(o, err);
    }
    sqlite3_finalize(q);
    if (status == HB_OK) {
        *ret = list;
        *ret_n = n;
    }
    return status;
}

hb_status hb_original_tags(hb_original *o, hb_arena *arena, hb_original_pair **ret, size_t *ret_n,
                           hb_error *err)
{
    static const char *const columns[] = {"tag", "run_id", "registry_hash", "created_at", NULL};
    return pairs(o, "baseline_tags", columns, arena, ret, ret_n, err);
}

hb_status hb_original_versions(hb_original *o, hb_arena *arena, hb_original_pair **ret,
                               size_t *ret_n, hb_error *err)
{
    static const char *const columns[] = {"version_id", "baseline_run_id", "source_run_ids",
                                          "created_at", NULL};
    return pairs(o, "baseline_versions", columns, arena, ret, ret_n, err);
}

uint64_t hb_original_count(hb_original *o, const char *table)
{
    char sql[128];
    sqlite3_stmt *q = NULL;
    uint64_t n = 0;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%.64s\"", table);
    if (sqlite3_prepare_v2(o->db, sql, -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW) {
        n = (uint64_t)sqlite3_column_int64(q, 0);
    }
    sqlite3_finalize(q);
    return n;
}
