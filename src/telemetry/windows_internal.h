/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of windows.h. Inside telemetry/.
 *
 * Per definition time is cut in panes of `slide`, numbered since 1970. A sample goes into one pane
 * per definition; the window that ends with pane e is the panes e - overlap + 1 … e, merged in
 * order of time. Pane and window close together, when the watermark reaches the end of pane e, so
 * every window that holds a pane holds the same samples of it.
 *
 * What is closed follows from the watermark alone (hb_windows_advance); the work of closing is done
 * when the caller takes the window, and changes nothing that a sample in between could see. */
#ifndef HB_TELEMETRY_WINDOWS_INTERNAL_H
#define HB_TELEMETRY_WINDOWS_INTERNAL_H

#include "base/map.h"
#include "base/wire.h"
#include "crypto/digest.h"
#include "telemetry/windows.h"

enum {
    HB_CELL_BLOCK = 512, /* samples a profile takes at once: its figures depend on block borders */
    HB_RATE_PANES = 16,  /* panes a metric's rate is taken from */
    HB_HELD_MAX = 1 << 16, /* samples held while a jump forward is not agreed on */
    HB_AHEAD_ALONE = 1024, /* times in a row that are believed whoever sends them */
    HB_CHANNELS_MAX = 1 << 19,
    HB_REASONS_MAX = 32,
    HB_READY_MAX = 1 << 16,
    HB_PANES_MAX = 1 << 20,
    HB_NAMES_BYTES = 256 << 20,
    HB_HITS_MAX = 1 << 16,
    HB_LIMITS = 3 /* HB_LIMIT_MIN, _MAX, _EQ */
};

/* Times this far from the ends of hb_time, so that no sum of a time and options overflows. */
#define HB_WINDOWS_TIME_MAX (INT64_MAX - (INT64_C(1) << 60))
#define HB_WINDOWS_OPTION_MAX (INT64_C(366) * 86400 * 1000000000)
/* Longest silence measured. */
#define HB_QUIET_MAX (INT64_C(1) << 59)
#define HB_NO_PANE INT64_MIN

/* One (source, name, unit) as samples write it. */
typedef struct hb_wchannel {
    hb_str source;
    hb_str name;
    hb_str unit;
    uint64_t hash;
    uint32_t metric; /* HB_NO_METRIC: unusable, counted as `refused` */
    hb_windows_count refused;
    hb_affine to_unit;
} hb_wchannel;

#define HB_NO_METRIC UINT32_MAX

typedef struct hb_wmetric {
    const char *name; /* canonical */
    const char *unit;
    bool unit_known;
    const hb_metric_def *def; /* NULL = not declared */
    bool limited;             /* has a hard limit */
    hb_time last;             /* latest time taken */
    uint64_t row;             /* the row of times ahead it was last seen in */
} hb_wmetric;

typedef struct hb_excursions {
    uint64_t n;
    double worst;
    uint32_t n_first;
    hb_excursion first[HB_WINDOW_EXCURSIONS];
} hb_excursions;

/* One metric in one pane. */
typedef struct hb_cell {
    hb_profile profile;
    hb_time *t; /* the block being filled */
    double *v;
    uint32_t n;
    uint32_t cap;
    bool disordered;
    bool finished;
    hb_time heard; /* latest time of a sample, usable or not, that does not say "no value" */
    hb_time first; /* of usable ones */
    hb_time last;
    double at_first;
    double at_last;
    uint64_t usable;
    hb_excursions *beyond[HB_LIMITS]; /* NULL = none */
} hb_cell;

typedef struct hb_pane {
    int64_t index;
    hb_time start;
    hb_time end;
    hb_cell **cells; /* by metric; NULL = nothing came */
    size_t n_cells;
    uint64_t came; /* samples of any kind */
    uint64_t usable;
    uint64_t lost[HB_REASONS_MAX]; /* what was lost while this was the latest pane, by reason */
} hb_pane;

