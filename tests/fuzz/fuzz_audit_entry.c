/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a log's files and of a pack's log/: a bundle of entries is taken apart and put
 * together again; entries and inclusion proofs are read or refused. */
#include "audit/inclusion.h"
#include "audit/tiles.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inclusion(hb_str text)
{
    hb_inclusion in;
    hb_inclusion twice;
    hb_buf again;
    hb_error err = {0};
    hb_buf_init(&again, HB_INCLUSION_MAX);
    if (hb_inclusion_read(text, &in, &err) == HB_OK) {
        if (hb_inclusion_write(&in, &again, &err) != HB_OK ||
            hb_inclusion_read((hb_str){again.p, again.n}, &twice, &err) != HB_OK ||
            twice.index != in.index || twice.size != in.size || twice.proof.n != in.proof.n) {
            __builtin_trap();
        }
    } else if (err.code != HB_E_INPUT) {
        __builtin_trap();
    }
    hb_buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_str rest = {(const char *)data, size};
    hb_str entry = {0};
    hb_arena arena;
    hb_log_entry e;
    hb_buf again;
    hb_error err = {0};
    hb_arena_init(&arena, 1 << 20);
    hb_buf_init(&again, HB_BUNDLE_MAX);
    while (hb_bundle_next(&rest, &entry)) {
        hb_bundle_put(entry, &again);
        if (hb_log_entry_read(entry, "fuzz", &arena, &e, &err) != HB_OK && err.code != HB_E_INPUT &&
            err.code != HB_E_NOMEM) {
            __builtin_trap();
        }
    }
    if (again.failed == HB_OK &&
        (again.n + rest.n != size || memcmp(again.p, data, again.n) != 0)) {
        __builtin_trap();
    }
    check_inclusion((hb_str){(const char *)data, size});
    hb_buf_release(&again);
    hb_arena_release(&arena);
    return 0;
}
