/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/disclosure.h"

#include "base/mem.h"
#include "evidence/leaves.h"

#include <string.h>

#define FORMAT "hb-disclosure/1"
#define WHERE "disclosure"

/* --- from an original --- */

static hb_status copy(hb_arena *arena, const hb_buf *text, hb_str *ret, hb_error *err)
{
    HB_TRY(hb_buf_check(text, err));
    char *p = hb_arena_strndup(arena, text->p ? text->p : "", text->n);
    *ret = (hb_str){p, text->n};
    return p ? HB_OK : HB_NOMEM(err);
}

static hb_status find(hb_str text, const char *pointer, hb_buf *here, hb_leaf *ret, size_t *ret_n,
                      bool *ret_found, hb_error *err)
{
    hb_leaves w;
    hb_leaf leaf;
    hb_leaves_init(&w, text);
    *ret_found = false;
    while (hb_leaves_next(&w, &leaf)) {
        hb_buf_clear(here);
        hb_leaves_pointer(&w, here);
        HB_TRY(hb_buf_check(here, err));
        if (hb_str_eq_c((hb_str){here->p, here->n}, pointer)) {
            *ret = leaf;
            *ret_found = true;
        }
    }
    *ret_n = w.n;
    return HB_OK;
}

static hb_status salt_of(hb_committer *by, const hb_commit32 *secret, const char *document,
                         size_t n, size_t index, hb_commit32 *ret, hb_error *err)
{
    hb_commit32 seed;
    hb_commit32 *salts = hb_alloc_array(n, sizeof *salts);
    if (!salts) {
        return HB_NOMEM(err);
    }
    hb_status status = hb_commit_hmac(secret, document, strlen(document), &seed, err);
    status = status == HB_OK ? hb_commit_salts(by, &seed, n, salts, err) : status;
    if (status == HB_OK) {
        *ret = salts[index];
    }
    hb_commit_wipe(&seed, sizeof seed);
    hb_commit_wipe(salts, n * sizeof *salts);
    hb_free(salts);
    return status;
}

hb_status hb_disclose(hb_committer *by, hb_str text, const hb_commit32 *secret,
                      const char *document, const char *pointer, hb_arena *arena, hb_disclosed *ret,
                      hb_error *err)
{
    hb_buf b;
    hb_leaf leaf = {0};
    hb_disclosed d = {.document = document, .pointer = pointer};
    size_t n = 0;
    bool found = false;
    hb_buf_init(&b, HB_DISCLOSURE_MAX);
    hb_status status = find(text, pointer, &b, &leaf, &n, &found, err);
    if (status == HB_OK && !found) {
        status = HB_FAIL(err, HB_E_USAGE, "'%s' has no text at '%.200s'", document, pointer);
    }
    if (status == HB_OK) {
        d.index = leaf.index;
        hb_buf_clear(&b);
        hb_leaf_text(&leaf, &b);
        status = copy(arena, &b, &d.text, err);
    }
    hb_buf_release(&b);
    HB_TRY(status);
    HB_TRY(salt_of(by, secret, document, n, d.index, &d.salt, err));
    *ret = d;
    return HB_OK;
}

/* --- as text --- */

