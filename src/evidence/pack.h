/* SPDX-License-Identifier: Apache-2.0 */
/* The container of an evidence pack: a zip or a folder of named files with a manifest of all of
 * them. Equal files give equal bytes. docs/formats/evidence_pack.md
 *
 * Writing: create, put in any order, manifest, signatures, finish; what is not finished leaves
 * nothing behind (os/fresh.h). A pack is for its owner alone: 0600, a folder 0700.
 *
 *     hb_pack_create(os, target, form, &w, err)
 *     hb_pack_put(w, "decision.json", p, n, err)  /  hb_pack_put_file(w, "raw/0/a.csv", path, …)
 *     hb_pack_put_manifest(w, case_id, &manifest, err)   afterwards only signatures
 *     hb_pack_put_signature(w, HB_PACK_ATTESTATION, p, n, err)   not in the manifest
 *     hb_pack_finish(w, err)                fsync, rename
 *     hb_pack_writer_free(w)                discards what was not finished
 *
 * A pack has one spelling: the reader makes each header of the zip, and the manifest, once more
 * from what it understood, and refuses what is not the same to the byte. So two readers cannot see
 * two packs in one file, and there is no byte that nothing covers. Sizes, names and counts are
 * bounded. What is refused is HB_E_EVIDENCE, with the member and the reason. */
#ifndef HB_EVIDENCE_PACK_H
#define HB_EVIDENCE_PACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include "os/file.h"

#define HB_PACK_MANIFEST "manifest.json"
#define HB_PACK_ATTESTATION "attestation.dsse.json"
#define HB_PACK_TIME_TOKEN "attestation.tsr"
#define HB_PACK_CHAIN "keys/chain.pem" /* certificates of a key that signed; crypto/x509.h */

enum {
    HB_PACK_PATH_BYTES = 240,
    HB_PACK_PARTS_MAX = 8, /* folders above each other, the file's own name counted */
    HB_PACK_FILES_MAX = 20000,
    HB_PACK_CASE_BYTES = 200,
    HB_PACK_MANIFEST_MAX = 16 << 20,
};
#define HB_PACK_FILE_MAX (INT64_C(4) << 30)

typedef enum hb_pack_form { HB_PACK_ZIP, HB_PACK_FOLDER } hb_pack_form;

typedef struct hb_pack_file {
    const char *path; /* hb_pack_path_fits */
    uint64_t size;
    char sha256[HB_DIGEST_HEX];
    char sha512[HB_DIGEST512_HEX];
} hb_pack_file;

/* May a file of a pack have this path? Parts of [A-Za-z0-9._-] with '/' between them, none of them
 * "." or "..", none beginning with '-' (programs would take it for an option) or ending in '.' or
 * named like a device (Windows would open something else). NULL = it may, else why not. */
const char *hb_pack_path_unfit(const char *path);

typedef struct hb_pack_writer hb_pack_writer;

/* HB_E_USAGE when the target exists. The folder it is to be in must exist. */
HB_CHECKED hb_status hb_pack_create(const hb_os *os, const char *target, hb_pack_form form,
                                    hb_pack_writer **ret_writer, hb_error *err);
void hb_pack_writer_free(hb_pack_writer *w);
/* A path that may not be, that is there already (also in other letters' case) or of which a part is
 * a file: HB_E_USAGE. */
HB_CHECKED hb_status hb_pack_put(hb_pack_writer *w, const char *path, const void *p, size_t n,
                                 hb_error *err);
/* Streams a file; HB_E_EVIDENCE when `sha256` (may be NULL) is not that of the bytes read, which
 * are then not in the pack. */
HB_CHECKED hb_status hb_pack_put_file(hb_pack_writer *w, const char *path, const char *from,
                                      const char *sha256, hb_error *err);
typedef struct hb_pack_reader hb_pack_reader;
/* A file of another pack, as it is there. */
HB_CHECKED hb_status hb_pack_put_member(hb_pack_writer *w, const char *path, hb_pack_reader *from,
                                        hb_error *err);
/* Files added so far, in the pack's order. Valid until the next put; NULL without memory. */
const hb_pack_file *hb_pack_files(hb_pack_writer *w, size_t *ret_n);
/* manifest.json: format, case and the files; its own digests are returned for the attestation. */
HB_CHECKED hb_status hb_pack_put_manifest(hb_pack_writer *w, const char *case_id, hb_pack_file *ret,
                                          hb_error *err);
/* `path`: HB_PACK_ATTESTATION or HB_PACK_TIME_TOKEN. */
HB_CHECKED hb_status hb_pack_put_signature(hb_pack_writer *w, const char *path, const void *p,
                                           size_t n, hb_error *err);
HB_CHECKED hb_status hb_pack_finish(hb_pack_writer *w, hb_error *err);

/* A zip or a folder. Reads the directory only; every structural trick is refused here. No such
 * path, or unreadable: HB_E_INPUT. */
HB_CHECKED hb_status hb_pack_open(const hb_os *os, const char *path, hb_pack_reader **ret_reader,
                                  hb_error *err);
void hb_pack_close(hb_pack_reader *r);
/* All members, in the pack's order; sha256 and sha512 are "" until read. */
const hb_pack_file *hb_pack_members(const hb_pack_reader *r, size_t *ret_n);
bool hb_pack_has(const hb_pack_reader *r, const char *path);
/* Whole file, at most `max` bytes, HB_E_EVIDENCE when it is not there or longer. NUL after the end,
 * free with hb_free. */
HB_CHECKED hb_status hb_pack_read(hb_pack_reader *r, const char *path, size_t max, char **ret_p,
                                  size_t *ret_n, hb_error *err);
/* Its bytes in order, in pieces. The status of `take` ends it. A file that has other bytes the
 * second time it is read is HB_E_EVIDENCE: what was checked is what is used. */
HB_CHECKED hb_status hb_pack_stream(hb_pack_reader *r, const char *path,
                                    hb_status (*take)(void *ctx, const void *p, size_t n,
                                                      hb_error *err),
                                    void *ctx, hb_error *err);

/* The manifest read strictly (unknown or missing keys, order, duplicates, any other spelling than
 * canonical JSON are HB_E_EVIDENCE). */
typedef struct hb_manifest { /* in the arena */
    const char *case_id;
    const hb_pack_file *files;
    size_t n_files;
    char sha256[HB_DIGEST_HEX]; /* of manifest.json itself */
    char sha512[HB_DIGEST512_HEX];
} hb_manifest;

HB_CHECKED hb_status hb_pack_read_manifest(hb_pack_reader *r, hb_arena *arena, hb_manifest *ret,
                                           hb_error *err);
/* The same of its text. */
HB_CHECKED hb_status hb_manifest_read(hb_str text, hb_arena *arena, hb_manifest *ret,
                                      hb_error *err);

typedef struct hb_pack_fault {
    const char *path;
    const char *what; /* "missing", "not in the manifest", "size", "sha256", "sha512", "crc-32" */
} hb_pack_fault;

/* The rest of a sentence that begins with the file: "is missing", "has another size than …". */
const char *hb_pack_fault_words(const hb_pack_fault *f);

/* Digests every member and holds it against the manifest; all that is wrong, not only the first.
 * Members of signatures are the only ones that may be beside it. Arrays in the arena. */
HB_CHECKED hb_status hb_pack_check(hb_pack_reader *r, const hb_manifest *m, hb_arena *arena,
                                   hb_pack_fault **ret_faults, size_t *ret_n, hb_error *err);

#endif
