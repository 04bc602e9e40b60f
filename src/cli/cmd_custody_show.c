/* SPDX-License-Identifier: Apache-2.0 */
/* hb custody timeline, list: what the lab's log says of cases. */
#include "cli/commands.h"
#include "cli/custody_shared.h"
#include "cli/govern_shared.h"
#include "cli/keys_shared.h"
#include "cli/table.h"
#include "export/export.h"
#include "store/custody.h"

#include <stdio.h>
#include <string.h>

enum { SHORT = 12, LIMIT = 50, LIMIT_MAX = 100000 };

/* --- signatures --- */

typedef enum signature {
    NOT_SIGNED,
    HOLDS,
    FAILS,
    UNKNOWN_KEY,
    IN_PACK, /* an export: the pack has the signature */
} signature;

static const char *const signature_names[] = {[NOT_SIGNED] = "none",
                                              [HOLDS] = "holds",
                                              [FAILS] = "fails",
                                              [UNKNOWN_KEY] = "unknown_key",
                                              [IN_PACK] = "in_pack"};

typedef struct shown {
    hb_custody_event e;
    signature signature;
    const char *who; /* operator's name, else the key's in keys/, else a claim */
} shown;

/* Does the envelope say what the entry says? */
static hb_status same(hb_app *app, const hb_custody_event *e, const hb_statement_row *row,
                      bool *ret_same, hb_error *err)
{
    hb_statement s = {0};
    char subject[HB_DIGEST_HEX];
    hb_error why = {0};
    HB_TRY(hb_custody_subject(e->case_id, subject, err));
    hb_status status = hb_statement_claims(row->envelope, "statement", &app->arena, &s, &why);
    bool about = strcmp(e->event, "removed") == 0 /* signed once for all that went: the policy */
                     ? status == HB_OK && strcmp(s.kind, "removal") == 0
                     : status == HB_OK && strcmp(s.kind, "custody") == 0 &&
                           strcmp(s.subject_sha256, subject) == 0 &&
                           strcmp(s.purpose, e->event) == 0;
    *ret_same = about && strcmp(s.reason, e->reason) == 0 &&
                strcmp(s.digest, e->statement_sha256) == 0 && strcmp(s.keyid, e->by) == 0 &&
                s.at == e->at;
    return HB_OK;
}

static hb_status verify(hb_app *app, const hb_pubkey *key, shown *x, hb_error *err)
{
    const hb_statement_query q = {.sha256 = x->e.statement_sha256};
    hb_statement_row *rows = NULL;
    hb_dsse d;
    hb_error why = {0};
    size_t n = 0;
    bool says = false;
    x->signature = FAILS;
    if (!*x->e.statement_sha256) {
        return HB_OK;
    }
    HB_TRY(hb_store_list_statements(app->store, &q, &app->arena, &rows, &n, err));
    if (n != 1) {
        return HB_OK;
    }
    HB_TRY(same(app, &x->e, &rows[0], &says, err));
    if (says && !key) {
        x->signature = UNKNOWN_KEY;
    } else if (says &&
               hb_dsse_read(rows[0].envelope, "statement", &app->arena, &d, &why) == HB_OK &&
               hb_dsse_verify(&d, key, &why) == HB_OK) {
        x->signature = HOLDS;
    }
    return HB_OK;
}

/* The key among the operators of that time, else in keys/. *ret_o is the caller's. */
static hb_status key_of(hb_app *app, const hb_keyring *ring, const hb_custody_event *e,
                        hb_operators **ret_o, const hb_pubkey **ret_key, const char **ret_who,
                        hb_error *err)
{
    hb_operators_row row;
    bool found = false;
    HB_TRY(hb_store_operators_at(app->store, e->at, &app->arena, &row, &found, err));
    if (found) {
        HB_TRY(hb_operators_parse(row.text, "operators", ret_o, err));
        const hb_operator *who = hb_operators_by_key(*ret_o, e->by, e->at, NULL);
        *ret_key = hb_operators_key(*ret_o, e->by);
        *ret_who = who ? hb_arena_str(&app->arena, hb_str_of(who->name)) : "";
        return *ret_who ? HB_OK : HB_NOMEM(err);
    }
    const hb_ring_key *k = hb_keyring_by_id(ring, e->by);
    *ret_key = k ? k->key : NULL;
    *ret_who = k ? k->name : "";
    return HB_OK;
}

