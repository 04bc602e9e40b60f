/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/custody_shared.h"

#include "cli/baseline_shared.h"
#include "cli/govern_shared.h"
#include "cli/permitted.h"
#include "crypto/digest.h"
#include "store/audit.h"
#include "store/governance.h"
#include "store/live.h"

#include <string.h>

hb_status hb_custody_subject(const char *case_id, char ret[HB_DIGEST_HEX], hb_error *err)
{
    return hb_digest_of(case_id, strlen(case_id), ret, err);
}

/* --- who may --- */

static hb_status program_of(hb_app *app, const hb_custody_deed *d, const char **ret, hb_error *err)
{
    return hb_program_of_run(app, *d->run_id ? d->run_id : d->case_id, ret, err);
}

hb_status hb_custody_permit(hb_app *app, const hb_custody_deed *d, hb_signer *signer,
                            const char **ret_name, hb_error *err)
{
    const char *program = "";
    HB_TRY(program_of(app, d, &program, err));
    return hb_app_permit_key(app, d->action, program,
                             signer ? hb_pubkey_id(hb_signer_public(signer)) : "", ret_name, err);
}

/* --- signed, and written down --- */

typedef struct entry {
    const hb_custody_deed *deed;
    const char *by_name;
    const char *statement; /* sha256 of its payload; "" = nobody signed */
} entry;

/* Members in ascending order. */
static void entry_of(void *ctx, hb_json *j)
{
    const entry *e = ctx;
    hb_json_kc(j, "by_name", e->by_name);
    hb_json_kc(j, "event", e->deed->event);
    hb_json_kc(j, "manifest_sha256", e->deed->manifest_sha256 ? e->deed->manifest_sha256 : "");
    hb_json_kc(j, "reason", e->deed->reason);
    hb_json_kc(j, "run_id", e->deed->run_id);
    hb_json_kc(j, "statement_sha256", e->statement);
}

static hb_status keep(hb_app *app, const hb_statement_row *row, entry *e, hb_time at, hb_error *err)
{
    if (row) {
        HB_TRY(hb_store_add_statement(app->store, row, NULL, err));
    }
    return hb_store_log(app->store, "custody", e->deed->case_id, at, row ? row->keyid : "",
                        entry_of, e, err);
}

static hb_status put(hb_app *app, const hb_statement_row *row, entry *e, hb_time at, hb_error *err)
{
    HB_TRY(hb_live_begin(app->store, err));
    return hb_live_end(app->store, keep(app, row, e, at, err), err);
}

static hb_status put_signed(hb_app *app, const hb_statement *s, hb_signer *signer, entry *e,
                            hb_error *err)
{
    hb_buf envelope;
    hb_statement again = {.digest = ""};
    hb_buf_init(&envelope, HB_STATEMENT_BYTES_MAX);
    hb_status status = hb_statement_sign(s, signer, &envelope, err);
    const hb_str text = {envelope.p, envelope.n};
    if (status == HB_OK) {
        status = hb_statement_claims(text, s->kind, &app->arena, &again, err);
    }
    if (status == HB_OK) {
        const hb_statement_row row = {.sha256 = again.digest,
                                      .kind = again.kind,
                                      .subject_name = again.subject_name,
                                      .subject_sha256 = again.subject_sha256,
                                      .purpose = again.purpose,
                                      .program = again.program,
                                      .subsystem = again.subsystem,
                                      .test_name = again.test_name,
                                      .tag = again.tag,
                                      .request = again.request,
                                      .keyid = again.keyid,
                                      .at = again.at,
                                      .envelope = text};
        e->statement = again.digest;
        status = put(app, &row, e, s->at, err);
    }
    hb_buf_release(&envelope);
    return status == HB_OK ? hb_govern_files(app, s->subject_sha256, err) : status;
}

hb_status hb_custody_record(hb_app *app, const hb_custody_deed *d, hb_signer *signer, hb_error *err)
{
    char subject[HB_DIGEST_HEX];
    const char *name = "";
    const char *program = "";
    entry e = {.deed = d, .statement = ""};
    hb_buf about;
    HB_TRY(hb_custody_permit(app, d, signer, &name, err));
    HB_TRY(program_of(app, d, &program, err));
    HB_TRY(hb_custody_subject(d->case_id, subject, err));
    e.by_name = signer ? name : hb_baseline_who(d->by);
    hb_time now = app->os->now();
    if (!signer) {
        return put(app, NULL, &e, now, err);
    }
    hb_buf_init(&about, 1024);
    hb_buf_fmt(&about, "case %s", d->case_id);
    hb_status status = hb_buf_check(&about, err);
    const hb_statement s = {.kind = "custody",
                            .subject_name = about.p,
                            .subject_sha256 = subject,
                            .purpose = d->event,
                            .program = program,
                            .reason = d->reason,
                            .at = now,
                            .expires = HB_TIME_NONE};
    status = status == HB_OK ? put_signed(app, &s, signer, &e, err) : status;
    hb_buf_release(&about);
    return status;
}
