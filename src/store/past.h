/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict takes of earlier runs: figures without their samples, and suspicions. */
#ifndef HB_STORE_PAST_H
#define HB_STORE_PAST_H

#include "store/store.h"
#include "telemetry/set_maker.h"

/* Reads figures run by run, in one snapshot, from an index that holds no sample.
 *
 *     hb_figures_open(s, &f, err)
 *     per run:  hb_figures_run(f, "run-1", arena, &past, err)
 *               while hb_figures_next(f, &figure, &more, err) gives more: by name, ascending;
 *                                     texts are valid until the next call
 *     hb_figures_close(f)
 *
 * hb_figures_run: HB_E_STORE when the run is unknown or has not all its metrics. Between open and
 * close nothing can be written with the same store. */
typedef struct hb_figures hb_figures;

HB_CHECKED hb_status hb_figures_open(hb_store *s, hb_figures **ret_figures, hb_error *err);
HB_CHECKED hb_status hb_figures_run(hb_figures *f, const char *run_id, hb_arena *arena,
                                    hb_past_run *ret_run, hb_error *err);
HB_CHECKED hb_status hb_figures_next(hb_figures *f, hb_past_figure *ret_figure, bool *ret_more,
                                     hb_error *err);
void hb_figures_close(hb_figures *f);

/* Names of all factors any run has, in order. */
HB_CHECKED hb_status hb_store_factor_names(hb_store *s, hb_arena *arena, const char ***ret_names,
                                           size_t *ret_n, hb_error *err);

typedef struct hb_suspicion_row { /* strings in the caller's arena */
    int64_t id;
    const char *run_id; /* that raised it */
    const char *run_digest;
    const char *context[HB_CONTEXT_COUNT]; /* of that run */
    const char *metric;
    hb_direction direction;
    hb_time raised; /* that run's time */
    hb_time until;
    double step;
    bool log;
    size_t n_set;
    hb_suspicion_state state;
    const char *closed_by; /* run that gave the last word; "" while open */
    hb_time closed_at;     /* when that was written down; HB_TIME_NONE while open */
} hb_suspicion_row;

typedef struct hb_suspicion_query { /* NULL = any */
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *run_id; /* raised by */
    /* As it looked to this run: what it said itself does not count, and what it raised is left
     * out, as is what was raised by runs judged together with it. So a run that is decided again
     * finds what it found the first time. */
    const char *seen_by;
    bool settled_too; /* also cleared and opposite ones */
} hb_suspicion_query;

enum { HB_SUSPICIONS_MAX = 100000 };

/* By metric, then the run that raised it, then age. Withdrawn ones are never listed. HB_E_LIMIT
 * when HB_SUSPICIONS_MAX or more match, here and below: never a list cut short. */
HB_CHECKED hb_status hb_store_list_suspicions(hb_store *s, const hb_suspicion_query *q,
                                              hb_arena *arena, hb_suspicion_row **ret_rows,
                                              size_t *ret_n, hb_error *err);
/* A run that an open or confirmed suspicion is about: the one that raised it, the one that
 * confirmed it, and those judged together with either, whose mean it was. */
typedef struct hb_suspect {
    const char *run_id;
    int64_t suspicion; /* hb_suspicion_row.id */
} hb_suspect;

/* By run, then suspicion. Of q only test and seen_by count: what that run said or raised itself is
 * left out, but not what others confirmed of it. */
HB_CHECKED hb_status hb_store_list_suspects(hb_store *s, const hb_suspicion_query *q,
                                            hb_arena *arena, hb_suspect **ret_rows, size_t *ret_n,
                                            hb_error *err);
/* Runs of the frozen set, oldest first; row->n_set of them. */
HB_CHECKED hb_status hb_store_suspicion_set(hb_store *s, const hb_suspicion_row *row,
                                            hb_arena *arena, const char ***ret_run_ids,
                                            hb_error *err);

#endif
