/* SPDX-License-Identifier: Apache-2.0 */
/* What the field tables say to people and to other programs. */
#include "config/field.h"

#include <math.h>
#include <string.h>

/* A key may always be left empty ("key:"), which counts as not given; a required one may not. */
static void put_types(const hb_field *f, hb_json *j, const char *one, const char *two)
{
    hb_json_key(j, "type");
    hb_json_arr(j);
    hb_json_c(j, one);
    if (two) {
        hb_json_c(j, two);
    }
    if (!f->required) {
        hb_json_c(j, "null");
    }
    hb_json_end(j);
}

static void put_range(const hb_field *f, hb_json *j)
{
    if (f->min != 0 || f->max != 0) {
        hb_json_kf(j, "minimum", f->min);
        if (isfinite(f->max)) {
            hb_json_kf(j, "maximum", f->max);
        }
    }
}

static void put_length(const hb_field *f, hb_json *j)
{
    if (f->max > 0) {
        hb_json_kf(j, "maxLength", f->max);
    }
}

static void string_schema(const hb_field *f, hb_json *j)
{
    put_types(f, j, "string", "number");
    put_length(f, j);
}

static void bool_schema(const hb_field *f, hb_json *j)
{
    static const char *const words[] = {"yes", "no", "on", "off"};
    hb_json_key(j, "enum");
    hb_json_arr(j);
    hb_json_bool(j, true);
    hb_json_bool(j, false);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        hb_json_c(j, words[i]);
    }
    if (!f->required) {
        hb_json_null(j);
    }
    hb_json_end(j);
}

static void integer_schema(const hb_field *f, hb_json *j)
{
    put_types(f, j, "integer", NULL);
    put_range(f, j);
}

static void number_schema(const hb_field *f, hb_json *j)
{
    put_types(f, j, "number", NULL);
    put_range(f, j);
}

static void seconds_schema(const hb_field *f, hb_json *j)
{
    put_types(f, j, "number", "string");
    put_range(f, j);
    hb_json_kc(j, "pattern", "^[0-9.]+(ms|s|m|h|d)?$");
}

static void enum_schema(const hb_field *f, hb_json *j)
{
    hb_json_key(j, "enum");
    hb_json_arr(j);
    for (int i = 0; f->names[i]; i++) {
        hb_json_c(j, f->names[i]);
    }
    if (!f->required) {
        hb_json_null(j);
    }
    hb_json_end(j);
}

static void strings_schema(const hb_field *f, hb_json *j)
{
    hb_json_key(j, "type");
    hb_json_arr(j);
    hb_json_c(j, "array");
    hb_json_c(j, "string");
    hb_json_c(j, "number");
    if (!f->required) {
        hb_json_c(j, "null");
    }
    hb_json_end(j);
    put_length(f, j);
    hb_json_key(j, "items");
    hb_json_obj(j);
    hb_json_key(j, "type");
    hb_json_arr(j);
    hb_json_c(j, "string");
    hb_json_c(j, "number");
    hb_json_c(j, "boolean");
    hb_json_end(j);
    put_length(f, j);
    hb_json_end(j);
}

static void object_schema(const hb_field *fields, bool nullable, hb_json *j);

static void map_schema(const hb_field *f, hb_json *j)
{
    object_schema(f->sub, !f->required, j);
}

static void custom_schema(const hb_field *f, hb_json *j)
{
    hb_json_key(j, "anyOf");
    hb_json_arr(j);
    hb_json_raw(j, hb_str_of(f->schema ? f->schema : "{}"));
    if (!f->required) {
        hb_json_raw(j, HB_STR("{\"type\": \"null\"}"));
    }
    hb_json_end(j);
}

static void field_schema(const hb_field *f, hb_json *j)
{
    typedef void (*printer)(const hb_field *f, hb_json *j);
    static const printer printers[] = {
        [HB_FIELD_STRING] = string_schema,   [HB_FIELD_BOOL] = bool_schema,
        [HB_FIELD_INT] = integer_schema,     [HB_FIELD_UINT] = integer_schema,
        [HB_FIELD_F64] = number_schema,      [HB_FIELD_OPT_F64] = number_schema,
        [HB_FIELD_SECONDS] = seconds_schema, [HB_FIELD_ENUM] = enum_schema,
        [HB_FIELD_STRINGS] = strings_schema, [HB_FIELD_MAP] = map_schema,
        [HB_FIELD_CUSTOM] = custom_schema,
    };
    hb_json_obj(j);
    if (f->doc) {
        hb_json_kc(j, "description", f->doc);
    }
    printers[f->kind](f, j);
    hb_json_end(j);
}

