/* SPDX-License-Identifier: Apache-2.0 */
/* This machine's own telemetry from /proc and /sys: a real source everywhere Linux runs.
 *
 *     hb_host_open → hb_host_read at each sampling time → hb_host_close
 *
 * Rates need two readings: the first gives only levels. What a machine does not have (thermal
 * zones, pressure files) is simply absent. A reading belongs to the host and is valid until the
 * next call. Units are UDUNITS-2 text; percentages of CPU are of all processors together. */
#ifndef HB_SOURCE_HOST_HOST_H
#define HB_SOURCE_HOST_HOST_H

#include "os/file.h"

typedef struct hb_host hb_host;

typedef struct hb_host_reading {
    const char *metric;
    const char *unit;
    double value;
} hb_host_reading;

enum { HB_HOST_MAX_READINGS = 128 };

/* root: "" for this machine, or a folder that holds proc/ and sys/ (tests). HB_E_IO when there is
 * no proc/stat below it. */
HB_CHECKED hb_status hb_host_open(const hb_os *os, const char *root, hb_host **ret_host,
                                  hb_error *err);
void hb_host_close(hb_host *h);
/* monotonic_ns: when, for the rates. */
HB_CHECKED hb_status hb_host_read(hb_host *h, int64_t monotonic_ns,
                                  const hb_host_reading **ret_readings, size_t *ret_n,
                                  hb_error *err);

#endif
