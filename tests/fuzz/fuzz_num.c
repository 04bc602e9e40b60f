/* SPDX-License-Identifier: Apache-2.0 */
/* A text that is a number must print and read back as the same number. */
#include "base/num.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double v = 0;
    if (hb_num_parse((const char *)data, size, &v) != HB_NUM_FINITE) {
        return 0;
    }
    char text[HB_NUM_TEXT];
    size_t n = hb_num_print(v, text);
    double back = 0;
    if (hb_num_parse(text, n, &back) != HB_NUM_FINITE || back != v) {
        abort();
    }
    return 0;
}
