/* SPDX-License-Identifier: Apache-2.0 */
/* Which texts are of which field, and what stands in their place. */
#include "export/redact_hide.h"

#include "evidence/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLAIN_MAX = 64 << 20, WORDS_BELOW = 8, SHOWN_CHARACTERS = 4, KEY_MAX = 1 << 20 };

/* --- the field of a leaf --- */

/* The i-th part of the pointer from its end, 0 = the last. */
static bool part_is(const hb_leaves *w, int i, const char *key)
{
    int at = w->depth - 1 - i;
    return at >= 0 && !w->level[at].is_array && hb_str_eq_c(w->level[at].key, key);
}

static bool is_element(const hb_leaves *w, int i)
{
    int at = w->depth - 1 - i;
    return at >= 0 && w->level[at].is_array;
}

void hb_hiding_note(const hb_leaves *w, const hb_leaf *leaf, hb_str *io_name)
{
    bool is_factor = part_is(w, 0, "name") && is_element(w, 1) && part_is(w, 2, "factors");
    bool is_field = part_is(w, 0, "field") && is_element(w, 1) && part_is(w, 2, "differs");
    if (is_factor || is_field) {
        *io_name = leaf->raw;
    }
}

/* Of two values in which the contexts of two runs differ: "baseline" stands before the field's
 * name, "run" behind it. */
static hb_str field_of_difference(const hb_leaves *w, const hb_leaf *leaf, hb_str noted)
{
    static const char between[] = "\",\"field\":\"";
    const char *end = leaf->raw.p + leaf->raw.n;
    size_t left = (size_t)(w->end - end);
    if (!part_is(w, 0, "baseline") || left < sizeof between ||
        memcmp(end, between, sizeof between - 1) != 0) {
        return noted;
    }
    end += sizeof between - 1;
    left -= sizeof between - 1;
    const char *quote = memchr(end, '"', left);
    return (hb_str){end, quote ? (size_t)(quote - end) : 0};
}

/* reference.json's: by which mode's overrides the metric registry was read. Where it has some for
 * this mode the decision would be another one, and nothing is made. */
static bool is_mode(const hb_leaves *w)
{
    return w->depth == 2 && part_is(w, 0, "mode") && part_is(w, 1, "config");
}

static bool is_difference(const hb_leaves *w)
{
    return (part_is(w, 0, "baseline") || part_is(w, 0, "run")) && is_element(w, 1) &&
           part_is(w, 2, "differs") && part_is(w, 3, "facts");
}

static bool is_of_rule(const hb_redact_rule *r, const hb_leaves *w, const hb_leaf *leaf,
                       hb_str name)
{
    static const char *const keys[] = {
        [HB_REDACT_BUILD_ID] = "build_id",
        [HB_REDACT_GIT_SHA] = "git_sha",
        [HB_REDACT_SUBSYSTEM] = "subsystem",
        [HB_REDACT_TEST_NAME] = "test_name",
        [HB_REDACT_SOURCE_SYSTEM] = "source_system",
        [HB_REDACT_SCHEMA_VERSION] = "schema_version",
        [HB_REDACT_CORRELATION_ID] = "correlation_id",
    };
    bool is_input = is_element(w, 1) && part_is(w, 2, "inputs");
    switch (r->what) {
    case HB_REDACT_CONTEXT:
        return (part_is(w, 0, hb_context_name(r->context)) && part_is(w, 1, "context") &&
                part_is(w, 2, "meta")) ||
               (r->context == HB_CONTEXT_OPERATING_MODE && is_mode(w)) ||
               (is_difference(w) &&
                hb_str_eq_c(field_of_difference(w, leaf, name), hb_context_name(r->context)));
    case HB_REDACT_FACTOR:
        return part_is(w, 0, "value") && is_element(w, 1) && part_is(w, 2, "factors") &&
               part_is(w, 3, "meta") && hb_str_eq_c(name, r->factor);
    case HB_REDACT_INPUT_NAME:
        return is_input && part_is(w, 0, "name");
    case HB_REDACT_INPUT_PATH:
        return is_input && part_is(w, 0, "path");
    case HB_REDACT_BUILD_ID:
    case HB_REDACT_GIT_SHA:
    case HB_REDACT_SUBSYSTEM:
    case HB_REDACT_TEST_NAME:
    case HB_REDACT_SOURCE_SYSTEM:
    case HB_REDACT_SCHEMA_VERSION:
    case HB_REDACT_CORRELATION_ID:
        return part_is(w, 0, keys[r->what]) && part_is(w, 1, "meta");
    }
    return false;
}

