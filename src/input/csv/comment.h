/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that are comments begin with one of a few signs. Inside csv/. */
#ifndef HB_INPUT_CSV_COMMENT_H
#define HB_INPUT_CSV_COMMENT_H

#include "base/str.h"

enum { HB_COMMENT_SIGNS = 8 };
#define HB_COMMENT_CANDIDATES "#%/;!'*" /* '/' stands for two of them */

typedef struct hb_comments {
    char signs[HB_COMMENT_SIGNS]; /* of HB_COMMENT_CANDIDATES, ended by 0; empty = no comments */
} hb_comments;

/* "#N/A" and its like at the start of a row are cells of a spreadsheet. */
static inline bool hb_is_cell_error(const char *p, const char *end)
{
    size_t n = (size_t)(end - p);
    return n > 2 && p[0] == '#' && (p[1] == 'N' || p[1] == 'D' || p[1] == 'R' || p[1] == 'V') &&
           (hb_str_starts((hb_str){p, n}, "#N/A") || hb_str_starts((hb_str){p, n}, "#DIV/0!") ||
            hb_str_starts((hb_str){p, n}, "#NUM!") || hb_str_starts((hb_str){p, n}, "#NAME?") ||
            hb_str_starts((hb_str){p, n}, "#NULL!") || hb_str_starts((hb_str){p, n}, "#REF!") ||
            hb_str_starts((hb_str){p, n}, "#VALUE!"));
}

/* The sign the line [p, end) begins with, behind blanks; 0 = none. */
static inline char hb_comment_sign(const hb_comments *c, const char *p, const char *end)
{
    if (!c->signs[0]) {
        return 0;
    }
    while (p < end && *p == ' ') {
        p++;
    }
    for (const char *s = c->signs; p < end && *s; s++) {
        if (*p == *s && (*s != '/' || (p + 1 < end && p[1] == '/'))) {
            return hb_is_cell_error(p, end) ? 0 : *s;
        }
    }
    return 0;
}

static inline bool hb_is_comment(const hb_comments *c, const char *p, const char *end)
{
    return hb_comment_sign(c, p, end) != 0;
}

#endif
