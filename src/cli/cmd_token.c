/* SPDX-License-Identifier: Apache-2.0 */
/* hb token create, list, revoke: who may ask over HTTP. docs/tokens.md */
#include "cli/commands.h"
#include "cli/govern_shared.h"
#include "cli/keys_shared.h"
#include "cli/table.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "govern/token.h"
#include "input/select/resample.h"
#include "store/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/file.h>

#define TOKENS_GROUP "Tokens"
#define DAY_NS (INT64_C(86400) * 1000000000)

enum { DAYS_MAX = 400 };

/* --- showing --- */

static void put_json(hb_json *j, const hb_token *t, hb_time now)
{
    hb_json_obj(j);
    hb_json_kc(j, "name", t->name);
    hb_json_kc(j, "id", t->sha256);
    hb_json_kc(j, "state", hb_token_state(t, now));
    hb_json_kc(j, "role", hb_role_name(t->role));
    hb_json_kc(j, "program", t->program);
    hb_json_kt(j, "created", t->created);
    hb_json_kt(j, "expires", t->expires);
    hb_json_kt(j, "revoked", t->revoked);
    hb_json_end(j);
}

/* secret: NULL = not shown. */
static hb_status show_json(hb_app *app, const hb_token *list, size_t n, const char *secret,
                           hb_error *err)
{
    hb_json j;
    hb_time now = app->os->now();
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-token-list/1");
    if (secret) {
        hb_json_kc(&j, "secret", secret);
    }
    hb_json_key(&j, "tokens");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        put_json(&j, &list[i], now);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static void print_time(hb_time t, char out[HB_TIME_TEXT])
{
    hb_time_print(t - t % 1000000000, out);
}

static hb_status show(hb_app *app, const hb_token *list, size_t n, hb_error *err)
{
    static const char *const head[] = {"NAME", "STATE", "ROLE", "PROGRAM", "EXPIRES", "REVOKED"};
    hb_table_text t;
    if (app->common.json) {
        return show_json(app, list, n, NULL, err);
    }
    hb_table_text_begin(&t, head, 6);
    for (size_t i = 0; i < n; i++) {
        char expires[HB_TIME_TEXT];
        char revoked[HB_TIME_TEXT] = "";
        print_time(list[i].expires, expires);
        if (list[i].revoked != HB_TIME_NONE) {
            print_time(list[i].revoked, revoked);
        }
        const char *cells[] = {list[i].name,
                               hb_token_state(&list[i], app->os->now()),
                               hb_role_name(list[i].role),
                               list[i].program,
                               expires,
                               revoked};
        hb_table_text_row(&t, cells);
    }
    return hb_table_text_end(&t, &app->out, err);
}

/* --- changing --- */

typedef struct change {
    hb_app *app;
    const char *path;
    int lock; /* the workspace's folder, so that two changes at a time do not lose one */
    hb_tokens *tokens;
    const char *by; /* key id of who proved who he is; "" = nobody */
} change;

static hb_status open_change(hb_app *app, change *c, hb_error *err)
{
    const char *dir = app->common.workspace ? app->common.workspace : ".";
    *c = (change){.app = app, .lock = -1, .by = ""};
    HB_TRY(hb_keys_registry(app, err));
    HB_TRY(hb_app_path(app, NULL, HB_TOKENS_FILE, &c->path, err));
    c->lock = app->os->open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (c->lock < 0 || app->os->flock(c->lock, LOCK_EX) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot lock '%.300s': %s", dir, strerror(errno));
    }
    return hb_tokens_load(app->os, c->path, &c->tokens, err);
}

static void close_change(change *c)
{
    if (c->lock >= 0) {
        c->app->os->close(c->lock);
    }
    hb_free(c->tokens);
}

/* That the private half is here too, which an agent's or a token's key does not show by being
 * opened: the signature is verified before it is given out, and not kept. */
static hb_status sign_something(hb_signer *signer, const char *what, hb_error *err)
{
    hb_buf signature;
    hb_buf_init(&signature, 4096);
    hb_status status = hb_signer_sign(signer, what, strlen(what), &signature, err);
    hb_buf_release(&signature);
    return status;
}

static hb_status permit(change *c, hb_signer *signer, const char *program, hb_error *err)
{
    hb_operators *o = NULL;
    const char *id = signer ? hb_pubkey_id(hb_signer_public(signer)) : "";
    if (signer) {
        HB_TRY(sign_something(signer, "hb token: who makes or revokes one", err));
    }
    if (c->app->store) {
        HB_TRY(hb_app_operators(c->app, &o, err));
    }
    hb_status status =
        o ? hb_permit(o, HB_ACTION_OPERATORS, program, id, c->app->os->now(), NULL, err) : HB_OK;
    hb_operators_free(o);
    HB_TRY(status);
    c->by = hb_arena_str(&c->app->arena, hb_str_of(id));
    return c->by ? HB_OK : HB_NOMEM(err);
}

/* Whoever gives a role away, or takes it, is an admin where there are operators. */
static hb_status prove(change *c, const hb_signing_opts *o, const char *program, hb_error *err)
{
    hb_signer *signer = NULL;
    HB_TRY(hb_app_signer_if(c->app, o, &signer, err));
    hb_status status = permit(c, signer, program, err);
    hb_signer_free(signer);
    return status;
}

typedef struct said {
    const char *action;
    const hb_token *token;
} said;

/* In ascending order. */
static void members(void *ctx, hb_json *j)
{
    const said *s = ctx;
    hb_json_kc(j, "action", s->action);
    hb_json_kt(j, "expires", s->token->expires);
    hb_json_kc(j, "name", s->token->name);
    hb_json_kc(j, "program", s->token->program);
    hb_json_kc(j, "role", hb_role_name(s->token->role));
}

static hb_status keep(change *c, const char *action, const hb_token *t, hb_time at, hb_error *err)
{
    said s = {.action = action, .token = t};
    HB_TRY(hb_tokens_save(c->app->os, c->path, c->tokens, err));
    if (!c->app->store) {
        return HB_OK;
    }
    hb_status status = hb_store_log(c->app->store, "key", t->sha256, at, c->by, members, &s, err);
    return status == HB_OK
               ? HB_OK
               : hb_error_prefix(err, "token '%s': %s, but not logged", t->name, action);
}

/* --- create --- */

typedef struct create_opts {
    int role;
    const char *program;
    const char *expires;
    hb_signing_opts signing;
} create_opts;

/* hb_role without "none" */
static const char *const roles[] = {"viewer", "operator", "approver", "admin", NULL};

static hb_status describe(hb_app *app, const create_opts *o, const char *name, hb_token *ret,
                          hb_error *err)
{
    int64_t ns = 0;
    size_t n = strlen(o->expires);
    bool unit = n && (o->expires[n - 1] < '0' || o->expires[n - 1] > '9');
    if (!unit || !hb_duration_parse(o->expires, n, &ns) || ns <= 0 || ns > DAYS_MAX * DAY_NS) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--expires must be a time such as 12h or 30d, at most %dd, got '%.40s'",
                       DAYS_MAX, o->expires);
    }
    hb_time now = app->os->now();
    const char *program = o->program ? o->program : "*";
    if (strlen(name) > HB_TOKEN_NAME_MAX || strlen(program) > HB_TOKEN_PROGRAM_MAX) {
        return HB_FAIL(err, HB_E_USAGE, "a name has at most %d bytes, a program %d",
                       HB_TOKEN_NAME_MAX, HB_TOKEN_PROGRAM_MAX);
    }
    *ret = (hb_token){.role = (hb_role)(HB_ROLE_VIEWER + o->role),
                      .created = now,
                      .expires = now + ns,
                      .revoked = HB_TIME_NONE};
    hb_str_fit(name, ret->name, sizeof ret->name);
    hb_str_fit(program, ret->program, sizeof ret->program);
    return HB_OK;
}

