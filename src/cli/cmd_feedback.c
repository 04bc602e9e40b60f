/* SPDX-License-Identifier: Apache-2.0 */
/* hb feedback: what people know about a finding, or about one that should have been there. */
#include "cli/app.h"
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/permitted.h"
#include "cli/table.h"
#include "ledger/read.h"
#include "store/ledger.h"

#include <stdio.h>
#include <string.h>

enum { LISTED_BYTES = 1000, CELL = 300 };

typedef struct feedback_opts {
    const char *metric;
    const char *rule;
    const char *mark;
    const char *note;
    const char *by;
    bool list;
    hb_test_opts test;
    hb_signing_opts signing;
} feedback_opts;

/* --- which finding is meant --- */

static bool fits(const hb_ledger_finding *f, const feedback_opts *o)
{
    return (!o->metric || strcmp(f->metric, o->metric) == 0) &&
           (o->rule ? strcmp(f->rule, o->rule) == 0 : f->severity >= HB_SEVERITY_WARN);
}

/* "temp suspected, volt drift_percent …" */
static void findings_in(const hb_ledger_decision *d, const feedback_opts *narrow,
                        char out[LISTED_BYTES])
{
    size_t len = 0;
    *out = '\0';
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_ledger_finding *f = &d->findings[i];
        if (!fits(f, narrow)) {
            continue;
        }
        if (len > LISTED_BYTES - 240) {
            snprintf(out + len, LISTED_BYTES - len, ", …");
            return;
        }
        len += (size_t)snprintf(out + len, LISTED_BYTES - len, "%s%.120s %.60s", len ? ", " : "",
                                *f->metric ? f->metric : "(the run)", f->rule);
    }
}

static hb_status none_fits(const hb_ledger_decision *d, const char *run_id, hb_error *err)
{
    char all[LISTED_BYTES];
    findings_in(d, &(feedback_opts){0}, all);
    if (!*all) {
        return HB_FAIL(err, HB_E_USAGE,
                       "the latest decision of run '%s' has no finding of weight; what it should "
                       "have found is said with --mark missed --metric NAME",
                       run_id);
    }
    return HB_FAIL(err, HB_E_USAGE,
                   "the latest decision of run '%s' has no such finding; it has: %s", run_id, all);
}

static hb_status choose(const hb_ledger_decision *d, const feedback_opts *o, const char *run_id,
                        const hb_ledger_finding **ret, hb_error *err)
{
    const hb_ledger_finding *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < d->n_findings; i++) {
        if (fits(&d->findings[i], o)) {
            found = &d->findings[i];
            n++;
        }
    }
    if (n == 0) {
        return none_fits(d, run_id, err);
    }
    if (n > 1) {
        char all[LISTED_BYTES];
        findings_in(d, o, all);
        return HB_FAIL(err, HB_E_USAGE,
                       "%zu findings of run '%s' are meant; say which with --metric and --rule: %s",
                       n, run_id, all);
    }
    *ret = found;
    return HB_OK;
}

/* A metric of the decision in which nothing of weight was found. */
static hb_status check_unfound(const hb_ledger_decision *d, const feedback_opts *o,
                               const char *run_id, hb_error *err)
{
    bool there = false;
    if (!o->metric || o->rule) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--mark missed says that a finding should have been there: name the metric "
                       "with --metric, and no --rule");
    }
    for (size_t i = 0; i < d->n_metrics; i++) {
        there = there || strcmp(d->metrics[i].name, o->metric) == 0;
    }
    if (!there) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--metric: the latest decision of run '%s' did not look at a metric "
                       "'%.80s'; hb runs show %s lists the run's",
                       run_id, o->metric, run_id);
    }
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_ledger_finding *f = &d->findings[i];
        if (strcmp(f->metric, o->metric) == 0 && f->severity >= HB_SEVERITY_DRIFT) {
            return HB_FAIL(err, HB_E_USAGE,
                           "%.80s was not missed in run '%s': its latest decision has the finding "
                           "%s; mark that one correct or too_sensitive",
                           o->metric, run_id, f->rule);
        }
    }
    return HB_OK;
}

/* "correct" where nothing was found takes an earlier "missed" back. */
static hb_status takes_back(hb_app *app, const feedback_opts *o, const char *run_id, bool *ret,
                            hb_error *err)
{
    hb_feedback_row *rows = NULL;
    size_t n = 0;
    hb_ledger_query q = {.run_id = run_id, .since = HB_TIME_NONE};
    HB_TRY(hb_store_list_feedback(app->store, &q, &app->arena, &rows, &n, err));
    *ret = false;
    for (size_t i = 0; i < n && o->metric && !o->rule; i++) {
        *ret = *ret || (!rows[i].superseded && !*rows[i].rule && rows[i].mark == HB_MARK_MISSED &&
                        strcmp(rows[i].metric, o->metric) == 0);
    }
    return HB_OK;
}

