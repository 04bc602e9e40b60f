/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a stream as UTF-8 text without a byte order mark, in constant memory.
 *
 * open (looks at the first 64 KiB) → read until 0 → close. ASCII and UTF-8 go through as they are
 * and are checked on the way; UTF-16 and windows-1252 are converted by iconv(3) of the C library. A
 * byte from 0x80 on that is no UTF-8, behind nothing but ASCII, makes the rest windows-1252; behind
 * UTF-8 it is a stray byte, read as windows-1252 and counted. What no character stands for becomes
 * U+FFFD and is counted. A NUL is HB_E_INPUT with its offset. One 0x1A at the very end (DOS) is
 * left out. */
#ifndef HB_INPUT_TEXT_SOURCE_H
#define HB_INPUT_TEXT_SOURCE_H

#include "input/stream.h"
#include "input/text/encoding.h"

typedef struct hb_text hb_text;

/* The stream is borrowed until close. */
HB_CHECKED hb_status hb_text_open(hb_stream *stream, hb_text **ret_text, hb_error *err);
void hb_text_close(hb_text *t);
/* Up to n bytes (a character may be cut between two reads); *ret_n = 0 only at the end. */
HB_CHECKED hb_status hb_text_read(hb_text *t, char *p, size_t n, size_t *ret_n, hb_error *err);

hb_encoding hb_text_encoding(const hb_text *t); /* as far as it was read */
uint64_t hb_text_strays(const hb_text *t);      /* bytes that are not of the file's encoding */
uint64_t hb_text_damaged(const hb_text *t);     /* characters that became U+FFFD */

#endif
