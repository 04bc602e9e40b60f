/* SPDX-License-Identifier: Apache-2.0 */
/* Hiding fields in the documents of a pack. Inside export/.
 *
 *     hb_hiding_init(&h, profile, &secret, arena)
 *     hb_hiding_collect(&h, path, text, err)          run.json, baseline/run.json, reference.json:
 *                                                     which values the fields have
 *     hb_hiding_name(&h, err)                         a token for each
 *     hb_hiding_rewrite(&h, path, text, &out, err)    the document with tokens in their places
 *     hb_hiding_differences(…)                        which texts are other ones
 *     hb_hiding_search(&h, path, text, err)           is a hidden value left anywhere?
 *     hb_hiding_release(&h)
 *
 * Equal values of a field get equal tokens and different ones different tokens, so that what is
 * decided by whether two are the same is decided the same. */
#ifndef HB_EXPORT_REDACT_HIDE_H
#define HB_EXPORT_REDACT_HIDE_H

#include "base/map.h"
#include "evidence/leaves.h"
#include "evidence/redaction.h"
#include "export/redact_policy.h"

enum { HB_HIDING_VALUES_MAX = 200000, HB_HIDING_SEARCHED = 3 /* bytes, at least */ };

typedef struct hb_hiding_value {
    const hb_redact_rule *rule;
    hb_str text;
    const char *token;
} hb_hiding_value;

typedef struct hb_hiding {
    const hb_redact_profile *profile;
    const hb_commit32 *secret;
    hb_arena *arena;
    hb_map map; /* rule and value → place in values */
    hb_hiding_value *values;
    size_t n;
    size_t cap;
    size_t *longest; /* places in values, the longest first: what contains another goes first */
} hb_hiding;

void hb_hiding_init(hb_hiding *h, const hb_redact_profile *profile, const hb_commit32 *secret,
                    hb_arena *arena);
void hb_hiding_release(hb_hiding *h);
/* HB_E_USAGE: a run without the digest of a recording, whose own digest would let a hidden value be
 * guessed. */
HB_CHECKED hb_status hb_hiding_collect(hb_hiding *h, const char *path, hb_str text, hb_error *err);
/* HB_E_USAGE when a rule hides nothing anywhere. */
HB_CHECKED hb_status hb_hiding_name(hb_hiding *h, hb_error *err);
HB_CHECKED hb_status hb_hiding_rewrite(hb_hiding *h, const char *path, hb_str text, hb_buf *out,
                                       hb_error *err);
/* HB_E_USAGE when the figures or keys differ, or a text that cannot be hidden. */
HB_CHECKED hb_status hb_hiding_differences(const hb_hiding *h, const char *path, hb_str was,
                                           hb_str is, hb_opened *ret, hb_error *err);
/* HB_E_USAGE, naming the field, the file and the place. */
HB_CHECKED hb_status hb_hiding_search(const hb_hiding *h, const char *path, hb_str text,
                                      hb_error *err);

/* For the files of this room: the place of a value in a text from `from` on, SIZE_MAX = none. Short
 * values count as words only, since they stand in many words by chance. */
size_t hb_hiding_find(hb_str text, size_t from, hb_str value);

/* The field of a leaf. `name` is what was noted: the factor or the field of the context whose value
 * it is. */
const hb_redact_rule *hb_hiding_rule_of(const hb_hiding *h, const hb_leaves *w, const hb_leaf *leaf,
                                        hb_str name);
/* To be called with each leaf: keeps a name until its value comes. */
void hb_hiding_note(const hb_leaves *w, const hb_leaf *leaf, hb_str *io_name);

#endif
