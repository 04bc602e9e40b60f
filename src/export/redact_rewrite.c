/* SPDX-License-Identifier: Apache-2.0 */
/* A document with tokens in the places of what is hidden, and the places where two differ. */
#include "base/json_write.h"
#include "evidence/inputs.h"
#include "export/redact_hide.h"

#include <string.h>

enum { PLAIN_MAX = 64 << 20, POINTER_MAX = 1 << 20, SENTENCE_MAX = 64 << 10 };

typedef struct rewriter {
    hb_hiding *h;
    const char *path;
    hb_leaves w;
    hb_str name; /* noted */
    hb_buf plain;
    hb_buf next; /* what stands there instead */
    hb_buf pointer;
    hb_buf key;
} rewriter;

static const hb_hiding_value *value_of(rewriter *x, const hb_redact_rule *r)
{
    size_t at = 0;
    hb_buf_clear(&x->key);
    hb_buf_u64(&x->key, (uint64_t)(r - x->h->profile->rules));
    hb_buf_ch(&x->key, ' ');
    hb_buf_add(&x->key, x->plain.p, x->plain.n);
    return hb_map_get(&x->h->map, (hb_str){x->key.p, x->key.n}, &at) ? &x->h->values[at] : NULL;
}

/* The digest of a recording: who has it could make the run's digest of a guess. */
static hb_status blind_digest(rewriter *x, hb_error *err)
{
    hb_commit32 mac;
    char hex[65];
    hb_buf_clear(&x->next);
    hb_buf_c(&x->next, "sha256\n");
    hb_buf_add(&x->next, x->plain.p, x->plain.n);
    HB_TRY(hb_buf_check(&x->next, err));
    HB_TRY(hb_commit_hmac(x->h->secret, x->next.p, x->next.n, &mac, err));
    hb_commit_hex(&mac, hex);
    hb_buf_clear(&x->next);
    hb_buf_c(&x->next, hex);
    return HB_OK;
}

