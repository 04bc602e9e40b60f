/* SPDX-License-Identifier: Apache-2.0 */
/* hb timestamp: a time authority's word about a pack, question and answer carried as files. */
#include "cli/app.h"
#include "cli/commands.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "crypto/tsa.h"
#include "evidence/pack_time.h"

typedef struct timestamp_opts {
    const char *out;
} timestamp_opts;

static hb_status run_query(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    const timestamp_opts *o = opts;
    hb_buf query;
    (void)ret_exit;
    hb_buf_init(&query, 4096);
    hb_status status = hb_pack_time_query(app->os, args.v[0], &query, err);
    if (status == HB_OK) {
        status = hb_file_write_atomic(app->os, o->out, query.p, query.n, 0644, err);
    }
    hb_buf_release(&query);
    HB_TRY(status);
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "format", "hb-timestamp/1");
        hb_json_kc(&j, "pack", args.v[0]);
        hb_json_kc(&j, "query", o->out);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
    } else {
        hb_buf_c(&app->out, "question: ");
        hb_buf_shown(&app->out, o->out);
        hb_buf_c(&app->out, "\nnext: have an authority answer it, then hb timestamp attach\n");
    }
    return HB_OK;
}

static hb_status run_attach(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const timestamp_opts *o = opts;
    char *response = NULL;
    size_t n = 0;
    hb_time at = 0;
    char text[HB_TIME_TEXT];
    (void)ret_exit;
    HB_TRY(hb_file_read(app->os, args.v[1], HB_TSA_RESPONSE_MAX, &response, &n, err));
    hb_status status =
        hb_pack_time_attach(app->os, args.v[0], (hb_str){response, n}, o->out, &at, err);
    hb_free(response);
    HB_TRY(status);
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "format", "hb-timestamp/1");
        hb_json_kc(&j, "pack", o->out);
        hb_json_kt(&j, "time", at);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
    } else {
        hb_time_print(at, text);
        hb_buf_shown(&app->out, o->out);
        hb_buf_fmt(&app->out, ": with a time token that says %s\n", text);
    }
    return HB_OK;
}

static const hb_opt query_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(timestamp_opts, out),
     .arg = "FILE.tsq",
     .required = true,
     .help = "the question (TimeStampReq)"},
    {0},
};

static const hb_opt attach_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(timestamp_opts, out),
     .arg = "PACK",
     .required = true,
     .help = "the pack with the time token in it; must not exist"},
    {0},
};

const hb_cmd hb_cmd_timestamp_query = {
    .name = "timestamp query",
    .group = "Evidence",
    .summary = "ask a time authority about an evidence pack",
    .opts = query_table,
    .opts_size = sizeof(timestamp_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "PACK",
    .details = "Writes the question (RFC 3161) for the signature of a pack. Nothing is sent:\n"
               "take the file to a machine that reaches an authority, for instance\n"
               "  curl -H 'Content-Type: application/timestamp-query' \\\n"
               "    --data-binary @q.tsq https://AUTHORITY -o r.tsr\n"
               "and bring the answer back to hb timestamp attach. Only a digest leaves the\n"
               "lab.",
    .alone = true,
    .example = "hb timestamp query evidence/evidence_monday-2.zip --out q.tsq",
    .run = run_query,
};

const hb_cmd hb_cmd_timestamp_attach = {
    .name = "timestamp attach",
    .group = "Evidence",
    .summary = "put a time authority's answer into a copy of a pack",
    .opts = attach_table,
    .opts_size = sizeof(timestamp_opts),
    .min_args = 2,
    .max_args = 2,
    .args = "PACK RESPONSE.tsr",
    .details = "The copy is the pack byte for byte, and attestation.tsr. An answer that was\n"
               "not granted or is about another pack is refused; who signed it is checked by\n"
               "those who verify the pack, with the authority's certificate.",
    .alone = true,
    .example = "hb timestamp attach evidence/evidence_monday-2.zip r.tsr --out stamped.zip",
    .run = run_attach,
};
