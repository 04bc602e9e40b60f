/* SPDX-License-Identifier: Apache-2.0 */
/* The zip container of a workbook, held in memory as stored, read part by part with libarchive.
 * Names in it are compared, never used as paths. Inside xlsx/. */
#ifndef HB_INPUT_XLSX_PACKAGE_H
#define HB_INPUT_XLSX_PACKAGE_H

#include "input/stream.h"

enum { HB_XLSX_MAX_STORED = 256 << 20, HB_XLSX_MAX_RATIO = 500 };

typedef struct hb_package {
    char *data; /* owned */
    size_t n;
    const char *path; /* for messages */
} hb_package;

typedef struct hb_part hb_part;

/* Reads the stream to its end. HB_E_INPUT for an old or encrypted workbook (OLE) and what is no
 * zip. */
HB_CHECKED hb_status hb_package_read(hb_stream *stream, hb_package *ret, hb_error *err);
void hb_package_release(hb_package *p);

/* *ret_part = NULL when there is no such part. */
HB_CHECKED hb_status hb_part_open(const hb_package *p, const char *name, hb_part **ret_part,
                                  hb_error *err);
void hb_part_close(hb_part *part);
/* Exactly n bytes but at the end; 0 = end. A bomb is HB_E_LIMIT. */
HB_CHECKED hb_status hb_part_read(hb_part *part, void *out, size_t n, size_t *ret_n, hb_error *err);

#endif
