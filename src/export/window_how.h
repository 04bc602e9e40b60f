/* SPDX-License-Identifier: Apache-2.0 */
/* How the records of a window were read, for whoever makes the window again from them: sources,
 * telemetry schema, windows and their times, and where the records begin that this takes. As
 * canonical JSON it is kept with the window's run in the registry (together with what the stream
 * was before those records) and stands in a pack's raw/reading.json.
 * docs/formats/evidence_pack.md, section journal.how */
#ifndef HB_EXPORT_WINDOW_HOW_H
#define HB_EXPORT_WINDOW_HOW_H

#include "base/arena.h"
#include "source/feed.h"

enum { HB_WINDOW_READING_MAX = 16 << 20 };

typedef struct hb_window_how {
    const char *version;       /* of the program that read them */
    const char *daemon_sha256; /* of its configuration's text; "" = it had none */
    const char *telemetry_schema_sha256;
    const hb_feed_source *sources;
    const char *const *kinds; /* by source: "mqtt" … */
    size_t n_sources;
    const hb_window_def *windows;
    size_t n_windows;
    int64_t lateness_ns;
    int64_t max_ahead_ns;
    int64_t idle_after_ns;
    int64_t keep_closed_ns;
    int64_t stale_after_ns;
    hb_late late;
    uint32_t max_metrics;
    hb_window_modes modes;
    uint64_t begin;  /* position of the first record it takes; 0 with a reason in … */
    const char *why; /* … why the window cannot be made again; "" = it can */
} hb_window_how;

/* Canonical JSON, added to out. */
HB_CHECKED hb_status hb_window_how_json(const hb_window_how *h, hb_buf *out, hb_error *err);
/* Strictly; HB_E_EVIDENCE with the member that is wrong. Strings in the arena. */
HB_CHECKED hb_status hb_window_how_parse(hb_str text, const char *name, hb_arena *arena,
                                         hb_window_how *ret, hb_error *err);

/* The same and what the stream was at `begin` (hb_feed_outline and hb_windows_remembered), as
 * the registry keeps it. state: n = 0 where h->why says so. HB_E_LIMIT beyond
 * HB_WINDOW_READING_MAX. */
HB_CHECKED hb_status hb_window_reading_json(const hb_window_how *h, hb_str state, hb_buf *out,
                                            hb_error *err);
HB_CHECKED hb_status hb_window_reading_parse(hb_str text, const char *name, hb_arena *arena,
                                             hb_window_how *ret, hb_str *ret_state, hb_error *err);

#endif
