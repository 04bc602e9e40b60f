/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/workbook.h"

#include "base/mem.h"
#include "base/num.h"
#include "input/xlsx/xml.h"

#include <math.h>
#include <string.h>

enum { ARENA_BYTES = 256 << 20, MAX_FORMATS = 10000 };

typedef struct number_format {
    uint64_t id;
    bool date;
} number_format;

typedef struct parse {
    hb_workbook *w;
    const char *path;
    hb_buf text; /* of the shared string in hand */
    bool in_text;
    bool phonetic; /* <rPh>: how it is spoken, not what it says */
    bool in_cell_xfs;
    const char *strings_part;
    const char *styles_part;
    number_format *formats;
    size_t n_formats;
    size_t cap_formats;
} parse;

static hb_status keep(hb_workbook *w, const char *text, const char **ret, hb_error *err)
{
    *ret = hb_arena_str(&w->arena, hb_str_of(text ? text : ""));
    return *ret ? HB_OK : HB_NOMEM(err);
}

static bool is_true(const char *v)
{
    return v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0 || strcmp(v, "on") == 0);
}

static hb_status workbook_start(void *ctx, const char *name, const char **atts, hb_error *err)
{
    hb_workbook *w = ((parse *)ctx)->w;
    if (strcmp(name, "workbookPr") == 0) {
        w->date1904 = is_true(hb_xml_attribute(atts, "date1904"));
    }
    if (strcmp(name, "sheet") != 0) {
        return HB_OK;
    }
    if (w->n_sheets == HB_XLSX_MAX_SHEETS) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' has more than %d sheets", ((parse *)ctx)->path,
                       HB_XLSX_MAX_SHEETS);
    }
    HB_TRY(HB_GROW(w->sheets, w->cap_sheets, w->n_sheets + 1, HB_XLSX_MAX_SHEETS, "sheets", err));
    hb_sheet s = {.part = NULL};
    const char *state = hb_xml_attribute(atts, "state");
    s.hidden = state && strcmp(state, "visible") != 0;
    HB_TRY(keep(w, hb_xml_attribute(atts, "name"), &s.name, err));
    /* Both sheetId and r:id end in "id" without their prefix; the relationship is the one with
     * letters. */
    HB_TRY(keep(w, hb_xml_attribute(atts, "id"), &s.relation, err));
    w->sheets[w->n_sheets++] = s;
    return HB_OK;
}

