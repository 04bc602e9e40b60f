/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence packs of windows, made beside the engine: a thread with its own connection to the
 * registry takes what is wanted (store/packs.h) one after another. A pack that cannot be made is
 * tried again, later each time; the newest failure is told. docs/evidence.md
 *
 *     hb_packer_start(&options, &p, err)
 *     hb_packer_wake(p)                      something was committed
 *     hb_packer_get_state(p, &state)
 *     hb_packer_settle(p, ms)                bounded input: what is wanted is made
 *     hb_packer_stop(p, ms)                  false: a pack is still being written, its thread uses
 *                                            what it was given
 */
#ifndef HB_DAEMON_PACKS_H
#define HB_DAEMON_PACKS_H

#include "crypto/sealed.h"
#include "daemon/log.h"
#include "journal/journal.h"

#include <stdbool.h>

typedef struct hb_packer hb_packer;

typedef struct hb_packer_options { /* borrowed until it is stopped */
    const hb_os *os;
    const char *db;
    const char *stream;
    const char *dir; /* where packs go; made when missing */
    const char *audit_dir;
    const char *sbom_sha256; /* of this program (base/sbom.h) */
    hb_journal *journal;
    hb_signer *signer;       /* used by no other thread */
    hb_str chain_pem;        /* its certificates; n = 0: none */
    const hb_seal_ask *seal; /* packs are encrypted so; NULL = not */
    bool no_baseline_runs;
    uint64_t max_bytes; /* of all packs of the stream; 0 = no limit */
    hb_log *log;
} hb_packer_options;

typedef struct hb_packer_state {
    uint64_t wanted; /* not made yet */
    uint64_t made;
    uint64_t gone;  /* taken away, or never to be made */
    uint64_t bytes; /* of those that are there */
    uint64_t held;  /* over the cap, and on hold … */
    uint64_t held_bytes;
    char cap_why[200]; /* what is over the cap could not be taken away; "" = it could */
    char why[200];     /* the last attempt failed; "" = it did not */
} hb_packer_state;

HB_CHECKED hb_status hb_packer_start(const hb_packer_options *options, hb_packer **ret_packer,
                                     hb_error *err);
void hb_packer_wake(hb_packer *p);
void hb_packer_get_state(hb_packer *p, hb_packer_state *ret);
/* Returns when nothing is due any more, or after `ms`. */
void hb_packer_settle(hb_packer *p, uint32_t ms);
/* NULL is fine. */
bool hb_packer_stop(hb_packer *p, uint32_t ms);

#endif
