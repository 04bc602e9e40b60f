/* SPDX-License-Identifier: Apache-2.0 */
#include "export/raw_how.h"

#include "base/mem.h"
#include "export/export_internal.h"
#include "os/file.h"
#include "os/pool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { RANDOM_BYTES = 16 };

hb_status hb_raw_dir_make(const hb_os *os, const char *tmp, char **ret, hb_error *err)
{
    unsigned char random[RANDOM_BYTES];
    char name[8 + 2 * RANDOM_BYTES] = "hb-raw-";
    if (os->random(random, sizeof random) != 0) {
        return HB_FAIL(err, HB_E_IO, "no random numbers: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof random; i++) {
        snprintf(name + 7 + 2 * i, 3, "%02x", random[i]);
    }
    char *dir = NULL;
    HB_TRY(hb_path_join(tmp, name, &dir, err));
    if (os->mkdir(dir, 0700) != 0) { /* also when somebody guessed the name */
        hb_status status =
            HB_FAIL(err, HB_E_IO, "cannot make the folder '%s': %s", dir, strerror(errno));
        hb_free(dir);
        return status;
    }
    *ret = dir;
    return HB_OK;
}

typedef struct place {
    const hb_os *os;
    const char *dir;
    const hb_raw_documents *from;
    hb_arena *arena;
} place;

static hb_status put_profile(const place *p, const hb_read_document *d, const char *folder,
                             const char **ret_path, hb_error *err)
{
    const char *dir = NULL;
    char *text = NULL;
    size_t n = 0;
    if (strchr(d->name, '/') || strcmp(d->name, "..") == 0 || strcmp(d->name, ".") == 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%.200s' is no name of a profile", d->name);
    }
    HB_TRY(hb_export_text(p->arena, &dir, err, "%s/%s", p->dir, folder));
    HB_TRY(hb_dir_make(p->os, dir, err));
    HB_TRY(hb_export_text(p->arena, ret_path, err, "%s/%s", dir, d->name));
    HB_TRY(p->from->get(p->from->ctx, d->sha256, &text, &n, err));
    hb_status status = hb_file_write_atomic(p->os, *ret_path, text, n, 0600, err);
    hb_free(text);
    return status;
}

hb_status hb_raw_how_settle(const hb_os *os, const char *dir, const hb_read_record *record,
                            const hb_raw_documents *from, hb_arena *arena, hb_raw_how *ret,
                            hb_error *err)
{
    const place p = {.os = os, .dir = dir, .from = from, .arena = arena};
    hb_raw_how how = {.record = *record};
    const char *path = NULL;
    HB_TRY(hb_export_text(arena, &how.profiles, err, "%s/profiles", dir));
    if (record->profile.name) {
        HB_TRY(put_profile(&p, &record->profile, "profile", &how.profile, err));
    }
    for (size_t i = 0; i < record->n_profiles; i++) {
        HB_TRY(put_profile(&p, &record->profiles[i], "profiles", &path, err));
    }
    *ret = how;
    return HB_OK;
}

hb_ingest_options hb_raw_how_options(hb_raw_how *how, const char *time_range)
{
    const char *const *o = how->record.options;
    hb_select_options *select = &how->select;
    *select = (hb_select_options){.columns = o[HB_READ_COLUMNS],
                                  .where = o[HB_READ_WHERE],
                                  .time_range = time_range ? time_range : o[HB_READ_TIME_RANGE],
                                  .resample = o[HB_READ_RESAMPLE]};
    bool chosen = select->columns || select->where || select->time_range || select->resample;
    return (hb_ingest_options){
        .source = o[HB_READ_SOURCE],
        .profile_dir = how->profiles,
        .units = o[HB_READ_UNIT],
        .cycles = o[HB_READ_CYCLES],
        .sheet = o[HB_READ_SHEET],
        .profile = how->profile,
        .order = strcmp(how->record.day_order, "day-first") == 0     ? HB_ORDER_DAY_FIRST
                 : strcmp(how->record.day_order, "month-first") == 0 ? HB_ORDER_MONTH_FIRST
                                                                     : HB_ORDER_ASK,
        .member = o[HB_READ_MEMBER],
        .query = o[HB_READ_QUERY],
        .table = o[HB_READ_TABLE],
        .variable = o[HB_READ_VARIABLE],
        .program = "/proc/self/exe",
        .select = chosen ? select : NULL,
        .threads = hb_pool_processors(),
    };
}
