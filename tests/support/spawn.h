/* SPDX-License-Identifier: Apache-2.0 */
/* Another program as judge: text in on standard input, both outputs back. */
#ifndef HB_TESTS_SUPPORT_SPAWN_H
#define HB_TESTS_SUPPORT_SPAWN_H

#include "base/buf.h"

/* argv[0] is looked for in PATH; NULL at the end. `in` may be NULL. `out` gets standard output and
 * error. Returns the exit code, 127 when there is no such program. */
int spawn_run(const char *const *argv, const char *in, size_t in_n, hb_buf *out);

#endif
