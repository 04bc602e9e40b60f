/* SPDX-License-Identifier: Apache-2.0 */
/* Names of forms and orders, as profiles and options write them; the plain question about a header.
 */
#include "input/time/infer.h"

static const char *const form_names[HB_FORM_COUNT_] = {
    [HB_FORM_NONE] = "none",
    [HB_FORM_YMD] = "ymd",
    [HB_FORM_DMY] = "dmy",
    [HB_FORM_YY_MD] = "yymd",
    [HB_FORM_NAMED] = "named-month",
    [HB_FORM_ORDINAL] = "ordinal",
    [HB_FORM_CELL] = "date-cell",
    [HB_FORM_DAY_OF_YEAR] = "day-of-year",
    [HB_FORM_CLOCK] = "clock",
    [HB_FORM_SPAN] = "span",
    [HB_FORM_SPAN_MS] = "span-minutes",
    [HB_FORM_CELL_SPAN] = "span-cell",
    [HB_FORM_NUMBER] = "number",
    [HB_FORM_QUANTITY] = "quantity",
    [HB_FORM_EPOCH] = "epoch",
    [HB_FORM_SINCE_1904] = "since-1904",
    [HB_FORM_SINCE_1601] = "since-1601",
    [HB_FORM_SINCE_1] = "since-year-1",
    [HB_FORM_SERIAL] = "serial",
    [HB_FORM_DATENUM] = "datenum",
    [HB_FORM_JULIAN] = "julian",
    [HB_FORM_MJD] = "mjd",
    [HB_FORM_YEAR] = "year",
    [HB_FORM_MONTH] = "month",
    [HB_FORM_DAY] = "day",
    [HB_FORM_DAY_NUMBER] = "day-number",
    [HB_FORM_HOUR] = "hour",
    [HB_FORM_MINUTE] = "minute",
    [HB_FORM_SECOND] = "second",
    [HB_FORM_MILLI] = "milli",
    [HB_FORM_SECOND_OF_DAY] = "second-of-day",
    [HB_FORM_HHMM] = "hhmm",
    [HB_FORM_HHMMSS] = "hhmmss",
    [HB_FORM_DAY_FRACTION] = "day-fraction",
    [HB_FORM_HALF] = "half",
    [HB_FORM_ZONE] = "zone",
};

const char *hb_time_form_name(uint8_t form)
{
    return form < HB_FORM_COUNT_ ? form_names[form] : NULL;
}

bool hb_time_form_parse(hb_str name, uint8_t *ret)
{
    for (uint8_t i = 0; i < HB_FORM_COUNT_; i++) {
        if (hb_str_eq_c(name, form_names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

const char *hb_day_order_name(hb_day_order order)
{
    return order == HB_ORDER_DAY_FIRST     ? "day-first"
           : order == HB_ORDER_MONTH_FIRST ? "month-first"
                                           : "ask";
}

bool hb_day_order_parse(hb_str text, hb_day_order *ret)
{
    if (hb_str_ieq_c(text, "day-first") || hb_str_ieq_c(text, "dmy")) {
        *ret = HB_ORDER_DAY_FIRST;
    } else if (hb_str_ieq_c(text, "month-first") || hb_str_ieq_c(text, "mdy")) {
        *ret = HB_ORDER_MONTH_FIRST;
    } else {
        return false;
    }
    return true;
}

bool hb_time_named(hb_str name)
{
    hb_time_name n;
    hb_time_name_read(name, (hb_str){"", 0}, &n);
    return n.roles & HB_NAME_ANY_TIME &&
           !(n.roles & (HB_NAME_DENIED | HB_NAME_LOOSE | HB_NAME_WEAK));
}
