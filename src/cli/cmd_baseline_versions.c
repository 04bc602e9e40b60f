/* SPDX-License-Identifier: Apache-2.0 */
/* hb baseline versions, diff, retire. */
#include "baseline/set.h"
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/govern_shared.h"
#include "cli/table.h"
#include "stats/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct versions_opts {
    hb_test_opts test;
} versions_opts;

static const char *tags_of(const hb_version_row *v, const hb_tag_row *tags, size_t n, hb_buf *room)
{
    hb_buf_clear(room);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(tags[i].version, v->version) == 0) {
            hb_buf_fmt(room, "%s%s", room->n ? " " : "", tags[i].tag);
        }
    }
    return room->p;
}

static hb_status list_text(hb_app *app, const hb_version_row *rows, size_t n, bool narrowed,
                           hb_buf *room, hb_error *err)
{
    static const char *const head[] = {"VERSION", "NAME", "RUNS", "PROGRAM", "SUBSYSTEM",
                                       "TEST",    "MADE", "TAGS", "STATE"};
    hb_tag_row *tags = NULL;
    size_t n_tags = 0;
    hb_table_text t;
    HB_TRY(hb_store_list_tags(app->store, NULL, &app->arena, &tags, &n_tags, err));
    hb_table_text_begin(&t, head, 9);
    for (size_t i = 0; i < n; i++) {
        const hb_version_row *v = &rows[i];
        char time[HB_TIME_TEXT];
        char runs[24];
        hb_time_print(v->created_at - v->created_at % 1000000000, time);
        snprintf(runs, sizeof runs, "%zu", v->n_runs);
        const char *cells[] = {v->version,
                               v->name,
                               runs,
                               v->program,
                               v->subsystem,
                               v->test_name,
                               time,
                               tags_of(v, tags, n_tags, room),
                               *v->retired_reason ? "retired" : "in use"};
        hb_table_text_row(&t, cells);
    }
    if (n == 0) {
        hb_say(app, narrowed ? "no baseline version is of this test; hb baseline versions without "
                               "options has them all"
                             : "no baseline version was made; hb baseline create makes one");
    }
    return hb_table_text_end(&t, &app->out, err);
}

static hb_status run_versions(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                              hb_error *err)
{
    const versions_opts *o = opts;
    const hb_version_query q = {
        .program = o->test.program, .subsystem = o->test.subsystem, .test_name = o->test.test_name};
    hb_version_row *rows = NULL;
    size_t n = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_store_list_versions(app->store, &q, &app->arena, &rows, &n, err));
    if (!app->common.json) {
        hb_buf room;
        hb_buf_init(&room, 1 << 20);
        hb_status status =
            list_text(app, rows, n, q.program || q.subsystem || q.test_name, &room, err);
        hb_buf_release(&room);
        return status;
    }
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-baseline-versions/1");
    hb_json_key(&j, "versions");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        hb_json_obj(&j);
        HB_TRY(hb_version_members_json(app, &rows[i], &j, err));
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static const hb_opt versions_table[] = {HB_TEST_OPTS(versions_opts, test), {0}};

const hb_cmd hb_cmd_baseline_versions = {
    .name = "baseline versions",
    .group = "Baselines",
    .summary = "the baseline versions there are, newest first",
    .needs = HB_NEED_STORE,
    .opts = versions_table,
    .opts_size = sizeof(versions_opts),
    .details = "With the tags that point at each. hb baseline show VERSION has the runs.",
    .example = "hb baseline versions",
    .run = run_versions,
};

/* --- diff --- */

typedef struct diff_opts {
    hb_test_opts test;
} diff_opts;

typedef struct pair {
    const hb_version_row *a;
    const hb_version_row *b;
    const hb_run_set *in_a;
    const hb_run_set *in_b;
    size_t n_both;
} pair;

typedef struct change {
    const char *metric;
    const char *unit_a;
    const char *unit_b;
    hb_spread a;
    hb_spread b;
    bool tested; /* both have two values and a spread, in one unit */
    double t;    /* Welch (1947) */
    double dof;
    double t_p;
    double f; /* variance of b over that of a */
    double f_p;
} change;

