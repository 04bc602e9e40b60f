/* SPDX-License-Identifier: Apache-2.0 */
/* How a window's records were read, as packs and the registry have it: what is taken is written
 * again to the same bytes. The first byte chooses an allocation to fail, its lowest bit which of
 * the two documents it is. */
#include "base/mem.h"
#include "export/window_how.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_status parse(hb_str text, bool whole, hb_arena *arena, hb_window_how *h, hb_str *state)
{
    return whole ? hb_window_reading_parse(text, "reading", arena, h, state, NULL)
                 : hb_window_how_parse(text, "how", arena, h, NULL);
}

static void write_again(hb_str text, bool whole, const hb_window_how *h, hb_str state)
{
    hb_buf out;
    hb_buf_init(&out, HB_WINDOW_READING_MAX);
    hb_status status =
        whole ? hb_window_reading_json(h, state, &out, NULL) : hb_window_how_json(h, &out, NULL);
    if (status != HB_OK || !hb_str_eq((hb_str){out.p, out.n}, text)) {
        abort();
    }
    hb_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_arena arena;
    hb_window_how h;
    hb_str state = {0};
    if (size < 1 || size > 1 << 16) {
        return 0;
    }
    bool whole = data[0] & 1;
    const hb_str text = {(const char *)data + 1, size - 1};
    hb_arena_init(&arena, 16 << 20);
    hb_fault_alloc(data[0] >> 1, false);
    hb_status status = parse(text, whole, &arena, &h, &state);
    hb_fault_alloc(0, false);
    if (status == HB_OK) {
        write_again(text, whole, &h, state);
    } else if (status != HB_E_EVIDENCE && status != HB_E_NOMEM && status != HB_E_LIMIT) {
        abort();
    }
    hb_arena_release(&arena);
    return 0;
}
