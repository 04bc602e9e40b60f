/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of an input file, decompressed on the way (.gz, .zst by their magic bytes), digested as
 * stored. Sequential, constant memory. "-" is standard input.
 *
 * open → read until 0 → close. A truncated or damaged compressed file is HB_E_INPUT, never a short
 * read; expansion beyond HB_STREAM_MAX_RATIO of a large output is HB_E_LIMIT (a bomb). */
#ifndef HB_INPUT_STREAM_H
#define HB_INPUT_STREAM_H

#include "os/file.h"

typedef struct hb_stream hb_stream;

/* Recordings compress 5 to 50 times, dull ones 200; deflate cannot pass 1,032. */
enum { HB_STREAM_MAX_RATIO = 250 };

HB_CHECKED hb_status hb_stream_open(const hb_os *os, const char *path, hb_stream **ret_stream,
                                    hb_error *err);
void hb_stream_close(hb_stream *s);
/* Up to n decompressed bytes; *ret_n = 0 only at the end of the file. */
HB_CHECKED hb_status hb_stream_read(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err);
/* The first bytes, not consumed, at most 64 KiB: for sniffing. Borrowed until the next read. */
HB_CHECKED hb_status hb_stream_peek(hb_stream *s, size_t n, hb_str *ret_bytes, hb_error *err);
const char *hb_stream_path(const hb_stream *s);
const char *hb_stream_compression(const hb_stream *s); /* "", "gzip", "zstd" */
/* The descriptor of a regular file that is read as it is stored, for readers that seek; else -1.
 * Borrowed, and its offset is the stream's: open it again (/proc/self/fd). */
int hb_stream_file(const hb_stream *s);
/* Stored bytes read so far: for progress. */
uint64_t hb_stream_raw_bytes(const hb_stream *s);
/* Once read to the end: size and SHA-256 of the stored file. */
HB_CHECKED hb_status hb_stream_digest(hb_stream *s, uint64_t *ret_bytes, char ret_sha256[65],
                                      hb_error *err);

#endif
