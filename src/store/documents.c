/* SPDX-License-Identifier: Apache-2.0 */
#include "store/documents.h"

#include "crypto/digest.h"
#include "store/compress.h"
#include "store/sql.h"

#include <string.h>

enum { PIECE_BYTES = 8 << 20, PIECES_MAX = 64 };

/* --- compressed --- */

typedef struct packer {
    hb_compressor *by;
    hb_buf out;
} packer;

static hb_status packer_init(packer *p, hb_error *err)
{
    *p = (packer){0};
    hb_buf_init(&p->out, HB_COMPRESS_MAX_BYTES + 1);
    return hb_compressor_new(&p->by, err);
}

static void packer_release(packer *p)
{
    hb_compressor_free(p->by);
    hb_buf_release(&p->out);
}

/* Binds the bytes, compressed; they live until the packer packs again. */
static hb_status bind_packed(packer *p, hb_sql *q, hb_str plain, hb_error *err)
{
    HB_TRY(hb_compress(p->by, plain, &p->out, err));
    hb_sql_blob(q, p->out.p, p->out.n);
    return HB_OK;
}

static hb_status damaged(hb_store *s, const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_STORE, "registry '%s' is damaged: %s cannot be read; restore a backup",
                   s->path, what);
}

static hb_status get_packed(packer *p, hb_sql *q, const char *what, hb_buf *out, hb_error *err)
{
    hb_str plain = {0};
    hb_status status = hb_decompress(p->by, hb_sql_get_blob(q), &plain, err);
    if (status == HB_OK) {
        hb_buf_str(out, plain);
        return hb_buf_check(out, err);
    }
    return status == HB_E_NOMEM ? status : damaged(q->s, what, err);
}

/* All pieces that a statement gives, in its order. *ret_found = false when there is none. */
static hb_status get_pieces(hb_sql *q, const char *what, hb_arena *arena, hb_str *ret,
                            bool *ret_found, hb_error *err)
{
    packer p;
    hb_buf out;
    bool more = false;
    bool found = false;
    hb_buf_init(&out, (size_t)PIECE_BYTES * PIECES_MAX);
    hb_status status = packer_init(&p, err);
    if (status == HB_OK) {
        status = hb_sql_row(q, &more, err);
    }
    while (status == HB_OK && more) {
        found = true;
        status = get_packed(&p, q, what, &out, err);
        if (status == HB_OK) {
            status = hb_sql_row(q, &more, err);
        }
    }
    if (status == HB_OK && found) {
        const char *copy = hb_arena_strndup(arena, out.p, out.n);
        *ret = (hb_str){copy, out.n};
        status = copy ? HB_OK : HB_NOMEM(err);
    }
    packer_release(&p);
    hb_buf_release(&out);
    HB_TRY(status);
    *ret_found = found;
    return HB_OK;
}

/* --- documents --- */

static hb_status has_document(hb_store *s, const char *sha256, bool *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "SELECT 1 FROM documents WHERE sha256 = ?", &q, err));
    hb_sql_text(&q, sha256);
    return hb_sql_row(&q, ret, err);
}

static hb_status insert_document(hb_store *s, const char *kind, hb_str text, const char *sha256,
                                 hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    packer p;
    HB_TRY(hb_sql_open(s,
                       "INSERT OR IGNORE INTO documents(sha256, kind, bytes, body)"
                       " VALUES (?,?,?,?)",
                       &q, err));
    hb_sql_text(&q, sha256);
    hb_sql_text(&q, kind);
    hb_sql_u64(&q, text.n);
    hb_status status = packer_init(&p, err);
    if (status == HB_OK) {
        status = bind_packed(&p, &q, text, err);
    }
    if (status == HB_OK) {
        status = hb_sql_exec(&q, err);
    }
    packer_release(&p);
    return status;
}

hb_status hb_store_put_document(hb_store *s, const char *kind, hb_str text, char ret_sha256[65],
                                hb_error *err)
{
    char sha256[HB_DIGEST_HEX];
    bool there = false;
    if (text.n > HB_DOCUMENT_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "a document to be kept has %zu bytes, at most %d", text.n,
                       HB_DOCUMENT_MAX);
    }
    HB_TRY(hb_digest_of(text.p, text.n, sha256, err));
    HB_TRY(has_document(s, sha256, &there, err));
    if (!there) {
        HB_TRY(hb_store_begin(s, err));
        HB_TRY(hb_store_end(s, insert_document(s, kind, text, sha256, err), err));
    }
    if (ret_sha256) {
        memcpy(ret_sha256, sha256, sizeof sha256);
    }
    return HB_OK;
}

