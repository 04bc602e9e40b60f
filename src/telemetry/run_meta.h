/* SPDX-License-Identifier: Apache-2.0 */
/* run_meta.json: who a run is and under which context it was made. docs/formats/run_meta.md */
#ifndef HB_TELEMETRY_RUN_META_H
#define HB_TELEMETRY_RUN_META_H

#include "base/arena.h"
#include "base/error.h"
#include "telemetry/run.h"

/* Strings go into the arena; absent ones become "". Unknown keys, duplicates and wrong types are
 * HB_E_INPUT with name:line:col. run_id may be absent ("" then). */
HB_CHECKED hb_status hb_run_meta_parse(hb_str text, const char *name, hb_arena *arena,
                                       hb_run_meta *ret_meta, hb_error *err);
/* All fields empty. */
void hb_run_meta_init(hb_run_meta *meta);
/* A run_id becomes a folder name: 1–128 of [A-Za-z0-9._-], not starting with '.' or '-'. */
HB_CHECKED hb_status hb_run_id_check(hb_str run_id, hb_error *err);

/* The field table, for the reference, the schema and the manual. */
const struct hb_field *hb_run_meta_fields(void);

#endif
