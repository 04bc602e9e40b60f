/* SPDX-License-Identifier: Apache-2.0 */
/* The command line as tables.
 *
 * To add a command: one file cmd_<name>.c with its option table and run function, one row in
 * commands.c. Help, manual pages, completion and `hb --dump-cli` come from the rows; tests run
 * every example and compare the rest. */
#ifndef HB_CLI_CMD_H
#define HB_CLI_CMD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hb_app hb_app;

typedef struct hb_list {
    const char **v;
    size_t n;
} hb_list;

typedef enum hb_opt_kind {
    HB_OPT_FLAG,   /* bool */
    HB_OPT_STRING, /* const char * */
    HB_OPT_LIST,   /* hb_list: takes values up to the next option; may be repeated */
    HB_OPT_UINT,   /* uint32_t, 1 to `max`; 0 = not given */
    HB_OPT_F64,    /* double, > 0; 0 = not given */
    HB_OPT_ENUM,   /* int: index into `values` */
} hb_opt_kind;

typedef struct hb_opt {
    const char *name; /* without the dashes */
    char letter;      /* 0 = none */
    hb_opt_kind kind;
    size_t offset;             /* in the command's option struct */
    const char *const *values; /* ENUM, NULL-terminated */
    const char *arg;           /* what the value is called in help: FILE, N … */
    const char *env;           /* variable that gives the default, NULL = none */
    bool required;
    const char *help;
    uint32_t max;  /* UINT; 0 = what fits */
    bool one_each; /* LIST: one value each time it is given, so that arguments may follow */
} hb_opt;

/* What the runner prepares before `run` and takes down after it. */
typedef enum hb_need {
    HB_NEED_POLICY = 1 << 0,
    HB_NEED_STORE = 1 << 1,        /* an existing registry, for reading */
    HB_NEED_STORE_WRITE = 1 << 2,  /* an existing registry, for writing */
    HB_NEED_STORE_CREATE = 1 << 3, /* hb_app_need_store creates it when missing */
} hb_need;

typedef struct hb_cmd {
    const char *name;  /* "run", "runs list" */
    const char *group; /* heading in `hb help` */
    const char *summary;
    unsigned needs;
    const hb_opt *opts; /* ends with an empty row; NULL = none */
    size_t opts_size;   /* of the option struct */
    size_t min_args;
    size_t max_args;
    const char *args;    /* "FILE…" in the synopsis, NULL = none */
    const char *details; /* paragraphs, lines of at most 76 columns */
    bool text_only;      /* there is no JSON form: --json is refused */
    bool alone; /* looks at no workspace: help leaves out the options that name its parts */
    const char *example; /* one shell line that works in a fresh workspace, see docs tests */
    hb_status (*run)(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err);
} hb_cmd;

extern const hb_cmd *const hb_commands[]; /* NULL at the end */
extern const hb_opt hb_common_opts[];     /* before and after every command */

/* Longest match of the first one or two words; NULL when there is none. *ret_words = words used. */
const hb_cmd *hb_cmd_find(const char *const *words, size_t n, size_t *ret_words);
/* Whether `word` begins two-word commands ("runs"). */
bool hb_cmd_is_group(const char *word);

#endif
