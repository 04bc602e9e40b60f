/* SPDX-License-Identifier: Apache-2.0 */
/* Live source host: this machine's own telemetry (host.h), one record a reading. */
#ifndef HB_SOURCE_HOST_LIVE_H
#define HB_SOURCE_HOST_LIVE_H

#include "source/source.h"

typedef struct hb_host_config {
    hb_opt_f64 interval_s;
    const char *root; /* "" = this machine; a folder that holds proc/ and sys/ */
} hb_host_config;

extern const hb_source_ops hb_source_host;

#endif
