/* SPDX-License-Identifier: Apache-2.0 */
#include "input/opening.h"

#include "input/layout.h"
#include "input/pick.h"
#include "input/watch.h"
#include "input/xlsx/xlsx.h"

#include <string.h>

enum { HEAD_BYTES = 1 << 16 };

static bool is_auto(const hb_ingest_options *o)
{
    return !o->source || strcmp(o->source, "auto") == 0;
}

/* Rows of numbers cut by blanks, without a header: does a profile know that many columns? */
static hb_status recognise_columns(hb_opening *j, hb_str head, hb_error *err)
{
    static const char *const candidates[] = {"cmapss_fd001"};
    hb_csv_dialect d;
    if (!memchr(head.p, ' ', head.n) && !memchr(head.p, '\t', head.n)) {
        return HB_OK;
    }
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
/* Another sheet with a time is what the workbook is about; the metric table is its settings. */
static hb_status main_sheet_has_time(const hb_pba *pba, bool *ret, hb_error *err)
{
    size_t sheet = SIZE_MAX;
    hb_table *t = NULL;
    *ret = false;
    HB_TRY(hb_xlsx_main_sheet(&pba->package, &pba->workbook, &sheet, err));
    if (sheet == SIZE_MAX) {
        return HB_OK;
    }
    HB_TRY(hb_xlsx_sheet_open(&pba->package, &pba->workbook, sheet, NULL, &t, err));
    *ret = hb_layout_has_time(t);
    t->ops->close(t);
    return HB_OK;
}

static hb_status recognise_book(hb_opening *j, hb_error *err)
{
    hb_stream *stream = NULL;
    hb_table *t = NULL;
    hb_pba pba = {0};
    if (strcmp(j->path, "-") == 0 || j->o->sheet) {
        return HB_OK;
    }
    HB_TRY(hb_input_profile_find(j->os, j->o->profile_dir, "pba_excel", &j->profile, err));
    hb_status status = hb_stream_open_member(j->os, j->path, j->o->member, &stream, err);
    if (status == HB_OK) {
        status = hb_pba_init(&j->profile, &pba, err);
    }
    if (status == HB_OK) {
        status = hb_pba_book_open(&pba, stream, NULL, &t, err);
    }
    bool timed = t && hb_layout_has_time(t);
    if (status == HB_OK && t && !timed) {
        status = main_sheet_has_time(&pba, &timed, err);
    }
    if (status == HB_OK && t && !timed) {
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

static hb_status choose(hb_opening *j, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(j->stream, HEAD_BYTES, &head, err));
    j->format = hb_format_of(head);
    if (j->o->profile) {
        HB_TRY(hb_input_profile_read(j->os, j->o->profile, &j->profile, err));
        j->has_profile = true;
        j->source = hb_path_base(j->o->profile);
        j->source_why = "the profile given";
        return HB_OK;
    }
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

static const char *sheet_of(const hb_opening *j)
{
    return j->o->sheet                                                ? j->o->sheet
           : j->has_profile && j->profile.pinned && *j->profile.sheet ? j->profile.sheet
                                                                      : NULL;
}

static hb_format_options format_options(const hb_opening *j, hb_units *units)
{
    hb_format_options fo = {
        .sheet = sheet_of(j),
        .member = hb_stream_took_member(j->stream) ? NULL : j->o->member,
        .query = j->o->query,
        .table = j->o->table,
        .variable = j->o->variable,
        .program = j->o->program,
        .units = units,
    };
    if (j->has_profile) {
        fo.csv.delimiter = j->profile.delimiter;
        fo.csv.header = (hb_csv_header)j->profile.header;
        fo.csv.blanks_if_single = j->profile.single_column_blanks;
        fo.csv.rule = j->has_pba ? &j->pba.rule : NULL;
    }
    return fo;
}

/* An option for another format is a slip, never ignored. */
static hb_status check_options(const hb_opening *j, const hb_format_options *fo, hb_error *err)
{
    const struct {
        const char *given;
        const char *format;
        const char *also;
        const char *words;
    } rows[] = {
        {fo->sheet, "xlsx", NULL, "has no sheets; --sheet belongs to workbooks"},
        {fo->member, "npz", NULL, "is no container; --member belongs to .zip and .npz files"},
        {fo->query, "sqlite", NULL, "is no database; --query belongs to SQLite files"},
        {fo->table, "sqlite", NULL, "is no database; --table belongs to SQLite files"},
        {fo->variable, "mat", "hdf5",
         "has no variables; --variable belongs to MATLAB and HDF5 files"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool fits = strcmp(j->format->name, rows[i].format) == 0 ||
                    (rows[i].also && strcmp(j->format->name, rows[i].also) == 0);
        if (rows[i].given && !fits) {
            return HB_FAIL(err, HB_E_USAGE, "'%s' %s", j->path, rows[i].words);
        }
    }
    return HB_OK;
}

static hb_status open_table(hb_opening *j, hb_units *units, hb_table **ret, hb_error *err)
{
    if (j->has_profile && strcmp(j->profile.adapter, "pba_excel") == 0) {
        j->has_pba = true;
        HB_TRY(hb_pba_init(&j->profile, &j->pba, err));
    }
    hb_format_options fo = format_options(j, units);
    HB_TRY(check_options(j, &fo, err));
    if (!j->has_pba || strcmp(j->format->name, "xlsx") != 0) {
        HB_TRY(j->format->open(j->os, j->stream, &fo, ret, err));
        return j->has_profile ? hb_pick_open(j->path, &j->profile, ret, err) : HB_OK;
    }
    HB_TRY(hb_pba_book_open(&j->pba, j->stream, j->o->sheet, ret, err));
    return *ret ? HB_OK
                : HB_FAIL(err, HB_E_INPUT,
                          "'%s' has no visible sheet with a metric and a value column", j->path);
}

/* Takes over `inner`. */
static hb_status watch_table(hb_opening *j, hb_table *inner, hb_units *units,
                             const hb_run_builder *builder, hb_select *select, hb_error *err)
{
    bool fixed = j->has_profile && j->profile.n_columns && !j->profile.pinned;
    hb_watch_options wo = {
        .path = j->path,
        .units = units,
        .order = j->o->order,
        .ambiguous_is_fine = j->o->ambiguous_is_fine,
        .pinned = j->has_profile && j->profile.pinned ? &j->profile : NULL,
        .reading = j->o->reading,
        .select = select,
        .told = {.profile = fixed ? &j->profile : NULL, .builder = builder},
    };
    return hb_watch_open(inner, &wo, &j->table, err);
}

hb_status hb_opening_start(const hb_os *os, const char *path, const hb_ingest_options *options,
                           hb_units *units, const hb_run_builder *builder, hb_select *select,
                           hb_opening *io, hb_error *err)
{
    hb_table *inner = NULL;
    *io = (hb_opening){.os = os, .path = path, .o = options};
    HB_TRY(hb_stream_open_member(os, path, options->member, &io->stream, err));
    HB_TRY(choose(io, err));
    HB_TRY(open_table(io, units, &inner, err));
    return watch_table(io, inner, units, builder, select, err);
}

void hb_opening_end(hb_opening *io)
{
    if (io->table) {
        io->table->ops->close(io->table);
    }
    if (io->has_pba) {
        hb_pba_release(&io->pba);
    }
    if (io->has_profile) {
        hb_input_profile_release(&io->profile);
    }
    hb_stream_close(io->stream);
    *io = (hb_opening){0};
}
