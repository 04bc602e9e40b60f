/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/inclusion.h"

#include "audit/log.h"
#include "base/json_write.h"

#include <jansson.h>
#include <string.h>

static void free_json(json_t **j)
{
    json_decref(*j);
}

static hb_status load(hb_str text, const char *name, json_t **ret, hb_error *err)
{
    json_error_t why;
    *ret = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (!*ret && json_error_code(&why) == json_error_out_of_memory) {
        return HB_NOMEM(err);
    }
    if (!*ret) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no JSON: line %d: %s", name, why.line, why.text);
    }
    if (!json_is_object(*ret)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no JSON object", name);
    }
    return HB_OK;
}

/* --- entries --- */

static hb_status take(const json_t *j, const char *member, const char *name, hb_arena *arena,
                      const char **ret, hb_error *err)
{
    const json_t *v = json_object_get(j, member);
    if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no entry of a log: it has no text '%s'", name,
                       member);
    }
    *ret = hb_arena_str(arena, hb_str_of(json_string_value(v)));
    return *ret ? HB_OK : HB_NOMEM(err);
}

hb_status hb_log_entry_read(hb_str text, const char *name, hb_arena *arena, hb_log_entry *ret,
                            hb_error *err)
{
    HB_CLEANUP(free_json) json_t *j = NULL;
    hb_log_entry e = {.seq = 0};
    const char *format = NULL;
    if (text.n > HB_AUDIT_ENTRY_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no entry of a log: it has more than %d bytes",
                       name, HB_AUDIT_ENTRY_MAX);
    }
    HB_TRY(load(text, name, &j, err));
    HB_TRY(take(j, "format", name, arena, &format, err));
    if (strcmp(format, "hb-log-entry/1") != 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has format '%.40s', expected 'hb-log-entry/1'", name,
                       format);
    }
    HB_TRY(take(j, "at", name, arena, &e.at, err));
    HB_TRY(take(j, "by", name, arena, &e.by, err));
    HB_TRY(take(j, "registry", name, arena, &e.registry, err));
    HB_TRY(take(j, "subject", name, arena, &e.subject, err));
    HB_TRY(take(j, "type", name, arena, &e.type, err));
    const json_t *seq = json_object_get(j, "seq");
    const json_t *data = json_object_get(j, "data");
    if (!json_is_integer(seq) || json_integer_value(seq) < 1 || !json_is_object(data) ||
        json_object_size(j) != 8) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is no entry of a log: expected at, by, data, format, registry, seq, "
                       "subject and type",
                       name);
    }
    e.seq = json_integer_value(seq);
    *ret = e;
    return HB_OK;
}

/* --- the proof --- */

static hb_status no_proof(const char *why, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "inclusion.json is no inclusion proof: %s", why);
}

static hb_status read_number(const json_t *j, const char *member, uint64_t *ret, hb_error *err)
{
    const json_t *v = json_object_get(j, member);
    if (!json_is_integer(v) || json_integer_value(v) < 0) {
        return no_proof("expected whole numbers 'index' and 'size'", err);
    }
    *ret = (uint64_t)json_integer_value(v);
    return HB_OK;
}

static hb_status read_path(const json_t *j, hb_proof *ret, hb_error *err)
{
    const json_t *path = json_object_get(j, "path");
    hb_proof p = {.n = 0};
    if (!json_is_array(path) || json_array_size(path) > HB_PROOF_MAX) {
        return no_proof("expected a 'path' of at most 64 hashes", err);
    }
    for (size_t i = 0; i < json_array_size(path); i++) {
        const json_t *v = json_array_get(path, i);
        hb_str text = {json_string_value(v), json_string_length(v)};
        if (!json_is_string(v) || !hb_hash_from_hex(text, &p.path[p.n++])) {
            return no_proof("a hash of its path is not 64 hexadecimal digits", err);
        }
    }
    *ret = p;
    return HB_OK;
}

static hb_status read_batch(const json_t *j, hb_inclusion *in, hb_error *err)
{
    const json_t *batch = json_object_get(j, "batch");
    if (!batch) {
        return HB_OK;
    }
    if (!json_is_object(batch) || json_object_size(batch) != 3) {
        return no_proof("'batch' has index, path and size", err);
    }
    in->has_batch = true;
    HB_TRY(read_number(batch, "index", &in->batch_index, err));
    HB_TRY(read_number(batch, "size", &in->batch_size, err));
    return read_path(batch, &in->batch, err);
}

