/* SPDX-License-Identifier: Apache-2.0 */
#include "export/retention.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "export/export_internal.h"
#include "os/file.h"
#include "store/audit.h"
#include "store/custody.h"
#include "store/live.h"
#include "store/packs.h"
#include "store/versions.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 1000000, PACKS_MAX = 100000, DEPTH_MAX = 8, WINDOWS_AT_ONCE = 10000 };
static const double day_ns = 86400e9;

/* --- what never goes --- */

typedef struct kept {
    hb_custody_holds held;
    const char **golden; /* run ids in byte order */
    size_t n;
    size_t cap;
} kept;

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static hb_status add_golden(kept *k, hb_arena *arena, const char *run_id, hb_error *err)
{
    HB_TRY(HB_ARENA_GROW(arena, k->golden, k->n, k->cap, err));
    k->golden[k->n++] = run_id;
    return HB_OK;
}

/* Its document is large and not needed: an arena of its own. */
static hb_status add_version(hb_store *s, const char *digest, kept *k, hb_arena *arena,
                             hb_error *err)
{
    hb_arena own;
    hb_version_row v;
    hb_arena_init(&own, 8 * HB_VERSION_JSON_MAX);
    hb_status status = hb_store_get_version(s, digest, &own, &v, err);
    for (size_t r = 0; status == HB_OK && r < v.n_runs; r++) {
        const char *run_id = hb_arena_str(arena, hb_str_of(v.run_ids[r]));
        status = run_id ? add_golden(k, arena, run_id, err) : HB_NOMEM(err);
    }
    hb_arena_release(&own);
    return status;
}

static hb_status what_stays(const hb_retention_ask *ask, hb_arena *arena, kept *k, hb_error *err)
{
    hb_tag_row *tags = NULL;
    hb_version_row *versions = NULL;
    size_t n_tags = 0;
    size_t n_versions = 0;
    HB_TRY(hb_custody_held(ask->store, arena, &k->held, err));
    HB_TRY(hb_store_list_tags(ask->store, NULL, arena, &tags, &n_tags, err));
    HB_TRY(hb_store_list_versions(ask->store, NULL, arena, &versions, &n_versions, err));
    if (n_versions >= HB_VERSIONS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "more than %d baseline versions", HB_VERSIONS_MAX);
    }
    for (size_t i = 0; i < n_tags; i++) {
        HB_TRY(add_golden(k, arena, tags[i].run_id, err));
    }
    for (size_t i = 0; i < n_versions; i++) {
        if (!*versions[i].retired_reason) {
            HB_TRY(add_version(ask->store, versions[i].digest, k, arena, err));
        }
    }
    if (k->n) {
        qsort(k->golden, k->n, sizeof *k->golden, by_bytes);
    }
    return HB_OK;
}

static bool stays(const kept *k, const char *run_id, hb_retention_plan *plan)
{
    if (hb_custody_is_held(&k->held, run_id)) {
        plan->held++;
        return true;
    }
    if (k->n && bsearch(&run_id, k->golden, k->n, sizeof *k->golden, by_bytes)) {
        plan->golden++;
        return true;
    }
    return false;
}

static bool is_older(const hb_retention_ask *ask, hb_time since, double days)
{
    return since != HB_TIME_NONE && (double)(ask->now - since) > days * day_ns;
}

/* --- report folders --- */

/* A link is not followed: what it leads to is not ours. */
static bool is_folder(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static hb_status add_bytes(const char *path, unsigned depth, uint64_t *io, hb_error *err)
{
    DIR *d = depth < DEPTH_MAX ? opendir(path) : NULL;
    hb_status status = HB_OK;
    struct dirent *e = NULL;
    while (d && status == HB_OK && (e = readdir(d)) != NULL) {
        char *child = NULL;
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        status = hb_path_join(path, e->d_name, &child, err);
        if (status == HB_OK && lstat(child, &st) == 0) {
            *io += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
            status = S_ISDIR(st.st_mode) ? add_bytes(child, depth + 1, io, err) : HB_OK;
        }
        hb_free(child);
    }
    if (d) {
        closedir(d);
    }
    return status;
}

static hb_status add_item(hb_retention_plan *plan, hb_arena *arena, const hb_retention_item *item,
                          hb_error *err)
{
    HB_TRY(HB_ARENA_GROW(arena, plan->items, plan->n, plan->cap, err));
    plan->items[plan->n++] = *item;
    plan->bytes += item->bytes;
    return HB_OK;
}

static hb_status look_at_run(const hb_retention_ask *ask, const kept *k, const hb_run_row *row,
                             hb_arena *arena, hb_retention_plan *plan, hb_error *err)
{
    hb_retention_item item = {.what = "reports",
                              .rule = "max_age_days",
                              .run_id = row->run_id,
                              .stream = "",
                              .count = 1,
                              .manifest_sha256 = "",
                              .since = row->created};
    HB_TRY(hb_export_text(arena, &item.path, err, "%s/%s", ask->reports, row->run_id));
    if (strchr(row->run_id, '/') || row->run_id[0] == '.' || !is_folder(item.path) ||
        stays(k, row->run_id, plan)) {
        return HB_OK;
    }
    HB_TRY(add_bytes(item.path, 0, &item.bytes, err));
    return add_item(plan, arena, &item, err);
}

static hb_status look_at_reports(const hb_retention_ask *ask, const kept *k, hb_arena *arena,
                                 hb_retention_plan *plan, hb_error *err)
{
    const hb_run_query q = {.limit = RUNS_MAX};
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(ask->store, &q, arena, &rows, &n, err));
    if (n >= RUNS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "more than %d runs in registry '%s'", RUNS_MAX,
                       hb_store_path(ask->store));
    }
    for (size_t i = n; i > ask->policy->keep_latest; i--) {
        if (is_older(ask, rows[i - 1].created, ask->policy->max_age_days)) {
            HB_TRY(look_at_run(ask, k, &rows[i - 1], arena, plan, err));
        }
    }
    return HB_OK;
}

