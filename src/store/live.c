/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints and judged windows. A state is cut into pieces, each packed by itself: one may be
 * larger than a packed blob is allowed to be. */
#include "store/live.h"
#include "store/audit_internal.h"

#include "base/mem.h"
#include "store/compress.h"
#include "store/sql.h"

#include <string.h>

enum { PIECE_BYTES = 8 << 20, LIST_LIMIT = 1000 };

hb_status hb_live_begin(hb_store *s, hb_error *err)
{
    return hb_store_begin(s, err);
}

hb_status hb_live_end(hb_store *s, hb_status status, hb_error *err)
{
    return hb_store_end(s, status, err);
}

static void free_packer(hb_compressor **p)
{
    hb_compressor_free(*p);
}

static hb_status check_stream(const char *stream, hb_error *err)
{
    size_t n = strlen(stream);
    return n >= 1 && n <= HB_LIVE_STREAM_MAX
               ? HB_OK
               : HB_FAIL(err, HB_E_USAGE, "a stream's name must have 1 to %d bytes, got %zu",
                         HB_LIVE_STREAM_MAX, n);
}

/* --- checkpoints --- */

static hb_status drop_state(hb_store *s, const char *stream, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "DELETE FROM live_states WHERE stream = ?", &q, err));
    hb_sql_text(&q, stream);
    return hb_sql_exec(&q, err);
}

static hb_status put_state(hb_store *s, const hb_live_checkpoint *c, hb_error *err)
{
    HB_CLEANUP(free_packer) hb_compressor *packer = NULL;
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_CLEANUP(hb_buf_release) hb_buf packed;
    const char *p = c->state;
    hb_buf_init(&packed, 2 * (size_t)PIECE_BYTES);
    HB_TRY(hb_compressor_new(&packer, err));
    HB_TRY(drop_state(s, c->stream, err));
    HB_TRY(hb_sql_open(s, "INSERT INTO live_states(stream, pos, piece) VALUES (?,?,?)", &q, err));
    for (size_t at = 0, pos = 0; at < c->state_len; at += PIECE_BYTES, pos++) {
        size_t left = c->state_len - at;
        HB_TRY(hb_compress(packer, (hb_str){p + at, left < PIECE_BYTES ? left : PIECE_BYTES},
                           &packed, err));
        hb_sql_text(&q, c->stream);
        hb_sql_u64(&q, pos);
        hb_sql_blob(&q, packed.p, packed.n);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

static hb_status move_on(hb_store *s, const hb_live_checkpoint *c, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "UPDATE live_checkpoints SET decided = ?, at_ns = ?"
                       " WHERE stream = ? AND snapshot = ?",
                       &q, err));
    hb_sql_u64(&q, c->decided);
    hb_sql_time(&q, c->at);
    hb_sql_text(&q, c->stream);
    hb_sql_u64(&q, c->snapshot);
    HB_TRY(hb_sql_exec(&q, err));
    return sqlite3_changes(s->db) == 1
               ? HB_OK
               : HB_FAIL(err, HB_E_STORE,
                         "stream '%s' has no checkpoint at %llu in registry '%s': does another "
                         "daemon judge it?",
                         c->stream, (unsigned long long)c->snapshot, s->path);
}

static hb_status put_checkpoint(hb_store *s, const hb_live_checkpoint *c, hb_error *err)
{
    if (!c->state) {
        return move_on(s, c, err);
    }
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT OR REPLACE INTO live_checkpoints(stream, decided, snapshot,"
                       " state_bytes, config_digest, engine_version, at_ns)"
                       " VALUES (?,?,?,?,?,?,?)",
                       &q, err));
    hb_sql_text(&q, c->stream);
    hb_sql_u64(&q, c->decided);
    hb_sql_u64(&q, c->snapshot);
    hb_sql_u64(&q, c->state_len);
    hb_sql_text(&q, c->config_digest);
    hb_sql_text(&q, c->engine_version);
    hb_sql_time(&q, c->at);
    HB_TRY(hb_sql_exec(&q, err));
    return put_state(s, c, err);
}

