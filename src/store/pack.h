/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs of a run, compressed: one byte says how (HB_PACK_PLAIN, HB_PACK_ZSTD), then the bytes. What
 * compression does not make smaller stays plain. A frame states its size; more than
 * HB_PACK_MAX_BYTES is refused before anything is allocated. */
#ifndef HB_STORE_PACK_H
#define HB_STORE_PACK_H

#include "base/buf.h"

enum { HB_PACK_PLAIN = 0, HB_PACK_ZSTD = 1, HB_PACK_MAX_BYTES = 16 << 20 };

typedef struct hb_packer hb_packer;

HB_CHECKED hb_status hb_packer_new(hb_packer **ret_packer, hb_error *err);
void hb_packer_free(hb_packer *p);
/* out is cleared first. */
HB_CHECKED hb_status hb_pack(hb_packer *p, hb_str plain, hb_buf *out, hb_error *err);
/* *ret_plain points into `packed` or into p and is valid until the next call. Bytes that hb_pack
 * cannot have written are HB_E_INPUT. */
HB_CHECKED hb_status hb_unpack(hb_packer *p, hb_str packed, hb_str *ret_plain, hb_error *err);

#endif
