/* SPDX-License-Identifier: Apache-2.0 */
/* A time token (crypto/tsa.h) for a pack: asked for over the bytes of attestation.dsse.json, and
 * put beside it when it comes, as attestation.tsr. The machine that makes packs need reach no
 * authority: question and answer are files. docs/formats/time_token.md */
#ifndef HB_EVIDENCE_PACK_TIME_H
#define HB_EVIDENCE_PACK_TIME_H

#include "evidence/pack.h"

/* The TimeStampReq for a pack that is signed; replaces what is in out. HB_E_EVIDENCE when it is
 * not. A function of the attestation alone: it can be asked for again. */
HB_CHECKED hb_status hb_pack_time_query(const hb_os *os, const char *pack, hb_buf *out,
                                        hb_error *err);

/* A copy of the pack with the authority's answer in it, in the same form; everything else is byte
 * for byte what it was. HB_E_EVIDENCE: an answer that was not granted or is over other bytes, a
 * pack that has a token already or whose files are not those of its manifest. Who signed the token
 * is asked when the pack is verified. */
HB_CHECKED hb_status hb_pack_time_attach(const hb_os *os, const char *pack, hb_str response,
                                         const char *target, hb_time *ret_at, hb_error *err);

#endif
