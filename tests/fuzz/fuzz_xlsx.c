/* SPDX-License-Identifier: Apache-2.0 */
/* A workbook through the whole reading: container, parts, sheet, layout, profiles. The first byte
 * chooses an allocation to fail. When the second is 'Z' the rest is the zip file; else it is the
 * texts of the parts, cut by "\n--\n", which are packed here, so that mutations get past the
 * checksums. */
#include "input/ingest.h"
#include "telemetry/run_meta.h"

#include "base/mem.h"
#include "support/memory_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_registry *registry;
static hb_units *units;

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void add_part(struct archive *a, const char *name, const char *p, size_t n)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_size(e, (la_int64_t)n);
    must(archive_write_header(a, e) == ARCHIVE_OK);
    must(archive_write_data(a, p, n) == (la_ssize_t)n);
    archive_entry_free(e);
}

/* A zip of the parts, stored; the caller frees it. */
static char *pack(const char *p, size_t n, size_t *ret_n)
{
    static const char *const names[] = {"xl/worksheets/sheet1.xml", "xl/workbook.xml",
                                        "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml",
                                        "xl/styles.xml"};
    size_t room = n + 4096;
    char *zip = malloc(room); /* lint: allow malloc, no allocation of the program's */
    struct archive *a = archive_write_new();
    must(zip && a && archive_write_set_format_zip(a) == ARCHIVE_OK);
    must(archive_write_set_options(a, "zip:compression=store") == ARCHIVE_OK);
    must(archive_write_open_memory(a, zip, room, ret_n) == ARCHIVE_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names && n; i++) {
        const char *cut = memmem(p, n, "\n--\n", 4);
        size_t len = cut ? (size_t)(cut - p) : n;
        add_part(a, names[i], p, len);
        size_t used = cut ? len + 4 : n;
        p += used;
        n -= used;
    }
    must(archive_write_free(a) == ARCHIVE_OK);
    return zip;
}

static void ingest(const void *data, size_t size, uint8_t fault)
{
    hb_os os = memory_os(data, size);
    hb_run_builder *b = NULL;
    hb_run *run = NULL;
    const char *source = NULL;
    hb_run_meta meta;
    hb_run_meta_init(&meta);
    hb_fault_alloc(fault, false);
    hb_ingest_options o = {.source = "xlsx"};
    if (hb_run_builder_new(registry, units, &b, NULL) == HB_OK &&
        hb_ingest(&os, MEMORY_FILE, &o, b, &source, NULL) == HB_OK &&
        hb_run_builder_finish(b, &meta, &run, NULL) == HB_OK) {
        for (size_t i = 0; i < run->n_metrics; i++) {
            const hb_profile *p = &run->metrics[i].profile;
            must(!p->moments.n || p->moments.min <= p->moments.max);
        }
    }
    hb_fault_alloc(0, false);
    hb_run_builder_free(b);
    hb_run_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!units) {
        must(hb_units_open(&units, NULL) == HB_OK && hb_registry_builtin(&registry, NULL) == HB_OK);
    }
    if (size < 2) {
        return 0;
    }
    if (data[1] == 'Z') {
        ingest(data + 2, size - 2, data[0]);
        return 0;
    }
    size_t n = 0;
    char *zip = pack((const char *)data + 1, size - 1, &n);
    ingest(zip, n, data[0]);
    free(zip); /* lint: allow malloc, no allocation of the program's */
    return 0;
}
