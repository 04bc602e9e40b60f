/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"

#include "ledger/answers.h"
#include "ledger/tally.h"

#include <string.h>

enum { SCRATCH_BYTES = 256 << 20 };

typedef struct maker {
    hb_store *s;
    hb_arena *arena;
    hb_ledger *out;
    hb_answers answers;
    hb_map rows;     /* run → its row in `judged` */
    hb_map together; /* runs that another's decision covers */
    hb_judged_row *judged;
    size_t n_judged;
    hb_tally tally;
    size_t alarms_cap;
} maker;

/* --- every run once --- */

static hb_status cover(maker *m, const hb_judged_row *row, hb_error *err)
{
    hb_str rest = hb_str_of(row->with);
    while (rest.n) {
        size_t end = hb_str_find_ch(rest, '\n');
        HB_TRY(hb_map_put(&m->together, (hb_str){rest.p, end}, 1, err));
        rest = end < rest.n ? (hb_str){rest.p + end + 1, rest.n - end - 1} : HB_STR("");
    }
    return HB_OK;
}

/* Newest first, so of two runs that name each other the one judged later counts. */
static hb_status list_runs(maker *m, const hb_ledger_query *q, hb_error *err)
{
    HB_TRY(hb_store_list_judged(m->s, q, m->arena, &m->judged, &m->n_judged, err));
    m->out->runs = m->n_judged;
    for (size_t i = 0; i < m->n_judged; i++) {
        const hb_judged_row *row = &m->judged[i];
        hb_str id = hb_str_of(row->run_id);
        HB_TRY(hb_map_put(&m->rows, id, i, err));
        if (*row->with && !hb_map_get(&m->together, id, NULL)) {
            HB_TRY(cover(m, row, err));
        }
    }
    for (size_t i = 0; i < m->n_judged; i++) {
        bool covered = hb_map_get(&m->together, hb_str_of(m->judged[i].run_id), NULL);
        m->out->together += covered;
        m->out->not_judged += !covered && !m->judged[i].decided;
    }
    return HB_OK;
}

/* --- one decision --- */

static hb_status keep_alarm(maker *m, const hb_judged_row *row, const hb_ledger_finding *f,
                            hb_answer answer, const char *because, hb_error *err)
{
    hb_ledger *out = m->out;
    if (out->n_alarms == HB_LEDGER_ALARMS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "more than %d alarms match; narrow what is asked for (--program, "
                       "--test-name, --since)",
                       HB_LEDGER_ALARMS_MAX);
    }
    HB_TRY(HB_ARENA_GROW(m->arena, out->alarms, out->n_alarms, m->alarms_cap, err));
    hb_ledger_alarm *a = &out->alarms[out->n_alarms];
    *a = (hb_ledger_alarm){.run_id = row->run_id,
                           .program = row->program,
                           .metric = hb_arena_str(m->arena, hb_str_of(f->metric)),
                           .rule = hb_arena_str(m->arena, hb_str_of(f->rule)),
                           .limit = f->layer == HB_LEDGER_LIMITS,
                           .answer = answer,
                           .because = because};
    if (!a->metric || !a->rule) {
        return HB_NOMEM(err);
    }
    out->n_alarms++;
    return HB_OK;
}

/* What was missed counts where no finding of weight says it, whatever the layer. */
static hb_status missed(maker *m, const char *run_id, const hb_ledger_decision *d, size_t metric,
                        bool *ret, hb_error *err)
{
    const char *name = d->metrics[metric].name;
    HB_TRY(hb_answers_missed(&m->answers, run_id, name, ret, err));
    for (size_t i = 0; i < d->n_findings && *ret; i++) {
        const hb_ledger_finding *f = &d->findings[i];
        *ret = f->severity < HB_SEVERITY_DRIFT || strcmp(f->metric, name) != 0;
    }
    return HB_OK;
}

static hb_status one(maker *m, const hb_judged_row *row, const hb_ledger_decision *d, hb_seen *seen,
                     hb_error *err)
{
    HB_TRY(hb_seen_begin(seen, d, err));
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_ledger_finding *f = &d->findings[i];
        if (f->severity < HB_SEVERITY_DRIFT || f->layer == HB_LEDGER_OTHER) {
            continue;
        }
        hb_answer answer = HB_ANSWER_UNKNOWN;
        const char *because = "";
        HB_TRY(hb_answers_find(&m->answers, row->run_id, f, &answer, &because, err));
        HB_TRY(keep_alarm(m, row, f, answer, because, err));
        hb_seen_alarm(seen, f, answer);
    }
    for (size_t i = 0; i < d->n_metrics; i++) {
        bool was_missed = false;
        HB_TRY(missed(m, row->run_id, d, i, &was_missed, err));
        if (was_missed) {
            hb_seen_missed(seen, i);
            m->out->missed++;
        }
    }
    m->out->untested += !d->tested;
    return hb_tally_add(&m->tally, row->program, seen, err);
}

static hb_status visit(void *ctx, const char *run_id, hb_str json, hb_error *err)
{
    maker *m = ctx;
    size_t i = 0;
    hb_str id = hb_str_of(run_id);
    if (hb_map_get(&m->together, id, NULL) || !hb_map_get(&m->rows, id, &i)) {
        return HB_OK;
    }
    hb_arena scratch;
    hb_arena_init(&scratch, SCRATCH_BYTES);
    hb_ledger_decision d;
    hb_seen seen = {.arena = &scratch};
    hb_status status = hb_ledger_read(json, run_id, &scratch, &d, err);
    if (status == HB_OK) {
        status = one(m, &m->judged[i], &d, &seen, err);
    }
    hb_arena_release(&scratch);
    return status;
}

static hb_status make(maker *m, const hb_ledger_query *q, hb_error *err)
{
    HB_TRY(hb_answers_load(m->s, q, m->arena, &m->answers, err));
    HB_TRY(list_runs(m, q, err));
    HB_TRY(hb_store_walk_decisions(m->s, q, visit, m, err));
    for (size_t i = 0; i < m->answers.n_marks; i++) {
        const hb_feedback_row *r = &m->answers.marks[i];
        m->out->marks += !r->superseded && hb_map_get(&m->rows, hb_str_of(r->run_id), NULL);
    }
    hb_tally_end(&m->tally, m->out);
    return HB_OK;
}

hb_status hb_ledger_make(hb_store *s, const hb_ledger_query *q, hb_arena *arena, hb_ledger *ret,
                         hb_error *err)
{
    hb_ledger out = {0};
    maker m = {.s = s, .arena = arena, .out = &out};
    hb_map_init(&m.rows, HB_LEDGER_RUNS_MAX);
    hb_map_init(&m.together, HB_LEDGER_RUNS_MAX);
    hb_tally_begin(&m.tally, arena);
    hb_status status = make(&m, q, err);
    hb_tally_release(&m.tally);
    hb_map_release(&m.rows);
    hb_map_release(&m.together);
    hb_answers_release(&m.answers);
    if (status == HB_OK) {
        *ret = out;
    }
    return status;
}
