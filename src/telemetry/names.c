/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/names.h"

#include <string.h>

/* U+03BC in UTF-8; U+00B5 has as many bytes, so folding never grows a text. */
static bool is_greek_mu(hb_str s, size_t i)
{
    return i + 1 < s.n && (unsigned char)s.p[i] == 0xce && (unsigned char)s.p[i + 1] == 0xbc;
}

static const char micro_sign[2] = {(char)0xc2, (char)0xb5};

size_t hb_name_fold(hb_str name, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z') {
            out[n++] = (char)(c - 'A' + 'a');
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            out[n++] = c;
        } else if (is_greek_mu(name, i)) {
            memcpy(out + n, micro_sign, 2);
            n += 2;
            i++;
        } else if ((unsigned char)c >= 0x80) {
            out[n++] = c;
        }
    }
    return n;
}

void hb_unit_fold(hb_str unit, char *out)
{
    for (size_t i = 0; i < unit.n; i++) {
        if (is_greek_mu(unit, i)) {
            memcpy(out + i, micro_sign, 2);
            i++;
        } else {
            out[i] = unit.p[i];
        }
    }
}
