/* SPDX-License-Identifier: Apache-2.0 */
#include "store/alerts.h"

#include "store/live.h"
#include "store/sql.h"

#include <string.h>

const char *const hb_alert_state_names[] = {
    [HB_ALERT_QUIET] = "quiet",
    [HB_ALERT_UNACKNOWLEDGED] = "unacknowledged",
    [HB_ALERT_ACKNOWLEDGED] = "acknowledged",
    [HB_ALERT_RETURNED] = "returned",
    [HB_ALERT_STATE_COUNT_] = NULL,
};

static const char *const told_names[] = {
    [HB_ALERT_TOLD_NOTHING] = "nothing",
    [HB_ALERT_TOLD_ACTIVE] = "active",
    [HB_ALERT_TOLD_RETURNED] = "returned",
    [HB_ALERT_TOLD_COUNT_] = NULL,
};

/* The columns allow these names only, so one that is not found is the first. */
static int index_of(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return 0;
}

/* --- what is open --- */

#define COLUMNS                                                                              \
    "stream, subject, metric, rule, definition, state, severity, alert_id, seen, gone,"      \
    " windows, occurrences, told, flapping, raises, held, inhibited_by, group_ns, onset_ns," \
    " raised_ns, returned_ns, changed_ns, ack_by, ack_note, ack_ns, shelf_by, shelf_reason," \
    " shelf_until_ns, text, verdict, run_id, report, window_id, revision, window_start_ns,"  \
    " window_end_ns, digest, detail"

static void get_row(hb_sql *q, hb_arena *arena, hb_alert_row *r)
{
    r->id = hb_sql_get_i64(q);
    r->stream = hb_sql_get_text(q, arena);
    r->subject = hb_sql_get_text(q, arena);
    r->metric = hb_sql_get_text(q, arena);
    r->rule = hb_sql_get_text(q, arena);
    r->definition = hb_sql_get_text(q, arena);
    r->state = (hb_alert_state)index_of(hb_alert_state_names, hb_sql_get_text(q, arena));
    r->severity = hb_sql_get_text(q, arena);
    r->alert_id = hb_sql_get_text(q, arena);
    r->seen = (uint32_t)hb_sql_get_u64(q);
    r->gone = (uint32_t)hb_sql_get_u64(q);
    r->windows = hb_sql_get_u64(q);
    r->occurrences = hb_sql_get_u64(q);
    r->told = (hb_alert_told)index_of(told_names, hb_sql_get_text(q, arena));
    r->flapping = hb_sql_get_i64(q) != 0;
    r->raises = hb_sql_get_text(q, arena);
    r->held = hb_sql_get_u64(q);
    r->inhibited_by = hb_sql_get_text(q, arena);
    r->group = hb_sql_get_time(q);
    r->onset = hb_sql_get_time(q);
    r->raised = hb_sql_get_time(q);
    r->returned = hb_sql_get_time(q);
    r->changed = hb_sql_get_time(q);
    r->ack_by = hb_sql_get_text(q, arena);
    r->ack_note = hb_sql_get_text(q, arena);
    r->ack_at = hb_sql_get_time(q);
    r->shelf_by = hb_sql_get_text(q, arena);
    r->shelf_reason = hb_sql_get_text(q, arena);
    r->shelf_until = hb_sql_get_time(q);
    r->text = hb_sql_get_text(q, arena);
    r->verdict = hb_sql_get_text(q, arena);
    r->run_id = hb_sql_get_text(q, arena);
    r->report = hb_sql_get_text(q, arena);
    r->window_id = hb_sql_get_text(q, arena);
    r->revision = (uint32_t)hb_sql_get_u64(q);
    r->window_start = hb_sql_get_time(q);
    r->window_end = hb_sql_get_time(q);
    r->digest = hb_sql_get_text(q, arena);
    r->detail = hb_sql_get_text(q, arena);
}

