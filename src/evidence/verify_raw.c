/* SPDX-License-Identifier: Apache-2.0 */
/* raw/reading.json and what stands below raw/: nothing there that the list does not name, and no
 * name without its file. What the list says of how the files were read, hb verify tries. */
#include "evidence/verify_internal.h"

#include "base/mem.h"
#include "evidence/read_record.h"

#include <string.h>

typedef struct raw_look {
    hb_raw_list list;
    hb_read_record record; /* where the list has one */
    size_t n_here;
    size_t n_gone;
    size_t n_slices;
    const char *why; /* of the first that is not here */
} raw_look;

static hb_status is_listed(const hb_check *c, const char *member, const char *below,
                           const char *sha256, hb_error *err)
{
    const hb_pack_file *f = hb_check_listed(c, member);
    if (strncmp(member, below, strlen(below)) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has '%.200s' where a file below '%s' belongs",
                       HB_PACK_READING, member, below);
    }
    if (!f) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%.200s' is missing, and '%s' says it is here", member,
                       HB_PACK_READING);
    }
    return !sha256 || strcmp(f->sha256, sha256) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%.200s' is not the file that run.json names",
                         member);
}

/* --- the files --- */

static hb_status one_file(const hb_check *c, const hb_raw_file *f, const hb_input_file *in,
                          raw_look *l, hb_error *err)
{
    if (strcmp(f->name, in->name) != 0 || strcmp(f->sha256, in->sha256) != 0 ||
        strcmp(f->path, in->path) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has '%.80s' where run.json has '%.80s'",
                       HB_PACK_READING, f->path, in->path);
    }
    if (f->bytes != in->bytes) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has another size for '%.80s' than run.json",
                       HB_PACK_READING, f->name);
    }
    if (*f->member) {
        l->n_here++;
        HB_TRY(is_listed(c, f->member, "raw/", in->sha256, err));
        return hb_check_listed(c, f->member)->size == f->bytes
                   ? HB_OK
                   : HB_FAIL(err, HB_E_EVIDENCE, "'%.200s' is not as large as run.json says",
                             f->member);
    }
    bool is_source = l->list.journal && !*l->list.journal->why && !*f->sha256;
    if (!is_source && l->n_gone++ == 0) { /* what a source sent is in the journal */
        l->why = f->why;
    }
    return HB_OK;
}

static hb_status all_files(const hb_check *c, raw_look *l, hb_error *err)
{
    const hb_run *run = c->inputs.run;
    if (l->list.n_files != run->n_inputs) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has %zu files, run.json was read from %zu",
                       HB_PACK_READING, l->list.n_files, run->n_inputs);
    }
    for (size_t i = 0; i < run->n_inputs; i++) {
        HB_TRY(one_file(c, &l->list.files[i], &run->inputs[i], l, err));
    }
    for (size_t i = 0; l->list.cuts && i < l->list.n_files; i++) {
        const char *member = l->list.cuts[i].member;
        if (*member) {
            l->n_slices++;
            HB_TRY(is_listed(c, member, HB_PACK_SLICE, NULL, err));
        }
    }
    return HB_OK;
}

static hb_status all_records(const hb_check *c, raw_look *l, hb_error *err)
{
    const hb_raw_journal *j = l->list.journal;
    for (size_t i = 0; j && i < j->n_members; i++) {
        l->n_here++;
        HB_TRY(is_listed(c, j->members[i], HB_PACK_JOURNAL, NULL, err));
    }
    if (j && *j->why) {
        l->why = l->n_gone++ ? l->why : j->why;
    }
    return HB_OK;
}

/* --- nothing beside them --- */

static bool is_document(const raw_look *l, const hb_pack_file *f)
{
    const hb_read_record *r = &l->record;
    const char *name = f->path + sizeof HB_PACK_DOCUMENTS - 1;
    bool named = l->list.reading.n && (strcmp(name, r->registry_sha256) == 0 ||
                                       (r->profile.name && !strcmp(name, r->profile.sha256)) ||
                                       (r->run_meta.name && !strcmp(name, r->run_meta.sha256)));
    for (size_t i = 0; i < r->n_profiles && !named; i++) {
        named = strcmp(name, r->profiles[i].sha256) == 0;
    }
    return named && strcmp(name, f->sha256) == 0;
}

static bool is_named(const raw_look *l, const hb_pack_file *f)
{
    const hb_raw_journal *j = l->list.journal;
    bool named =
        strcmp(f->path, HB_PACK_READING) == 0 || (j && strcmp(f->path, HB_PACK_TELEMETRY) == 0);
    if (strncmp(f->path, HB_PACK_DOCUMENTS, sizeof HB_PACK_DOCUMENTS - 1) == 0) {
        return is_document(l, f);
    }
    for (size_t i = 0; i < l->list.n_files && !named; i++) {
        named = strcmp(f->path, l->list.files[i].member) == 0 ||
                (l->list.cuts && strcmp(f->path, l->list.cuts[i].member) == 0);
    }
    for (size_t i = 0; j && i < j->n_members && !named; i++) {
        named = strcmp(f->path, j->members[i]) == 0;
    }
    return named;
}

static hb_status no_strangers(const hb_check *c, const raw_look *l, hb_error *err)
{
    for (size_t i = 0; i < c->manifest.n_files; i++) {
        const hb_pack_file *f = &c->manifest.files[i];
        if (strncmp(f->path, "raw/", 4) == 0 && !is_named(l, f)) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%.200s' is here, and '%s' does not name it",
                           f->path, HB_PACK_READING);
        }
    }
    return HB_OK;
}

