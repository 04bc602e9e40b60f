/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a pack's documents with the salts of their commitments: for somebody who has the pack
 * with them hidden and may see them after all. docs/formats/disclosure.md
 *
 *     hb_disclose(by, text, &secret, "run.json", "/meta/build_id", arena, &d.texts[0], err)
 *     hb_disclosure_json(&d, out, err)  …  hb_disclosure_read(text, arena, &d, err)
 *     hb_disclosure_check(by, &d.texts[0], &redaction, err) */
#ifndef HB_EVIDENCE_DISCLOSURE_H
#define HB_EVIDENCE_DISCLOSURE_H

#include "evidence/redaction.h"

enum { HB_DISCLOSED_MAX = 1000, HB_DISCLOSURE_MAX = 16 << 20 };

typedef struct hb_disclosed {
    const char *document;
    size_t index;
    const char *pointer;
    hb_commit32 salt;
    hb_str text; /* a NUL behind it */
} hb_disclosed;

typedef struct hb_disclosure {
    const char *case_id;
    hb_disclosed *texts;
    size_t n_texts;
} hb_disclosure;

/* From a document of an original. HB_E_USAGE when there is no text at that pointer. */
HB_CHECKED hb_status hb_disclose(hb_committer *by, hb_str text, const hb_commit32 *secret,
                                 const char *document, const char *pointer, hb_arena *arena,
                                 hb_disclosed *ret, hb_error *err);
/* Canonical JSON; replaces what is in out. */
HB_CHECKED hb_status hb_disclosure_json(const hb_disclosure *d, hb_buf *out, hb_error *err);
/* Strictly: HB_E_EVIDENCE. */
HB_CHECKED hb_status hb_disclosure_read(hb_str text, hb_arena *arena, hb_disclosure *ret,
                                        hb_error *err);
/* Is it what was committed to of a text that is hidden here? HB_E_EVIDENCE. */
HB_CHECKED hb_status hb_disclosure_check(hb_committer *by, const hb_disclosed *d,
                                         const hb_redaction *r, hb_error *err);

#endif
