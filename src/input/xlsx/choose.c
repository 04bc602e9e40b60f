/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/choose.h"

/* So much more of a table a later sheet must be: two recordings are told apart by their order. */
static const double better = 1.4;

hb_status hb_sheet_choose(const hb_package *p, const hb_workbook *w, hb_units *units,
                          hb_sheet_head *ret_head, hb_sheet_choice *ret, hb_error *err)
{
    double best = 0;
    size_t looked = 0;
    *ret = (hb_sheet_choice){.units = SIZE_MAX};
    for (size_t i = 0; i < w->n_sheets && looked < HB_XLSX_LOOK_SHEETS; i++) {
        hb_sheet_head h;
        size_t name = 0;
        size_t unit = 0;
        if (w->sheets[i].hidden || !w->sheets[i].part) {
            continue;
        }
        looked++;
        hb_status status = hb_sheet_head_open(p, w, i, NULL, units, &h, err);
        bool table = status == HB_OK && h.survey.data_row != HB_NO_ROW;
        ret->tables += table;
        if (table && ret->units == SIZE_MAX && hb_sheet_head_is_units(&h, &name, &unit)) {
            ret->units = i;
        }
        if (table && (best == 0 || h.value > better * best)) {
            best = h.value > 0 ? h.value : 1e-9;
            hb_sheet_head_close(ret_head);
            *ret_head = h;
        } else {
            hb_sheet_head_close(&h);
        }
        HB_TRY(status);
    }
    return HB_OK;
}