hb_status hb_live_put_checkpoint(hb_store *s, const hb_live_checkpoint *c, hb_error *err)
{
    HB_TRY(check_stream(c->stream, err));
    if (c->snapshot > c->decided) {
        return HB_FAIL(err, HB_E_BUG, "a checkpoint's state is ahead of what was decided");
    }
    if (c->state && c->state_len > (size_t)HB_LIVE_STATE_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "the state of stream '%s' has %zu bytes, at most %d",
                       c->stream, c->state_len, HB_LIVE_STATE_MAX);
    }
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, put_checkpoint(s, c, err), err);
}

static hb_status get_state(hb_store *s, const char *stream, char *to, size_t n, hb_error *err)
{
    HB_CLEANUP(free_packer) hb_compressor *packer = NULL;
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    size_t at = 0;
    bool more = false;
    HB_TRY(hb_compressor_new(&packer, err));
    HB_TRY(hb_sql_open(s, "SELECT piece FROM live_states WHERE stream = ? ORDER BY pos", &q, err));
    hb_sql_text(&q, stream);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        hb_str plain = {0};
        hb_status status = hb_decompress(packer, hb_sql_get_blob(&q), &plain, err);
        if (status == HB_E_NOMEM) {
            return status;
        }
        if (status != HB_OK || plain.n > n - at) {
            return HB_FAIL(err, HB_E_INPUT, "the state of stream '%s' in registry '%s' is damaged",
                           stream, s->path);
        }
        memcpy(to + at, plain.p, plain.n);
        at += plain.n;
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    return at == n ? HB_OK
                   : HB_FAIL(err, HB_E_INPUT,
                             "the state of stream '%s' in registry '%s' has %zu of %zu bytes",
                             stream, s->path, at, n);
}

static hb_status get_checkpoint(hb_store *s, const char *stream, hb_arena *arena,
                                hb_live_checkpoint *c, bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT stream, decided, snapshot, state_bytes, config_digest,"
                       " engine_version, at_ns FROM live_checkpoints WHERE stream = ?",
                       &q, err));
    hb_sql_text(&q, stream);
    HB_TRY(hb_sql_row(&q, ret_found, err));
    if (!*ret_found) {
        return HB_OK;
    }
    c->stream = hb_sql_get_text(&q, arena);
    c->decided = hb_sql_get_u64(&q);
    c->snapshot = hb_sql_get_u64(&q);
    c->state_len = hb_sql_get_u64(&q);
    c->config_digest = hb_sql_get_text(&q, arena);
    c->engine_version = hb_sql_get_text(&q, arena);
    c->at = hb_sql_get_time(&q);
    HB_TRY(hb_sql_check(&q, err));
    char *state = c->state_len <= (size_t)HB_LIVE_STATE_MAX
                      ? hb_arena_alloc(arena, c->state_len ? c->state_len : 1)
                      : NULL;
    if (!state) {
        return HB_NOMEM(err);
    }
    hb_error why = {0};
    hb_status status = get_state(s, stream, state, c->state_len, &why);
    c->damaged = "";
    if (status == HB_E_INPUT) { /* the rest of the checkpoint is still worth having */
        c->damaged = hb_arena_str(arena, hb_str_of(why.msg));
        c->state_len = 0;
        return c->damaged ? HB_OK : HB_NOMEM(err);
    }
    c->state = state;
    return status == HB_OK ? HB_OK : HB_FAIL(err, status, "%s", why.msg);
}

/* One snapshot for both tables: another process may write in between. */
hb_status hb_live_get_checkpoint(hb_store *s, const char *stream, hb_arena *arena,
                                 hb_live_checkpoint *ret, bool *ret_found, hb_error *err)
{
    hb_live_checkpoint c = {0};
    bool found = false;
    bool own = false;
    HB_TRY(hb_store_look(s, &own, err));
    hb_status status = get_checkpoint(s, stream, arena, &c, &found, err);
    hb_store_looked(s, own);
    HB_TRY(status);
    if (found) {
        *ret = c;
    }
    *ret_found = found;
    return HB_OK;
}

/* --- windows --- */

static hb_status known_digest(hb_store *s, const hb_live_window_row *row, bool *ret_found,
                              hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT digest = ? FROM live_windows WHERE stream = ? AND id = ?"
                       " AND revision = ?",
                       &q, err));
    hb_sql_text(&q, row->digest);
    hb_sql_text(&q, row->stream);
    hb_sql_text(&q, row->id);
    hb_sql_u64(&q, row->revision);
    HB_TRY(hb_sql_row(&q, ret_found, err));
    if (*ret_found && !hb_sql_get_i64(&q)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "window '%s' of stream '%s' was decided otherwise before: the same records "
                       "gave another decision (%.12s)",
                       row->run_id, row->stream, row->digest);
    }
    return HB_OK;
}

