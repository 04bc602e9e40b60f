/* SPDX-License-Identifier: Apache-2.0 */
#include "input/json/values.h"

#include "base/mem.h"

#include <string.h>

enum { CHUNK_BYTES = 1 << 18 };

void hb_json_bytes_release(hb_json_bytes *b)
{
    hb_free(b->p);
}

hb_status hb_json_bytes_more(hb_json_bytes *b, bool *ret_more, hb_error *err)
{
    *ret_more = false;
    if (b->end) {
        return HB_OK;
    }
    if (b->at) {
        memmove(b->p, b->p + b->at, b->n - b->at);
        b->n -= b->at;
        b->at = 0;
    }
    if (b->n > b->max) {
        return HB_FAIL_AT(err, HB_E_LIMIT, b->path, b->line, 0,
                          "a JSON value is longer than %zu bytes", b->max);
    }
    HB_TRY(
        HB_GROW(b->p, b->cap, b->n + CHUNK_BYTES, b->max + 2 * CHUNK_BYTES, "bytes of JSON", err));
    size_t got = 0;
    HB_TRY(hb_stream_read(b->stream, b->p + b->n, CHUNK_BYTES, &got, err));
    const char *nul = got ? memchr(b->p + b->n, '\0', got) : NULL;
    if (nul) {
        return HB_FAIL_AT(err, HB_E_INPUT, b->path, b->line, 0,
                          "a NUL byte: the file is binary or damaged");
    }
    b->n += got;
    b->end = got == 0;
    *ret_more = got > 0;
    return HB_OK;
}

void hb_json_bytes_skip(hb_json_bytes *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        b->line += b->p[b->at + i] == '\n';
    }
    b->at += n;
}

hb_status hb_json_bytes_peek(hb_json_bytes *b, char *ret, hb_error *err)
{
    for (;;) {
        while (b->at < b->n && strchr(" \t\r\n", b->p[b->at])) {
            hb_json_bytes_skip(b, 1);
        }
        if (b->at < b->n) {
            *ret = b->p[b->at];
            return HB_OK;
        }
        bool more = false;
        HB_TRY(hb_json_bytes_more(b, &more, err));
        if (!more) {
            *ret = '\0';
            return HB_OK;
        }
    }
}

/* Walks strings, escapes and nesting; state is kept while more bytes are fetched. */
typedef struct walk {
    size_t i;
    size_t depth;
    bool in_string;
    bool escaped;
} walk;

static bool step(walk *w, char c)
{
    if (w->in_string) {
        w->in_string = w->escaped || c != '"';
        w->escaped = !w->escaped && c == '\\';
        return !w->in_string && w->depth == 0;
    }
    if (c == '"') {
        w->in_string = true;
    } else if (c == '{' || c == '[') {
        w->depth++;
    } else if (c == '}' || c == ']') {
        w->depth -= w->depth > 0;
        return w->depth == 0;
    }
    return false;
}

hb_status hb_json_bytes_value(hb_json_bytes *b, hb_str *ret, hb_error *err)
{
    walk w = {0};
    bool scalar = !strchr("{[\"", b->p[b->at]);
    for (;;) {
        while (b->at + w.i < b->n) {
            char c = b->p[b->at + w.i];
            if (scalar && strchr(",]} \t\r\n", c)) {
                *ret = (hb_str){b->p + b->at, w.i};
                return HB_OK;
            }
            w.i++;
            if (!scalar && step(&w, c)) {
                *ret = (hb_str){b->p + b->at, w.i};
                return HB_OK;
            }
        }
        bool more = false;
        HB_TRY(hb_json_bytes_more(b, &more, err));
        if (!more && scalar && w.i) {
            *ret = (hb_str){b->p + b->at, w.i};
            return HB_OK;
        }
        if (!more) {
            return HB_FAIL_AT(err, HB_E_INPUT, b->path, b->line, 0,
                              "the file ends inside a JSON value that starts here: it is cut off");
        }
    }
}

hb_status hb_json_bytes_line(hb_json_bytes *b, hb_str *ret, size_t *ret_whole, hb_error *err)
{
    for (;;) {
        const char *eol = b->n > b->at ? memchr(b->p + b->at, '\n', b->n - b->at) : NULL;
        bool more = false;
        if (!eol) {
            HB_TRY(hb_json_bytes_more(b, &more, err));
        }
        if (!more) {
            size_t n = eol ? (size_t)(eol - (b->p + b->at)) : b->n - b->at;
            *ret = (hb_str){b->p + b->at, n};
            *ret_whole = n + (eol != NULL);
            return HB_OK;
        }
    }
}

static bool word_at(hb_str text, size_t i, const char *word)
{
    return hb_str_starts((hb_str){text.p + i, text.n - i}, word);
}

/* A copy in which NaN, Infinity and -Infinity outside strings stand in quotes; NULL when there is
 * none. */
static char *quote_words(hb_str text, size_t *ret_n)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    char *copy = hb_alloc(text.n * 2 + 1);
    size_t n = 0;
    bool any = false;
    walk w = {0};
    for (size_t i = 0; copy && i < text.n;) {
        size_t len = 0;
        for (size_t k = 0; k < 3 && !w.in_string && !len; k++) {
            len = word_at(text, i, words[k]) ? strlen(words[k]) : 0;
        }
        if (len) {
            any = true;
            copy[n++] = '"';
            memcpy(copy + n, text.p + i, len);
            n += len;
            copy[n++] = '"';
            i += len;
        } else {
            copy[n++] = text.p[i];
            step(&w, text.p[i++]);
        }
    }
    *ret_n = n;
    if (!any) {
        hb_free(copy);
        return NULL;
    }
    return copy;
}

json_t *hb_json_value(hb_str text, json_error_t *why)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *v = json_loadb(text.p, text.n, flags, why);
    if (v) {
        return v;
    }
    json_error_t second;
    if (json_error_code(why) == json_error_numeric_overflow) {
        v = json_loadb(text.p, text.n, flags | JSON_DECODE_INT_AS_REAL, &second);
    }
    size_t n = 0;
    char *quoted = v ? NULL : quote_words(text, &n);
    if (quoted) {
        v = json_loadb(quoted, n, flags | JSON_DECODE_INT_AS_REAL, &second);
        hb_free(quoted);
    }
    return v;
}
