/* SPDX-License-Identifier: Apache-2.0 */
/* A statement about a key, of either kind: the first byte says which, and chooses an allocation to
 * fail. What is read is terminated text, ids are ids, and a handing over is signed by its
 * successor.
 */
#include "crypto/keyring_internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_id(const char *s)
{
    return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_arena arena;
    hb_key_statement s = {0};
    if (size < 1 || size > HB_KEY_STATEMENT_MAX) {
        return 0;
    }
    bool handover = data[0] % 2;
    hb_arena_init(&arena, 1 << 20);
    hb_fault_alloc(data[0] / 2, false);
    hb_status status = hb_key_statement_read((hb_str){(const char *)data + 1, size - 1}, "it",
                                             handover, &arena, &s, NULL);
    hb_fault_alloc(0, false);
    if (status == HB_OK) {
        if (!is_id(s.about) || (handover ? !is_id(s.from) : *s.from != '\0') || !s.name ||
            !s.reason || s.at == HB_TIME_NONE) {
            abort();
        }
    } else if (s.about || (status != HB_E_INPUT && status != HB_E_NOMEM)) {
        abort();
    }
    hb_arena_release(&arena);
    return 0;
}
