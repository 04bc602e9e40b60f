/* SPDX-License-Identifier: Apache-2.0 */
/* Live source file_replay: the lines of a file, each one record, at the pace of their own times or
 * as fast as they are taken; followed as `tail -F` does, through truncation and rotation. */
#ifndef HB_SOURCE_FILE_REPLAY_FILE_REPLAY_H
#define HB_SOURCE_FILE_REPLAY_FILE_REPLAY_H

#include "source/source.h"

typedef enum hb_replay_format { HB_REPLAY_AUTO, HB_REPLAY_JSONL, HB_REPLAY_CSV } hb_replay_format;
typedef enum hb_replay_start { HB_REPLAY_BEGINNING, HB_REPLAY_END } hb_replay_start;

typedef struct hb_file_replay_config {
    const char *path;
    hb_replay_format format;
    const char *speed; /* "max", "1x", "10x", "0.5" */
    bool follow;
    hb_replay_start start;
} hb_file_replay_config;

extern const hb_source_ops hb_source_file_replay;

#endif
