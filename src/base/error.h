/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, where in the input, and what to do.
 *
 * Calling sequence: the caller owns an hb_error on its stack, `hb_error err = {0};`, and passes
 * &err (or NULL) as the last argument. A function that fails writes it and returns the code:
 *
 *     if (n > max) return HB_FAIL(err, HB_E_LIMIT, "'%s' has %zu columns, at most %zu", name, n,
 * max); HB_TRY(hb_thing_load(path, &thing, err)); return hb_error_prefix(err, "source '%s'", name);
 * one context per layer
 *
 * Fixed size, so reporting out-of-memory allocates nothing. Messages: lower case, no full stop,
 * subject in single quotes, expected and got. `in_*` point into the input, 1-based, 0 = unknown.
 * Ownership: nothing inside is owned. Threads: one error belongs to one thread. */
#ifndef HB_BASE_ERROR_H
#define HB_BASE_ERROR_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct hb_error {
    hb_status code;
    int sys_errno;    /* errno at the failing call, 0 when none */
    const char *file; /* our source, for reports of bugs */
    int line;
    uint64_t in_line; /* the user's input */
    uint64_t in_col;
    char in_file[200];
    char msg[512];
} hb_error;

hb_status hb_error_set(hb_error *err, hb_status code, const char *file, int line, const char *fmt,
                       ...) __attribute__((format(printf, 5, 6)));

/* The same with a place in the user's input. in_file may be NULL (unknown). */
hb_status hb_error_set_at(hb_error *err, hb_status code, const char *file, int line,
                          const char *in_file, uint64_t in_line, uint64_t in_col, const char *fmt,
                          ...) __attribute__((format(printf, 8, 9)));

/* Puts "text: " before the message; returns err->code (HB_E_BUG when err is NULL). */
hb_status hb_error_prefix(hb_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Names the input file of an error that has none yet; keeps line and column. Returns the code. */
hb_status hb_error_in_file(hb_error *err, const char *in_file);

/* One printable line, "FILE:LINE:COL: message", without a line end. Returns out. */
const char *hb_error_text(const hb_error *err, char *out, size_t out_size);

#define HB_FAIL(err, code, ...) hb_error_set((err), (code), __FILE__, __LINE__, __VA_ARGS__)
#define HB_FAIL_AT(err, code, in_file, in_line, in_col, ...) \
    hb_error_set_at((err), (code), __FILE__, __LINE__, (in_file), (in_line), (in_col), __VA_ARGS__)
#define HB_NOMEM(err) HB_FAIL((err), HB_E_NOMEM, "out of memory")

#define HB_TRY(call)                \
    do {                            \
        hb_status hb_try_ = (call); \
        if (hb_try_ != HB_OK) {     \
            return hb_try_;         \
        }                           \
    } while (0)

/* Visible ignoring: HB_IGNORE(call); followed by the reason in a comment. */
#define HB_IGNORE(call) \
    do {                \
        if (call) {     \
        }               \
    } while (0)

/* Scope-bound release: HB_CLEANUP(hb_thing_free_p) hb_thing *t = NULL; */
#define HB_CLEANUP(fn) __attribute__((cleanup(fn)))
/* Moves a pointer out of a variable that is cleaned up. */
#define HB_TAKE(p)                    \
    __extension__({                   \
        __typeof__(p) hb_take_ = (p); \
        (p) = NULL;                   \
        hb_take_;                     \
    })

#endif