static void object_schema(const hb_field *fields, bool nullable, hb_json *j)
{
    if (nullable) {
        hb_json_key(j, "type");
        hb_json_raw(j, HB_STR("[\"object\", \"null\"]"));
    } else {
        hb_json_kc(j, "type", "object");
    }
    hb_json_kb(j, "additionalProperties", false);
    hb_json_key(j, "properties");
    hb_json_obj(j);
    bool any_required = false;
    for (const hb_field *f = fields; f->key; f++) {
        if (f->kind != HB_FIELD_REFUSED) {
            hb_json_key(j, f->key);
            field_schema(f, j);
        }
        any_required = any_required || f->required;
    }
    hb_json_end(j);
    if (any_required) {
        hb_json_key(j, "required");
        hb_json_arr(j);
        for (const hb_field *f = fields; f->key; f++) {
            if (f->required) {
                hb_json_c(j, f->key);
            }
        }
        hb_json_end(j);
    }
}

void hb_fields_schema(const hb_field *fields, hb_json *j)
{
    object_schema(fields, false, j);
}

static void pad(hb_buf *out, int indent)
{
    for (int i = 0; i < indent; i++) {
        hb_buf_ch(out, ' ');
    }
}

/* The doc text as comment lines of at most 79 characters. */
static void comment(const char *doc, int indent, hb_buf *out)
{
    size_t col = 0;
    while (doc && *doc) {
        size_t word = strcspn(doc, " ");
        if (col == 0 || col + word + 1 > 79) {
            hb_buf_c(out, col ? "\n" : "");
            pad(out, indent);
            hb_buf_c(out, "#");
            col = (size_t)indent + 1;
        }
        hb_buf_ch(out, ' ');
        hb_buf_add(out, doc, word);
        col += word + 1;
        doc += word;
        doc += *doc == ' ';
    }
    hb_buf_ch(out, '\n');
}

/* By the first type its schema names. */
static const char *custom_words(const char *schema)
{
    static const struct {
        const char *begins;
        const char *words;
    } rows[] = {{"{\"type\": [\"string\"", "text"},
                {"{\"type\": [\"array\"", "list"},
                {"{\"type\": \"array\"", "list"},
                {"{\"enum\"", "only this"}};
    for (size_t i = 0; schema && i < sizeof rows / sizeof *rows; i++) {
        if (strncmp(schema, rows[i].begins, strlen(rows[i].begins)) == 0) {
            return rows[i].words;
        }
    }
    return "map";
}

static void type_words(const hb_field *f, hb_buf *out)
{
    static const char *const words[] = {
        [HB_FIELD_STRING] = "text",
        [HB_FIELD_BOOL] = "true or false",
        [HB_FIELD_INT] = "whole number",
        [HB_FIELD_UINT] = "whole number",
        [HB_FIELD_F64] = "number",
        [HB_FIELD_OPT_F64] = "number",
        [HB_FIELD_SECONDS] = "time, e.g. 5s",
        [HB_FIELD_ENUM] = "one of ",
        [HB_FIELD_STRINGS] = "list of texts",
        [HB_FIELD_MAP] = "map",
        [HB_FIELD_CUSTOM] = "map",
        [HB_FIELD_REFUSED] = "",
    };
    hb_buf_c(out, f->kind == HB_FIELD_CUSTOM ? custom_words(f->schema) : words[f->kind]);
    for (int i = 0; f->kind == HB_FIELD_ENUM && f->names[i]; i++) {
        hb_buf_fmt(out, "%s%s", i ? " | " : "", f->names[i]);
    }
    if (f->kind == HB_FIELD_STRING || f->kind == HB_FIELD_STRINGS) {
        return;
    }
    if (f->min != 0 || f->max != 0) {
        hb_buf_fmt(out, isinf(f->max) ? ", at least %g" : ", %g to %g", f->min, f->max);
    }
}

void hb_fields_reference(const hb_field *fields, int indent, hb_buf *out)
{
    for (const hb_field *f = fields; f->key; f++) {
        if (f->kind == HB_FIELD_REFUSED) {
            continue;
        }
        comment(f->doc, indent, out);
        pad(out, indent);
        if (f->kind == HB_FIELD_MAP) {
            hb_buf_fmt(out, "%s:\n", f->key);
            hb_fields_reference(f->sub, indent + 2, out);
            continue;
        }
        hb_buf_fmt(out, "# %s: %s   (", f->key, f->def ? f->def : "…");
        type_words(f, out);
        hb_buf_c(out, f->required ? ", required)\n" : ")\n");
    }
}
