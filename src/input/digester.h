/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of bytes as they are read: at once, or with a pool on another thread, a buffer behind the
 * reader. Inside input/. */
#ifndef HB_INPUT_DIGESTER_H
#define HB_INPUT_DIGESTER_H

#include "crypto/digest.h"
#include "os/pool.h"

typedef struct hb_digester hb_digester;

HB_CHECKED hb_status hb_digester_new(hb_digester **ret, hb_error *err);
void hb_digester_free(hb_digester *d);
/* From now on; the pool is borrowed until hb_digester_hex or _free. Takes 2 MiB when first used. */
void hb_digester_use(hb_digester *d, hb_pool *pool);
/* p may be changed afterwards. */
HB_CHECKED hb_status hb_digester_add(hb_digester *d, const void *p, size_t n, hb_error *err);
/* Once, at the end. */
HB_CHECKED hb_status hb_digester_hex(hb_digester *d, char ret_hex[HB_DIGEST_HEX], hb_error *err);

#endif
