/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be taken away of a stream, asked each time before the journal drops segments: the
 * slices of windows whose case is on hold (store/custody.h), as the registry knows them at that
 * moment, whoever put them on hold. What goes is an entry of the lab's log. docs/custody.md
 *
 *     hb_keeper_open(os, db, stream, &k, err)
 *     options.guard = hb_keeper_guard, options.guard_ctx = k    (journal/journal.h)
 *     hb_keeper_close(k)                                        after the journal
 *
 * The entry is committed before a segment is removed: a crash in between leaves a segment that is
 * told of, and the first call after the next start lets it go without a second entry. A hold and a
 * removal are both writes to the registry, so one comes before the other. When the registry cannot
 * be asked nothing is dropped. Inside daemon/. */
#ifndef HB_DAEMON_KEEPER_H
#define HB_DAEMON_KEEPER_H

#include "journal/journal.h"
#include "store/store.h"

typedef struct hb_keeper hb_keeper;

/* A connection of its own, since any thread that appends may ask. */
HB_CHECKED hb_status hb_keeper_open(const hb_os *os, const char *db, const char *stream,
                                    hb_keeper **ret_keeper, hb_error *err);
/* NULL is fine. */
void hb_keeper_close(hb_keeper *k);
hb_status hb_keeper_guard(void *keeper, hb_journal_piece *pieces, size_t n, uint64_t over,
                          hb_error *err);

#endif
