/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a journal, and mending it. Listing and verifying read only, also while another
 * process writes; repairing takes the lock. What they give is in the caller's arena. */
#ifndef HB_JOURNAL_INSPECT_H
#define HB_JOURNAL_INSPECT_H

#include "base/arena.h"
#include "journal/journal.h"

enum { HB_JOURNAL_FINDINGS = 10000 };

typedef struct hb_journal_row {
    const char *file;
    uint64_t start;
    uint64_t end;
    uint64_t bytes;   /* of the file */
    uint64_t records; /* of a damaged one: that can be read before the damage */
    hb_time made;     /* HB_TIME_NONE: unknown */
    hb_time first;    /* arrival; HB_TIME_NONE without records */
    hb_time newest;
    bool last;
    bool damaged; /* header or seal; its records were not looked at */
} hb_journal_row;

typedef struct hb_journal_range {
    const char *name; /* of a hold; "" of a gap */
    uint64_t from;
    uint64_t to;
} hb_journal_range;

typedef struct hb_journal_listing {
    hb_journal_row *rows; /* oldest first */
    size_t n_rows;
    hb_journal_range *holds;
    size_t n_holds;
    hb_journal_range *gaps; /* dropped by the retention between segments that are held */
    size_t n_gaps;
    hb_journal_state state;
} hb_journal_listing;

/* Headers and seals, and the last segment's records: quick. */
HB_CHECKED hb_status hb_journal_list(const hb_os *os, const char *dir, hb_arena *arena,
                                     hb_journal_listing *ret, hb_error *err);

typedef struct hb_journal_finding {
    const char *file; /* "" = none */
    uint64_t from;    /* positions; from == to: of a file's header or end */
    uint64_t to;
    const char *what;
} hb_journal_finding;

typedef struct hb_journal_verdict {
    uint64_t begin;
    uint64_t end;
    uint64_t records; /* whole ones */
    uint32_t segments;
    hb_journal_finding *problems; /* something does not hold */
    size_t n_problems;
    hb_journal_finding *notes; /* gaps that are meant */
    size_t n_notes;
} hb_journal_verdict;

/* Every byte: headers, seals, records, what joins them, and that the rest is zero. More than
 * HB_JOURNAL_FINDINGS problems: the first of them. */
HB_CHECKED hb_status hb_journal_verify(const hb_os *os, const char *dir, hb_arena *arena,
                                       hb_journal_verdict *ret, hb_error *err);

typedef struct hb_journal_repairs {
    const char **lines; /* what was done, as in repairs.log */
    size_t n;
    uint64_t cut_bytes; /* of the tail, by opening */
    uint64_t cut_records;
    uint64_t moved_bytes; /* damaged; now in .cut files */
    uint64_t lost_bytes;  /* of segments that are missing */
} hb_journal_repairs;

/* Whole records keep their bytes and positions; a damaged stretch goes to a .cut file and loss
 * records take its place. A missing segment becomes one of loss records; when more than 1 GiB is
 * missing, it is noted as a gap. Sound segments are not touched. */
HB_CHECKED hb_status hb_journal_repair(const hb_os *os, const char *dir, hb_arena *arena,
                                       hb_journal_repairs *ret, hb_error *err);

#endif