hb_status hb_alert_list(hb_store *s, const hb_alert_query *q, hb_arena *arena,
                        hb_alert_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    hb_alert_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT id, " COLUMNS " FROM alerts"
                       " WHERE (?1 IS NULL OR stream = ?1) AND (?2 IS NULL OR subject = ?2)"
                       " AND (?3 IS NULL OR substr(alert_id, 1, length(?3)) = ?3)"
                       " AND (NOT ?4 OR state <> 'quiet' OR shelf_until_ns IS NOT NULL)"
                       " ORDER BY stream, id LIMIT ?5",
                       &stmt, err));
    hb_sql_any(&stmt, q->stream);
    hb_sql_any(&stmt, q->subject);
    hb_sql_any(&stmt, q->alert_id);
    hb_sql_i64(&stmt, q->open);
    hb_sql_i64(&stmt, q->limit ? (int64_t)q->limit : -1);
    HB_TRY(hb_sql_row(&stmt, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        get_row(&stmt, arena, &rows[n++]);
        HB_TRY(hb_sql_row(&stmt, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

static void bind_row(hb_sql *q, const hb_alert_row *r)
{
    hb_sql_text(q, r->stream);
    hb_sql_text(q, r->subject);
    hb_sql_text(q, r->metric);
    hb_sql_text(q, r->rule);
    hb_sql_text(q, r->definition);
    hb_sql_text(q, hb_alert_state_names[r->state]);
    hb_sql_text(q, r->severity);
    hb_sql_text(q, r->alert_id);
    hb_sql_u64(q, r->seen);
    hb_sql_u64(q, r->gone);
    hb_sql_u64(q, r->windows);
    hb_sql_u64(q, r->occurrences);
    hb_sql_text(q, told_names[r->told]);
    hb_sql_i64(q, r->flapping);
    hb_sql_text(q, r->raises);
    hb_sql_u64(q, r->held);
    hb_sql_text(q, r->inhibited_by);
    hb_sql_time(q, r->group);
    hb_sql_time(q, r->onset);
    hb_sql_time(q, r->raised);
    hb_sql_time(q, r->returned);
    hb_sql_time(q, r->changed);
    hb_sql_text(q, r->ack_by);
    hb_sql_text(q, r->ack_note);
    hb_sql_time(q, r->ack_at);
    hb_sql_text(q, r->shelf_by);
    hb_sql_text(q, r->shelf_reason);
    hb_sql_time(q, r->shelf_until);
    hb_sql_text(q, r->text);
    hb_sql_text(q, r->verdict);
    hb_sql_text(q, r->run_id);
    hb_sql_text(q, r->report);
    hb_sql_text(q, r->window_id);
    hb_sql_u64(q, r->revision);
    hb_sql_time(q, r->window_start);
    hb_sql_time(q, r->window_end);
    hb_sql_text(q, r->digest);
    hb_sql_text(q, r->detail);
}

#define MARKS_38 "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?"

static hb_status put_one(hb_sql *q, hb_alert_row *row, hb_error *err)
{
    bind_row(q, row);
    if (row->id) {
        hb_sql_i64(q, row->id);
        return hb_sql_exec(q, err);
    }
    HB_TRY(hb_sql_exec(q, err));
    row->id = sqlite3_last_insert_rowid(q->s->db);
    return HB_OK;
}

/* A fault may raise hundreds in one window: each statement is prepared once. */
hb_status hb_alert_put(hb_store *s, hb_alert_row *const *rows, size_t n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql update = {0};
    HB_CLEANUP(hb_sql_close) hb_sql insert = {0};
    for (size_t i = 0; i < n; i++) {
        hb_sql *q = rows[i]->id ? &update : &insert;
        if (!q->stmt) {
            const char *text = rows[i]->id
                                   ? "UPDATE alerts SET (" COLUMNS ") = (" MARKS_38 ") WHERE id = ?"
                                   : "INSERT INTO alerts(" COLUMNS ") VALUES (" MARKS_38 ")";
            HB_TRY(hb_sql_open(s, text, q, err));
        }
        HB_TRY(put_one(q, rows[i], err));
    }
    return HB_OK;
}

hb_status hb_alert_put_counters(hb_store *s, hb_alert_row *const *rows, size_t n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(
        hb_sql_open(s, "UPDATE alerts SET seen = ?, gone = ?, windows = ? WHERE id = ?", &q, err));
    for (size_t i = 0; i < n; i++) {
        hb_sql_u64(&q, rows[i]->seen);
        hb_sql_u64(&q, rows[i]->gone);
        hb_sql_u64(&q, rows[i]->windows);
        hb_sql_i64(&q, rows[i]->id);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

hb_status hb_alert_drop(hb_store *s, int64_t id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "DELETE FROM alerts WHERE id = ?", &q, err));
    hb_sql_i64(&q, id);
    return hb_sql_exec(&q, err);
}

/* --- what people did --- */

hb_status hb_alert_acts(hb_store *s, const char *stream, uint64_t *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s, "SELECT acts FROM alert_streams WHERE stream = ?", &q, err));
    hb_sql_text(&q, stream);
    HB_TRY(hb_sql_row(&q, &found, err));
    *ret = found ? hb_sql_get_u64(&q) : 0;
    return HB_OK;
}

hb_status hb_alert_count_act(hb_store *s, const char *stream, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO alert_streams(stream, acts) VALUES (?, 1)"
                       " ON CONFLICT(stream) DO UPDATE SET acts = acts + 1",
                       &q, err));
    hb_sql_text(&q, stream);
    return hb_sql_exec(&q, err);
}

