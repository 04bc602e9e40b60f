/* SPDX-License-Identifier: Apache-2.0 */
/* What the hb journal commands share. */
#ifndef HB_CLI_JOURNAL_SHARED_H
#define HB_CLI_JOURNAL_SHARED_H

#include "cli/app.h"

#define HB_JOURNAL_GROUP "Live"

typedef struct hb_journal_opts {
    const char *journal;
} hb_journal_opts;

#define HB_JOURNAL_OPT                                                                          \
    {                                                                                           \
        .name = "journal", .kind = HB_OPT_STRING, .offset = offsetof(hb_journal_opts, journal), \
        .arg = "DIR", .help = "the journal; default: live/journal in the workspace"             \
    }

/* The option, else live/journal of the workspace, where hb daemon writes. In the arena. */
HB_CHECKED hb_status hb_journal_dir(hb_app *app, const char *given, const char **ret_dir,
                                    hb_error *err);

#endif
