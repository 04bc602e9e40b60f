/* SPDX-License-Identifier: Apache-2.0 */
#include "input/zip/choose.h"

#include "base/buf.h"
#include "base/mem.h"

#include <fnmatch.h>
#include <string.h>

enum { LISTED = 20, LIST_BYTES = 380, SHOWN_NAME = 60 };

typedef struct census {
    uint64_t files;
    uint64_t arrays; /* .npy */
    uint64_t fitting;
    bool exact;          /* one has the very name: patterns are not asked */
    bool array_in_front; /* the file's first bytes are an array's */
    bool office;
    bool open_document;
    hb_buf names; /* of all files, for messages */
    hb_buf fitting_names;
    uint64_t listed;
    uint64_t fitting_listed;
    hb_zip_choice only; /* the first file, and the first that fits */
    hb_zip_choice fit;
} census;

bool hb_zip_recognise(hb_str head)
{
    return hb_str_starts(head, "PK\3\4") || hb_str_starts(head, "PK\5\6");
}

static hb_str last_part(hb_str name)
{
    size_t from = name.n;
    while (from > 0 && name.p[from - 1] != '/') {
        from--;
    }
    return (hb_str){name.p + from, name.n - from};
}

bool hb_zip_is_litter(const hb_zip_entry *e)
{
    static const char *const names[] = {".DS_Store", "Thumbs.db", "desktop.ini"};
    if (e->folder || hb_str_starts(e->name, "__MACOSX/")) {
        return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (hb_str_eq_c(last_part(e->name), names[i])) {
            return true;
        }
    }
    return false;
}

bool hb_zip_matches(const char *pattern, hb_str name)
{
    return hb_str_eq_c(name, pattern) || fnmatch(pattern, name.p, 0) == 0 ||
           fnmatch(pattern, last_part(name).p, 0) == 0;
}

static void list(hb_buf *b, uint64_t *listed, hb_str name)
{
    int n = (int)(name.n < SHOWN_NAME ? name.n : SHOWN_NAME);
    if (*listed < LISTED && b->n + (size_t)n + 8 < LIST_BYTES) {
        hb_buf_fmt(b, "%s'%.*s'", *listed ? ", " : "", n, name.p);
        ++*listed;
    }
}

static void list_rest(hb_buf *b, uint64_t listed, uint64_t n)
{
    if (n > listed) {
        hb_buf_fmt(b, " and %llu more", (unsigned long long)(n - listed));
    }
}

static hb_status keep(hb_zip_choice *c, const hb_zip_entry *e, hb_error *err)
{
    char *name = hb_strndup(e->name.p, e->name.n);
    if (!name) {
        return HB_NOMEM(err);
    }
    c->entry = *e;
    c->name = name;
    c->entry.name = (hb_str){name, e->name.n};
    return HB_OK;
}

static hb_status count(census *c, const hb_zip_entry *e, const char *member, hb_error *err)
{
    if (hb_zip_is_litter(e)) {
        return HB_OK;
    }
    c->office =
        c->office || hb_str_eq_c(e->name, "[Content_Types].xml") || hb_str_starts(e->name, "xl/");
    c->open_document = c->open_document || hb_str_eq_c(e->name, "META-INF/manifest.xml");
    bool array = hb_str_ends(e->name, ".npy");
    c->arrays += array;
    c->array_in_front = c->array_in_front || (array && e->at == 0);
    if (c->files++ == 0) {
        HB_TRY(keep(&c->only, e, err));
    }
    list(&c->names, &c->listed, e->name);
    if (member && !c->exact && hb_str_eq_c(e->name, member)) {
        c->exact = true;
        c->fitting = 0;
        hb_zip_choice_release(&c->fit);
    } else if (c->exact || !member || !hb_zip_matches(member, e->name)) {
        member = NULL;
    }
    if (member) {
        if (c->fitting++ == 0) {
            HB_TRY(keep(&c->fit, e, err));
        }
        list(&c->fitting_names, &c->fitting_listed, e->name);
    }
    return HB_OK;
}

static hb_status take(hb_zip_choice *from, bool used, hb_zip_choice *ret)
{
    *ret = *from;
    ret->used = used;
    *from = (hb_zip_choice){0};
    return HB_OK;
}

static hb_status choose(census *c, const char *path, const char *member, hb_zip_choice *ret,
                        hb_error *err)
{
    if (c->office || (c->files && c->arrays == c->files && c->array_in_front)) {
        *ret = (hb_zip_choice){.as_it_is = true};
        return HB_OK;
    }
    if (c->files == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' holds no file", path);
    }
    if (c->open_document) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is an OpenDocument file; save it as .xlsx or as text",
                       path);
    }
    if (c->fitting == 1) {
        return take(&c->fit, true, ret);
    }
    list_rest(&c->names, c->listed, c->files);
    list_rest(&c->fitting_names, c->fitting_listed, c->fitting);
    if (c->fitting) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' holds %llu files like '%.60s': %s", path,
                       (unsigned long long)c->fitting, member, c->fitting_names.p);
    }
    hb_str only = c->only.entry.name;
    if (c->files == 1 && (!member || hb_str_ends(only, ".zip") || hb_str_ends(only, ".npz"))) {
        return take(&c->only, false, ret);
    }
    if (member) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' holds no file '%.60s'; it holds %s", path, member,
                       c->names.p);
    }
    return HB_FAIL(err, HB_E_USAGE, "'%s' holds %llu files; choose one with --member: %s", path,
                   (unsigned long long)c->files, c->names.p);
}

hb_status hb_zip_choose(hb_zip *z, const char *path, const char *member, hb_zip_choice *ret,
                        hb_error *err)
{
    census c = {0};
    bool more = true;
    hb_status status = HB_OK;
    hb_buf_init(&c.names, LIST_BYTES + 64);
    hb_buf_init(&c.fitting_names, LIST_BYTES + 64);
    hb_zip_rewind(z);
    while (status == HB_OK && more) {
        hb_zip_entry e;
        status = hb_zip_next(z, &e, &more, err);
        if (status == HB_OK && more) {
            status = count(&c, &e, member, err);
        }
    }
    if (status == HB_OK) {
        status = choose(&c, path, member, ret, err);
    }
    hb_zip_choice_release(&c.only);
    hb_zip_choice_release(&c.fit);
    hb_buf_release(&c.names);
    hb_buf_release(&c.fitting_names);
    return status;
}

void hb_zip_choice_release(hb_zip_choice *c)
{
    hb_free(c->name);
    *c = (hb_zip_choice){0};
}
