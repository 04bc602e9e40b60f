/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/package.h"

#include "base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum { MAX_ENTRIES = 20000 };
static const uint64_t bomb_floor_bytes = 64 << 20;

struct hb_part {
    const hb_package *package;
    struct archive *archive;
    uint64_t out;
};

/* libarchive keeps a zip's whole directory in memory, so its entries are counted beforehand. */
static hb_status check_directory(const hb_package *p, hb_error *err)
{
    size_t n = 0;
    const char *at = p->n ? p->data : NULL;
    const char *end = p->data + p->n;
    while (at && n <= MAX_ENTRIES) {
        at = memmem(at, (size_t)(end - at), "PK\x01\x02", 4);
        n += at != NULL;
        at = at ? at + 4 : NULL;
    }
    return n <= MAX_ENTRIES
               ? HB_OK
               : HB_FAIL(err, HB_E_LIMIT, "'%s' holds more than %d parts", p->path, MAX_ENTRIES);
}

hb_status hb_package_read(hb_stream *stream, hb_package *ret, hb_error *err)
{
    hb_buf b;
    char chunk[16384];
    size_t got = 0;
    hb_buf_init(&b, HB_XLSX_MAX_STORED);
    hb_status status = HB_OK;
    do {
        status = hb_stream_read(stream, chunk, sizeof chunk, &got, err);
        hb_buf_add(&b, chunk, status == HB_OK ? got : 0);
        if (status == HB_OK && b.failed == HB_E_LIMIT) {
            status = HB_FAIL(err, HB_E_LIMIT, "'%s' is larger than %d MiB, which no workbook is",
                             hb_stream_path(stream), HB_XLSX_MAX_STORED >> 20);
        } else if (status == HB_OK) {
            status = hb_buf_check(&b, err);
        }
    } while (status == HB_OK && got);
    if (status == HB_OK && hb_str_starts((hb_str){b.p, b.n}, "\xd0\xcf\x11\xe0")) {
        status = HB_FAIL(err, HB_E_INPUT,
                         "'%s' is an encrypted or an old .xls workbook; save it as .xlsx without a "
                         "password",
                         hb_stream_path(stream));
    }
    if (status == HB_OK) {
        status = hb_buf_finish(&b, &ret->data, &ret->n, err);
        ret->path = hb_stream_path(stream);
    }
    hb_buf_release(&b);
    return status == HB_OK ? check_directory(ret, err) : status;
}

void hb_package_release(hb_package *p)
{
    hb_free(p->data);
    *p = (hb_package){0};
}

static hb_status damaged(const hb_part *part, hb_error *err)
{
    const char *why = archive_error_string(part->archive);
    return HB_FAIL(err, HB_E_INPUT, "'%s' is cut off or damaged: %.120s", part->package->path,
                   why ? why : "its zip container cannot be read");
}

static hb_status find_entry(hb_part *part, const char *name, bool *ret_found, hb_error *err)
{
    *ret_found = false;
    for (int i = 0; i < MAX_ENTRIES; i++) {
        struct archive_entry *entry = NULL;
        int rc = archive_read_next_header(part->archive, &entry);
        if (rc == ARCHIVE_EOF) {
            return HB_OK;
        }
        if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
            return damaged(part, err);
        }
        const char *path = archive_entry_pathname(entry);
        if (path && strcmp(path, name) == 0) {
            if (archive_entry_is_data_encrypted(entry)) {
                return HB_FAIL(err, HB_E_INPUT, "'%s' is encrypted", part->package->path);
            }
            *ret_found = true;
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_LIMIT, "'%s' holds more than %d parts", part->package->path,
                   MAX_ENTRIES);
}

hb_status hb_part_open(const hb_package *p, const char *name, hb_part **ret_part, hb_error *err)
{
    hb_part *part = hb_alloc_zero(sizeof *part);
    *ret_part = NULL;
    if (!part) {
        return HB_NOMEM(err);
    }
    part->package = p;
    part->archive = archive_read_new();
    hb_status status = HB_OK;
    bool found = false;
    if (!part->archive || archive_read_support_format_zip_seekable(part->archive) != ARCHIVE_OK) {
        status = HB_NOMEM(err);
    } else if (archive_read_open_memory(part->archive, p->data, p->n) != ARCHIVE_OK) {
        status = damaged(part, err);
    } else {
        status = find_entry(part, name, &found, err);
    }
    if (status == HB_OK && found) {
        *ret_part = part;
        return HB_OK;
    }
    hb_part_close(part);
    return status;
}

void hb_part_close(hb_part *part)
{
    if (part) {
        archive_read_free(part->archive);
        hb_free(part);
    }
}

hb_status hb_part_read(hb_part *part, void *out, size_t n, size_t *ret_n, hb_error *err)
{
    size_t have = 0;
    while (have < n) {
        la_ssize_t got = archive_read_data(part->archive, (char *)out + have, n - have);
        if (got < 0) {
            return damaged(part, err);
        }
        if (got == 0) {
            break;
        }
        have += (size_t)got;
        part->out += (uint64_t)got;
    }
    if (part->out > bomb_floor_bytes && part->out / HB_XLSX_MAX_RATIO > part->package->n) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' expands to more than %d times its size",
                       part->package->path, HB_XLSX_MAX_RATIO);
    }
    *ret_n = have;
    return HB_OK;
}
