/* SPDX-License-Identifier: Apache-2.0 */
/* A header: whatever unit is found must be one that the vocabulary or UDUNITS reads again, and the
 * label must not be empty. */
#include "input/label.h"

#include "telemetry/unit_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_units *units;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned n;
    if (n++ % 5000 == 0) { /* its caches are bounded, but large */
        hb_units_close(units);
        units = NULL;
        if (hb_units_open(&units, NULL) != HB_OK) {
            abort();
        }
    }
    hb_str header = {(const char *)data, size};
    hb_arena arena;
    hb_arena_init(&arena, 16 << 20);
    hb_label l;
    hb_str unit;
    if (size > 1 << 12 || hb_label_split(header, units, &arena, &l, NULL) != HB_OK ||
        hb_label_unit(header, units, &arena, &unit, NULL) != HB_OK) {
        hb_arena_release(&arena);
        if (size <= 1 << 12) {
            abort();
        }
        return 0;
    }
    if (hb_str_trim(header).n && !l.label.n) {
        abort();
    }
    if ((l.unit.n > 0) != (l.how != NULL) || (l.unit.n && !l.written.n)) {
        abort();
    }
    hb_arena_release(&arena);
    return 0;
}
