/* SPDX-License-Identifier: Apache-2.0 */
#include "input/profile.h"

#include "base/buf.h"
#include "base/mem.h"
#include "config/embedded.h"
#include "config/field.h"
#include "input/profile_pins.h"
#include "os/file.h"

#include <string.h>

enum { ARENA_BYTES = HB_NODE_ARENA_BYTES + (32 << 20), MAX_COLUMNS = HB_TABLE_MAX_COLUMNS };

static const char *const header_names[] = {[HB_PROFILE_HEADER_SNIFF] = "sniff",
                                           [HB_PROFILE_HEADER_FIRST] = "first",
                                           [HB_PROFILE_HEADER_NONE] = "none",
                                           NULL};
const char *const hb_profile_reduces[] = {"median", "mean", "max",   "min",   "last", "p95",
                                          "p99",    "rate", "count", "range", "std",  NULL};

static hb_status decode_delimiter(const hb_where *where, const hb_node *value, void *out,
                                  hb_error *err)
{
    static const struct {
        const char *name;
        char c;
    } rows[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'},       {"bar", '|'},
                {"colon", ':'}, {"blanks", ' '},    {"whitespace", ' '}, {"sniff", 0}};
    const char *text = NULL;
    HB_TRY(hb_node_text(value, where, &text, err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, text) == 0) {
            ((hb_input_profile *)out)->delimiter = rows[i].c;
            return HB_OK;
        }
    }
    if (strlen(text) == 1 && *text > ' ' && *text != '"' && *text < 0x7f) {
        ((hb_input_profile *)out)->delimiter = *text;
        return HB_OK;
    }
    return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                      "'%s' must be comma, semicolon, tab, bar, colon, blanks, another single sign "
                      "or sniff, got '%.40s'",
                      where->path, text);
}

#define LIST(name, member, words)                                                              \
    {                                                                                          \
        .key = (name), .kind = HB_FIELD_STRINGS, .offset = offsetof(hb_input_profile, member), \
        .offset_n = offsetof(hb_input_profile, n_##member), .doc = (words)                     \
    }

static const hb_field alias_fields[] = {
    LIST("metric", alias_metric, "Headers of the column of metric names."),
    LIST("current", alias_current, "Headers of the column of the run's values."),
    LIST("value", alias_value, "Headers of the column of values where there is no current."),
    LIST("unit", alias_unit, "Headers of the column of units."),
    LIST("tags", alias_tags, "Headers of the column of tags."),
    {0},
};

static const hb_field match_fields[] = {
    {.key = "columns_without_names",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_input_profile, match_columns),
     .min = 1,
     .max = MAX_COLUMNS,
     .doc = "Recognised by --source auto: so many columns of numbers cut by blanks, no header."},
    {0},
};

static const hb_field fields[] = {
    LIST("names", names, "What --source calls it; several names may share a profile."),
    {.key = "summary",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_input_profile, summary),
     .doc = "One line for people."},
    {.key = "adapter",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_input_profile, adapter),
     .doc = "Code that goes with the profile: pba_excel."},
    {.key = "delimiter",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_delimiter,
     .schema = "{\"type\": \"string\"}",
     .def = "sniff",
     .doc = "How fields are cut: comma, semicolon, tab, bar, colon, blanks, another single sign."},
    {.key = "header",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_input_profile, header),
     .names = header_names,
     .def = "sniff",
     .doc = "Does the first line hold names?"},
    {.key = "single_column_blanks",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_input_profile, single_column_blanks),
     .def = "false",
     .doc = "A file of one column is cut at blanks."},
    {.key = "reduce",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_input_profile, reduce),
     .names = hb_profile_reduces,
     .def = "median",
     .doc = "Value of a series whose metric declares no reduce."},
    {.key = "match", .kind = HB_FIELD_MAP, .sub = match_fields, .doc = "How auto recognises it."},
    {.key = "columns",
     .kind = HB_FIELD_CUSTOM,
     .decode = hb_profile_columns_decode,
     .schema = "{\"type\": \"array\", \"items\": {\"type\": \"object\"}}",
     .doc = "Columns in file order: name, unit, role."},
    {.key = "aliases",
     .kind = HB_FIELD_MAP,
     .sub = alias_fields,
     .doc = "Header spellings of a metric table."},
    LIST("required_columns", required_columns, "Columns that must be there."),
    LIST("optional_columns", optional_columns, "Columns that are known and not used."),
    {.key = "either_current_or_value",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_input_profile, either_current_or_value),
     .def = "true",
     .doc = "Without a column current the column value is read; false: current must be there."},
    {.key = "allow_extra_columns",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_input_profile, allow_extra_columns),
     .def = "true",
     .doc = "Unknown columns are told and left out; false makes them an error."},
    {.key = "pinned",
     .kind = HB_FIELD_MAP,
     .sub = hb_profile_pin_fields,
     .doc = "Written by hb inspect --save-profile: the reading a file must fit."},
    {0},
};

const hb_field *hb_input_profile_fields(void)
{
    return fields;
}

