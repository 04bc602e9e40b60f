/* SPDX-License-Identifier: Apache-2.0 */
/* hb support bundle: what somebody who is to help needs, and what he may see. What each part holds
 * is one table, which is printed, written into the bundle and run. No value of a metric, no private
 * key, no passphrase, no text of a configuration; names only when they were asked for. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/config_docs.h"
#include "cli/keys_shared.h"

#include "audit/log.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "config/node.h"
#include "evidence/pack.h"
#include "store/survey.h"

#include <openssl/crypto.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { PART_BYTES = 16 << 20 };

typedef struct bundle {
    hb_app *app;
    bool names;
    hb_json *j;
    const char *group; /* of the registry's numbers, open; NULL = none */
} bundle;

/* What failed, by its kind; its words, which quote names, only where names are wanted. */
static void put_failure(bundle *b, hb_status status, const hb_error *why)
{
    hb_json_kc(b->j, "failed", hb_status_name(status));
    if (why->in_line) {
        hb_json_ku(b->j, "line", why->in_line);
        hb_json_ku(b->j, "column", why->in_col);
    }
    if (b->names) {
        hb_json_kc(b->j, "message", why->msg);
    }
}

/* --- the parts --- */

static hb_status put_program(bundle *b, hb_error *err)
{
    struct utsname u;
    char at[HB_TIME_TEXT];
    (void)err;
    hb_time_print(b->app->os->now(), at);
    hb_json_kc(b->j, "made_at", at);
    hb_json_kc(b->j, "hb", HB_VERSION);
    hb_json_kc(b->j, "compiler", __VERSION__);
    hb_json_kc(b->j, "sbom_sha256", b->app->sbom->sha256);
    hb_json_kc(b->j, "openssl", OpenSSL_version(OPENSSL_VERSION));
    hb_json_kc(b->j, "sqlite", sqlite3_libversion());
    if (uname(&u) == 0) { /* not the name of the machine */
        hb_json_kc(b->j, "system", u.sysname);
        hb_json_kc(b->j, "release", u.release);
        hb_json_kc(b->j, "machine", u.machine);
    }
    hb_json_ki(b->j, "processors", sysconf(_SC_NPROCESSORS_ONLN));
    hb_json_ki(b->j, "memory_mib",
               (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / (1 << 20));
    return HB_OK;
}

static hb_status put_config_file(bundle *b, const char *path, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    char digest[HB_DIGEST_HEX];
    hb_doc_kind kind = {0};
    char note[HB_DOC_NOTE];
    hb_error why = {0};
    hb_status status = hb_file_read(b->app->os, path, HB_YAML_MAX_BYTES, &text, &n, &why);
    if (status != HB_OK) {
        put_failure(b, status, &why);
        return HB_OK;
    }
    hb_status digested = hb_digest_of(text, n, digest, err);
    status = hb_config_doc_check(b->app, (hb_str){text, n}, path, &kind, note, &why);
    hb_free(text);
    HB_TRY(digested);
    hb_json_ku(b->j, "bytes", n);
    hb_json_kc(b->j, "sha256", digest);
    if (status == HB_OK) {
        hb_json_kb(b->j, "valid", true);
    } else {
        put_failure(b, status, &why);
    }
    return HB_OK;
}

static hb_status put_config(bundle *b, hb_error *err)
{
    static const char *const files[] = {"baseline_policy.yaml",     "baseline_quality_policy.yaml",
                                        "config/daemon.yaml",       "daemon.yaml",
                                        "equivalence_mapping.yaml", "metric_registry.yaml",
                                        "telemetry_schema.yaml"};
    HB_TRY(hb_app_open_units(b->app, err));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = NULL;
        HB_TRY(hb_app_path(b->app, NULL, files[i], &path, err));
        if (hb_path_exists(b->app->os, path)) {
            hb_json_key(b->j, files[i]);
            hb_json_obj(b->j);
            HB_TRY(put_config_file(b, path, err));
            hb_json_end(b->j);
        }
    }
    return HB_OK;
}

static void put_number(void *ctx, const char *group, const char *key, uint64_t n)
{
    bundle *b = ctx;
    if (!b->group || strcmp(b->group, group) != 0) {
        if (b->group) {
            hb_json_end(b->j);
        }
        hb_json_key(b->j, group);
        hb_json_obj(b->j);
        b->group = group;
    }
    hb_json_ku(b->j, key, n);
}

