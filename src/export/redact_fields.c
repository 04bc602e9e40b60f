/* SPDX-License-Identifier: Apache-2.0 */
/* A pack in which fields are hidden: documents rewritten, decided and drawn again, held against
 * what the original committed to, and every file searched for what is hidden before it is put in.
 */
#include "base/mem.h"
#include "crypto/dsse.h"
#include "evidence/inputs.h"
#include "evidence/object.h"
#include "evidence/pack_runs.h"
#include "evidence/raw_list.h"
#include "export/export_internal.h"
#include "export/redact_hide.h"
#include "export/redact_internal.h"
#include "report/report.h"

#include <string.h>

#define REPORT_HTML "report/drift_report.html"
#define REPORT_JSON "report/drift_report.json"

enum { FILE_MAX = 256 << 20 };
enum { RUN, BASELINE, REFERENCE, DECISION, DOCUMENTS };

/* In the order of the enumeration, which is that of their making. */
static const char *const paths[DOCUMENTS] = {HB_PACK_RUN, HB_PACK_BASELINE, HB_PACK_REFERENCE,
                                             HB_PACK_DECISION};

typedef struct fields {
    hb_redact_job *j;
    hb_hiding h;
    hb_commit32 secret;
    hb_committer *by;
    hb_str was[DOCUMENTS]; /* p = NULL: the pack has none */
    char *owned[DOCUMENTS];
    hb_buf is[DOCUMENTS];
    hb_opened opened[DOCUMENTS + 1]; /* and the list of files */
    hb_buf files;
    hb_commitments commitments;
    hb_inputs inputs; /* of what is shown */
    bool has_inputs;
    hb_decision *decision;
} fields;

bool hb_redact_takes(const char *path)
{
    return (strncmp(path, "raw/", 4) == 0 && strcmp(path, HB_PACK_READING) != 0) ||
           strncmp(path, "log/", 4) == 0 || strncmp(path, HB_PACK_RUNS, strlen(HB_PACK_RUNS)) == 0;
}

/* Replaced by ones that are made again. */
static bool is_made_again(const char *path)
{
    return strcmp(path, HB_PACK_READING) == 0 || strcmp(path, REPORT_HTML) == 0 ||
           strcmp(path, REPORT_JSON) == 0 || hb_is_committed_document(path);
}

/* --- what there is --- */

static hb_status read_commitments(fields *x, hb_error *err)
{
    hb_redact_job *j = x->j;
    char *text = NULL;
    size_t n = 0;
    hb_dsse d;
    if (!hb_pack_has(j->from, HB_PACK_COMMITMENTS) || !hb_pack_has(j->from, HB_PACK_SECRET)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' commits to nothing, so no field of it can be hidden: export it again",
                       j->ask->pack);
    }
    HB_TRY(hb_pack_read(j->from, HB_PACK_SECRET, FILE_MAX, &text, &n, err));
    hb_status status = hb_commit_secret_read((hb_str){text, n}, &x->secret, err);
    hb_commit_wipe(text, n);
    hb_free(text);
    HB_TRY(status);
    HB_TRY(hb_pack_read(j->from, HB_PACK_COMMITMENTS, HB_DSSE_TEXT_MAX, &text, &n, err));
    status = hb_dsse_read((hb_str){text, n}, HB_PACK_COMMITMENTS, j->arena, &d, err);
    hb_free(text);
    return status == HB_OK ? hb_commitments_read(d.payload, j->arena, &x->commitments, err)
                           : status;
}

static hb_status read_documents(fields *x, hb_error *err)
{
    for (int i = 0; i < DOCUMENTS; i++) {
        size_t n = 0;
        if (!hb_pack_has(x->j->from, paths[i])) {
            continue;
        }
        HB_TRY(hb_pack_read(x->j->from, paths[i], HB_COMMITTED_TEXT_MAX, &x->owned[i], &n, err));
        x->was[i] = (hb_str){x->owned[i], n};
        if (i != DECISION) {
            HB_TRY(hb_hiding_collect(&x->h, paths[i], x->was[i], err));
        }
    }
    return hb_hiding_name(&x->h, err);
}

/* --- made again --- */

