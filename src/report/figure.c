/* SPDX-License-Identifier: Apache-2.0 */
#include "report/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const hb_time year_1980 = INT64_C(315532800000000000);

const char *hb_fig(double v, char out[HB_FIG])
{
    if (isnan(v)) {
        return "—";
    }
    if (isinf(v)) {
        return v < 0 ? "−∞" : "∞";
    }
    char plain[40];
    bool whole = v == floor(v) && fabs(v) < 1e9;
    snprintf(plain, sizeof plain, whole ? "%.0f" : "%.5g", fabs(v));
    size_t digits = strspn(plain, "0123456789");
    char *o = out;
    if (v < 0) {
        memcpy(o, "−", 3);
        o += 3;
    }
    for (size_t i = 0; plain[i]; i++) {
        bool gap = digits > 4 && i && i < digits && (digits - i) % 3 == 0;
        if (gap) {
            memcpy(o, "\xe2\x80\xaf", 3);
            o += 3;
        }
        *o++ = plain[i];
    }
    *o = '\0';
    return out;
}

const char *hb_fig_opt(hb_opt_f64 v, char out[HB_FIG])
{
    return v.set ? hb_fig(v.v, out) : "—";
}

const char *hb_fig_signed(double v, char out[HB_FIG])
{
    if (!(v > 0)) {
        return hb_fig(v, out);
    }
    char plain[HB_FIG];
    snprintf(out, HB_FIG, "+%.60s", hb_fig(v, plain));
    return out;
}

const char *hb_fig_p(double p, char out[HB_FIG])
{
    if (isnan(p)) {
        return "—";
    }
    if (p < 0.0001) {
        return "&lt; 0.0001";
    }
    snprintf(out, HB_FIG, "%.2g", p);
    return out;
}

const char *hb_fig_short(double v, char out[HB_FIG])
{
    if (!isfinite(v)) {
        return hb_fig(v, out);
    }
    snprintf(out, HB_FIG, "%.3g", v);
    return out;
}

const char *hb_fig_time(hb_time t, char out[HB_FIG])
{
    if (t == HB_TIME_NONE) {
        return "—";
    }
    if (t < year_1980 && t > -year_1980) {
        snprintf(out, HB_FIG, "%.6g s after the start", (double)t / 1e9);
        return out;
    }
    char text[HB_TIME_TEXT];
    hb_time_print(t, text);
    snprintf(out, HB_FIG, "%s", text);
    return out;
}
