/* SPDX-License-Identifier: Apache-2.0 */
/* A text that is a time must print and read back as the same instant. */
#include "base/time.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_time t = 0;
    if (!hb_time_parse((const char *)data, size, &t, NULL)) {
        return 0;
    }
    char text[HB_TIME_TEXT];
    size_t n = hb_time_print(t, text);
    hb_time back = 0;
    if (!hb_time_parse(text, n, &back, NULL) || back != t) {
        abort();
    }
    return 0;
}