/* A metric as one definition knows it. */
typedef struct hb_heard {
    hb_time last;                   /* of closed panes; HB_TIME_NONE = never */
    uint32_t counts[HB_RATE_PANES]; /* of the latest closed panes in which anything came */
    uint32_t n_counts;
    uint32_t at;
} hb_heard;

typedef struct hb_silence {
    uint32_t metric; /* or its place in the registry, when declared and never heard of */
    bool declared;
    hb_time last;
} hb_silence;

/* A closed window that late samples can open again. */
typedef struct hb_kept {
    int64_t end_pane;
    uint32_t revision;
    bool dirty;
    uint64_t late;
    uint64_t expected; /* samples */
    uint64_t came;     /* of these */
    hb_silence *silent;
    size_t n_silent;
    size_t cap_silent;
} hb_kept;

typedef struct hb_wdef {
    char *name;
    int64_t size;
    int64_t slide;
    int64_t overlap;
    hb_pane **panes; /* ascending index */
    size_t n_panes;
    size_t cap_panes;
    hb_pane *recent;   /* a cache */
    int64_t due;       /* the latest pane that the watermark has closed */
    hb_time due_next;  /* where the watermark closes another */
    int64_t closed;    /* the latest pane worked off */
    int64_t begin;     /* first pane with a sample, once closed; else HB_NO_PANE */
    int64_t last_data; /* latest closed pane with a sample */
    hb_heard *heard;   /* by metric */
    size_t n_heard;
    size_t cap_heard;
    hb_kept *kept; /* HB_LATE_REOPEN: ascending end_pane */
    size_t n_kept;
    size_t cap_kept;
    size_t n_dirty;
    int64_t dirty_at; /* latest closed pane when the first of them became so */
    hb_time mode_t;   /* the mode's metric in panes that are gone: its latest sample */
    double mode_v;
} hb_wdef;

/* A sample whose time is not believed yet. */
typedef struct hb_held {
    uint32_t channel;
    hb_live_kind kind;
    bool timed;
    hb_time t;
    double value;
} hb_held;

typedef struct hb_message_id {
    uint64_t a;
    uint64_t b;
} hb_message_id;

/* A message that came again: the how manieth it was of those remembered. */
typedef struct hb_id_hit {
    uint64_t ordinal;
    hb_message_id id;
} hb_id_hit;

/* The latest messages, oldest forgotten. */
typedef struct hb_ids {
    hb_message_id *ring;
    uint64_t *slots; /* ring place + 1 in the upper half, its hash in the lower; 0 = free */
    uint32_t max;
    uint32_t n_slots; /* a power of two */
    uint32_t n;
    uint32_t at;           /* where the next one goes */
    hb_message_id current; /* the message whose samples come now */
    uint32_t part;
    bool in_message;
    bool known;      /* the current one was seen before */
    uint64_t total;  /* remembered so far */
    hb_id_hit *hits; /* the latest that came again */
    size_t n_hits;
    size_t cap_hits;
    uint64_t gone_hits; /* before them */
} hb_ids;

typedef struct hb_row_ahead {
    hb_held *held;
    size_t n;
    size_t cap;
    uint64_t number; /* of the row */
    uint64_t agree;  /* different times in a row */
    uint64_t metrics;
    uint64_t active; /* metrics heard lately; counted once a row, UINT64_MAX = not yet */
    hb_time latest;  /* the row's own clock */
    hb_time before;  /* time of the sample before */
} hb_row_ahead;

