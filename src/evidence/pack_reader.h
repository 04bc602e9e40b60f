/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's parts: what is in a pack and where, from a zip or a folder. Inside evidence/. */
#ifndef HB_EVIDENCE_PACK_READER_H
#define HB_EVIDENCE_PACK_READER_H

#include "evidence/pack.h"

typedef struct hb_pack_place {
    uint64_t at; /* of its first byte, in the zip */
    uint32_t crc;
} hb_pack_place;

struct hb_pack_reader {
    const hb_os *os;
    hb_arena arena; /* everything below */
    const char *path;
    bool folder;
    int fd; /* of the zip; -1 = none */
    hb_pack_file *files;
    size_t n;
    size_t cap;
    hb_pack_place *places; /* of a zip */
};

/* r->fd is open, r->path names it. */
HB_CHECKED hb_status hb_pack_list_zip(hb_pack_reader *r, hb_error *err);
HB_CHECKED hb_status hb_pack_list_folder(hb_pack_reader *r, hb_error *err);
/* n bytes at this place of the zip, or HB_E_EVIDENCE; `what` is for the message. */
HB_CHECKED hb_status hb_pack_bytes_at(const hb_pack_reader *r, uint64_t at, void *p, size_t n,
                                      const char *what, hb_error *err);

#endif
