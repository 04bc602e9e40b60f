/* SPDX-License-Identifier: Apache-2.0 */
/* hb import: the runs and tags of the original's runs.db into this registry.
 *
 * Taken over are facts: runs, their metrics and samples, their context, which run a tag pointed at.
 * What the original concluded is not: its verdicts, approvals and audit rows say what that program
 * did (docs/decisions/0092-import.md). Its generated baselines (pseudo-runs) are named, to be made
 * anew. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/govern_shared.h"
#include "cli/progress.h"

#include "base/json_write.h"
#include "base/map.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "input/json/values.h"
#include "store/original.h"
#include "telemetry/run_builder.h"
#include "telemetry/run_meta.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { NOTES_MAX = 10000, RUN_ARENA = 64 << 20, TEXT_MAX = 800 };

typedef struct import_opts {
    bool dry_run;
} import_opts;

typedef struct note {
    const char *what; /* run, tag or version */
    const char *why;
} note;

typedef struct importing {
    hb_app *app;
    hb_original *o;
    const import_opts *opts;
    const char *path;
    hb_original_pair *versions;
    size_t n_versions;
    hb_map taken; /* run_ids in the registry now, in app->arena */
    uint64_t n_runs;
    uint64_t n_existed;
    uint64_t n_metrics;
    uint64_t n_tags;
    note *notes;
    size_t n_notes;
    size_t cap_notes;
} importing;

static hb_status remark(importing *im, const char *what, const char *why, hb_error *err)
{
    if (im->n_notes == NOTES_MAX) {
        return HB_OK;
    }
    HB_TRY(HB_ARENA_GROW(&im->app->arena, im->notes, im->n_notes, im->cap_notes, err));
    note n = {hb_arena_str(&im->app->arena, hb_str_of(what)),
              hb_arena_str(&im->app->arena, hb_str_of(why))};
    if (!n.what || !n.why) {
        return HB_NOMEM(err);
    }
    im->notes[im->n_notes++] = n;
    return HB_OK;
}

static hb_status samples_of(hb_run_builder *b, uint32_t channel, hb_str tags, hb_error *err)
{
    json_error_t why;
    tags = hb_str_trim(tags);
    json_t *root = hb_str_starts(tags, "{") ? hb_json_value(tags, &why) : NULL;
    json_t *list = json_object_get(root, "samples");
    size_t n = json_array_size(list);
    size_t used = 0;
    double *v = n ? hb_alloc_array(n, sizeof *v) : NULL;
    hb_status status = n && !v ? HB_NOMEM(err) : HB_OK;
    for (size_t i = 0; i < n && v; i++) {
        const json_t *item = json_array_get(list, i);
        double x = json_number_value(item);
        if (json_is_number(item) && isfinite(x)) {
            v[used++] = x;
        }
    }
    if (status == HB_OK && used) {
        status = hb_run_builder_add(b, channel, v, NULL, used, err);
    }
    if (status == HB_OK && used < n) {
        status = hb_run_builder_reject_row(b, "sample that is no number", n - used, err);
    }
    hb_free(v);
    json_decref(root);
    return status;
}

static hb_status metrics_of(importing *im, hb_run_builder *b, uint64_t *ret_n, hb_error *err)
{
    hb_digest *digest = NULL;
    uint64_t bytes = 0;
    char hex[HB_DIGEST_HEX];
    bool more = true;
    HB_TRY(hb_digest_new(&digest, err));
    hb_status status = HB_OK;
    *ret_n = 0;
    while (status == HB_OK) {
        hb_original_metric_row m;
        uint32_t channel = 0;
        status = hb_original_metric(im->o, &m, &more, err);
        if (status != HB_OK || !more) {
            break;
        }
        status = hb_digest_add(digest, m.name.p, m.name.n, err);
        status = status == HB_OK ? hb_digest_add(digest, &m.value, sizeof m.value, err) : status;
        status = status == HB_OK ? hb_digest_add(digest, m.tags.p, m.tags.n, err) : status;
        bytes += m.name.n + m.unit.n + m.tags.n + sizeof m.value;
        status = status == HB_OK
                     ? hb_run_builder_channel(b, m.name, m.unit, m.row, 0, &channel, err)
                     : status;
        if (status == HB_OK && m.has_value) {
            status = hb_run_builder_stated(b, channel, m.value, err);
        } else if (status == HB_OK) {
            hb_run_builder_missing(b, channel, 1);
        }
        status = status == HB_OK ? samples_of(b, channel, m.tags, err) : status;
        ++*ret_n;
    }
    status = status == HB_OK ? hb_digest_hex(digest, hex, err) : status;
    hb_digest_free(digest);
    if (status == HB_OK) {
        hb_run_builder_file_totals(b, bytes, *ret_n, hex);
    }
    return status;
}

