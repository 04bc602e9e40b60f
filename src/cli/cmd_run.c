/* SPDX-License-Identifier: Apache-2.0 */
/* hb run, hb analyze: one road, entered and left at different places. */
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/packs_shared.h"
#include "cli/permitted.h"

typedef struct run_opts {
    hb_read_opts read;
    const char *baseline;
    hb_list with;
    int fail_on;
    int evidence;
    hb_pack_opts pack;
} run_opts;

#define FAIL_ON(type)                                                                   \
    {                                                                                   \
        .name = "fail-on", .kind = HB_OPT_ENUM, .offset = offsetof(type, fail_on),      \
        .values = hb_fail_on_words,                                                     \
        .help = "verdicts that end with an exit code other than 0 (hb help exit-codes)" \
    }
#define BASELINE(type)                                                                 \
    {                                                                                  \
        .name = "baseline", .kind = HB_OPT_STRING, .offset = offsetof(type, baseline), \
        .arg = "RUN", .help = "run to compare with, instead of the policy's choice"    \
    }

#define WITH(type)                                                                         \
    {                                                                                      \
        .name = "with", .kind = HB_OPT_LIST, .offset = offsetof(type, with), .arg = "RUN", \
        .help = "registered runs judged together with it, as one mean"                     \
    }

#define EVIDENCE(type)                                                                        \
    {.name = "evidence-pack",                                                                 \
     .kind = HB_OPT_ENUM,                                                                     \
     .offset = offsetof(type, evidence),                                                      \
     .values = hb_evidence_words,                                                             \
     .help = "write a signed evidence pack of the decision into evidence/ of the workspace"}, \
        HB_PACK_OPTS(type, pack)

/* Everything a pack needs is opened before anything is judged: a passphrase that is wrong is told
 * first. A pack that cannot be made leaves the decision as it is; it stays wanted, and the next
 * command that makes packs tries again. */
static hb_status open_maker(hb_app *app, int evidence, const hb_pack_opts *o, hb_pack_maker *ret,
                            hb_error *err)
{
    *ret = (hb_pack_maker){0};
    if (evidence != HB_EVIDENCE_NEVER) {
        return hb_pack_maker_open(app, o, ret, err);
    }
    return o->cert || o->encrypt_to.n || o->encrypt_passphrase_file
               ? HB_FAIL(err, HB_E_USAGE,
                         "%s is about the pack of --evidence-pack, which is not made",
                         o->cert           ? "--cert"
                         : o->encrypt_to.n ? "--encrypt-to"
                                           : "--encrypt-passphrase-file")
               : HB_OK;
}

static hb_status print_and_pack(hb_app *app, hb_flow *f, const hb_pack_maker *maker, hb_error *err)
{
    hb_error why = {0};
    hb_status made =
        maker->signer ? hb_app_permit_key(app, HB_ACTION_EXPORT, f->run->meta.program,
                                          hb_pubkey_id(hb_signer_public(maker->signer)), NULL, &why)
                      : HB_OK;
    if (maker->signer && made == HB_OK) {
        made = hb_packs_make(app, maker, f->run->meta.run_id, &f->pack, &why);
    }
    if (made == HB_OK && !f->pack && hb_evidence_wanted(f->evidence, f->decision->verdict)) {
        hb_say(app,
               "the pack of this decision is the daemon's to make; one of your own: hb export "
               "evidence-pack --case %s",
               f->run->meta.run_id);
    }
    HB_TRY(hb_flow_print(app, f, err));
    if (made != HB_OK) {
        HB_TRY(hb_app_flush(app, err)); /* the verdict stands */
        return HB_FAIL(err, made, "%s", why.msg);
    }
    return HB_OK;
}