/* --- how it was read --- */

/* What it repeats of the run is the run's; who names another file or run is refused. */
static hb_status fits_run(const hb_run *run, const hb_read_record *r, hb_error *err)
{
    bool fits = strcmp(r->run_id, run->meta.run_id) == 0 &&
                strcmp(r->source, run->meta.source_system) == 0 && r->n_files == run->n_inputs;
    for (size_t i = 0; fits && i < r->n_files; i++) {
        const hb_read_file *f = &r->files[i];
        const hb_input_file *in = &run->inputs[i];
        fits = strcmp(f->path, in->path) == 0 && strcmp(f->name, in->name) == 0 &&
               strcmp(f->sha256, in->sha256) == 0 && f->bytes == in->bytes &&
               strcmp(f->format, in->format) == 0;
    }
    return fits ? HB_OK
                : HB_FAIL(err, HB_E_EVIDENCE,
                          "'%s': how it was read is about another run or other files",
                          HB_PACK_READING);
}

static bool has_document(const hb_check *c, const char *sha256)
{
    char path[sizeof HB_PACK_DOCUMENTS + HB_OBJECT_SHA256];
    if (!hb_is_hex(sha256, HB_OBJECT_SHA256)) {
        return true; /* built in */
    }
    memcpy(path, HB_PACK_DOCUMENTS, sizeof HB_PACK_DOCUMENTS - 1);
    memcpy(path + sizeof HB_PACK_DOCUMENTS - 1, sha256, HB_OBJECT_SHA256 + 1);
    return hb_check_listed(c, path) != NULL;
}

/* "It cannot be read again" would be the way around reading it again: where all that it takes is
 * here, that is not to be believed. */
static hb_status check_why(const hb_check *c, const raw_look *l, hb_error *err)
{
    const hb_read_record *r = &l->record;
    bool whole = !l->list.journal && l->n_gone == 0 && l->n_here && l->list.reading.n &&
                 has_document(c, r->registry_sha256) &&
                 (!r->profile.name || has_document(c, r->profile.sha256)) &&
                 (!r->run_meta.name || has_document(c, r->run_meta.sha256));
    for (size_t i = 0; whole && i < r->n_profiles; i++) {
        whole = has_document(c, r->profiles[i].sha256);
    }
    const hb_raw_journal *j = l->list.journal;
    for (size_t i = 0; j && i < j->n_members; i++) {
        whole = whole || strcmp(j->members[i], HB_PACK_BEGIN) == 0;
    }
    return whole && *l->list.why
               ? HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s' says that the run cannot be read again ('%.200s'), and all that it "
                         "takes is here",
                         HB_PACK_READING, l->list.why)
               : HB_OK;
}

/* --- the whole --- */

static hb_status is_canonical(const hb_raw_list *l, hb_str text, hb_error *err)
{
    hb_buf again;
    hb_buf_init(&again, HB_RAW_LIST_MAX);
    hb_status status = hb_raw_list_json(l, &again, err);
    if (status == HB_OK && !hb_str_eq(text, (hb_str){again.p, again.n})) {
        status =
            HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not written as canonical JSON", HB_PACK_READING);
    }
    hb_buf_release(&again);
    return status;
}

static hb_status look(hb_check *c, raw_look *l, hb_error *err)
{
    hb_str text;
    hb_arena *arena = &c->out->arena;
    HB_TRY(hb_check_read(c, HB_PACK_READING, HB_RAW_LIST_MAX, &text, err));
    HB_TRY(hb_raw_list_parse(text, arena, &l->list, err));
    HB_TRY(is_canonical(&l->list, text, err));
    if (l->list.reading.n) {
        HB_TRY(hb_read_record_parse(l->list.reading, HB_PACK_READING ": reading", arena, &l->record,
                                    err));
    }
    c->why_not_read = l->list.why;
    HB_TRY(all_files(c, l, err));
    HB_TRY(all_records(c, l, err));
    if (l->list.reading.n) {
        HB_TRY(fits_run(c->inputs.run, &l->record, err));
    }
    HB_TRY(check_why(c, l, err));
    return no_strangers(c, l, err);
}

static hb_status tell_slices(hb_check *c, const raw_look *l, hb_error *err)
{
    return l->n_slices ? hb_check_say(c, "raw", HB_NOT_IN_PACK, err,
                                      "of %zu raw file%s lines are in " HB_PACK_SLICE
                                      ": that they stand in it so is as the pack's signer says",
                                      l->n_slices, l->n_slices == 1 ? "" : "s")
                       : HB_OK;
}

hb_status hb_ask_raw(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    raw_look l = {.why = ""};
    if (look(c, &l, &e) != HB_OK) {
        return hb_check_fault(c, "raw", &e, err);
    }
    if (l.n_gone) {
        HB_TRY(hb_check_say(c, "raw", HB_NOT_IN_PACK, err,
                            "%zu of %zu raw files are not in the pack: %s", l.n_gone,
                            l.n_gone + l.n_here, l.why));
        return tell_slices(c, &l, err);
    }
    return l.n_here ? hb_check_say(c, "raw", HB_HOLDS, err,
                                   "%zu raw file%s, as the run was read from %s", l.n_here,
                                   l.n_here == 1 ? "" : "s", l.n_here == 1 ? "it" : "them")
                    : hb_check_say(c, "raw", HB_NOT_IN_PACK, err, "there are no raw files");
}