hb_status hb_inclusion_read(hb_str text, hb_inclusion *ret, hb_error *err)
{
    HB_CLEANUP(free_json) json_t *j = NULL;
    hb_inclusion in = {.index = 0};
    if (text.n > HB_INCLUSION_MAX) {
        return no_proof("it is too large", err);
    }
    HB_TRY(load(text, "inclusion.json", &j, err));
    const json_t *format = json_object_get(j, "format");
    if (!json_is_string(format) || strcmp(json_string_value(format), "hb-log-inclusion/1") != 0) {
        return no_proof("expected format 'hb-log-inclusion/1'", err);
    }
    HB_TRY(read_batch(j, &in, err));
    if (json_object_size(j) != (in.has_batch ? 6 : 5)) {
        return no_proof("expected format, index, leaf, path and size, and no more", err);
    }
    const json_t *leaf = json_object_get(j, "leaf");
    if (!json_is_string(leaf) ||
        !hb_hash_from_hex((hb_str){json_string_value(leaf), json_string_length(leaf)}, &in.leaf)) {
        return no_proof("its leaf is not 64 hexadecimal digits", err);
    }
    HB_TRY(read_number(j, "index", &in.index, err));
    HB_TRY(read_number(j, "size", &in.size, err));
    HB_TRY(read_path(j, &in.proof, err));
    *ret = in;
    return HB_OK;
}

static void write_place(hb_json *j, uint64_t index, const hb_hash *leaf, const hb_proof *p,
                        uint64_t size)
{
    char hex[65];
    hb_json_ku(j, "index", index);
    if (leaf) {
        hb_hash_hex(leaf, hex);
        hb_json_kc(j, "leaf", hex);
    }
    hb_json_key(j, "path");
    hb_json_arr(j);
    for (size_t i = 0; i < p->n; i++) {
        hb_hash_hex(&p->path[i], hex);
        hb_json_c(j, hex);
    }
    hb_json_end(j);
    hb_json_ku(j, "size", size);
}

hb_status hb_inclusion_write(const hb_inclusion *in, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    if (in->has_batch) {
        hb_json_key(&j, "batch");
        hb_json_obj(&j);
        write_place(&j, in->batch_index, NULL, &in->batch, in->batch_size);
        hb_json_end(&j);
    }
    hb_json_kc(&j, "format", "hb-log-inclusion/1");
    write_place(&j, in->index, &in->leaf, &in->proof, in->size);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

/* --- checking --- */

static void free_merkle(hb_merkle **m)
{
    hb_merkle_free(*m);
}

/* The entry of a batch has its root as subject; the leaves are the decisions' digests as bytes. */
static hb_status check_subject(hb_merkle *m, const hb_included *x, const char *sha256,
                               hb_error *err)
{
    hb_hash digest;
    hb_hash root;
    hb_hash leaf;
    if (!x->inclusion.has_batch) {
        return strcmp(x->entry.type, "decision") == 0 && strcmp(x->entry.subject, sha256) == 0
                   ? HB_OK
                   : HB_FAIL(err, HB_E_EVIDENCE,
                             "the log's entry is about another decision: %s '%.80s', expected "
                             "decision '%.64s'",
                             x->entry.type, x->entry.subject, sha256);
    }
    if (strcmp(x->entry.type, "windows") != 0 ||
        !hb_hash_from_hex(hb_str_of(x->entry.subject), &root) ||
        !hb_hash_from_hex(hb_str_of(sha256), &digest)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the log's entry '%s' stands for no batch of decisions",
                       x->entry.type);
    }
    HB_TRY(hb_merkle_leaf(m, digest.v, sizeof digest.v, &leaf, err));
    hb_status status = hb_merkle_check_inclusion(
        &leaf, x->inclusion.batch_index, x->inclusion.batch_size, &x->inclusion.batch, &root, err);
    return status == HB_E_EVIDENCE
               ? HB_FAIL(err, status, "the decision is not in the batch of the log's entry")
               : status;
}

hb_status hb_inclusion_check(const hb_inclusion_texts *texts, const hb_pubkey *key,
                             const char *decision_sha256, hb_arena *arena, hb_included *ret,
                             hb_error *err)
{
    HB_CLEANUP(free_merkle) hb_merkle *m = NULL;
    hb_included x = {.inclusion = {.index = 0}};
    hb_hash leaf;
    HB_TRY(hb_checkpoint_read(texts->checkpoint, "checkpoint", arena, &x.checkpoint, err));
    HB_TRY(hb_log_entry_read(texts->entry, "entry.json", arena, &x.entry, err));
    HB_TRY(hb_inclusion_read(texts->inclusion, &x.inclusion, err));
    if (key) {
        HB_TRY(hb_checkpoint_verify(&x.checkpoint, x.checkpoint.origin, key, err));
    }
    if (x.inclusion.size != x.checkpoint.size) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the inclusion proof is for %llu entries, the checkpoint has %llu",
                       (unsigned long long)x.inclusion.size, (unsigned long long)x.checkpoint.size);
    }
    HB_TRY(hb_merkle_new(&m, err));
    HB_TRY(hb_merkle_leaf(m, texts->entry.p, texts->entry.n, &leaf, err));
    if (!hb_hash_eq(&leaf, &x.inclusion.leaf)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the inclusion proof is for another entry");
    }
    HB_TRY(hb_merkle_check_inclusion(&leaf, x.inclusion.index, x.inclusion.size, &x.inclusion.proof,
                                     &x.checkpoint.root, err));
    if (decision_sha256) {
        HB_TRY(check_subject(m, &x, decision_sha256, err));
    }
    *ret = x;
    return HB_OK;
}
