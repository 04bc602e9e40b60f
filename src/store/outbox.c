/* SPDX-License-Identifier: Apache-2.0 */
#include "store/outbox.h"

#include "store/live.h"
#include "store/sql.h"

#include <string.h>

#define EVENT \
    "l.id, l.event_id, l.stream, l.subject, l.alert_id, l.type, l.severity, l.at_ns, l.json"

static void get_event(hb_sql *q, hb_arena *arena, hb_alert_log_row *r)
{
    r->id = hb_sql_get_i64(q);
    r->event_id = hb_sql_get_text(q, arena);
    r->stream = hb_sql_get_text(q, arena);
    r->subject = hb_sql_get_text(q, arena);
    r->alert_id = hb_sql_get_text(q, arena);
    r->type = hb_sql_get_text(q, arena);
    r->severity = hb_sql_get_text(q, arena);
    r->at = hb_sql_get_time(q);
    r->json = hb_sql_get_text(q, arena);
}

/* --- waiting --- */

static hb_status next_due(hb_store *s, const char *stream, const char *sink, hb_time now,
                          hb_time *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(
        s, "SELECT min(next_ns) FROM outbox WHERE stream = ? AND sink = ? AND next_ns > ?", &q,
        err));
    hb_sql_text(&q, stream);
    hb_sql_text(&q, sink);
    hb_sql_time(&q, now);
    HB_TRY(hb_sql_row(&q, &found, err));
    *ret = found ? hb_sql_get_time(&q) : HB_TIME_NONE;
    return HB_OK;
}

hb_status hb_outbox_first(hb_store *s, const char *stream, const char *sink, hb_time now,
                          int64_t slack_ns, hb_arena *arena, hb_outbox_row *ret_row,
                          bool *ret_found, hb_time *ret_next, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_outbox_row row = {.sink = sink};
    hb_time next = HB_TIME_NONE;
    bool found = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT o.id, o.attempts, o.next_ns, o.error, " EVENT
                       " FROM outbox o JOIN alert_log l ON l.id = o.event"
                       " WHERE o.stream = ? AND o.sink = ? AND (o.next_ns <= ? OR o.next_ns > ?)"
                       " AND NOT EXISTS (SELECT 1 FROM outbox_subjects a JOIN outbox_subjects b"
                       " ON b.stream = a.stream AND b.sink = a.sink AND b.subject = a.subject"
                       " AND b.outbox < a.outbox WHERE a.outbox = o.id) ORDER BY o.id LIMIT 1",
                       &q, err));
    hb_sql_text(&q, stream);
    hb_sql_text(&q, sink);
    hb_sql_time(&q, now);
    hb_sql_time(&q, now + slack_ns);
    HB_TRY(hb_sql_row(&q, &found, err));
    if (found) {
        row.id = hb_sql_get_i64(&q);
        row.attempts = (uint32_t)hb_sql_get_u64(&q);
        row.next = hb_sql_get_time(&q);
        row.error = hb_sql_get_text(&q, arena);
        get_event(&q, arena, &row.event);
        HB_TRY(hb_sql_check(&q, err));
    } else {
        HB_TRY(next_due(s, stream, sink, now, &next, err));
    }
    *ret_row = row;
    *ret_found = found;
    *ret_next = next;
    return HB_OK;
}

static hb_status take(hb_store *s, int64_t id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "DELETE FROM outbox WHERE id = ?", &q, err));
    hb_sql_i64(&q, id);
    return hb_sql_exec(&q, err);
}

hb_status hb_outbox_done(hb_store *s, int64_t id, hb_error *err)
{
    HB_TRY(hb_live_begin(s, err));
    return hb_live_end(s, take(s, id, err), err);
}

static hb_status failed(hb_store *s, int64_t id, hb_time next, const char *error, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(
        s, "UPDATE outbox SET attempts = attempts + 1, next_ns = ?, error = ? WHERE id = ?", &q,
        err));
    hb_sql_time(&q, next);
    hb_sql_text(&q, error);
    hb_sql_i64(&q, id);
    return hb_sql_exec(&q, err);
}

hb_status hb_outbox_failed(hb_store *s, int64_t id, hb_time next, const char *error, hb_error *err)
{
    HB_TRY(hb_live_begin(s, err));
    return hb_live_end(s, failed(s, id, next, error, err), err);
}

static hb_status give_up(hb_store *s, int64_t id, const char *error, hb_time now, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO dead_letters(event, stream, sink, attempts, error, died_ns)"
                       " SELECT event, stream, sink, attempts + 1, ?, ? FROM outbox WHERE id = ?",
                       &q, err));
    hb_sql_text(&q, error);
    hb_sql_time(&q, now);
    hb_sql_i64(&q, id);
    HB_TRY(hb_sql_exec(&q, err));
    return take(s, id, err);
}

hb_status hb_outbox_give_up(hb_store *s, int64_t id, const char *error, hb_time now, hb_error *err)
{
    HB_TRY(hb_live_begin(s, err));
    return hb_live_end(s, give_up(s, id, error, now, err), err);
}

static hb_status hurry(hb_store *s, const char *stream, const char *sink, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(
        s, "UPDATE outbox SET next_ns = 0 WHERE stream = ? AND sink = ? AND next_ns <> 0", &q,
        err));
    hb_sql_text(&q, stream);
    hb_sql_text(&q, sink);
    return hb_sql_exec(&q, err);
}

