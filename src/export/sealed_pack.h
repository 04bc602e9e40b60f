/* SPDX-License-Identifier: Apache-2.0 */
/* A pack that is written encrypted. It is made in memory (/dev/shm, checked to be a tmpfs; HB_E_IO
 * where there is none), and nothing readable comes onto a disk. docs/formats/encryption.md
 *
 *     hb_seal_create(os, target, &how, &seal, err)      first: who it is for is wrong before the
 *                                                       work, not after it
 *     hb_export_sealed(&ask, seal, &arena, &done, err)  ask.target is not used
 *     hb_seal_free(seal) */
#ifndef HB_EXPORT_SEALED_PACK_H
#define HB_EXPORT_SEALED_PACK_H

#include "crypto/sealed.h"
#include "export/export.h"

/* The zip of `ask` into the seal, which is finished. Signals that end the program wait meanwhile.
 */
HB_CHECKED hb_status hb_export_sealed(const hb_export_ask *ask, hb_seal *seal, hb_arena *arena,
                                      hb_exported *ret, hb_error *err);
/* Copies a file into the seal, and finishes it. */
HB_CHECKED hb_status hb_seal_file(const hb_os *os, const char *path, hb_seal *seal, hb_error *err);

#endif
