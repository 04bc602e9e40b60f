/* SPDX-License-Identifier: Apache-2.0 */
/* A pack as a zip, or its manifest alone, by content. The first byte chooses an allocation to fail.
 * What is taken has one spelling, and no byte can be left off it. */
#include "base/mem.h"
#include "evidence/manifest.h"
#include "support/memory_file.h"
#include "support/pack_case.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_manifest(hb_str text)
{
    hb_arena arena;
    hb_arena_init(&arena, 16 << 20);
    hb_manifest m;
    hb_error err = {0};
    hb_status status = hb_manifest_read(text, &arena, &m, &err);
    if (status == HB_OK) {
        hb_buf again;
        hb_buf_init(&again, HB_PACK_MANIFEST_MAX);
        status = hb_manifest_json(m.case_id, m.files, m.n_files, &again, &err);
        if (status == HB_OK && !hb_str_eq((hb_str){again.p, again.n}, text)) {
            abort();
        }
        hb_buf_release(&again);
    } else if (status != HB_E_EVIDENCE && status != HB_E_NOMEM) {
        abort();
    }
    hb_arena_release(&arena);
}

/* Every byte is covered: one more or one less is another pack, which is refused. */
static void is_exact(const uint8_t *p, size_t n)
{
    hb_os os = memory_os(p, n - 1);
    if (pack_case_examine(&os, MEMORY_FILE, NULL) == HB_OK) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const uint8_t *p = data + 1;
    size_t n = size - 1;
    hb_error err = {0};
    hb_fault_alloc(data[0], false);
    if (p[0] == '{') {
        try_manifest((hb_str){(const char *)p, n});
        hb_fault_alloc(0, false);
        return 0;
    }
    hb_os os = memory_os(p, n);
    hb_status status = pack_case_examine(&os, MEMORY_FILE, &err);
    hb_fault_alloc(0, false);
    if (status == HB_OK) {
        is_exact(p, n);
    } else if ((status != HB_E_EVIDENCE && status != HB_E_NOMEM) || !err.msg[0]) {
        abort();
    }
    return 0;
}
