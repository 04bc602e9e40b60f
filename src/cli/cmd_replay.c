/* SPDX-License-Identifier: Apache-2.0 */
/* hb replay: decides again from a pack, as it was or with another metric registry or policy, and
 * shows which findings flip. Nothing is written, no workspace is needed. */
#include "cli/app.h"
#include "cli/commands.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "evidence/inputs.h"
#include "export/raw.h"
#include "report/text.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20, DECISION_MAX_BYTES = 256 << 20 };

typedef struct decided {
    hb_decision *decision;
    hb_buf json;
    char digest[HB_DIGEST_HEX];
} decided;

typedef struct replay {
    hb_inputs in;
    bool read;
    decided before;
    decided after;              /* the same as before without changes */
    char stored[HB_DIGEST_HEX]; /* SHA-256 of decision.json */
    hb_run *raw_run; /* read again from the pack's raw files or records; NULL = it has not all */
    bool same;       /* `before` is the pack's decision */
    bool changed;    /* something else was asked for */
    hb_registry *registry; /* given; NULL = the pack's */
    const char *case_id;
} replay;

static void init(replay *r)
{
    *r = (replay){0};
    hb_buf_init(&r->before.json, DECISION_MAX_BYTES);
    hb_buf_init(&r->after.json, DECISION_MAX_BYTES);
}

static void release(replay *r)
{
    hb_decision_free(r->before.decision);
    hb_decision_free(r->after.decision);
    hb_buf_release(&r->before.json);
    hb_buf_release(&r->after.json);
    hb_registry_free(r->registry);
    hb_run_free(r->raw_run);
    if (r->read) {
        hb_inputs_release(&r->in);
    }
}

/* --- the pack --- */

static hb_status check_whole(hb_app *app, hb_pack_reader *reader, const char *path, replay *r,
                             hb_error *err)
{
    hb_manifest m;
    hb_pack_fault *faults = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read_manifest(reader, &app->arena, &m, err));
    HB_TRY(hb_pack_check(reader, &m, &app->arena, &faults, &n, err));
    r->case_id = m.case_id;
    return n == 0 ? HB_OK
                  : HB_FAIL(err, HB_E_EVIDENCE,
                            "'%s' is not whole: %s: %s%s; hb verify says all that is wrong", path,
                            faults[0].path, faults[0].what, n > 1 ? ", and more" : "");
}

static hb_status stored_digest(hb_pack_reader *reader, replay *r, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(reader, HB_PACK_DECISION, DECISION_MAX_BYTES, &text, &n, err));
    hb_status status = hb_digest_of(text, n, r->stored, err);
    hb_free(text);
    return status;
}

/* What can be read again is what is decided from. */
static hb_status read_raw(hb_app *app, hb_pack_reader *reader, replay *r, hb_error *err)
{
    const char *tmp = getenv("TMPDIR");
    HB_TRY(hb_app_open_units(app, err));
    hb_raw_reader by = {.os = app->os, .tmp = tmp && *tmp ? tmp : "/tmp", .units = app->units};
    HB_TRY(hb_raw_read(&by, reader, &r->in, &r->raw_run, err));
    return !r->raw_run || strcmp(r->raw_run->digest, r->in.run->digest) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "what the run was made of, read again, gives another run than run.json; "
                         "hb verify says where");
}

static hb_status read_pack(hb_app *app, const char *path, replay *r, hb_error *err)
{
    hb_pack_reader *reader = NULL;
    HB_TRY(hb_pack_open(app->os, path, &reader, err));
    hb_status status = check_whole(app, reader, path, r, err);
    if (status == HB_OK) {
        status = stored_digest(reader, r, err);
    }
    if (status == HB_OK) {
        status = hb_inputs_read(reader, &r->in, err);
        r->read = status == HB_OK;
    }
    if (status == HB_OK) {
        status = read_raw(app, reader, r, err);
    }
    hb_pack_close(reader);
    return status;
}

/* --- decided --- */

static hb_status decide(const hb_inputs *in, decided *d, hb_error *err)
{
    HB_TRY(hb_inputs_decide(in, &d->decision, &d->json, err));
    return hb_digest_of(d->json.p, d->json.n, d->digest, err);
}

static hb_inputs inputs_of(const replay *r)
{
    hb_inputs in = r->in;
    in.run = r->raw_run ? r->raw_run : in.run;
    return in;
}

static const char *decided_from(const replay *r)
{
    return r->raw_run ? "raw" : "profiles";
}

/* The files of the workspace do not count here, only those that were named. */
static hb_status decide_changed(hb_app *app, replay *r, hb_error *err)
{
    hb_inputs in = inputs_of(r);
    const hb_inputs_config *was = &r->in.config;
    if (app->common.metric_registry) {
        HB_TRY(hb_app_registry(app, was->program, was->mode, &r->registry, err));
        in.registry = r->registry;
    }
    if (app->common.baseline_policy) {
        HB_TRY(hb_app_load_policy(app, err));
        in.policy = app->policy;
    }
    r->changed = app->common.metric_registry || app->common.baseline_policy;
    return r->changed ? decide(&in, &r->after, err) : HB_OK;
}

/* --- what flips --- */

static const hb_finding *find(const hb_decision *d, const hb_finding *like)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *f = &d->findings[i];
        if (f->rule == like->rule && strcmp(f->metric, like->metric) == 0) {
            return f;
        }
    }
    return NULL;
}

typedef void (*flip_fn)(void *ctx, const hb_finding *before, const hb_finding *after);