/* --- where events go --- */

static hb_status run_for(hb_store *s, const char *text, const char *stream, const char *sink,
                         hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, text, &q, err));
    hb_sql_text(&q, stream);
    if (sink) {
        hb_sql_text(&q, sink);
    }
    return hb_sql_exec(&q, err);
}

static hb_status same_sinks(hb_store *s, const char *stream, const char *const *sinks, size_t n,
                            bool *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    size_t n_there = 0;
    size_t n_same = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s, "SELECT sink FROM alert_sinks WHERE stream = ?", &q, err));
    hb_sql_text(&q, stream);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        const char *name = hb_sql_get_text(&q, &arena);
        n_there++;
        for (size_t i = 0; i < n; i++) {
            n_same += strcmp(sinks[i], name) == 0;
        }
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret = n_there == n && n_same == n;
    return HB_OK;
}

static hb_status set_sinks(hb_store *s, const char *stream, const char *const *sinks, size_t n,
                           hb_error *err)
{
    HB_TRY(run_for(s, "DELETE FROM alert_sinks WHERE stream = ?", stream, NULL, err));
    for (size_t i = 0; i < n; i++) {
        HB_TRY(run_for(s, "INSERT INTO alert_sinks(stream, sink) VALUES (?, ?)", stream, sinks[i],
                       err));
    }
#define LEFT_OVER                                                                        \
    " FROM outbox WHERE stream = ?1 AND sink NOT IN (SELECT sink FROM alert_sinks WHERE" \
    " stream = ?1)"
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO dead_letters(event, stream, sink, attempts, error, died_ns)"
                       " SELECT event, stream, sink, attempts,"
                       " 'this sink is no longer configured', ?2" LEFT_OVER,
                       &q, err));
    hb_sql_text(&q, stream);
    hb_sql_time(&q, s->os->now());
    HB_TRY(hb_sql_exec(&q, err));
    return run_for(s, "DELETE" LEFT_OVER, stream, NULL, err);
}

hb_status hb_alert_set_sinks(hb_store *s, const char *stream, const char *const *sinks, size_t n,
                             hb_error *err)
{
    bool same = false;
    HB_TRY(same_sinks(s, stream, sinks, n, &same, err));
    if (same) {
        return HB_OK;
    }
    HB_TRY(hb_live_begin(s, err));
    return hb_live_end(s, set_sinks(s, stream, sinks, n, err), err);
}

/* --- what was said --- */

