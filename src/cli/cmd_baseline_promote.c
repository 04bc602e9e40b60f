/* SPDX-License-Identifier: Apache-2.0 */
/* hb baseline promote: first what it would change, then the change. */
#include "baseline/set.h"
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/govern_set.h"
#include "cli/quality_shared.h"

#include <string.h>

typedef struct promote_opts {
    const char *version;
    const char *tag;
    uint32_t impact;
    const char *note;
    const char *by;
    const char *override;
    bool yes;
    bool force;
    hb_set_opts govern;
} promote_opts;

typedef struct promotion {
    const promote_opts *o;
    const char *tag;
    hb_version_row version;
    hb_tag_row before; /* where the tag points now */
    bool had_before;
    bool tag_counts; /* the policy chooses by this tag */
    hb_impact_row *rows;
    size_t n;
    size_t n_flips;
    hb_baseline_request request;
    hb_run_set set; /* what `quality` is about */
    hb_quality *quality;
    bool done;
} promotion;

static bool policy_uses(const hb_policy *p, const char *tag)
{
    bool by_tag = p->strategy == HB_STRATEGY_TAG || p->strategy == HB_STRATEGY_GOLDEN ||
                  p->golden_for_hard_gates || *p->tag;
    const char *used = *p->tag ? p->tag : "golden";
    return by_tag && strcmp(used, tag) == 0;
}

/* --- impact --- */

