/* SPDX-License-Identifier: Apache-2.0 */
/* The baseline of one window definition: what its tag points at, loaded once.
 *
 * It is named by content (a version, or a run and the runs beside it), so a checkpoint keeps only
 * names, and loading them again gives the same reference whatever happened to the tag or the
 * registry since. Inside daemon/. */
#ifndef HB_DAEMON_BASELINE_H
#define HB_DAEMON_BASELINE_H

#include "base/wire.h"
#include "baseline/select.h"
#include "daemon/engine.h"

typedef struct hb_live_baseline {
    hb_arena arena;       /* names */
    const char *version;  /* "" = none */
    const char *run_id;   /* of a tag at a single run; "" = none */
    const char *reason;   /* why there are no names: of hb_baseline_reasons; "" = no such tag */
    const char *note;     /* what is to be known of its approval; "" = nothing */
    const char **set_ids; /* of that run's comparable set, oldest first */
    size_t n_set_ids;
    hb_selection selection;
    bool selected;
    hb_run_set set;
    bool has_set;
    hb_reference reference; /* prior is NULL: the window's own goes there */
} hb_live_baseline;

void hb_live_baseline_init(hb_live_baseline *b);
void hb_live_baseline_release(hb_live_baseline *b);
bool hb_live_baseline_exists(const hb_live_baseline *b); /* there is something to compare with */

/* What the tag points at now, not loaded yet; replaces *b. */
HB_CHECKED hb_status hb_live_baseline_find(const hb_engine_setup *s, const char *tag,
                                           hb_live_baseline *b, hb_error *err);
/* A version by name, not loaded yet; replaces *b. */
HB_CHECKED hb_status hb_live_baseline_name(hb_live_baseline *b, const char *version, hb_error *err);
/* Do both name the same? */
bool hb_live_baseline_same(const hb_live_baseline *a, const hb_live_baseline *b);
/* Fills `reference` from the names. Without names: none, and the reference says why. */
HB_CHECKED hb_status hb_live_baseline_load(const hb_engine_setup *s, const char *tag,
                                           hb_live_baseline *b, hb_error *err);

void hb_live_baseline_save(const hb_live_baseline *b, hb_buf *out);
/* Names only. has_approval: the state has reason and note (version 2 on). */
HB_CHECKED hb_status hb_live_baseline_restore(hb_live_baseline *b, hb_rd *in, bool has_approval,
                                              hb_error *err);

/* Text of a state: u32 length and bytes. */
void hb_state_put_text(hb_buf *out, const char *text);
HB_CHECKED hb_status hb_state_get_text(hb_rd *in, hb_arena *arena, const char **ret, hb_error *err);

#endif
