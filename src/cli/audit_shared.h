/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by cmd_audit*.c. */
#ifndef HB_CLI_AUDIT_SHARED_H
#define HB_CLI_AUDIT_SHARED_H

#include "audit/log.h"
#include "cli/app.h"
#include "cli/commands.h"
#include "evidence/verify_keys.h"

#define HB_AUDIT_GROUP "Evidence"

#define HB_AUDIT_LOG_OPT(type, member)                                                        \
    {                                                                                         \
        .name = "log", .kind = HB_OPT_STRING, .offset = offsetof(type, member), .arg = "DIR", \
        .help = "folder of the log; default: audit/ in the workspace"                         \
    }

#define HB_AUDIT_TRUST_OPT(type, member)                                                           \
    {                                                                                              \
        .name = "trust-log", .kind = HB_OPT_LIST, .offset = offsetof(type, member), .arg = "FILE", \
        .help = "public keys of logs that are believed"                                            \
    }

/* The keys of --trust-log. Release also on failure. */
HB_CHECKED hb_status hb_audit_trust(hb_app *app, hb_list files, hb_trust *t, hb_error *err);
/* The log of --log or the workspace, for reading. */
HB_CHECKED hb_status hb_audit_open_log(hb_app *app, const char *given, hb_audit_log **ret_log,
                                       hb_error *err);
void hb_audit_close_p(hb_audit_log **log);
/* To FILE, or to the result when it is NULL. */
HB_CHECKED hb_status hb_audit_put_out(hb_app *app, const char *file, const hb_buf *text,
                                      hb_error *err);
/* A checkpoint's file; everything in the app's arena. */
HB_CHECKED hb_status hb_audit_read_checkpoint(hb_app *app, const char *file, hb_str *ret_text,
                                              hb_checkpoint *ret, hb_error *err);
HB_CHECKED hb_status hb_audit_number(const char *text, const char *what, uint64_t *ret,
                                     hb_error *err);

#endif