static hb_status decide(fields *x, hb_error *err)
{
    const hb_inputs_texts texts = {
        .run = {x->is[RUN].p, x->is[RUN].n},
        .baseline = {x->was[BASELINE].p ? x->is[BASELINE].p : NULL, x->is[BASELINE].n},
        .reference = {x->is[REFERENCE].p, x->is[REFERENCE].n}};
    HB_TRY(hb_inputs_read_instead(x->j->from, &texts, &x->inputs, err));
    x->has_inputs = true;
    return hb_inputs_decide(&x->inputs, &x->decision, &x->is[DECISION], err);
}

static hb_status is_my_version(fields *x, hb_error *err)
{
    json_t *root = NULL;
    HB_TRY(hb_object_parse(x->was[DECISION], HB_PACK_DECISION, &root, err));
    const char *by = json_string_value(json_object_get(root, "engine_version"));
    hb_status status = by && strcmp(by, HB_VERSION) == 0
                           ? HB_OK
                           : HB_FAIL(err, HB_E_USAGE,
                                     "it was decided by hb '%.40s', this is %s: hiding fields "
                                     "decides again, take the version that decided",
                                     by ? by : "?", HB_VERSION);
    json_decref(root);
    return status;
}

static hb_status hide(fields *x, hb_error *err)
{
    HB_TRY(is_my_version(x, err));
    for (int i = 0; i < DECISION; i++) {
        if (x->was[i].p) {
            HB_TRY(hb_hiding_rewrite(&x->h, paths[i], x->was[i], &x->is[i], err));
        }
    }
    HB_TRY(decide(x, err));
    for (int i = 0; i < DOCUMENTS; i++) {
        const hb_commitment *c = hb_commitments_find(&x->commitments, paths[i]);
        hb_str is = {x->is[i].p, x->is[i].n};
        if (!x->was[i].p) {
            continue;
        }
        if (!c) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' does not commit to '%s'", HB_PACK_COMMITMENTS,
                           paths[i]);
        }
        HB_TRY(hb_hiding_differences(&x->h, paths[i], x->was[i], is, &x->opened[i], err));
        HB_TRY(hb_commitment_hide(x->by, x->was[i], &x->secret, &x->opened[i], x->j->arena, err));
        HB_TRY(hb_redaction_check_document(x->by, c, &x->opened[i], is, err));
    }
    return HB_OK;
}

/* --- the other files --- */

static hb_status hide_part(fields *x, size_t index, hb_error *err)
{
    hb_opened *o = &x->opened[DOCUMENTS];
    const char *pointer = NULL;
    HB_TRY(hb_export_text(x->j->arena, &pointer, err, "/%zu", index));
    o->hidden[o->n_hidden++] =
        (hb_hidden){.index = index, .pointer = pointer, .action = HB_HIDE_FOLLOWS};
    return HB_OK;
}

static hb_status list_file(fields *x, const hb_pack_file *f, size_t *io_index, hb_error *err)
{
    const char *slash = strchr(f->path, '/');
    const char *rest = slash ? slash + 1 : f->path;
    bool gone = hb_redact_is_dropped(x->j, f->path) || is_made_again(f->path);
    bool nameless = strncmp(f->path, "raw/", 4) == 0 &&
                    hb_hiding_search(&x->h, "", hb_str_of(rest), NULL) != HB_OK;
    hb_buf_fmt(&x->files, "%s\"%.*s\",\"%s\",\"%s\"", *io_index ? "," : "", (int)(rest - f->path),
               f->path, nameless ? "" : rest, gone ? "" : f->sha256);
    if (nameless) {
        HB_TRY(hide_part(x, *io_index + 1, err));
    }
    if (gone) {
        HB_TRY(hide_part(x, *io_index + 2, err));
    }
    *io_index += HB_COMMITTED_PARTS;
    return HB_OK;
}

static hb_status list_files(fields *x, hb_error *err)
{
    const hb_manifest *m = &x->j->original;
    hb_opened *o = &x->opened[DOCUMENTS];
    hb_buf was;
    size_t index = 0;
    *o = (hb_opened){.path = HB_COMMITTED_FILES};
    o->hidden = hb_arena_array(x->j->arena, HB_COMMITTED_PARTS * m->n_files + 1, sizeof *o->hidden);
    if (!o->hidden) {
        return HB_NOMEM(err);
    }
    hb_buf_ch(&x->files, '[');
    for (size_t i = 0; i < m->n_files; i++) {
        const char *path = m->files[i].path;
        if (!hb_is_committed_document(path) && strcmp(path, HB_PACK_COMMITMENTS) != 0 &&
            strcmp(path, HB_PACK_SECRET) != 0) {
            HB_TRY(list_file(x, &m->files[i], &index, err));
        }
    }
    hb_buf_ch(&x->files, ']');
    HB_TRY(hb_buf_check(&x->files, err));
    hb_buf_init(&was, HB_PACK_MANIFEST_MAX);
    hb_committed_files(m->files, m->n_files, &was);
    hb_status status = hb_buf_check(&was, err);
    if (status == HB_OK) {
        status = hb_commitment_hide(x->by, (hb_str){was.p, was.n}, &x->secret, o, x->j->arena, err);
    }
    hb_buf_release(&was);
    return status;
}