hb_status hb_store_get_document(hb_store *s, const char *sha256, hb_arena *arena, hb_str *ret_text,
                                bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    char is[HB_DIGEST_HEX];
    bool found = false;
    hb_str text = {0};
    HB_TRY(hb_sql_open(s, "SELECT body FROM documents WHERE sha256 = ?", &q, err));
    hb_sql_text(&q, sha256);
    HB_TRY(get_pieces(&q, "a document", arena, &text, &found, err));
    if (found) {
        HB_TRY(hb_digest_of(text.p, text.n, is, err));
        if (strcmp(is, sha256) != 0) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "registry '%s' keeps a document under the digest %.12s…, its bytes have "
                           "%.12s…",
                           s->path, sha256, is);
        }
        *ret_text = text;
    }
    *ret_found = found;
    return HB_OK;
}

/* --- readings --- */

static hb_status insert_reading(hb_sql *q, const char *run_id, hb_str json, hb_error *err)
{
    packer p;
    hb_status status = packer_init(&p, err);
    if (status == HB_OK) {
        status = bind_packed(&p, q, json, err);
    }
    if (status == HB_OK) {
        hb_sql_text(q, run_id);
        status = hb_sql_exec(q, err);
    }
    packer_release(&p);
    return status;
}

hb_status hb_store_write_reading(hb_store *s, const char *run_id, hb_str json, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    if (json.n > HB_DOCUMENT_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "how run '%s' was read takes %zu bytes, at most %d", run_id,
                       json.n, HB_DOCUMENT_MAX);
    }
    HB_TRY(hb_sql_open(s,
                       "INSERT OR IGNORE INTO readings(body, run)"
                       " SELECT ?, id FROM runs WHERE run_id = ?",
                       &q, err));
    return insert_reading(&q, run_id, json, err);
}

hb_status hb_store_put_reading(hb_store *s, const char *run_id, hb_str json, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, hb_store_write_reading(s, run_id, json, err), err);
}

hb_status hb_store_get_reading(hb_store *s, const char *run_id, hb_arena *arena, hb_str *ret_json,
                               bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(
        s, "SELECT body FROM readings g JOIN runs r ON r.id = g.run WHERE r.run_id = ?", &q, err));
    hb_sql_text(&q, run_id);
    return get_pieces(&q, "how a run was read", arena, ret_json, ret_found, err);
}

/* --- bases --- */

static hb_status has_basis(hb_store *s, int64_t decision, bool *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "SELECT 1 FROM decision_basis WHERE decision = ?", &q, err));
    hb_sql_i64(&q, decision);
    return hb_sql_row(&q, ret, err);
}

static hb_status insert_pieces(hb_sql *q, int64_t decision, hb_str json, hb_error *err)
{
    packer p;
    uint64_t pos = 0;
    hb_status status = packer_init(&p, err);
    while (status == HB_OK && json.n) {
        size_t n = json.n < PIECE_BYTES ? json.n : PIECE_BYTES;
        hb_sql_i64(q, decision);
        hb_sql_u64(q, pos++);
        status = bind_packed(&p, q, (hb_str){json.p, n}, err);
        if (status == HB_OK) {
            status = hb_sql_exec(q, err);
        }
        json = (hb_str){json.p + n, json.n - n};
    }
    packer_release(&p);
    return status;
}

hb_status hb_store_write_basis(hb_store *s, int64_t decision, hb_str json, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool there = false;
    if (json.n > (size_t)PIECE_BYTES * PIECES_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "what a decision was made from takes %zu bytes, at most %d",
                       json.n, PIECE_BYTES * PIECES_MAX);
    }
    HB_TRY(has_basis(s, decision, &there, err));
    if (there) {
        return HB_OK; /* made again from the same */
    }
    HB_TRY(
        hb_sql_open(s, "INSERT INTO decision_basis(decision, pos, piece) VALUES (?,?,?)", &q, err));
    return insert_pieces(&q, decision, json, err);
}

hb_status hb_store_get_basis(hb_store *s, const char *run_id, const char *decision_sha256,
                             hb_arena *arena, hb_str *ret_json, bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT b.piece FROM decision_basis b JOIN decisions d ON d.id = b.decision"
                       " JOIN runs r ON r.id = d.run WHERE r.run_id = ? AND d.digest = ?"
                       " ORDER BY b.pos",
                       &q, err));
    hb_sql_text(&q, run_id);
    hb_sql_text(&q, decision_sha256);
    return get_pieces(&q, "the basis of a decision", arena, ret_json, ret_found, err);
}
