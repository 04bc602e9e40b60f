/* SPDX-License-Identifier: Apache-2.0 */
/* What a reading child says to its parent: a table as frames over a pipe.
 * docs/formats/child_frames.md
 *
 * The child writes: start → note … → columns → rows … → end, or at any place error and no more.
 * The parent reads frame by frame and trusts nothing: every length is checked against a limit and
 * against the bytes that are there. Numbers are in the machine's own byte order, for both ends are
 * the same program on the same machine. */
#ifndef HB_INPUT_CHILD_FRAMES_H
#define HB_INPUT_CHILD_FRAMES_H

#include "base/wire.h"

enum {
    HB_FRAMES_VERSION = 1,
    HB_FRAME_MAX_BYTES = 64 << 20,
    HB_FRAME_MAX_CELLS = 1 << 17, /* of one rows frame, unless a single row has more */
    HB_FRAME_MAX_TEXT = 1 << 16,  /* of one cell or name */
};

typedef enum hb_frame_kind {
    HB_FRAME_START = 1, /* u32 version */
    HB_FRAME_NOTE,      /* texts: what, value, why */
    HB_FRAME_COLUMNS,   /* u8 named in the file, u32 n, n × texts: name, unit */
    HB_FRAME_ROWS,      /* u32 n, then each column: u8 encoding, data */
    HB_FRAME_ERROR,     /* u32 status, text */
    HB_FRAME_END,       /* u64 rows in all */
} hb_frame_kind;

typedef enum hb_frame_encoding {
    HB_FRAME_NUMBERS,     /* n × f64 */
    HB_FRAME_SOME_NUMBER, /* n × u8, 1 = there is none; n × f64 */
    HB_FRAME_BOOLS,       /* n × u8, 0 or 1 */
    HB_FRAME_TEXTS,       /* n × (u32 length, bytes) */
} hb_frame_encoding;

/* The child's side. */

/* One column of the rows to be written, filled by a reader and used again. */
typedef struct hb_frame_column {
    hb_frame_encoding encoding;
    double *v;
    uint8_t *flags; /* BOOLS; SOME_NUMBER: 1 = there is none */
    size_t cap;     /* of v and flags */
    hb_buf texts;   /* as in the frame */
} hb_frame_column;

void hb_frame_column_init(hb_frame_column *c);
void hb_frame_column_release(hb_frame_column *c);
HB_CHECKED hb_status hb_frame_column_room(hb_frame_column *c, size_t n, hb_error *err);
/* Appends a cell to `texts`; one longer than HB_FRAME_MAX_TEXT is HB_E_LIMIT at hb_frames_rows. */
void hb_frame_column_text(hb_frame_column *c, const char *p, size_t n);

typedef struct hb_frames_out {
    hb_status (*write)(void *ctx, const void *p, size_t n, hb_error *err);
    void *ctx;
    hb_buf frame;
} hb_frames_out;

void hb_frames_out_init(hb_frames_out *f,
                        hb_status (*write)(void *ctx, const void *p, size_t n, hb_error *err),
                        void *ctx);
void hb_frames_out_release(hb_frames_out *f);

typedef struct hb_frame_label {
    hb_str name;
    hb_str unit;
} hb_frame_label;

HB_CHECKED hb_status hb_frames_start(hb_frames_out *f, hb_error *err);
HB_CHECKED hb_status hb_frames_note(hb_frames_out *f, const char *what, const char *value,
                                    const char *why, hb_error *err);
HB_CHECKED hb_status hb_frames_columns(hb_frames_out *f, bool named, const hb_frame_label *labels,
                                       size_t n, hb_error *err);
HB_CHECKED hb_status hb_frames_rows(hb_frames_out *f, const hb_frame_column *columns, size_t n,
                                    size_t n_rows, hb_error *err);
HB_CHECKED hb_status hb_frames_end(hb_frames_out *f, uint64_t rows, hb_error *err);
HB_CHECKED hb_status hb_frames_error(hb_frames_out *f, const hb_error *what, hb_error *err);

/* The parent's side. */

typedef struct hb_frames_in {
    hb_status (*read)(void *ctx, void *p, size_t n, size_t *ret_n, hb_error *err);
    void *ctx;
    hb_buf payload;
} hb_frames_in;

typedef struct hb_frame {
    hb_frame_kind kind;
    hb_rd payload; /* borrowed until the next frame */
} hb_frame;

void hb_frames_in_init(hb_frames_in *f,
                       hb_status (*read)(void *ctx, void *p, size_t n, size_t *ret_n,
                                         hb_error *err),
                       void *ctx);
void hb_frames_in_release(hb_frames_in *f);
/* The next frame. A stream that ends, a kind that is none, a length over the limit: HB_E_INPUT. */
HB_CHECKED hb_status hb_frames_next(hb_frames_in *f, hb_frame *ret, hb_error *err);
/* u32 length and bytes, borrowed; sets r->failed when they are not there. */
hb_str hb_frame_text(hb_rd *r);

#endif
