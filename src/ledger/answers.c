/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/answers.h"

#include "base/buf.h"

#include <string.h>

static const char *const names[HB_ANSWER_COUNT_] = {
    [HB_ANSWER_UNKNOWN] = "unknown",
    [HB_ANSWER_FALSE] = "false",
    [HB_ANSWER_TRUE] = "true",
};

const char *hb_answer_name(hb_answer a)
{
    return (unsigned)a < HB_ANSWER_COUNT_ ? names[a] : "?";
}

enum { KEY_BYTES = 1 << 20 };

/* A line end cannot be part of a run id, so what stands between two of them is not mistaken. */
static void key_of(hb_buf *b, const char *run_id, const char *metric, const char *rule)
{
    hb_buf_clear(b);
    hb_buf_c(b, run_id);
    hb_buf_ch(b, '\n');
    hb_buf_c(b, rule);
    hb_buf_ch(b, '\n');
    hb_buf_c(b, metric);
}

static hb_status put(hb_answers *a, hb_map *m, hb_buf *key, size_t value, hb_error *err)
{
    HB_TRY(hb_buf_check(key, err));
    char *kept = hb_arena_strndup(a->arena, key->p, key->n);
    if (!kept) {
        return HB_NOMEM(err);
    }
    return hb_map_put(m, (hb_str){kept, key->n}, value, err);
}

static hb_status index_all(hb_answers *a, hb_buf *key, hb_error *err)
{
    for (size_t i = 0; i < a->n_marks; i++) {
        const hb_feedback_row *r = &a->marks[i];
        if (!r->superseded) {
            key_of(key, r->run_id, r->metric, r->rule);
            HB_TRY(put(a, &a->by_finding, key, i, err));
        }
    }
    for (size_t i = 0; i < a->n_suspicions; i++) {
        key_of(key, a->suspicions[i].run_id, a->suspicions[i].metric, "");
        HB_TRY(put(a, &a->by_metric, key, i, err));
    }
    return HB_OK;
}

hb_status hb_answers_load(hb_store *s, const hb_ledger_query *q, hb_arena *arena, hb_answers *a,
                          hb_error *err)
{
    /* Of all times: a retest that is in the query may answer, or be answered by, a run that is
     * not. */
    hb_ledger_query marks = *q;
    marks.since = HB_TIME_NONE;
    hb_suspicion_query raised = {.program = q->program,
                                 .subsystem = q->subsystem,
                                 .test_name = q->test_name,
                                 .settled_too = true};
    *a = (hb_answers){.arena = arena};
    hb_map_init(&a->by_finding, HB_FEEDBACK_MAX);
    hb_map_init(&a->by_metric, HB_SUSPICIONS_MAX);
    HB_TRY(hb_store_list_feedback(s, &marks, arena, &a->marks, &a->n_marks, err));
    HB_TRY(hb_store_list_suspicions(s, &raised, arena, &a->suspicions, &a->n_suspicions, err));
    hb_buf key;
    hb_buf_init(&key, KEY_BYTES);
    hb_status status = index_all(a, &key, err);
    hb_buf_release(&key);
    return status;
}

void hb_answers_release(hb_answers *a)
{
    hb_map_release(&a->by_finding);
    hb_map_release(&a->by_metric);
}

static hb_status look_up(const hb_map *m, const char *run_id, const char *metric, const char *rule,
                         size_t *ret, bool *ret_found, hb_error *err)
{
    hb_buf key;
    hb_buf_init(&key, KEY_BYTES);
    key_of(&key, run_id, metric, rule);
    hb_status status = hb_buf_check(&key, err);
    *ret_found = status == HB_OK && hb_map_get(m, (hb_str){key.p, key.n}, ret);
    hb_buf_release(&key);
    return status;
}

static hb_status by_mark(const hb_answers *a, const char *run_id, const char *metric,
                         const char *rule, hb_answer *ret, hb_error *err)
{
    size_t i = 0;
    bool found = false;
    HB_TRY(look_up(&a->by_finding, run_id, metric, rule, &i, &found, err));
    *ret = !found                                      ? HB_ANSWER_UNKNOWN
           : a->marks[i].mark == HB_MARK_TOO_SENSITIVE ? HB_ANSWER_FALSE
                                                       : HB_ANSWER_TRUE;
    return HB_OK;
}

/* Confirmed is true, unless the finding that confirms it was marked. */
static hb_status by_retest(const hb_answers *a, const char *run_id, const hb_ledger_finding *f,
                           hb_answer *ret, hb_error *err)
{
    size_t i = 0;
    bool found = false;
    *ret = HB_ANSWER_UNKNOWN;
    HB_TRY(look_up(&a->by_metric, run_id, f->metric, "", &i, &found, err));
    if (!found) {
        return HB_OK;
    }
    const hb_suspicion_row *s = &a->suspicions[i];
    if (s->state == HB_SUSPICION_CLEARED) {
        *ret = HB_ANSWER_FALSE;
    } else if (s->state == HB_SUSPICION_CONFIRMED) {
        HB_TRY(by_mark(a, s->closed_by, f->metric, hb_rule_name(HB_RULE_CONFIRMED), ret, err));
        *ret = *ret == HB_ANSWER_UNKNOWN ? HB_ANSWER_TRUE : *ret;
    }
    return HB_OK;
}

hb_status hb_answers_find(const hb_answers *a, const char *run_id, const hb_ledger_finding *f,
                          hb_answer *ret, const char **ret_because, hb_error *err)
{
    hb_answer answer = HB_ANSWER_UNKNOWN;
    const char *because = "mark";
    HB_TRY(by_mark(a, run_id, f->metric, f->rule, &answer, err));
    if (answer == HB_ANSWER_UNKNOWN && strcmp(f->rule, hb_rule_name(HB_RULE_CONFIRMED)) == 0) {
        answer = HB_ANSWER_TRUE;
        because = "retest";
    } else if (answer == HB_ANSWER_UNKNOWN &&
               strcmp(f->rule, hb_rule_name(HB_RULE_SUSPECTED)) == 0) {
        HB_TRY(by_retest(a, run_id, f, &answer, err));
        because = "retest";
    }
    *ret = answer;
    *ret_because = answer == HB_ANSWER_UNKNOWN ? "" : because;
    return HB_OK;
}

hb_status hb_answers_missed(const hb_answers *a, const char *run_id, const char *metric, bool *ret,
                            hb_error *err)
{
    size_t i = 0;
    bool found = false;
    HB_TRY(look_up(&a->by_finding, run_id, metric, "", &i, &found, err));
    *ret = found && a->marks[i].mark == HB_MARK_MISSED;
    return HB_OK;
}
