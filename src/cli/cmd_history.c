/* SPDX-License-Identifier: Apache-2.0 */
/* hb history: the values of a test's runs over time, since when they are at another level, and what
 * their spread goes with. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/view_history.h"

#include "baseline/run_set.h"
#include "baseline/select.h"
#include "decide/attribution.h"
#include "decide/history.h"

#include <stdlib.h>
#include <string.h>

/* Of one metric that was asked for by name. */
#define LEVEL_ONE 0.01

typedef struct history_opts {
    bool all;
    const char *program;
    const char *subsystem;
    const char *test_name;
    uint32_t limit;
} history_opts;

typedef struct history_work {
    hb_run *newest;
    hb_registry *registry;
    hb_run_set set;
    bool loaded;
    hb_attributor *attributor;
    hb_history_view view;
} history_work;

static hb_status find_runs(hb_app *app, const history_opts *o, history_work *w, hb_error *err)
{
    hb_run_query q = {
        .program = o->program, .subsystem = o->subsystem, .test_name = o->test_name, .limit = 1};
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(app->store, &q, &app->arena, &rows, &n, err));
    if (n == 0) {
        return HB_FAIL(err, HB_E_STORE,
                       "no run is registered that matches; hb runs list shows what there is, hb "
                       "ingest FILE registers a run");
    }
    HB_TRY(hb_store_get_run(app->store, rows[0].run_id, &w->newest, err));
    const hb_run_meta *m = &w->newest->meta;
    q = (hb_run_query){.program = m->program,
                       .subsystem = m->subsystem,
                       .test_name = m->test_name,
                       .limit = o->limit ? o->limit : HB_HISTORY_RUNS};
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        q.context[f] = m->context[f];
    }
    q.min_score = HB_CONTEXT_COUNT;
    HB_TRY(hb_store_list_runs(app->store, &q, &app->arena, &rows, &n, err));
    const char **ids = hb_arena_array(&app->arena, n + 1, sizeof *ids);
    if (!ids) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        ids[i] = rows[n - 1 - i].run_id;
    }
    HB_TRY(
        hb_app_registry(app, m->program, m->context[HB_CONTEXT_OPERATING_MODE], &w->registry, err));
    hb_run_set_ask ask = {
        .run = w->newest, .registry = w->registry, .kind = "history", .history = true};
    HB_TRY(hb_run_set_load(app->store, &ask, ids, n, &w->set, NULL, err));
    w->loaded = true;
    return HB_OK;
}

/* Which of the set's metrics are shown, by index. */
static hb_status choose(hb_app *app, const history_opts *o, hb_list args, const hb_run_set *set,
                        size_t **ret, size_t *ret_n, hb_error *err)
{
    size_t *which = hb_arena_array(&app->arena, set->n_metrics + 1, sizeof *which);
    size_t n = 0;
    if (!which) {
        return HB_NOMEM(err);
    }
    for (size_t k = 0; k < args.n; k++) {
        if (!hb_run_set_metric(set, args.v[k])) {
            return HB_FAIL(err, HB_E_USAGE,
                           "no run of the test has a metric '%.80s'; hb history --all lists them",
                           args.v[k]);
        }
    }
    for (size_t i = 0; i < set->n_metrics; i++) {
        bool wanted = o->all;
        for (size_t k = 0; k < args.n && !wanted; k++) {
            wanted = strcmp(args.v[k], set->metrics[i].name) == 0;
        }
        if (wanted) {
            which[n++] = i;
        }
    }
    *ret = which;
    *ret_n = n;
    return HB_OK;
}

static hb_status explain_one(hb_app *app, history_work *w, size_t metric, hb_history_metric *to,
                             hb_error *err)
{
    const hb_past_metric *m = &w->set.metrics[metric];
    hb_attribution *rows = NULL;
    hb_change_point *changes = NULL;
    hb_history_input in = {.past = &w->set, .last_digest = "", .level = w->view.level};
    HB_TRY(hb_history_of_metric(&in, metric, &app->arena, &changes, &to->n_changes, err));
    to->changes = changes;
    HB_TRY(hb_attributor_metric(w->attributor, m, (hb_opt_f64){0}, &app->arena, &rows,
                                &to->n_attributions, err));
    to->attributions = rows;
    return HB_OK;
}

