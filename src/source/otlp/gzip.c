/* SPDX-License-Identifier: Apache-2.0 */
#include "source/otlp/otlp.h"

#define ZLIB_CONST
#include <zlib.h>

static const char *inflate_all(z_stream *z, hb_buf *out)
{
    char piece[16384];
    int rc = Z_OK;
    while (rc == Z_OK) {
        z->next_out = (Bytef *)piece;
        z->avail_out = sizeof piece;
        rc = inflate(z, Z_NO_FLUSH);
        hb_buf_add(out, piece, sizeof piece - z->avail_out);
        if (out->failed != HB_OK) {
            return "too large unpacked";
        }
    }
    return rc == Z_STREAM_END && z->avail_in == 0 ? NULL : "bad gzip";
}

hb_status hb_otlp_gunzip(hb_str in, hb_buf *out, const char **ret_bad, hb_error *err)
{
    z_stream z = {.next_in = (const Bytef *)in.p, .avail_in = (uInt)in.n};
    hb_buf_clear(out);
    if (in.n > HB_OTLP_BODY_MAX) {
        *ret_bad = "too large unpacked";
        return HB_OK;
    }
    if (inflateInit2(&z, 15 + 16) != Z_OK) {
        return HB_NOMEM(err);
    }
    const char *bad = inflate_all(&z, out);
    inflateEnd(&z);
    if (out->failed != HB_OK && out->failed != HB_E_LIMIT) {
        return hb_buf_check(out, err);
    }
    *ret_bad = bad;
    return HB_OK;
}
