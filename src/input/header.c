/* SPDX-License-Identifier: Apache-2.0 */
#include "input/header.h"

#include "telemetry/names.h"

#include <string.h>

bool hb_words_have(hb_words words, hb_str text)
{
    char a[HB_NAME_MAX_BYTES];
    char b[HB_NAME_MAX_BYTES];
    text = hb_str_trim(text);
    if (text.n == 0 || text.n > sizeof a) {
        return false;
    }
    size_t n = hb_name_fold(text, a);
    for (size_t i = 0; i < words.n; i++) {
        hb_str word = hb_str_of(words.v[i]);
        if (n && word.n <= sizeof b && hb_name_fold(word, b) == n && memcmp(a, b, n) == 0) {
            return true;
        }
    }
    return false;
}

void hb_header_look_at(const hb_header_rule *rule, hb_str cell, hb_header_look *io)
{
    io->first = io->first || hb_words_have((hb_words){rule->names.v, rule->names.n > 0}, cell);
    io->name = io->name || hb_words_have(rule->names, cell);
    io->values = io->values || hb_words_have(rule->values, cell);
    io->units = io->units || hb_words_have(rule->units, cell);
}

size_t hb_header_choose(const hb_header_look *looks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (looks[i].first) {
            return i;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (looks[i].name && (looks[i].values || looks[i].units)) {
            return i;
        }
    }
    return n;
}
