/* SPDX-License-Identifier: Apache-2.0 */
#include "input/ingest.h"

#include "base/mem.h"
#include "input/events.h"
#include "input/format.h"
#include "input/layout.h"
#include "input/xlsx/xlsx.h"
#include "os/pool.h"

#include <string.h>

enum { HEAD_BYTES = 1 << 16, SMALL_BYTES = 1 << 18 /* threads would cost more than they save */ };

typedef struct job {
    const hb_os *os;
    const char *path; /* the table file */
    const hb_ingest_options *o;
    hb_run_builder *b;
    hb_stream *stream;
    hb_pool *pool;
    hb_input_profile profile;
    bool has_profile;
    hb_pba pba;
    bool has_pba;
    const hb_format *format;
    const char *source;
    const char *source_why;
} job;

static bool is_auto(const hb_ingest_options *o)
{
    return !o->source || strcmp(o->source, "auto") == 0;
}

/* Rows of numbers cut by blanks, without a header: does a profile know that many columns? */
static hb_status recognise_columns(job *j, hb_str head, hb_error *err)
{
    static const char *const candidates[] = {"cmapss_fd001"};
    hb_csv_dialect d;
    hb_csv_sniff(head, head.n < HEAD_BYTES, 0, &d);
    if (d.delimiter != HB_DELIMITER_BLANKS || d.header) {
        return HB_OK;
    }
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        HB_TRY(hb_input_profile_find(j->os, j->o->profile_dir, candidates[i], &j->profile, err));
        if (j->profile.match_columns == d.n_columns) {
            j->has_profile = true;
            j->source = candidates[i];
            j->source_why =
                "as many columns of numbers cut by blanks as the adapter describes, and "
                "no header";
            return HB_OK;
        }
        hb_input_profile_release(&j->profile);
    }
    return HB_OK;
}

/* A workbook with a sheet whose header has a cell "metric" and a column of values. The file is
 * opened a second time, because looking at its sheets means reading it. */
static hb_status recognise_book(job *j, hb_error *err)
{
    hb_stream *stream = NULL;
    hb_table *t = NULL;
    hb_pba pba = {0};
    if (strcmp(j->path, "-") == 0 || j->o->sheet) {
        return HB_OK;
    }
    HB_TRY(hb_input_profile_find(j->os, j->o->profile_dir, "pba_excel", &j->profile, err));
    hb_status status = hb_stream_open(j->os, j->path, &stream, err);
    if (status == HB_OK) {
        status = hb_pba_init(&j->profile, &pba, err);
    }
    if (status == HB_OK) {
        status = hb_pba_book_open(&pba, stream, NULL, &t, err);
    }
    if (status == HB_OK && t && !hb_layout_has_time(t)) {
        j->has_profile = true;
        j->source = "pba_excel";
        j->source_why = "a sheet whose header has a metric and a value column, and no time";
    } else {
        hb_input_profile_release(&j->profile);
    }
    if (t) {
        t->ops->close(t);
    }
    hb_pba_release(&pba);
    hb_stream_close(stream);
    return status;
}

static hb_status choose(job *j, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(j->stream, HEAD_BYTES, &head, err));
    j->format = hb_format_of(head);
    const hb_format *named = is_auto(j->o) ? NULL : hb_format_named(j->o->source);
    if (named) {
        j->format = named;
        j->source = named->name;
        j->source_why = "given";
        return HB_OK;
    }
    if (!is_auto(j->o)) {
        HB_TRY(hb_input_profile_find(j->os, j->o->profile_dir, j->o->source, &j->profile, err));
        j->has_profile = true;
        j->source = j->o->source;
        j->source_why = "given";
        return HB_OK;
    }
    j->source = j->format->name;
    j->source_why = j->format->why;
    if (strcmp(j->format->name, "xlsx") == 0) {
        return recognise_book(j, err);
    }
    return strcmp(j->format->name, "csv") == 0 ? recognise_columns(j, head, err) : HB_OK;
}

static hb_format_options format_options(const job *j)
{
    hb_format_options fo = {.sheet = j->o->sheet};
    if (j->has_profile) {
        fo.csv.delimiter = j->profile.delimiter;
        fo.csv.header = (hb_csv_header)j->profile.header;
        fo.csv.blanks_if_single = j->profile.single_column_blanks;
        fo.csv.rule = j->has_pba ? &j->pba.rule : NULL;
    }
    return fo;
}