static hb_status about(hb_app *app, const feedback_opts *o, const hb_ledger_decision *d,
                       hb_feedback_row *row, hb_error *err)
{
    const hb_ledger_finding *f = NULL;
    bool back = false;
    row->metric = o->metric;
    row->rule = "";
    if (row->mark == HB_MARK_MISSED) {
        return check_unfound(d, o, row->run_id, err);
    }
    if (row->mark == HB_MARK_CORRECT) {
        HB_TRY(takes_back(app, o, row->run_id, &back, err));
    }
    if (back) {
        return HB_OK;
    }
    HB_TRY(choose(d, o, row->run_id, &f, err));
    row->metric = f->metric;
    row->rule = f->rule;
    return HB_OK;
}

/* --- shown --- */

static void row_json(hb_json *j, const hb_feedback_row *r)
{
    char time[HB_TIME_TEXT];
    hb_time_print(r->given_at, time);
    hb_json_obj(j);
    hb_json_kc(j, "run_id", r->run_id);
    hb_json_kc(j, "program", r->program);
    hb_json_kc(j, "subsystem", r->subsystem);
    hb_json_kc(j, "test_name", r->test_name);
    hb_json_kc(j, "metric", r->metric);
    hb_json_kc(j, "rule", r->rule);
    hb_json_kc(j, "mark", hb_mark_name(r->mark));
    hb_json_kc(j, "by", r->given_by);
    hb_json_kc(j, "note", r->note);
    hb_json_kc(j, "given_at", time);
    hb_json_kc(j, "decision_sha256", r->decision);
    hb_json_kb(j, "superseded", r->superseded);
    hb_json_end(j);
}

static hb_status print_json(hb_app *app, const hb_feedback_row *rows, size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-feedback/1");
    hb_json_key(&j, "marks");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        row_json(&j, &rows[i]);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status print_list(hb_app *app, const hb_feedback_row *rows, size_t n, hb_error *err)
{
    if (app->common.json) {
        return print_json(app, rows, n, err);
    }
    static const char *const head[] = {"RUN", "METRIC", "RULE", "MARK", "BY", "GIVEN", "NOTE"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 7);
    for (size_t i = 0; i < n; i++) {
        const hb_feedback_row *r = &rows[i];
        char time[HB_TIME_TEXT];
        char mark[CELL];
        hb_time_print(r->given_at - r->given_at % 1000000000, time);
        snprintf(mark, sizeof mark, "%s%s", hb_mark_name(r->mark), r->superseded ? " (old)" : "");
        const char *cells[] = {r->run_id,
                               *r->metric ? r->metric : "-",
                               *r->rule ? r->rule : "-",
                               mark,
                               r->given_by,
                               time,
                               r->note};
        hb_table_text_row(&t, cells);
    }
    if (n == 0) {
        hb_say(app, "nobody has marked a finding yet; hb feedback RUN --metric NAME --mark "
                    "too_sensitive does");
    }
    return hb_table_text_end(&t, &app->out, err);
}

/* --- the command --- */

static hb_status add(hb_app *app, const feedback_opts *o, const char *run_id, hb_error *err)
{
    hb_feedback_row row = {.run_id = run_id,
                           .given_by = hb_baseline_who(o->by),
                           .note = o->note ? o->note : "",
                           .given_at = app->os->now()};
    const char *name = "";
    hb_run *run = NULL;
    hb_decision_row decision = {0};
    hb_ledger_decision d;
    bool judged = false;
    if (!hb_mark_from_name(o->mark, &row.mark)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--mark must be correct, too_sensitive or missed, got '%.40s'", o->mark);
    }
    HB_TRY(hb_store_get_run(app->store, run_id, &run, err)); /* names the nearest when unknown */
    const char *program = hb_arena_str(&app->arena, hb_str_of(run->meta.program));
    hb_run_free(run);
    if (!program) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_app_permit(app, HB_ACTION_FEEDBACK, program, &o->signing, &name, err));
    row.given_by = *name ? name : row.given_by;
    HB_TRY(hb_store_latest_decision(app->store, run_id, &app->arena, &decision, &judged, err));
    if (!judged) {
        return HB_FAIL(err, HB_E_USAGE, "run '%s' was not judged yet; hb analyze %s judges it",
                       run_id, run_id);
    }
    HB_TRY(
        hb_ledger_read((hb_str){decision.json, decision.json_len}, run_id, &app->arena, &d, err));
    row.decision = decision.digest;
    HB_TRY(about(app, o, &d, &row, err));
    HB_TRY(hb_store_add_feedback(app->store, &row, err));
    if (!app->common.json) {
        hb_buf_fmt(&app->out, "%s: %s%s%s marked %s by ", run_id,
                   *row.metric ? row.metric : "the run", *row.rule ? " " : "", row.rule,
                   hb_mark_name(row.mark));
        hb_buf_shown(&app->out, row.given_by);
        hb_buf_ch(&app->out, '\n');
        return HB_OK;
    }
    hb_feedback_row *rows = NULL;
    size_t n = 0;
    hb_ledger_query q = {.run_id = run_id, .since = HB_TIME_NONE};
    HB_TRY(hb_store_list_feedback(app->store, &q, &app->arena, &rows, &n, err));
    return print_json(app, rows + n - 1, 1, err);
}

