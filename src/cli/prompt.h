/* SPDX-License-Identifier: Apache-2.0 */
/* A secret from the person at the terminal, whatever standard input and output are. */
#ifndef HB_CLI_PROMPT_H
#define HB_CLI_PROMPT_H

#include "base/error.h"

#include <stdbool.h>

/* There is a terminal to ask on. */
bool hb_prompt_can(void);
/* Asks "WORDS: " and reads a line that is not shown; at most room - 1 bytes, HB_E_USAGE beyond.
 * Backspace and Ctrl-U work; Ctrl-C and Ctrl-D give up: HB_E_USAGE. The caller wipes ret. */
HB_CHECKED hb_status hb_prompt_secret(const char *words, char *ret, size_t room, hb_error *err);

#endif
