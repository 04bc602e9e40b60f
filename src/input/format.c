/* SPDX-License-Identifier: Apache-2.0 */
#include "input/format.h"

#include "input/hdf5/hdf5.h"
#include "input/json/json.h"
#include "input/lvm/lvm.h"
#include "input/mat/mat.h"
#include "input/npy/header.h"
#include "input/npy/npy.h"
#include "input/sqlite/sqlite.h"
#include "input/xlsx/xlsx.h"

#include <string.h>

static bool any(hb_str head)
{
    (void)head;
    return true;
}

static hb_status open_csv(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                          hb_table **ret_table, hb_error *err)
{
    (void)os;
    hb_csv_options csv = options->csv;
    csv.units = options->units;
    return hb_csv_open(stream, &csv, ret_table, err);
}

static hb_status open_json(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                           hb_table **ret_table, hb_error *err)
{
    (void)os;
    (void)options;
    return hb_json_open(stream, ret_table, err);
}

static hb_status open_xlsx(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                           hb_table **ret_table, hb_error *err)
{
    (void)os;
    return hb_xlsx_open(stream, options->sheet, options->units, ret_table, err);
}

static hb_status open_npy(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                          hb_table **ret_table, hb_error *err)
{
    (void)os;
    (void)options;
    return hb_npy_open(stream, ret_table, err);
}

static hb_status open_npz(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                          hb_table **ret_table, hb_error *err)
{
    (void)os;
    return hb_npz_open(stream, options->member, ret_table, err);
}

static hb_status open_sqlite(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                             hb_table **ret_table, hb_error *err)
{
    const hb_sqlite_options o = {.query = options->query, .table = options->table};
    return hb_sqlite_open(os, stream, &o, ret_table, err);
}

static hb_status open_lvm(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                          hb_table **ret_table, hb_error *err)
{
    (void)os;
    return hb_lvm_open(stream, options->units, ret_table, err);
}

static hb_status open_mat(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                          hb_table **ret_table, hb_error *err)
{
    hb_remote_options o = {
        .program = options->program, .variable = options->variable, .units = options->units};
    return hb_mat_open(os, stream, &o, ret_table, err);
}

static hb_status open_hdf5(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                           hb_table **ret_table, hb_error *err)
{
    hb_remote_options o = {
        .program = options->program, .variable = options->variable, .units = options->units};
    return hb_hdf5_open(os, stream, &o, ret_table, err);
}

static const hb_format formats[] = {
    {"lvm", "it begins like a LabVIEW measurement file", hb_lvm_recognise, open_lvm},
    {"sqlite", "it begins like an SQLite database", hb_sqlite_recognise, open_sqlite},
    {"npy", "it begins like a NumPy array", hb_npy_recognise, open_npy},
    {"npz", "it is a zip of NumPy arrays", hb_npz_recognise, open_npz},
    {"xlsx", "it is a zip container", hb_xlsx_recognise, open_xlsx},
    {"mat", "it has the header of a MATLAB file", hb_mat_recognise, open_mat},
    {"hdf5", "it has the signature of HDF5", hb_hdf5_recognise, open_hdf5},
    {"json", "it starts like JSON", hb_json_recognise, open_json},
    {"csv", "text that is cut into fields", any, open_csv},
};

const hb_format *hb_format_of(hb_str head)
{
    size_t i = 0;
    while (!formats[i].recognise(head)) {
        i++;
    }
    return &formats[i];
}

const hb_format *hb_format_named(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}
