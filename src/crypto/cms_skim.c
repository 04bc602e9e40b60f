/* SPDX-License-Identifier: Apache-2.0 */
/* ContentInfo      SEQUENCE { OID, [0] AuthEnvelopedData }                            RFC 5652, 3
 * AuthEnvelopedData SEQUENCE { version, [0] originator?, SET recipients,              RFC 5083, 2.1
 *                             SEQUENCE { OID, algorithm, [0] content },
 *                             [1] attributes?, mac, [2] attributes? }
 *
 * What goes around keeps its bytes but for the lengths of the five containers on the way, which
 * become indefinite, since the content goes. */
#include "crypto/cms_skim.h"

#include <string.h>

enum {
    DEPTH_MAX = 16,
    INTEGER = 0x02,
    OCTETS = 0x04,
    OID = 0x06,
    SEQUENCE = 0x30,
    SET = 0x31,
    CONTEXT = 0x80,
    CONTEXT_0 = 0xa0,
    CONTEXT_1 = 0xa1,
    CONTEXT_2 = 0xa2
};

static const char auth_enveloped_data[] = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";

typedef struct head {
    unsigned tag;
    bool indefinite;
    uint64_t content; /* where its content begins */
    uint64_t n;       /* bytes of it; unless indefinite */
} head;

typedef struct container {
    uint64_t end; /* UINT64_MAX: at two zero bytes */
} container;

typedef struct skim {
    const hb_cms_source *source;
    uint64_t at;
    hb_buf *around;
} skim;

static hb_status not_whole(hb_error *err)
{
    return HB_FAIL(err, HB_E_EVIDENCE,
                   "it is no whole CMS message: bytes were changed, cut off or added");
}

static hb_status take(const hb_cms_source *s, uint64_t at, void *p, size_t n, hb_error *err)
{
    return at > s->size || s->size - at < n ? not_whole(err) : s->read(s->ctx, at, p, n, err);
}

static hb_status read_head(const hb_cms_source *s, uint64_t at, head *ret, hb_error *err)
{
    unsigned char b[10];
    size_t there = s->size - at < sizeof b ? (size_t)(s->size - at) : sizeof b;
    if (at > s->size || there < 2) {
        return not_whole(err);
    }
    HB_TRY(take(s, at, b, there, err));
    head h = {.tag = b[0], .content = at + 2, .n = b[1]};
    if ((b[0] & 0x1f) == 0x1f) { /* no tag here has two bytes */
        return not_whole(err);
    }
    if (b[1] == 0x80) {
        h.indefinite = true;
        h.n = 0;
        if (!(b[0] & 0x20)) {
            return not_whole(err);
        }
    } else if (b[1] > 0x80) {
        size_t bytes = b[1] & 0x7f;
        if (bytes > 8 || 2 + bytes > there) {
            return not_whole(err);
        }
        h.n = 0;
        for (size_t i = 0; i < bytes; i++) {
            h.n = h.n << 8 | b[2 + i];
        }
        h.content += bytes;
    }
    if (h.content > s->size || h.n > s->size - h.content) {
        return not_whole(err);
    }
    *ret = h;
    return HB_OK;
}

/* Where what begins at `at` ends. Bounded by the size; what is around is bounded before it is
 * copied, and a length inside takes at least two bytes. */
static hb_status find_end(const hb_cms_source *s, uint64_t at, int depth, uint64_t *ret_end,
                          hb_error *err)
{
    head h = {0};
    const uint64_t first = at;
    HB_TRY(read_head(s, at, &h, err));
    if (!h.indefinite) {
        *ret_end = h.content + h.n;
        return HB_OK;
    }
    for (at = h.content; depth < DEPTH_MAX && at - first <= HB_CMS_AROUND_MAX;) {
        HB_TRY(read_head(s, at, &h, err));
        if (h.tag == 0) {
            *ret_end = h.content;
            return h.n == 0 ? HB_OK : not_whole(err);
        }
        HB_TRY(find_end(s, at, depth + 1, &at, err));
    }
    return not_whole(err);
}

/* --- around the content --- */

/* As it is, when it has this tag; `must`: it has to. */
static hb_status copy(skim *k, unsigned tag, bool must, hb_error *err)
{
    head h = {0};
    uint64_t end = 0;
    char bytes[4096];
    HB_TRY(read_head(k->source, k->at, &h, err));
    if (h.tag != tag) {
        return must ? not_whole(err) : HB_OK;
    }
    HB_TRY(find_end(k->source, k->at, 0, &end, err));
    if (end - k->at > HB_CMS_AROUND_MAX - k->around->n) {
        return HB_FAIL(err, HB_E_LIMIT, "there is more than 1 MiB around its encrypted content");
    }
    while (k->at < end) {
        size_t n = end - k->at < sizeof bytes ? (size_t)(end - k->at) : sizeof bytes;
        HB_TRY(take(k->source, k->at, bytes, n, err));
        hb_buf_add(k->around, bytes, n);
        k->at += n;
    }
    return hb_buf_check(k->around, err);
}