hb_status hb_outbox_hurry(hb_store *s, const char *stream, const char *sink, hb_error *err)
{
    HB_TRY(hb_live_begin(s, err));
    return hb_live_end(s, hurry(s, stream, sink, err), err);
}

/* --- given up --- */

hb_status hb_dead_list(hb_store *s, const char *stream, size_t limit, hb_arena *arena,
                       hb_dead_letter **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_dead_letter *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT d.id, d.sink, d.attempts, d.error, d.died_ns, " EVENT
                       " FROM dead_letters d JOIN alert_log l ON l.id = d.event"
                       " WHERE ?1 IS NULL OR d.stream = ?1 ORDER BY d.id LIMIT ?2",
                       &q, err));
    hb_sql_any(&q, stream);
    hb_sql_i64(&q, limit ? (int64_t)limit : -1);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        hb_dead_letter *r = &rows[n++];
        r->id = hb_sql_get_i64(&q);
        r->sink = hb_sql_get_text(&q, arena);
        r->attempts = (uint32_t)hb_sql_get_u64(&q);
        r->error = hb_sql_get_text(&q, arena);
        r->died = hb_sql_get_time(&q);
        get_event(&q, arena, &r->event);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

/* A letter may stand for a group of subjects; its place among what waits is by its own alone, which
 * is the order it can still keep. */
static hb_status bring_back(hb_store *s, const hb_dead_letter *d, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_CLEANUP(hb_sql_close) hb_sql subject = {0};
    HB_CLEANUP(hb_sql_close) hb_sql gone = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO outbox(event, stream, sink, attempts, next_ns, error)"
                       " VALUES (?,?,?,0,0,'')",
                       &q, err));
    hb_sql_i64(&q, d->event.id);
    hb_sql_text(&q, d->event.stream);
    hb_sql_text(&q, d->sink);
    HB_TRY(hb_sql_exec(&q, err));
    int64_t outbox = sqlite3_last_insert_rowid(s->db);
    HB_TRY(hb_sql_open(
        s, "INSERT INTO outbox_subjects(stream, sink, subject, outbox) VALUES (?,?,?,?)", &subject,
        err));
    hb_sql_text(&subject, d->event.stream);
    hb_sql_text(&subject, d->sink);
    hb_sql_text(&subject, d->event.subject);
    hb_sql_i64(&subject, outbox);
    HB_TRY(hb_sql_exec(&subject, err));
    HB_TRY(hb_sql_open(s, "DELETE FROM dead_letters WHERE id = ?", &gone, err));
    hb_sql_i64(&gone, d->id);
    return hb_sql_exec(&gone, err);
}

static hb_status has_sink(hb_store *s, const char *stream, const char *sink, bool *ret,
                          hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "SELECT 1 FROM alert_sinks WHERE stream = ? AND sink = ?", &q, err));
    hb_sql_text(&q, stream);
    hb_sql_text(&q, sink);
    return hb_sql_row(&q, ret, err);
}

static hb_status retry(hb_store *s, const char *stream, int64_t id, uint64_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    hb_arena_init(&arena, 256 << 20);
    hb_dead_letter *rows = NULL;
    size_t n = 0;
    uint64_t done = 0;
    bool found = id == 0;
    HB_TRY(hb_dead_list(s, stream, 0, &arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        bool there = false;
        if (id && rows[i].id != id) {
            continue;
        }
        found = true;
        HB_TRY(has_sink(s, rows[i].event.stream, rows[i].sink, &there, err));
        if (!there && id) {
            return HB_FAIL(
                err, HB_E_STORE,
                "dead letter %lld is for sink '%s', which the daemon of stream '%s' does "
                "not have any more; configure it again, start the daemon, then retry",
                (long long)id, rows[i].sink, rows[i].event.stream);
        }
        if (there) {
            HB_TRY(bring_back(s, &rows[i], err));
            done++;
        }
    }
    if (!found) {
        return HB_FAIL(err, HB_E_STORE, "there is no dead letter %lld; hb alert dead lists them",
                       (long long)id);
    }
    *ret_n = done;
    return HB_OK;
}

hb_status hb_dead_retry(hb_store *s, const char *stream, int64_t id, uint64_t *ret_n, hb_error *err)
{
    HB_TRY(hb_live_begin(s, err));
    return hb_live_end(s, retry(s, stream, id, ret_n, err), err);
}

static hb_status count(hb_store *s, const char *text, const char *stream, const char *sink,
                       uint64_t *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s, text, &q, err));
    hb_sql_text(&q, stream);
    hb_sql_any(&q, sink);
    HB_TRY(hb_sql_row(&q, &found, err));
    *ret = hb_sql_get_u64(&q);
    return HB_OK;
}

hb_status hb_outbox_count(hb_store *s, const char *stream, const char *sink, hb_outbox_counts *ret,
                          hb_error *err)
{
    hb_outbox_counts c = {0};
    HB_TRY(count(s, "SELECT count(*) FROM outbox WHERE stream = ?1 AND (?2 IS NULL OR sink = ?2)",
                 stream, sink, &c.waiting, err));
    HB_TRY(count(
        s, "SELECT count(*) FROM dead_letters WHERE stream = ?1 AND (?2 IS NULL OR sink = ?2)",
        stream, sink, &c.dead, err));
    *ret = c;
    return HB_OK;
}
