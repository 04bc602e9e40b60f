/* SPDX-License-Identifier: Apache-2.0 */
/* hb health: asks a running daemon how it is. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/view_health.h"

#include "crypto/secret.h"
#include "govern/token.h"
#include "http/client.h"

#include <openssl/crypto.h>
#include <string.h>

enum { ANSWER_MAX = 4 << 20, NOT_READY = 1 };

#define ADDRESS "127.0.0.1:9090"

typedef struct health_opts {
    uint32_t timeout_s;
    const char *token_file;
} health_opts;

static hb_status show(hb_app *app, const hb_buf *answer, int http, const char *address,
                      int *ret_exit, hb_error *err)
{
    bool ready = false;
    hb_buf text;
    if (http == 401 || http == 403 || http == 429) {
        return HB_FAIL(err, HB_E_DENIED, "'%s' answered with HTTP status %d: %s", address, http,
                       http == 401   ? "it asks for a token that counts (--token-file FILE)"
                       : http == 403 ? "the token is of another program, or this is not its machine"
                                     : "too many wrong tokens came from here; wait a minute");
    }
    if (http != 200) {
        return HB_FAIL(err, HB_E_IO, "'%s' answered with HTTP status %d, expected 200 and a health",
                       address, http);
    }
    hb_buf_init(&text, app->out.max);
    hb_status status = hb_view_health_text((hb_str){answer->p, answer->n}, &text, &ready, err);
    if (status == HB_OK) {
        hb_buf_str(&app->out,
                   app->common.json ? (hb_str){answer->p, answer->n} : (hb_str){text.p, text.n});
        *ret_exit = ready ? 0 : NOT_READY;
    }
    hb_buf_release(&text);
    return status;
}

static hb_status run_health(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const health_opts *o = opts;
    const char *address = args.n ? args.v[0] : ADDRESS;
    unsigned timeout_ms = (o->timeout_s ? o->timeout_s : 5) * 1000;
    char token[HB_TOKEN_TEXT + 4] = ""; /* and a line end */
    hb_buf answer;
    int http = 0;
    if (o->token_file) {
        HB_TRY(hb_secret_line(app->os, "token file", o->token_file, token, sizeof token, err));
    }
    hb_buf_init(&answer, ANSWER_MAX);
    hb_status status = hb_http_get(address, "/status", "application/json",
                                   o->token_file ? token : NULL, timeout_ms, &http, &answer, err);
    OPENSSL_cleanse(token, sizeof token);
    if (status == HB_E_CONFIG) {
        err->code = HB_E_USAGE;
        status = HB_E_USAGE;
    } else if (status == HB_E_IO) {
        char why[sizeof err->msg];
        memcpy(why, err->msg, sizeof why);
        status = HB_FAIL(err, HB_E_IO,
                         "%.300s; is the daemon running, and is this the `listen` of its "
                         "configuration?",
                         why);
    } else if (status == HB_OK) {
        status = show(app, &answer, http, address, ret_exit, err);
    }
    hb_buf_release(&answer);
    return status;
}

static const hb_opt table[] = {
    {.name = "timeout",
     .kind = HB_OPT_UINT,
     .offset = offsetof(health_opts, timeout_s),
     .arg = "SECONDS",
     .max = 600,
     .help = "wait so long for an answer; default 5"},
    {.name = "token-file",
     .kind = HB_OPT_STRING,
     .offset = offsetof(health_opts, token_file),
     .arg = "FILE",
     .help = "holds the token of a viewer, where the daemon asks for one"},
    {0},
};

const hb_cmd hb_cmd_health = {
    .name = "health",
    .group = "Live",
    .summary = "ask a running daemon how it is",
    .opts = table,
    .opts_size = sizeof(health_opts),
    .max_args = 1,
    .args = "[ADDRESS]",
    .details = "ADDRESS is where the daemon listens: 127.0.0.1:9090 (the default), [::1]:PORT\n"
               "or unix:/run/hb/http.sock. Shown are every dependency with its reason, how far\n"
               "behind it is, sources, windows, alerts and sinks; --json gives all of it as\n"
               "the daemon's /status does (schemas/health.schema.json). Exit code 0 when it is\n"
               "ready, 1 when it is not or does not answer.",
    .example = "hb health --help",
    .run = run_health,
};
