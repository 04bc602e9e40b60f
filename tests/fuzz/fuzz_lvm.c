/* SPDX-License-Identifier: Apache-2.0 */
/* LabVIEW measurement files. The first byte chooses an allocation to fail. */
#include "support/fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const hb_format_options none;
    if (size >= 1) {
        fuzz_table(data + 1, size - 1, "lvm", &none, SIZE_MAX, data[0]);
    }
    return 0;
}
