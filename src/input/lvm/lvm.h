/* SPDX-License-Identifier: Apache-2.0 */
/* LabVIEW measurement files (.lvm, versions 1 and 2) as a table. docs/formats/lvm.md
 *
 * Segments follow one another as rows; channels are columns by name. Where no X column was saved it
 * is made from X0 and Delta_X. X counts from the start stamp of its segment, as written: with
 * several segments it may begin again. Special blocks are left out and counted. */
#ifndef HB_INPUT_LVM_LVM_H
#define HB_INPUT_LVM_LVM_H

#include "input/table.h"
#include "telemetry/units.h"

/* units: for what the header states over the channels; may be NULL. */
HB_CHECKED hb_status hb_lvm_open(hb_stream *stream, hb_units *units, hb_table **ret_table,
                                 hb_error *err);
bool hb_lvm_recognise(hb_str head);

#endif
