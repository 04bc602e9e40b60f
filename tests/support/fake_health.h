/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon's health with something in every field. */
#ifndef HB_TESTS_SUPPORT_FAKE_HEALTH_H
#define HB_TESTS_SUPPORT_FAKE_HEALTH_H

#include "daemon/health.h"

#define FAKE_HEALTH_AT INT64_C(1767225600000000000) /* 2026-01-01 */

/* On the heap; the caller frees (hb_free). */
hb_health_snapshot *fake_health(void);

#endif
