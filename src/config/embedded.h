/* SPDX-License-Identifier: Apache-2.0 */
/* Files compiled into the program from config/ (cmake/HbEmbed.cmake), by their path below config/:
 * "metric_registry.yaml", "profiles/pba_excel.yaml" … Constant, sorted by name. */
#ifndef HB_CONFIG_EMBEDDED_H
#define HB_CONFIG_EMBEDDED_H

#include <stddef.h>

typedef struct hb_embedded {
    const char *name;
    const char *data; /* NUL-terminated */
    size_t len;
} hb_embedded;

extern const hb_embedded hb_embedded_files[];
extern const size_t hb_embedded_count;

/* NULL when there is no such file. */
const hb_embedded *hb_embedded_find(const char *name);

#endif
