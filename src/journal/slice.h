/* SPDX-License-Identifier: Apache-2.0 */
/* A stretch of a journal as segment files of its own: the records as received, at the positions
 * they had, so that `hb journal cat` and every reader of docs/formats/journal.md reads the folder
 * they are put into. The same stretch gives the same bytes.
 *
 *     for (uint64_t at = from; at < to; at = slice.to) {
 *         hb_journal_slice(j, at, to, &buf, &slice, err);
 *         … write buf under slice.name
 *     }
 */
#ifndef HB_JOURNAL_SLICE_H
#define HB_JOURNAL_SLICE_H

#include "journal/format.h"

enum {
    HB_SLICE_BYTES = 8 << 20, /* of records in one file, and one record that did not fit */
    HB_SLICE_FILE_MAX = 16 << 20
};

typedef struct hb_slice {
    char name[HB_SEGMENT_NAME];
    uint64_t from; /* of its first record */
    uint64_t to;   /* after its last one */
    hb_segment_seal seal;
} hb_slice;

/* The next file of [from, to): replaces what is in out (which takes HB_SLICE_FILE_MAX).
 * `from` must be where a record begins (HB_E_INPUT: it is not kept); a record that begins before
 * `to` belongs to it. Holds at least one record; HB_E_INPUT when there is none. */
HB_CHECKED hb_status hb_journal_slice(hb_journal *j, uint64_t from, uint64_t to, hb_buf *out,
                                      hb_slice *ret, hb_error *err);

/* The shortest stretch of [*io_from, *io_to) with all records that arrived in [first, last].
 * *ret_any = false when there are none. */
HB_CHECKED hb_status hb_journal_narrow(hb_journal *j, uint64_t *io_from, uint64_t *io_to,
                                       hb_time first, hb_time last, bool *ret_any, hb_error *err);

#endif