struct hb_windows {
    hb_windows_options o; /* texts and lists are in the arena */
    const hb_registry *registry;
    hb_units *units;
    hb_arena arena; /* options, names, reasons */
    char options_digest[HB_DIGEST_HEX];
    char registry_digest[HB_DIGEST_HEX];
    hb_wdef *defs;
    size_t n_defs;
    hb_wchannel *channels;
    size_t n_channels;
    size_t cap_channels;
    uint32_t *channel_slots;
    size_t n_channel_slots;
    hb_wmetric *metrics;
    size_t n_metrics;
    size_t cap_metrics;
    hb_map by_name;
    uint32_t *order; /* metrics by name */
    size_t n_order;
    size_t cap_order;
    hb_ids ids;
    hb_row_ahead ahead;
    const char *reasons[HB_REASONS_MAX];
    size_t n_reasons;
    hb_time head; /* greatest time believed */
    hb_time watermark;
    hb_time behind_before;
    uint64_t behind; /* different times in a row that are far behind */
    hb_time tick;    /* arrival of the latest */
    hb_time quiet_from;
    int64_t quiet_ns;
    bool heard;
    bool finished;
    bool maybe_due; /* a take may find something */
    uint64_t count[HB_WINDOWS_COUNT_];
    hb_window_closed **ready;
    size_t n_ready;
    size_t at_ready;
    size_t cap_ready;
};

/* windows_ids.c */
HB_CHECKED hb_status hb_ids_init(hb_ids *ids, uint32_t max, hb_error *err);
void hb_ids_release(hb_ids *ids);
/* Was the sample's message seen before? Remembers it. */
HB_CHECKED hb_status hb_ids_known(hb_ids *ids, const hb_live_sample *s, bool *ret_known,
                                  hb_error *err);
/* Those that came again before the so manieth. */
void hb_ids_forget_hits(hb_ids *ids, uint64_t before);
/* In its place in the ring; `is` must be there. */
void hb_ids_replace(hb_ids *ids, hb_message_id is, hb_message_id by);
bool hb_ids_has(const hb_ids *ids, hb_message_id id);
void hb_ids_remember(hb_ids *ids, hb_message_id id);
uint64_t hb_fast_hash(uint64_t seed, hb_str s);

/* windows_channels.c */
HB_CHECKED hb_status hb_windows_channel(hb_windows *w, const hb_live_sample *s,
                                        uint32_t *ret_channel, hb_error *err);
HB_CHECKED hb_status hb_windows_add_channel(hb_windows *w, hb_str source, hb_str name, hb_str unit,
                                            uint32_t *ret_channel, hb_error *err);
/* Metrics in the order of their names. */
HB_CHECKED hb_status hb_windows_sort(hb_windows *w, hb_error *err);
/* The place of a reason; the last one stands for all others when there are too many. */
HB_CHECKED hb_status hb_windows_reason(hb_windows *w, const char *reason, size_t *ret,
                                       hb_error *err);

/* windows_pane.c */
int64_t hb_pane_of(const hb_wdef *d, hb_time t);
hb_time hb_pane_end(const hb_wdef *d, int64_t pane);
hb_pane *hb_pane_find(const hb_wdef *d, int64_t index);
/* The first pane after it; NULL when there is none. */
hb_pane *hb_pane_after(const hb_wdef *d, int64_t index);
/* *ret = NULL where there is no room. */
HB_CHECKED hb_status hb_pane_make(const hb_windows *w, hb_wdef *d, int64_t index, hb_pane **ret,
                                  hb_error *err);
void hb_pane_free(hb_pane *p);
void hb_pane_drop_before(hb_wdef *d, int64_t index);
HB_CHECKED hb_status hb_pane_cell(const hb_windows *w, hb_pane *p, uint32_t metric, hb_cell **ret,
                                  hb_error *err);
HB_CHECKED hb_status hb_pane_add(hb_windows *w, hb_pane *p, const hb_held *x, hb_error *err);
HB_CHECKED hb_status hb_cell_flush(hb_cell *c, hb_error *err);
HB_CHECKED hb_status hb_cell_finish(hb_cell *c, hb_error *err);
/* A finished copy. */
HB_CHECKED hb_status hb_cell_copy(const hb_cell *c, hb_profile *ret, hb_error *err);
void hb_cell_free(hb_cell *c);
void hb_excursions_note(hb_excursions *e, int which, double limit, hb_excursion x);
/* The limits a sample of the metric can break; false = none. */
bool hb_hard_limit(const hb_metric_def *def, int which, double *ret_limit);