const hb_redact_rule *hb_hiding_rule_of(const hb_hiding *h, const hb_leaves *w, const hb_leaf *leaf,
                                        hb_str name)
{
    for (size_t i = 0; i < h->profile->n_rules; i++) {
        if (is_of_rule(&h->profile->rules[i], w, leaf, name)) {
            return &h->profile->rules[i];
        }
    }
    return NULL;
}

static bool is_recording_digest(const hb_leaves *w)
{
    return part_is(w, 0, "sha256") && is_element(w, 1) && part_is(w, 2, "inputs");
}

/* --- values --- */

void hb_hiding_init(hb_hiding *h, const hb_redact_profile *profile, const hb_commit32 *secret,
                    hb_arena *arena)
{
    *h = (hb_hiding){.profile = profile, .secret = secret, .arena = arena};
    hb_map_init(&h->map, HB_HIDING_VALUES_MAX);
}

void hb_hiding_release(hb_hiding *h)
{
    hb_map_release(&h->map);
}

static void key_of(const hb_hiding *h, const hb_redact_rule *r, hb_str value, hb_buf *out)
{
    hb_buf_clear(out);
    hb_buf_u64(out, (uint64_t)(r - h->profile->rules));
    hb_buf_ch(out, ' ');
    hb_buf_str(out, value);
}

static hb_status keep(hb_hiding *h, const hb_redact_rule *r, hb_str value, hb_buf *key,
                      hb_error *err)
{
    key_of(h, r, value, key);
    HB_TRY(hb_buf_check(key, err));
    if (value.n == 0 || hb_map_get(&h->map, (hb_str){key->p, key->n}, NULL)) {
        return HB_OK;
    }
    char *copy = hb_arena_strndup(h->arena, value.p, value.n);
    char *key_copy = hb_arena_strndup(h->arena, key->p, key->n);
    if (!copy || !key_copy) {
        return HB_NOMEM(err);
    }
    HB_TRY(HB_ARENA_GROW(h->arena, h->values, h->n, h->cap, err));
    HB_TRY(hb_map_put(&h->map, (hb_str){key_copy, key->n}, h->n, err));
    h->values[h->n++] = (hb_hiding_value){.rule = r, .text = {copy, value.n}};
    return HB_OK;
}

static hb_status collect(hb_hiding *h, hb_str text, hb_buf *plain, hb_buf *key,
                         size_t *ret_recordings, hb_error *err)
{
    hb_leaves w;
    hb_leaf leaf;
    hb_str name = {"", 0};
    hb_leaves_init(&w, text);
    while (hb_leaves_next(&w, &leaf)) {
        hb_hiding_note(&w, &leaf, &name);
        *ret_recordings += is_recording_digest(&w);
        const hb_redact_rule *r = hb_hiding_rule_of(h, &w, &leaf, name);
        if (!r) {
            continue;
        }
        hb_buf_clear(plain);
        hb_leaf_text(&leaf, plain);
        HB_TRY(hb_buf_check(plain, err));
        HB_TRY(keep(h, r, (hb_str){plain->p, plain->n}, key, err));
    }
    return HB_OK;
}

hb_status hb_hiding_collect(hb_hiding *h, const char *path, hb_str text, hb_error *err)
{
    hb_buf plain;
    hb_buf key;
    size_t recordings = 0;
    hb_buf_init(&plain, PLAIN_MAX);
    hb_buf_init(&key, KEY_MAX);
    hb_status status = collect(h, text, &plain, &key, &recordings, err);
    hb_buf_release(&plain);
    hb_buf_release(&key);
    if (status == HB_OK && strcmp(path, HB_PACK_REFERENCE) != 0 && recordings == 0) {
        status = HB_FAIL(err, HB_E_USAGE,
                         "'%s' is of no recorded file (a window of a stream): its digest would let "
                         "a hidden field be guessed, so none can be hidden in this pack",
                         path);
    }
    return status;
}

/* --- tokens --- */

static size_t characters(hb_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    }
    return n;
}

/* At most half of it, so that a short value is not all there. */
static hb_str beginning(hb_str s)
{
    size_t want = characters(s) / 2;
    size_t at = 0;
    want = want < SHOWN_CHARACTERS ? want : SHOWN_CHARACTERS;
    while (at < s.n) {
        bool begins = ((unsigned char)s.p[at] & 0xC0) != 0x80;
        if (begins && want-- == 0) {
            break;
        }
        at++;
    }
    return (hb_str){s.p, at};
}

