/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/tally.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 1 << 20, BUDGETS_MAX = 10000 };

/* --- one decision --- */

hb_status hb_seen_begin(hb_seen *s, const hb_ledger_decision *d, hb_error *err)
{
    s->d = d;
    s->metrics = hb_arena_array(s->arena, d->n_metrics + 1, sizeof *s->metrics);
    s->rules = hb_arena_array(s->arena, d->n_findings + 1, sizeof *s->rules);
    return s->metrics && s->rules ? HB_OK : HB_NOMEM(err);
}

static void answered(hb_trial *t, hb_answer answer)
{
    t->is_false = t->is_false || answer == HB_ANSWER_FALSE;
    t->is_true = t->is_true || answer == HB_ANSWER_TRUE;
    t->unknown = t->unknown || answer == HB_ANSWER_UNKNOWN;
}

void hb_seen_alarm(hb_seen *s, const hb_ledger_finding *f, hb_answer answer)
{
    if (f->layer == HB_LEDGER_LIMITS) {
        answered(&s->limits, answer);
        for (size_t i = 0; i < s->d->n_findings; i++) {
            if (strcmp(s->d->findings[i].rule, f->rule) == 0) {
                answered(&s->rules[i], answer);
                return;
            }
        }
        return;
    }
    answered(&s->run, answer);
    for (size_t i = 0; i < s->d->n_metrics; i++) {
        if (strcmp(s->d->metrics[i].name, f->metric) == 0) {
            answered(&s->metrics[i], answer);
        }
    }
}

void hb_seen_missed(hb_seen *s, size_t metric)
{
    s->metrics[metric].missed = true;
    s->run.missed = true;
}

/* --- added up --- */

void hb_tally_begin(hb_tally *t, hb_arena *arena)
{
    *t = (hb_tally){.arena = arena};
    t->all.program = t->all.name = "";
    t->limits.program = t->limits.name = "";
    hb_map_init(&t->programs.index, HB_LEDGER_METRICS_MAX);
    hb_map_init(&t->metrics.index, HB_LEDGER_METRICS_MAX);
    hb_map_init(&t->rules.index, HB_LEDGER_METRICS_MAX);
}

void hb_tally_release(hb_tally *t)
{
    hb_map_release(&t->programs.index);
    hb_map_release(&t->metrics.index);
    hb_map_release(&t->rules.index);
}

static bool alarmed(const hb_trial *x)
{
    return x->is_false || x->is_true || x->unknown;
}

static void count(hb_ledger_line *line, const hb_trial *x, double promised)
{
    hb_alarm_count *c = &line->count;
    c->trials++;
    line->flagged += alarmed(x);
    line->promised_sum += promised;
    if (x->is_true) {
        c->true_alarms++;
    } else if (x->missed) {
        c->missed++;
    } else if (x->unknown) {
        c->unknown++;
    } else if (x->is_false) {
        c->false_alarms++;
    }
}

static hb_status line_of(hb_tally *t, hb_lines *lines, const char *program, const char *name,
                         hb_ledger_line **ret, hb_error *err)
{
    hb_buf key;
    hb_buf_init(&key, KEY_BYTES);
    hb_buf_add(&key, program, strlen(program) + 1); /* its end cannot be part of it */
    hb_buf_c(&key, name);
    size_t at = 0;
    hb_status status = hb_buf_check(&key, err);
    if (status == HB_OK && !hb_map_get(&lines->index, (hb_str){key.p, key.n}, &at)) {
        char *kept = hb_arena_strndup(t->arena, key.p, key.n);
        status =
            kept ? HB_ARENA_GROW(t->arena, lines->v, lines->n, lines->cap, err) : HB_NOMEM(err);
        if (status == HB_OK) {
            status = hb_map_put(&lines->index, (hb_str){kept, key.n}, lines->n, err);
        }
        if (status == HB_OK) {
            at = lines->n++;
            lines->v[at] = (hb_ledger_line){.program = kept, .name = kept + strlen(program) + 1};
        }
    }
    hb_buf_release(&key);
    if (status == HB_OK) {
        *ret = &lines->v[at];
    }
    return status;
}

static hb_status add_budget(hb_tally *t, double budget, hb_error *err)
{
    size_t i = 0;
    while (i < t->n_budgets && t->budgets[i].budget < budget) {
        i++;
    }
    if (i == t->n_budgets || t->budgets[i].budget > budget) {
        if (t->n_budgets == BUDGETS_MAX) {
            return HB_FAIL(err, HB_E_LIMIT,
                           "the decisions were made with more than %d budgets; narrow what is "
                           "asked for (--program, --test-name, --since)",
                           BUDGETS_MAX);
        }
        HB_TRY(HB_ARENA_GROW(t->arena, t->budgets, t->n_budgets, t->budgets_cap, err));
        memmove(&t->budgets[i + 1], &t->budgets[i], (t->n_budgets - i) * sizeof *t->budgets);
        t->budgets[i] = (hb_ledger_budget){.budget = budget};
        t->n_budgets++;
    }
    t->budgets[i].runs++;
    return HB_OK;
}

