/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a canonical JSON document, one after the other, with their place in it.
 *
 *     hb_leaves_init(&w, text);
 *     while (hb_leaves_next(&w, &leaf)) { … }     w.bad: it is no canonical JSON that far
 *
 * A leaf is a value that is a string; keys, numbers, true, false and null are structure. Nothing is
 * checked beyond what finding them needs: who reads the document checks the rest. */
#ifndef HB_EVIDENCE_LEAVES_H
#define HB_EVIDENCE_LEAVES_H

#include "base/buf.h"

enum { HB_LEAVES_DEPTH = 32 };

typedef struct hb_leaf {
    size_t index;
    hb_str raw; /* between the quotes, escapes as they are */
} hb_leaf;

typedef struct hb_leaves {
    const char *begin;
    const char *p;
    const char *end;
    size_t n; /* leaves so far */
    int depth;
    struct {
        bool is_array;
        size_t at;  /* element of an array */
        hb_str key; /* of an object, raw */
    } level[HB_LEAVES_DEPTH];
    bool bad;
} hb_leaves;

void hb_leaves_init(hb_leaves *w, hb_str text);
bool hb_leaves_next(hb_leaves *w, hb_leaf *ret);
/* JSON pointer (RFC 6901) of the leaf that was returned last; added to out. */
void hb_leaves_pointer(const hb_leaves *w, hb_buf *out);
/* Its text with the escapes undone; added to out. */
void hb_leaf_text(const hb_leaf *leaf, hb_buf *out);

#endif
