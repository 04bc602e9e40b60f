/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/package.h"

#include "base/mem.h"

#include <string.h>

/* Each part is found by walking the directory, so its length is bounded. */
enum { MAX_ENTRIES = 20000 };

struct hb_part {
    hb_zip_file *file;
};

static hb_status check_directory(const hb_package *p, hb_error *err)
{
    bool more = true;
    for (size_t n = 0; more; n++) {
        hb_zip_entry entry;
        if (n > MAX_ENTRIES) {
            return HB_FAIL(err, HB_E_LIMIT, "'%s' holds more than %d parts", p->path, MAX_ENTRIES);
        }
        HB_TRY(hb_zip_next(p->zip, &entry, &more, err));
    }
    return HB_OK;
}

hb_status hb_package_read(hb_stream *stream, hb_package *ret, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(stream, 4, &head, err));
    if (hb_str_starts(head, "\xd0\xcf\x11\xe0")) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is an encrypted or an old .xls workbook; save it as .xlsx without a "
                       "password",
                       hb_stream_path(stream));
    }
    hb_package p = {.path = hb_stream_path(stream)};
    HB_TRY(hb_zip_open(stream, &p.zip, err));
    hb_status status = check_directory(&p, err);
    if (status != HB_OK) {
        hb_zip_close(p.zip);
        return status;
    }
    *ret = p;
    return HB_OK;
}

void hb_package_release(hb_package *p)
{
    hb_zip_close(p->zip);
    *p = (hb_package){0};
}

hb_status hb_part_open(const hb_package *p, const char *name, hb_part **ret_part, hb_error *err)
{
    bool more = true;
    *ret_part = NULL;
    hb_zip_rewind(p->zip);
    for (;;) {
        hb_zip_entry entry;
        HB_TRY(hb_zip_next(p->zip, &entry, &more, err));
        if (!more) {
            return HB_OK;
        }
        if (!hb_str_eq_c(entry.name, name)) {
            continue;
        }
        hb_part *part = hb_alloc_zero(sizeof *part);
        if (!part) {
            return HB_NOMEM(err);
        }
        hb_status status = hb_zip_file_open(p->zip, &entry, &part->file, err);
        if (status != HB_OK) {
            hb_free(part);
            return status;
        }
        *ret_part = part;
        return HB_OK;
    }
}

void hb_part_close(hb_part *part)
{
    if (part) {
        hb_zip_file_close(part->file);
        hb_free(part);
    }
}

hb_status hb_part_read(hb_part *part, void *out, size_t n, size_t *ret_n, hb_error *err)
{
    size_t have = 0;
    while (have < n) {
        size_t got = 0;
        HB_TRY(hb_zip_file_read(part->file, (char *)out + have, n - have, &got, err));
        if (got == 0) {
            break;
        }
        have += got;
    }
    *ret_n = have;
    return HB_OK;
}
