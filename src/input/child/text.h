/* SPDX-License-Identifier: Apache-2.0 */
/* Text of a file as well-formed UTF-8, without blanks and NULs at its end. What is no character
 * becomes U+FFFD, a NUL inside as well. */
#ifndef HB_INPUT_CHILD_TEXT_H
#define HB_INPUT_CHILD_TEXT_H

#include "base/buf.h"

void hb_text_clean(const char *p, size_t n, hb_buf *out);
/* n units, each `stride` further than the one before. */
void hb_text_clean_utf16(const uint16_t *p, size_t n, size_t stride, hb_buf *out);

#endif
