/* SPDX-License-Identifier: Apache-2.0 */
#include "store/suspicions.h"

#include "store/sql.h"

#include <string.h>

static const char *const state_names[HB_SUSPICION_STATE_COUNT_] = {
    [HB_SUSPICION_OPEN] = "open",           [HB_SUSPICION_CONFIRMED] = "confirmed",
    [HB_SUSPICION_CLEARED] = "cleared",     [HB_SUSPICION_OPPOSITE] = "opposite",
    [HB_SUSPICION_WITHDRAWN] = "withdrawn",
};

const char *hb_suspicion_state_name(hb_suspicion_state s)
{
    return (unsigned)s < HB_SUSPICION_STATE_COUNT_ ? state_names[s] : "?";
}

/* The words of the log; "reopened" leads back to open. */
static hb_suspicion_state state_of(hb_str event)
{
    for (unsigned i = 0; i < HB_SUSPICION_STATE_COUNT_; i++) {
        if (hb_str_eq(event, hb_str_of(state_names[i]))) {
            return (hb_suspicion_state)i;
        }
    }
    return HB_SUSPICION_OPEN;
}

/* --- reading --- */

/* "word": the last word on each suspicion, of anybody but the run that looks (?5). */
static const char list_sql[] =
    "WITH word AS (SELECT l.suspicion, l.event, c.run_id, l.at_ns,"
    " row_number() OVER (PARTITION BY l.suspicion ORDER BY l.id DESC) AS nth"
    " FROM suspicion_log l JOIN runs c ON c.id = l.run WHERE ?5 IS NULL OR c.run_id <> ?5)"
    " SELECT s.id, r.run_id, r.digest, r.operating_mode, r.scenario_id, r.sensor_config_id,"
    " r.input_data_version, r.environment_fingerprint, r.environment, s.metric, s.direction,"
    " s.raised_ns, s.until_ns, s.step, s.logarithm, s.n_set, coalesce(w.event, 'open'),"
    " coalesce(w.run_id, ''), w.at_ns"
    " FROM suspicions s JOIN runs r ON r.id = s.run"
    " LEFT JOIN word w ON w.suspicion = s.id AND w.nth = 1"
    " WHERE (?1 IS NULL OR r.program = ?1) AND (?2 IS NULL OR r.subsystem = ?2)"
    " AND (?3 IS NULL OR r.test_name = ?3) AND (?4 IS NULL OR r.run_id = ?4)"
    " AND (?5 IS NULL OR (r.run_id <> ?5 AND NOT EXISTS (SELECT 1 FROM lineage x JOIN runs o"
    " ON o.id = x.run WHERE x.decision = s.decision AND x.role = 'with' AND o.run_id = ?5)))"
    " AND NOT EXISTS (SELECT 1 FROM suspicion_log x WHERE x.suspicion = s.id"
    " AND x.event = 'withdrawn')"
    " AND (?6 OR coalesce(w.event, 'open') NOT IN ('cleared', 'opposite'))"
    " ORDER BY s.metric, r.run_id, s.id LIMIT ?7";

static void get_row(hb_sql *q, hb_arena *arena, hb_suspicion_row *row)
{
    row->id = hb_sql_get_i64(q);
    row->run_id = hb_sql_get_text(q, arena);
    row->run_digest = hb_sql_get_text(q, arena);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        row->context[i] = hb_sql_get_text(q, arena);
    }
    row->metric = hb_sql_get_text(q, arena);
    row->direction = hb_sql_get_i64(q) < 0 ? HB_DIRECTION_DOWN : HB_DIRECTION_UP;
    row->raised = hb_sql_get_i64(q);
    row->until = hb_sql_get_i64(q);
    row->step = hb_sql_get_step(q);
    row->log = hb_sql_get_i64(q) != 0;
    row->n_set = (size_t)hb_sql_get_u64(q);
    row->state = state_of(hb_sql_get_blob(q));
    row->closed_by = hb_sql_get_text(q, arena);
    row->closed_at = hb_sql_get_time(q);
    if (row->state == HB_SUSPICION_OPEN) {
        row->closed_by = "";
        row->closed_at = HB_TIME_NONE;
    }
}

