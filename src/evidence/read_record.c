/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/read_record.h"

#include "evidence/inputs_text.h"

#include <string.h>

static const char format[] = "hb-reading/1";

enum { FILES_MAX = 100000 };

/* In ascending order, as they stand in the document. */
static const char *const option_names[HB_READ_OPTION_COUNT_] = {
    [HB_READ_COLUMNS] = "columns",       [HB_READ_CYCLES] = "cycles",
    [HB_READ_MEMBER] = "member",         [HB_READ_QUERY] = "query",
    [HB_READ_RESAMPLE] = "resample",     [HB_READ_SHEET] = "sheet",
    [HB_READ_SOURCE] = "source",         [HB_READ_TABLE] = "table",
    [HB_READ_TIME_RANGE] = "time-range", [HB_READ_UNIT] = "unit",
    [HB_READ_VARIABLE] = "variable",     [HB_READ_WHERE] = "where",
};

const char *hb_read_option_name(hb_read_option o)
{
    return (unsigned)o < HB_READ_OPTION_COUNT_ ? option_names[o] : "?";
}

/* --- writing --- */

static void document_put(hb_json *j, const char *key, const hb_read_document *d)
{
    if (key) {
        hb_json_key(j, key);
    }
    if (!d->name) {
        hb_json_null(j);
        return;
    }
    hb_json_obj(j);
    hb_exact_text(j, "name", d->name);
    hb_exact_text(j, "sha256", d->sha256);
    hb_json_end(j);
}

static void files_put(hb_json *j, const hb_read_record *r)
{
    hb_json_key(j, "files");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_files; i++) {
        const hb_read_file *f = &r->files[i];
        hb_json_obj(j);
        hb_json_ku(j, "bytes", f->bytes);
        hb_exact_text(j, "format", f->format);
        hb_exact_text(j, "name", f->name);
        hb_exact_text(j, "path", f->path);
        hb_exact_text(j, "sha256", f->sha256);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void registry_put(hb_json *j, const hb_read_record *r)
{
    hb_json_key(j, "metric_registry");
    hb_json_obj(j);
    hb_exact_text(j, "mode", r->mode);
    hb_exact_text(j, "name", r->registry_name);
    hb_exact_text(j, "program", r->program);
    hb_exact_text(j, "sha256", r->registry_sha256);
    hb_json_end(j);
}

hb_status hb_read_record_json(const hb_read_record *r, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "arguments");
    hb_json_arr(&j);
    for (size_t i = 0; i < r->n_arguments; i++) {
        hb_exact_text(&j, NULL, r->arguments[i]);
    }
    hb_json_end(&j);
    hb_exact_text(&j, "day_order", r->day_order);
    hb_exact_text(&j, "engine_version", r->engine_version);
    files_put(&j, r);
    hb_json_kc(&j, "format", format);
    registry_put(&j, r);
    hb_json_key(&j, "options");
    hb_json_obj(&j);
    for (size_t i = 0; i < HB_READ_OPTION_COUNT_; i++) {
        hb_exact_text(&j, option_names[i], r->options[i]);
    }
    hb_json_end(&j);
    document_put(&j, "profile", &r->profile);
    hb_json_key(&j, "profiles");
    hb_json_arr(&j);
    for (size_t i = 0; i < r->n_profiles; i++) {
        document_put(&j, NULL, &r->profiles[i]);
    }
    hb_json_end(&j);
    hb_exact_text(&j, "run_id", r->run_id);
    document_put(&j, "run_meta", &r->run_meta);
    hb_exact_text(&j, "source", r->source);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

/* --- reading --- */

static void text_get(hb_strict *d, const char *key, const char **ret)
{
    hb_strict_key(d, key);
    *ret = hb_strict_text(d);
}

static void document_get(hb_strict *d, hb_read_document *ret)
{
    if (hb_strict_null(d)) {
        return;
    }
    hb_strict_obj(d);
    text_get(d, "name", &ret->name);
    text_get(d, "sha256", &ret->sha256);
    hb_strict_end(d);
}

static void arguments_get(hb_strict *d, hb_read_record *r)
{
    size_t cap = 0;
    hb_strict_key(d, "arguments");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, r->arguments, r->n_arguments, cap)) {
        r->arguments[r->n_arguments++] = hb_strict_text(d);
    }
}

