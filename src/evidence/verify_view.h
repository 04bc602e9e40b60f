/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of hb_verify for people and for programs; the same for hb and hb-verify. */
#ifndef HB_EVIDENCE_VERIFY_VIEW_H
#define HB_EVIDENCE_VERIFY_VIEW_H

#include "evidence/verify.h"

/* A line for each answer and a sentence at the end; only the sentence with `brief`. What comes from
 * the pack is made fit for a terminal. Lines are broken at blanks so that none passes `width`
 * columns, 0: as long as they are, for programs that look for a line. */
void hb_verified_text(const hb_verified *v, const char *pack, bool colour, bool brief, size_t width,
                      hb_buf *out);
/* schemas/verify.schema.json, docs/formats/verify.md */
HB_CHECKED hb_status hb_verified_json(const hb_verified *v, const char *pack, hb_buf *out,
                                      hb_error *err);

#endif