/* A list cut short would let runs back into sets that somebody suspects. */
static hb_status all_listed(const hb_store *s, size_t n, hb_error *err)
{
    return n < HB_SUSPICIONS_MAX
               ? HB_OK
               : HB_FAIL(err, HB_E_LIMIT,
                         "registry '%s' has %d suspicions or more that match; "
                         "narrow by --program and --test-name, or go on in a new registry (--db)",
                         hb_store_path(s), HB_SUSPICIONS_MAX);
}

hb_status hb_store_list_suspicions(hb_store *s, const hb_suspicion_query *q, hb_arena *arena,
                                   hb_suspicion_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    HB_TRY(hb_sql_open(s, list_sql, &stmt, err));
    hb_sql_any(&stmt, q->program);
    hb_sql_any(&stmt, q->subsystem);
    hb_sql_any(&stmt, q->test_name);
    hb_sql_any(&stmt, q->run_id);
    hb_sql_any(&stmt, q->seen_by);
    hb_sql_i64(&stmt, q->settled_too);
    hb_sql_i64(&stmt, HB_SUSPICIONS_MAX);
    hb_suspicion_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(&stmt, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        get_row(&stmt, arena, &rows[n++]);
        HB_TRY(hb_sql_row(&stmt, &more, err));
    }
    HB_TRY(all_listed(s, n, err));
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

/* "word": as above, of anybody but the run that looks (?4). */
static const char suspects_sql[] =
    "WITH word AS (SELECT l.suspicion, l.event, l.run, l.decision,"
    " row_number() OVER (PARTITION BY l.suspicion ORDER BY l.id DESC) AS nth"
    " FROM suspicion_log l JOIN runs c ON c.id = l.run WHERE ?4 IS NULL OR c.run_id <> ?4),"
    " live AS (SELECT s.id, s.run, s.decision, ?4 IS NOT NULL AND r.run_id = ?4 AS own,"
    " w.event = 'confirmed' AS confirmed, w.run AS by_run, w.decision AS by_decision"
    " FROM suspicions s JOIN runs r ON r.id = s.run"
    " LEFT JOIN word w ON w.suspicion = s.id AND w.nth = 1"
    " WHERE (?1 IS NULL OR r.program = ?1) AND (?2 IS NULL OR r.subsystem = ?2)"
    " AND (?3 IS NULL OR r.test_name = ?3)"
    " AND NOT EXISTS (SELECT 1 FROM suspicion_log x WHERE x.suspicion = s.id"
    " AND x.event = 'withdrawn')"
    " AND coalesce(w.event, 'open') NOT IN ('cleared', 'opposite')),"
    " about AS (SELECT id, run FROM live WHERE NOT own"
    " UNION SELECT l.id, x.run FROM live l JOIN lineage x ON x.decision = l.decision"
    " WHERE x.role = 'with' AND NOT l.own"
    " UNION SELECT id, by_run FROM live WHERE confirmed"
    " UNION SELECT l.id, x.run FROM live l JOIN lineage x ON x.decision = l.by_decision"
    " WHERE x.role = 'with' AND l.confirmed)"
    " SELECT o.run_id, a.id FROM about a JOIN runs o ON o.id = a.run ORDER BY o.run_id, a.id"
    " LIMIT ?5";

hb_status hb_store_list_suspects(hb_store *s, const hb_suspicion_query *q, hb_arena *arena,
                                 hb_suspect **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    HB_TRY(hb_sql_open(s, suspects_sql, &stmt, err));
    hb_sql_any(&stmt, q->program);
    hb_sql_any(&stmt, q->subsystem);
    hb_sql_any(&stmt, q->test_name);
    hb_sql_any(&stmt, q->seen_by);
    hb_sql_i64(&stmt, HB_SUSPICIONS_MAX);
    hb_suspect *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(&stmt, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        rows[n].run_id = hb_sql_get_text(&stmt, arena);
        rows[n++].suspicion = hb_sql_get_i64(&stmt);
        HB_TRY(hb_sql_row(&stmt, &more, err));
    }
    HB_TRY(all_listed(s, n, err));
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_store_suspicion_set(hb_store *s, const hb_suspicion_row *row, hb_arena *arena,
                                 const char ***ret_run_ids, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    const char **ids = hb_arena_array(arena, row->n_set ? row->n_set : 1, sizeof *ids);
    if (!ids) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_sql_open(s,
                       "SELECT r.run_id FROM suspicion_runs x JOIN runs r ON r.id = x.run"
                       " WHERE x.suspicion = ? ORDER BY x.pos",
                       &q, err));
    hb_sql_i64(&q, row->id);
    for (size_t i = 0; i <= row->n_set; i++) {
        bool more = false;
        HB_TRY(hb_sql_row(&q, &more, err));
        if (more != (i < row->n_set)) {
            return HB_FAIL(err, HB_E_STORE,
                           "registry '%s' is damaged: a suspicion of run '%s' has another number "
                           "of runs than it was stored with; restore a backup",
                           s->path, row->run_id);
        }
        if (more) {
            ids[i] = hb_sql_get_text(&q, arena);
        }
    }
    HB_TRY(hb_sql_check(&q, err));
    *ret_run_ids = ids;
    return HB_OK;
}

/* --- writing, inside the transaction of the decision --- */

typedef struct live { /* a suspicion that was not withdrawn */
    int64_t id;
    const char *metric;
    int64_t direction;
    int64_t run;
    hb_suspicion_state state;
    int64_t closed_by;
} live;

typedef struct writer {
    hb_store *s;
    hb_arena *arena;
    const hb_decision_row *row;
    int64_t decision;
    int64_t run;
    hb_sql log;
} writer;

static hb_status list_live(writer *w, const char *where, live **ret, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(w->s, where, &q, err));
    hb_sql_i64(&q, w->run);
    live *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(w->arena, list, n, cap, err));
        live *x = &list[n++];
        x->id = hb_sql_get_i64(&q);
        x->metric = hb_sql_get_text(&q, w->arena);
        x->direction = hb_sql_get_i64(&q);
        x->run = hb_sql_get_i64(&q);
        x->state = state_of(hb_sql_get_blob(&q));
        x->closed_by = hb_sql_get_i64(&q);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret = list;
    *ret_n = n;
    return HB_OK;
}