static hb_status run_feedback(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                              hb_error *err)
{
    const feedback_opts *o = opts;
    (void)ret_exit;
    if (!o->list) {
        if (!args.n || !o->mark) {
            return HB_FAIL(err, HB_E_USAGE,
                           "say what is marked and how: hb feedback RUN --metric NAME --mark "
                           "correct|too_sensitive|missed; or --list");
        }
        if (o->test.program || o->test.subsystem || o->test.test_name) {
            return HB_FAIL(err, HB_E_USAGE,
                           "--program, --subsystem and --test-name belong to --list");
        }
        HB_TRY(hb_app_open_store(app, HB_STORE_WRITE, err));
        return add(app, o, args.v[0], err);
    }
    if (o->metric || o->rule || o->mark || o->note || o->by) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--list shows marks and gives none: --metric, --rule, --mark, --note and "
                       "--by do not go with it");
    }
    HB_TRY(hb_app_open_store(app, HB_STORE_READ, err));
    hb_feedback_row *rows = NULL;
    size_t n = 0;
    hb_ledger_query q = {.program = o->test.program,
                         .subsystem = o->test.subsystem,
                         .test_name = o->test.test_name,
                         .run_id = args.n ? args.v[0] : NULL,
                         .since = HB_TIME_NONE};
    HB_TRY(hb_store_list_feedback(app->store, &q, &app->arena, &rows, &n, err));
    return print_list(app, rows, n, err);
}

static const hb_opt table[] = {
    {.name = "metric",
     .letter = 'm',
     .kind = HB_OPT_STRING,
     .offset = offsetof(feedback_opts, metric),
     .arg = "NAME",
     .help = "the finding is about this metric"},
    {.name = "rule",
     .kind = HB_OPT_STRING,
     .offset = offsetof(feedback_opts, rule),
     .arg = "RULE",
     .help = "… and of this rule, where there are several"},
    {.name = "mark",
     .kind = HB_OPT_STRING,
     .offset = offsetof(feedback_opts, mark),
     .arg = "MARK",
     .help = "correct: something had changed; too_sensitive: nothing had; missed: it "
             "should have been found"},
    {.name = "note",
     .kind = HB_OPT_STRING,
     .offset = offsetof(feedback_opts, note),
     .arg = "TEXT",
     .help = "how you know; kept with the mark"},
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(feedback_opts, by),
     .arg = "NAME",
     .help = "who; default: the user's name; with operators the key says"},
    {.name = "list",
     .letter = 'l',
     .kind = HB_OPT_FLAG,
     .offset = offsetof(feedback_opts, list),
     .help = "show the marks (of RUN), oldest first"},
    HB_SIGN_OPTS(feedback_opts, signing),
    HB_TEST_OPTS(feedback_opts, test),
    {0},
};

const hb_cmd hb_cmd_feedback = {
    .name = "feedback",
    .group = "False alarms",
    .summary = "mark a finding as correct, too sensitive or missed",
    .opts = table,
    .opts_size = sizeof(feedback_opts),
    .max_args = 1,
    .args = "[RUN]",
    .details = "Marks a finding of the run's latest decision once you know what was behind\n"
               "it; hb trust counts the marks against the promised false-alarm budget. Look\n"
               "into passed runs too: what was missed counts only where somebody says so.\n"
               "\n"
               "A later mark on the same run, metric and rule replaces the earlier one in\n"
               "all counts; both are kept. Marks stay when the run is analyzed again.\n"
               "--mark correct on a metric marked missed takes that back. No verdict and no\n"
               "baseline changes by a mark.",
    .example = "hb feedback monday-2 --metric temp --mark missed --note \"pump was off\"",
    .run = run_feedback,
};
