/* SPDX-License-Identifier: Apache-2.0 */
/* argv to values. Common options may stand before and after the command, a command's own only
 * after it. `--opt value`, `--opt=value`, `-o value`, `-ovalue`, joined flags `-qh`; a list takes
 * values up to the next option; `--` ends options; `-` is a plain argument. A value of its own word
 * does not begin with '-' (`--note=-5` says it). Given twice, the last counts; a list grows.
 * Variables give defaults. Wrong usage is HB_E_USAGE with the nearest name. */
#ifndef HB_CLI_OPTIONS_H
#define HB_CLI_OPTIONS_H

#include "base/arena.h"
#include "cli/cmd.h"

typedef struct hb_parsed {
    const hb_cmd *cmd; /* NULL: no command was given */
    void *opts;        /* the command's option struct, in the arena */
    const char *group; /* "runs --help": the group's help is wanted */
    hb_list args;      /* the command's arguments */
    bool version;
    bool dump_cli;
    const char *dump_man; /* --dump-man NAME */
} hb_parsed;

/* common: the struct hb_common_opts writes to. env: reads a variable (getenv), may be NULL. */
HB_CHECKED hb_status hb_options_parse(int argc, char **argv, void *common, hb_arena *arena,
                                      char *(*env)(const char *), hb_parsed *ret, hb_error *err);

#endif
