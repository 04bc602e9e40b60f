/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON value as a tree, made by either of two parsers, and what it means: private to source/.
 *
 * Scalars are kept as text whether they stood in quotes or not, because "12.5" and 12.5 mean the
 * same here; numbers are read by base/num. */
#ifndef HB_SOURCE_PAYLOAD_JSON_H
#define HB_SOURCE_PAYLOAD_JSON_H

#include "source/payload.h"

typedef enum hb_jkind {
    HB_J_NULL,
    HB_J_TRUE,
    HB_J_FALSE,
    HB_J_TEXT,
    HB_J_OBJECT,
    HB_J_ARRAY
} hb_jkind;

typedef struct hb_jvalue hb_jvalue;

struct hb_jvalue {
    hb_jkind kind;
    hb_key_role role; /* of the key */
    hb_str key;       /* in an object */
    hb_str text;      /* HB_J_TEXT */
    const hb_jvalue *kids;
    size_t n; /* kids */
};

enum { HB_JSON_FLAT_MEMBERS = 32 };

/* The hot path: an object of scalars at *p, without escapes, blanks between tokens or not. On true
 * `members` (HB_JSON_FLAT_MEMBERS of them) and *ret hold it and *p is behind it; false says nothing
 * about the text but that the other parser must look. Where it is true, both give the same. */
bool hb_json_flat(const char **p, const char *end, hb_jvalue *members, hb_jvalue *ret);

/* The hot path of batches: an array of such objects at p, at least one. On true *ret_end is behind
 * it; its objects are then taken one by one with hb_json_flat. */
bool hb_json_flat_array(const char *p, const char *end, const char **ret_end);

/* Anything: through jansson. *ret is NULL and *ret_bad set for what is no JSON. The tree is valid
 * until hb_json_any_end. */
typedef struct hb_json_any {
    void *document;
} hb_json_any;
hb_status hb_json_any_read(hb_json_any *a, hb_decoder *d, const char **p, const char *end,
                           const hb_jvalue **ret, const char **ret_bad, hb_error *err);
void hb_json_any_end(hb_json_any *a);

/* What a value says, in samples. Reasons that it says nothing go to e->bad. */
hb_status hb_json_samples(hb_emit *e, const hb_jvalue *v, hb_error *err);

/* The same for what hb_json_flat_array found, [p, end). */
hb_status hb_json_array_samples(hb_emit *e, const char *p, const char *end, hb_error *err);

/* hb_payload_json with the hot path switched off: for the test that both give the same. */
hb_status hb_payload_json_with(hb_decoder *d, const hb_record *record, bool flat,
                               hb_live_sample_fn fn, void *ctx, const char **ret_bad,
                               hb_error *err);

#endif