#define LIVE                                                                                   \
    "SELECT s.id, s.metric, s.direction, s.run,"                                               \
    " coalesce((SELECT event FROM suspicion_log WHERE suspicion = s.id ORDER BY id DESC LIMIT" \
    " 1), 'open'),"                                                                            \
    " coalesce((SELECT run FROM suspicion_log WHERE suspicion = s.id ORDER BY id DESC LIMIT"   \
    " 1), 0) FROM suspicions s WHERE NOT EXISTS (SELECT 1 FROM suspicion_log w WHERE"          \
    " w.suspicion = s.id AND w.event = 'withdrawn') AND "

static hb_status note(writer *w, int64_t suspicion, const char *event, hb_error *err)
{
    hb_sql_i64(&w->log, suspicion);
    hb_sql_text(&w->log, event);
    hb_sql_i64(&w->log, w->run);
    hb_sql_i64(&w->log, w->decision);
    hb_sql_i64(&w->log, w->row->decided_at);
    return hb_sql_exec(&w->log, err);
}

static hb_status insert_set(writer *w, int64_t suspicion, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(w->s,
                       "INSERT INTO suspicion_runs(suspicion, pos, run)"
                       " SELECT ?, pos, run FROM lineage WHERE decision = ? AND role = 'set'",
                       &q, err));
    hb_sql_i64(&q, suspicion);
    hb_sql_i64(&q, w->decision);
    return hb_sql_exec(&q, err);
}

static hb_status insert(writer *w, const hb_suspicion_raised *r, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(w->s,
                       "INSERT INTO suspicions(decision, run, metric, direction, raised_ns, "
                       "until_ns, step, logarithm,"
                       " n_set)"
                       " SELECT ?1, id, ?3, ?4, order_ns, order_ns + ?5, ?6, ?7,"
                       " (SELECT count(*) FROM lineage WHERE decision = ?1 AND role = 'set')"
                       " FROM runs WHERE id = ?2",
                       &q, err));
    hb_sql_i64(&q, w->decision);
    hb_sql_i64(&q, w->run);
    hb_sql_text(&q, r->metric);
    hb_sql_i64(&q, r->direction);
    hb_sql_i64(&q, (int64_t)r->days * INT64_C(86400000000000));
    hb_sql_step(&q, r->step);
    hb_sql_i64(&q, r->log);
    HB_TRY(hb_sql_exec(&q, err));
    return insert_set(w, sqlite3_last_insert_rowid(w->s->db), err);
}

