/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays and containers of arrays, by content. The first byte chooses an allocation to fail. */
#include "support/fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const hb_format_options none;
    if (size < 1) {
        return 0;
    }
    const char *format = size > 2 && data[1] == 'P' && data[2] == 'K' ? "npz" : "npy";
    fuzz_table(data + 1, size - 1, format, &none, 50, data[0]);
    return 0;
}
