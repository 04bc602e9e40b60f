/* SPDX-License-Identifier: Apache-2.0 */
/* Where delimiters, quotes and line ends stand in a stretch of text.
 *
 * A mark is a delimiter, a quote, a line feed, or a carriage return that no line feed follows; the
 * carriage return of CR LF is none. A turn is a mark that is no delimiter. */
#ifndef HB_BASE_MARKS_H
#define HB_BASE_MARKS_H

#include <stddef.h>
#include <stdint.h>

enum { HB_MARKS_PAD = 64 /* bytes behind the text that may be read, entries behind the arrays */ };

typedef struct hb_marks {
    uint32_t *at; /* offsets in the text, ascending */
    size_t n;
    uint32_t *turns; /* places in `at` */
    size_t n_turns;
} hb_marks;

/* Of text[from, to), replacing what `marks` held; both arrays have room for to - from +
 * HB_MARKS_PAD, and text is readable up to to + HB_MARKS_PAD. delimiter 0 = none. */
void hb_marks_find(const char *text, size_t from, size_t to, char delimiter, hb_marks *marks);

#endif
