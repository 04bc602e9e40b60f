/* SPDX-License-Identifier: Apache-2.0 */
/* Structs back to YAML through the tables that read them. */
#include "config/field.h"

#include "base/num.h"

#include <string.h>

/* Texts that a reader of YAML 1.1 or 1.2 takes for something else. */
static bool is_reserved(hb_str s)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_ieq_c(s, words[i])) {
            return true;
        }
    }
    double v = 0;
    return hb_num_parse(s.p, s.n, &v) != HB_NUM_NOT;
}

static bool is_plain(hb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool other =
            (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '-' || (c == ' ' && i + 1 < s.n);
        if (!letter && !(other && i > 0)) {
            return false;
        }
    }
    return s.n > 0 && !is_reserved(s);
}

/* What YAML calls not printable, and line ends of either version. */
static bool must_escape(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x2028 || cp == 0x2029 ||
           cp == 0xfeff || cp == 0xfffe || cp == 0xffff;
}

void hb_yaml_put_text(hb_str text, hb_buf *out)
{
    if (is_plain(text)) {
        hb_buf_str(out, text);
        return;
    }
    hb_buf_ch(out, '"');
    for (size_t i = 0; i < text.n;) {
        uint32_t cp = 0;
        size_t n = hb_utf8_next((hb_str){text.p + i, text.n - i}, &cp);
        if (n == 0) {
            hb_buf_c(out, "\\ufffd");
            n = 1;
        } else if (must_escape(cp)) {
            hb_buf_fmt(out, "\\u%04x", (unsigned)cp);
        } else {
            hb_buf_c(out, cp == '"' || cp == '\\' ? "\\" : "");
            hb_buf_add(out, text.p + i, n);
        }
        i += n;
    }
    hb_buf_ch(out, '"');
}

void hb_yaml_put_key(const char *key, int indent, hb_buf *out)
{
    for (int i = 0; i < indent; i++) {
        hb_buf_ch(out, ' ');
    }
    hb_yaml_put_text(hb_str_of(key), out);
    hb_buf_c(out, ": ");
}

static bool put_string(const hb_field *f, const void *place, hb_buf *out)
{
    (void)f;
    const char *text = NULL;
    memcpy(&text, place, sizeof text);
    if (!text || !*text) {
        return false;
    }
    hb_yaml_put_text(hb_str_of(text), out);
    return true;
}

static bool put_bool(const hb_field *f, const void *place, hb_buf *out)
{
    (void)f;
    bool v = false;
    memcpy(&v, place, sizeof v);
    hb_buf_c(out, v ? "true" : "false");
    return true;
}

/* A number outside the table's range stands for "not given". */
static bool in_range(const hb_field *f, double v)
{
    return (f->min == 0 && f->max == 0) || (v >= f->min && v <= f->max);
}

static bool put_int(const hb_field *f, const void *place, hb_buf *out)
{
    int64_t v = 0;
    memcpy(&v, place, sizeof v);
    hb_buf_i64(out, v);
    return in_range(f, (double)v);
}

static bool put_uint(const hb_field *f, const void *place, hb_buf *out)
{
    uint32_t v = 0;
    memcpy(&v, place, sizeof v);
    hb_buf_u64(out, v);
    return in_range(f, v);
}

static bool put_f64(const hb_field *f, const void *place, hb_buf *out)
{
    double v = 0;
    memcpy(&v, place, sizeof v);
    hb_buf_f64(out, v);
    return in_range(f, v);
}

static bool put_opt_f64(const hb_field *f, const void *place, hb_buf *out)
{
    (void)f;
    hb_opt_f64 v = {0};
    memcpy(&v, place, sizeof v);
    hb_buf_f64(out, v.v);
    return v.set;
}

static bool put_enum(const hb_field *f, const void *place, hb_buf *out)
{
    int v = 0;
    memcpy(&v, place, sizeof v);
    hb_yaml_put_text(hb_str_of(f->names[v]), out);
    return true;
}

static bool put_strings(const hb_field *f, const void *place, hb_buf *out)
{
    size_t n = 0;
    const char **list = NULL;
    memcpy(&list, place, sizeof list);
    memcpy(&n, (const char *)place - f->offset + f->offset_n, sizeof n);
    hb_buf_ch(out, '[');
    for (size_t i = 0; i < n; i++) {
        hb_buf_c(out, i ? ", " : "");
        hb_yaml_put_text(hb_str_of(list[i]), out);
    }
    hb_buf_ch(out, ']');
    return n > 0 || f->def; /* to leave it out would mean the default */
}

typedef bool (*putter)(const hb_field *f, const void *place, hb_buf *out);

static const putter putters[] = {
    [HB_FIELD_STRING] = put_string,   [HB_FIELD_BOOL] = put_bool, [HB_FIELD_INT] = put_int,
    [HB_FIELD_UINT] = put_uint,       [HB_FIELD_F64] = put_f64,   [HB_FIELD_OPT_F64] = put_opt_f64,
    [HB_FIELD_SECONDS] = put_opt_f64, [HB_FIELD_ENUM] = put_enum, [HB_FIELD_STRINGS] = put_strings,
};

static void cut_back(hb_buf *out, size_t n)
{
    if (out->n > n) {
        out->n = n;
        out->p[n] = '\0';
    }
}

static void print_map(const hb_field *f, const void *in, int indent, hb_buf *out)
{
    size_t before = out->n;
    hb_yaml_put_key(f->key, indent, out);
    cut_back(out, out->n - 1);
    hb_buf_ch(out, '\n');
    size_t head = out->n;
    hb_fields_print(f->sub, in, indent + 2, out);
    if (out->n == head) {
        cut_back(out, before);
    }
}

static bool is_given(const hb_field *f, const void *in)
{
    bool set = true;
    if (f->offset_set) {
        memcpy(&set, (const char *)in + f->offset_set, sizeof set);
    }
    return set && f->kind != HB_FIELD_REFUSED;
}

void hb_fields_print(const hb_field *fields, const void *in, int indent, hb_buf *out)
{
    for (const hb_field *f = fields; f->key; f++) {
        if (!is_given(f, in)) {
            continue;
        }
        if (f->kind == HB_FIELD_MAP) {
            print_map(f, in, indent, out);
            continue;
        }
        if (f->kind == HB_FIELD_CUSTOM) {
            if (f->encode) {
                f->encode(in, indent, out);
            }
            continue;
        }
        size_t before = out->n;
        hb_yaml_put_key(f->key, indent, out);
        if (putters[f->kind](f, (const char *)in + f->offset, out)) {
            hb_buf_ch(out, '\n');
        } else {
            cut_back(out, before);
        }
    }
}
