/* SPDX-License-Identifier: Apache-2.0 */
/* A workbook through the whole reading: container, parts, sheet, layout, profiles. The first byte
 * chooses an allocation to fail. When the second is 'Z' the rest is the zip file; else it is the
 * texts of the parts, cut by "\n--\n", which are packed here, so that mutations get past the
 * checksums. */
#include "input/ingest.h"
#include "telemetry/run_meta.h"

#include "base/mem.h"
#include "support/memory_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_registry *registry;
static hb_units *units;

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

enum { PARTS = 5, LOCAL = 30, CENTRAL = 46, END = 22, NAME = 40 };

static void put(char **to, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        *(*to)++ = (char)v;
        v >>= 8;
    }
}

/* What the local header and the directory say alike (PKWARE APPNOTE 4.3.7, 4.3.12). */
static void put_common(char **to, const char *name, const char *p, size_t n)
{
    put(to, 20, 2); /* version */
    put(to, 0, 8);  /* no flags, stored, no time */
    put(to, crc32(crc32(0, NULL, 0), (const Bytef *)p, (uInt)n), 4);
    put(to, n, 4);
    put(to, n, 4);
    put(to, strlen(name), 2);
    put(to, 0, 2);
}

/* A zip of the parts, stored; the caller frees it. */
static char *pack(const char *p, size_t n, size_t *ret_n)
{
    static const char *const names[PARTS] = {"xl/worksheets/sheet1.xml", "xl/workbook.xml",
                                             "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml",
                                             "xl/styles.xml"};
    char *zip = malloc(n + PARTS * (LOCAL + CENTRAL + 2 * NAME) +
                       END); /* lint: allow malloc, no allocation of the program's */
    char directory[PARTS * (CENTRAL + NAME)];
    char *in = directory;
    must(zip != NULL);
    char *to = zip;
    size_t parts = 0;
    for (; parts < PARTS && n; parts++) {
        const char *cut = memmem(p, n, "\n--\n", 4);
        size_t len = cut ? (size_t)(cut - p) : n;
        put(&in, 0x02014b50, 4);
        put(&in, 20, 2);
        put_common(&in, names[parts], p, len);
        put(&in, 0, 10);
        put(&in, (uint64_t)(to - zip), 4);
        memcpy(in, names[parts], strlen(names[parts]));
        in += strlen(names[parts]);
        put(&to, 0x04034b50, 4);
        put_common(&to, names[parts], p, len);
        memcpy(to, names[parts], strlen(names[parts]));
        to += strlen(names[parts]);
        memcpy(to, p, len);
        to += len;
        size_t used = cut ? len + 4 : n;
        p += used;
        n -= used;
    }
    size_t at = (size_t)(to - zip);
    memcpy(to, directory, (size_t)(in - directory));
    to += in - directory;
    put(&to, 0x06054b50, 4);
    put(&to, 0, 4);
    put(&to, parts, 2);
    put(&to, parts, 2);
    put(&to, (uint64_t)(in - directory), 4);
    put(&to, at, 4);
    put(&to, 0, 2);
    *ret_n = (size_t)(to - zip);
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