static hb_status enter(skim *k, unsigned tag, container *ret, hb_error *err)
{
    head h = {0};
    HB_TRY(read_head(k->source, k->at, &h, err));
    if (h.tag != tag) {
        return not_whole(err);
    }
    k->at = h.content;
    *ret = (container){.end = h.indefinite ? UINT64_MAX : h.content + h.n};
    hb_buf_ch(k->around, (char)tag);
    hb_buf_ch(k->around, (char)0x80);
    return HB_OK;
}

static hb_status leave(skim *k, const container *c, hb_error *err)
{
    unsigned char zeros[2] = {0};
    hb_buf_add(k->around, zeros, sizeof zeros);
    if (c->end != UINT64_MAX) {
        return k->at == c->end ? HB_OK : not_whole(err);
    }
    HB_TRY(take(k->source, k->at, zeros, sizeof zeros, err));
    k->at += sizeof zeros;
    return zeros[0] == 0 && zeros[1] == 0 ? HB_OK : not_whole(err);
}

/* --- the content --- */

static hb_status next_piece(const hb_cms_source *s, hb_cms_content *c, bool *ret_more,
                            hb_error *err)
{
    head h = {0};
    *ret_more = false;
    if (c->at == c->end) {
        return HB_OK;
    }
    HB_TRY(read_head(s, c->at, &h, err));
    if (h.tag == 0 && h.n == 0 && c->end == UINT64_MAX) {
        c->at = h.content;
        c->end = c->at;
        return HB_OK;
    }
    if (h.tag != OCTETS || h.content > c->end || h.n > c->end - h.content) {
        return not_whole(err);
    }
    c->at = h.content;
    c->left = h.n;
    *ret_more = true;
    return HB_OK;
}

static hb_status skim_content(skim *k, hb_cms_content *ret, hb_error *err)
{
    head h = {0};
    bool more = true;
    HB_TRY(read_head(k->source, k->at, &h, err));
    if (h.tag != CONTEXT && h.tag != CONTEXT_0) {
        return not_whole(err);
    }
    hb_cms_content c = {.at = h.content, .end = h.content + h.n};
    if (h.tag == CONTEXT) {
        c.left = h.n;
        *ret = c;
        k->at = c.end;
        return HB_OK;
    }
    c.has_pieces = true;
    c.end = h.indefinite ? UINT64_MAX : c.end;
    *ret = c;
    while (more) {
        HB_TRY(next_piece(k->source, &c, &more, err));
        c.at += c.left;
        c.left = 0;
    }
    k->at = c.at;
    return HB_OK;
}

hb_status hb_cms_content_read(const hb_cms_source *source, hb_cms_content *c, void *p, size_t room,
                              size_t *ret_n, hb_error *err)
{
    bool more = c->has_pieces;
    while (c->left == 0 && more) {
        HB_TRY(next_piece(source, c, &more, err));
    }
    size_t n = c->left < room ? (size_t)c->left : room;
    HB_TRY(take(source, c->at, p, n, err));
    c->at += n;
    c->left -= n;
    *ret_n = n;
    return HB_OK;
}

/* --- the whole --- */

static hb_status check_kind(const skim *k, hb_error *err)
{
    unsigned char b[sizeof auth_enveloped_data - 1];
    head h = {0};
    HB_TRY(read_head(k->source, k->at, &h, err));
    if (h.tag != OID) {
        return not_whole(err);
    }
    HB_TRY(take(k->source, k->at, b, sizeof b, err));
    /* Without authentication changes would not show. */
    return memcmp(b, auth_enveloped_data, sizeof b) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "it is CMS of another kind than AuthEnvelopedData");
}

hb_status hb_cms_skim(const hb_cms_source *source, hb_buf *around, hb_cms_content *ret_content,
                      hb_error *err)
{
    container info;
    container explicit;
    container data;
    container encrypted;
    hb_cms_content content;
    skim k = {.source = source, .around = around};
    hb_buf_clear(around);
    HB_TRY(enter(&k, SEQUENCE, &info, err));
    HB_TRY(check_kind(&k, err));
    HB_TRY(copy(&k, OID, true, err));
    HB_TRY(enter(&k, CONTEXT_0, &explicit, err));
    HB_TRY(enter(&k, SEQUENCE, &data, err));
    HB_TRY(copy(&k, INTEGER, true, err));
    HB_TRY(copy(&k, CONTEXT_0, false, err));
    HB_TRY(copy(&k, SET, true, err));
    HB_TRY(enter(&k, SEQUENCE, &encrypted, err));
    HB_TRY(copy(&k, OID, true, err));
    HB_TRY(copy(&k, SEQUENCE, true, err));
    HB_TRY(skim_content(&k, &content, err));
    HB_TRY(leave(&k, &encrypted, err));
    HB_TRY(copy(&k, CONTEXT_1, false, err));
    HB_TRY(copy(&k, OCTETS, true, err));
    if (data.end != k.at) { /* else it is over, and so may the file be */
        HB_TRY(copy(&k, CONTEXT_2, false, err));
    }
    HB_TRY(leave(&k, &data, err));
    HB_TRY(leave(&k, &explicit, err));
    HB_TRY(leave(&k, &info, err));
    if (k.at != source->size) {
        return not_whole(err);
    }
    HB_TRY(hb_buf_check(around, err));
    *ret_content = content;
    return HB_OK;
}
