/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "input/xlsx/sheet.h"
#include "input/xlsx/xml.h"

#include <string.h>

enum { MAX_MERGES = 4096 };

typedef struct merges {
    hb_merge *v;
    size_t n;
    uint64_t row;
} merges;

/* "BC12" → column 54, row 12; returns what stands behind it, NULL when it is no place. */
static const char *place_of(const char *p, size_t *ret_column, uint64_t *ret_row)
{
    size_t column = 0;
    size_t letters = 0;
    size_t digits = 0;
    while (letters < 4 && p[letters] >= 'A' && p[letters] <= 'Z') {
        column = column * 26 + (size_t)(p[letters++] - 'A' + 1);
    }
    p += letters;
    while (digits < 8 && p[digits] >= '0' && p[digits] <= '9') {
        digits++;
    }
    if (!letters || !digits || !hb_num_parse_u64(p, digits, ret_row)) {
        return NULL;
    }
    *ret_column = column - 1;
    return p + digits;
}

static hb_status on_start(void *ctx, const char *name, const char **atts, hb_error *err)
{
    merges *m = ctx;
    hb_merge r = {0};
    (void)err;
    const char *ref = strcmp(name, "mergeCell") == 0 ? hb_xml_attribute(atts, "ref") : NULL;
    const char *to = ref ? place_of(ref, &r.first_column, &r.first_row) : NULL;
    if (to && *to == ':' && place_of(to + 1, &r.last_column, &r.last_row) &&
        r.first_row <= m->row && r.last_row >= m->row && m->n < MAX_MERGES) {
        m->v[m->n++] = r;
    }
    return HB_OK;
}

hb_status hb_sheet_merges(const hb_package *p, const hb_workbook *w, size_t sheet, uint64_t row,
                          hb_arena *arena, hb_merge **ret, size_t *ret_n, hb_error *err)
{
    static const hb_xml_handler handler = {.start = on_start};
    merges m = {.v = hb_arena_array(arena, MAX_MERGES, sizeof *m.v), .row = row};
    bool found = false;
    if (!m.v) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_xml_parse(p, w->sheets[sheet].part, &handler, &m, &found, err));
    *ret = m.v;
    *ret_n = m.n;
    return HB_OK;
}
