/* SPDX-License-Identifier: Apache-2.0 */
#include "input/text/eol.h"

void hb_eol_note(hb_eol_count *c, const char *p, const char *end)
{
    if (*p == '\n') {
        c->lf++;
    } else if (hb_eol_bytes(p, end) == 2) {
        c->crlf++;
    } else {
        c->cr++;
    }
}

const char *hb_eol_name(const hb_eol_count *c)
{
    int kinds = (c->lf > 0) + (c->crlf > 0) + (c->cr > 0);
    if (kinds > 1) {
        return "mixed";
    }
    return c->lf ? "lf" : c->crlf ? "crlf" : c->cr ? "cr" : NULL;
}