/* Those that are gone or weigh otherwise, in the order they had; then those that are new. */
static size_t each_flip(const hb_decision *before, const hb_decision *after, flip_fn fn, void *ctx)
{
    size_t n = 0;
    for (size_t i = 0; i < before->n_findings; i++) {
        const hb_finding *f = &before->findings[i];
        const hb_finding *now = find(after, f);
        if (!now || now->severity != f->severity) {
            fn(ctx, f, now);
            n++;
        }
    }
    for (size_t i = 0; i < after->n_findings; i++) {
        if (!find(before, &after->findings[i])) {
            fn(ctx, NULL, &after->findings[i]);
            n++;
        }
    }
    return n;
}

static const char *severity(const hb_finding *f)
{
    return f ? hb_severity_name(f->severity) : "-";
}

static void print_flip(void *ctx, const hb_finding *before, const hb_finding *after)
{
    const hb_finding *f = after ? after : before;
    hb_buf *out = ctx;
    hb_buf_fmt(out, "  %-6s -> %-6s  ", severity(before), severity(after));
    hb_buf_shown(out, f->metric);
    hb_buf_fmt(out, "  %s\n", hb_rule_name(f->rule));
    hb_text_wrapped(out, "    ", f->text);
}

static void json_flip(void *ctx, const hb_finding *before, const hb_finding *after)
{
    const hb_finding *f = after ? after : before;
    hb_json *j = ctx;
    hb_json_obj(j);
    hb_json_kc(j, "metric", f->metric);
    hb_json_kc(j, "rule", hb_rule_name(f->rule));
    hb_json_kc(j, "before", before ? hb_severity_name(before->severity) : NULL);
    hb_json_kc(j, "after", after ? hb_severity_name(after->severity) : NULL);
    hb_json_kc(j, "text", f->text);
    hb_json_end(j);
}

/* --- told --- */

static hb_status tell_json(hb_app *app, const replay *r, hb_error *err)
{
    const decided *after = r->changed ? &r->after : &r->before;
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-replay/1");
    hb_json_kc(&j, "case", r->case_id);
    hb_json_kc(&j, "run_id", r->in.run->meta.run_id);
    hb_json_kb(&j, "same", r->same);
    hb_json_kc(&j, "decided_from", decided_from(r));
    hb_json_kc(&j, "decision_sha256", r->stored);
    hb_json_kc(&j, "metric_registry", app->common.metric_registry);
    hb_json_kc(&j, "baseline_policy", app->common.baseline_policy);
    hb_json_kc(&j, "verdict_before", hb_verdict_name(r->before.decision->verdict));
    hb_json_kc(&j, "verdict_after", hb_verdict_name(after->decision->verdict));
    hb_json_kc(&j, "reason_before", r->before.decision->reason);
    hb_json_kc(&j, "reason_after", after->decision->reason);
    hb_json_key(&j, "flips");
    hb_json_arr(&j);
    each_flip(r->before.decision, after->decision, json_flip, &j);
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status tell_text(hb_app *app, const replay *r, hb_error *err)
{
    const hb_decision *before = r->before.decision;
    const hb_decision *after = r->after.decision;
    hb_buf *out = &app->out;
    hb_buf_fmt(out, "case %s, run %s: %s\n", r->case_id, r->in.run->meta.run_id,
               hb_verdict_name(before->verdict));
    hb_buf_fmt(out,
               r->same ? "the same decision follows from the %s, byte for byte\n"
                       : "ANOTHER decision follows from the %s than the pack has\n",
               r->raw_run ? "raw data" : "profiles");
    if (!r->changed) {
        return hb_buf_check(out, err);
    }
    hb_buf_c(out, "\nwith");
    if (app->common.metric_registry) {
        hb_buf_fmt(out, " metric registry %s", app->common.metric_registry);
    }
    if (app->common.baseline_policy) {
        hb_buf_fmt(out, "%s policy %s", app->common.metric_registry ? "," : "",
                   app->common.baseline_policy);
    }
    hb_buf_fmt(out, "\n  %s -> %s\n", hb_verdict_name(before->verdict),
               hb_verdict_name(after->verdict));
    hb_text_wrapped(out, "  ", after->reason);
    if (each_flip(before, after, print_flip, out) == 0) {
        hb_buf_c(out, "  no finding flips\n");
    }
    return hb_buf_check(out, err);
}

static hb_status replay_pack(hb_app *app, const char *path, replay *r, hb_error *err)
{
    HB_TRY(read_pack(app, path, r, err));
    const hb_inputs in = inputs_of(r);
    HB_TRY(decide(&in, &r->before, err));
    r->same = strcmp(r->before.digest, r->stored) == 0;
    HB_TRY(decide_changed(app, r, err));
    return app->common.json ? tell_json(app, r, err) : tell_text(app, r, err);
}

static hb_status run_replay(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    replay r;
    (void)opts;
    init(&r);
    hb_status status = replay_pack(app, args.v[0], &r, err);
    if (status == HB_OK && !r.same) {
        *ret_exit = hb_status_exit(HB_E_EVIDENCE);
    }
    release(&r);
    return status;
}

const hb_cmd hb_cmd_replay = {
    .name = "replay",
    .group = "Evidence",
    .summary = "decide again from an evidence pack, as it was or with changes",
    .min_args = 1,
    .max_args = 1,
    .args = "PACK",
    .details = "Without changes it says whether the pack's decision follows from what is in\n"
               "it: exit 0 when it does, 12 when not. Where the raw files or the records of a\n"
               "window are in it they are read again, else the profiles are what it decides\n"
               "from; it says which.\n\n"
               "With --metric-registry or --baseline-policy it also decides with those in place\n"
               "of the pack's and shows which findings flip. Units, names and how samples became\n"
               "values stay as the run was read. Signatures are not looked at: hb verify does\n"
               "that. Nothing is written.",
    .example = "hb replay evidence/evidence_monday-2.zip",
    .run = run_replay,
};
