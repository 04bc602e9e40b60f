/* SPDX-License-Identifier: Apache-2.0 */
/* JSON and JSON lines as a table. docs/formats/json.md
 *
 * Records are objects; their keys are columns in the order they first appear, nested objects
 * flattened with dots, short arrays with [i]. An array of records and JSON lines are streamed; any
 * other document is read whole (HB_JSON_MAX_DOCUMENT). A bad line of JSON lines is rejected and
 * counted; a bad document is HB_E_INPUT at file and line. */
#ifndef HB_INPUT_JSON_JSON_H
#define HB_INPUT_JSON_JSON_H

#include "input/table.h"

enum {
    HB_JSON_MAX_DOCUMENT = 64 << 20,
    HB_JSON_MAX_RECORD = 16 << 20,
    HB_JSON_MAX_DEPTH = 16,
    HB_JSON_MAX_ARRAY = 64,
};

HB_CHECKED hb_status hb_json_open(hb_stream *stream, hb_table **ret_table, hb_error *err);
/* Does text that starts like this look like JSON? */
bool hb_json_recognise(hb_str head);

#endif
