/* SPDX-License-Identifier: Apache-2.0 */
/* Making the baseline of the first windows of a definition (`train:`). Inside daemon/.
 *
 * A number of good windows is waited for; of them at most HB_VERSION_RUNS_MAX, evenly spaced and
 * not overlapping, are registered as runs. Then a baseline version is made of these runs, its
 * quality is checked and kept as by `hb baseline create` and `promote`, and the tag is set. A
 * function of the records, so a restart in the middle makes the same version. */
#ifndef HB_DAEMON_TRAIN_H
#define HB_DAEMON_TRAIN_H

#include "daemon/baseline.h"
#include "store/versions.h"

typedef enum hb_train_phase {
    HB_TRAIN_OFF, /* not asked for, or there was a baseline from the start */
    HB_TRAIN_ON,
    HB_TRAIN_DONE,
    HB_TRAIN_REFUSED, /* `why` says what a person has to do */
    HB_TRAIN_PHASE_COUNT_
} hb_train_phase;

enum { HB_TRAIN_RUN_ID = 130, HB_TRAIN_WHY = 400 };

typedef struct hb_training {
    hb_train_phase phase;
    uint32_t wanted; /* good windows */
    uint32_t runs;   /* of them that become runs */
    uint32_t seen;   /* good windows so far */
    char (*run_ids)[HB_TRAIN_RUN_ID];
    size_t n_run_ids;
    size_t cap_run_ids;
    char why[HB_TRAIN_WHY];
    char version[65]; /* DONE: what was made and tagged; "" = a person had set the tag meanwhile */
} hb_training;

void hb_training_start(hb_training *t, const hb_daemon_config *c, const hb_daemon_window *w);
void hb_training_release(hb_training *t);
/* Does the next good window become a run? */
bool hb_training_takes(const hb_training *t);
/* A good window went by; run_id NULL = it did not become a run. */
HB_CHECKED hb_status hb_training_add(hb_training *t, const char *run_id, hb_error *err);
static inline bool hb_training_complete(const hb_training *t)
{
    return t->phase == HB_TRAIN_ON && t->seen >= t->wanted;
}
/* Its runs are in the registry: version, quality, tag, in one transaction; the phase says what came
 * of it. What is there already is left as it is. */
HB_CHECKED hb_status hb_training_finish(const hb_engine_setup *s, const char *tag, hb_training *t,
                                        hb_error *err);

void hb_training_save(const hb_training *t, hb_buf *out);
HB_CHECKED hb_status hb_training_restore(hb_training *t, hb_rd *in, hb_error *err);

#endif
