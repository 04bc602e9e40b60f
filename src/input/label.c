/* SPDX-License-Identifier: Apache-2.0 */
#include "input/label.h"

hb_status hb_label_split(hb_str header, hb_units *units, hb_arena *arena, hb_label *ret,
                         hb_error *err)
{
    (void)units;
    (void)arena;
    (void)err;
    *ret = (hb_label){.label = header};
    return HB_OK;
}

hb_status hb_label_unit(hb_str cell, hb_units *units, hb_arena *arena, hb_str *ret_unit,
                        hb_error *err)
{
    (void)arena;
    (void)err;
    *ret_unit = hb_units_check(units, cell, NULL) == HB_OK ? cell : (hb_str){"", 0};
    return HB_OK;
}