static void files_get(hb_strict *d, hb_read_record *r)
{
    hb_read_file *list = NULL;
    size_t cap = 0;
    hb_strict_key(d, "files");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, list, r->n_files, cap)) {
        hb_read_file *f = &list[r->n_files++];
        hb_strict_obj(d);
        hb_strict_key(d, "bytes");
        f->bytes = hb_strict_u64(d, UINT64_MAX);
        text_get(d, "format", &f->format);
        text_get(d, "name", &f->name);
        text_get(d, "path", &f->path);
        text_get(d, "sha256", &f->sha256);
        hb_strict_end(d);
        if (r->n_files > FILES_MAX) {
            hb_strict_refuse(d, "more than %d files", FILES_MAX);
        }
    }
    r->files = list;
}

static void profiles_get(hb_strict *d, hb_read_record *r)
{
    hb_read_document *list = NULL;
    size_t cap = 0;
    hb_strict_key(d, "profiles");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, list, r->n_profiles, cap)) {
        hb_read_document *to = &list[r->n_profiles++];
        document_get(d, to);
        if (hb_strict_check(d) == HB_OK && !to->name) {
            hb_strict_refuse(d, "a profile without a name");
        }
    }
    r->profiles = list;
}

static void registry_get(hb_strict *d, hb_read_record *r)
{
    hb_strict_key(d, "metric_registry");
    hb_strict_obj(d);
    text_get(d, "mode", &r->mode);
    text_get(d, "name", &r->registry_name);
    text_get(d, "program", &r->program);
    text_get(d, "sha256", &r->registry_sha256);
    hb_strict_end(d);
}

static void options_get(hb_strict *d, hb_read_record *r)
{
    hb_strict_key(d, "options");
    hb_strict_obj(d);
    for (size_t i = 0; i < HB_READ_OPTION_COUNT_; i++) {
        hb_strict_key(d, option_names[i]);
        r->options[i] = hb_strict_text_or_null(d);
    }
    hb_strict_end(d);
}

static const char *order_word(size_t i)
{
    static const char *const words[] = {"", "day-first", "month-first"};
    return words[i];
}

static hb_status read_into(hb_strict *d, hb_read_record *r)
{
    const char *is = "";
    hb_strict_obj(d);
    arguments_get(d, r);
    hb_strict_key(d, "day_order");
    r->day_order = order_word(hb_strict_word(d, order_word, 3));
    text_get(d, "engine_version", &r->engine_version);
    files_get(d, r);
    text_get(d, "format", &is);
    if (strcmp(is, format) != 0) {
        hb_strict_refuse(d, "expected format '%s'", format);
    }
    registry_get(d, r);
    options_get(d, r);
    hb_strict_key(d, "profile");
    document_get(d, &r->profile);
    profiles_get(d, r);
    text_get(d, "run_id", &r->run_id);
    hb_strict_key(d, "run_meta");
    document_get(d, &r->run_meta);
    text_get(d, "source", &r->source);
    hb_strict_end(d);
    return hb_strict_done(d);
}

hb_status hb_read_record_parse(hb_str json, const char *name, hb_arena *arena, hb_read_record *ret,
                               hb_error *err)
{
    hb_read_record r = {.n_files = 0};
    hb_strict d;
    hb_strict_init(&d, json, name, arena, err);
    hb_status status = read_into(&d, &r);
    hb_strict_release(&d);
    HB_TRY(status);
    *ret = r;
    return HB_OK;
}
