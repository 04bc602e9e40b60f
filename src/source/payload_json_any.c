/* SPDX-License-Identifier: Apache-2.0 */
/* Every JSON value, through jansson. Two things jansson does otherwise than telemetry needs: it
 * refuses NaN and Infinity, which many senders write, and it reads numbers itself, failing beyond
 * double. So one value is copied first with each number in quotes, which are then texts of digits
 * to jansson; the copy also finds where the value ends and bounds its depth and size. */
#include "source/payload_json.h"

#include "base/mem.h"

#include <jansson.h>

#include <string.h>

typedef struct copier {
    const char *p;
    const char *end;
    hb_buf *out;
    size_t depth;
    size_t tokens;
    const char *bad;
} copier;

static void copy_string(copier *c)
{
    const char *from = c->p++;
    while (c->p < c->end && *c->p != '"') {
        c->p += *c->p == '\\' && c->end - c->p > 1 ? 2 : 1;
    }
    if (c->p == c->end) {
        c->bad = "bad JSON";
        return;
    }
    c->p++;
    hb_buf_add(c->out, from, (size_t)(c->p - from));
}

static size_t digits(hb_str s, size_t from)
{
    size_t i = from;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') {
        i++;
    }
    return i - from;
}

static bool is_number(hb_str s)
{
    size_t i = s.n && s.p[0] == '-';
    size_t n = digits(s, i);
    if (n == 0 || (n > 1 && s.p[i] == '0')) {
        return false;
    }
    i += n;
    if (i < s.n && s.p[i] == '.') {
        n = digits(s, i + 1);
        if (n == 0) {
            return false;
        }
        i += 1 + n;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        i += i < s.n && (s.p[i] == '+' || s.p[i] == '-');
        n = digits(s, i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return i == s.n;
}

/* What Python, JavaScript and C libraries write for what JSON has no number for. */
static bool is_unfinite(hb_str s)
{
    static const char *const words[] = {"NaN",       "-NaN",      "nan",  "-nan", "Infinity", "inf",
                                        "-Infinity", "+Infinity", "-inf", "Inf",  "-Inf"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_eq_c(s, words[i])) {
            return true;
        }
    }
    return false;
}

static bool in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
}

static void copy_word(copier *c)
{
    const char *from = c->p;
    while (c->p < c->end && in_word(*c->p)) {
        c->p++;
    }
    hb_str w = {from, (size_t)(c->p - from)};
    if (is_number(w) || is_unfinite(w)) {
        hb_buf_ch(c->out, '"');
        hb_buf_str(c->out, w);
        hb_buf_ch(c->out, '"');
    } else if (hb_str_eq_c(w, "true") || hb_str_eq_c(w, "false") || hb_str_eq_c(w, "null")) {
        hb_buf_str(c->out, w);
    } else {
        c->bad = "bad JSON";
    }
}

/* One value, from its first character to behind its last. */
static void copy_value(copier *c)
{
    do {
        char ch = *c->p;
        if (ch == '"') {
            copy_string(c);
        } else if (in_word(ch)) {
            copy_word(c);
        } else if (ch == '{' || ch == '[' || ch == '}' || ch == ']') {
            bool opens = ch == '{' || ch == '[';
            if (opens && c->depth == HB_PAYLOAD_DEPTH) {
                c->bad = "nested too deep";
            } else if (!opens && c->depth == 0) {
                c->bad = "bad JSON";
            } else {
                c->depth = opens ? c->depth + 1 : c->depth - 1;
                hb_buf_ch(c->out, ch);
                c->p++;
            }
        } else if (ch == ',' || ch == ':' || ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n') {
            hb_buf_ch(c->out, ch);
            c->p++;
        } else {
            c->bad = "bad JSON";
        }
        bool blank = ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
        if (!blank && ++c->tokens > HB_PAYLOAD_TOKENS_MAX) {
            c->bad = "too many values";
        }
    } while (!c->bad && c->depth && c->p < c->end);
    if (!c->bad && c->depth) {
        c->bad = "bad JSON";
    }
}

static const hb_jvalue *convert(hb_arena *a, const json_t *v, hb_jvalue *out, bool *ret_nomem);

static void convert_kids(hb_arena *a, json_t *v, hb_jvalue *out, bool *ret_nomem)
{
    const bool object = json_is_object(v);
    const size_t n = object ? json_object_size(v) : json_array_size(v);
    hb_jvalue *kids = hb_arena_array(a, n ? n : 1, sizeof *kids);
    size_t i = 0;
    if (!kids) {
        *ret_nomem = true;
        return;
    }
    if (object) {
        for (void *it = json_object_iter(v); it && i < n; it = json_object_iter_next(v, it)) {
            const char *key = json_object_iter_key(it);
            kids[i].key = (hb_str){key, json_object_iter_key_len(it)};
            kids[i].role = hb_key_role_of(kids[i].key);
            convert(a, json_object_iter_value(it), &kids[i++], ret_nomem);
        }
    } else {
        for (; i < n; i++) {
            convert(a, json_array_get(v, i), &kids[i], ret_nomem);
        }
    }
    out->kids = kids;
    out->n = i;
}

/* Recursion is bounded: the copy refuses what is deeper than HB_PAYLOAD_DEPTH. */
static const hb_jvalue *convert(hb_arena *a, const json_t *v, hb_jvalue *out, bool *ret_nomem)
{
    static const hb_jkind kinds[] = {
        [JSON_OBJECT] = HB_J_OBJECT, [JSON_ARRAY] = HB_J_ARRAY, [JSON_STRING] = HB_J_TEXT,
        [JSON_TRUE] = HB_J_TRUE,     [JSON_FALSE] = HB_J_FALSE, [JSON_NULL] = HB_J_NULL,
        [JSON_INTEGER] = HB_J_TEXT,  [JSON_REAL] = HB_J_TEXT,
    };
    out->kind = kinds[json_typeof(v)];
    out->text =
        json_is_string(v) ? (hb_str){json_string_value(v), json_string_length(v)} : (hb_str){"", 0};
    if (json_is_object(v) || json_is_array(v)) {
        convert_kids(a, (json_t *)(uintptr_t)v, out, ret_nomem); /* iterating wants it mutable */
    }
    return out;
}

static const char *why_bad(const json_error_t *why)
{
    return json_error_code(why) == json_error_duplicate_key ? "a JSON key stands twice"
                                                            : "bad JSON";
}

hb_status hb_json_any_read(hb_json_any *a, hb_decoder *d, const char **p, const char *end,
                           const hb_jvalue **ret, const char **ret_bad, hb_error *err)
{
    copier c = {.p = *p, .end = end, .out = hb_decoder_text(d)};
    copy_value(&c);
    HB_TRY(hb_buf_check(c.out, err));
    *ret = NULL;
    *ret_bad = c.bad;
    if (c.bad) {
        return HB_OK;
    }
    json_error_t why = {0};
    json_t *document =
        json_loadb(c.out->p, c.out->n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!document) {
        *ret_bad = why_bad(&why);
        return json_error_code(&why) == json_error_out_of_memory ? HB_NOMEM(err) : HB_OK;
    }
    hb_arena *arena = hb_decoder_arena(d);
    hb_jvalue *root = hb_arena_alloc(arena, sizeof *root);
    bool nomem = !root;
    if (root) {
        convert(arena, document, root, &nomem);
    }
    if (nomem) {
        json_decref(document);
        return HB_NOMEM(err);
    }
    a->document = document;
    *p = c.p;
    *ret = root;
    return HB_OK;
}

void hb_json_any_end(hb_json_any *a)
{
    json_decref(a->document);
    a->document = NULL;
}