static hb_status build(importing *im, const hb_original_run_row *row, hb_run **ret, uint64_t *ret_n,
                       hb_error *err)
{
    hb_registry *registry = NULL;
    hb_run_builder *b = NULL;
    HB_TRY(hb_app_registry(im->app, row->meta.program, row->meta.context[HB_CONTEXT_OPERATING_MODE],
                           &registry, err));
    hb_status status =
        hb_app_check_config(im->app, HB_GOVERNED_REGISTRY, hb_registry_digest(registry), err);
    status = status == HB_OK ? hb_run_builder_new(registry, im->app->units, &b, err) : status;
    status =
        status == HB_OK ? hb_run_builder_file(b, im->path, "runs.db", "metric table", err) : status;
    status = status == HB_OK ? metrics_of(im, b, ret_n, err) : status;
    status = status == HB_OK ? hb_run_builder_finish(b, &row->meta, ret, err) : status;
    hb_run_builder_free(b);
    hb_registry_free(registry);
    return status;
}

static bool generated(const importing *im, const char *run_id)
{
    for (size_t i = 0; i < im->n_versions; i++) {
        if (strcmp(im->versions[i].run_id, run_id) == 0) {
            return true;
        }
    }
    return false;
}

static hb_status keep(importing *im, hb_run *run, hb_time created, hb_error *err)
{
    bool existed = false;
    char *id = hb_arena_str(&im->app->arena, hb_str_of(run->meta.run_id));
    if (!id) {
        return HB_NOMEM(err);
    }
    if (!im->opts->dry_run) {
        HB_TRY(hb_app_need_store(im->app, err));
        hb_time when = created != HB_TIME_NONE ? created : im->app->os->now();
        HB_TRY(hb_store_add_run(im->app->store, run, when, &existed, err));
    }
    HB_TRY(hb_map_put(&im->taken, hb_str_of(id), 1, err));
    im->n_runs += !existed;
    im->n_existed += existed;
    return HB_OK;
}

static hb_status one_run(importing *im, const hb_original_run_row *row, hb_error *err)
{
    hb_run *run = NULL;
    uint64_t n = 0;
    hb_error why;
    if (generated(im, row->meta.run_id)) {
        return HB_OK; /* told with its version */
    }
    hb_status status = hb_run_id_check(hb_str_of(row->meta.run_id), &why);
    status = status == HB_OK ? build(im, row, &run, &n, &why) : status;
    status = status == HB_OK ? keep(im, run, row->created, &why) : status;
    hb_run_free(run);
    if (status == HB_OK) {
        im->n_metrics += n;
        return HB_OK;
    }
    if (status == HB_E_NOMEM || status == HB_E_IO) {
        *err = why;
        return status;
    }
    char text[TEXT_MAX];
    return remark(im, row->meta.run_id, hb_error_text(&why, text, sizeof text), err);
}

static hb_status all_runs(importing *im, hb_error *err)
{
    uint64_t total = hb_original_count(im->o, "runs");
    uint64_t done = 0;
    bool more = true;
    hb_progress bar = hb_progress_start(im->app, "importing");
    hb_status status = HB_OK;
    while (status == HB_OK && more) {
        hb_arena arena;
        hb_original_run_row row;
        hb_arena_init(&arena, RUN_ARENA);
        status = hb_original_run(im->o, &arena, &row, &more, err);
        if (status == HB_OK && more) {
            char text[60];
            status = one_run(im, &row, err);
            done++;
            snprintf(text, sizeof text, "%llu of %llu runs", (unsigned long long)done,
                     (unsigned long long)total);
            hb_progress_share(&bar, (double)done / (double)(total ? total : 1), text);
        }
        hb_arena_release(&arena);
    }
    hb_progress_end(&bar);
    return status;
}

static hb_status all_tags(importing *im, hb_error *err)
{
    hb_original_pair *tags = NULL;
    size_t n = 0;
    HB_TRY(hb_original_tags(im->o, &im->app->arena, &tags, &n, err));
    for (size_t i = 0; i < n; i++) {
        hb_error why;
        char text[TEXT_MAX];
        if (generated(im, tags[i].run_id) ||
            !hb_map_get(&im->taken, hb_str_of(tags[i].run_id), NULL)) {
            HB_TRY(remark(im, tags[i].name, "tag: the run it points at was not taken over", err));
            continue;
        }
        hb_tag_row row = {.tag = tags[i].name,
                          .program = NULL,
                          .run_id = tags[i].run_id,
                          .version = "",
                          .registry_digest = "",
                          .set_by = "import",
                          .note = "from the original's registry",
                          .set_at = im->app->os->now()};
        hb_status status = im->opts->dry_run ? HB_OK : hb_store_set_tag(im->app->store, &row, &why);
        if (status == HB_OK) {
            im->n_tags++;
        } else {
            HB_TRY(remark(im, tags[i].name, hb_error_text(&why, text, sizeof text), err));
        }
    }
    return HB_OK;
}

