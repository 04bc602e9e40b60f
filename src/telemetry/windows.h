/* SPDX-License-Identifier: Apache-2.0 */
/* Event-time windows over live samples: samples in the journal's order go in, closed windows come
 * out, each of them a run. docs/live.md
 *
 *     hb_windows_new(&options, registry, units, &w, err)
 *     per record:  hb_windows_sample(w, &sample, err) …, or hb_windows_tick(w, arrival, err)
 *                  while hb_windows_take(w, &closed, err) gives one: hb_window_closed_free
 *     hb_windows_save(w, &buf, err) / hb_windows_load(w, p, n, err)    a checkpoint
 *     hb_windows_finish(w, err), take them all                        the end of a bounded input
 *     hb_windows_free(w)
 *
 * Time is the samples' own. The watermark is the greatest event time seen less the allowed
 * lateness, and only moves on; a window [start, end) closes when the watermark reaches its end. A
 * sliding window is made of panes of `slide`, which close one by one: a sample is late when its
 * pane has closed, so every window that holds a pane holds the same samples of it.
 *
 * A sample further ahead of the others than max_ahead is held and does not move the watermark until
 * HB_WINDOWS_AHEAD_AGREE different times in a row agree with it, of at least half of the metrics
 * heard lately: a sender whose clock jumped must not close everybody's windows. When one of the
 * others comes first, it is left out. The stream's first times are agreed on in the same way (or by
 * a silence of idle_after, or the end of the input). A step back makes samples late.
 *
 * Ticks (record kind TICK, at least two per idle_after) move the watermark at the pace of arrival
 * time once nothing was heard for idle_after, so that silence becomes a verdict; a pause between
 * ticks counts as idle_after / 2 at most. The first window is that of the earliest sample; from
 * then on a window in which nothing came closes as well, as a run without metrics, but of a silence
 * only those windows whose number in it has at most 8 significant bits (all of the first 256, then
 * every second …); the others are counted as skipped.
 *
 * The result is a pure function of samples and ticks in order: no clock is read, and a window's
 * figures do not depend on when windows were taken or when save and load happened. Bounded:
 * metrics, open windows, remembered ids; what a bound costs is counted. After a failed call
 * (memory) the windows can only be freed. One thread. */
#ifndef HB_TELEMETRY_WINDOWS_H
#define HB_TELEMETRY_WINDOWS_H

#include "base/buf.h"
#include "telemetry/live_sample.h"
#include "telemetry/registry.h"
#include "telemetry/window.h"

enum {
    HB_WINDOWS_DEFS_MAX = 8,
    HB_WINDOWS_OVERLAP_MAX = 1000, /* size / slide */
    HB_WINDOWS_METRICS_MAX = 100000,
    HB_WINDOWS_IDS_MAX = 1 << 24,
    HB_WINDOWS_AHEAD_AGREE = 16,
    HB_WINDOWS_MODES_MAX = 16
};

typedef struct hb_window_def {
    const char *name; /* "1m", or as configured; unique */
    int64_t size_ns;  /* 250 ms … 31 days; a multiple of slide */
    int64_t slide_ns; /* = size: tumbling. Windows start at multiples of slide since 1970. */
} hb_window_def;

typedef enum hb_late {
    HB_LATE_DROP,
    HB_LATE_SIDE,   /* the caller writes them to a file (late_fn) */
    HB_LATE_REOPEN, /* the windows are closed again with the sample in them, revision + 1, when the
                     * next pane closes, while they are kept (keep_closed_ns); later than that as
                     * DROP */
    HB_LATE_COUNT_
} hb_late;

extern const char *const hb_late_names[]; /* "drop", "side_output", "reopen", NULL */

/* The operating mode of windows, from the data: one metric's values and what each means. In force
 * at a window's start is the metric's latest value at or before it, in event time, of the samples
 * that were in time. The window's run has
 *     that value's mode          when no sample of the metric in the window has another value
 *     HB_MODE_TRANSITION         when one has (be it a value of the same mode)
 *     ""                         when no value is known at its start, or the value has no mode
 * in its context, in place of the operating_mode of `meta`. */
