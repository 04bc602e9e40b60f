/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the two forms a client wants. */
#include "daemon/prometheus.h"

#include "base/num.h"

#include <string.h>

static hb_str part(hb_str *rest, char separator)
{
    size_t n = hb_str_find_ch(*rest, separator);
    hb_str head = {rest->p, n};
    size_t skip = n < rest->n ? n + 1 : n;
    *rest = (hb_str){rest->p + skip, rest->n - skip};
    return hb_str_trim(head);
}

/* Weight of one media range; a q that is no number counts as 1, a version we do not speak as 0. */
static double weight(hb_str range, hb_str *ret_type)
{
    double q = 1;
    bool spoken = true;
    *ret_type = part(&range, ';');
    while (range.n) {
        hb_str parameter = part(&range, ';');
        hb_str name = part(&parameter, '=');
        hb_str value = hb_str_trim(parameter);
        double given = 0;
        if (hb_str_ieq_c(name, "q") && hb_num_parse(value.p, value.n, &given) == HB_NUM_FINITE) {
            q = given;
        } else if (hb_str_ieq_c(name, "version") && !hb_str_eq_c(value, "1.0.0") &&
                   hb_str_ieq_c(*ret_type, "application/openmetrics-text")) {
            spoken = false;
        }
    }
    return spoken ? q : 0;
}

hb_exposition hb_exposition_of(const char *accept)
{
    double open = 0;
    double plain = 0;
    for (hb_str rest = hb_str_of(accept); rest.n;) {
        hb_str type;
        double q = weight(part(&rest, ','), &type);
        if (hb_str_ieq_c(type, "application/openmetrics-text")) {
            open = q > open ? q : open;
        } else if (hb_str_ieq_c(type, "text/plain") || hb_str_eq_c(type, "text/*")) {
            plain = q > plain ? q : plain;
        }
    }
    return open > 0 && open >= plain ? HB_EXPOSITION_OPENMETRICS : HB_EXPOSITION_PROMETHEUS;
}

const char *hb_exposition_type(hb_exposition form)
{
    return form == HB_EXPOSITION_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}
