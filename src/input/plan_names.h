/* SPDX-License-Identifier: Apache-2.0 */
/* What a column is called in a run, and the unit its figures are in. "Temp [°C]" under the group
 * "Inverter A" is metric "Inverter A / Temp" in degC. The written name stays whole where the metric
 * registry knows it as it stands, and where its unit would be told by a habit alone (Load_N).
 *
 * The unit is that of the cells, else of the units row, else of the header. */
#ifndef HB_INPUT_PLAN_NAMES_H
#define HB_INPUT_PLAN_NAMES_H

#include "base/map.h"
#include "input/plan.h"
#include "telemetry/run_builder.h"

typedef struct hb_plan_name {
    hb_str metric; /* unique among the columns, never empty */
    hb_str unit;   /* UDUNITS text, or as written when it is none that is known; "" = none */
} hb_plan_name;

/* The part of the header that names the column: without its unit where the header states one for
 * certain. Borrowed from column and look; look may be NULL (nothing is known but what is written).
 */
hb_str hb_plan_label(const hb_column *column, const hb_column_look *look);

/* Does `text` name the column, by its unique name, as written, or by the label that is shown, alone
 * or under its group ("Inverter A / Temp")? same: equality, or a pattern's match. */
bool hb_plan_is_called(const hb_column *column, const hb_column_look *look, hb_str text,
                       bool (*same)(hb_str text, hb_str name));

/* Names columns from `from` on into io_names[from …]. builder: does its registry know the written
 * name? taken: the names given so far, kept by the caller. Texts in the arena or borrowed from the
 * columns. */
HB_CHECKED hb_status hb_plan_names(const hb_plan *plan, const hb_column *columns,
                                   const hb_column_look *looks, size_t from,
                                   const hb_run_builder *builder, hb_map *taken, hb_arena *arena,
                                   hb_plan_name *io_names, hb_error *err);

#endif
