/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of text in, answer out: tests/data/NAME.case.
 *
 *     == title                       one case; lines before the first are comments
 *     key: value                     any number
 *     --                             the text: every line up to the next "== "
 *
 * In the text `\xNN` is a byte, `\t` a tab, `\r` a carriage return, `\\` a backslash when the case
 * says `escaped: yes`; else it stands as it is. A last line end is dropped when it says `cut: yes`.
 */
#ifndef HB_TESTS_SUPPORT_TEXT_CASE_H
#define HB_TESTS_SUPPORT_TEXT_CASE_H

#include "base/error.h"
#include "base/str.h"

enum { TEXT_CASE_KEYS = 12 };

typedef struct text_case {
    const char *title;
    struct {
        const char *key;
        const char *value;
    } keys[TEXT_CASE_KEYS];
    size_t n_keys;
    hb_str text;
} text_case;

/* Calls `check` for each case of the file; returns their number. Fails the test when the file
 * cannot be read or is malformed. */
size_t text_cases(const char *name, void (*check)(const text_case *c));
/* NULL when the case has no such key. */
const char *text_case_key(const text_case *c, const char *key);

/* Compares an outcome with the case's `expect:`, which is "OK", or a status and a place and what
 * the message must hold: "E_CONFIG 2:7 unknown key 'x'"; the place may be "-" (not looked at). */
void text_case_expect(const text_case *c, hb_status status, const hb_error *err);

#endif