/* In app->store; false = there is none, or it was told why it cannot be read. */
static bool with_registry(bundle *b)
{
    const char *path = NULL;
    hb_error why = {0};
    if (b->app->store) {
        return true;
    }
    hb_status status = hb_app_db_path(b->app, &path, &why);
    if (status == HB_OK && !hb_path_exists(b->app->os, path)) {
        hb_json_kb(b->j, "there", false);
        return false;
    }
    status = status == HB_OK ? hb_app_open_store(b->app, HB_STORE_READ, &why) : status;
    if (status != HB_OK) {
        put_failure(b, status, &why);
    }
    return status == HB_OK;
}

static hb_status put_registry(bundle *b, hb_error *err)
{
    hb_error why = {0};
    const hb_survey_sink to = {.number = put_number, .ctx = b};
    (void)err;
    if (!with_registry(b)) {
        return HB_OK;
    }
    hb_status status = hb_store_survey(b->app->store, &to, &why);
    if (b->group) {
        hb_json_end(b->j);
        b->group = NULL;
    }
    if (status != HB_OK) {
        put_failure(b, status, &why);
    }
    return HB_OK;
}

static hb_status put_log(bundle *b, hb_error *err)
{
    const char *dir = NULL;
    hb_audit_log *log = NULL;
    hb_error why = {0};
    HB_TRY(hb_app_audit_path(b->app, &dir, err));
    if (!hb_audit_exists(b->app->os, dir)) {
        hb_json_kb(b->j, "there", false);
        return HB_OK;
    }
    hb_status status = hb_audit_open_read(b->app->os, dir, &log, &why);
    if (status == HB_OK) {
        hb_json_ku(b->j, "size", hb_audit_size(log));
        hb_json_kc(b->j, "key", hb_pubkey_id(hb_audit_key(log)));
        status = hb_audit_verify(log, NULL, &why);
    }
    if (status == HB_OK) {
        hb_json_kb(b->j, "holds", true);
    } else {
        put_failure(b, status, &why);
    }
    hb_audit_close(log);
    return HB_OK;
}

static hb_status put_keys(bundle *b, hb_error *err)
{
    const char *dir = NULL;
    hb_keyring ring;
    hb_error why = {0};
    HB_TRY(hb_keys_dir(b->app, &dir, err));
    hb_status status = hb_keyring_load(b->app->os, dir, &ring, &why);
    if (status != HB_OK) {
        put_failure(b, status, &why);
        return HB_OK;
    }
    hb_json_key(b->j, "keys");
    hb_json_arr(b->j);
    for (size_t i = 0; i < ring.n; i++) {
        const hb_ring_key *k = &ring.keys[i];
        hb_json_obj(b->j);
        hb_json_kc(b->j, "id", k->id);
        if (b->names) {
            hb_json_kc(b->j, "name", k->name);
        }
        hb_json_kc(b->j, "algorithm", k->key ? hb_algorithm_name(hb_pubkey_algorithm(k->key)) : "");
        hb_json_kc(b->j, "state", hb_key_state_name(k->state));
        hb_json_kb(b->j, "private", k->has_private);
        hb_json_kb(b->j, "default", k->is_default);
        hb_json_end(b->j);
    }
    hb_json_end(b->j);
    hb_keyring_release(&ring);
    return HB_OK;
}

static void put_name(void *ctx, const char *name)
{
    const bundle *b = ctx;
    hb_json_c(b->j, name);
}

static hb_status put_names(bundle *b, hb_error *err)
{
    if (!with_registry(b)) {
        return HB_OK;
    }
    for (unsigned i = 0; i < HB_SURVEY_NAME_COUNT_; i++) {
        hb_json_key(b->j, hb_survey_name_word((hb_survey_name)i));
        hb_json_arr(b->j);
        HB_TRY(hb_store_names(b->app->store, (hb_survey_name)i, put_name, b, err));
        hb_json_end(b->j);
    }
    return HB_OK;
}

