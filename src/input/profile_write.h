/* SPDX-License-Identifier: Apache-2.0 */
/* A reading pinned as a profile (profile.h): YAML for people, with comments, that --profile reads
 * by and holds files to. Depends on the reading alone: the same file gives the same text. */
#ifndef HB_INPUT_PROFILE_WRITE_H
#define HB_INPUT_PROFILE_WRITE_H

#include "input/reading.h"

/* The text is checked by reading it back. HB_E_LIMIT when it is more than a profile may hold (some
 * thousand columns); HB_E_INPUT when the reading leaves a question open. */
HB_CHECKED hb_status hb_profile_write(const hb_reading *r, hb_buf *out, hb_error *err);

#endif
