/* SPDX-License-Identifier: Apache-2.0 */
/* Factors of a run: what is not needed to be equal for runs to be comparable but may explain a
 * change, as rig, unit, operator. Declared ones are part of the run (run.h); two more follow from
 * what the run says anyway, unless a factor of that name is declared:
 *
 *     build   build_id, else git_sha
 *     day     UTC date of the start */
#ifndef HB_TELEMETRY_FACTORS_H
#define HB_TELEMETRY_FACTORS_H

#include "base/error.h"
#include "telemetry/run.h"

enum {
    HB_FACTOR_NAME_BYTES = 64,
    HB_FACTOR_VALUE_BYTES = 200,
    HB_FACTORS_ALL = 2 * HB_FACTORS_MAX + 2, /* names one list of factors takes */
    HB_FACTOR_DAY_TEXT = 16
};

/* Adds one to the run's factors, kept in the order of names, or replaces its value; texts go into
 * the arena. HB_E_INPUT for a name that is not [a-z][a-z0-9_]* or a text that is too long or holds
 * control characters, HB_E_LIMIT beyond HB_FACTORS_MAX. An empty value is not stated: nothing is
 * added. */
HB_CHECKED hb_status hb_factors_put(hb_run_meta *meta, hb_arena *arena, hb_str name, hb_str value,
                                    hb_error *err);
/* "rig=A,unit=7": each as hb_factors_put; HB_E_INPUT when there is no '=' or a name comes twice. */
HB_CHECKED hb_status hb_factors_put_list(hb_run_meta *meta, hb_arena *arena, const char *list,
                                         hb_error *err);

/* The run's level of a factor, declared or derived; "" when it is not stated. `day` holds the text
 * of a date; start: hb_past_run.start, or HB_TIME_NONE. */
const char *hb_factor_level(const hb_run_meta *meta, hb_time start, const char *name,
                            char day[HB_FACTOR_DAY_TEXT]);

#endif