static bool is_raised(const hb_decision_row *row, const live *x)
{
    for (size_t i = 0; i < row->n_raised; i++) {
        if (row->raised[i].direction == x->direction &&
            strcmp(row->raised[i].metric, x->metric) == 0) {
            return true;
        }
    }
    return false;
}

/* What this run suspected when it was decided before, and what it suspects now. */
static hb_status write_raised(writer *w, hb_error *err)
{
    live *own = NULL;
    size_t n = 0;
    HB_TRY(list_live(w, LIVE "s.run = ? ORDER BY s.id", &own, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (!is_raised(w->row, &own[i])) {
            HB_TRY(note(w, own[i].id, "withdrawn", err));
        }
    }
    for (size_t i = 0; i < w->row->n_raised; i++) {
        const hb_suspicion_raised *r = &w->row->raised[i];
        bool there = false;
        for (size_t k = 0; k < n && !there; k++) {
            there = own[k].direction == r->direction && strcmp(own[k].metric, r->metric) == 0;
        }
        if (!there) {
            HB_TRY(insert(w, r, err));
        }
    }
    return HB_OK;
}

static const hb_suspicion_answer *answer_to(const hb_decision_row *row, const live *x,
                                            const char *raised_by)
{
    for (size_t i = 0; i < row->n_answers; i++) {
        const hb_suspicion_answer *a = &row->answers[i];
        if (a->direction == x->direction && strcmp(a->metric, x->metric) == 0 &&
            strcmp(a->run_id, raised_by) == 0) {
            return a;
        }
    }
    return NULL;
}

static hb_status id_of_run(writer *w, int64_t run, const char **ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(w->s, "SELECT run_id FROM runs WHERE id = ?", &q, err));
    hb_sql_i64(&q, run);
    HB_TRY(hb_sql_row(&q, &found, err));
    *ret = found ? hb_sql_get_text(&q, w->arena) : "";
    return hb_sql_check(&q, err);
}

/* Open ones, and those this very run closed before: another run's last word stands. */
static hb_status write_answers(writer *w, hb_error *err)
{
    live *others = NULL;
    size_t n = 0;
    HB_TRY(list_live(w,
                     LIVE "s.run <> ?1 AND s.run IN (SELECT o.id FROM runs o JOIN runs me ON"
                          " me.id = ?1 WHERE o.program = me.program AND o.subsystem = me.subsystem"
                          " AND o.test_name = me.test_name) ORDER BY s.id",
                     &others, &n, err));
    for (size_t i = 0; i < n; i++) {
        const live *x = &others[i];
        bool open = x->state == HB_SUSPICION_OPEN;
        if (!open && x->closed_by != w->run) {
            continue;
        }
        const char *raised_by = "";
        HB_TRY(id_of_run(w, x->run, &raised_by, err));
        const hb_suspicion_answer *a = answer_to(w->row, x, raised_by);
        if (a && (open || a->state != x->state)) {
            HB_TRY(note(w, x->id, state_names[a->state], err));
        } else if (!a && !open) {
            HB_TRY(note(w, x->id, "reopened", err));
        }
    }
    return HB_OK;
}

hb_status hb_store_write_suspicions(hb_store *s, const hb_decision_row *row, int64_t decision,
                                    int64_t run, hb_error *err)
{
    hb_arena arena;
    hb_arena_init(&arena, 64 << 20);
    writer w = {.s = s, .arena = &arena, .row = row, .decision = decision, .run = run};
    hb_status status = hb_sql_open(s,
                                   "INSERT INTO suspicion_log(suspicion, event, run, decision,"
                                   " at_ns) VALUES (?,?,?,?,?)",
                                   &w.log, err);
    if (status == HB_OK) {
        status = write_answers(&w, err);
    }
    if (status == HB_OK) {
        status = write_raised(&w, err);
    }
    hb_sql_close(&w.log);
    hb_arena_release(&arena);
    return status;
}