static const struct part {
    const char *file;
    const char *holds;
    bool named;
    hb_status (*put)(bundle *b, hb_error *err);
} parts[] = {
    {"program.json", "versions of hb and libraries, SBOM digest, system, memory", false,
     put_program},
    {"config.json", "of each configuration file: size, SHA-256, where it is wrong", false,
     put_config},
    {"registry.json", "rows of each table, counts of verdicts and alerts, its size", false,
     put_registry},
    {"log.json", "size of the log, whether it holds", false, put_log},
    {"keys.json", "ids of keys, algorithm, state", false, put_keys},
    {"names.json", "names of runs, programs, metrics and tags", true, put_names},
};
enum { N_PARTS = sizeof parts / sizeof *parts };

/* --- all of them --- */

static void tell_contents(const bundle *b, hb_buf *out)
{
    for (size_t i = 0; i < N_PARTS; i++) {
        if (!parts[i].named || b->names) {
            hb_buf_fmt(out, "  %-14s %s\n", parts[i].file, parts[i].holds);
        }
    }
    hb_buf_fmt(
        out,
        "\nNot in it: values of metrics, private keys, passphrases, texts of configuration%s."
        "\n",
        b->names ? ".\nMessages of errors are in it, with the names they quote"
                 : ",\nnames of runs, programs, metrics, people, files and machines");
}

static hb_status put_part(bundle *b, const struct part *p, hb_pack_writer *w, hb_error *err)
{
    hb_buf text;
    hb_json j;
    hb_buf_init(&text, PART_BYTES);
    hb_json_init(&j, &text, HB_JSON_PRETTY);
    b->j = &j;
    hb_json_obj(&j);
    hb_status status = p->put(b, err);
    hb_json_end(&j);
    hb_buf_ch(&text, '\n');
    status = status == HB_OK ? hb_json_done(&j, err) : status;
    status = status == HB_OK ? hb_buf_check(&text, err) : status;
    status = status == HB_OK ? hb_pack_put(w, p->file, text.p, text.n, err) : status;
    hb_buf_release(&text);
    return status;
}

static hb_status fill(bundle *b, hb_pack_writer *w, hb_error *err)
{
    hb_pack_file manifest;
    hb_buf text;
    for (size_t i = 0; i < N_PARTS; i++) {
        if (!parts[i].named || b->names) {
            HB_TRY(put_part(b, &parts[i], w, err));
        }
    }
    hb_buf_init(&text, 1 << 16);
    hb_buf_c(&text, "What this bundle holds\n\n");
    tell_contents(b, &text);
    hb_status status = hb_buf_check(&text, err);
    status = status == HB_OK ? hb_pack_put(w, "CONTENTS.txt", text.p, text.n, err) : status;
    hb_buf_release(&text);
    HB_TRY(status);
    HB_TRY(hb_pack_put_manifest(w, "support", &manifest, err));
    return hb_pack_finish(w, err);
}

typedef struct support_opts {
    bool names;
} support_opts;

static hb_status run_bundle(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const support_opts *o = opts;
    bundle b = {.app = app, .names = o->names};
    hb_pack_writer *w = NULL;
    (void)ret_exit;
    HB_TRY(hb_pack_create(app->os, args.v[0], HB_PACK_ZIP, &w, err));
    hb_status status = fill(&b, w, err);
    hb_pack_writer_free(w);
    HB_TRY(status);
    hb_buf_fmt(&app->out, "%s holds\n\n", args.v[0]);
    tell_contents(&b, &app->out);
    return HB_OK;
}

static const hb_opt table[] = {
    {.name = "names",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(support_opts, names),
     .help = "with names of runs, programs, metrics, tags and keys, and messages of errors"},
    {0},
};

const hb_cmd hb_cmd_support_bundle = {
    .name = "support bundle",
    .group = "Workspace",
    .summary = "what somebody who helps needs to know, in one file",
    .opts = table,
    .opts_size = sizeof(support_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .text_only = true,
    .details = "A zip of JSON files and CONTENTS.txt, which says what each of them holds; the\n"
               "same is printed. It works without a registry, and with one that is damaged.\n"
               "\n"
               "Never in it: values of metrics, private keys, passphrases, the texts of\n"
               "configuration. Names only with --names.",
    .example = "hb support bundle support.zip",
    .run = run_bundle,
};
