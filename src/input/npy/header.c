/* SPDX-License-Identifier: Apache-2.0 */
/* The literal is parsed by descent over what numpy writes, not as Python: a dict with three keys,
 * in it a type text or a list of fields, True or False, and a tuple of whole numbers. */
#include "input/npy/header.h"

#include "base/buf.h"
#include "base/num.h"
#include "base/wire.h"
#include "input/table.h"

#include <stdio.h>
#include <string.h>

typedef struct literal {
    const char *p;
    const char *end;
    const char *what;
    hb_arena *arena;
} literal;

static hb_status malformed(const literal *l, const char *expected, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "'%s' is damaged: its array header lacks %s", l->what,
                   expected);
}

bool hb_npy_recognise(hb_str head)
{
    return hb_str_starts(head, "\x93NUMPY");
}

hb_status hb_npy_preamble(hb_str head, const char *what, size_t *ret_before, size_t *ret_length,
                          hb_npy_header *ret, hb_error *err)
{
    if (!hb_npy_recognise(head)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no NumPy array: it does not begin with its mark",
                       what);
    }
    hb_rd r = hb_rd_of(head.p + 6, head.n - 6);
    unsigned char version[2];
    hb_rd_bytes(&r, version, sizeof version);
    uint64_t length = version[0] == 1 ? hb_rd_u16(&r) : hb_rd_u32(&r);
    if (r.failed) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is cut off within its array header", what);
    }
    if (version[0] < 1 || version[0] > 3 || version[1] != 0) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is an array file of version %u.%u; known are 1.0, 2.0 and 3.0", what,
                       version[0], version[1]);
    }
    if (length > HB_NPY_MAX_HEADER) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "'%s' says that its array header has %llu bytes; at most %d "
                       "are accepted",
                       what, (unsigned long long)length, HB_NPY_MAX_HEADER);
    }
    *ret = (hb_npy_header){.major = version[0], .minor = version[1], .type = ""};
    *ret_before = head.n - hb_rd_left(&r);
    *ret_length = (size_t)length;
    return HB_OK;
}

static void skip_blanks(literal *l)
{
    while (l->p < l->end && strchr(" \t\r\n\f", *l->p) && *l->p) {
        l->p++;
    }
}

static bool next_is(literal *l, char c)
{
    skip_blanks(l);
    return l->p < l->end && *l->p == c;
}

static bool took(literal *l, char c)
{
    if (!next_is(l, c)) {
        return false;
    }
    l->p++;
    return true;
}

static bool took_word(literal *l, const char *word)
{
    skip_blanks(l);
    size_t n = strlen(word);
    if ((size_t)(l->end - l->p) < n || memcmp(l->p, word, n) != 0) {
        return false;
    }
    l->p += n;
    return true;
}

