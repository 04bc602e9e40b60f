/* SPDX-License-Identifier: Apache-2.0 */
/* A run read again from the raw files of a pack, or a window from its records, by the same code and
 * options as it was read the first time: what `hb verify` hands to evidence/verify.h as read_raw.
 *
 *     hb_raw_reader reader = {.os = os, .tmp = "/tmp", .units = units};
 *     hb_raw_read(&reader, pack, &inputs, &run, err)
 */
#ifndef HB_EXPORT_RAW_H
#define HB_EXPORT_RAW_H

#include "evidence/inputs.h"

typedef struct hb_raw_reader {
    const hb_os *os;
    const char *tmp; /* folder that a private folder is made in while reading */
    hb_units *units;
} hb_raw_reader;

/* ctx: hb_raw_reader. *ret_run = NULL when the pack says why it cannot be read again (files that
 * are gone, only a part of a window's records). What cannot be read although the pack says so is
 * HB_E_EVIDENCE, or what the reader met. The caller compares digests. */
HB_CHECKED hb_status hb_raw_read(void *ctx, hb_pack_reader *r, const hb_inputs *in,
                                 hb_run **ret_run, hb_error *err);

#endif