hb_status hb_disclosure_json(const hb_disclosure *d, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_buf_clear(out);
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "case", d->case_id);
    hb_json_kc(&j, "format", FORMAT);
    hb_json_key(&j, "texts");
    hb_json_arr(&j);
    for (size_t i = 0; i < d->n_texts; i++) {
        char salt[65];
        hb_commit_hex(&d->texts[i].salt, salt);
        hb_json_obj(&j);
        hb_json_kc(&j, "document", d->texts[i].document);
        hb_json_ku(&j, "index", d->texts[i].index);
        hb_json_kc(&j, "pointer", d->texts[i].pointer);
        hb_json_kc(&j, "salt", salt);
        hb_json_key(&j, "text");
        hb_json_str(&j, d->texts[i].text);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

static hb_status read_one(const json_t *json, hb_arena *arena, hb_disclosed *d, hb_error *err)
{
    hb_object o = hb_object_of(json, WHERE);
    const char *document = NULL;
    const char *pointer = NULL;
    const char *salt = NULL;
    const char *text = NULL;
    uint64_t index = 0;
    HB_TRY(hb_object_text(&o, "document", &document, err));
    HB_TRY(hb_object_u64(&o, "index", &index, err));
    HB_TRY(hb_object_text(&o, "pointer", &pointer, err));
    HB_TRY(hb_object_digest(&o, "salt", HB_OBJECT_SHA256, &salt, err));
    HB_TRY(hb_object_text(&o, "text", &text, err));
    HB_TRY(hb_object_end(&o, err));
    if (index >= HB_COMMIT_TEXTS_MAX || !hb_commit_from_hex(salt, &d->salt)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s': a place beyond all texts", WHERE);
    }
    d->index = (size_t)index;
    d->document = hb_arena_str(arena, hb_str_of(document));
    d->pointer = hb_arena_str(arena, hb_str_of(pointer));
    d->text = (hb_str){hb_arena_str(arena, hb_str_of(text)), strlen(text)};
    return d->document && d->pointer && d->text.p ? HB_OK : HB_NOMEM(err);
}

static hb_status understand(const json_t *root, hb_arena *arena, hb_disclosure *d, hb_error *err)
{
    hb_object o = hb_object_of(root, WHERE);
    const json_t *list = NULL;
    const char *case_id = NULL;
    HB_TRY(hb_object_text(&o, "case", &case_id, err));
    HB_TRY(hb_object_is(&o, "format", FORMAT, err));
    HB_TRY(hb_object_list(&o, "texts", HB_DISCLOSED_MAX, &list, err));
    HB_TRY(hb_object_end(&o, err));
    d->n_texts = json_array_size(list);
    d->texts = hb_arena_array(arena, d->n_texts + 1, sizeof *d->texts);
    d->case_id = hb_arena_str(arena, hb_str_of(case_id));
    if (!d->texts || !d->case_id) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < d->n_texts; i++) {
        HB_TRY(read_one(json_array_get(list, i), arena, &d->texts[i], err));
    }
    return HB_OK;
}

hb_status hb_disclosure_read(hb_str text, hb_arena *arena, hb_disclosure *ret, hb_error *err)
{
    json_t *root = NULL;
    hb_disclosure d = {.n_texts = 0};
    HB_TRY(hb_object_parse(text, WHERE, &root, err));
    hb_status status = understand(root, arena, &d, err);
    json_decref(root);
    if (status == HB_OK) {
        *ret = d;
    }
    return status;
}

/* --- against what is hidden --- */

static const hb_hidden *hidden_text(const hb_redaction *r, const hb_disclosed *d)
{
    for (size_t i = 0; i < r->n_documents; i++) {
        const hb_opened *o = &r->documents[i];
        for (size_t k = 0; k < o->n_hidden && strcmp(o->path, d->document) == 0; k++) {
            if (o->hidden[k].index == d->index && strcmp(o->hidden[k].pointer, d->pointer) == 0) {
                return &o->hidden[k];
            }
        }
    }
    return NULL;
}

hb_status hb_disclosure_check(hb_committer *by, const hb_disclosed *d, const hb_redaction *r,
                              hb_error *err)
{
    hb_commit32 leaf;
    const hb_hidden *h = hidden_text(r, d);
    if (!h) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%.80s' has nothing hidden at '%.200s'", d->document,
                       d->pointer);
    }
    HB_TRY(hb_commit_leaf(by, &d->salt, d->text.p, d->text.n, &leaf, err));
    return memcmp(leaf.b, h->leaf.b, sizeof leaf.b) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%.80s' at '%.200s' was not '%.200s': the original committed to another "
                         "text",
                         d->document, d->pointer, d->text.p);
}
