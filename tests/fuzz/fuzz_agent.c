/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of an ssh-agent. The first byte: an allocation to fail. A list that is read is one that
 * was written out: its size follows from what is in it. */
#include "crypto/agent.h"

#include "base/mem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_arena arena;
    hb_agent_key *keys = NULL;
    size_t n = 0;
    uint8_t sig[64];
    if (size < 1 || size > HB_AGENT_MESSAGE_MAX) {
        return 0;
    }
    hb_str body = {(const char *)data + 1, size - 1};
    hb_arena_init(&arena, 4 << 20);
    hb_fault_alloc(data[0], false);
    hb_status status = hb_agent_read_keys(body, &arena, &keys, &n, NULL);
    hb_fault_alloc(0, false);
    if (status == HB_OK && n * (4 + 51 + 4) > body.n) {
        abort();
    }
    for (size_t i = 0; status == HB_OK && i < n; i++) {
        if (!keys[i].comment || keys[i].fingerprint[49] == '\0') {
            abort();
        }
    }
    if (hb_agent_read_signature(body, sig, NULL) == HB_OK && body.n != 1 + 4 + 4 + 11 + 4 + 64) {
        abort();
    }
    hb_arena_release(&arena);
    return 0;
}
