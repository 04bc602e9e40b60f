/* SPDX-License-Identifier: Apache-2.0 */
/* The one way text from outside enters a page. Inside report/.
 *
 * & < > " ' become entities; bytes that are not UTF-8 become U+FFFD; control characters, and those
 * that turn the direction of text, become visible as ⟨U+202E⟩, so that no name can pretend to be
 * another. */
#ifndef HB_REPORT_ESCAPE_H
#define HB_REPORT_ESCAPE_H

#include "base/buf.h"

void hb_escape(hb_buf *out, const char *text);

#endif