static void put_utf8(hb_buf *b, uint32_t cp)
{
    if (cp < 0x80) {
        hb_buf_ch(b, (char)cp);
        return;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) {
        cp = 0xFFFD;
    }
    if (cp < 0x800) {
        hb_buf_ch(b, (char)(0xC0 | cp >> 6));
    } else {
        hb_buf_ch(b, (char)(cp < 0x10000 ? 0xE0 | cp >> 12 : 0xF0 | cp >> 18));
        if (cp >= 0x10000) {
            hb_buf_ch(b, (char)(0x80 | (cp >> 12 & 0x3F)));
        }
        hb_buf_ch(b, (char)(0x80 | (cp >> 6 & 0x3F)));
    }
    hb_buf_ch(b, (char)(0x80 | (cp & 0x3F)));
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    char lower = c >= 'A' && c <= 'F' ? (char)(c + 32) : c;
    const char *at = lower ? strchr(digits, lower) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Behind a backslash. */
static bool escape(literal *l, hb_buf *b)
{
    char c = l->p < l->end ? *l->p++ : '\0';
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (!digits) {
        const char *from = "\\'\"nrt";
        const char *to = "\\'\"\n\r\t";
        const char *at = c ? strchr(from, c) : NULL;
        hb_buf_ch(b, at ? to[at - from] : '?');
        return at != NULL;
    }
    uint32_t cp = 0;
    for (size_t i = 0; i < digits; i++) {
        int d = l->p < l->end ? hex_digit(*l->p++) : -1;
        if (d < 0) {
            return false;
        }
        cp = cp << 4 | (uint32_t)d;
    }
    put_utf8(b, cp);
    return true;
}

static hb_status text(literal *l, hb_str *ret, hb_error *err)
{
    skip_blanks(l);
    if (l->end - l->p >= 2 && (l->p[0] == 'u' || l->p[0] == 'b') &&
        (l->p[1] == '\'' || l->p[1] == '"')) {
        l->p++; /* as Python 2 wrote */
    }
    if (!next_is(l, '\'') && !next_is(l, '"')) {
        return malformed(l, "a text in quotes", err);
    }
    char quote = *l->p++;
    hb_buf b;
    hb_buf_init(&b, HB_NPY_MAX_HEADER * 4);
    bool ok = true;
    while (ok && l->p < l->end && *l->p != quote) {
        char c = *l->p++;
        if (c == '\\') {
            ok = escape(l, &b);
        } else {
            hb_buf_ch(&b, c);
        }
    }
    ok = ok && took(l, quote);
    hb_status status = ok ? hb_buf_check(&b, err) : malformed(l, "the end of a text", err);
    if (status == HB_OK) {
        char *kept = hb_arena_strndup(l->arena, b.p, b.n);
        *ret = (hb_str){kept, b.n};
        status = kept ? HB_OK : HB_NOMEM(err);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status whole_number(literal *l, uint64_t *ret, hb_error *err)
{
    skip_blanks(l);
    const char *from = l->p;
    while (l->p < l->end && *l->p >= '0' && *l->p <= '9') {
        l->p++;
    }
    if (!hb_num_parse_u64(from, (size_t)(l->p - from), ret)) {
        return malformed(l, "a whole number in a shape", err);
    }
    if (l->p < l->end && *l->p == 'L') {
        l->p++; /* as Python 2 wrote */
    }
    return HB_OK;
}

static hb_status tuple(literal *l, uint64_t dims[HB_NPY_MAX_DIMS], size_t *ret_n, hb_error *err)
{
    size_t n = 0;
    if (!took(l, '(')) {
        return malformed(l, "a shape in parentheses", err);
    }
    while (!took(l, ')')) {
        if (n == HB_NPY_MAX_DIMS) {
            return HB_FAIL(err, HB_E_LIMIT, "'%s' has more than %d dimensions", l->what,
                           HB_NPY_MAX_DIMS);
        }
        HB_TRY(whole_number(l, &dims[n++], err));
        if (!took(l, ',') && !next_is(l, ')')) {
            return malformed(l, "a comma in a shape", err);
        }
    }
    *ret_n = n;
    return HB_OK;
}

/* A field's shape: (3,) or 3. */
static hb_status field_shape(literal *l, hb_npy_field *f, hb_error *err)
{
    uint64_t dims[HB_NPY_MAX_DIMS] = {0};
    size_t n = 1;
    if (next_is(l, '(')) {
        HB_TRY(tuple(l, dims, &n, err));
    } else {
        HB_TRY(whole_number(l, &dims[0], err));
    }
    if (n != 1 || dims[0] < 1 || dims[0] > HB_NPY_MAX_SUBARRAY) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s': field '%.60s' is an array in itself; only short rows (1 to %d "
                       "values) become columns",
                       l->what, f->name.p, HB_NPY_MAX_SUBARRAY);
    }
    f->n = (uint32_t)dims[0];
    f->is_array = true;
    return HB_OK;
}

/* ('name', '<f8'), ('name', '<f8', (3,)) or (('title', 'name'), '<f8'). */
static hb_status field(literal *l, hb_npy_field *ret, hb_error *err)
{
    hb_str name;
    hb_str type;
    if (!took(l, '(')) {
        return malformed(l, "a field in parentheses", err);
    }
    bool titled = took(l, '(');
    HB_TRY(text(l, &name, err));
    if (titled) {
        if (!took(l, ',')) {
            return malformed(l, "a field's name", err);
        }
        HB_TRY(text(l, &name, err));
        took(l, ',');
        if (!took(l, ')')) {
            return malformed(l, "the end of a field's name", err);
        }
    }
    if (!took(l, ',')) {
        return malformed(l, "a field's type", err);
    }
    if (next_is(l, '[')) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s': field '%.60s' holds fields itself; save it flat, or as an array of "
                       "its own",
                       l->what, name.p);
    }
    HB_TRY(text(l, &type, err));
    HB_TRY(hb_npy_type(type, l->what, ret, err));
    ret->name = name;
    if (ret->kind == HB_NPY_PADDING && name.n) {
        return HB_FAIL(err, HB_E_INPUT, "'%s': field '%.60s' holds raw bytes ('%.20s')", l->what,
                       name.p, type.p);
    }
    if (took(l, ',') && !next_is(l, ')')) {
        HB_TRY(field_shape(l, ret, err));
        took(l, ',');
    }
    return took(l, ')') ? HB_OK : malformed(l, "the end of a field", err);
}

