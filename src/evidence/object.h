/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of JSON objects of a pack: each member is asked for once, and what nobody asked
 * for is an error, so that a document cannot say more than was looked at.
 *
 *     json_t *root;
 *     hb_object_parse(text, "log/entry.json", &root, err)       free with json_decref
 *     hb_object o = hb_object_of(root, "log/entry.json");
 *     hb_object_text(&o, "case", &text, err)                    borrowed from the root
 *     hb_object_end(&o, err)
 *
 * Every failure is HB_E_EVIDENCE and names file and member. */
#ifndef HB_EVIDENCE_OBJECT_H
#define HB_EVIDENCE_OBJECT_H

#include "base/error.h"
#include "base/str.h"

#include <jansson.h>

typedef struct hb_object {
    const json_t *json;
    const char *where; /* file, or file and member, for messages */
    size_t n_seen;
} hb_object;

/* An object, no member twice, nothing after it. */
HB_CHECKED hb_status hb_object_parse(hb_str text, const char *where, json_t **ret_root,
                                     hb_error *err);
hb_object hb_object_of(const json_t *json, const char *where);
HB_CHECKED hb_status hb_object_text(hb_object *o, const char *key, const char **ret, hb_error *err);
/* A text that must be `is`. */
HB_CHECKED hb_status hb_object_is(hb_object *o, const char *key, const char *is, hb_error *err);
/* 64 lower-case hex digits (128 for HB_OBJECT_SHA512). */
enum { HB_OBJECT_SHA256 = 64, HB_OBJECT_SHA512 = 128 };
HB_CHECKED hb_status hb_object_digest(hb_object *o, const char *key, size_t n_hex, const char **ret,
                                      hb_error *err);
/* An integer of 0 or more; beyond 2^53 it may stand as a text of digits (json_write.h). */
HB_CHECKED hb_status hb_object_u64(hb_object *o, const char *key, uint64_t *ret, hb_error *err);
HB_CHECKED hb_status hb_object_list(hb_object *o, const char *key, size_t max, const json_t **ret,
                                    hb_error *err);
HB_CHECKED hb_status hb_object_object(hb_object *o, const char *key, hb_object *ret, hb_error *err);
/* Whether there is such a member; asking does not count as reading it. */
bool hb_object_has(const hb_object *o, const char *key);
HB_CHECKED hb_status hb_object_end(const hb_object *o, hb_error *err);

bool hb_is_hex(const char *text, size_t n);

#endif
