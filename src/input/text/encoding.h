/* SPDX-License-Identifier: Apache-2.0 */
/* How are the characters of a text file written? Decided on its first bytes: a byte order mark
 * says it; else every second byte NUL means UTF-16, bytes that are well-formed UTF-8 mean UTF-8,
 * and other bytes from 0x80 on mean windows-1252 (of which the printable part of Latin-1 is a
 * part). Bytes alone cannot tell windows-1252 from its sisters for other alphabets. */
#ifndef HB_INPUT_TEXT_ENCODING_H
#define HB_INPUT_TEXT_ENCODING_H

#include "base/error.h"
#include "base/str.h"

typedef enum hb_encoding {
    HB_ENCODING_ASCII, /* so far: the first byte from 0x80 on decides */
    HB_ENCODING_UTF8,
    HB_ENCODING_UTF8_BOM,
    HB_ENCODING_UTF16LE_BOM,
    HB_ENCODING_UTF16BE_BOM,
    HB_ENCODING_UTF16LE,
    HB_ENCODING_UTF16BE,
    HB_ENCODING_WINDOWS_1252,
    HB_ENCODING_COUNT_
} hb_encoding;

const char *hb_encoding_name(hb_encoding e); /* "ascii", "utf-8", "utf-16le-bom" … */
size_t hb_encoding_mark_bytes(hb_encoding e);
bool hb_encoding_is_utf16(hb_encoding e);
const char *hb_encoding_why(hb_encoding e);

/* head: the first bytes of the file, whole = all of them. HB_E_INPUT for UTF-32 and for what is no
 * text: a NUL, or more than one control character in fifty bytes. */
HB_CHECKED hb_status hb_encoding_guess(hb_str head, bool whole, const char *path, hb_encoding *ret,
                                       hb_error *err);

#endif
