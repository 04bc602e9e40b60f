/* SPDX-License-Identifier: Apache-2.0 */
/* The child's side: a table of a tree of variables as frames, block by block. */
#ifndef HB_INPUT_CHILD_SERVE_H
#define HB_INPUT_CHILD_SERVE_H

#include "input/child/tables.h"

/* How a file's data are read. */
typedef struct hb_var_reader {
    void *ctx;
    /* Rows first … first + n - 1 of a variable into its columns (turned: its rows are the columns),
     * which have room for n. */
    hb_status (*read)(void *ctx, const hb_var *v, bool turned, uint64_t first, size_t n,
                      hb_frame_column *columns, hb_error *err);
    /* Called once with the table before the first read; may make the blocks shorter than the
     * *io_step rows they would have. */
    hb_status (*begin)(void *ctx, const hb_var_table *table, size_t *io_step, hb_error *err);
} hb_var_reader;

/* Everything from the first note to the end frame. wanted: --variable, may be "". */
HB_CHECKED hb_status hb_serve_table(hb_frames_out *out, hb_tree *tree, const hb_var_reader *reader,
                                    const char *wanted, hb_error *err);

/* A kind of file a child can read. open runs before the sandbox is entered and may look at nothing
 * of the file but what its comment says; serve runs inside. */
typedef struct hb_child_reader {
    const char *name; /* on the child's command line */
    hb_status (*open)(int fd, void **ret_state, hb_error *err);
    hb_status (*serve)(void *state, const char *wanted, hb_frames_out *out, hb_error *err);
    void (*close)(void *state); /* NULL is fine */
} hb_child_reader;

/* A child's memory, its processor time in all and between two frames, and how long its parent waits
 * for it in all. */
enum {
    HB_CHILD_MEMORY_MIB = 1024,
    HB_CHILD_CPU_S = 600,
    HB_CHILD_STALL_S = 20,
    HB_CHILD_WAIT_S = 900,
};

/* `hb --read-child READER VARIABLE`: reads descriptor 0, answers on 1. argv after the option. Not
 * for people. READER "check" instead tries what the sandbox forbids and prints how it went. Returns
 * the exit code. */
int hb_read_child(int argc, char **argv);

#endif