/* windows_place.c: one sample whose time is believed into its panes, or late. */
HB_CHECKED hb_status hb_windows_place(hb_windows *w, const hb_held *x, const hb_live_sample *s,
                                      hb_error *err);
/* Counts what was lost, in the panes of the latest time. */
HB_CHECKED hb_status hb_windows_lost(hb_windows *w, hb_windows_count what, const char *reason,
                                     hb_error *err);
void hb_windows_advance(hb_windows *w, hb_time head);

/* windows_time.c: which times are believed. */
HB_CHECKED hb_status hb_windows_arrive(hb_windows *w, const hb_held *x, const hb_live_sample *s,
                                       hb_error *err);
HB_CHECKED hb_status hb_windows_settle_time(hb_windows *w, hb_error *err);

/* windows_close.c */
/* Builds the next window that is due; NULL when there is none. */
HB_CHECKED hb_status hb_windows_close_next(hb_windows *w, hb_window_closed **ret, hb_error *err);
/* Builds all that are due, for take. */
HB_CHECKED hb_status hb_windows_drain(hb_windows *w, hb_error *err);
void hb_windows_end_of_input(hb_windows *w);
/* What came to a pane that was worked off already. */
HB_CHECKED hb_status hb_windows_heard_late(hb_windows *w, hb_wdef *d, int64_t pane,
                                           const hb_held *x, hb_error *err);
/* windows_build.c */
HB_CHECKED hb_status hb_window_build(hb_windows *w, hb_wdef *d, int64_t end_pane, hb_kept *kept,
                                     hb_window_closed **ret, hb_error *err);
void hb_kept_release(hb_kept *k);

/* windows_mode.c */
HB_CHECKED hb_status hb_windows_copy_modes(hb_windows *w, hb_error *err);
/* Is it the metric that says the mode? */
bool hb_windows_is_mode(const hb_windows *w, uint32_t metric);
/* Of the window of these panes, before a profile of theirs is given away; counts. */
const char *hb_windows_mode(hb_windows *w, const hb_wdef *d, int64_t first, int64_t last,
                            bool again);
/* Panes before this one are about to go. */
void hb_windows_mode_pass(const hb_windows *w, hb_wdef *d, int64_t before);
void hb_windows_put_mode(const hb_windows *w, hb_buf *out);
HB_CHECKED hb_status hb_windows_get_mode(hb_windows *w, hb_rd *r, hb_error *err);
void hb_cell_put_mode(const hb_cell *c, hb_buf *out);
HB_CHECKED hb_status hb_cell_get_mode(hb_cell *c, const hb_pane *p, hb_rd *r, hb_error *err);

/* windows_outline.c: the parts in which an outline differs from a state */
void hb_ids_put_outline(const hb_ids *ids, hb_buf *out);
HB_CHECKED hb_status hb_ids_get_outline(hb_ids *ids, hb_rd *r, hb_error *err);
void hb_cell_put_outline(const hb_cell *c, hb_buf *out);
HB_CHECKED hb_status hb_cell_get_outline(hb_cell *c, const hb_pane *p, hb_rd *r, hb_error *err);

/* windows_state.c, windows_restore.c */
HB_CHECKED hb_status hb_windows_damaged(const char *what, hb_error *err);

enum {
    HB_COUNTS_ALWAYS = HB_WINDOWS_MODE_CHANGED, /* the others are in the state with modes only */
    HB_WINDOWS_STATE_VERSION = 2,               /* 1: without messages that came again */
    HB_WINDOWS_STATE_WITHOUT_HITS = 1,
    HB_WINDOWS_OUTLINE_VERSION = 1
};

#endif