hb_status hb_input_profile_parse(hb_str text, const char *name, hb_input_profile *ret,
                                 hb_error *err)
{
    hb_input_profile p = {
        .summary = "", .adapter = "", .either_current_or_value = true, .allow_extra_columns = true};
    hb_arena_init(&p.arena, ARENA_BYTES);
    p.format = p.encoding = p.sheet = p.comments = "";
    p.decimal = '.';
    p.file = hb_arena_str(&p.arena, hb_str_of(name));
    const hb_node *root = NULL;
    hb_where where = {.name = name, .path = "", .arena = &p.arena};
    hb_status status = hb_yaml_parse(text, name, &p.arena, &root, err);
    if (status == HB_OK) {
        status = hb_fields_decode(fields, root, &where, &p, err);
    }
    if (status == HB_OK && hb_node_find(root, "pinned")) {
        p.pinned = true;
        status = hb_profile_pins_check(&p, root, err);
    }
    for (size_t i = 0; i < p.n_columns && status == HB_OK && !p.pinned; i++) {
        if (!*p.columns[i].name) {
            status = HB_FAIL_AT(err, HB_E_CONFIG, name, p.columns[i].line, 0,
                                "key 'name' is missing in column %zu", i + 1);
        }
    }
    if (status == HB_OK && p.n_names == 0) {
        status =
            HB_FAIL_AT(err, HB_E_CONFIG, name, root->line, root->col, "key 'names' is missing");
    }
    if (status == HB_OK && *p.adapter && strcmp(p.adapter, "pba_excel") != 0) {
        status = HB_FAIL_AT(err, HB_E_CONFIG, name, root->line, root->col,
                            "'adapter' must be pba_excel or left out, got '%.40s'", p.adapter);
    }
    if (status == HB_OK && *p.adapter && (p.n_alias_metric == 0 || p.n_columns)) {
        status = HB_FAIL_AT(err, HB_E_CONFIG, name, root->line, root->col,
                            "adapter pba_excel needs 'aliases.metric' and takes no 'columns'");
    }
    if (status != HB_OK) {
        hb_input_profile_release(&p);
        return status;
    }
    *ret = p;
    return HB_OK;
}

void hb_input_profile_release(hb_input_profile *p)
{
    hb_arena_release(&p->arena);
}

hb_status hb_input_profile_read(const hb_os *os, const char *path, hb_input_profile *ret,
                                hb_error *err)
{
    char *text = NULL;
    size_t len = 0;
    HB_TRY(hb_file_read(os, path, HB_YAML_MAX_BYTES, &text, &len, err));
    hb_status status = hb_input_profile_parse((hb_str){text, len}, path, ret, err);
    hb_free(text);
    return status;
}

static bool has_name(const hb_input_profile *p, const char *adapter)
{
    for (size_t i = 0; i < p->n_names; i++) {
        if (strcmp(p->names[i], adapter) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_profile(const hb_embedded *f)
{
    return strncmp(f->name, "profiles/", 9) == 0;
}

static hb_status own_profile(const hb_os *os, const char *dir, const char *adapter,
                             hb_input_profile *ret, bool *ret_found, hb_error *err)
{
    char file[160];
    char *path = NULL;
    *ret_found = false;
    if (!dir || strchr(adapter, '/') || strlen(adapter) > 100) {
        return HB_OK;
    }
    snprintf(file, sizeof file, "%s.yaml", adapter);
    HB_TRY(hb_path_join(dir, file, &path, err));
    hb_status status = HB_OK;
    if (hb_path_exists(os, path)) {
        status = hb_input_profile_read(os, path, ret, err);
        *ret_found = status == HB_OK;
    }
    hb_free(path);
    return status;
}

static hb_status unknown(const char *adapter, hb_error *err)
{
    hb_buf list;
    hb_buf_init(&list, 4096);
    for (size_t i = 0; i < hb_embedded_count; i++) {
        hb_input_profile p;
        const hb_embedded *f = &hb_embedded_files[i];
        if (is_profile(f) &&
            hb_input_profile_parse((hb_str){f->data, f->len}, f->name, &p, NULL) == HB_OK) {
            for (size_t k = 0; k < p.n_names; k++) {
                hb_buf_fmt(&list, ", %s", p.names[k]);
            }
            hb_input_profile_release(&p);
        }
    }
    hb_status status = HB_FAIL(
        err, HB_E_USAGE,
        "unknown source '%.60s'; known: auto, csv, hdf5, json, lvm, mat, npy, npz, sqlite, xlsx%s",
        adapter, list.p);
    hb_buf_release(&list);
    return status;
}

hb_status hb_input_profile_find(const hb_os *os, const char *dir, const char *adapter,
                                hb_input_profile *ret, hb_error *err)
{
    bool found = false;
    HB_TRY(own_profile(os, dir, adapter, ret, &found, err));
    for (size_t i = 0; i < hb_embedded_count && !found; i++) {
        const hb_embedded *f = &hb_embedded_files[i];
        if (!is_profile(f)) {
            continue;
        }
        HB_TRY(hb_input_profile_parse((hb_str){f->data, f->len}, f->name, ret, err));
        found = has_name(ret, adapter);
        if (!found) {
            hb_input_profile_release(ret);
        }
    }
    return found ? HB_OK : unknown(adapter, err);
}
