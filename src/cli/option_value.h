/* SPDX-License-Identifier: Apache-2.0 */
/* One option's text to its place in an option struct. */
#ifndef HB_CLI_OPTION_VALUE_H
#define HB_CLI_OPTION_VALUE_H

#include "base/arena.h"
#include "cli/cmd.h"

/* Checks `value` by the row's kind and stores it at base + offset; a flag ignores `value`. A list
 * grows in the arena and keeps at most max_list values. Strings are borrowed, not copied. A wrong
 * value is HB_E_USAGE with what was expected; the struct is then as it was. */
HB_CHECKED hb_status hb_option_put(const hb_opt *o, const char *value, void *base, hb_arena *arena,
                                   size_t max_list, hb_error *err);

/* What the value is called in help and messages: "FILE", "fail|drift|none", "" for a flag. Owned by
 * out. */
const char *hb_option_arg(const hb_opt *o, char *out, size_t out_size);
/* Whether what help calls `arg` (may be NULL) is a file or folder. */
bool hb_arg_is_path(const char *arg);

#endif
