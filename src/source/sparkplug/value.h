/* SPDX-License-Identifier: Apache-2.0 */
/* What one metric of a Sparkplug message says. */
#ifndef HB_SOURCE_SPARKPLUG_VALUE_H
#define HB_SOURCE_SPARKPLUG_VALUE_H

#include "telemetry/live_sample.h"

#include <sparkplug.pb-c.h>

/* Sets kind and value; `type` is the metric's datatype, 0 = not known. False for kinds that are no
 * single value (data sets, templates, bytes …). */
bool hb_sparkplug_value(const Hb__Sparkplug__Metric *m, uint32_t type, hb_live_sample *s);
/* As written, borrowed from the message; empty = none given. */
hb_str hb_sparkplug_unit(const Hb__Sparkplug__Metric *m);
/* False when its quality says that the value is bad or stale. */
bool hb_sparkplug_trusted(const Hb__Sparkplug__Metric *m);
/* False for what nodes tell about themselves: bdSeq, Node Control/…, Device Control/… */
bool hb_sparkplug_measures(hb_str name);

#endif
