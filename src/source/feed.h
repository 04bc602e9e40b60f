/* SPDX-License-Identifier: Apache-2.0 */
/* A feed: journal records in, closed windows out. The one road from a record's bytes to a window,
 * for the daemon and for whoever judges a window a second time (docs/live.md).
 *
 *     hb_feed_open(&sources, n, schema, windows, &feed, err)
 *     hb_feed_take(&feed, &record, err), hb_windows_take(feed.windows, …) until it gives none
 *     hb_feed_release(&feed)                         the windows are the caller's
 *
 * What the stream is at a point, for windows that hold nothing yet (a *beginning*):
 *
 *     hb_feed_outline(&feed, &buf, err)              between two records, all windows taken
 *     hb_feed_begin_at(&feed, p, n, &used, err)      into one that took nothing, of the same
 *                                                        sources, schema and options */
#ifndef HB_SOURCE_FEED_H
#define HB_SOURCE_FEED_H

#include "source/decode.h"
#include "telemetry/windows.h"

/* The topic of the tick that ends a bounded input: windows that are open are closed as they are. */
#define HB_FEED_FINISH "finish"

enum { HB_FEED_SOURCES_MAX = 64 };

typedef struct hb_feed_source {
    const char *name; /* of records; borrowed */
    hb_decode_options format;
} hb_feed_source;

typedef struct hb_feed {
    hb_windows *windows; /* borrowed */
    const char **names;
    hb_decoder **decoders; /* by source */
    size_t n;
    /* Sees every sample before the windows do; NULL = nobody. */
    hb_live_sample_fn before;
    void *ctx;
} hb_feed;

/* schema and windows are borrowed for its life. */
HB_CHECKED hb_status hb_feed_open(const hb_feed_source *sources, size_t n,
                                  const hb_telemetry_schema *schema, hb_windows *windows,
                                  hb_feed *ret, hb_error *err);
void hb_feed_release(hb_feed *s);

/* What cannot be read is counted, not an error. */
HB_CHECKED hb_status hb_feed_take(hb_feed *s, const hb_record *r, hb_error *err);

/* Little-endian: u32 "HBLB", u32 1; u64 n, outline of the windows (telemetry/windows.h); u32
 * sources, each: u32 n, name, u64 n, state of its decoder. The caller may put more behind it. */
HB_CHECKED hb_status hb_feed_outline(const hb_feed *s, hb_buf *out, hb_error *err);
/* HB_E_INPUT for damaged bytes or other sources, HB_E_CONFIG for other options or another metric
 * registry. *ret_used: bytes of [p, n) that are the outline. */
HB_CHECKED hb_status hb_feed_begin_at(hb_feed *s, const void *p, size_t n, size_t *ret_used,
                                      hb_error *err);

#endif
