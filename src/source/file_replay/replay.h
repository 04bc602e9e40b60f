/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of file_replay: private to source/file_replay. `*io_go_on` becomes false when the
 * program is ending. */
#ifndef HB_SOURCE_FILE_REPLAY_REPLAY_H
#define HB_SOURCE_FILE_REPLAY_REPLAY_H

#include "source/file_replay/file_replay.h"
#include "source/file_replay/tail.h"

enum { HB_REPLAY_POLL_MS = 100 };

struct hb_source {
    const hb_os *os;
    hb_file_replay_config config;
    char *path;
    double factor; /* 0 = as fast as possible */
    hb_tail tail;
    hb_tail_place last; /* where to go on */
    bool has_last;
    bool is_past; /* the file at hand has been rotated away: there is another one behind its end */
    hb_telemetry_schema *no_names; /* pacing: only times are looked at */
    hb_decoder *decoder;
    hb_time paced;      /* time of the first event */
    int64_t paced_from; /* monotonic, when it was handed over */
};

/* lines.c */

/* A record of the file at hand, at its place; not before it is due. */
HB_CHECKED hb_status hb_replay_put(hb_source *s, const hb_source_sink *sink, hb_record_kind kind,
                                   hb_str payload, bool *io_go_on, hb_error *err);
/* Every line there is now; with `all` also what stands behind the last line end. */
HB_CHECKED hb_status hb_replay_lines(hb_source *s, const hb_source_sink *sink, bool all,
                                     bool *io_go_on, hb_error *err);

/* follow.c */

/* Opens the file to begin with, or to go on in. */
HB_CHECKED hb_status hb_replay_begin(hb_source *s, const hb_source_sink *sink, bool *io_go_on,
                                     hb_error *err);
/* The file behind the one at hand, which is read to its end. */
HB_CHECKED hb_status hb_replay_next_file(hb_source *s, const hb_source_sink *sink, bool *io_go_on,
                                         hb_error *err);
/* At the end of what is followed: was it cut off, or is there another file under its name? */
HB_CHECKED hb_status hb_replay_look_around(hb_source *s, const hb_source_sink *sink,
                                           unsigned *io_waited, bool *io_go_on, hb_error *err);

#endif