static void test_change(change *c)
{
    double va = c->a.sd * c->a.sd / (double)c->a.n;
    double vb = c->b.sd * c->b.sd / (double)c->b.n;
    c->tested = c->a.n > 1 && c->b.n > 1 && va > 0 && vb > 0 && isfinite(va) && isfinite(vb) &&
                strcmp(c->unit_a, c->unit_b) == 0;
    if (!c->tested) {
        return;
    }
    double na = (double)c->a.n - 1;
    double nb = (double)c->b.n - 1;
    double share = va / (va + vb);
    c->t = (c->b.mean - c->a.mean) / sqrt(va + vb);
    c->dof = 1 / (share * share / na + (1 - share) * (1 - share) / nb);
    c->t_p = hb_t_two_sided(c->t, c->dof);
    c->f = c->b.sd / c->a.sd * (c->b.sd / c->a.sd);
    double upper = hb_f_sf(c->f, nb, na);
    double lower = hb_f_sf(1 / c->f, na, nb);
    c->f_p = fmin(1, 2 * fmin(upper, lower));
}

static change change_of(const pair *p, const char *name)
{
    const hb_past_metric *a = hb_run_set_metric(p->in_a, name);
    const hb_past_metric *b = hb_run_set_metric(p->in_b, name);
    const hb_spread none = {.mean = NAN, .sd = NAN};
    change c = {.metric = name,
                .unit_a = a ? a->unit : "",
                .unit_b = b ? b->unit : "",
                .a = a ? hb_spread_of(a, p->in_a->n_runs) : none,
                .b = b ? hb_spread_of(b, p->in_b->n_runs) : none};
    test_change(&c);
    return c;
}

