/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of segments and records (docs/formats/journal.md). Pure: reads and writes memory it is
 * given, trusts nothing of what it reads. */
#ifndef HB_JOURNAL_FORMAT_H
#define HB_JOURNAL_FORMAT_H

#include "journal/journal.h"

enum {
    HB_SEGMENT_HEAD = 4096, /* bytes before the first record */
    HB_SEGMENT_LEAD = 128,  /* of these, what is not always zero */
    HB_SEGMENT_NAME = 25,   /* "00000000000000000000.hbj" and its end */
    HB_RECORD_HEAD = 40,
    HB_RECORD_MIN = 48 /* smallest record with its padding */
};
/* Of a segment's file: 1 GiB and one record that did not fit. */
#define HB_SEGMENT_FILE_MAX ((UINT64_C(1) << 30) + (UINT64_C(8) << 20))

typedef struct hb_segment_head {
    uint64_t start;
    uint64_t file_bytes;
    hb_time made;
} hb_segment_head;

typedef struct hb_segment_seal {
    uint64_t end;
    uint64_t records;
    hb_time first;  /* arrival of the first record; HB_TIME_NONE without records */
    hb_time newest; /* latest arrival */
} hb_segment_seal;

/* `name` at least HB_SEGMENT_NAME bytes. */
void hb_segment_name(uint64_t start, char *name);
/* False when `name` is not one of a segment. */
bool hb_segment_name_read(const char *name, uint64_t *ret_start);

/* The first HB_SEGMENT_LEAD bytes, seal empty. */
void hb_segment_head_write(unsigned char *p, const hb_segment_head *h);
/* NULL when it is good, else what is wrong. *ret_newer: whole, but of another version. */
const char *hb_segment_head_read(const unsigned char *p, size_t n, hb_segment_head *ret,
                                 bool *ret_newer);
/* `p` is the segment's first byte. */
void hb_segment_seal_write(unsigned char *p, const hb_segment_seal *s);
void hb_segment_seal_clear(unsigned char *p);
bool hb_segment_seal_read(const unsigned char *p, size_t n, hb_segment_seal *ret);

/* HB_E_INPUT: such a record can never be stored. */
HB_CHECKED hb_status hb_record_check(const hb_record *r, hb_error *err);
/* On the disk, padding included. */
size_t hb_record_bytes(const hb_record *r);
/* `at` is 8-aligned, zeroed, and has room. The first eight bytes are stored last, at once, with
 * release order. */
void hb_record_write(unsigned char *at, const hb_record *r, uint64_t position);

typedef enum hb_found { HB_FOUND_RECORD, HB_FOUND_NOTHING, HB_FOUND_DAMAGE } hb_found;

/* What is at `at` (8-aligned), of which `room` bytes may be looked at. The record's strings point
 * into it. *ret_why: what is damaged. */
hb_found hb_record_read(const unsigned char *at, size_t room, uint64_t position, hb_record *ret,
                        const char **ret_why);
/* The offset of the first whole record at or after `from` in data[0 … n), where data[0] is position
 * `start`; n when there is none. */
size_t hb_record_seek(const unsigned char *data, size_t n, size_t from, uint64_t start);
/* Index after the last byte of data[from … n) that is not zero; `from` when there is none. */
size_t hb_last_byte(const unsigned char *data, size_t n, size_t from);

/* Adds a record to the figures of its segment. A seal begins as HB_SEAL_OF(start). */
void hb_segment_seal_add(hb_segment_seal *s, const hb_record *r, uint64_t next);
#define HB_SEAL_OF(start_) \
    ((hb_segment_seal){.end = (start_), .first = HB_TIME_NONE, .newest = HB_TIME_NONE})

#endif
