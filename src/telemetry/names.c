/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/names.h"

size_t hb_name_fold(hb_str name, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z') {
            out[n++] = (char)(c - 'A' + 'a');
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            out[n++] = c;
        } else if ((unsigned char)c == 0xce && i + 1 < name.n &&
                   (unsigned char)name.p[i + 1] == 0xbc) {
            out[n++] = (char)0xc2;
            out[n++] = (char)0xb5;
            i++;
        } else if ((unsigned char)c >= 0x80) {
            out[n++] = c;
        }
    }
    return n;
}