/* --- packs --- */

static hb_status look_at_packs(const hb_retention_ask *ask, const kept *k, hb_arena *arena,
                               hb_retention_plan *plan, hb_error *err)
{
    const hb_packs_query q = {.state = "made", .due = HB_TIME_NONE, .limit = PACKS_MAX};
    hb_packs_row *rows = NULL;
    size_t n = 0;
    if (!ask->policy->evidence_max_age_days.set) {
        return HB_OK;
    }
    HB_TRY(hb_packs_list(ask->store, &q, arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const hb_packs_row *r = &rows[i];
        if (!is_older(ask, r->made, ask->policy->evidence_max_age_days.v) ||
            stays(k, r->run_id, plan)) {
            continue;
        }
        const hb_retention_item item = {.what = "evidence pack",
                                        .rule = "evidence_max_age_days",
                                        .run_id = r->run_id,
                                        .stream = "",
                                        .count = 1,
                                        .path = r->path,
                                        .manifest_sha256 = r->manifest_sha256,
                                        .pack = r->id,
                                        .bytes = r->bytes,
                                        .since = r->made};
        HB_TRY(add_item(plan, arena, &item, err));
    }
    return HB_OK;
}

/* --- decisions of live windows --- */

static hb_live_prune_ask of_stream(const hb_retention_ask *ask, const char *stream)
{
    double ns = ask->policy->windows_max_age_days.v * day_ns;
    return (hb_live_prune_ask){
        .stream = stream, .before = ask->now - (int64_t)ns, .most = WINDOWS_AT_ONCE};
}

static hb_status look_at_windows(const hb_retention_ask *ask, hb_arena *arena,
                                 hb_retention_plan *plan, hb_error *err)
{
    const char **streams = NULL;
    size_t n = 0;
    if (!ask->policy->windows_max_age_days.set) {
        return HB_OK;
    }
    HB_TRY(hb_live_streams(ask->store, arena, &streams, &n, err));
    for (size_t i = 0; i < n; i++) {
        const hb_live_prune_ask prune = of_stream(ask, streams[i]);
        hb_live_prune_told told;
        HB_TRY(hb_live_prune_look(ask->store, &prune, &told, err));
        plan->held += told.held;
        plan->golden += told.golden;
        if (told.n == 0) {
            continue;
        }
        const hb_retention_item item = {.what = "window decisions",
                                        .rule = "windows_max_age_days",
                                        .run_id = "",
                                        .stream = streams[i],
                                        .path = "",
                                        .count = told.n,
                                        .manifest_sha256 = "",
                                        .bytes = told.bytes,
                                        .since = told.first_end};
        HB_TRY(add_item(plan, arena, &item, err));
    }
    return HB_OK;
}

hb_status hb_retention_look(const hb_retention_ask *ask, hb_arena *arena, hb_retention_plan *ret,
                            hb_error *err)
{
    hb_retention_plan plan = {0};
    kept k = {0};
    HB_TRY(what_stays(ask, arena, &k, err));
    HB_TRY(look_at_reports(ask, &k, arena, &plan, err));
    HB_TRY(look_at_packs(ask, &k, arena, &plan, err));
    HB_TRY(look_at_windows(ask, arena, &plan, err));
    *ret = plan;
    return HB_OK;
}

/* --- taken away --- */

typedef struct entry {
    const hb_retention_item *item;
    const hb_retention_deed *deed;
    const char *policy_sha256;
} entry;

/* Members in ascending order. */
static void entry_of(void *ctx, hb_json *j)
{
    const entry *e = ctx;
    hb_json_kc(j, "by_name", e->deed->by_name);
    hb_json_ku(j, "bytes", e->item->bytes);
    hb_json_kc(j, "manifest_sha256", e->item->manifest_sha256);
    hb_json_kc(j, "path", e->item->path);
    hb_json_kc(j, "policy_sha256", e->policy_sha256);
    hb_json_kc(j, "reason", e->deed->reason);
    hb_json_kc(j, "rule", e->item->rule);
    hb_json_kc(j, "statement_sha256", e->deed->statement);
    hb_json_kc(j, "what", e->item->what);
}

static hb_status take_away(const hb_retention_ask *ask, const hb_retention_item *item, entry *e,
                           bool *ret_held, hb_error *err)
{
    HB_TRY(hb_custody_held_now(ask->store, item->run_id, ret_held, err));
    if (*ret_held) {
        return HB_OK;
    }
    HB_TRY(hb_store_log(ask->store, "retention", item->run_id, ask->now, e->deed->by, entry_of, e,
                        err));
    if (!item->pack) {
        return is_folder(item->path) ? hb_dir_remove(ask->os, item->path, err) : HB_OK;
    }
    HB_TRY(hb_pack_gone(ask->store, item->pack, "taken away: evidence_max_age_days", err));
    if (ask->os->unlink(item->path) != 0 && errno != ENOENT) {
        return HB_FAIL(err, HB_E_IO, "cannot take away '%s': %s", item->path, strerror(errno));
    }
    return HB_OK;
}

/* The entry is in the registry with the end of the transaction: not when it could not be removed.
 */
static hb_status one(const hb_retention_ask *ask, const hb_retention_item *item, entry *e,
                     bool *ret_held, hb_error *err)
{
    HB_TRY(hb_live_begin(ask->store, err));
    return hb_live_end(ask->store, take_away(ask, item, e, ret_held, err), err);
}

typedef struct lot {
    const hb_retention_ask *ask;
    const entry *e;
    const hb_live_prune_told *told;
} lot;

/* Members in ascending order. */
static void lot_of(void *ctx, hb_json *j)
{
    const lot *l = ctx;
    hb_json_kc(j, "by_name", l->e->deed->by_name);
    hb_json_ku(j, "bytes", l->told->bytes);
    hb_json_ku(j, "count", l->told->n);
    hb_json_kt(j, "first_end", l->told->first_end);
    hb_json_kt(j, "last_end", l->told->last_end);
    hb_json_kc(j, "policy_sha256", l->e->policy_sha256);
    hb_json_kc(j, "reason", l->e->deed->reason);
    hb_json_kc(j, "rule", l->e->item->rule);
    hb_json_kc(j, "statement_sha256", l->e->deed->statement);
    hb_json_kc(j, "what", l->e->item->what);
}

static hb_status tell_lot(void *ctx, const hb_live_prune_told *told, hb_error *err)
{
    lot *l = ctx;
    l->told = told;
    return hb_store_log(l->ask->store, "retention", l->e->item->stream, l->ask->now, l->e->deed->by,
                        lot_of, l, err);
}

/* *ret_any: some went; others may be on hold since. */
static hb_status take_windows(const hb_retention_ask *ask, const entry *e, bool *ret_any,
                              hb_error *err)
{
    lot l = {.ask = ask, .e = e};
    hb_live_prune_ask prune = of_stream(ask, e->item->stream);
    hb_live_prune_told told = {.n = WINDOWS_AT_ONCE};
    prune.tell = tell_lot;
    prune.ctx = &l;
    while (told.n == WINDOWS_AT_ONCE) {
        HB_TRY(hb_live_prune(ask->store, &prune, &told, err));
        *ret_any = *ret_any || told.n > 0;
    }
    return HB_OK;
}

hb_status hb_retention_apply(const hb_retention_ask *ask, const hb_retention_plan *plan,
                             const hb_retention_deed *deed, hb_arena *arena, size_t *ret_n,
                             hb_error *err)
{
    kept k = {0};
    hb_retention_plan since = {0};
    *ret_n = 0;
    HB_TRY(what_stays(ask, arena, &k, err));
    for (size_t i = 0; i < plan->n; i++) {
        const hb_retention_item *item = &plan->items[i];
        entry e = {.item = item, .deed = deed, .policy_sha256 = ask->policy->digest};
        bool went = false;
        if (*item->stream) {
            HB_TRY(take_windows(ask, &e, &went, err));
        } else if (!stays(&k, item->run_id, &since)) {
            bool held = false;
            HB_TRY(one(ask, item, &e, &held, err));
            went = !held;
        }
        *ret_n += went;
    }
    return HB_OK;
}
