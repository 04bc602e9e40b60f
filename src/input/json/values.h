/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to successive JSON values. Inside json/. */
#ifndef HB_INPUT_JSON_VALUES_H
#define HB_INPUT_JSON_VALUES_H

#include "input/stream.h"

#include <jansson.h>

typedef struct hb_json_bytes {
    hb_stream *stream;
    const char *path;
    char *p;
    size_t n;
    size_t cap;
    size_t at;
    bool end;
    uint64_t line; /* of p[at] */
    size_t max;    /* longest value accepted */
} hb_json_bytes;

void hb_json_bytes_release(hb_json_bytes *b);
/* More bytes behind what is there; false at the end of the file. */
HB_CHECKED hb_status hb_json_bytes_more(hb_json_bytes *b, bool *ret_more, hb_error *err);
/* Skips blanks; *ret = the next byte, 0 at the end. */
HB_CHECKED hb_status hb_json_bytes_peek(hb_json_bytes *b, char *ret, hb_error *err);
void hb_json_bytes_skip(hb_json_bytes *b, size_t n);
/* The extent of the value that starts at p[at]; HB_E_INPUT when the file ends inside it. */
HB_CHECKED hb_status hb_json_bytes_value(hb_json_bytes *b, hb_str *ret, hb_error *err);
/* The line that starts at p[at], without its end; *ret_whole = bytes to skip, the end included. */
HB_CHECKED hb_status hb_json_bytes_line(hb_json_bytes *b, hb_str *ret, size_t *ret_whole,
                                        hb_error *err);

/* One value; NULL with the reason when it is none. Bare NaN and Infinity, as Python writes them,
 * are read as the texts "NaN" and "Infinity". */
json_t *hb_json_value(hb_str text, json_error_t *why);

#endif
