/* SPDX-License-Identifier: Apache-2.0 */
/* One SQL statement, used from left to right.
 *
 *     hb_sql_open(s, "INSERT … VALUES (?, ?)", &q, err)
 *     hb_sql_text(&q, "a"); hb_sql_i64(&q, 1); hb_sql_exec(&q, err)       again for the next row
 *     hb_sql_row(&q, &more, err) while more: hb_sql_get_text(&q, arena) … in column order
 *     hb_sql_close(&q)
 *
 * Binding and reading never report: the first failure sticks and the next exec, row or check
 * returns it. NULL text is stored as "". Text and blobs are borrowed until exec or the last row.
 * A double is stored with all its bits except NaN, which SQLite keeps as NULL and we read back as
 * NaN; HB_TIME_NONE is NULL. */
#ifndef HB_STORE_SQL_H
#define HB_STORE_SQL_H

#include "store/store_internal.h"

typedef struct hb_sql {
    hb_store *s;
    sqlite3_stmt *stmt;
    int param;  /* last one bound */
    int column; /* last one read */
    int failed; /* SQLite result code, sticky */
} hb_sql;

HB_CHECKED hb_status hb_sql_open(hb_store *s, const char *text, hb_sql *ret_q, hb_error *err);
void hb_sql_close(hb_sql *q);

void hb_sql_text(hb_sql *q, const char *text);
void hb_sql_any(hb_sql *q, const char *text); /* NULL text stores NULL: matches anything */
void hb_sql_i64(hb_sql *q, int64_t v);
void hb_sql_u64(hb_sql *q, uint64_t v); /* over 2^63 as negative; read back the same */
void hb_sql_f64(hb_sql *q, double v);
void hb_sql_step(hb_sql *q, double step); /* a resolution: what is not > 0 is unknown, NULL */
void hb_sql_time(hb_sql *q, hb_time t);
void hb_sql_blob(hb_sql *q, const void *p, size_t n); /* NULL stores NULL */

/* Runs a statement without rows and makes it ready for the next values. */
HB_CHECKED hb_status hb_sql_exec(hb_sql *q, hb_error *err);
/* Next row; *ret_more = false after the last. */
HB_CHECKED hb_status hb_sql_row(hb_sql *q, bool *ret_more, hb_error *err);
HB_CHECKED hb_status hb_sql_check(hb_sql *q, hb_error *err);

const char *hb_sql_get_text(hb_sql *q, hb_arena *arena); /* "" once something failed */
int64_t hb_sql_get_i64(hb_sql *q);
uint64_t hb_sql_get_u64(hb_sql *q);
double hb_sql_get_f64(hb_sql *q);
double hb_sql_get_step(hb_sql *q); /* 0 for NULL */
hb_time hb_sql_get_time(hb_sql *q);
/* Valid until the next row; p = NULL and n = 0 for NULL. */
hb_str hb_sql_get_blob(hb_sql *q);

/* A statement without parameters or rows. */
HB_CHECKED hb_status hb_sql_do(hb_store *s, const char *text, hb_error *err);
/* The first column of the first row as a number. */
HB_CHECKED hb_status hb_sql_number(hb_store *s, const char *text, int64_t *ret, hb_error *err);

#endif