/* A baseline that cannot be is told before anything is registered. */
static hb_status read_and_judge(hb_app *app, hb_flow *f, hb_list args, const run_opts *o,
                                hb_error *err)
{
    HB_TRY(hb_flow_read_run(app, f, args, &o->read, err));
    HB_TRY(hb_app_need_store(app, err));
    HB_TRY(
        hb_flow_select(app, f, &(hb_flow_choice){.baseline = o->baseline, .with = o->with}, err));
    HB_TRY(hb_flow_register(app, f, err));
    return hb_flow_judge(app, f, err);
}

static hb_status run_run(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const run_opts *o = opts;
    hb_pack_maker maker;
    hb_flow f;
    HB_TRY(open_maker(app, o->evidence, &o->pack, &maker, err));
    hb_flow_init(&f);
    f.evidence = (hb_evidence_when)o->evidence;
    hb_status status = read_and_judge(app, &f, args, o, err);
    if (status == HB_OK) {
        status = print_and_pack(app, &f, &maker, err);
        *ret_exit = hb_verdict_exit(f.decision->verdict, o->fail_on);
    }
    hb_flow_release(&f);
    hb_pack_maker_close(&maker);
    return status;
}

static const hb_opt run_table[] = {HB_READ_OPTS(run_opts, read),
                                   BASELINE(run_opts),
                                   WITH(run_opts),
                                   FAIL_ON(run_opts),
                                   EVIDENCE(run_opts),
                                   {0}};

const hb_cmd hb_cmd_run = {
    .name = "run",
    .group = "Judge a run",
    .summary = "read run files, register the run, compare it with its baseline",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_CREATE,
    .opts = run_table,
    .opts_size = sizeof(run_opts),
    .min_args = 1,
    .max_args = 10000,
    .args = "FILE...",
    .details = "Several files are one run. The baseline is chosen by baseline_policy.yaml among\n"
               "the runs of the same program, subsystem and test. The report is written to\n"
               "reports/RUN_ID/ in the workspace. With --with the statistical test looks at the\n"
               "mean of all these runs, which must be of the same test and context and no part\n"
               "of the baseline; declared limits still look at the run alone.",
    .example = "hb run monday.csv --program apollo --test-name warmup",
    .run = run_run,
};

typedef struct analyze_opts {
    const char *baseline;
    hb_list with;
    int fail_on;
    int evidence;
    hb_pack_opts pack;
} analyze_opts;

static hb_status run_analyze(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const analyze_opts *o = opts;
    hb_pack_maker maker;
    hb_flow f;
    HB_TRY(open_maker(app, o->evidence, &o->pack, &maker, err));
    hb_flow_init(&f);
    f.evidence = (hb_evidence_when)o->evidence;
    hb_status status = hb_store_get_run(app->store, args.v[0], &f.run, err);
    if (status == HB_OK) {
        status = hb_app_registry(app, f.run->meta.program,
                                 f.run->meta.context[HB_CONTEXT_OPERATING_MODE], &f.registry, err);
    }
    if (status == HB_OK) {
        status = hb_flow_select(app, &f,
                                &(hb_flow_choice){.baseline = o->baseline, .with = o->with}, err);
    }
    if (status == HB_OK) {
        status = hb_flow_judge(app, &f, err);
    }
    if (status == HB_OK) {
        status = print_and_pack(app, &f, &maker, err);
        *ret_exit = hb_verdict_exit(f.decision->verdict, o->fail_on);
    }
    hb_flow_release(&f);
    hb_pack_maker_close(&maker);
    return status;
}

static const hb_opt analyze_table[] = {
    BASELINE(analyze_opts), WITH(analyze_opts), FAIL_ON(analyze_opts), EVIDENCE(analyze_opts), {0}};

const hb_cmd hb_cmd_analyze = {
    .name = "analyze",
    .group = "Judge a run",
    .summary = "compare a registered run with its baseline (again)",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_WRITE,
    .opts = analyze_table,
    .opts_size = sizeof(analyze_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "RUN",
    .details = "Uses the registry and policy as they are now; a run is never its own baseline.\n"
               "--with as in hb run.",
    .example = "hb analyze monday-2 --baseline monday-1",
    .run = run_analyze,
};