/* Every hidden value within a sentence; *ret false: there is none. */
static bool has_any(const rewriter *x)
{
    hb_str text = {x->plain.p, x->plain.n};
    for (size_t i = 0; i < x->h->n; i++) {
        if (hb_hiding_find(text, 0, x->h->values[i].text) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* What is said of why no better baseline was found names values of runs that are not in the pack.
 */
static bool tells_of_context(const rewriter *x)
{
    for (size_t i = 0; i < x->h->profile->n_rules; i++) {
        const hb_redact_rule *r = &x->h->profile->rules[i];
        hb_str name = hb_str_of(hb_context_name(r->context));
        if (r->what == HB_REDACT_CONTEXT &&
            hb_hiding_find((hb_str){x->plain.p, x->plain.n}, 0, name) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static const hb_hiding_value *longest_at(const rewriter *x, hb_str text, size_t at)
{
    for (size_t k = 0; k < x->h->n; k++) {
        const hb_hiding_value *v = &x->h->values[x->h->longest[k]];
        if (at + v->text.n <= text.n && memcmp(text.p + at, v->text.p, v->text.n) == 0 &&
            hb_hiding_find(text, at, v->text) == at) {
            return v;
        }
    }
    return NULL;
}

static void replace_all(rewriter *x)
{
    hb_str text = {x->plain.p, x->plain.n};
    hb_buf_clear(&x->next);
    for (size_t at = 0; at < text.n;) {
        const hb_hiding_value *v = longest_at(x, text, at);
        if (v) {
            hb_buf_c(&x->next, v->token);
            at += v->text.n;
        } else {
            hb_buf_ch(&x->next, text.p[at++]);
        }
    }
}

/* *ret: something else is due here, and in x->next. */
static hb_status look_at(rewriter *x, const hb_leaf *leaf, bool *ret, hb_error *err)
{
    const hb_leaves *w = &x->w;
    const char *pointer = NULL;
    hb_hiding_note(w, leaf, &x->name);
    const hb_redact_rule *r = hb_hiding_rule_of(x->h, w, leaf, x->name);
    *ret = false;
    if (leaf->raw.n == 0 || (!r && leaf->raw.n > SENTENCE_MAX)) {
        return HB_OK;
    }
    hb_buf_clear(&x->plain);
    hb_leaf_text(leaf, &x->plain);
    HB_TRY(hb_buf_check(&x->plain, err));
    if (r) {
        const hb_hiding_value *v = value_of(x, r);
        *ret = v != NULL;
        hb_buf_clear(&x->next);
        hb_buf_c(&x->next, v ? v->token : "");
        return HB_OK;
    }
    hb_buf_clear(&x->pointer);
    hb_leaves_pointer(w, &x->pointer);
    hb_buf_ch(&x->pointer, '\0');
    HB_TRY(hb_buf_check(&x->pointer, err));
    pointer = x->pointer.p;
    if (!hb_redaction_may_hide(x->path, pointer, HB_HIDE_FOLLOWS)) {
        return HB_OK;
    }
    if (hb_str_ends(hb_str_of(pointer), "/sha256")) {
        *ret = true;
        return blind_digest(x, err);
    }
    *ret = true;
    if (strcmp(pointer, "/facts/warning") == 0 && tells_of_context(x)) {
        hb_buf_clear(&x->next);
        hb_buf_c(&x->next, "[REDACTED]");
    } else if ((*ret = has_any(x))) {
        replace_all(x);
    }
    return hb_buf_check(&x->next, err);
}

static void put_text(hb_buf *out, const hb_buf *text)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_str(&j, (hb_str){text->p, text->n});
}

static hb_status rewrite(rewriter *x, hb_str text, hb_buf *out, hb_error *err)
{
    hb_leaf leaf;
    const char *from = text.p;
    hb_leaves_init(&x->w, text);
    while (hb_leaves_next(&x->w, &leaf)) {
        bool other = false;
        HB_TRY(look_at(x, &leaf, &other, err));
        if (other) {
            hb_buf_add(out, from, (size_t)(leaf.raw.p - 1 - from)); /* with its quotes */
            put_text(out, &x->next);
            from = leaf.raw.p + leaf.raw.n + 1;
        }
    }
    hb_buf_add(out, from, (size_t)(text.p + text.n - from));
    return hb_buf_check(out, err);
}

/* "content_sha256" is the first text of a run. */
static hb_status set_content(const char *path, hb_buf *out, hb_error *err)
{
    char content[65];
    hb_leaves w;
    hb_leaf leaf;
    HB_TRY(hb_run_json_content((hb_str){out->p, out->n}, path, content, err));
    hb_leaves_init(&w, (hb_str){out->p, out->n});
    if (!hb_leaves_next(&w, &leaf) || leaf.raw.n != 64) {
        return HB_FAIL(err, HB_E_BUG, "'%s' does not begin with its digest", path);
    }
    memcpy(out->p + (leaf.raw.p - out->p), content, 64);
    return HB_OK;
}

hb_status hb_hiding_rewrite(hb_hiding *h, const char *path, hb_str text, hb_buf *out, hb_error *err)
{
    rewriter x = {.h = h, .path = path, .name = {"", 0}};
    hb_buf_init(&x.plain, PLAIN_MAX);
    hb_buf_init(&x.next, PLAIN_MAX);
    hb_buf_init(&x.pointer, POINTER_MAX);
    hb_buf_init(&x.key, PLAIN_MAX);
    hb_status status = rewrite(&x, text, out, err);
    hb_buf_release(&x.plain);
    hb_buf_release(&x.next);
    hb_buf_release(&x.pointer);
    hb_buf_release(&x.key);
    return status == HB_OK && strcmp(path, HB_PACK_REFERENCE) != 0 ? set_content(path, out, err)
                                                                   : status;
}

/* --- where two differ --- */

static hb_status add(const hb_hiding *h, hb_opened *o, size_t *io_cap, const hb_leaves *w,
                     const hb_leaf *leaf, hb_str name, hb_buf *pointer, hb_error *err)
{
    const hb_redact_rule *r = hb_hiding_rule_of(h, w, leaf, name);
    hb_hidden one = {.index = leaf->index, .action = r ? r->action : HB_HIDE_FOLLOWS};
    hb_buf_clear(pointer);
    hb_leaves_pointer(w, pointer);
    HB_TRY(hb_buf_check(pointer, err));
    one.pointer = hb_arena_strndup(h->arena, pointer->p, pointer->n);
    if (!one.pointer) {
        return HB_NOMEM(err);
    }
    if (!hb_redaction_may_hide(o->path, one.pointer, one.action)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "hiding these fields changes '%.200s' of '%s', which cannot be hidden",
                       one.pointer, o->path);
    }
    HB_TRY(HB_ARENA_GROW(h->arena, o->hidden, o->n_hidden, *io_cap, err));
    o->hidden[o->n_hidden++] = one;
    return HB_OK;
}

static bool same_between(const char *a, const char *a_end, const char *b, const char *b_end)
{
    return a_end - a == b_end - b && memcmp(a, b, (size_t)(a_end - a)) == 0;
}

static hb_status compare(const hb_hiding *h, hb_str was, hb_str is, hb_opened *o, hb_buf *pointer,
                         hb_error *err)
{
    hb_leaves a;
    hb_leaves b;
    hb_leaf x;
    hb_leaf y;
    size_t cap = 0;
    hb_str name = {"", 0};
    const char *from_a = was.p;
    const char *from_b = is.p;
    bool same = true;
    hb_leaves_init(&a, was);
    hb_leaves_init(&b, is);
    while (same && hb_leaves_next(&a, &x)) {
        same = hb_leaves_next(&b, &y) && same_between(from_a, x.raw.p, from_b, y.raw.p);
        if (!same) {
            break;
        }
        hb_hiding_note(&a, &x, &name);
        from_a = x.raw.p + x.raw.n;
        from_b = y.raw.p + y.raw.n;
        if (!hb_str_eq(x.raw, y.raw)) {
            HB_TRY(add(h, o, &cap, &a, &x, name, pointer, err));
        }
    }
    if (!same || !same_between(from_a, was.p + was.n, from_b, is.p + is.n)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "hiding these fields changes figures of '%s', so the decision would be "
                       "another one: hide fewer of them",
                       o->path);
    }
    return HB_OK;
}

hb_status hb_hiding_differences(const hb_hiding *h, const char *path, hb_str was, hb_str is,
                                hb_opened *ret, hb_error *err)
{
    hb_opened o = {.path = path};
    hb_buf pointer;
    hb_buf_init(&pointer, POINTER_MAX);
    hb_status status = compare(h, was, is, &o, &pointer, err);
    hb_buf_release(&pointer);
    if (status == HB_OK) {
        *ret = o;
    }
    return status;
}
