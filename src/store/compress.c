/* SPDX-License-Identifier: Apache-2.0 */
#include "store/compress.h"

#include "base/mem.h"

#include <zstd.h>

/* Level 1: sketches and traces of lab data shrink to less than half at several hundred MB/s, higher
 * levels gain a few percent. */
enum { LEVEL = 1 };

struct hb_compressor {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
    char *room;
    size_t cap;
};

hb_status hb_compressor_new(hb_compressor **ret_compressor, hb_error *err)
{
    hb_compressor *p = hb_alloc_zero(sizeof *p);
    if (!p) {
        return HB_NOMEM(err);
    }
    p->pack = ZSTD_createCCtx();
    p->unpack = ZSTD_createDCtx();
    if (!p->pack || !p->unpack) {
        hb_compressor_free(p);
        return HB_NOMEM(err);
    }
    *ret_compressor = p;
    return HB_OK;
}

void hb_compressor_free(hb_compressor *p)
{
    if (p) {
        ZSTD_freeCCtx(p->pack);
        ZSTD_freeDCtx(p->unpack);
        hb_free(p->room);
        hb_free(p);
    }
}

static hb_status room_for(hb_compressor *p, size_t n, hb_error *err)
{
    return HB_GROW(p->room, p->cap, n, HB_COMPRESS_MAX_BYTES * 2, "bytes in a stored blob", err);
}

hb_status hb_compress(hb_compressor *p, hb_str plain, hb_buf *out, hb_error *err)
{
    hb_buf_clear(out);
    HB_TRY(room_for(p, ZSTD_compressBound(plain.n), err));
    size_t n = ZSTD_compressCCtx(p->pack, p->room, p->cap, plain.p, plain.n, LEVEL);
    bool smaller = !ZSTD_isError(n) && n < plain.n;
    hb_buf_ch(out, smaller ? HB_COMPRESS_ZSTD : HB_COMPRESS_PLAIN);
    hb_buf_add(out, smaller ? p->room : plain.p, smaller ? n : plain.n);
    return hb_buf_check(out, err);
}

static hb_status unzstd(hb_compressor *p, hb_str frame, hb_str *ret_plain, hb_error *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.p, frame.n);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        size > HB_COMPRESS_MAX_BYTES) {
        return HB_FAIL(err, HB_E_INPUT, "a stored blob has no usable size");
    }
    HB_TRY(room_for(p, (size_t)size, err));
    size_t n = ZSTD_decompressDCtx(p->unpack, p->room, p->cap, frame.p, frame.n);
    if (ZSTD_isError(n) || n != size) {
        return HB_FAIL(err, HB_E_INPUT, "a stored blob does not decompress");
    }
    *ret_plain = (hb_str){p->room, n};
    return HB_OK;
}

hb_status hb_decompress(hb_compressor *p, hb_str packed, hb_str *ret_plain, hb_error *err)
{
    if (packed.n == 0 || (packed.p[0] != HB_COMPRESS_PLAIN && packed.p[0] != HB_COMPRESS_ZSTD)) {
        return HB_FAIL(err, HB_E_INPUT, "a stored blob starts with no known mark");
    }
    hb_str body = {packed.p + 1, packed.n - 1};
    if (packed.p[0] == HB_COMPRESS_ZSTD) {
        return unzstd(p, body, ret_plain, err);
    }
    *ret_plain = body;
    return HB_OK;
}