/* Changes of all metrics stand against each other, as in a decision. */
static hb_status explain_all(hb_app *app, history_work *w, hb_history_metric *metrics, size_t n,
                             hb_error *err)
{
    hb_history_input in = {.past = &w->set, .last_digest = "", .level = w->view.level};
    hb_change_point *changes = NULL;
    size_t n_changes = 0;
    HB_TRY(hb_history_changes(&in, &app->arena, &changes, &n_changes, err));
    for (size_t i = 0; i < n; i++) {
        hb_attribution *rows = NULL;
        for (size_t k = 0; k < n_changes; k++) {
            if (strcmp(changes[k].metric, metrics[i].metric->name) == 0) {
                metrics[i].changes = &changes[k];
                metrics[i].n_changes = 1;
            }
        }
        HB_TRY(hb_attributor_metric(w->attributor, metrics[i].metric, (hb_opt_f64){0}, &app->arena,
                                    &rows, &metrics[i].n_attributions, err));
        metrics[i].attributions = rows;
    }
    return HB_OK;
}

static hb_status history(hb_app *app, const history_opts *o, hb_list args, history_work *w,
                         hb_error *err)
{
    size_t *which = NULL;
    size_t n = 0;
    if (o->all == (args.n > 0)) {
        return HB_FAIL(err, HB_E_USAGE,
                       o->all ? "--all shows every metric, so none is named beside it"
                              : "name a metric, or --all for one line a metric");
    }
    HB_TRY(find_runs(app, o, w, err));
    HB_TRY(choose(app, o, args, &w->set, &which, &n, err));
    HB_TRY(hb_attributor_new(&w->set, NULL, HB_TIME_NONE, &w->attributor, err));
    hb_history_metric *metrics = hb_arena_array(&app->arena, n + 1, sizeof *metrics);
    if (!metrics) {
        return HB_NOMEM(err);
    }
    w->view = (hb_history_view){.newest = w->newest,
                                .set = &w->set,
                                .metrics = metrics,
                                .n_metrics = n,
                                .all = o->all,
                                .level = o->all ? app->policy.false_alarm_budget : LEVEL_ONE,
                                .ascii = !hb_term_utf8(getenv)};
    for (size_t i = 0; i < n; i++) {
        metrics[i].metric = &w->set.metrics[which[i]];
        metrics[i].def = hb_registry_find(w->registry, hb_str_of(metrics[i].metric->name));
        if (!o->all) {
            HB_TRY(explain_one(app, w, which[i], &metrics[i], err));
        }
    }
    if (o->all) {
        HB_TRY(explain_all(app, w, metrics, n, err));
    }
    return app->common.json ? hb_view_history_json(&w->view, &app->out, err)
                            : hb_view_history_text(&w->view, &app->out, err);
}

static hb_status run_history(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    (void)ret_exit;
    history_work w = {0};
    hb_status status = history(app, opts, args, &w, err);
    hb_attributor_free(w.attributor);
    if (w.loaded) {
        hb_run_set_release(&w.set);
    }
    hb_registry_free(w.registry);
    hb_run_free(w.newest);
    return status;
}

static const hb_opt table[] = {
    {.name = "all",
     .letter = 'a',
     .kind = HB_OPT_FLAG,
     .offset = offsetof(history_opts, all),
     .help = "every metric, one line each"},
    {.name = "program",
     .kind = HB_OPT_STRING,
     .offset = offsetof(history_opts, program),
     .arg = "NAME",
     .help = "the test is one of this program"},
    {.name = "subsystem",
     .kind = HB_OPT_STRING,
     .offset = offsetof(history_opts, subsystem),
     .arg = "NAME",
     .help = "… of this subsystem"},
    {.name = "test-name",
     .kind = HB_OPT_STRING,
     .offset = offsetof(history_opts, test_name),
     .arg = "NAME",
     .help = "… of this name; default: the test of the newest run"},
    {.name = "limit",
     .letter = 'n',
     .kind = HB_OPT_UINT,
     .offset = offsetof(history_opts, limit),
     .arg = "N",
     .max = HB_HISTORY_RUNS,
     .help = "at most so many runs, the newest; default 200"},
    {0},
};

const hb_cmd hb_cmd_history = {
    .name = "history",
    .group = "Look into the registry",
    .summary = "run values over time, and since when they changed",
    .needs = HB_NEED_POLICY | HB_NEED_STORE,
    .opts = table,
    .opts_size = sizeof(history_opts),
    .max_args = 100,
    .args = "[METRIC...]",
    .details = "The runs of one test in the context of its newest run, oldest first. A named\n"
               "metric is drawn (* a run, : the first run of another level, - a limit), with\n"
               "all its changes at p <= 0.01 by permutation and how much of its spread goes\n"
               "with build, day, rig, unit, operator. With --all the strongest change of each\n"
               "metric is told, as in a decision: at the false-alarm budget over all metrics.\n"
               "Nothing is judged or stored.",
    .example = "hb history --all",
    .run = run_history,
};