static hb_status add_field(literal *l, hb_npy_header *h, size_t *cap, hb_error *err)
{
    hb_npy_field f = {.n = 1};
    HB_TRY(field(l, &f, err));
    if (h->n_fields == *cap) {
        size_t more = *cap ? *cap * 2 : 16;
        hb_npy_field *fields = hb_arena_array(l->arena, more, sizeof *fields);
        if (!fields) {
            return HB_NOMEM(err);
        }
        if (h->n_fields) {
            memcpy(fields, h->fields, h->n_fields * sizeof *fields);
        }
        h->fields = fields;
        *cap = more;
    }
    f.at = h->item_bytes;
    uint64_t bytes = (uint64_t)f.size * f.n;
    if (bytes > HB_NPY_MAX_ITEM - h->item_bytes || h->n_fields >= 2 * HB_TABLE_MAX_COLUMNS) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' has records of more than %d bytes or %d fields",
                       l->what, HB_NPY_MAX_ITEM, 2 * HB_TABLE_MAX_COLUMNS);
    }
    h->item_bytes += (uint32_t)bytes;
    h->fields[h->n_fields++] = f;
    return HB_OK;
}

static hb_status type_value(literal *l, hb_npy_header *h, hb_error *err)
{
    const char *from = l->p;
    h->n_fields = 0;
    h->item_bytes = 0;
    if (took(l, '[')) {
        size_t cap = 0;
        h->structured = true;
        while (!took(l, ']')) {
            HB_TRY(add_field(l, h, &cap, err));
            if (!took(l, ',') && !next_is(l, ']')) {
                return malformed(l, "a comma between fields", err);
            }
        }
    } else {
        hb_str type;
        HB_TRY(text(l, &type, err));
        h->fields = hb_arena_alloc(l->arena, sizeof *h->fields);
        if (!h->fields) {
            return HB_NOMEM(err);
        }
        HB_TRY(hb_npy_type(type, l->what, h->fields, err));
        h->n_fields = 1;
        h->item_bytes = h->fields->size;
        if (h->fields->kind == HB_NPY_PADDING) {
            return HB_FAIL(err, HB_E_INPUT, "'%s' holds raw bytes ('%.20s')", l->what, type.p);
        }
    }
    size_t n = (size_t)(l->p - from);
    char *kept = hb_arena_strndup(l->arena, from, n < 60 ? n : 60);
    h->type = kept ? kept : "";
    return kept ? HB_OK : HB_NOMEM(err);
}

