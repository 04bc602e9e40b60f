/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed text: (pointer, length), no terminator. ASCII rules only; no locale is ever consulted.
 */
#ifndef HB_BASE_STR_H
#define HB_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hb_str {
    const char *p;
    size_t n;
} hb_str;

#define HB_STR(lit) ((hb_str){(lit), sizeof(lit) - 1})

hb_str hb_str_of(const char *cstr); /* NULL gives the empty text */
hb_str hb_str_trim(hb_str s);       /* blanks, tabs, CR, LF and U+00A0 at both ends */
bool hb_str_eq(hb_str a, hb_str b);
bool hb_str_eq_c(hb_str a, const char *cstr);
bool hb_str_ieq_c(hb_str a, const char *cstr); /* ASCII case-insensitive */
/* Copies what fits of `text` and ends it; `size` at least 1. */
void hb_str_fit(const char *text, char *out, size_t size);
int hb_str_cmp(hb_str a, hb_str b); /* byte order */
bool hb_str_starts(hb_str s, const char *cstr);
bool hb_str_ends(hb_str s, const char *cstr);
/* First place of `c`, or s.n when absent. */
size_t hb_str_find_ch(hb_str s, char c);

/* UTF-8: length of the well-formed prefix (RFC 3629: no surrogates, no overlong forms). */
size_t hb_utf8_valid_prefix(hb_str s);
/* Decodes one code point at s.p (well-formed input); returns its length in bytes, 0 at the end or
 * on a malformed sequence. */
size_t hb_utf8_next(hb_str s, uint32_t *ret_cp);

/* Bad characters of a distance measure for "did you mean": Levenshtein, capped at `max` + 1. */
unsigned hb_str_distance(hb_str a, hb_str b, unsigned max);

#endif
