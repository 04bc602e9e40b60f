/* SPDX-License-Identifier: Apache-2.0 */
/* The unit of one metric, and how what its channels write becomes it: one rule for files
 * (run_builder.h) and live samples (windows.h).
 *
 * A declared metric has the registry's unit. Else the first unit that is written becomes the
 * metric's own, unless `like` is one it converts to. A text that is no unit stays as written. */
#ifndef HB_TELEMETRY_METRIC_UNIT_H
#define HB_TELEMETRY_METRIC_UNIT_H

#include "base/arena.h"
#include "telemetry/metric_def.h"
#include "telemetry/units.h"

typedef struct hb_metric_unit {
    const hb_metric_def *def; /* NULL = not declared */
    const char *unit;         /* settled so far; "" = none */
    bool known;               /* by a first channel that had one */
    bool as_written;          /* the text is no unit we know: why->msg says why */
    const char *like;         /* another run's unit of the metric; "" = none */
} hb_metric_unit;

enum { HB_UNIT_TEXT_BYTES = 100 };

/* written: trimmed text (hb_shown_text), "" = none; it must live as long as io->unit. *ret: written
 * to settled. HB_E_INPUT when it cannot be converted, *why says why; `why` is never NULL. */
HB_CHECKED hb_status hb_metric_unit_settle(hb_units *units, hb_metric_unit *io, const char *written,
                                           hb_affine *ret, hb_error *why);

/* Trimmed UTF-8 without control characters, at most `max` bytes, in the arena. */
HB_CHECKED hb_status hb_shown_text(hb_arena *arena, hb_str raw, size_t max, const char **ret,
                                   hb_error *err);

/* v in the settled unit; beyond the range of numbers the largest one, so that the sample is still
 * counted. */
double hb_in_unit(const hb_affine *to_unit, double v);

#endif
