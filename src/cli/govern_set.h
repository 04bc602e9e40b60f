/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the commands that set a baseline: who signs, and break-glass. */
#ifndef HB_CLI_GOVERN_SET_H
#define HB_CLI_GOVERN_SET_H

#include "baseline/set.h"
#include "cli/govern_shared.h"

typedef struct hb_set_opts {
    hb_signing_opts signing;
    bool break_glass;
    const char *reason;
    const char *expires;
} hb_set_opts;

#define HB_SET_OPTS(type, member)                                                            \
    HB_SIGN_OPTS(type, member.signing),                                                      \
        {.name = "break-glass",                                                              \
         .kind = HB_OPT_FLAG,                                                                \
         .offset = offsetof(type, member.break_glass),                                       \
         .help = "without approval, for a while, on the record"},                            \
        {.name = "reason",                                                                   \
         .kind = HB_OPT_STRING,                                                              \
         .offset = offsetof(type, member.reason),                                            \
         .arg = "TEXT",                                                                      \
         .help = "with --break-glass: why"},                                                 \
    {                                                                                        \
        .name = "expires", .kind = HB_OPT_STRING, .offset = offsetof(type, member.expires),  \
        .arg = "TIME", .help = "with --break-glass: for how long, 30min, 4h, 2d; at most 7d" \
    }

/* Fills signer, break_glass, expires (and note) of the request; `signs`: it is going to be done. */
HB_CHECKED hb_status hb_set_opts_apply(hb_app *app, const hb_set_opts *o, bool signs,
                                       hb_baseline_request *request, hb_error *err);
/* After it was done by break-glass: until when, and what follows from it. */
void hb_set_told(const hb_baseline_request *request, hb_buf *out);

#endif