static hb_status value_of(literal *l, hb_str key, hb_npy_header *h, unsigned *seen, hb_error *err)
{
    if (hb_str_eq_c(key, "descr")) {
        *seen |= 1;
        skip_blanks(l);
        return type_value(l, h, err);
    }
    if (hb_str_eq_c(key, "fortran_order")) {
        *seen |= 2;
        h->fortran = took_word(l, "True");
        return h->fortran || took_word(l, "False") ? HB_OK : malformed(l, "True or False", err);
    }
    if (hb_str_eq_c(key, "shape")) {
        *seen |= 4;
        return tuple(l, h->shape, &h->n_dims, err);
    }
    return HB_FAIL(err, HB_E_INPUT, "'%s' is damaged: its array header has an unknown key '%.40s'",
                   l->what, key.p);
}

static hb_status count_elements(const literal *l, hb_npy_header *h, hb_error *err)
{
    uint64_t n = 1;
    uint64_t bytes = 0;
    bool over = false;
    for (size_t i = 0; i < h->n_dims; i++) {
        over = __builtin_mul_overflow(n, h->shape[i], &n) || over;
    }
    over = over || __builtin_mul_overflow(n, h->item_bytes, &bytes) || bytes > INT64_MAX;
    if (over) {
        char shape[120];
        hb_npy_shape_text(h, shape, sizeof shape);
        return HB_FAIL(err, HB_E_INPUT, "'%s' is damaged: its shape %s is larger than any file",
                       l->what, shape);
    }
    h->elements = n;
    return HB_OK;
}

/* Versions 1 and 2 are Latin-1. */
static hb_status to_utf8(hb_str in, hb_arena *arena, hb_str *ret, hb_error *err)
{
    size_t high = 0;
    for (size_t i = 0; i < in.n; i++) {
        high += (unsigned char)in.p[i] >= 0x80;
    }
    if (!high) {
        *ret = in;
        return HB_OK;
    }
    char *out = hb_arena_alloc(arena, in.n + high);
    if (!out) {
        return HB_NOMEM(err);
    }
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];
        if (c >= 0x80) {
            out[n++] = (char)(0xC0 | c >> 6);
        }
        out[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
    }
    *ret = (hb_str){out, n};
    return HB_OK;
}

hb_status hb_npy_header_parse(hb_str in, const char *what, hb_arena *arena, hb_npy_header *io,
                              hb_error *err)
{
    hb_npy_header h = *io;
    unsigned seen = 0;
    if (h.major < 3) {
        HB_TRY(to_utf8(in, arena, &in, err));
    } else if (hb_utf8_valid_prefix(in) != in.n) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is damaged: its array header is no UTF-8", what);
    }
    literal l = {.p = in.p, .end = in.p + in.n, .what = what, .arena = arena};
    if (!took(&l, '{')) {
        return malformed(&l, "the opening brace", err);
    }
    while (!took(&l, '}')) {
        hb_str key;
        HB_TRY(text(&l, &key, err));
        if (!took(&l, ':')) {
            return malformed(&l, "a colon behind a key", err);
        }
        HB_TRY(value_of(&l, key, &h, &seen, err));
        if (!took(&l, ',') && !next_is(&l, '}')) {
            return malformed(&l, "a comma or the closing brace", err);
        }
    }
    skip_blanks(&l);
    if (seen != 7 || l.p != l.end) {
        return malformed(&l, seen != 7 ? "descr, fortran_order or shape" : "its end", err);
    }
    HB_TRY(count_elements(&l, &h, err));
    *io = h;
    return HB_OK;
}

void hb_npy_shape_text(const hb_npy_header *h, char *out, size_t n)
{
    size_t at = 0;
    out[at++] = '(';
    for (size_t i = 0; i < h->n_dims && at + 26 < n; i++) {
        int k =
            snprintf(out + at, n - at, "%s%llu", i ? ", " : "", (unsigned long long)h->shape[i]);
        at += k > 0 ? (size_t)k : 0;
    }
    snprintf(out + at, n - at, "%s", h->n_dims == 1 ? ",)" : ")");
}
