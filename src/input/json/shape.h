/* SPDX-License-Identifier: Apache-2.0 */
/* Which records a whole JSON document holds: a list below "metrics" or the one list of records in
 * it, columns of equal length, a map of metric names, or one record. Inside json/.
 * docs/formats/json.md */
#ifndef HB_INPUT_JSON_SHAPE_H
#define HB_INPUT_JSON_SHAPE_H

#include <jansson.h>

/* The document as a list of records, a new reference; NULL when memory ran out. Takes over v.
 * *ret_shape: constant text saying what was recognised. */
json_t *hb_json_records(json_t *v, const char **ret_shape);

#endif
