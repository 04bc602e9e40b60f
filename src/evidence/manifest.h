/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.json as text: canonical JSON of the case and of every file. Inside evidence/. */
#ifndef HB_EVIDENCE_MANIFEST_H
#define HB_EVIDENCE_MANIFEST_H

#include "evidence/pack.h"

#define HB_MANIFEST_FORMAT "hb-evidence-pack/1"

/* Files in the pack's order. HB_E_USAGE for a case id that is empty, too long, no UTF-8 or has
 * control characters. */
HB_CHECKED hb_status hb_manifest_json(const char *case_id, const hb_pack_file *files, size_t n,
                                      hb_buf *out, hb_error *err);

#endif
