/* SPDX-License-Identifier: Apache-2.0 */
/* HDF5 files (NetCDF-4 among them) as a table. docs/formats/hdf5.md
 *
 * Read by the HDF5 library in a sandboxed child; options->variable chooses the dataset or group. */
#ifndef HB_INPUT_HDF5_HDF5_H
#define HB_INPUT_HDF5_HDF5_H

#include "input/child/remote.h"
#include "input/child/serve.h"
#include "input/table.h"

bool hb_hdf5_recognise(hb_str head);
HB_CHECKED hb_status hb_hdf5_open(const hb_os *os, hb_stream *stream,
                                  const hb_remote_options *options, hb_table **ret_table,
                                  hb_error *err);

/* For hb_read_child. */
extern const hb_child_reader hb_hdf5_child;

#endif