static hb_status create(change *c, const create_opts *o, hb_token *t, char *secret, hb_error *err)
{
    hb_app *app = c->app;
    HB_TRY(prove(c, &o->signing, t->program, err));
    HB_TRY(hb_token_make(app->os, secret, err));
    HB_TRY(hb_digest_of(secret, strlen(secret), t->sha256, err));
    HB_TRY(hb_tokens_add(c->tokens, t, t->created, err));
    HB_TRY(keep(c, "token_made", t, t->created, err));
    if (app->common.json) {
        return show_json(app, t, 1, secret, err);
    }
    hb_say(app, "token '%s' is shown this once; keep it in a file of mode 0600", t->name);
    hb_buf_fmt(&app->out, "%s\n", secret);
    return HB_OK;
}

static hb_status run_create(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const create_opts *o = opts;
    char secret[HB_TOKEN_TEXT] = "";
    hb_token t;
    change c;
    (void)ret_exit;
    HB_TRY(describe(app, o, args.v[0], &t, err));
    hb_status status = open_change(app, &c, err);
    status = status == HB_OK ? create(&c, o, &t, secret, err) : status;
    OPENSSL_cleanse(secret, sizeof secret);
    close_change(&c);
    return status;
}

static const hb_opt create_table[] = {
    {.name = "role",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(create_opts, role),
     .values = roles,
     .required = true,
     .help = "what it may do: viewer reads, operator sends samples too"},
    {.name = "program",
     .kind = HB_OPT_STRING,
     .offset = offsetof(create_opts, program),
     .arg = "NAME",
     .help = "for daemons of this program alone; default: all"},
    {.name = "expires",
     .kind = HB_OPT_STRING,
     .offset = offsetof(create_opts, expires),
     .arg = "TIME",
     .required = true,
     .help = "how long it counts: 12h, 30d; at most 400d"},
    HB_SIGN_OPTS(create_opts, signing),
    {0},
};

