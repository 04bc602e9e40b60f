/* SPDX-License-Identifier: Apache-2.0 */
#include "export/automatic.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "export/export_internal.h"
#include "export/sealed_pack.h"
#include "os/file.h"
#include "store/audit.h"
#include "store/custody.h"
#include "store/live.h"

#include <errno.h>
#include <string.h>

enum { LISTED = 1000 };

/* --- making --- */

static hb_status name_of(const char *dir, const char *run_id, const char *more, const char *end,
                         hb_arena *arena, const char **ret, hb_error *err)
{
    return hb_export_text(arena, ret, err, "%s/evidence_%s%s%.12s%s", dir, run_id, *more ? "-" : "",
                          more, end);
}

/* Is `path` a pack of this decision? What cannot be read is none. */
static bool is_pack_of(const hb_os *os, const char *path, const char *decision, hb_arena *arena,
                       hb_manifest *ret)
{
    hb_pack_reader *r = NULL;
    bool same = false;
    if (hb_pack_open(os, path, &r, NULL) != HB_OK) {
        return false;
    }
    if (hb_pack_read_manifest(r, arena, ret, NULL) == HB_OK) {
        for (size_t i = 0; i < ret->n_files; i++) {
            same = same || (strcmp(ret->files[i].path, HB_PACK_DECISION) == 0 &&
                            strcmp(ret->files[i].sha256, decision) == 0);
        }
    }
    hb_pack_close(r);
    return same;
}

static hb_status mark(const hb_export_ask *ask, const hb_packs_row *row, const char *path,
                      const char *manifest_sha256, hb_error *err)
{
    struct stat st;
    if (ask->os->stat(path, &st) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot look at '%s': %s", path, strerror(errno));
    }
    return hb_pack_made(ask->store, row->id, path, manifest_sha256, (uint64_t)st.st_size, ask->now,
                        err);
}

static hb_status seal(const hb_export_ask *ask, hb_arena *arena, hb_exported *ret, hb_error *err)
{
    hb_seal *s = NULL;
    HB_TRY(hb_seal_create(ask->os, ask->target, ask->seal, &s, err));
    hb_status status = hb_export_sealed(ask, s, arena, ret, err);
    hb_seal_free(s);
    return status;
}

static hb_status make(const hb_export_ask *like, const hb_packs_row *row, const char *path,
                      hb_arena *arena, hb_error *err)
{
    hb_export_ask ask = *like;
    hb_exported done;
    ask.run_id = row->run_id;
    ask.decision = row->decision;
    ask.case_id = NULL;
    ask.target = path;
    ask.form = HB_PACK_ZIP;
    ask.automatic = true;
    HB_TRY(ask.seal ? seal(&ask, arena, &done, err) : hb_export_pack(&ask, arena, &done, err));
    return mark(like, row, path, done.manifest_sha256, err);
}

/* Nobody was told of a file of this name that is there: a crash came between. */
static hb_status drop_left(const hb_export_ask *ask, const char *path, hb_error *err)
{
    hb_sealed kind = HB_SEALED_NOT;
    if (!hb_path_exists(ask->os, path)) {
        return HB_OK;
    }
    HB_TRY(hb_sealed_kind_of_file(ask->os, path, &kind, err));
    if (kind == HB_SEALED_NOT) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' exists and is no encrypted pack", path);
    }
    return ask->os->unlink(path) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot take away '%s': %s", path, strerror(errno));
}

static hb_status make_sealed(const hb_export_ask *ask, const char *dir, const hb_packs_row *row,
                             hb_arena *arena, const char **ret_path, hb_error *err)
{
    const char *path = NULL;
    HB_TRY(name_of(dir, row->run_id, row->decision, ask->seal->passphrase ? ".zip.hbs" : ".zip.p7m",
                   arena, &path, err));
    HB_TRY(drop_left(ask, path, err));
    HB_TRY(make(ask, row, path, arena, err));
    *ret_path = path;
    return HB_OK;
}

