/* SPDX-License-Identifier: Apache-2.0 */
/* A run that will be registered: read, and how it was read put down for those who want to read it
 * again (docs/formats/reading.md). */
#include "cli/flow_job.h"

#include "base/mem.h"
#include "cli/govern_shared.h"
#include "cli/kept.h"
#include "config/node.h"
#include "crypto/digest.h"
#include "evidence/read_record.h"

#include <string.h>

/* Adapters that reading may try on its own; a workspace's file of that name stands in for the one
 * in the program. */
static const char *const tried[] = {"cmapss_fd001", "pba_excel"};

enum { PROFILES_MAX = sizeof tried / sizeof *tried, NAME_MAX_BYTES = 256 };
_Static_assert(PROFILES_MAX + 3 <= HB_FLOW_READ_BY, "registry, profile and run_meta beside them");

static hb_status keep_file(hb_app *app, const char *path, hb_read_document *ret, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    char sha256[HB_DIGEST_HEX];
    HB_TRY(hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_status status = hb_digest_of(text, n, sha256, err);
    if (status == HB_OK) {
        status = hb_kept_remember(app, "profile", (hb_str){text, n}, sha256, err);
    }
    hb_free(text);
    HB_TRY(status);
    ret->name = hb_arena_str(&app->arena, hb_str_of(hb_path_base(path)));
    ret->sha256 = hb_arena_str(&app->arena, hb_str_of(sha256));
    return ret->name && ret->sha256 ? HB_OK : HB_NOMEM(err);
}

/* A workspace's own adapter of this name, where it has one. */
static hb_status keep_adapter(hb_app *app, const char *dir, const char *name,
                              hb_read_document list[PROFILES_MAX], size_t *io_n, hb_error *err)
{
    hb_buf path;
    hb_buf_init(&path, 1 << 16);
    hb_buf_fmt(&path, "%s/%s.yaml", dir, name);
    hb_status status = hb_buf_check(&path, err);
    if (status == HB_OK && hb_path_exists(app->os, path.p)) {
        status = keep_file(app, path.p, &list[*io_n], err);
        *io_n += status == HB_OK;
    }
    hb_buf_release(&path);
    return status;
}

static hb_status keep_adapters(hb_app *app, const hb_flow_job *j,
                               hb_read_document list[PROFILES_MAX], size_t *ret_n, hb_error *err)
{
    const char *given = j->o->source;
    bool is_auto = !given || strcmp(given, "auto") == 0;
    *ret_n = 0;
    if (!is_auto) {
        bool plain = strlen(given) < NAME_MAX_BYTES && !strchr(given, '/');
        return plain ? keep_adapter(app, j->profiles, given, list, ret_n, err) : HB_OK;
    }
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        HB_TRY(keep_adapter(app, j->profiles, tried[i], list, ret_n, err));
    }
    return HB_OK;
}

static hb_status files_of(hb_app *app, const hb_run *run, hb_read_record *r, hb_error *err)
{
    hb_read_file *files = hb_arena_array(&app->arena, run->n_inputs + 1, sizeof *files);
    if (!files) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < run->n_inputs; i++) {
        const hb_input_file *f = &run->inputs[i];
        files[i] = (hb_read_file){.path = f->path,
                                  .name = f->name,
                                  .sha256 = f->sha256,
                                  .bytes = f->bytes,
                                  .format = f->format};
    }
    r->files = files;
    r->n_files = run->n_inputs;
    return HB_OK;
}

static void options_of(const hb_read_opts *o, hb_read_record *r)
{
    r->options[HB_READ_COLUMNS] = o->columns;
    r->options[HB_READ_CYCLES] = o->cycles;
    r->options[HB_READ_MEMBER] = o->part;
    r->options[HB_READ_QUERY] = o->query;
    r->options[HB_READ_RESAMPLE] = o->resample;
    r->options[HB_READ_SHEET] = o->sheet;
    r->options[HB_READ_SOURCE] = o->source;
    r->options[HB_READ_TABLE] = o->table;
    r->options[HB_READ_TIME_RANGE] = o->time_range;
    r->options[HB_READ_UNIT] = o->unit;
    r->options[HB_READ_VARIABLE] = o->variable;
    r->options[HB_READ_WHERE] = o->where;
    r->day_order = o->day_first ? "day-first" : o->month_first ? "month-first" : "";
}

