/* SPDX-License-Identifier: Apache-2.0 */
#include "store/packs.h"

#include "store/sql.h"

enum { DEFAULT_LIMIT = 1000 };

static hb_status want(hb_store *s, const char *run_id, const char *decision, const char *stream,
                      hb_time at, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    int64_t n = 0;
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO evidence_packs(run, decision, stream, state, attempts,"
                       " error, path, manifest, bytes, wanted_ns, next_ns)"
                       " SELECT id, ?, ?, 'wanted', 0, '', '', '', 0, ?, ? FROM runs"
                       " WHERE run_id = ? ON CONFLICT(run, decision) DO UPDATE SET"
                       " state = 'wanted', attempts = 0, error = '', next_ns = excluded.next_ns"
                       " WHERE evidence_packs.stream = '' AND excluded.stream = ''",
                       &q, err));
    hb_sql_text(&q, decision);
    hb_sql_text(&q, stream);
    hb_sql_time(&q, at);
    hb_sql_time(&q, at);
    hb_sql_text(&q, run_id);
    HB_TRY(hb_sql_exec(&q, err));
    hb_sql_close(&q);
    HB_TRY(hb_sql_open(s, "SELECT count(*) FROM runs WHERE run_id = ?", &q, err));
    hb_sql_text(&q, run_id);
    bool found = false;
    HB_TRY(hb_sql_row(&q, &found, err));
    n = found ? hb_sql_get_i64(&q) : 0;
    return n ? HB_OK
             : HB_FAIL(err, HB_E_STORE, "a pack is wanted of run '%s', which registry '%s' lacks",
                       run_id, s->path);
}

hb_status hb_pack_want(hb_store *s, const char *run_id, const char *decision, const char *stream,
                       hb_time at, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, want(s, run_id, decision, stream, at, err), err);
}

static void get_row(hb_sql *q, hb_arena *arena, hb_packs_row *r)
{
    r->id = hb_sql_get_i64(q);
    r->run_id = hb_sql_get_text(q, arena);
    r->decision = hb_sql_get_text(q, arena);
    r->stream = hb_sql_get_text(q, arena);
    r->state = hb_sql_get_text(q, arena);
    r->attempts = (unsigned)hb_sql_get_u64(q);
    r->error = hb_sql_get_text(q, arena);
    r->path = hb_sql_get_text(q, arena);
    r->manifest_sha256 = hb_sql_get_text(q, arena);
    r->bytes = hb_sql_get_u64(q);
    r->wanted = hb_sql_get_time(q);
    r->next = hb_sql_get_time(q);
    r->made = hb_sql_get_time(q);
}

hb_status hb_packs_list(hb_store *s, const hb_packs_query *q, hb_arena *arena,
                        hb_packs_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql sql = {0};
    hb_packs_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT p.id, r.run_id, p.decision, p.stream, p.state, p.attempts,"
                       " p.error, p.path, p.manifest, p.bytes, p.wanted_ns, p.next_ns, p.made_ns"
                       " FROM evidence_packs p JOIN runs r ON r.id = p.run"
                       " WHERE (?1 IS NULL OR p.stream = ?1) AND (?2 IS NULL OR p.state = ?2)"
                       " AND (?3 IS NULL OR r.run_id = ?3) AND (?4 IS NULL OR p.next_ns <= ?4)"
                       " ORDER BY p.id LIMIT ?5",
                       &sql, err));
    hb_sql_any(&sql, q->stream);
    hb_sql_any(&sql, q->state);
    hb_sql_any(&sql, q->run_id);
    hb_sql_time(&sql, q->due);
    hb_sql_u64(&sql, q->limit ? q->limit : DEFAULT_LIMIT);
    HB_TRY(hb_sql_row(&sql, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        get_row(&sql, arena, &rows[n++]);
        HB_TRY(hb_sql_row(&sql, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_packs_sum(hb_store *s, const char *stream, hb_packs_sums *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT coalesce(sum(state = 'wanted'), 0), coalesce(sum(state = 'made'),"
                       " 0), coalesce(sum(state = 'gone'), 0),"
                       " coalesce(sum(CASE state WHEN 'made' THEN bytes ELSE 0 END), 0)"
                       " FROM evidence_packs WHERE ?1 IS NULL OR stream = ?1",
                       &q, err));
    hb_sql_any(&q, stream);
    HB_TRY(hb_sql_row(&q, &found, err));
    hb_packs_sums sums = {0};
    if (found) {
        sums.wanted = hb_sql_get_u64(&q);
        sums.made = hb_sql_get_u64(&q);
        sums.gone = hb_sql_get_u64(&q);
        sums.bytes = hb_sql_get_u64(&q);
    }
    *ret = sums;
    return HB_OK;
}

hb_status hb_pack_made(hb_store *s, int64_t id, const char *path, const char *manifest_sha256,
                       uint64_t bytes, hb_time at, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_store_begin(s, err));
    hb_status status = hb_sql_open(s,
                                   "UPDATE evidence_packs SET state = 'made', error = '', path = ?,"
                                   " manifest = ?, bytes = ?, made_ns = ? WHERE id = ?",
                                   &q, err);
    if (status == HB_OK) {
        hb_sql_text(&q, path);
        hb_sql_text(&q, manifest_sha256);
        hb_sql_u64(&q, bytes);
        hb_sql_time(&q, at);
        hb_sql_i64(&q, id);
        status = hb_sql_exec(&q, err);
    }
    return hb_store_end(s, status, err);
}

static hb_status update(hb_store *s, const char *text, const char *why, hb_time next, int64_t id,
                        hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, text, &q, err));
    hb_sql_text(&q, why);
    hb_sql_time(&q, next);
    hb_sql_i64(&q, id);
    return hb_sql_exec(&q, err);
}

hb_status hb_pack_failed(hb_store *s, int64_t id, const char *why, hb_time next, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s,
                        update(s,
                               "UPDATE evidence_packs SET error = ?, next_ns = ?,"
                               " attempts = attempts + 1 WHERE id = ? AND state = 'wanted'",
                               why, next, id, err),
                        err);
}

static hb_status try_now(hb_store *s, const char *stream, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "UPDATE evidence_packs SET next_ns = wanted_ns"
                       " WHERE state = 'wanted' AND stream = ? AND next_ns > wanted_ns",
                       &q, err));
    hb_sql_text(&q, stream);
    return hb_sql_exec(&q, err);
}

hb_status hb_packs_try_now(hb_store *s, const char *stream, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, try_now(s, stream, err), err);
}

hb_status hb_pack_gone(hb_store *s, int64_t id, const char *why, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s,
                        update(s,
                               "UPDATE evidence_packs SET state = 'gone', error = ?,"
                               " next_ns = coalesce(?, next_ns) WHERE id = ?",
                               why, HB_TIME_NONE, id, err),
                        err);
}
