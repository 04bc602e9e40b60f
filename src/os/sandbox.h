/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up, for the rest of this process, everything but computing, reading the files that are
 * already open and writing to one pipe. docs/decisions/0059-sandbox.md
 *
 * Called once, by a process of one thread that was started for this purpose (child.h), before it
 * looks at a byte of a foreign file. Afterwards: no file can be opened (but those below `readable`,
 * for reading), no socket, no process, no
 * program, no signal to others, no executable memory; no more memory and processor time than given.
 * What is refused returns EPERM.
 *
 * Fails closed: where the system refuses a part that counts (limits, no_new_privs, seccomp) the
 * answer is HB_E_DENIED and the caller must not go on. Landlock is a second lock on the same door:
 * used where the kernel has it and told in the report. */
#ifndef HB_OS_SANDBOX_H
#define HB_OS_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>

typedef struct hb_sandbox_limits {
    uint64_t
        memory_bytes; /* address space; not applied under AddressSanitizer, which maps it all */
    uint32_t cpu_seconds;
    int out_fd;  /* the only descriptor that can be written to */
    int talk_fd; /* a second one, for messages; 0 = none */
    /* A folder whose files and folders can still be listed, looked at and opened for reading; NULL
     * = nothing can be opened. A kernel without Landlock cannot tell it from others: there any file
     * can be read, and still nothing can be told to anybody. */
    const char *readable;
} hb_sandbox_limits;

typedef struct hb_sandbox_report {
    bool memory_cap;
    int landlock; /* version of the kernel's Landlock in force, 0 = none */
} hb_sandbox_report;

HB_CHECKED hb_status hb_sandbox_enter(const hb_sandbox_limits *limits, hb_sandbox_report *ret,
                                      hb_error *err);

/* Gives the process this much processor time until the next call; then SIGPROF ends it. For loops
 * without end in foreign code, which the whole of cpu_seconds would be too long to wait for. */
void hb_sandbox_allow(uint32_t cpu_seconds);

/* A program built with a sanitizer: its run-time needs calls the others do without, and where to
 * write its report. */
bool hb_sandbox_instrumented(void);

/* Tries, inside the sandbox, what it must refuse. */
typedef struct hb_sandbox_attempt {
    const char *what; /* "open a file" */
    bool (*succeeds)(void);
} hb_sandbox_attempt;
extern const hb_sandbox_attempt hb_sandbox_attempts[]; /* ends with an empty row */

#endif
