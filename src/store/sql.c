/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <math.h>
#include <string.h>

hb_status hb_sql_open(hb_store *s, const char *text, hb_sql *ret_q, hb_error *err)
{
    hb_sql q = {.s = s};
    int rc = sqlite3_prepare_v2(s->db, text, -1, &q.stmt, NULL);
    if (rc != SQLITE_OK) {
        return hb_store_fail(s, rc, err);
    }
    *ret_q = q;
    return HB_OK;
}

void hb_sql_close(hb_sql *q)
{
    sqlite3_finalize(q->stmt);
    *q = (hb_sql){0};
}

static void keep(hb_sql *q, int rc)
{
    if (q->failed == SQLITE_OK) {
        q->failed = rc;
    }
}

void hb_sql_text(hb_sql *q, const char *text)
{
    const char *p = text ? text : "";
    keep(q, sqlite3_bind_text64(q->stmt, ++q->param, p, strlen(p), SQLITE_STATIC, SQLITE_UTF8));
}

void hb_sql_any(hb_sql *q, const char *text)
{
    if (text) {
        hb_sql_text(q, text);
    } else {
        hb_sql_blob(q, NULL, 0);
    }
}

void hb_sql_i64(hb_sql *q, int64_t v)
{
    keep(q, sqlite3_bind_int64(q->stmt, ++q->param, v));
}

void hb_sql_u64(hb_sql *q, uint64_t v)
{
    hb_sql_i64(q, (int64_t)v);
}

void hb_sql_f64(hb_sql *q, double v)
{
    keep(q, sqlite3_bind_double(q->stmt, ++q->param, v));
}

void hb_sql_step(hb_sql *q, double step)
{
    hb_sql_f64(q, step > 0 ? step : NAN);
}

void hb_sql_time(hb_sql *q, hb_time t)
{
    if (t == HB_TIME_NONE) {
        keep(q, sqlite3_bind_null(q->stmt, ++q->param));
    } else {
        hb_sql_i64(q, t);
    }
}

void hb_sql_blob(hb_sql *q, const void *p, size_t n)
{
    keep(q, sqlite3_bind_blob64(q->stmt, ++q->param, p, n, SQLITE_STATIC));
}

hb_status hb_sql_check(hb_sql *q, hb_error *err)
{
    return q->failed == SQLITE_OK ? HB_OK : hb_store_fail(q->s, q->failed, err);
}

hb_status hb_sql_exec(hb_sql *q, hb_error *err)
{
    if (q->failed == SQLITE_OK) {
        int rc = sqlite3_step(q->stmt);
        keep(q, rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc);
    }
    /* The message of a failure is read before the reset could change it. */
    hb_status status = hb_sql_check(q, err);
    sqlite3_reset(q->stmt);
    q->param = 0;
    return status;
}

hb_status hb_sql_row(hb_sql *q, bool *ret_more, hb_error *err)
{
    int rc = SQLITE_DONE;
    if (q->failed == SQLITE_OK) {
        rc = sqlite3_step(q->stmt);
        keep(q, rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc);
    }
    HB_TRY(hb_sql_check(q, err));
    q->column = -1;
    *ret_more = rc == SQLITE_ROW;
    return HB_OK;
}

const char *hb_sql_get_text(hb_sql *q, hb_arena *arena)
{
    const unsigned char *p = sqlite3_column_text(q->stmt, ++q->column);
    size_t n = (size_t)sqlite3_column_bytes(q->stmt, q->column);
    char *copy = NULL;
    if (p) {
        copy = hb_arena_strndup(arena, (const char *)p, n);
    }
    if (!copy) {
        keep(q, SQLITE_NOMEM);
        return "";
    }
    return copy;
}

int64_t hb_sql_get_i64(hb_sql *q)
{
    return sqlite3_column_int64(q->stmt, ++q->column);
}

uint64_t hb_sql_get_u64(hb_sql *q)
{
    return (uint64_t)hb_sql_get_i64(q);
}

double hb_sql_get_f64(hb_sql *q)
{
    q->column++;
    return sqlite3_column_type(q->stmt, q->column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(q->stmt, q->column);
}

double hb_sql_get_step(hb_sql *q)
{
    double step = hb_sql_get_f64(q);
    return step > 0 ? step : 0;
}

hb_time hb_sql_get_time(hb_sql *q)
{
    q->column++;
    return sqlite3_column_type(q->stmt, q->column) == SQLITE_NULL
               ? HB_TIME_NONE
               : sqlite3_column_int64(q->stmt, q->column);
}

hb_str hb_sql_get_blob(hb_sql *q)
{
    const void *p = sqlite3_column_blob(q->stmt, ++q->column);
    return p ? (hb_str){p, (size_t)sqlite3_column_bytes(q->stmt, q->column)} : (hb_str){NULL, 0};
}

hb_status hb_sql_do(hb_store *s, const char *text, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, text, &q, err));
    return hb_sql_exec(&q, err);
}

hb_status hb_sql_number(hb_store *s, const char *text, int64_t *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool more = false;
    HB_TRY(hb_sql_open(s, text, &q, err));
    HB_TRY(hb_sql_row(&q, &more, err));
    if (!more) {
        return HB_FAIL(err, HB_E_BUG, "'%s' gave no row", text);
    }
    *ret = hb_sql_get_i64(&q);
    return HB_OK;
}
