/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a pack's files: which may be, which of them can stand beside each other, in what order.
 */
#ifndef HB_EVIDENCE_PACK_NAMES_H
#define HB_EVIDENCE_PACK_NAMES_H

#include "evidence/pack.h"

#include "base/map.h"

/* Names that are together in one pack. Memory: about twice the names. */
typedef struct hb_pack_names {
    hb_arena arena;
    hb_map map; /* path or folder in small letters → place in known */
    struct hb_pack_name {
        const char *path; /* as it is written */
        bool folder;
    } * known;
    size_t n;
    size_t cap;
} hb_pack_names;

void hb_pack_names_init(hb_pack_names *names);
void hb_pack_names_release(hb_pack_names *names);
/* `code` when the path may not be, or not beside those that are there: the same, the same in other
 * letters' case, a file where another has a folder. */
HB_CHECKED hb_status hb_pack_names_add(hb_pack_names *names, const char *path, hb_status code,
                                       hb_error *err);

/* attestation.*: what signs the manifest and cannot be in it. */
bool hb_pack_is_signature(const char *path);
/* <0, 0, >0: order of a pack's files, by the bytes of the path, signatures behind all others. */
int hb_pack_order(const char *a, const char *b);

#endif