typedef struct hb_window_mode {
    double value; /* in the metric's unit */
    const char *mode;
} hb_window_mode;

typedef struct hb_window_modes {
    const char *metric; /* any name of it; NULL = the mode is meta's */
    const hb_window_mode *list;
    size_t n;
} hb_window_modes;

#define HB_MODE_TRANSITION "transition"

/* The registry is resolved per mode, and windows are cut before their mode is known: what counts
 * sample by sample (names, units, reduce, invariants, drift_persistence, stale_after) must be one
 * and the same in all of them. False: *ret_metric is the first in which it is not. */
bool hb_windows_cut_alike(const hb_registry *a, const hb_registry *b, const char **ret_metric);

typedef struct hb_windows_options {
    const char *stream; /* part of every window's id: the daemon's name */
    const hb_window_def *defs;
    size_t n_defs;
    int64_t lateness_ns;
    int64_t max_ahead_ns;   /* longer than the usual pause between samples; 0 = every time is
                             * believed */
    int64_t idle_after_ns;  /* 0 = ticks do nothing */
    int64_t keep_closed_ns; /* REOPEN */
    int64_t stale_after_ns; /* where the metric declares none; 0 = never */
    hb_late late;
    uint32_t max_metrics;    /* 0 = HB_WINDOWS_METRICS_MAX */
    uint32_t max_open;       /* open panes of one definition; 0 = OVERLAP_MAX + 16 */
    uint32_t remembered_ids; /* messages, for duplicates, newest kept; 0 = 1 << 16 */
    const hb_run_meta *meta; /* identity and context of every window's run; run_id is made; NULL =
                              * none */
    hb_window_modes modes;   /* with a metric: any of the registries of its modes may be given */
    /* Late samples with HB_LATE_SIDE; borrowed for the call. May be NULL otherwise. */
    hb_live_sample_fn late_fn;
    void *late_ctx;
} hb_windows_options;

typedef struct hb_windows hb_windows;

/* Options and what they point at are copied, except registry and units. */
HB_CHECKED hb_status hb_windows_new(const hb_windows_options *options, const hb_registry *registry,
                                    hb_units *units, hb_windows **ret_windows, hb_error *err);
void hb_windows_free(hb_windows *w);

/* Unusable samples (unit that cannot be converted, too many metrics) are counted, not errors.
 * A sample with an id is a duplicate when a message of the same source, id and first name was seen
 * before; the samples of one message come one after another, with rising `part`. */
HB_CHECKED hb_status hb_windows_sample(hb_windows *w, const hb_live_sample *sample, hb_error *err);
/* A message that gave no sample: counted by reason, also among the rejects of the run of the window
 * that is current then (as are samples that are late, ahead or of no usable unit). */
HB_CHECKED hb_status hb_windows_bad_message(hb_windows *w, const char *reason, hb_error *err);
HB_CHECKED hb_status hb_windows_tick(hb_windows *w, hb_time arrival, hb_error *err);
/* Closes what is open, complete or not, until every sample has been in a window. When more samples
 * come all the same (the input was continued), those of windows that were closed are late. */
HB_CHECKED hb_status hb_windows_finish(hb_windows *w, hb_error *err);

typedef struct hb_window_closed {
    hb_arena arena;
    hb_run *run; /* owned */
    hb_window window;
} hb_window_closed;

/* The next closed window, by (end, definition); NULL when there is none. Take them all after each
 * record; between the samples of a long one is fine and changes nothing. Cheap when none is due. */
HB_CHECKED hb_status hb_windows_take(hb_windows *w, hb_window_closed **ret_closed, hb_error *err);
void hb_window_closed_free(hb_window_closed *c);

/* Metrics heard of, and windows that hold samples and are not closed, of all definitions. */
uint32_t hb_windows_metrics(const hb_windows *w);
uint32_t hb_windows_open(const hb_windows *w);
hb_time hb_windows_watermark(const hb_windows *w); /* HB_TIME_NONE at first */

