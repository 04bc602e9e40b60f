/* SPDX-License-Identifier: Apache-2.0 */
/* Database files. The first byte chooses an allocation to fail. */
#include "base/mem.h"
#include "input/sqlite/sqlite.h"
#include "support/fuzz_table.h"
#include "support/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_stream *s = NULL;
    hb_table *t = NULL;
    if (size < 1) {
        return 0;
    }
    hb_os os = memory_os(data + 1, size - 1);
    const hb_sqlite_options o = {.max_steps = 1000000};
    hb_fault_alloc(data[0], false);
    if (hb_stream_open(&os, MEMORY_FILE, &s, NULL) == HB_OK &&
        hb_sqlite_open(&os, s, &o, &t, NULL) == HB_OK) {
        fuzz_read_table(t, 50);
    }
    hb_stream_close(s);
    hb_fault_alloc(0, false);
    return 0;
}
