/* SPDX-License-Identifier: Apache-2.0 */
/* The decision as canonical JSON (RFC 8785): docs/formats/decision.md,
 * schemas/decision.schema.json. Its parts are for other documents too: each writes one object, keys
 * ascending, where a value is due. Figures of layers 2 and 3 that are not finite are left out. */
#ifndef HB_DECIDE_DECISION_JSON_H
#define HB_DECIDE_DECISION_JSON_H

#include "base/json_write.h"
#include "decide/decision.h"

HB_CHECKED hb_status hb_decision_json(const hb_decision *d, hb_buf *out, hb_error *err);

/* One metric, run against set; of one that was tested. */
void hb_decision_json_test(hb_json *j, const hb_run_test *t);
/* That as member "test", or why there is none as "untested". */
void hb_decision_json_tested(hb_json *j, const hb_run_test *t);
/* Of the run as a whole, with the sets and the open suspicions it was made from. */
void hb_decision_json_statistics(hb_json *j, const hb_decision *d);

/* Of a live window: layer 4 and the window itself (decide/live.h). */
void hb_decision_json_live(hb_json *j, const struct hb_live_statistics *s);

/* The layers that took part, as documents name them. Returns how many. */
enum { HB_LAYERS_MAX = 4 };
size_t hb_decision_layers(const hb_decision *d, const char *ret_layers[HB_LAYERS_MAX]);

bool hb_run_tested(const hb_run_test *t); /* the metric took part in layer 2 */

const char *hb_direction_name(hb_direction d); /* "up", "down", "none" */

#endif