#define HB_WINDOWS_COUNT_MAP(X)                                                      \
    X(SAMPLES, "samples", "usable samples taken")                                    \
    X(NOT_USABLE, "not_usable", "missing, NaN, infinite or text")                    \
    X(LATE, "late", "after a window of theirs closed, left out of it")               \
    X(REOPENED, "reopened", "windows closed again by late samples")                  \
    X(DUPLICATE, "duplicate", "of an id that was seen before")                       \
    X(AHEAD, "ahead", "too far ahead of the others' time")                           \
    X(UNTIMED, "untimed", "without a time of their own")                             \
    X(NO_UNIT, "unit", "in a unit that cannot be converted")                         \
    X(NO_ROOM, "no_room", "beyond the limit of metrics or windows")                  \
    X(BAD_MESSAGE, "bad_message", "messages that could not be read")                 \
    X(CLOSED, "closed", "windows closed")                                            \
    X(SKIPPED, "skipped", "windows of a long silence not told")                      \
    X(JUMPS, "clock_jumps", "times the senders' clock moved by more than max_ahead") \
    X(MODE_CHANGED, "mode_changed", "windows in which the operating mode changed")   \
    X(MODE_UNKNOWN, "mode_unknown", "windows of no known operating mode")

typedef enum hb_windows_count {
#define HB_WINDOWS_COUNT_ENUM(code, name, words) HB_WINDOWS_##code,
    HB_WINDOWS_COUNT_MAP(HB_WINDOWS_COUNT_ENUM)
#undef HB_WINDOWS_COUNT_ENUM
        HB_WINDOWS_COUNT_
} hb_windows_count;

uint64_t hb_windows_counted(const hb_windows *w, hb_windows_count what);
const char *hb_windows_count_name(hb_windows_count what);
const char *hb_windows_count_words(hb_windows_count what);

/* The whole state, with all windows taken; a load into a fresh hb_windows of the same options
 * continues bit for bit. Other options or another registry: HB_E_CONFIG says which. Damaged bytes:
 * HB_E_INPUT. After a failed load the windows can only be freed. late_fn is no part of the
 * state. */
HB_CHECKED hb_status hb_windows_save(const hb_windows *w, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_windows_load(hb_windows *w, const void *p, size_t n, hb_error *err);

/* What windows depend on that hold nothing yet: the state without the samples of panes. Whoever
 * loads it and gives the records that follow gets those windows bit for bit, and others without
 * the samples that came before. For judging a window a second time from a slice of the journal:
 *
 *     once in a while, all windows taken, none held:
 *                                          hb_windows_outline, _filled_to, _hits, _messages, kept
 *     a window closed that starts at or after `filled to`:
 *                                          hb_windows_remembered(w, hits, messages, …)
 *     elsewhere:                           hb_windows_load_outline, hb_windows_recall, records
 *
 * Messages that came again are known by their ids only from hb_windows_forget_hits on. */
HB_CHECKED hb_status hb_windows_outline(const hb_windows *w, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_windows_load_outline(hb_windows *w, const void *p, size_t n, hb_error *err);
/* Samples held as too far ahead: while there are any there is no outline (HB_E_BUG), for they would
 * be in it. */
size_t hb_windows_held(const hb_windows *w);
/* End of the latest pane of the definition in which anything came; HB_TIME_NONE = none. */
hb_time hb_windows_filled_to(const hb_windows *w, size_t def);
/* Start of the earliest window of the definition that is not closed; HB_TIME_NONE = not known. */
hb_time hb_windows_next_start(const hb_windows *w, size_t def);
uint64_t hb_windows_hits(const hb_windows *w);     /* messages that came again */
uint64_t hb_windows_messages(const hb_windows *w); /* with ids, that did not */
void hb_windows_forget_hits(hb_windows *w, uint64_t before);
/* Messages that came again after the first `hits` of these, and came before there were `messages`.
 * *ret_all = false: too many, some are not known any more, and nothing is put. */
HB_CHECKED hb_status hb_windows_remembered(const hb_windows *w, uint64_t hits, uint64_t messages,
                                           bool *ret_all, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_windows_recall(hb_windows *w, const void *p, size_t n, hb_error *err);

#endif
