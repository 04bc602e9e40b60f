/* SPDX-License-Identifier: Apache-2.0 */
/* Packs that nobody asked for by hand: what the registry says is wanted (store/packs.h) becomes
 * DIR/evidence_CASE.zip, and stays below a cap. The case is the run's id.
 *
 *     hb_export_wanted(&ask, dir, row, &arena, &exported, err)    made and marked so, or not at all
 *     hb_export_drop_oldest(&drop, &arena, &dropped, err)
 */
#ifndef HB_EXPORT_AUTOMATIC_H
#define HB_EXPORT_AUTOMATIC_H

#include "export/export.h"
#include "store/packs.h"

/* `ask` has store, audit_dir, signers, chain_pem, seal, journal, units and now; run and decision
 * are the row's. A pack of this decision that is there already (made just before a crash) is taken
 * as it is. A name that is taken by something else: evidence_CASE-DIGEST.zip. `dir` is made when
 * missing. With `seal` the name is always evidence_CASE-DIGEST.zip.p7m (or .hbs): what is in a file
 * nobody here can read is known by its name alone, and one that was left by a crash is made anew.
 * *ret_path in the arena. */
HB_CHECKED hb_status hb_export_wanted(const hb_export_ask *ask, const char *dir,
                                      const hb_packs_row *row, hb_arena *arena,
                                      const char **ret_path, hb_error *err);

typedef struct hb_export_drop {
    const hb_os *os;
    hb_store *store;
    const char *stream; /* whose packs; NULL = all */
    uint64_t max_bytes; /* 0 = no limit */
    hb_time now;
} hb_export_drop;

typedef struct hb_export_dropped {
    uint64_t packs;
    uint64_t bytes;
    uint64_t held; /* the cap is not kept: so many that would have gone are on hold */
    uint64_t held_bytes;
} hb_export_dropped;

/* Oldest first until the others fit; the newest always stays, and what is on hold
 * (store/custody.h), which is asked in the transaction of each removal and its entry in the log
 * ("retention"). What could not be removed is not told of; what was removed and not told of, for
 * the program was killed, is told of by the next call. */
HB_CHECKED hb_status hb_export_drop_oldest(const hb_export_drop *drop, hb_arena *arena,
                                           hb_export_dropped *ret, hb_error *err);

#endif