/* --- into the pack --- */

static hb_status put_searched(fields *x, const char *path, hb_str text, hb_error *err)
{
    HB_TRY(hb_hiding_search(&x->h, path, text, err));
    return hb_pack_put(x->j->w, path, text.p, text.n, err);
}

/* These are the same whatever is in a pack. */
static bool is_constant(const char *path)
{
    return strcmp(path, "VERIFY.md") == 0 || strcmp(path, "program.json") == 0 ||
           strncmp(path, "keys/", 5) == 0;
}

static hb_status search_kept(fields *x, const char *path, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    hb_dsse d;
    HB_TRY(hb_hiding_search(&x->h, path, hb_str_of(path), err));
    HB_TRY(hb_pack_read(x->j->from, path, FILE_MAX, &text, &n, err));
    hb_status status = hb_hiding_search(&x->h, path, (hb_str){text, n}, err);
    if (status == HB_OK && hb_str_ends(hb_str_of(path), ".dsse.json") &&
        hb_dsse_read((hb_str){text, n}, path, x->j->arena, &d, NULL) == HB_OK) {
        status = hb_hiding_search(&x->h, path, d.payload, err);
    }
    hb_free(text);
    return status;
}

static hb_status put_kept(fields *x, hb_error *err)
{
    const hb_manifest *m = &x->j->original;
    for (size_t i = 0; i < m->n_files; i++) {
        const char *path = m->files[i].path;
        if (is_made_again(path) || strcmp(path, HB_PACK_SECRET) == 0 ||
            hb_redact_is_dropped(x->j, path)) {
            continue;
        }
        if (!is_constant(path) && strcmp(path, HB_PACK_COMMITMENTS) != 0) {
            HB_TRY(search_kept(x, path, err));
        }
        HB_TRY(hb_pack_put_member(x->j->w, path, x->j->from, err));
    }
    return HB_OK;
}

/* What the run was read from, without how: that may name what is hidden. */
static hb_status put_reading(fields *x, hb_error *err)
{
    const hb_run *run = x->inputs.run;
    hb_raw_list l = {.n_files = run->n_inputs,
                     .slice_from = HB_TIME_NONE,
                     .slice_to = HB_TIME_NONE,
                     .why = HB_REDACT_TAKEN_OUT};
    hb_buf out;
    l.files = hb_arena_array(x->j->arena, run->n_inputs + 1, sizeof *l.files);
    if (!l.files) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < run->n_inputs; i++) {
        const hb_input_file *f = &run->inputs[i];
        l.files[i] = (hb_raw_file){.path = f->path,
                                   .name = f->name,
                                   .member = "",
                                   .why = HB_REDACT_TAKEN_OUT,
                                   .sha256 = f->sha256,
                                   .bytes = f->bytes};
    }
    hb_buf_init(&out, HB_RAW_LIST_MAX);
    hb_status status = hb_raw_list_json(&l, &out, err);
    status =
        status == HB_OK ? put_searched(x, HB_PACK_READING, (hb_str){out.p, out.n}, err) : status;
    hb_buf_release(&out);
    return status;
}

static hb_status decided_at(fields *x, hb_time *ret, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    json_t *root = NULL;
    *ret = HB_TIME_NONE;
    HB_TRY(hb_pack_read(x->j->from, REPORT_JSON, FILE_MAX, &text, &n, err));
    hb_status status = hb_object_parse((hb_str){text, n}, REPORT_JSON, &root, err);
    hb_free(text);
    HB_TRY(status);
    const char *at = json_string_value(json_object_get(root, "decided_at"));
    if (at && !hb_time_parse(at, strlen(at), ret, NULL)) {
        status = HB_FAIL(err, HB_E_EVIDENCE, "'%s' was decided at '%.40s', which is no time",
                         REPORT_JSON, at);
    }
    json_decref(root);
    return status;
}

