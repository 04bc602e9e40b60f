/* SPDX-License-Identifier: Apache-2.0 */
/* How lines end: each of LF, CRLF and CR ends one. */
#ifndef HB_INPUT_TEXT_EOL_H
#define HB_INPUT_TEXT_EOL_H

#include "base/str.h"

typedef struct hb_eol_count {
    uint64_t lf;
    uint64_t crlf;
    uint64_t cr;
} hb_eol_count;

static inline bool hb_is_eol(char c)
{
    return c == '\n' || c == '\r';
}

/* Bytes of the line end at p (p < end): 1 or 2. */
static inline size_t hb_eol_bytes(const char *p, const char *end)
{
    return *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
}

void hb_eol_note(hb_eol_count *c, const char *p, const char *end);
/* "lf", "crlf", "cr", "mixed"; NULL when there was none. */
const char *hb_eol_name(const hb_eol_count *c);

#endif
