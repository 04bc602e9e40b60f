/* SPDX-License-Identifier: Apache-2.0 */
/* Help, manual pages, completion and the machine-readable dump, all from the command tables. */
#ifndef HB_CLI_HELP_H
#define HB_CLI_HELP_H

#include "base/buf.h"
#include "cli/cmd.h"

void hb_help_overview(hb_buf *out);
void hb_help_command(const hb_cmd *cmd, hb_buf *out);
/* What stands for an option's value: ARG, or each of the values it may have. */
void hb_help_value(const hb_opt *o, hb_buf *out);
/* Whether a common option says something to this command. */
bool hb_help_concerns(const hb_cmd *cmd, const hb_opt *common);
/* A topic ("exit-codes", "verdicts", …), a command or a group of commands; false when unknown. */
bool hb_help_topic(const char *const *words, size_t n, hb_buf *out);
/* "hb", or "hb-run", "hb-baseline-set" …: roff for man(1); false when unknown. */
bool hb_help_man(const char *page, hb_buf *out);
/* Names of all pages, one a line. */
void hb_help_man_pages(hb_buf *out);
/* "bash" or "zsh"; false when unknown. */
bool hb_help_completion(const char *shell, hb_buf *out);
HB_CHECKED hb_status hb_help_dump(hb_buf *out, hb_error *err);

#endif
