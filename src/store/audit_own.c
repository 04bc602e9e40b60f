/* SPDX-License-Identifier: Apache-2.0 */
/* The members of the entries the store logs of itself; docs/formats/audit_log.md. */
#include "crypto/digest.h"
#include "store/audit_internal.h"
#include "store/sql.h"

#include <stdint.h>
#include <string.h>

/* Chance in an entry about a decision, so that its hash, which proofs of its neighbours give away,
 * tells nothing of a run's fields to somebody who may not see them (docs/custody.md). */
enum { CHANCE_BYTES = 32 };

static void *borrow(const void *p) /* members only read it */
{
    return (void *)(uintptr_t)p;
}

static const char *said(const char *text)
{
    return text ? text : "";
}

static hb_status is_logged(hb_store *s, const char *type, const char *subject, bool *ret,
                           hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "SELECT 1 FROM audit_queue WHERE subject = ? AND type = ? LIMIT 1", &q,
                       err));
    hb_sql_text(&q, subject);
    hb_sql_text(&q, type);
    return hb_sql_row(&q, ret, err);
}

/* One text of the registry by a key; "" when there is none. */
static hb_status look_up(hb_store *s, const char *sql, int64_t id, const char *text, char ret[65],
                         hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s, sql, &q, err));
    if (text) {
        hb_sql_text(&q, text);
    } else {
        hb_sql_i64(&q, id);
    }
    HB_TRY(hb_sql_row(&q, &found, err));
    hb_str v = found ? hb_sql_get_blob(&q) : HB_STR("");
    size_t n = v.n < 64 ? v.n : 64;
    memcpy(ret, v.n ? v.p : "", n);
    ret[n] = '\0';
    return hb_sql_check(&q, err);
}

/* --- decisions and what they were made by --- */

static void config_members(void *ctx, hb_json *j)
{
    hb_json_kc(j, "kind", ctx);
}

static hb_status log_config(hb_store *s, const char *kind, const char *digest, hb_time at,
                            hb_error *err)
{
    bool logged = false;
    if (!digest || !*digest) {
        return HB_OK;
    }
    HB_TRY(is_logged(s, "config", digest, &logged, err));
    return logged ? HB_OK
                  : hb_store_log(s, "config", digest, at, "", config_members, borrow(kind), err);
}

static hb_status log_configs(hb_store *s, const char *registry, const char *policy, hb_time at,
                             hb_error *err)
{
    HB_TRY(log_config(s, "metric_registry", registry, at, err));
    return log_config(s, "baseline_policy", policy, at, err);
}

typedef struct decided {
    bool again;
    char blind[HB_DIGEST_HEX];
    const char *baseline;
    const char *version;
    const char *policy;
    const char *registry;
    const char *run_id;
    const char *run_sha256;
    const char *verdict;
    const char *stream; /* NULL = no window */
    const char *window;
} decided;

static void decided_members(void *ctx, hb_json *j)
{
    const decided *d = ctx;
    hb_json_kb(j, "again", d->again);
    hb_json_kc(j, "baseline", said(d->baseline));
    hb_json_kc(j, "baseline_version", said(d->version));
    hb_json_kc(j, "blind", d->blind);
    hb_json_kc(j, "engine", HB_VERSION);
    hb_json_kc(j, "policy_sha256", said(d->policy));
    hb_json_kc(j, "registry_sha256", said(d->registry));
    hb_json_kc(j, "run_id", d->run_id);
    hb_json_kc(j, "run_sha256", d->run_sha256);
    if (d->stream) {
        hb_json_kc(j, "stream", d->stream);
    }
    hb_json_kc(j, "verdict", d->verdict);
    if (d->stream) {
        hb_json_kc(j, "window", d->window);
    }
}

static hb_status log_decided(hb_store *s, const char *digest, hb_time at, decided *d, hb_error *err)
{
    uint8_t chance[CHANCE_BYTES];
    if (s->os->random(chance, sizeof chance) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot get random bytes");
    }
    HB_TRY(hb_digest_of(chance, sizeof chance, d->blind, err));
    return hb_store_log(s, "decision", digest, at, "", decided_members, d, err);
}

/* A window of the daemon was logged as it was stored, before it became a run. */
hb_status hb_store_log_decision(hb_store *s, const hb_decision_row *row, int64_t run, bool again,
                                hb_error *err)
{
    char run_sha256[65];
    bool logged = false;
    HB_TRY(is_logged(s, "decision", row->digest, &logged, err));
    if (logged && !again) {
        return HB_OK;
    }
    HB_TRY(log_configs(s, row->registry_digest, row->policy_digest, row->decided_at, err));
    HB_TRY(look_up(s, "SELECT digest FROM runs WHERE id = ?", run, NULL, run_sha256, err));
    decided d = {.again = again,
                 .baseline = row->baseline_run_id,
                 .version = row->version,
                 .policy = row->policy_digest,
                 .registry = row->registry_digest,
                 .run_id = row->run_id,
                 .run_sha256 = run_sha256,
                 .verdict = row->status};
    return log_decided(s, row->digest, row->decided_at, &d, err);
}