static hb_status look(hb_app *app, const hb_keyring *ring, shown *x, hb_error *err)
{
    hb_operators *o = NULL;
    const hb_pubkey *key = NULL;
    x->who = x->e.by_name;
    if (!*x->e.by) {
        x->signature = NOT_SIGNED;
        return HB_OK;
    }
    hb_status status = key_of(app, ring, &x->e, &o, &key, &x->who, err);
    if (status == HB_OK && strcmp(x->e.event, "exported") == 0) {
        x->signature = IN_PACK;
    } else if (status == HB_OK) {
        status = verify(app, key, x, err);
    }
    hb_operators_free(o);
    return status;
}

/* --- shown --- */

static hb_status timeline_json(hb_app *app, const char *case_id, bool held, const shown *list,
                               size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-custody-timeline/1");
    hb_json_kc(&j, "case", case_id);
    hb_json_kb(&j, "held", held);
    hb_json_key(&j, "events");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        const hb_custody_event *e = &list[i].e;
        hb_json_obj(&j);
        hb_json_ki(&j, "seq", e->seq);
        hb_json_key(&j, "index");
        if (e->leaf < 0) {
            hb_json_null(&j);
        } else {
            hb_json_i64(&j, e->leaf);
        }
        hb_json_kt(&j, "at", e->at);
        hb_json_kc(&j, "event", e->event);
        hb_json_kc(&j, "who", list[i].who);
        hb_json_kc(&j, "by", e->by);
        hb_json_kc(&j, "signature", signature_names[list[i].signature]);
        hb_json_kc(&j, "reason", e->reason);
        hb_json_kc(&j, "run_id", e->run_id);
        hb_json_kc(&j, "manifest_sha256", e->manifest_sha256);
        hb_json_kc(&j, "statement_sha256", e->statement_sha256);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static const char *signed_words(const shown *x)
{
    static const char *const words[] = {[NOT_SIGNED] = "not signed",
                                        [HOLDS] = "signed",
                                        [FAILS] = "SIGNATURE FAILS",
                                        [UNKNOWN_KEY] = "key not known",
                                        [IN_PACK] = "in the pack"};
    return words[x->signature];
}

static hb_status timeline_text(hb_app *app, const shown *list, size_t n, hb_error *err)
{
    static const char *const head[] = {"INDEX", "AT", "EVENT", "WHO", "SIGNATURE", "REASON"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 6);
    for (size_t i = 0; i < n; i++) {
        const hb_custody_event *e = &list[i].e;
        char index[24] = "waits";
        char at[HB_TIME_TEXT];
        char who[40];
        char reason[80];
        if (e->leaf >= 0) {
            snprintf(index, sizeof index, "%lld", (long long)e->leaf);
        }
        hb_time_print(e->at - e->at % 1000000000, at);
        if (*list[i].who || !*e->by) {
            hb_str_fit(*list[i].who ? list[i].who : "-", who, sizeof who);
        } else {
            snprintf(who, sizeof who, "%.*s", SHORT, e->by);
        }
        hb_str_fit(e->reason, reason, sizeof reason);
        hb_table_text_row(
            &t, (const char *const[]){index, at, e->event, who, signed_words(&list[i]), reason});
    }
    return hb_table_text_end(&t, &app->out, err);
}

static hb_status looked_at(hb_app *app, shown *list, size_t n, hb_error *err)
{
    const char *dir = NULL;
    hb_keyring ring;
    HB_TRY(hb_keys_dir(app, &dir, err));
    HB_TRY(hb_keyring_load(app->os, dir, &ring, err));
    hb_status status = HB_OK;
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        status = look(app, &ring, &list[i], err);
        if (status == HB_OK) {
            list[i].who = hb_arena_str(&app->arena, hb_str_of(list[i].who)); /* may be the ring's */
            status = list[i].who ? HB_OK : HB_NOMEM(err);
        }
    }
    hb_keyring_release(&ring);
    return status;
}

hb_status hb_view_custody(hb_app *app, const char *case_id, size_t limit, bool *ret_fails,
                          hb_error *err)
{
    hb_custody_event *events = NULL;
    hb_custody_holds holds;
    size_t n = 0;
    HB_TRY(hb_custody_events(app->store, case_id, limit, &app->arena, &events, &n, err));
    HB_TRY(hb_custody_held_cases(app->store, &app->arena, &holds, err));
    bool held = hb_custody_is_held(&holds, case_id);
    shown *list = hb_arena_array(&app->arena, n + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        list[i] = (shown){.e = events[i]};
    }
    HB_TRY(looked_at(app, list, n, err));
    for (size_t i = 0; ret_fails && i < n; i++) {
        *ret_fails = *ret_fails || list[i].signature == FAILS;
    }
    if (app->common.json) {
        return timeline_json(app, case_id, held, list, n, err);
    }
    if (n == 0) {
        hb_say(app, "nothing was written of case '%s'; hb custody list has the cases", case_id);
    } else {
        hb_buf_fmt(&app->out, "case %s%s\n", case_id, held ? ", on hold" : "");
    }
    return timeline_text(app, list, n, err);
}

