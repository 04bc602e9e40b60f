/* SPDX-License-Identifier: Apache-2.0 */
#include "input/ingest.h"

#include "base/mem.h"
#include "input/events.h"
#include "input/layout.h"
#include "input/opening.h"
#include "input/pinned.h"
#include "input/reading.h"
#include "input/select/select.h"
#include "input/watch.h"
#include "os/pool.h"

#include <math.h>
#include <string.h>

enum { SMALL_BYTES = 1 << 18 /* threads would cost more than they save */ };

/* A pinned wide table has its columns' roles from the profile; tables of rows go by their names. */
static const hb_input_profile *profile_of_layout(const hb_opening *j)
{
    bool by_names = j->profile.pinned && j->profile.layout == HB_PROFILE_LAYOUT_ROWS;
    return j->has_profile && !by_names ? &j->profile : NULL;
}

static hb_status tell_origin(const hb_opening *j, hb_run_builder *b, hb_error *err)
{
    if (*hb_stream_member(j->stream)) {
        HB_TRY(hb_run_builder_guess(b, "file in the container", hb_stream_member(j->stream),
                                    hb_stream_took_member(j->stream) ? "given" : "the only one",
                                    err));
    }
    if (*hb_stream_compression(j->stream)) {
        HB_TRY(hb_run_builder_guess(b, "compression", hb_stream_compression(j->stream),
                                    "its first bytes", err));
    }
    HB_TRY(hb_run_builder_guess(b, "source", j->source, j->source_why, err));
    if (!j->o->reading) {
        return HB_OK;
    }
    HB_TRY(hb_reading_guessed(j->o->reading, "source", j->source, j->source_why, NAN, NULL, err));
    return hb_reading_finish(j->o->reading, j->path, j->stream, err);
}

static hb_status name_columns(hb_opening *j, hb_run_builder *b, hb_error *err)
{
    const hb_plan *plan = hb_watch_plan(j->table);
    return j->profile.pinned && plan
               ? hb_pinned_names(&j->profile, j->table, plan, hb_watch_looks(j->table), b, err)
               : HB_OK;
}

static hb_status read_table(hb_opening *j, hb_run_builder *b, hb_pool *pool, hb_error *err)
{
    HB_TRY(name_columns(j, b, err));
    hb_layout_options lo = {
        .profile = profile_of_layout(j),
        .progress = j->o->progress,
        .progress_ctx = j->o->progress_ctx,
        .stream = j->stream,
        .pba = j->has_pba ? &j->pba : NULL,
    };
    struct stat st;
    lo.bytes_total = j->os->stat(j->path, &st) == 0 ? (uint64_t)st.st_size : 0;
    if (lo.bytes_total == 0 || lo.bytes_total > SMALL_BYTES) {
        lo.pool = pool;
        hb_stream_use(j->stream, pool);
    }
    HB_TRY(hb_ranges_parse(j->o->units, "--unit", &lo.units, err));
    HB_TRY(hb_ranges_parse(j->o->cycles, "--cycles", &lo.cycles, err));
    uint64_t rows = 0;
    HB_TRY(hb_layout_read(j->table, j->path, &lo, b, &rows, err));
    for (size_t i = 0; j->has_profile && i < j->profile.n_columns; i++) {
        const hb_profile_column *c = &j->profile.columns[i];
        if (c->reduce_set) {
            hb_run_builder_reduce(b, hb_str_of(c->name), c->reduce);
        }
    }
    uint64_t bytes = 0;
    char sha256[65];
    HB_TRY(hb_stream_digest(j->stream, &bytes, sha256, err));
    hb_run_builder_file_totals(b, bytes, rows, sha256);
    if (hb_stream_grew(j->stream)) {
        HB_TRY(hb_run_builder_warn(b,
                                   "the file grew while it was read: what came later is not in the "
                                   "run, and its last row may be half a row",
                                   err));
    }
    return tell_origin(j, b, err);
}

static hb_status read_events(const hb_os *os, const char *path, const hb_ingest_options *o,
                             hb_run_builder *b, hb_error *err)
{
    char *events = NULL;
    if (strcmp(path, "-") == 0) {
        return HB_OK;
    }
    HB_TRY(hb_events_beside(os, path, &events, err));
    hb_status status = events ? hb_events_read(os, events, o, b, err) : HB_OK;
    hb_free(events);
    return status;
}

hb_status hb_ingest(const hb_os *os, const char *path, const hb_ingest_options *options,
                    hb_run_builder *b, const char **ret_source, hb_error *err)
{
    char *inner = NULL;
    hb_opening opening = {0};
    if (hb_run_builder_has_file(b, path)) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' is given twice for one run", path);
    }
    if (strcmp(path, "-") != 0 && hb_path_is_dir(os, path)) {
        HB_TRY(hb_path_join(path, "metrics.csv", &inner, err));
    }
    hb_pool *pool = NULL;
    hb_select *select = NULL;
    hb_status status = options->select ? hb_select_parse(options->select, &select, err) : HB_OK;
    if (status == HB_OK) {
        status = hb_pool_new(options->threads, &pool, err);
    }
    if (status == HB_OK) {
        status = hb_opening_start(os, inner ? inner : path, options, hb_run_builder_units(b), b,
                                  select, &opening, err);
    }
    if (status == HB_OK) {
        if (opening.has_profile) {
            hb_run_builder_default_reduce(b, opening.profile.reduce);
        }
        status = read_table(&opening, b, pool, err);
    }
    const char *source = opening.source;
    hb_opening_end(&opening);
    hb_pool_free(pool);
    hb_select_free(select);
    if (status == HB_OK) {
        status = read_events(os, path, options, b, err);
    }
    hb_free(inner);
    if (status == HB_OK) {
        *ret_source = source;
    }
    return status;
}
