/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of outcomes.
 *
 * Every function that can fail returns hb_status and fills an hb_error (error.h). The list gives
 * the enum, the name, the text and the exit code of the program; `hb help exit-codes` prints it,
 * and a test compares. Threads: the tables are constant. */
#ifndef HB_BASE_STATUS_H
#define HB_BASE_STATUS_H

/*    code      exit  text                                                         */
#define HB_STATUS_MAP(X)                                     \
    X(OK, 0, "the job was done")                             \
    X(USAGE, 2, "wrong usage of the command line")           \
    X(INPUT, 2, "malformed or unreadable input")             \
    X(LIMIT, 2, "input exceeds a stated limit")              \
    X(CONFIG, 3, "configuration is wrong")                   \
    X(STORE, 4, "the registry refused or could not be used") \
    X(DENIED, 5, "not permitted")                            \
    X(EVIDENCE, 12, "evidence does not verify")              \
    X(IO, 1, "reading or writing failed")                    \
    X(NOMEM, 1, "out of memory")                             \
    X(BUG, 1, "an internal check failed; please report it")

typedef enum hb_status {
#define HB_STATUS_ENUM(code, exit_code, text) HB_E_##code,
    HB_STATUS_MAP(HB_STATUS_ENUM)
#undef HB_STATUS_ENUM
        HB_STATUS_COUNT
} hb_status;

#define HB_OK HB_E_OK
#define HB_CHECKED __attribute__((warn_unused_result))

/* Name ("E_INPUT"), text and exit code of a status; any value is safe to pass. */
const char *hb_status_name(hb_status status);
const char *hb_status_text(hb_status status);
int hb_status_exit(hb_status status);

#endif