/* --- timeline --- */

typedef struct timeline_opts {
    const char *case_id;
    uint32_t limit;
} timeline_opts;

static hb_status run_timeline(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                              hb_error *err)
{
    const timeline_opts *o = opts;
    bool fails = false;
    (void)args;
    HB_TRY(hb_case_id_check(o->case_id, err));
    HB_TRY(hb_view_custody(app, o->case_id, o->limit ? o->limit : LIMIT, &fails, err));
    *ret_exit = fails ? hb_status_exit(HB_E_EVIDENCE) : 0;
    return HB_OK;
}

static const hb_opt timeline_table[] = {
    {.name = "case",
     .kind = HB_OPT_STRING,
     .offset = offsetof(timeline_opts, case_id),
     .arg = "CASE",
     .required = true,
     .help = "of this case; hb custody list has them"},
    {.name = "limit",
     .kind = HB_OPT_UINT,
     .offset = offsetof(timeline_opts, limit),
     .arg = "N",
     .max = LIMIT_MAX,
     .help = "at most this many; default 50"},
    {0},
};

const hb_cmd hb_cmd_custody_timeline = {
    .name = "custody timeline",
    .group = HB_CUSTODY_GROUP,
    .summary = "what was done to a case, and by whom, newest first",
    .needs = HB_NEED_STORE,
    .opts = timeline_table,
    .opts_size = sizeof(timeline_opts),
    .details = "From the entries of the lab's log: exported, and what hb custody add wrote.\n"
               "INDEX is the place in the log (hb audit show INDEX). Signatures are verified\n"
               "again; one that does not hold gives exit code 12. Whether an entry was left out\n"
               "or changed since is hb audit verify's to say.",
    .example = "hb custody timeline --case monday-2",
    .run = run_timeline,
};

/* --- list --- */

typedef struct list_opts {
    uint32_t limit;
    bool held;
} list_opts;

static hb_status list_json(hb_app *app, const hb_custody_case *list, size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-custody-list/1");
    hb_json_key(&j, "cases");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        hb_json_obj(&j);
        hb_json_kc(&j, "case", list[i].case_id);
        hb_json_kb(&j, "held", list[i].held);
        hb_json_ku(&j, "events", list[i].events);
        hb_json_kc(&j, "last", list[i].last);
        hb_json_kt(&j, "last_at", list[i].last_at);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    static const char *const head[] = {"CASE", "HOLD", "EVENTS", "LAST", "AT"};
    const list_opts *o = opts;
    hb_custody_case *list = NULL;
    size_t n = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_custody_cases(app->store, o->held, o->limit ? o->limit : LIMIT, &app->arena, &list,
                            &n, err));
    if (app->common.json) {
        return list_json(app, list, n, err);
    }
    if (n == 0) {
        hb_say(app, o->held ? "no case is on hold"
                            : "no case yet; hb export evidence-pack or hb custody add make one");
    }
    hb_table_text t;
    hb_table_text_begin(&t, head, 5);
    for (size_t i = 0; i < n; i++) {
        char events[24];
        char at[HB_TIME_TEXT];
        snprintf(events, sizeof events, "%llu", (unsigned long long)list[i].events);
        hb_time_print(list[i].last_at - list[i].last_at % 1000000000, at);
        hb_table_text_row(&t, (const char *const[]){list[i].case_id, list[i].held ? "hold" : "-",
                                                    events, list[i].last, at});
    }
    return hb_table_text_end(&t, &app->out, err);
}

static const hb_opt list_table[] = {
    {.name = "held",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(list_opts, held),
     .help = "only those on hold"},
    {.name = "limit",
     .kind = HB_OPT_UINT,
     .offset = offsetof(list_opts, limit),
     .arg = "N",
     .max = LIMIT_MAX,
     .help = "at most this many; default 50"},
    {0},
};

const hb_cmd hb_cmd_custody_list = {
    .name = "custody list",
    .group = HB_CUSTODY_GROUP,
    .summary = "the cases, the last one touched first",
    .needs = HB_NEED_STORE,
    .opts = list_table,
    .opts_size = sizeof(list_opts),
    .details = "Every case that was exported or written of, and whether it is on hold.",
    .example = "hb custody list",
    .run = run_list,
};