hb_status hb_live_check_window(hb_store *s, const hb_live_window_row *row, bool *ret_found,
                               hb_error *err)
{
    bool found = false;
    HB_TRY(known_digest(s, row, &found, err));
    *ret_found = found;
    return HB_OK;
}

static hb_status insert_window(hb_store *s, const hb_live_window_row *row, hb_str packed,
                               hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO live_windows(stream, id, revision, name, start_ns, end_ns,"
                       " verdict, run_id, digest, json, from_position, to_position, samples,"
                       " n_findings, decided_ns, report) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                       &q, err));
    hb_sql_text(&q, row->stream);
    hb_sql_text(&q, row->id);
    hb_sql_u64(&q, row->revision);
    hb_sql_text(&q, row->name);
    hb_sql_i64(&q, row->start);
    hb_sql_i64(&q, row->end);
    hb_sql_text(&q, row->verdict);
    hb_sql_text(&q, row->run_id);
    hb_sql_text(&q, row->digest);
    hb_sql_blob(&q, packed.p, packed.n);
    hb_sql_u64(&q, row->from);
    hb_sql_u64(&q, row->to);
    hb_sql_u64(&q, row->samples);
    hb_sql_u64(&q, row->n_findings);
    hb_sql_i64(&q, row->decided_at);
    hb_sql_text(&q, row->report);
    return hb_sql_exec(&q, err);
}

static hb_status put_row(hb_store *s, const hb_live_window_row *row, bool *ret_existed,
                         hb_error *err)
{
    HB_CLEANUP(free_packer) hb_compressor *packer = NULL;
    HB_CLEANUP(hb_buf_release) hb_buf packed;
    hb_buf_init(&packed, 2 * (size_t)HB_COMPRESS_MAX_BYTES);
    HB_TRY(known_digest(s, row, ret_existed, err));
    if (*ret_existed || !row->json) {
        return *ret_existed ? HB_OK : insert_window(s, row, (hb_str){NULL, 0}, err);
    }
    HB_TRY(hb_compressor_new(&packer, err));
    HB_TRY(hb_compress(packer, (hb_str){row->json, row->json_len}, &packed, err));
    return insert_window(s, row, (hb_str){packed.p, packed.n}, err);
}

static hb_status put_window(hb_store *s, const hb_live_window_row *row, bool *ret_existed,
                            hb_error *err)
{
    HB_TRY(put_row(s, row, ret_existed, err));
    return *ret_existed ? HB_OK : hb_store_log_window(s, row, err);
}

hb_status hb_live_put_window(hb_store *s, const hb_live_window_row *row, bool *ret_existed,
                             hb_error *err)
{
    bool existed = false;
    HB_TRY(check_stream(row->stream, err));
    if (row->json && row->json_len > HB_COMPRESS_MAX_BYTES) {
        return HB_FAIL(err, HB_E_LIMIT, "the decision of window '%s' has %zu bytes, at most %d",
                       row->run_id, row->json_len, HB_COMPRESS_MAX_BYTES);
    }
    HB_TRY(hb_store_begin(s, err));
    HB_TRY(hb_store_end(s, put_window(s, row, &existed, err), err));
    *ret_existed = existed;
    return HB_OK;
}

/* --- reading --- */

static hb_status get_json(hb_store *s, hb_sql *q, hb_compressor *packer, hb_arena *arena,
                          hb_live_window_row *row, hb_error *err)
{
    hb_str packed = hb_sql_get_blob(q);
    if (!packed.p) {
        return HB_OK;
    }
    hb_str plain = {0};
    hb_status status = hb_decompress(packer, packed, &plain, err);
    if (status != HB_OK) {
        return status == HB_E_NOMEM
                   ? status
                   : HB_FAIL(err, HB_E_STORE, "window '%s' in registry '%s' is damaged",
                             row->run_id, s->path);
    }
    row->json = hb_arena_strndup(arena, plain.p, plain.n);
    row->json_len = plain.n;
    return row->json ? HB_OK : HB_NOMEM(err);
}

static hb_status get_window(hb_store *s, hb_sql *q, hb_compressor *packer, hb_arena *arena,
                            hb_live_window_row *row, hb_error *err)
{
    row->stream = hb_sql_get_text(q, arena);
    row->id = hb_sql_get_text(q, arena);
    row->revision = (uint32_t)hb_sql_get_u64(q);
    row->name = hb_sql_get_text(q, arena);
    row->start = hb_sql_get_i64(q);
    row->end = hb_sql_get_i64(q);
    row->verdict = hb_sql_get_text(q, arena);
    row->run_id = hb_sql_get_text(q, arena);
    row->digest = hb_sql_get_text(q, arena);
    row->from = hb_sql_get_u64(q);
    row->to = hb_sql_get_u64(q);
    row->samples = hb_sql_get_u64(q);
    row->n_findings = (uint32_t)hb_sql_get_u64(q);
    row->decided_at = hb_sql_get_time(q);
    row->report = hb_sql_get_text(q, arena);
    HB_TRY(hb_sql_check(q, err));
    return packer ? get_json(s, q, packer, arena, row, err) : HB_OK;
}

static void bind_query(hb_sql *q, const hb_live_window_query *ask)
{
    hb_sql_any(q, ask->stream);
    hb_sql_any(q, ask->name);
    hb_sql_any(q, ask->verdict);
    hb_sql_time(q, ask->from);
    hb_sql_time(q, ask->to);
    hb_sql_any(q, ask->id);
    hb_sql_u64(q, ask->limit ? ask->limit : LIST_LIMIT);
    hb_sql_u64(q, ask->as_run);
}

static hb_status list_windows(hb_store *s, const hb_live_window_query *ask, hb_arena *arena,
                              hb_live_window_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_CLEANUP(free_packer) hb_compressor *packer = NULL;
    size_t cap = 0;
    bool more = false;
    if (ask->with_json) {
        HB_TRY(hb_compressor_new(&packer, err));
    }
    HB_TRY(hb_sql_open(s,
                       "SELECT stream, id, revision, name, start_ns, end_ns, verdict, run_id,"
                       " digest, from_position, to_position, samples, n_findings, decided_ns,"
                       " report, json FROM live_windows"
                       " WHERE (?1 IS NULL OR stream = ?1) AND (?2 IS NULL OR name = ?2)"
                       " AND (?3 IS NULL OR verdict = ?3) AND (?4 IS NULL OR end_ns > ?4)"
                       " AND (?5 IS NULL OR start_ns < ?5)"
                       " AND (?6 IS NULL OR run_id = ?6 OR id = ?6)"
                       " AND (NOT ?8 OR revision = 0)"
                       " ORDER BY end_ns DESC, name, revision DESC, id LIMIT ?7",
                       &q, err));
    bind_query(&q, ask);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, *ret_rows, *ret_n, cap, err));
        (*ret_rows)[*ret_n] = (hb_live_window_row){0};
        HB_TRY(get_window(s, &q, packer, arena, &(*ret_rows)[*ret_n], err));
        ++*ret_n;
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    return HB_OK;
}

hb_status hb_live_list_windows(hb_store *s, const hb_live_window_query *q, hb_arena *arena,
                               hb_live_window_row **ret_rows, size_t *ret_n, hb_error *err)
{
    hb_live_window_row *rows = NULL;
    size_t n = 0;
    HB_TRY(list_windows(s, q, arena, &rows, &n, err));
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_live_count_windows(hb_store *s, const char *stream, uint64_t ret[4], hb_error *err)
{
    static const char *const verdicts[4] = {"PASS", "PASS_WITH_DRIFT", "FAIL", "NO_TEST"};
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    uint64_t counts[4] = {0};
    HB_TRY(hb_sql_open(s, "SELECT count(*) FROM live_windows WHERE stream = ? AND verdict = ?", &q,
                       err));
    for (size_t i = 0; i < 4; i++) {
        bool more = false;
        hb_sql_text(&q, stream);
        hb_sql_text(&q, verdicts[i]);
        HB_TRY(hb_sql_row(&q, &more, err));
        counts[i] = hb_sql_get_u64(&q);
        sqlite3_reset(q.stmt);
        q.param = 0;
    }
    memcpy(ret, counts, sizeof counts);
    return HB_OK;
}
