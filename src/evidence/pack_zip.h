/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a pack's zip around its files (PKWARE APPNOTE 6.3.10): what the writer writes and
 * the reader compares with. Members are stored, one behind the other from the beginning of the
 * file; each header is a function of name, size, CRC-32 and place.
 *
 * 64-bit forms (sections 4.3.14, 4.3.15, 4.5.3) where a number does not fit into 32, nowhere else.
 */
#ifndef HB_EVIDENCE_PACK_ZIP_H
#define HB_EVIDENCE_PACK_ZIP_H

#include "base/buf.h"

enum {
    HB_PACK_ZIP_CENTRAL = 46, /* bytes before the name */
    HB_PACK_ZIP_LOCAL_MAX = 30 + 240 + 20,
    HB_PACK_ZIP_CENTRAL_MAX = 46 + 240 + 28,
    HB_PACK_ZIP_END = 22,
    HB_PACK_ZIP_LOCATOR = 20,
    HB_PACK_ZIP_END64 = 56,
    HB_PACK_ZIP_END_MAX = 22 + 20 + 56,
};
#define HB_PACK_ZIP_SIGN_LOCAL UINT32_C(0x04034b50)
#define HB_PACK_ZIP_SIGN_CENTRAL UINT32_C(0x02014b50)
#define HB_PACK_ZIP_SIGN_END UINT32_C(0x06054b50)
#define HB_PACK_ZIP_SIGN_END64 UINT32_C(0x06064b50)
#define HB_PACK_ZIP_SIGN_LOCATOR UINT32_C(0x07064b50)

typedef struct hb_pack_zip_member {
    const char *path;
    uint64_t size;
    uint64_t at; /* of its local header */
    uint32_t crc;
} hb_pack_zip_member;

/* Each appends. */
void hb_pack_zip_local(hb_buf *b, const hb_pack_zip_member *m);
void hb_pack_zip_central(hb_buf *b, const hb_pack_zip_member *m);
/* The directory: where it begins, how long it is, of how many files. */
void hb_pack_zip_end(hb_buf *b, uint64_t at, uint64_t size, uint64_t n);

/* Fields of a header as they are, for telling what is wrong with it. */
typedef struct hb_pack_zip_fields {
    uint32_t sign;
    uint16_t version, flags, method, time, date, name_len, extra_len, comment_len, disk;
    uint32_t crc, stored, size, attributes, at;
} hb_pack_zip_fields;

/* Why a header (directory or local one) is not the one that belongs to this member; NULL = none of
 * the known reasons. */
const char *hb_pack_zip_differs(const hb_pack_zip_fields *f, const hb_pack_zip_member *expected);
hb_pack_zip_fields hb_pack_zip_read_central(const void *p, size_t n);
hb_pack_zip_fields hb_pack_zip_read_local(const void *p, size_t n);

#endif
