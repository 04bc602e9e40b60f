/* SPDX-License-Identifier: Apache-2.0 */
#include "config/embedded.h"

#include <string.h>

const hb_embedded *hb_embedded_find(const char *name)
{
    for (size_t i = 0; i < hb_embedded_count; i++) {
        if (strcmp(hb_embedded_files[i].name, name) == 0) {
            return &hb_embedded_files[i];
        }
    }
    return NULL;
}
