/* SPDX-License-Identifier: Apache-2.0 */
/* A CMS message of any size, read where it lies: what stands around the encrypted content, which is
 * small, for OpenSSL, and where the content is. OpenSSL itself would have the whole in memory, in
 * nearly four times its size. BER as RFC 5652 allows it, definite and indefinite lengths; content
 * in pieces of pieces, which nobody writes, is refused.
 *
 *     hb_cms_skim(&source, &around, &content, err)
 *     hb_cms_content_read(&source, &content, p, room, &n, err)     again and again; n = 0: the end
 */
#ifndef HB_CRYPTO_CMS_SKIM_H
#define HB_CRYPTO_CMS_SKIM_H

#include "crypto/cms.h"

enum { HB_CMS_AROUND_MAX = 1 << 20 };

typedef struct hb_cms_content {
    uint64_t at;     /* the next byte, or head of a piece */
    uint64_t left;   /* of the piece that is read */
    uint64_t end;    /* of the pieces */
    bool has_pieces; /* else it is one, which `left` counts */
} hb_cms_content;

/* `around`: the message as AuthEnvelopedData without its content, for d2i_CMS_ContentInfo. At most
 * HB_CMS_AROUND_MAX bytes (HB_E_LIMIT). HB_E_EVIDENCE: it is none, or not whole. */
HB_CHECKED hb_status hb_cms_skim(const hb_cms_source *source, hb_buf *around,
                                 hb_cms_content *ret_content, hb_error *err);
HB_CHECKED hb_status hb_cms_content_read(const hb_cms_source *source, hb_cms_content *c, void *p,
                                         size_t room, size_t *ret_n, hb_error *err);

#endif
