/* SPDX-License-Identifier: Apache-2.0 */
/* A stream's inside: stream.c reads, stream_place.c reads by place, stream_member.c enters zip
 * containers. Inside input/. */
#ifndef HB_INPUT_STREAM_INTERNAL_H
#define HB_INPUT_STREAM_INTERNAL_H

#include "input/digester.h"
#include "input/stream.h"
#include "input/zip/choose.h"

#include <zlib.h>
#include <zstd.h>

enum { RAW_BYTES = 1 << 16, PEEK_BYTES = 1 << 16 };

typedef struct hb_codec hb_codec;

/* A stream reads a file, or a file of the zip container that the stream below it holds. */
struct hb_stream {
    hb_stream *below; /* owned, with what of it is read here; NULL = a file of the system */
    hb_zip *zip;
    hb_zip_file *member;
    char *member_name;
    bool took_member;
    const hb_os *os;
    char *path; /* of the file of the system */
    int fd;
    const hb_codec *codec;
    char compression[64];
    hb_digester *digest; /* NULL above a container */
    unsigned char raw[RAW_BYTES];
    size_t raw_at;
    size_t raw_n;
    bool raw_end;
    _Atomic uint64_t raw_total; /* read by others to show how far it is */
    uint64_t out_total;
    bool out_end;
    z_stream z;
    bool z_open;
    bool member_open; /* inside a gzip member or a zstd frame */
    ZSTD_DStream *zstd;
    char peek[PEEK_BYTES];
    size_t peek_at;
    size_t peek_n;
    bool placed;           /* read_at works on the file itself */
    struct stat as_it_was; /* when it was opened */
    bool grew;
    _Atomic uint64_t farthest; /* byte read by place; likewise */
    char *held;                /* or on the decoded bytes, all of them */
    size_t held_n;
    size_t held_at;
    char sha256[HB_DIGEST_HEX];
    bool digested;
};

struct hb_codec {
    const char *name;
    const char *magic;
    size_t magic_n;
    hb_status (*open)(hb_stream *s, hb_error *err);
    hb_status (*read)(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err);
};

/* Without a source; the path is copied. */
HB_CHECKED hb_status hb_stream_new(const hb_os *os, const char *path, hb_stream **ret,
                                   hb_error *err);
/* Once there is a source: by its first bytes. */
HB_CHECKED hb_status hb_stream_choose_codec(hb_stream *s, hb_error *err);
/* A file of the system, whatever it is. */
HB_CHECKED hb_status hb_stream_open_file(const hb_os *os, const char *path, hb_stream **ret,
                                         hb_error *err);

#endif
