/* SPDX-License-Identifier: Apache-2.0 */
/* The zip container of a workbook, read part by part where its directory says (zip/zip.h). Names in
 * it are compared, never used as paths. Inside xlsx/. */
#ifndef HB_INPUT_XLSX_PACKAGE_H
#define HB_INPUT_XLSX_PACKAGE_H

#include "input/zip/zip.h"

typedef struct hb_package {
    hb_zip *zip;      /* owned */
    const char *path; /* for messages */
} hb_package;

typedef struct hb_part hb_part;

/* The stream is borrowed until the release, and nothing was read of it before. HB_E_INPUT for an
 * old or encrypted workbook (OLE) and what is no zip. */
HB_CHECKED hb_status hb_package_read(hb_stream *stream, hb_package *ret, hb_error *err);
void hb_package_release(hb_package *p);

/* *ret_part = NULL when there is no such part. */
HB_CHECKED hb_status hb_part_open(const hb_package *p, const char *name, hb_part **ret_part,
                                  hb_error *err);
void hb_part_close(hb_part *part);
/* Exactly n bytes but at the end, where size and checksum were right; 0 = end. A bomb is
 * HB_E_LIMIT. */
HB_CHECKED hb_status hb_part_read(hb_part *part, void *out, size_t n, size_t *ret_n, hb_error *err);

#endif