static bool has_run(const hb_version_row *v, const char *run_id)
{
    for (size_t i = 0; i < v->n_runs; i++) {
        if (strcmp(v->run_ids[i], run_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Every metric of both, by name. */
static const char *next_name(const pair *p, size_t *i, size_t *k)
{
    const char *a = *i < p->in_a->n_metrics ? p->in_a->metrics[*i].name : NULL;
    const char *b = *k < p->in_b->n_metrics ? p->in_b->metrics[*k].name : NULL;
    int order = !a ? 1 : !b ? -1 : strcmp(a, b);
    *i += a && order <= 0;
    *k += b && order >= 0;
    return a && order <= 0 ? a : b;
}

static void runs_json(const char *key, const hb_version_row *of, const hb_version_row *other,
                      bool in_other, hb_json *j)
{
    hb_json_key(j, key);
    hb_json_arr(j);
    for (size_t i = 0; i < of->n_runs; i++) {
        if (has_run(other, of->run_ids[i]) == in_other) {
            hb_json_c(j, of->run_ids[i]);
        }
    }
    hb_json_end(j);
}

static void change_json(const change *c, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "metric", c->metric);
    hb_json_kc(j, "unit_a", c->unit_a);
    hb_json_kc(j, "unit_b", c->unit_b);
    hb_json_ku(j, "n_a", c->a.n);
    hb_json_kf(j, "mean_a", c->a.mean);
    hb_json_kf(j, "sd_a", c->a.sd);
    hb_json_ku(j, "n_b", c->b.n);
    hb_json_kf(j, "mean_b", c->b.mean);
    hb_json_kf(j, "sd_b", c->b.sd);
    hb_json_key(j, "test");
    if (c->tested) {
        hb_json_obj(j);
        hb_json_kf(j, "t", c->t);
        hb_json_kf(j, "t_dof", c->dof);
        hb_json_kf(j, "t_p", c->t_p);
        hb_json_kf(j, "f", c->f);
        hb_json_kf(j, "f_p", c->f_p);
        hb_json_end(j);
    } else {
        hb_json_null(j);
    }
    hb_json_end(j);
}

static hb_status diff_json(hb_app *app, const pair *p, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "a", p->a->version);
    hb_json_kc(&j, "b", p->b->version);
    runs_json("only_a", p->a, p->b, false, &j);
    runs_json("only_b", p->b, p->a, false, &j);
    runs_json("both", p->a, p->b, true, &j);
    hb_json_key(&j, "metrics");
    hb_json_arr(&j);
    size_t i = 0;
    size_t k = 0;
    for (const char *name = next_name(p, &i, &k); name; name = next_name(p, &i, &k)) {
        change c = change_of(p, name);
        change_json(&c, &j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static void runs_text(const char *sign, const hb_version_row *of, const hb_version_row *other,
                      hb_buf *out)
{
    for (size_t i = 0; i < of->n_runs; i++) {
        if (!has_run(other, of->run_ids[i])) {
            hb_buf_fmt(out, "%s %s\n", sign, of->run_ids[i]);
        }
    }
}

static void change_row(const change *c, hb_table_text *t)
{
    char text[7][48];
    snprintf(text[0], sizeof text[0], "%zu > %zu", c->a.n, c->b.n);
    snprintf(text[1], sizeof text[1], c->a.n ? "%.6g" : "-", c->a.mean);
    snprintf(text[2], sizeof text[2], c->b.n ? "%.6g" : "-", c->b.mean);
    snprintf(text[3], sizeof text[3], c->a.n > 1 ? "%.3g" : "-", c->a.sd);
    snprintf(text[4], sizeof text[4], c->b.n > 1 ? "%.3g" : "-", c->b.sd);
    snprintf(text[5], sizeof text[5], c->tested ? "t %.2f, p %.2g" : "-", c->t, c->t_p);
    snprintf(text[6], sizeof text[6], c->tested ? "F %.2f, p %.2g" : "-", c->f, c->f_p);
    const char *unit = *c->unit_b ? c->unit_b : c->unit_a;
    const char *cells[] = {c->metric, unit,    text[0], text[1], text[2],
                           text[3],   text[4], text[5], text[6]};
    hb_table_text_row(t, cells);
}

static hb_status diff_text(hb_app *app, const pair *p, hb_error *err)
{
    static const char *const head[] = {"METRIC", "UNIT", "N",    "MEAN A", "MEAN B",
                                       "SD A",   "SD B", "MEAN", "SPREAD"};
    hb_buf *out = &app->out;
    hb_table_text t;
    size_t i = 0;
    size_t k = 0;
    hb_buf_fmt(out, "A %s, %zu runs; B %s, %zu runs; %zu in both\n", p->a->version, p->a->n_runs,
               p->b->version, p->b->n_runs, p->n_both);
    runs_text("-", p->a, p->b, out);
    runs_text("+", p->b, p->a, out);
    hb_buf_ch(out, '\n');
    hb_table_text_begin(&t, head, 9);
    for (const char *name = next_name(p, &i, &k); name; name = next_name(p, &i, &k)) {
        change c = change_of(p, name);
        change_row(&c, &t);
    }
    HB_TRY(hb_table_text_end(&t, out, err));
    hb_buf_c(out, "\nt by Welch, F = variance B / variance A; p two-sided, of each metric alone\n");
    if (p->n_both) {
        hb_buf_c(out, "runs in both count on both sides, so differences look smaller than they "
                      "are\n");
    }
    return hb_buf_check(out, err);
}

static hb_status run_diff(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const diff_opts *o = opts;
    hb_version_row a = {0};
    hb_version_row b = {0};
    hb_run_set in_a;
    hb_run_set in_b;
    (void)ret_exit;
    HB_TRY(hb_baseline_find_version(app, args.v[0], &o->test, &a, err));
    HB_TRY(hb_baseline_find_version(app, args.v[1], &o->test, &b, err));
    if (strcmp(a.program, b.program) != 0 || strcmp(a.subsystem, b.subsystem) != 0 ||
        strcmp(a.test_name, b.test_name) != 0) {
        hb_say(app, "the two are of different tests (%s / %s / %s and %s / %s / %s)", a.program,
               a.subsystem, a.test_name, b.program, b.subsystem, b.test_name);
    }
    HB_TRY(hb_baseline_version_set(app, &a, &in_a, err));
    hb_status status = hb_baseline_version_set(app, &b, &in_b, err);
    if (status != HB_OK) {
        hb_run_set_release(&in_a);
        return status;
    }
    pair p = {.a = &a, .b = &b, .in_a = &in_a, .in_b = &in_b};
    for (size_t i = 0; i < a.n_runs; i++) {
        p.n_both += has_run(&b, a.run_ids[i]);
    }
    status = app->common.json ? diff_json(app, &p, err) : diff_text(app, &p, err);
    hb_run_set_release(&in_a);
    hb_run_set_release(&in_b);
    return status;
}

static const hb_opt diff_table[] = {HB_TEST_OPTS(diff_opts, test), {0}};

const hb_cmd hb_cmd_baseline_diff = {
    .name = "baseline diff",
    .group = "Baselines",
    .summary = "how two baseline versions differ: runs, means, spreads",
    .needs = HB_NEED_STORE,
    .opts = diff_table,
    .opts_size = sizeof(diff_opts),
    .min_args = 2,
    .max_args = 2,
    .args = "A B",
    .details = "Each may be a version, the beginning of one (4 characters or more), its name,\n"
               "or a tag that points at one. The tests look at each metric alone; they say\n"
               "where to look, not that a change is real.",
    .example = "hb baseline diff spring summer",
    .run = run_diff,
};

/* --- retire --- */

typedef struct retire_opts {
    const char *reason;
    const char *by;
    hb_signing_opts signing;
} retire_opts;

static hb_status retire(hb_app *app, const retire_opts *o, const char *version, hb_error *err)
{
    hb_baseline_retirement r = {.version = version,
                                .reason = o->reason,
                                .by = hb_baseline_who(o->by),
                                .now = app->os->now()};
    HB_TRY(hb_app_check_operators(app, err));
    if (app->policy.require_approval) {
        HB_TRY(hb_app_signer_if(app, &o->signing, &r.signer, err));
    }
    hb_status status = hb_baseline_retire(app->store, &app->policy, &r, err);
    hb_signer_free(r.signer);
    return status;
}

static hb_status run_retire(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const retire_opts *o = opts;
    hb_version_row v = {0};
    hb_tag_row *tags = NULL;
    size_t n = 0;
    (void)ret_exit;
    HB_TRY(hb_store_get_version(app->store, args.v[0], &app->arena, &v, err));
    HB_TRY(retire(app, o, v.version, err));
    HB_TRY(app->policy.require_approval ? hb_govern_files(app, v.digest, err) : HB_OK);
    HB_TRY(hb_store_list_tags(app->store, NULL, &app->arena, &tags, &n, err));
    hb_json j;
    hb_buf text;
    hb_buf_init(&text, 1 << 20);
    hb_json_init(&j, app->common.json ? &app->out : &text, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "version", v.version);
    hb_json_kc(&j, "reason", o->reason);
    hb_json_key(&j, "tags");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(tags[i].version, v.version) == 0) {
            hb_json_c(&j, tags[i].tag);
            hb_say(app,
                   "tag '%s' of test '%s' still points at it: runs judged by it have no baseline "
                   "until it is moved",
                   tags[i].tag, tags[i].test_name);
        }
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_status status = hb_json_done(&j, err);
    hb_buf_release(&text);
    if (app->common.json) {
        hb_buf_ch(&app->out, '\n');
    } else {
        hb_buf_fmt(&app->out, "baseline version %s is retired\n", v.version);
    }
    return status;
}

static const hb_opt retire_table[] = {
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(retire_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why; kept with it"},
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(retire_opts, by),
     .arg = "NAME",
     .help = "who; default: the user's name"},
    HB_SIGN_OPTS(retire_opts, signing),
    {0},
};

const hb_cmd hb_cmd_baseline_retire = {
    .name = "baseline retire",
    .group = "Baselines",
    .summary = "take a baseline version out of use, for good",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_WRITE,
    .opts = retire_table,
    .opts_size = sizeof(retire_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "VERSION",
    .details = "It stays in the registry with all decisions made by it, but cannot be\n"
               "promoted or chosen any more. A tag that points at it gives no baseline. A policy\n"
               "with governance.require_approval wants it approved (hb baseline request\n"
               "--retire).",
    .example = "hb baseline retire spring --reason \"the sensor was loose\"",
    .run = run_retire,
};