static hb_status read_by(hb_app *app, hb_flow *f, const char *sha256, hb_error *err)
{
    if (!sha256) {
        return HB_OK;
    }
    const char *copy = hb_arena_str(&app->arena, hb_str_of(sha256));
    if (!copy || f->n_read_by == HB_FLOW_READ_BY) {
        return HB_NOMEM(err);
    }
    f->read_by[f->n_read_by++] = copy;
    return HB_OK;
}

/* What was read by a registry or profile that nobody approved is not registered: an approved one
 * would judge it later, and show nothing of that. */
static hb_status check_approved(hb_app *app, const hb_read_record *r, hb_error *err)
{
    HB_TRY(hb_app_check_config(app, HB_GOVERNED_REGISTRY, r->registry_sha256, err));
    if (r->profile.sha256) {
        HB_TRY(hb_app_check_config(app, HB_GOVERNED_PROFILE, r->profile.sha256, err));
    }
    for (size_t i = 0; i < r->n_profiles; i++) {
        HB_TRY(hb_app_check_config(app, HB_GOVERNED_PROFILE, r->profiles[i].sha256, err));
    }
    return HB_OK;
}

static hb_status put_down(hb_app *app, const hb_flow_job *j, hb_flow *f, hb_error *err)
{
    const hb_registry *registry = f->registry;
    hb_read_document adapters[PROFILES_MAX];
    hb_read_record r = {.run_id = f->run->meta.run_id,
                        .engine_version = HB_VERSION,
                        .arguments = j->files.v,
                        .n_arguments = j->files.n,
                        .source = f->run->meta.source_system,
                        .registry_name = hb_registry_name(registry),
                        .registry_sha256 = hb_registry_digest(registry),
                        .program = hb_registry_program(registry),
                        .mode = hb_registry_mode(registry),
                        .profiles = adapters};
    HB_TRY(files_of(app, f->run, &r, err));
    options_of(j->o, &r);
    if (j->o->profile) {
        HB_TRY(keep_file(app, j->o->profile, &r.profile, err));
    } else {
        HB_TRY(keep_adapters(app, j, adapters, &r.n_profiles, err));
    }
    if (j->meta_path) {
        r.run_meta =
            (hb_read_document){.name = hb_path_base(j->meta_path), .sha256 = j->meta_sha256};
    }
    HB_TRY(check_approved(app, &r, err));
    HB_TRY(read_by(app, f, r.registry_sha256, err));
    HB_TRY(read_by(app, f, r.profile.sha256, err));
    HB_TRY(read_by(app, f, r.run_meta.sha256, err));
    for (size_t i = 0; i < r.n_profiles; i++) {
        HB_TRY(read_by(app, f, r.profiles[i].sha256, err));
    }
    return hb_read_record_json(&r, &f->reading, err);
}

hb_status hb_flow_read_run(hb_app *app, hb_flow *f, hb_list files, const hb_read_opts *o,
                           hb_error *err)
{
    hb_flow_job j;
    HB_TRY(hb_flow_prepare(app, files, o, &f->registry, &j, err));
    HB_TRY(hb_flow_do(app, &j, NULL, &f->run, err));
    return put_down(app, &j, f, err);
}

hb_status hb_flow_register(hb_app *app, hb_flow *f, hb_error *err)
{
    bool existed = false;
    const hb_str reading = {f->reading.p, f->reading.n};
    for (size_t i = 0; i < f->n_read_by; i++) {
        HB_TRY(hb_kept_put(app, app->store, f->read_by[i], err));
    }
    HB_TRY(hb_store_add_run_read(app->store, f->run, reading, app->os->now(), &existed, err));
    if (existed) {
        hb_say(app, "run %s was registered before, with the same content", f->run->meta.run_id);
    }
    return HB_OK;
}
