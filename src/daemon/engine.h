/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: journal records in, judged windows out. docs/live.md
 *
 *     hb_engine_new(&setup, &e, err)          loads the checkpoint; nothing is read yet
 *     hb_engine_step(e, most, &moved, err)    reads up to `most` records, judges what closes,
 * commits hb_engine_checkpoint(e, err)            state into the registry (before the program ends)
 *     hb_engine_get_state(e, &state)
 *     hb_engine_free(e)
 *
 * What is decided is a function of the records in their order and of the configuration, never of
 * clocks or of how the records were batched. After a restart the state of the last snapshot is
 * loaded, the records up to what had been decided are read again and their decisions compared with
 * those in the registry (a difference is told in evidence_why, logged, and never mended), and then
 * it goes on. One transaction a cycle: windows, runs registered, alerts, checkpoint. A decision is
 * committed only when the journal it rests on is on the disk.
 *
 * When a commit fails (HB_E_STORE: locked, disk full) what was judged stays pending, and the next
 * step tries again before it reads on. Other errors mean that the engine cannot go on.
 *
 * With another configuration than the checkpoint's (registry, policy, windows, program version …)
 * the state is not used: the windows that were open are filled again from the journal, those that
 * were judged already are left alone, detectors start from the baseline.
 *
 * One thread. Everything in the setup is borrowed for the engine's life. */
#ifndef HB_DAEMON_ENGINE_H
#define HB_DAEMON_ENGINE_H

#include "baseline/quality_policy.h"
#include "daemon/config.h"
#include "decide/live.h"
#include "journal/journal.h"
#include "store/live.h"

typedef struct hb_engine hb_engine;

typedef struct hb_engine_setup {
    const hb_os *os;
    const hb_daemon_config *config;
    const char *config_sha256; /* of its text; NULL = it has none */
    hb_store *store;
    hb_journal *journal;
    const hb_registry *registry; /* for the configured program and mode */
    /* By config->lanes, each for its mode; not read where the mode is not the data's. They must be
     * of one text (HB_E_CONFIG), and cut windows alike (hb_windows_cut_alike). */
    const hb_registry *const *lanes;
    const char *mode; /* inside the engine: of the windows at hand; NULL = the configuration's */
    hb_units *units;
    const hb_policy *policy;
    const hb_quality_policy *quality;
    const hb_telemetry_schema *schema;
    const char *reports; /* folder of report folders */
    hb_str schema_text;  /* of the schema, kept with runs; empty = there is no file */
    bool packs;          /* evidence packs are wanted as configured */
    const char *side;    /* file for late samples (late_event_policy side_output) */
    hb_alerts *alerts;   /* NULL = none */
    hb_log *log;         /* NULL = none */
} hb_engine_setup;

/* What of the journal decisions rest on, for hb_journal_options.known_to; 0 for a new stream. */
HB_CHECKED hb_status hb_engine_judged_to(hb_store *store, const char *stream,
                                         uint64_t *ret_position, hb_error *err);
HB_CHECKED hb_status hb_engine_new(const hb_engine_setup *setup, hb_engine **ret_engine,
                                   hb_error *err);
void hb_engine_free(hb_engine *e);

/* *ret_moved = false: the journal's end was reached and everything is committed. */
HB_CHECKED hb_status hb_engine_step(hb_engine *e, size_t most, bool *ret_moved, hb_error *err);
HB_CHECKED hb_status hb_engine_checkpoint(hb_engine *e, hb_error *err);
/* Has a baseline's tag moved? Then the windows after what is decided are judged against it. Once in
 * a while, and at the journal's end. */
HB_CHECKED hb_status hb_engine_look_at_tags(hb_engine *e, hb_error *err);
/* Decisions of PASS windows beyond their time, and reports over their cap. */
HB_CHECKED hb_status hb_engine_prune(hb_engine *e, hb_error *err);
/* After alert rules were reloaded. */
void hb_engine_set_alerts(hb_engine *e, hb_alerts *alerts);

enum { HB_ENGINE_BUCKETS = 14 };

typedef struct hb_engine_state {
    uint64_t position; /* next record to be read */
    uint64_t decided;  /* committed */
    uint64_t snapshot;
    bool reliving; /* records are read again after a restart */
    hb_time last_arrival;
    hb_time watermark;
    uint32_t metrics;      /* heard of */
    uint32_t open_windows; /* that hold samples */
    uint64_t records;      /* since the start */
    uint64_t windows[HB_VERDICT_COUNT_];
    uint64_t cycles;
    uint64_t checkpoints;
    double checkpoint_s;
    uint64_t counts[HB_WINDOWS_COUNT_];
    uint64_t relived; /* windows decided again and found equal */
    uint64_t reports_dropped;
    uint64_t reports_held; /* over their cap, and on hold */
    uint64_t reports_held_bytes;
    uint64_t side_lost;       /* late samples that did not get into the side file */
    char evidence_why[256];   /* "" = decisions agree */
    char baseline_why[256];   /* "" = every definition has a baseline */
    char reports_why[200];    /* "" = the last report was written */
    char cap_why[200];        /* "" = reports are below their cap, or on hold */
    uint64_t registry_bytes;  /* in use, at the last look, once a minute */
    char registry_why[200];   /* "" = within its limit */
    char training[200];       /* "" = none */
    bool restarted_from_open; /* the configuration was another one than the checkpoint's */
    uint64_t latency_n[HB_ENGINE_BUCKETS]; /* cumulative, by hb_engine_latency_le */
    double latency_sum;
    uint64_t latency_count;
} hb_engine_state;

extern const double hb_engine_latency_le[HB_ENGINE_BUCKETS];

void hb_engine_get_state(const hb_engine *e, hb_engine_state *ret);

#endif
