/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

static const struct {
    const char *name;
    const char *text;
    int exit_code;
} statuses[HB_STATUS_COUNT] = {
#define HB_STATUS_ROW(code, code_exit, words) \
    [HB_E_##code] = {.name = "E_" #code, .text = (words), .exit_code = (code_exit)},
    HB_STATUS_MAP(HB_STATUS_ROW)
#undef HB_STATUS_ROW
};

const char *hb_status_name(hb_status status)
{
    return (unsigned)status < HB_STATUS_COUNT ? statuses[status].name : "E_?";
}

const char *hb_status_text(hb_status status)
{
    return (unsigned)status < HB_STATUS_COUNT ? statuses[status].text : "unknown status";
}

int hb_status_exit(hb_status status)
{
    return (unsigned)status < HB_STATUS_COUNT ? statuses[status].exit_code : 1;
}