/* Those without a finding are logged many at a time: audit_windows.c. */
hb_status hb_store_log_window(hb_store *s, const hb_live_window_row *row, hb_error *err)
{
    HB_TRY(log_configs(s, row->registry_digest, row->policy_digest, row->decided_at, err));
    if (strcmp(row->verdict, "PASS") == 0 || strcmp(row->verdict, "NO_TEST") == 0) {
        return HB_OK;
    }
    decided d = {.policy = row->policy_digest,
                 .registry = row->registry_digest,
                 .run_id = row->run_id,
                 .run_sha256 = "",
                 .verdict = row->verdict,
                 .stream = row->stream,
                 .window = row->id};
    return log_decided(s, row->digest, row->decided_at, &d, err);
}

/* --- tags and versions --- */

typedef struct tagging {
    const hb_tag_row *row;
    const char *program;
    const char *subsystem;
    const char *test_name;
} tagging;

static void tag_members(void *ctx, hb_json *j)
{
    const tagging *t = ctx;
    bool version = t->row->version && *t->row->version;
    hb_json_kc(j, "note", said(t->row->note));
    hb_json_kc(j, "program", t->program);
    hb_json_kc(j, "run_id", version ? "" : said(t->row->run_id));
    hb_json_kc(j, "set_by", said(t->row->set_by));
    hb_json_kc(j, "subsystem", t->subsystem);
    hb_json_kc(j, "test_name", t->test_name);
    hb_json_kc(j, "version", version ? t->row->version : "");
}

hb_status hb_store_log_tag(hb_store *s, const hb_tag_row *row, const char *program,
                           const char *subsystem, const char *test_name, hb_error *err)
{
    const tagging t = {
        .row = row, .program = program, .subsystem = subsystem, .test_name = test_name};
    return hb_store_log(s, "tag", row->tag, row->set_at, "", tag_members, borrow(&t), err);
}

typedef struct versioned {
    const hb_version_row *row;
    const char *name;
} versioned;

static void version_members(void *ctx, hb_json *j)
{
    const versioned *v = ctx;
    hb_json_kc(j, "by_name", said(v->row->created_by));
    hb_json_ku(j, "n_runs", v->row->n_runs);
    hb_json_kc(j, "name", said(v->row->name));
    hb_json_kc(j, "note", said(v->row->note));
    hb_json_kc(j, "program", v->row->program);
    hb_json_kc(j, "subsystem", v->row->subsystem);
    hb_json_kc(j, "test_name", v->row->test_name);
    hb_json_kc(j, "version", v->name);
}

hb_status hb_store_log_version(hb_store *s, const hb_version_row *row, const char *name,
                               hb_error *err)
{
    const versioned v = {.row = row, .name = name};
    return hb_store_log(s, "version", row->digest, row->created_at, "", version_members, borrow(&v),
                        err);
}

typedef struct reasoned {
    const char *version;
    const char *reason;
    const char *by;
    const char *purpose; /* NULL = of retiring */
    const char *quality;
} reasoned;

static void reasoned_members(void *ctx, hb_json *j)
{
    const reasoned *r = ctx;
    hb_json_kc(j, "by_name", said(r->by));
    if (r->purpose) {
        hb_json_kc(j, "purpose", r->purpose);
        hb_json_kc(j, "quality_sha256", r->quality);
    }
    hb_json_kc(j, "reason", r->reason);
    hb_json_kc(j, "version", r->version);
}

#define DIGEST_OF_VERSION "SELECT digest FROM baseline_versions WHERE version = ?"

hb_status hb_store_log_retire(hb_store *s, const char *version, const char *reason, const char *by,
                              hb_time at, hb_error *err)
{
    char digest[65];
    const reasoned r = {.version = version, .reason = reason, .by = by};
    HB_TRY(look_up(s, DIGEST_OF_VERSION, 0, version, digest, err));
    return hb_store_log(s, "retire", digest, at, "", reasoned_members, borrow(&r), err);
}

hb_status hb_store_log_quality(hb_store *s, const hb_quality_row *row, hb_error *err)
{
    char digest[65];
    char quality[HB_DIGEST_HEX];
    if (row->passed || !row->override_reason || !*row->override_reason) {
        return HB_OK;
    }
    HB_TRY(look_up(s, DIGEST_OF_VERSION, 0, row->version, digest, err));
    HB_TRY(hb_digest_of(row->json, strlen(row->json), quality, err));
    const reasoned r = {.version = row->version,
                        .reason = row->override_reason,
                        .by = row->checked_by,
                        .purpose = row->purpose,
                        .quality = quality};
    return hb_store_log(s, "override", digest, row->checked_at, "", reasoned_members, borrow(&r),
                        err);
}