static void print_json(const promotion *p, hb_json *j)
{
    hb_json_obj(j);
    hb_json_kc(j, "version", p->version.version);
    hb_json_kc(j, "tag", p->tag);
    hb_json_kb(j, "promoted", p->done);
    hb_json_kc(j, "previous_run_id", p->had_before ? p->before.run_id : NULL);
    hb_json_kc(j, "previous_version",
               p->had_before && *p->before.version ? p->before.version : NULL);
    hb_json_kb(j, "policy_uses_tag", p->tag_counts);
    hb_json_ku(j, "runs_decided_again", p->n);
    hb_json_ku(j, "verdicts_that_flip", p->n_flips);
    hb_json_key(j, "impact");
    hb_json_arr(j);
    for (size_t i = 0; i < p->n; i++) {
        const hb_impact_row *r = &p->rows[i];
        hb_json_obj(j);
        hb_json_kc(j, "run_id", r->run_id);
        hb_json_kc(j, "recorded", r->recorded);
        hb_json_kc(j, "now", r->now);
        hb_json_kc(j, "with_version", r->with);
        hb_json_kb(j, "flips", r->flips);
        hb_json_kb(j, "in_version", r->in_version);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_key(j, "quality");
    hb_quality_json(p->quality, j);
    hb_json_end(j);
}

static hb_status print_impact(hb_app *app, const promotion *p, hb_error *err)
{
    hb_buf *out = &app->out;
    hb_buf_fmt(out, "impact of making version %s (%zu run%s) the baseline '%s'\n",
               p->version.version, p->version.n_runs, p->version.n_runs == 1 ? "" : "s", p->tag);
    if (!p->had_before) {
        hb_buf_fmt(out, "the tag is not set for this test now\n");
    } else {
        hb_buf_fmt(out, "the tag points at %s '%s' now\n", *p->before.version ? "version" : "run",
                   *p->before.version ? p->before.version : p->before.run_id);
    }
    if (!p->tag_counts) {
        hb_buf_fmt(out,
                   "the policy '%s' does not choose by this tag: verdicts change only where "
                   "a policy does\n",
                   app->policy.name);
    }
    hb_buf_ch(out, '\n');
    HB_TRY(hb_view_impact(p->rows, p->n, out, err));
    hb_buf_ch(out, '\n');
    return hb_view_quality(p->quality, out, err);
}

/* --- the change --- */

static hb_status registry_digest(hb_app *app, const hb_version_row *v, char out[65], hb_error *err)
{
    const char *context[HB_CONTEXT_COUNT];
    hb_registry *r = NULL;
    HB_TRY(hb_version_context(v, &app->arena, context, err));
    HB_TRY(hb_app_registry(app, v->program, context[HB_CONTEXT_OPERATING_MODE], &r, err));
    size_t n = strlen(hb_registry_digest(r));
    memcpy(out, hb_registry_digest(r), n < 64 ? n + 1 : 65);
    out[64] = '\0';
    hb_registry_free(r);
    return HB_OK;
}

static hb_status set(hb_app *app, promotion *p, hb_error *err)
{
    char digest[65] = "";
    bool gated = hb_quality_policy_gates(&app->quality_policy, p->tag);
    HB_TRY(hb_quality_gate(app, p->quality, p->tag, p->o->override, err));
    HB_TRY(registry_digest(app, &p->version, digest, err));
    hb_baseline_request request = p->request;
    request.version = p->version.version;
    request.registry_digest = digest;
    request.overrides = gated && p->quality->blocks ? p->o->override : NULL;
    HB_TRY(hb_baseline_check_set(app->store, &app->policy, &request, err));
    /* Before the tag moves: an override is never without its reason, whatever happens between. */
    HB_TRY(hb_quality_keep(app, p->version.version, "promote", p->quality, p->o->override,
                           request.set_by, err));
    HB_TRY(hb_baseline_set(app->store, &app->policy, &request, err));
    p->done = true;
    return hb_govern_files(app, p->version.digest, err);
}

static hb_status look(hb_app *app, promotion *p, hb_error *err)
{
    HB_TRY(hb_store_get_version(app->store, p->o->version, &app->arena, &p->version, err));
    const hb_version_row *v = &p->version;
    if (*v->retired_reason) {
        return HB_FAIL(err, HB_E_STORE,
                       "baseline version '%s' is retired (%.200s); choose another with 'hb "
                       "baseline versions'",
                       v->version, v->retired_reason);
    }
    HB_TRY(hb_store_get_tag(app->store, p->tag, v->program, v->subsystem, v->test_name, &app->arena,
                            &p->before, &p->had_before, err));
    p->tag_counts = policy_uses(&app->policy, p->tag);
    HB_TRY(hb_impact(app, v, p->o->impact ? p->o->impact : HB_IMPACT_RUNS, &p->rows, &p->n, err));
    for (size_t i = 0; i < p->n; i++) {
        p->n_flips += p->rows[i].flips;
    }
    HB_TRY(hb_baseline_version_set(app, v, &p->set, err));
    return hb_quality_of_set(app, &p->set, &p->quality, err);
}

static hb_status promote(hb_app *app, promotion *p, int *ret_exit, hb_error *err)
{
    HB_TRY(hb_baseline_check_tag(p->tag, err));
    HB_TRY(hb_app_open_store(app, p->o->yes ? HB_STORE_WRITE : HB_STORE_READ, err));
    HB_TRY(hb_app_check_operators(app, err));
    p->request = (hb_baseline_request){.version = p->o->version,
                                       .tag = p->tag,
                                       .set_by = hb_baseline_who(p->o->by),
                                       .note = p->o->note,
                                       .now = app->os->now(),
                                       .force = p->o->force};
    HB_TRY(hb_set_opts_apply(app, &p->o->govern, p->o->yes, &p->request, err));
    if (p->o->yes) {
        HB_TRY(hb_baseline_may_set(app->store, &app->policy, &p->request, err));
    }
    HB_TRY(look(app, p, err));
    if (!app->common.json) {
        HB_TRY(print_impact(app, p, err));
    }
    if (p->o->yes) {
        HB_TRY(set(app, p, err));
    } else {
        hb_say(app, "nothing was changed; repeat with --yes to make it the baseline");
        *ret_exit = hb_status_exit(HB_E_DENIED);
    }
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        print_json(p, &j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    if (p->done) {
        hb_buf_fmt(&app->out, "\nbaseline %s is now version %s\n", p->tag, p->version.version);
        hb_set_told(&p->request, &app->out);
    }
    return hb_buf_check(&app->out, err);
}

static hb_status run_promote(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    promotion p = {.o = opts};
    (void)args;
    p.tag = p.o->tag ? p.o->tag : "golden";
    hb_status status = promote(app, &p, ret_exit, err);
    hb_signer_free(p.request.signer);
    hb_quality_free(p.quality);
    hb_run_set_release(&p.set);
    return status;
}

static const hb_opt table[] = {
    {.name = "version",
     .kind = HB_OPT_STRING,
     .offset = offsetof(promote_opts, version),
     .arg = "VERSION",
     .required = true,
     .help = "a baseline version, the beginning of one, or its name"},
    {.name = "tag",
     .letter = 't',
     .kind = HB_OPT_STRING,
     .offset = offsetof(promote_opts, tag),
     .arg = "TAG",
     .help = "the baseline's name; default golden"},
    {.name = "impact",
     .kind = HB_OPT_UINT,
     .offset = offsetof(promote_opts, impact),
     .arg = "N",
     .help = "decide the newest N runs again; default 20",
     .max = HB_IMPACT_RUNS_MAX},
    {.name = "yes",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(promote_opts, yes),
     .help = "do it; without, only the impact is shown (exit code 5)"},
    {.name = "note",
     .kind = HB_OPT_STRING,
     .offset = offsetof(promote_opts, note),
     .arg = "TEXT",
     .help = "why; kept with the tag"},
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(promote_opts, by),
     .arg = "NAME",
     .help = "who; default: the user's name"},
    {.name = "override-quality",
     .kind = HB_OPT_STRING,
     .offset = offsetof(promote_opts, override),
     .arg = "REASON",
     .help = "promote although the quality does not allow it; the reason is stored"},
    {.name = "force",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(promote_opts, force),
     .help = "accept a version of which a run's verdict is FAIL by now; noted"},
    HB_SET_OPTS(promote_opts, govern),
    {0},
};

const hb_cmd hb_cmd_baseline_promote = {
    .name = "baseline promote",
    .group = "Baselines",
    .summary = "show what a baseline version would change, and do it",
    .needs = HB_NEED_POLICY,
    .opts = table,
    .opts_size = sizeof(promote_opts),
    .details = "The newest runs of the version's test and context are decided twice: as the\n"
               "policy chooses their baseline now, and with the version. Where the two verdicts\n"
               "differ, the run flips. A run that is part of the version is compared with the\n"
               "others of it. Nothing is stored of these decisions.\n"
               "\n"
               "Its quality is checked by baseline_quality_policy.yaml, which may refuse.\n"
               "\n"
               "With --yes the tag is moved, as by hb baseline set: earlier settings stay in the\n"
               "history. A policy with governance.require_approval refuses what is not approved\n"
               "(hb baseline request), and whoever does not sign as one who may.",
    .example = "hb baseline promote --version summer --yes --override-quality 'a pilot'",
    .run = run_promote,
};
