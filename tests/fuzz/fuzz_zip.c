/* SPDX-License-Identifier: Apache-2.0 */
/* Zip containers of anything: the directory, the choice, zips in zips, and the reader of what is
 * inside. The first byte chooses an allocation to fail, the second whether a file is named. */
#include "support/fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const hb_format_options o = {.member = data[1] & 1 ? "*.csv" : NULL};
    fuzz_table(data + 2, size - 2, NULL, &o, 50, data[0]);
    return 0;
}
