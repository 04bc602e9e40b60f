/* SPDX-License-Identifier: Apache-2.0 */
/* The metric registry (metric_registry.yaml): what is declared about each metric, and the index
 * from any name a file may use to the canonical one. docs/formats/metric_registry.md
 *
 * Calling sequence: hb_registry_parse (or _builtin), lookups, hb_registry_free. Program and mode
 * overrides are merged at load (program first, then mode). Validation is complete: unknown or
 * duplicate keys, wrong types, negative limits, unknown units, keys that contradict each other, a
 * name claimed twice are HB_E_CONFIG with FILE:LINE:COL, expected and got, and so they are in
 * overrides that are not in force: whether a file is valid does not depend on the run.
 * Read-only after load, so it may be shared between threads. */
#ifndef HB_TELEMETRY_REGISTRY_H
#define HB_TELEMETRY_REGISTRY_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "telemetry/metric_def.h"
#include "telemetry/units.h"

typedef struct hb_registry hb_registry;

/* YAML text → registry. `name` is used in messages. Program (exact) and mode (ASCII case ignored)
 * select overrides; NULL, "" or a name without overrides select none. `digest_hex` is kept for the
 * decision (SHA-256 of the file, lower-case hex). With `units` (may be NULL) every metric's unit
 * must be one we know. */
HB_CHECKED hb_status hb_registry_parse(hb_str text, const char *name, const char *program,
                                       const char *mode, const char *digest_hex, hb_units *units,
                                       hb_registry **ret_registry, hb_error *err);
/* No declared metric, only defaults: those of the metric_registry.yaml that `hb init` writes.
 * drift_spread 3 and spread_ratio 3 apply where the baseline has 20 samples or more that are not
 * all equal; drift_percent 10 stands in where it has not (decide/limits.h). Its digest is
 * "built-in": the program's version says what it is. */
HB_CHECKED hb_status hb_registry_builtin(hb_registry **ret_registry, hb_error *err);
void hb_registry_free(hb_registry *r);

const char *hb_registry_name(const hb_registry *r);   /* file name, "built-in" */
const char *hb_registry_digest(const hb_registry *r); /* as given to hb_registry_parse */
const char *hb_registry_version(const hb_registry *r);
/* Whose overrides are in force, as given; "" = none. */
const char *hb_registry_program(const hb_registry *r);
const char *hb_registry_mode(const hb_registry *r);
size_t hb_registry_count(const hb_registry *r);
const hb_metric_def *hb_registry_at(const hb_registry *r, size_t i); /* sorted by name */
/* By canonical name; NULL when not declared. */
const hb_metric_def *hb_registry_find(const hb_registry *r, hb_str canonical);
/* By the canonical name or any alias, folded as names.h says; NULL when unknown. */
const hb_metric_def *hb_registry_resolve(const hb_registry *r, hb_str raw_name);
/* Limits for a metric that declares none of its own; all unset where the file has no `defaults`. */
const hb_metric_def *hb_registry_defaults(const hb_registry *r);

/* The registry in force as YAML: overrides merged, every metric with the line it is declared in.
 * Parsed again it gives the same definitions. */
void hb_registry_yaml(const hb_registry *r, hb_buf *out);

/* The field tables, for the reference, the schema and the manual. */
const struct hb_field *hb_registry_fields(void);

#endif
