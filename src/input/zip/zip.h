/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a zip container and the bytes of its files, from a stream with places
 * (hb_stream_hold). docs/formats/zip.md
 *
 *     hb_zip_open → hb_zip_next until *ret_more is false → hb_zip_close
 *     hb_zip_file_open(entry) → hb_zip_file_read until 0 → hb_zip_file_close
 *
 * Constant memory whatever the number of files: the directory is walked, not loaded. Any number of
 * files may be open at a time. Names are shown and compared, never used as paths. Files are read
 * where the directory says they are, to the size it says, with their checksum; stored and deflated
 * ones (methods 0 and 8), 64-bit sizes included. Encrypted ones and other methods are HB_E_INPUT.
 * PKWARE APPNOTE 6.3.10. */
#ifndef HB_INPUT_ZIP_ZIP_H
#define HB_INPUT_ZIP_ZIP_H

#include "input/stream.h"

enum { HB_ZIP_MAX_FILES = 4 << 20 };

typedef struct hb_zip hb_zip;
typedef struct hb_zip_file hb_zip_file;

typedef struct hb_zip_entry {
    hb_str name; /* NUL-terminated; borrowed until the following next() or rewind() */
    uint64_t stored;
    uint64_t size;
    uint64_t at;
    uint32_t crc;
    uint16_t method;
    bool encrypted;
    bool folder;
} hb_zip_entry;

/* The stream is borrowed for the life of the zip and its files. */
HB_CHECKED hb_status hb_zip_open(hb_stream *s, hb_zip **ret_zip, hb_error *err);
void hb_zip_close(hb_zip *z);
HB_CHECKED hb_status hb_zip_next(hb_zip *z, hb_zip_entry *ret_entry, bool *ret_more, hb_error *err);
void hb_zip_rewind(hb_zip *z);

HB_CHECKED hb_status hb_zip_file_open(hb_zip *z, const hb_zip_entry *entry, hb_zip_file **ret_file,
                                      hb_error *err);
void hb_zip_file_close(hb_zip_file *f);
/* Up to n bytes; 0 only at the end, once size and checksum are right. */
HB_CHECKED hb_status hb_zip_file_read(hb_zip_file *f, void *p, size_t n, size_t *ret_n,
                                      hb_error *err);

#endif
