/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with our error type: CHECK_OK prints the message, CHECK_ERROR compares code and text, and
 * FAULT_LOOP fails allocation 1, 2, … until none is left to fail. */
#ifndef HB_TESTS_SUPPORT_CHECK_H
#define HB_TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

#define CHECK_OK(call)                                                      \
    do {                                                                    \
        hb_error err = {0};                                                 \
        hb_status check_ = (call);                                          \
        if (check_ != HB_OK) {                                              \
            fail_msg("%s: %s: %s", #call, hb_status_name(check_), err.msg); \
        }                                                                   \
    } while (0)

/* The call names its error argument `&err`. */
#define CHECK_ERROR(call, code_, substring)                                      \
    do {                                                                         \
        hb_error err = {0};                                                      \
        hb_status check_ = (call);                                               \
        char text_[800];                                                         \
        if (check_ != (code_)) {                                                 \
            fail_msg("%s: got %s '%s'", #call, hb_status_name(check_), err.msg); \
        }                                                                        \
        if (!strstr(hb_error_text(&err, text_, sizeof text_), (substring))) {    \
            fail_msg("%s: message '%s' lacks '%s'", #call, text_, (substring));  \
        }                                                                        \
    } while (0)

/* Runs `body` (a function (void) → hb_status that cleans up after itself) with allocation N
 * failing, once and persistently, for N = 1, 2, … until none fired; each result must be OK or
 * E_NOMEM. */
void fault_loop(hb_status (*body)(void));

/* A file of the shared data set, or NULL (and a printed "skipped") when HB_DATA has it not. The
 * text is valid until the next call. */
const char *data_path(const char *name);

#endif