static hb_status all_versions(importing *im, hb_error *err)
{
    for (size_t i = 0; i < im->n_versions; i++) {
        char text[400];
        snprintf(
            text, sizeof text,
            "baseline the original made of %.200s; make it anew: hb baseline create --runs ...",
            im->versions[i].runs);
        HB_TRY(remark(im, im->versions[i].name, text, err));
    }
    return HB_OK;
}

static const struct {
    const char *table;
    const char *what;
} left[] = {
    {"baseline_approvals", "approvals (nobody's identity was proved)"},
    {"baseline_requests", "requests"},
    {"baseline_lineage", "records of which baseline was used"},
    {"action_ledger", "actions"},
    {"custody_events", "custody events"},
};

static hb_status print(importing *im, hb_error *err)
{
    hb_app *app = im->app;
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kb(&j, "dry_run", im->opts->dry_run);
        hb_json_ku(&j, "runs", im->n_runs);
        hb_json_ku(&j, "runs_existed", im->n_existed);
        hb_json_ku(&j, "metrics", im->n_metrics);
        hb_json_ku(&j, "tags", im->n_tags);
        hb_json_key(&j, "left_out");
        hb_json_arr(&j);
        for (size_t i = 0; i < im->n_notes; i++) {
            hb_json_obj(&j);
            hb_json_kc(&j, "what", im->notes[i].what);
            hb_json_kc(&j, "why", im->notes[i].why);
            hb_json_end(&j);
        }
        hb_json_end(&j);
        hb_json_key(&j, "not_taken");
        hb_json_obj(&j);
        for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
            hb_json_ku(&j, left[i].table, hb_original_count(im->o, left[i].table));
        }
        hb_json_end(&j);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    hb_buf_fmt(&app->out,
               "%s%llu runs with %llu metrics, %llu tags; %llu runs were there already\n",
               im->opts->dry_run ? "would import " : "imported ", (unsigned long long)im->n_runs,
               (unsigned long long)im->n_metrics, (unsigned long long)im->n_tags,
               (unsigned long long)im->n_existed);
    for (size_t i = 0; i < im->n_notes; i++) {
        hb_buf_c(&app->out, "left out: ");
        hb_buf_shown(&app->out, im->notes[i].what);
        hb_buf_c(&app->out, ": ");
        hb_buf_shown(&app->out, im->notes[i].why);
        hb_buf_ch(&app->out, '\n');
    }
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        uint64_t n = hb_original_count(im->o, left[i].table);
        if (n) {
            hb_buf_fmt(&app->out, "not taken over: %llu %s\n", (unsigned long long)n, left[i].what);
        }
    }
    if (im->n_runs) {
        hb_buf_c(&app->out,
                 "next: hb runs list; hb analyze RUN judges an imported run by the rules "
                 "of this program\n");
    }
    return hb_buf_check(&app->out, err);
}

static hb_status run_import(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    importing im = {.app = app, .opts = opts, .path = args.v[0]};
    (void)ret_exit;
    HB_TRY(hb_app_open_units(app, err));
    HB_TRY(hb_original_open(im.path, &im.o, err));
    hb_map_init(&im.taken, 10000000);
    hb_status status = hb_original_versions(im.o, &app->arena, &im.versions, &im.n_versions, err);
    status = status == HB_OK ? all_runs(&im, err) : status;
    status = status == HB_OK ? all_tags(&im, err) : status;
    status = status == HB_OK ? all_versions(&im, err) : status;
    status = status == HB_OK ? print(&im, err) : status;
    hb_map_release(&im.taken);
    hb_original_close(im.o);
    return status;
}

static const hb_opt table[] = {
    {.name = "dry-run",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(import_opts, dry_run),
     .help = "say what would be imported, write nothing"},
    {0},
};

const hb_cmd hb_cmd_import = {
    .name = "import",
    .group = "Look into the registry",
    .summary = "take over runs and tags of the original tool's runs.db",
    .needs = HB_NEED_STORE_CREATE,
    .opts = table,
    .opts_size = sizeof(import_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "RUNS.DB",
    .details = "Runs, their metrics, units and samples, context and times, and where tags\n"
               "point. Names and units are read by the metric registry, as from any file.\n"
               "Not taken over: verdicts, approvals, actions and custody events, which say\n"
               "what that program did, and the baselines it generated; each is counted.\n"
               "Doing it twice changes nothing. The file is never written to.",
    .example = "hb import original.db",
    .run = run_import,
};
