/* SPDX-License-Identifier: Apache-2.0 */
/* A small pack of files that are no evidence of anything, for tests of the container. */
#ifndef HB_TESTS_SUPPORT_PACK_CASE_H
#define HB_TESTS_SUPPORT_PACK_CASE_H

#include "evidence/pack.h"

/* run.json, raw/0/a.csv, an empty raw/0/empty.csv, VERIFY.md, the manifest and an attestation. */
HB_CHECKED hb_status pack_case_write(const hb_os *os, const char *target, hb_pack_form form,
                                     hb_error *err);
/* A zip of it as bytes; the test fails when it cannot be made. Free with hb_free. */
char *pack_case_bytes(size_t *ret_n);
/* Opens, reads the manifest and checks: the first fault is HB_E_EVIDENCE. */
HB_CHECKED hb_status pack_case_examine(const hb_os *os, const char *path, hb_error *err);

#endif
