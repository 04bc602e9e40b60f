/* SPDX-License-Identifier: Apache-2.0 */
/* One file read line by line while it grows, and the place in it that a record's topic carries:
 * private to source/file_replay.
 *
 *     device:inode:n:hash of the first n bytes:offset to go on at      all but n in hex
 *
 * n is at most HB_TAIL_HEAD and never more than had been read. Device and inode find the file again
 * under another name; the first bytes tell whether it is still the same file. */
#ifndef HB_SOURCE_FILE_REPLAY_TAIL_H
#define HB_SOURCE_FILE_REPLAY_TAIL_H

#include "base/error.h"
#include "base/str.h"
#include "os/os.h"

enum { HB_TAIL_HEAD = 256, HB_TAIL_PLACE_TEXT = 100 };

typedef struct hb_tail_place {
    uint64_t device;
    uint64_t inode;
    uint64_t head_n;
    uint64_t head; /* hb_hash of the first head_n bytes */
    uint64_t next;
} hb_tail_place;

bool hb_tail_place_parse(hb_str topic, hb_tail_place *ret);
size_t hb_tail_place_print(const hb_tail_place *p, char out[HB_TAIL_PLACE_TEXT]);

typedef struct hb_tail {
    const hb_os *os;
    int fd;
    hb_tail_place place; /* behind the line that was returned last */
    char *buf;
    size_t cap;
    size_t from;    /* the unread bytes: buf[from, to) */
    size_t scanned; /* no line end in buf[from, scanned) */
    size_t to;
    uint64_t at;   /* file offset of buf[from] */
    bool skipping; /* inside a line that is too long */
} hb_tail;

/* A plain, uncompressed file from `next` on. HB_E_INPUT: it cannot be opened, or is none. */
HB_CHECKED hb_status hb_tail_open(hb_tail *t, const hb_os *os, const char *path, uint64_t next,
                                  hb_error *err);
void hb_tail_close(hb_tail *t);

typedef enum hb_tail_got {
    HB_TAIL_LINE,
    HB_TAIL_TOO_LONG, /* a line of more than HB_RECORD_PAYLOAD_MAX bytes was passed over */
    HB_TAIL_NOTHING,  /* at the end as it is now */
} hb_tail_got;

/* The next line, without its end; valid until the next call. With `all`, text behind the last line
 * end is a line too. */
HB_CHECKED hb_status hb_tail_line(hb_tail *t, bool all, hb_tail_got *ret_got, hb_str *ret_line,
                                  hb_error *err);

/* Is it still the file whose lines were read: not shorter than that, the first bytes the same? */
bool hb_tail_is_same(const hb_tail *t);
/* Is what was opened the very file of `place`, and does it hold what was read from it? */
bool hb_tail_is_at(const hb_tail *t, const hb_tail_place *place);
/* Does the file at `path` hold what `place` was read from? by_inode: it must be that very file. */
bool hb_tail_holds(const hb_os *os, const char *path, const hb_tail_place *place, bool by_inode);

#endif
