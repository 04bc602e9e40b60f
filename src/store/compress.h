/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs of a run, compressed: one byte says how (HB_COMPRESS_PLAIN, HB_COMPRESS_ZSTD), then the
 * bytes. What compression does not make smaller stays plain. A frame states its size; more than
 * HB_COMPRESS_MAX_BYTES is refused before anything is allocated. */
#ifndef HB_STORE_COMPRESS_H
#define HB_STORE_COMPRESS_H

#include "base/buf.h"

enum { HB_COMPRESS_PLAIN = 0, HB_COMPRESS_ZSTD = 1, HB_COMPRESS_MAX_BYTES = 16 << 20 };

typedef struct hb_compressor hb_compressor;

HB_CHECKED hb_status hb_compressor_new(hb_compressor **ret_compressor, hb_error *err);
void hb_compressor_free(hb_compressor *p);
/* out is cleared first. */
HB_CHECKED hb_status hb_compress(hb_compressor *p, hb_str plain, hb_buf *out, hb_error *err);
/* *ret_plain points into `packed` or into p and is valid until the next call. Bytes that
 * hb_compress cannot have written are HB_E_INPUT. */
HB_CHECKED hb_status hb_decompress(hb_compressor *p, hb_str packed, hb_str *ret_plain,
                                   hb_error *err);

#endif
