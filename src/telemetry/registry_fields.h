/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of metric_registry.yaml. Inside telemetry/. */
#ifndef HB_TELEMETRY_REGISTRY_FIELDS_H
#define HB_TELEMETRY_REGISTRY_FIELDS_H

#include "config/field.h"
#include "telemetry/metric_def.h"

extern const hb_field hb_metric_fields[];  /* one metric, into a hb_metric_def */
extern const hb_field hb_default_fields[]; /* `defaults`, into a hb_metric_def */

#endif
