/* SPDX-License-Identifier: Apache-2.0 */
/* A table of the columns that a profile picks from another table, whatever its format: found by
 * header, or by place where the file has no header; one column of the file may be picked several
 * times; figures may become 0 and 1 by a threshold. Layouts then see exactly the profile's columns.
 */
#ifndef HB_INPUT_PICK_H
#define HB_INPUT_PICK_H

#include "input/profile.h"
#include "input/table.h"

/* Puts the picking table on top of *io, which it owns from then on; a profile that picks nothing
 * leaves *io as it is. Optional columns that the file lacks are taken out of the profile. On
 * failure *io is closed and NULL. A needed column that is missing is HB_E_INPUT, for formats that
 * learn their columns late (JSON) at the first next(). */
HB_CHECKED hb_status hb_pick_open(const char *path, hb_input_profile *profile, hb_table **io,
                                  hb_error *err);

#endif
