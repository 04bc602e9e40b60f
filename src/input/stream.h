/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of an input file, decompressed on the way (.gz, .zst and .zip by their magic bytes),
 * digested as stored. Sequential, constant memory. "-" is standard input.
 *
 * open → read until 0 → close. A truncated or damaged compressed file is HB_E_INPUT, never a short
 * read; expansion beyond HB_STREAM_MAX_RATIO of a large output is HB_E_LIMIT (a bomb).
 *
 * A zip container with one file in it is read like a .gz; with several, `member` names one (a name
 * or a pattern with * and ?), else the error lists them. A zip in a zip is entered, a third is not.
 * Workbooks and .npz files are zips too and are left as they are: their readers know what to do
 * with the parts. docs/formats/zip.md */
#ifndef HB_INPUT_STREAM_H
#define HB_INPUT_STREAM_H

#include "os/file.h"

typedef struct hb_stream hb_stream;
struct hb_pool;

enum {
    /* Recordings compress 5 to 50 times, dull ones 200; deflate cannot pass 1,032. */
    HB_STREAM_MAX_RATIO = 250,
    HB_STREAM_MAX_HELD = 256 << 20,
    HB_STREAM_MAX_NESTING = 2, /* zips in one another */
};

HB_CHECKED hb_status hb_stream_open(const hb_os *os, const char *path, hb_stream **ret_stream,
                                    hb_error *err);
/* member: NULL = the only one. Whether there was a container to choose from: hb_stream_member. */
HB_CHECKED hb_status hb_stream_open_member(const hb_os *os, const char *path, const char *member,
                                           hb_stream **ret_stream, hb_error *err);
void hb_stream_close(hb_stream *s);
/* Up to n decompressed bytes; *ret_n = 0 only at the end of the file. */
HB_CHECKED hb_status hb_stream_read(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err);
/* The first bytes, not consumed, at most 64 KiB: for sniffing. Borrowed until the next read. */
HB_CHECKED hb_status hb_stream_peek(hb_stream *s, size_t n, hb_str *ret_bytes, hb_error *err);

/* For formats whose parts lie anywhere (zip, SQLite, columns one behind the other): the decoded
 * bytes by place. hold before anything was read (peeking is fine), then read_at any number of
 * times; hb_stream_read goes on working beside them. A plain file is read in place; what has no
 * place (standard input, compressed data) is taken into memory first, at most HB_STREAM_MAX_HELD.
 * A file that changed until hb_stream_digest is HB_E_INPUT there. */
HB_CHECKED hb_status hb_stream_hold(hb_stream *s, uint64_t *ret_size, hb_error *err);
/* *ret_n < n only at the end. */
HB_CHECKED hb_status hb_stream_read_at(hb_stream *s, uint64_t at, void *p, size_t n, size_t *ret_n,
                                       hb_error *err);

const char *hb_stream_path(const hb_stream *s);
/* "", "gzip", "zstd", "zip", or those one in another: "zip, gzip". */
const char *hb_stream_compression(const hb_stream *s);
/* Name of the container's file that is read, "" when there is no container. */
const char *hb_stream_member(const hb_stream *s);
/* Was the `member` given to the opening used for that choice? */
bool hb_stream_took_member(const hb_stream *s);
/* The descriptor of a regular file that is read as it is stored, for readers that seek; else -1.
 * Borrowed, and its offset is the stream's: open it again (/proc/self/fd). */
int hb_stream_file(const hb_stream *s);
/* The digest may be taken by other threads from now on. The pool is borrowed until close. */
void hb_stream_use(hb_stream *s, struct hb_pool *pool);
/* Stored bytes read so far: for progress. */
uint64_t hb_stream_raw_bytes(const hb_stream *s);
/* Once read to the end: size and SHA-256 of the stored file. HB_E_INPUT when the file was changed
 * since it was opened: cut off, written over, or, when read by place, in any way. */
HB_CHECKED hb_status hb_stream_digest(hb_stream *s, uint64_t *ret_bytes, char ret_sha256[65],
                                      hb_error *err);
/* After hb_stream_digest: is there more in the file than when it was opened? Its last row may have
 * been read by half. */
bool hb_stream_grew(const hb_stream *s);

#endif