static hb_status add_metrics(hb_tally *t, const char *program, const hb_seen *s, hb_error *err)
{
    for (size_t i = 0; i < s->d->n_metrics; i++) {
        const hb_ledger_metric *m = &s->d->metrics[i];
        hb_ledger_line *line = NULL;
        if (m->tested || alarmed(&s->metrics[i])) {
            HB_TRY(line_of(t, &t->metrics, program, m->name, &line, err));
            count(line, &s->metrics[i], m->share);
        }
    }
    return HB_OK;
}

static hb_status add_rules(hb_tally *t, const hb_seen *s, hb_error *err)
{
    for (size_t i = 0; i < s->d->n_findings; i++) {
        hb_ledger_line *line = NULL;
        if (alarmed(&s->rules[i])) {
            HB_TRY(line_of(t, &t->rules, "", s->d->findings[i].rule, &line, err));
            count(line, &s->rules[i], 0);
        }
    }
    return HB_OK;
}

hb_status hb_tally_add(hb_tally *t, const char *program, const hb_seen *s, hb_error *err)
{
    if (strcmp(s->d->verdict, hb_verdict_name(HB_VERDICT_NO_TEST)) != 0) {
        count(&t->limits, &s->limits, 0);
        HB_TRY(add_rules(t, s, err));
    }
    /* Without a test of its own a run can still confirm an older suspicion; it was no trial. */
    if (!s->d->tested) {
        return HB_OK;
    }
    hb_ledger_line *line = NULL;
    count(&t->all, &s->run, s->d->budget);
    HB_TRY(line_of(t, &t->programs, program, "", &line, err));
    count(line, &s->run, s->d->budget);
    HB_TRY(add_budget(t, s->d->budget, err));
    return add_metrics(t, program, s, err);
}

/* --- held against the promise --- */

static void hold(hb_ledger_line *line, double confidence)
{
    double n = (double)line->count.trials;
    line->held = hb_promise_hold(&line->count, n > 0 ? line->promised_sum / n : 0, confidence);
}

static int by_name(const void *a, const void *b)
{
    const hb_ledger_line *x = a;
    const hb_ledger_line *y = b;
    int order = strcmp(x->program, y->program);
    return order ? order : strcmp(x->name, y->name);
}

static int descending(uint64_t x, uint64_t y)
{
    return x > y ? -1 : x < y;
}

static int worst_first(const void *a, const void *b)
{
    const hb_ledger_line *x = a;
    const hb_ledger_line *y = b;
    int order = descending(x->count.false_alarms, y->count.false_alarms);
    order = order ? order : descending(x->count.unknown, y->count.unknown);
    return order ? order : by_name(a, b);
}

static int most_first(const void *a, const void *b)
{
    const hb_ledger_line *x = a;
    const hb_ledger_line *y = b;
    int order = descending(x->flagged, y->flagged);
    return order ? order : by_name(a, b);
}

void hb_tally_end(hb_tally *t, hb_ledger *out)
{
    hold(&t->all, HB_LEDGER_CONFIDENCE);
    for (size_t i = 0; i < t->programs.n; i++) {
        hold(&t->programs.v[i], HB_LEDGER_CONFIDENCE);
    }
    /* Bonferroni: of fifty metrics one or two would else look above by chance. */
    double each = 1 - (1 - HB_LEDGER_CONFIDENCE) / (double)(t->metrics.n ? t->metrics.n : 1);
    for (size_t i = 0; i < t->metrics.n; i++) {
        hold(&t->metrics.v[i], each);
    }
    if (t->programs.n) {
        qsort(t->programs.v, t->programs.n, sizeof *t->programs.v, by_name);
    }
    if (t->metrics.n) {
        qsort(t->metrics.v, t->metrics.n, sizeof *t->metrics.v, worst_first);
    }
    for (size_t i = 0; i < t->rules.n; i++) {
        t->rules.v[i].count.trials = t->limits.count.trials;
    }
    if (t->rules.n) {
        qsort(t->rules.v, t->rules.n, sizeof *t->rules.v, most_first);
    }
    out->all = t->all;
    out->limits = t->limits;
    out->programs = t->programs.v;
    out->n_programs = t->programs.n;
    out->metrics = t->metrics.v;
    out->n_metrics = t->metrics.n;
    out->rules = t->rules.v;
    out->n_rules = t->rules.n;
    out->budgets = t->budgets;
    out->n_budgets = t->n_budgets;
}
