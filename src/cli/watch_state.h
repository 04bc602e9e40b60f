/* SPDX-License-Identifier: Apache-2.0 */
/* What `hb watch` has seen of a folder: watch.json of the workspace. docs/formats/watch.md */
#ifndef HB_CLI_WATCH_STATE_H
#define HB_CLI_WATCH_STATE_H

#include "os/file.h"

typedef enum hb_watch_outcome {
    HB_WATCH_JUDGED,
    HB_WATCH_BAD,         /* could not be read; stays where it is */
    HB_WATCH_QUARANTINED, /* the same, and moved away */
    HB_WATCH_STOPPED,     /* the program was to end; not noted */
    HB_WATCH_OUTCOME_COUNT_
} hb_watch_outcome;

extern const char *const hb_watch_outcome_names[];

typedef struct hb_watch_stamp {
    uint64_t bytes;
    hb_time mtime;
} hb_watch_stamp;

typedef struct hb_watch_result {
    hb_watch_outcome outcome;
    char verdict[24];
    char run_id[136];
    char report[512];
    char why[512];
} hb_watch_result;

typedef struct hb_watch_state hb_watch_state;

/* The state of folder `dir` (by its real path); the file may hold others'. A file that is no such
 * state is HB_E_INPUT: it is not written over. */
HB_CHECKED hb_status hb_watch_state_open(const hb_os *os, const char *path, const char *dir,
                                         hb_watch_state **ret_state, hb_error *err);
void hb_watch_state_free(hb_watch_state *s);
/* Seen as it is now? */
bool hb_watch_known(const hb_watch_state *s, const char *name, const hb_watch_stamp *stamp);
/* Notes it and writes the file. */
HB_CHECKED hb_status hb_watch_note(hb_watch_state *s, const char *name, const hb_watch_stamp *stamp,
                                   const hb_watch_result *r, hb_time now, hb_error *err);

#endif