static hb_status insert_event(hb_store *s, const hb_alert_log_row *row, bool *ret_new,
                              hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO alert_log(event_id, stream, subject, alert_id, type,"
                       " severity, at_ns, json) VALUES (?,?,?,?,?,?,?,?)"
                       " ON CONFLICT(event_id) DO NOTHING",
                       &q, err));
    hb_sql_text(&q, row->event_id);
    hb_sql_text(&q, row->stream);
    hb_sql_text(&q, row->subject);
    hb_sql_text(&q, row->alert_id);
    hb_sql_text(&q, row->type);
    hb_sql_text(&q, row->severity);
    hb_sql_time(&q, row->at);
    hb_sql_text(&q, row->json);
    HB_TRY(hb_sql_exec(&q, err));
    *ret_new = sqlite3_changes(s->db) == 1;
    return HB_OK;
}

static hb_status put_in_outbox(hb_store *s, const char *stream, int64_t event, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO outbox(event, stream, sink, attempts, next_ns, error)"
                       " SELECT ?2, stream, sink, 0, 0, '' FROM alert_sinks WHERE stream = ?1"
                       " ORDER BY sink",
                       &q, err));
    hb_sql_text(&q, stream);
    hb_sql_i64(&q, event);
    return hb_sql_exec(&q, err);
}

hb_status hb_alert_log_add(hb_store *s, const hb_alert_log_row *row, const char *const *subjects,
                           size_t n_subjects, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool is_new = false;
    HB_TRY(insert_event(s, row, &is_new, err));
    if (!is_new) {
        return HB_OK;
    }
    int64_t event = sqlite3_last_insert_rowid(s->db);
    HB_TRY(put_in_outbox(s, row->stream, event, err));
    HB_TRY(hb_sql_open(s,
                       "INSERT OR IGNORE INTO outbox_subjects(stream, sink, subject, outbox)"
                       " SELECT stream, sink, ?2, id FROM outbox WHERE event = ?1",
                       &q, err));
    for (size_t i = 0; i < n_subjects; i++) {
        hb_sql_i64(&q, event);
        hb_sql_text(&q, subjects[i]);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

hb_status hb_alert_log_list(hb_store *s, const char *stream, const char *alert_id, size_t limit,
                            hb_arena *arena, hb_alert_log_row **ret_rows, size_t *ret_n,
                            hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_alert_log_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT id, event_id, stream, subject, alert_id, type, severity, at_ns,"
                       " json FROM (SELECT * FROM alert_log"
                       " WHERE (?1 IS NULL OR stream = ?1) AND (?2 IS NULL OR alert_id = ?2)"
                       " ORDER BY id DESC LIMIT ?3) ORDER BY id",
                       &q, err));
    hb_sql_any(&q, stream);
    hb_sql_any(&q, alert_id);
    hb_sql_i64(&q, (int64_t)limit);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        hb_alert_log_row *r = &rows[n++];
        r->id = hb_sql_get_i64(&q);
        r->event_id = hb_sql_get_text(&q, arena);
        r->stream = hb_sql_get_text(&q, arena);
        r->subject = hb_sql_get_text(&q, arena);
        r->alert_id = hb_sql_get_text(&q, arena);
        r->type = hb_sql_get_text(&q, arena);
        r->severity = hb_sql_get_text(&q, arena);
        r->at = hb_sql_get_time(&q);
        r->json = hb_sql_get_text(&q, arena);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_alert_tallies(hb_store *s, const char *stream, hb_arena *arena,
                           hb_alert_tally **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_alert_tally *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT state, severity, shelf_until_ns IS NOT NULL, count(*) FROM alerts"
                       " WHERE stream = ? AND (state <> 'quiet' OR shelf_until_ns IS NOT NULL)"
                       " GROUP BY 1, 2, 3",
                       &q, err));
    hb_sql_text(&q, stream);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        hb_alert_tally *r = &rows[n++];
        r->state = (hb_alert_state)index_of(hb_alert_state_names, hb_sql_get_text(&q, arena));
        r->severity = hb_sql_get_text(&q, arena);
        r->shelved = hb_sql_get_i64(&q) != 0;
        r->n = hb_sql_get_u64(&q);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}