static hb_status open_table(job *j, hb_table **ret, hb_error *err)
{
    if (j->has_profile && strcmp(j->profile.adapter, "pba_excel") == 0) {
        j->has_pba = true;
        HB_TRY(hb_pba_init(&j->profile, &j->pba, err));
    }
    hb_format_options fo = format_options(j);
    if (j->o->sheet && strcmp(j->format->name, "xlsx") != 0) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' has no sheets; --sheet belongs to workbooks",
                       j->path);
    }
    if (!j->has_pba || strcmp(j->format->name, "xlsx") != 0) {
        return j->format->open(j->os, j->stream, &fo, ret, err);
    }
    HB_TRY(hb_pba_book_open(&j->pba, j->stream, j->o->sheet, ret, err));
    return *ret ? HB_OK
                : HB_FAIL(err, HB_E_INPUT,
                          "'%s' has no visible sheet with a metric and a value column", j->path);
}

static hb_status read_table(job *j, hb_error *err)
{
    hb_layout_options lo = {
        .profile = j->has_profile ? &j->profile : NULL,
        .progress = j->o->progress,
        .progress_ctx = j->o->progress_ctx,
        .stream = j->stream,
    };
    struct stat st;
    lo.bytes_total = j->os->stat(j->path, &st) == 0 ? (uint64_t)st.st_size : 0;
    if (lo.bytes_total == 0 || lo.bytes_total > SMALL_BYTES) {
        HB_TRY(hb_pool_new(j->o->threads, &j->pool, err));
        lo.pool = j->pool;
    }
    HB_TRY(hb_ranges_parse(j->o->units, "--unit", &lo.units, err));
    HB_TRY(hb_ranges_parse(j->o->cycles, "--cycles", &lo.cycles, err));
    hb_table *t = NULL;
    HB_TRY(open_table(j, &t, err));
    lo.pba = j->has_pba ? &j->pba : NULL;
    uint64_t rows = 0;
    hb_status status = hb_layout_read(t, j->path, &lo, j->b, &rows, err);
    t->ops->close(t);
    HB_TRY(status);
    uint64_t bytes = 0;
    char sha256[65];
    HB_TRY(hb_stream_digest(j->stream, &bytes, sha256, err));
    hb_run_builder_file_totals(j->b, bytes, rows, sha256);
    if (*hb_stream_compression(j->stream)) {
        HB_TRY(hb_run_builder_guess(j->b, "compression", hb_stream_compression(j->stream),
                                    "its first bytes", err));
    }
    return hb_run_builder_guess(j->b, "source", j->source, j->source_why, err);
}

static hb_status run_job(job *j, hb_error *err)
{
    HB_TRY(hb_stream_open(j->os, j->path, &j->stream, err));
    HB_TRY(choose(j, err));
    if (j->has_profile) {
        hb_run_builder_default_reduce(j->b, j->profile.reduce);
    }
    return read_table(j, err);
}

static hb_status read_events(const job *j, const char *path, hb_error *err)
{
    char *events = NULL;
    if (strcmp(path, "-") == 0) {
        return HB_OK;
    }
    HB_TRY(hb_events_beside(j->os, path, &events, err));
    hb_status status = events ? hb_events_read(j->os, events, j->o, j->b, err) : HB_OK;
    hb_free(events);
    return status;
}

hb_status hb_ingest(const hb_os *os, const char *path, const hb_ingest_options *options,
                    hb_run_builder *b, const char **ret_source, hb_error *err)
{
    char *inner = NULL;
    job j = {.os = os, .path = path, .o = options, .b = b};
    if (hb_run_builder_has_file(b, path)) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' is given twice for one run", path);
    }
    if (strcmp(path, "-") != 0 && hb_path_is_dir(os, path)) {
        HB_TRY(hb_path_join(path, "metrics.csv", &inner, err));
        j.path = inner;
    }
    hb_status status = run_job(&j, err);
    hb_stream_close(j.stream);
    hb_pool_free(j.pool);
    if (status == HB_OK) {
        status = read_events(&j, path, err);
    }
    if (j.has_pba) {
        hb_pba_release(&j.pba);
    }
    if (j.has_profile) {
        hb_input_profile_release(&j.profile);
    }
    hb_free(inner);
    if (status == HB_OK) {
        *ret_source = j.source;
    }
    return status;
}
