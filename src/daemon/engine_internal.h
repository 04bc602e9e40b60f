/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the engine: engine.c reads, judge.c decides, cycle.c commits, state.c saves
 * and restarts, register.c makes runs and reports of windows of weight, reading.c says how their
 * records are read again. */
#ifndef HB_DAEMON_ENGINE_INTERNAL_H
#define HB_DAEMON_ENGINE_INTERNAL_H

#include "daemon/baseline.h"
#include "daemon/begins.h"
#include "daemon/engine.h"
#include "daemon/reports.h"
#include "daemon/side.h"
#include "daemon/track.h"
#include "daemon/train.h"
#include "export/window_how.h"

enum {
    HB_PENDING_MAX = 64,
    HB_PENDING_BYTES = 32 << 20, /* of their bases: beyond it they are committed */
    HB_DECISION_MAX_BYTES = 16 << 20,
    HB_STATE_MAX_BYTES = 1 << 30
};

/* One window definition, and where the data say the operating mode, one mode of it: windows of
 * another mode are judged against another baseline, and its detector does not see them. */
typedef struct hb_watched {
    const hb_daemon_window *def;
    hb_engine_setup s; /* the engine's, with the registry of its mode and the mode */
    const char *tag;   /* the baseline: the definition's, with -MODE behind it */
    char *own_tag;     /* the same, where it is not the definition's */
    hb_live_baseline baseline;
    hb_detector *detector; /* NULL while there is no baseline */
    hb_training training;
    hb_track track;     /* of the definition: only its first one's is used */
    bool to_load;       /* the baseline is named, but could not be loaded yet */
    bool train_without; /* … and when it turns out not to exist, the training goes on */
} hb_watched;

/* A window that was judged and is not committed. It owns what its decision borrows, except the
 * baseline, which is not replaced before everything pending is committed. */
typedef struct hb_pending {
    hb_watched *of;
    hb_window_closed *closed;
    hb_live live;
    hb_prior prior;
    hb_reference reference;
    hb_decision *decision;
    hb_buf json;
    hb_buf
        basis; /* of a window that becomes a run: with the detector before it took the window in */
    char digest[65];
    hb_buf reading; /* of the same: how its records were read (export/window_how.h) */
    char *report;   /* path, NULL = none */
    uint64_t from;
    uint64_t to;
    bool run;      /* is registered as a run … */
    bool training; /* … of the training, without its decision */
    uint32_t weight;
    int64_t since_ns; /* monotonic: its last record in hand */
} hb_pending;

struct hb_engine {
    hb_engine_setup s;
    bool distrust; /* the checkpoint's state could not be loaded: windows are filled again */
    hb_windows *windows;
    hb_watched *watched; /* by definition, in it by config->lanes */
    size_t n_watched;
    size_t n_lanes;
    hb_feed feed;
    hb_begins begins;
    hb_side *side;
    hb_reports *reports;
    hb_journal_reader *reader;
    char config_digest[65];

    uint64_t position; /* next record to be read */
    uint64_t record;   /* of the record at work */
    uint64_t decided;  /* committed */
    uint64_t snapshot;
    uint64_t low;         /* first record that windows open at the snapshot need */
    uint64_t quiet_until; /* windows that close before it were judged under another configuration */
    uint64_t released;
    bool between;             /* at a record's border: the state may be saved */
    bool stored;              /* there is a checkpoint of ours in the registry */
    uint64_t read_since;      /* records since the last checkpoint */
    int64_t checkpoint_at_ns; /* monotonic */

    /* windows that became runs in the latest hour of the data's time */
    int64_t hour;
    uint32_t runs_in_hour;

    hb_pending *pending[HB_PENDING_MAX];
    size_t n_pending;
    size_t pending_bytes;

    hb_engine_state told;
};

/* lanes.c: all of them, by definition and mode. */
HB_CHECKED hb_status hb_engine_watch(hb_engine *e, hb_error *err);
/* That of the window. */
HB_CHECKED hb_status hb_engine_lane(hb_engine *e, const hb_window *window, hb_watched **ret,
                                    hb_error *err);
/* Where the window's definition keeps track of its records. */
hb_track *hb_engine_track(hb_engine *e, const hb_watched *w);

/* engine.c: trainings that are complete become baselines; everything pending is committed before.
 */
HB_CHECKED hb_status hb_engine_settle(hb_engine *e, hb_error *err);

/* judge.c */
HB_CHECKED hb_status hb_engine_judge(hb_engine *e, hb_watched *w, hb_window_closed *closed,
                                     hb_error *err);
void hb_pending_free(hb_pending *p);
/* A detector for the definition's baseline; none while there is no baseline. */
HB_CHECKED hb_status hb_watched_detector(hb_engine *e, hb_watched *w, hb_error *err);
/* It gets to know the runs of the baseline that were windows of the same definition. */
HB_CHECKED hb_status hb_watched_warm(hb_engine *e, hb_watched *w, hb_error *err);

/* reading.c: p->reading, and p->from moved to where it begins. */
HB_CHECKED hb_status hb_pending_reading(hb_engine *e, hb_pending *p, hb_error *err);

/* cycle.c: everything pending and the checkpoint, in one transaction. */
HB_CHECKED hb_status hb_engine_commit(hb_engine *e, bool with_state, hb_error *err);
void hb_engine_evidence(hb_engine *e, const hb_error *why);

/* register.c */
HB_CHECKED hb_status hb_pending_report(hb_engine *e, hb_pending *p, hb_error *err);
HB_CHECKED hb_status hb_pending_register(hb_engine *e, const hb_pending *p, hb_error *err);

/* prune.c: takes away reports that are over their cap. */
HB_CHECKED hb_status hb_engine_reports_pass(hb_engine *e, hb_error *err);

/* state.c */
HB_CHECKED hb_status hb_engine_save(const hb_engine *e, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_engine_restart(hb_engine *e, hb_error *err);
/* What the definition's tag points at now, loaded, with a detector. Nothing may be pending. */
HB_CHECKED hb_status hb_watched_baseline(hb_engine *e, hb_watched *w, hb_error *err);
uint64_t hb_engine_low(const hb_engine *e, uint64_t fallback);

#endif