static bool ends(const char *text, const char *end)
{
    size_t n = text ? strlen(text) : 0;
    size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static hb_status relation_start(void *ctx, const char *name, const char **atts, hb_error *err)
{
    parse *p = ctx;
    hb_workbook *w = p->w;
    const char *id = hb_xml_attribute(atts, "Id");
    const char *target = hb_xml_attribute(atts, "Target");
    const char *type = hb_xml_attribute(atts, "Type");
    if (strcmp(name, "Relationship") != 0 || !id || !target) {
        return HB_OK;
    }
    char full[300];
    bool absolute = target[0] == '/';
    snprintf(full, sizeof full, "%s%.250s", absolute ? "" : "xl/", target + absolute);
    if (ends(type, "/sharedStrings")) {
        HB_TRY(keep(w, full, &p->strings_part, err));
    } else if (ends(type, "/styles")) {
        HB_TRY(keep(w, full, &p->styles_part, err));
    }
    for (size_t i = 0; i < w->n_sheets; i++) {
        if (strcmp(w->sheets[i].relation, id) == 0) {
            HB_TRY(keep(w, full, &w->sheets[i].part, err));
        }
    }
    return HB_OK;
}

static hb_status strings_start(void *ctx, const char *name, const char **atts, hb_error *err)
{
    parse *p = ctx;
    (void)atts;
    (void)err;
    if (strcmp(name, "si") == 0) {
        hb_buf_clear(&p->text);
    }
    p->phonetic = p->phonetic || strcmp(name, "rPh") == 0;
    p->in_text = !p->phonetic && strcmp(name, "t") == 0;
    return HB_OK;
}

static hb_status strings_end(void *ctx, const char *name, hb_error *err)
{
    parse *p = ctx;
    hb_workbook *w = p->w;
    if (strcmp(name, "t") == 0) {
        p->in_text = false;
    }
    if (strcmp(name, "rPh") == 0) {
        p->phonetic = false;
    }
    if (strcmp(name, "si") != 0) {
        return HB_OK;
    }
    HB_TRY(hb_buf_check(&p->text, err));
    HB_TRY(HB_GROW(w->strings, w->cap_strings, w->n_strings + 1, HB_XLSX_MAX_STRINGS,
                   "shared strings", err));
    char *kept = hb_arena_strndup(&w->arena, p->text.p, p->text.n);
    if (!kept) {
        return HB_NOMEM(err);
    }
    w->strings[w->n_strings++] = (hb_str){kept, p->text.n};
    return HB_OK;
}

static hb_status strings_text(void *ctx, const char *text, size_t n, hb_error *err)
{
    parse *p = ctx;
    (void)err;
    if (p->in_text) {
        hb_buf_add(&p->text, text, n);
    }
    return HB_OK;
}

/* A format code with a day or a year in it is a date; one with hours alone is a time of the day or
 * an elapsed time, which stays a number of days. Texts in quotes and colours in brackets say
 * nothing. */
static bool is_date_code(const char *code)
{
    char quote = 0;
    for (const char *c = code; *c; c++) {
        if (quote) {
            quote = *c == quote ? 0 : quote;
        } else if (*c == '"') {
            quote = '"';
        } else if (*c == '[') {
            quote = ']';
        } else if (*c == '\\' && c[1]) {
            c++;
        } else if (*c == 'y' || *c == 'Y' || *c == 'd' || *c == 'D') {
            return true;
        }
    }
    return false;
}

/* ECMA-376 18.8.30, and the East Asian ones. */
static bool is_builtin_date(uint64_t id)
{
    return (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 ||
           (id >= 50 && id <= 58);
}

static uint64_t number(const char *text)
{
    uint64_t v = 0;
    return text && hb_num_parse_u64(text, strlen(text), &v) ? v : 0;
}

static hb_status styles_start(void *ctx, const char *name, const char **atts, hb_error *err)
{
    parse *p = ctx;
    hb_workbook *w = p->w;
    if (strcmp(name, "numFmt") == 0) {
        const char *code = hb_xml_attribute(atts, "formatCode");
        HB_TRY(HB_GROW(p->formats, p->cap_formats, p->n_formats + 1, MAX_FORMATS, "number formats",
                       err));
        p->formats[p->n_formats++] =
            (number_format){number(hb_xml_attribute(atts, "numFmtId")), code && is_date_code(code)};
    }
    p->in_cell_xfs = p->in_cell_xfs || strcmp(name, "cellXfs") == 0;
    if (!p->in_cell_xfs || strcmp(name, "xf") != 0) {
        return HB_OK;
    }
    uint64_t id = number(hb_xml_attribute(atts, "numFmtId"));
    bool date = is_builtin_date(id);
    for (size_t i = 0; i < p->n_formats; i++) {
        date = p->formats[i].id == id ? p->formats[i].date : date;
    }
    HB_TRY(
        HB_GROW(w->date_style, w->cap_styles, w->n_styles + 1, HB_XLSX_MAX_STYLES, "styles", err));
    w->date_style[w->n_styles++] = date;
    return HB_OK;
}

static hb_status styles_end(void *ctx, const char *name, hb_error *err)
{
    parse *p = ctx;
    (void)err;
    p->in_cell_xfs = p->in_cell_xfs && strcmp(name, "cellXfs") != 0;
    return HB_OK;
}

static hb_status read_parts(const hb_package *package, parse *p, hb_error *err)
{
    static const hb_xml_handler workbook = {.start = workbook_start};
    static const hb_xml_handler relations = {.start = relation_start};
    static const hb_xml_handler strings = {strings_start, strings_end, strings_text};
    static const hb_xml_handler styles = {.start = styles_start, .end = styles_end};
    const struct {
        const char *const *part;
        const hb_xml_handler *handler;
        bool required;
    } parts[] = {{&(const char *){"xl/workbook.xml"}, &workbook, true},
                 {&(const char *){"xl/_rels/workbook.xml.rels"}, &relations, true},
                 {&p->strings_part, &strings, false},
                 {&p->styles_part, &styles, false}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool found = false;
        const char *part = *parts[i].part;
        HB_TRY(hb_xml_parse(package, part, parts[i].handler, p, &found, err));
        if (!found && parts[i].required) {
            return HB_FAIL(err, HB_E_INPUT, "'%s' is a zip file but no workbook: it has no '%s'",
                           package->path, part);
        }
    }
    return p->w->n_sheets ? HB_OK : HB_FAIL(err, HB_E_INPUT, "'%s' has no sheets", package->path);
}

hb_status hb_workbook_open(const hb_package *package, hb_workbook *ret, hb_error *err)
{
    *ret = (hb_workbook){0};
    hb_arena_init(&ret->arena, ARENA_BYTES);
    parse p = {.w = ret,
               .path = package->path,
               .strings_part = "xl/sharedStrings.xml",
               .styles_part = "xl/styles.xml"}; /* unless the relationships say otherwise */
    hb_buf_init(&p.text, 1 << 20);
    hb_status status = read_parts(package, &p, err);
    hb_buf_release(&p.text);
    hb_free(p.formats);
    if (status != HB_OK) {
        hb_workbook_release(ret);
    }
    return status;
}

void hb_workbook_release(hb_workbook *w)
{
    hb_free(w->sheets);
    hb_free(w->strings);
    hb_free(w->date_style);
    hb_arena_release(&w->arena);
    *w = (hb_workbook){0};
}

bool hb_workbook_is_date(const hb_workbook *w, uint64_t style)
{
    return style < w->n_styles && w->date_style[style];
}

hb_time hb_workbook_time(const hb_workbook *w, double serial)
{
    /* Day 0 is 1899-12-30 from day 61 on; before, the 29 February 1900 that never was shifts it. */
    const double days_to_1970 = w->date1904 ? 24107 : 25569;
    double days = serial - days_to_1970 + (!w->date1904 && serial < 60 ? 1 : 0);
    if (!(fabs(days) < 100000)) {
        return HB_TIME_NONE;
    }
    return (hb_time)floor(days * 86400000 + 0.5) * 1000000;
}