const hb_cmd hb_cmd_token_create = {
    .name = "token create",
    .group = TOKENS_GROUP,
    .summary = "make a token with which a program may ask over HTTP",
    .opts = create_table,
    .opts_size = sizeof(create_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "NAME",
    .details = "Prints the token, 256 random bits, once: tokens.json of the workspace keeps its\n"
               "SHA-256 alone. A daemon with tokens: true takes it at once, in the header\n"
               "Authorization: Bearer TOKEN.\n"
               "\n"
               "Where operators are in force an admin signs for it (--key). It is an entry of\n"
               "the log.",
    .example = "hb token create grafana --role viewer --expires 30d",
    .run = run_create,
};

/* --- list --- */

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const char *path = NULL;
    hb_tokens *t = NULL;
    (void)opts;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_app_path(app, NULL, HB_TOKENS_FILE, &path, err));
    HB_TRY(hb_tokens_load(app->os, path, &t, err));
    if (!t->n) {
        hb_say(app, "no tokens yet; hb token create NAME makes one");
    }
    hb_status status = show(app, t->list, t->n, err);
    hb_free(t);
    return status;
}

const hb_cmd hb_cmd_token_list = {
    .name = "token list",
    .group = TOKENS_GROUP,
    .summary = "the tokens of the workspace, and which of them count",
    .details = "A token is active, expired or revoked. The tokens themselves cannot be shown.",
    .example = "hb token list",
    .run = run_list,
};

/* --- revoke --- */

typedef struct revoke_opts {
    hb_signing_opts signing;
} revoke_opts;

static hb_status end_token(change *c, const revoke_opts *o, const char *name, hb_error *err)
{
    hb_token *t = hb_tokens_named(c->tokens, name);
    if (!t) {
        return HB_FAIL(err, HB_E_INPUT, "no token is called '%.80s'; hb token list shows them",
                       name);
    }
    if (t->revoked != HB_TIME_NONE) {
        return HB_FAIL(err, HB_E_USAGE, "token '%s' is revoked already", t->name);
    }
    HB_TRY(prove(c, &o->signing, t->program, err));
    t->revoked = c->app->os->now();
    HB_TRY(keep(c, "token_revoked", t, t->revoked, err));
    return show(c->app, t, 1, err);
}

static hb_status run_revoke(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    change c;
    (void)ret_exit;
    hb_status status = open_change(app, &c, err);
    status = status == HB_OK ? end_token(&c, opts, args.v[0], err) : status;
    close_change(&c);
    return status;
}

static const hb_opt revoke_table[] = {
    HB_SIGN_OPTS(revoke_opts, signing),
    {0},
};

const hb_cmd hb_cmd_token_revoke = {
    .name = "token revoke",
    .group = TOKENS_GROUP,
    .summary = "a token counts no more, from now on",
    .opts = revoke_table,
    .opts_size = sizeof(revoke_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "NAME",
    .details = "Takes effect at once, without a restart. Where operators are in force an admin\n"
               "signs for it (--key). It is an entry of the log.",
    .example = "hb token revoke grafana",
    .run = run_revoke,
};