static bool is_taken(const hb_hiding *h, size_t before, const hb_redact_rule *r, const char *token)
{
    for (size_t i = 0; i < before; i++) {
        if (h->values[i].rule == r && strcmp(h->values[i].token, token) == 0) {
            return true;
        }
    }
    return false;
}

static hb_status hash_token(const hb_hiding *h, hb_str value, hb_buf *out, hb_error *err)
{
    hb_commit32 mac;
    char hex[65];
    hb_buf_c(out, "hash\n");
    hb_buf_str(out, value);
    HB_TRY(hb_buf_check(out, err));
    HB_TRY(hb_commit_hmac(h->secret, out->p, out->n, &mac, err));
    hb_commit_hex(&mac, hex);
    hb_buf_clear(out);
    hb_buf_fmt(out, "[HASH %.16s]", hex);
    return HB_OK;
}

static hb_status token_of(hb_hiding *h, size_t at, size_t place, size_t of, hb_buf *out,
                          hb_error *err)
{
    hb_hiding_value *v = &h->values[at];
    hb_str start = beginning(v->text);
    hb_buf_clear(out);
    if (v->rule->action == HB_HIDE_HASH) {
        HB_TRY(hash_token(h, v->text, out, err));
    } else if (v->rule->action == HB_HIDE_TRUNCATE) {
        hb_buf_fmt(out, "%.*s...", (int)start.n, start.p);
        for (size_t k = 2; is_taken(h, at, v->rule, out->p); k++) {
            hb_buf_clear(out);
            hb_buf_fmt(out, "%.*s...(%zu)", (int)start.n, start.p, k);
            HB_TRY(hb_buf_check(out, err));
        }
    } else if (of == 1) {
        hb_buf_c(out, "[REDACTED]");
    } else {
        hb_buf_fmt(out, "[REDACTED %zu]", place + 1);
    }
    HB_TRY(hb_buf_check(out, err));
    v->token = hb_arena_strndup(h->arena, out->p, out->n);
    return v->token ? HB_OK : HB_NOMEM(err);
}

static hb_status name_rule(hb_hiding *h, const hb_redact_rule *r, hb_buf *out, hb_error *err)
{
    size_t of = 0;
    size_t place = 0;
    for (size_t i = 0; i < h->n; i++) {
        of += h->values[i].rule == r;
    }
    for (size_t i = 0; i < h->n; i++) {
        if (h->values[i].rule == r) {
            HB_TRY(token_of(h, i, place++, of, out, err));
        }
    }
    return HB_OK;
}

static int longer(const void *a, const void *b, void *values)
{
    const hb_hiding_value *v = values;
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    if (v[x].text.n != v[y].text.n) {
        return v[x].text.n < v[y].text.n ? 1 : -1;
    }
    return x < y ? -1 : x > y;
}

hb_status hb_hiding_name(hb_hiding *h, hb_error *err)
{
    hb_buf out;
    hb_status status = HB_OK;
    if (h->n == 0) {
        return HB_FAIL(err, HB_E_USAGE,
                       "none of the fields that are to be hidden has a value in this pack");
    }
    h->longest = hb_arena_array(h->arena, h->n, sizeof *h->longest);
    if (!h->longest) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < h->n; i++) {
        h->longest[i] = i;
    }
    qsort_r(h->longest, h->n, sizeof *h->longest, longer, h->values);
    hb_buf_init(&out, PLAIN_MAX);
    for (size_t i = 0; i < h->profile->n_rules && status == HB_OK; i++) {
        status = name_rule(h, &h->profile->rules[i], &out, err);
    }
    hb_buf_release(&out);
    return status;
}

/* --- places --- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           ((unsigned char)c & 0x80);
}

size_t hb_hiding_find(hb_str text, size_t from, hb_str value)
{
    while (value.n && from + value.n <= text.n) {
        const char *at = memmem(text.p + from, text.n - from, value.p, value.n);
        if (!at) {
            break;
        }
        size_t i = (size_t)(at - text.p);
        bool alone = (i == 0 || !is_word(text.p[i - 1])) &&
                     (i + value.n == text.n || !is_word(text.p[i + value.n]));
        if (alone || value.n >= WORDS_BELOW) {
            return i;
        }
        from = i + 1;
    }
    return SIZE_MAX;
}
