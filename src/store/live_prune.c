/* SPDX-License-Identifier: Apache-2.0 */
/* Stored decisions of windows that are beyond their time. The row with its digest stays. */
#include "store/custody_sql.h"
#include "store/live.h"
#include "store/sql.h"
#include "store/store_internal.h"

/* ?1 stream, ?2 before. The index of what is of no weight is found by exactly these words. */
#define DUE "stream = ?1 AND end_ns < ?2 AND json IS NOT NULL"
#define LIGHT " AND verdict IN ('PASS', 'NO_TEST')"
#define STAYS_NOT \
    " AND run_id NOT IN (" HB_SQL_HELD_NAMES ") AND run_id NOT IN (" HB_SQL_GOLDEN_NAMES ")"
#define FIRST(light) \
    "SELECT key FROM live_windows WHERE " DUE light STAYS_NOT " ORDER BY end_ns, key LIMIT ?3"

static void bind(hb_sql *q, const hb_live_prune_ask *ask)
{
    hb_sql_text(q, ask->stream);
    hb_sql_i64(q, ask->before);
}

static hb_status look(hb_store *s, const hb_live_prune_ask *ask, const char *sql,
                      hb_live_prune_told *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s, sql, &q, err));
    bind(&q, ask);
    HB_TRY(hb_sql_row(&q, &found, err));
    ret->n = hb_sql_get_u64(&q);
    ret->bytes = hb_sql_get_u64(&q);
    ret->first_end = hb_sql_get_time(&q);
    ret->held = hb_sql_get_u64(&q);
    ret->golden = hb_sql_get_u64(&q);
    return hb_sql_check(&q, err);
}

hb_status hb_live_prune_look(hb_store *s, const hb_live_prune_ask *ask, hb_live_prune_told *ret,
                             hb_error *err)
{
#define LOOK(light)                                                                        \
    HB_SQL_HELD ", d AS (SELECT end_ns, length(json) AS b,"                                \
                " run_id IN (" HB_SQL_HELD_NAMES ") AS h, run_id IN (" HB_SQL_GOLDEN_NAMES \
                ") AS g FROM live_windows WHERE " DUE light ")"                            \
                " SELECT count(*) FILTER (WHERE NOT h AND NOT g),"                         \
                " coalesce(sum(b) FILTER (WHERE NOT h AND NOT g), 0),"                     \
                " min(end_ns) FILTER (WHERE NOT h AND NOT g), count(*) FILTER (WHERE h),"  \
                " count(*) FILTER (WHERE g AND NOT h) FROM d"
    hb_live_prune_told told = {0};
    HB_TRY(look(s, ask, ask->light ? LOOK(LIGHT) : LOOK(""), &told, err));
    *ret = told;
    return HB_OK;
}

static hb_status sizes(hb_store *s, const hb_live_prune_ask *ask, const char *sql,
                       hb_live_prune_told *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s, sql, &q, err));
    bind(&q, ask);
    hb_sql_u64(&q, ask->most);
    HB_TRY(hb_sql_row(&q, &found, err));
    ret->n = hb_sql_get_u64(&q);
    ret->bytes = hb_sql_get_u64(&q);
    ret->first_end = hb_sql_get_time(&q);
    ret->last_end = hb_sql_get_time(&q);
    return hb_sql_check(&q, err);
}

static hb_status take(hb_store *s, const hb_live_prune_ask *ask, const char *sql, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, sql, &q, err));
    bind(&q, ask);
    hb_sql_u64(&q, ask->most);
    return hb_sql_exec(&q, err);
}

static hb_status prune(hb_store *s, const hb_live_prune_ask *ask, hb_live_prune_told *ret,
                       hb_error *err)
{
#define SIZES(light)                                                                        \
    HB_SQL_HELD "SELECT count(*), coalesce(sum(length(json)), 0), min(end_ns), max(end_ns)" \
                " FROM live_windows WHERE key IN (" FIRST(light) ")"
#define TAKE(light) \
    HB_SQL_HELD "UPDATE live_windows SET json = NULL WHERE key IN (" FIRST(light) ")"
    HB_TRY(sizes(s, ask, ask->light ? SIZES(LIGHT) : SIZES(""), ret, err));
    if (ret->n == 0) {
        return HB_OK;
    }
    HB_TRY(take(s, ask, ask->light ? TAKE(LIGHT) : TAKE(""), err));
    return ask->tell ? ask->tell(ask->ctx, ret, err) : HB_OK;
}

hb_status hb_live_prune(hb_store *s, const hb_live_prune_ask *ask, hb_live_prune_told *ret,
                        hb_error *err)
{
    hb_live_prune_told told = {0};
    HB_TRY(hb_store_begin(s, err));
    HB_TRY(hb_store_end(s, prune(s, ask, &told, err), err));
    *ret = told;
    return HB_OK;
}
