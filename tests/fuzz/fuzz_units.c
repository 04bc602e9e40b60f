/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts as units, cut at the first line end: refused, or an affine conversion that its inverse
 * undoes. */
#include "telemetry/units.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_units *units;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Opened anew now and then: its caches are bounded, but large. */
    static unsigned n;
    if (n++ % 5000 == 0) {
        hb_units_close(units);
        units = NULL;
        if (hb_units_open(&units, NULL) != HB_OK) {
            abort();
        }
    }
    hb_str whole = {(const char *)data, size};
    size_t cut = hb_str_find_ch(whole, '\n');
    hb_str from = {whole.p, cut};
    hb_str to = cut < size ? (hb_str){whole.p + cut + 1, size - cut - 1} : (hb_str){"s", 1};
    hb_affine there;
    hb_affine back;
    hb_error err = {0};
    if (hb_units_convert(units, from, to, &there, &err) != HB_OK) {
        return 0;
    }
    if (hb_units_convert(units, to, from, &back, &err) != HB_OK) {
        abort();
    }
    double round = there.a * back.a;
    if (isfinite(round) && round != 0 && fabs(round - 1) > 1e-6) {
        abort();
    }
    return 0;
}