hb_status hb_export_wanted(const hb_export_ask *ask, const char *dir, const hb_packs_row *row,
                           hb_arena *arena, const char **ret_path, hb_error *err)
{
    const char *path = NULL;
    hb_manifest there;
    HB_TRY(hb_dir_make(ask->os, dir, err));
    if (ask->seal) {
        return make_sealed(ask, dir, row, arena, ret_path, err);
    }
    for (unsigned i = 0; i < 2; i++) {
        HB_TRY(name_of(dir, row->run_id, i ? row->decision : "", ".zip", arena, &path, err));
        if (!hb_path_exists(ask->os, path)) {
            break;
        }
        if (is_pack_of(ask->os, path, row->decision, arena, &there)) {
            *ret_path = path;
            return mark(ask, row, path, there.sha256, err);
        }
    }
    HB_TRY(make(ask, row, path, arena, err));
    *ret_path = path;
    return HB_OK;
}

/* --- the cap --- */

static void drop_members(void *ctx, hb_json *j)
{
    const hb_packs_row *row = ctx;
    hb_json_ku(j, "bytes", row->bytes);
    hb_json_kc(j, "manifest_sha256", row->manifest_sha256);
    hb_json_kc(j, "path", row->path);
    hb_json_kc(j, "rule", "max_evidence_mb");
    hb_json_kc(j, "what", "evidence pack");
}

static hb_status drop_within(const hb_export_drop *d, hb_packs_row *row, bool *ret_held,
                             hb_error *err)
{
    HB_TRY(hb_custody_held_now(d->store, row->run_id, ret_held, err));
    if (*ret_held) {
        return HB_OK;
    }
    HB_TRY(hb_pack_gone(d->store, row->id, "taken away: max_evidence_mb", err));
    HB_TRY(hb_store_log(d->store, "retention", row->run_id, d->now, "", drop_members, row, err));
    return d->os->unlink(row->path) == 0 || errno == ENOENT
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot take away '%s': %s", row->path, strerror(errno));
}

static hb_status drop_one(const hb_export_drop *d, hb_packs_row *row, bool *ret_held, hb_error *err)
{
    HB_TRY(hb_live_begin(d->store, err));
    return hb_live_end(d->store, drop_within(d, row, ret_held, err), err);
}

static hb_status drop_from(const hb_export_drop *d, hb_packs_row *rows, size_t n, uint64_t bytes,
                           hb_arena *arena, hb_export_dropped *done, hb_error *err)
{
    hb_custody_holds holds;
    HB_TRY(hb_custody_held(d->store, arena, &holds, err));
    for (size_t i = 0; i + 1 < n && bytes - done->bytes > d->max_bytes; i++) {
        bool held = hb_custody_is_held(&holds, rows[i].run_id);
        if (!held) {
            HB_TRY(drop_one(d, &rows[i], &held, err));
        }
        done->packs += !held;
        done->bytes += held ? 0 : rows[i].bytes;
        done->held += held;
        done->held_bytes += held ? rows[i].bytes : 0;
    }
    if (bytes - done->bytes <= d->max_bytes) {
        done->held = 0;
        done->held_bytes = 0;
    }
    return HB_OK;
}

hb_status hb_export_drop_oldest(const hb_export_drop *d, hb_arena *arena, hb_export_dropped *ret,
                                hb_error *err)
{
    hb_packs_sums sums;
    hb_export_dropped done = {0};
    const hb_packs_query q = {
        .stream = d->stream, .state = "made", .due = HB_TIME_NONE, .limit = LISTED};
    hb_packs_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_packs_sum(d->store, d->stream, &sums, err));
    if (d->max_bytes && sums.bytes > d->max_bytes) {
        HB_TRY(hb_packs_list(d->store, &q, arena, &rows, &n, err));
        HB_TRY(drop_from(d, rows, n, sums.bytes, arena, &done, err));
    }
    *ret = done;
    return HB_OK;
}
