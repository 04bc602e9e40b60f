/* SPDX-License-Identifier: Apache-2.0 */
/* hb trust: promised against observed false alarms. */
#include "cli/app.h"
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/view_trust.h"
#include "input/select/resample.h"

#include <string.h>

typedef struct trust_opts {
    hb_test_opts test;
    const char *since;
    hb_list metric;
} trust_opts;

/* A time, or so long ago. */
static hb_status since_of(hb_app *app, const char *text, hb_time *ret, hb_error *err)
{
    int64_t ago = 0;
    if (!text || hb_time_parse(text, strlen(text), ret, NULL)) {
        return HB_OK;
    }
    if (!hb_duration_parse(text, strlen(text), &ago)) {
        return HB_FAIL(
            err, HB_E_USAGE,
            "--since must be a time such as 2026-11-01 or 2026-11-01T06:00Z, or how long "
            "ago such as 30d, got '%.40s'",
            text);
    }
    *ret = app->os->now() - ago;
    return HB_OK;
}

static hb_status check_metrics(const trust_opts *o, const hb_ledger *l, hb_error *err)
{
    for (size_t i = 0; i < o->metric.n; i++) {
        bool there = false;
        for (size_t k = 0; k < l->n_metrics && !there; k++) {
            there = strcmp(l->metrics[k].name, o->metric.v[i]) == 0;
        }
        if (!there) {
            return HB_FAIL(
                err, HB_E_USAGE,
                "--metric: no metric '%.80s' was tested in the runs that match; hb trust "
                "--json lists those that were",
                o->metric.v[i]);
        }
    }
    return HB_OK;
}

static hb_status run_trust(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    const trust_opts *o = opts;
    (void)args;
    (void)ret_exit;
    hb_ledger ledger;
    hb_ledger_query q = {.program = o->test.program,
                         .subsystem = o->test.subsystem,
                         .test_name = o->test.test_name,
                         .since = HB_TIME_NONE};
    HB_TRY(since_of(app, o->since, &q.since, err));
    HB_TRY(hb_ledger_make(app->store, &q, &app->arena, &ledger, err));
    if (ledger.runs == 0) {
        return HB_FAIL(err, HB_E_STORE,
                       "no run is registered that matches; hb runs list shows what there is");
    }
    HB_TRY(check_metrics(o, &ledger, err));
    hb_trust_view view = {.ledger = &ledger, .query = &q, .metrics = o->metric};
    return app->common.json ? hb_view_trust_json(&view, &app->out, err)
                            : hb_view_trust_text(&view, &app->out, err);
}

static const hb_opt table[] = {
    HB_TEST_OPTS(trust_opts, test),
    {.name = "since",
     .kind = HB_OPT_STRING,
     .offset = offsetof(trust_opts, since),
     .arg = "TIME",
     .help = "only runs from this time on, as 2026-11-01, or 30d for the last 30 days"},
    {.name = "metric",
     .letter = 'm',
     .kind = HB_OPT_LIST,
     .offset = offsetof(trust_opts, metric),
     .arg = "NAME",
     .help = "show these metrics only; the runs are counted by all"},
    {0},
};

const hb_cmd hb_cmd_trust = {
    .name = "trust",
    .group = "False alarms",
    .summary = "promised against observed false alarms",
    .needs = HB_NEED_STORE,
    .opts = table,
    .opts_size = sizeof(trust_opts),
    .details = "The policy promises that at most a share (false_alarm_budget) of clean runs is\n"
               "flagged by the test against the baseline runs. This counts what happened:\n"
               "each run once, by its latest decision. A flag is known to be false when it\n"
               "was marked too_sensitive (hb feedback) or its retest cleared it, true when it\n"
               "was marked correct or confirmed. All others are unknown, and every share is\n"
               "given twice: unknown = true alarms, unknown = false alarms. Bands are exact\n"
               "(95 %, Clopper and Pearson) for runs independent of each other; runs judged\n"
               "by the same few baseline runs are not quite that. Declared limits promise no\n"
               "rate; theirs is measured.",
    .example = "hb trust --since 30d",
    .run = run_trust,
};