static hb_status put_report(fields *x, hb_error *err)
{
    char digest[HB_DIGEST_HEX];
    hb_report_about about = {.version = HB_VERSION, .decision_digest = digest};
    hb_buf page;
    HB_TRY(hb_digest_of(x->is[DECISION].p, x->is[DECISION].n, digest, err));
    HB_TRY(decided_at(x, &about.decided_at, err));
    hb_buf_init(&page, HB_REPORT_MAX_BYTES);
    hb_status status = hb_report_html(x->decision, &about, &page, err);
    /* Drawn of documents that were searched; the page's own words are no find. */
    status = status == HB_OK ? hb_pack_put(x->j->w, REPORT_HTML, page.p, page.n, err) : status;
    hb_buf_clear(&page);
    status = status == HB_OK ? hb_report_json(x->decision, &about, &page, err) : status;
    status = status == HB_OK ? put_searched(x, REPORT_JSON, (hb_str){page.p, page.n}, err) : status;
    hb_buf_release(&page);
    return status;
}

/* --- redaction.json --- */

static hb_status put_redaction(fields *x, hb_error *err)
{
    hb_opened list[DOCUMENTS + 1];
    hb_redaction r = {.original_sha256 = x->j->original.sha256,
                      .reason = x->j->ask->reason,
                      .documents = list,
                      .files = {x->files.p, x->files.n}};
    hb_buf text;
    for (size_t i = 0; i < x->commitments.n_documents; i++) { /* in their order */
        for (int k = 0; k <= DOCUMENTS; k++) {
            const char *path = x->opened[k].path;
            if (path && strcmp(path, x->commitments.documents[i].path) == 0) {
                list[r.n_documents++] = x->opened[k];
            }
        }
    }
    HB_TRY(hb_hiding_search(&x->h, HB_PACK_REDACTION, hb_str_of(r.reason), err));
    hb_buf_init(&text, HB_PACK_MANIFEST_MAX);
    hb_status status = hb_redaction_json(&r, &text, err);
    status =
        status == HB_OK ? hb_pack_put(x->j->w, HB_PACK_REDACTION, text.p, text.n, err) : status;
    hb_buf_release(&text);
    return status;
}

static void count(fields *x)
{
    for (int i = 0; i < DOCUMENTS; i++) {
        for (size_t k = 0; k < x->opened[i].n_hidden; k++) {
            bool follows = x->opened[i].hidden[k].action == HB_HIDE_FOLLOWS;
            x->j->told.n_follow += follows;
            x->j->told.n_fields += !follows;
        }
    }
}

static hb_status put_all(fields *x, hb_error *err)
{
    HB_TRY(read_commitments(x, err));
    HB_TRY(hb_committer_new(&x->by, err));
    HB_TRY(read_documents(x, err));
    HB_TRY(hide(x, err));
    for (int i = 0; i < DOCUMENTS; i++) {
        if (x->was[i].p) {
            HB_TRY(put_searched(x, paths[i], (hb_str){x->is[i].p, x->is[i].n}, err));
        }
    }
    HB_TRY(list_files(x, err));
    HB_TRY(put_kept(x, err));
    HB_TRY(put_reading(x, err));
    HB_TRY(put_report(x, err));
    HB_TRY(put_redaction(x, err));
    count(x);
    return hb_buf_finish(&x->is[DECISION], &x->j->decision, &x->j->decision_n, err);
}

hb_status hb_redact_put_fields(hb_redact_job *j, hb_error *err)
{
    fields x = {.j = j};
    hb_hiding_init(&x.h, j->ask->hide, &x.secret, j->arena);
    hb_buf_init(&x.files, HB_PACK_MANIFEST_MAX);
    for (int i = 0; i < DOCUMENTS; i++) {
        hb_buf_init(&x.is[i], HB_COMMITTED_TEXT_MAX);
    }
    hb_status status = put_all(&x, err);
    hb_decision_free(x.decision);
    if (x.has_inputs) {
        hb_inputs_release(&x.inputs);
    }
    for (int i = 0; i < DOCUMENTS; i++) {
        hb_buf_release(&x.is[i]);
        hb_free(x.owned[i]);
    }
    hb_buf_release(&x.files);
    hb_committer_free(x.by);
    hb_hiding_release(&x.h);
    hb_commit_wipe(&x.secret, sizeof x.secret);
    return status;
}
