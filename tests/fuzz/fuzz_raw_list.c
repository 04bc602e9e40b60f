/* SPDX-License-Identifier: Apache-2.0 */
/* raw/reading.json of a pack: the first byte chooses an allocation to fail, the rest is its text.
 * What is read can be written, and is read again as the same. */
#include "evidence/raw_list.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const hb_raw_list *l, hb_buf *out)
{
    hb_buf_init(out, HB_RAW_LIST_MAX);
    if (hb_raw_list_json(l, out, NULL) != HB_OK) {
        abort();
    }
}

static void check(const hb_raw_list *l, hb_arena *arena)
{
    hb_raw_list again;
    hb_buf a;
    hb_buf b;
    write_again(l, &a);
    if (hb_raw_list_parse((hb_str){a.p, a.n}, arena, &again, NULL) != HB_OK) {
        abort();
    }
    write_again(&again, &b);
    if (a.n != b.n || memcmp(a.p, b.p, a.n) != 0) {
        abort();
    }
    hb_buf_release(&a);
    hb_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_arena arena;
    hb_raw_list l;
    if (size < 1 || size > 1 << 16) {
        return 0;
    }
    hb_arena_init(&arena, 16 << 20);
    hb_fault_alloc(data[0], false);
    hb_status status =
        hb_raw_list_parse((hb_str){(const char *)data + 1, size - 1}, &arena, &l, NULL);
    hb_fault_alloc(0, false);
    if (status == HB_OK) {
        check(&l, &arena);
    } else if (status != HB_E_EVIDENCE && status != HB_E_NOMEM && status != HB_E_LIMIT) {
        abort();
    }
    hb_arena_release(&arena);
    return 0;
}
