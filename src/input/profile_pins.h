/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a profile that a saved reading fills. Inside input/. */
#ifndef HB_INPUT_PROFILE_PINS_H
#define HB_INPUT_PROFILE_PINS_H

#include "config/field.h"
#include "input/profile.h"

extern const hb_field hb_profile_pin_fields[];
extern const char *const hb_profile_roles[];
extern const char *const hb_profile_kinds[];
extern const char *const hb_profile_axes[];
extern const char *const hb_profile_orders[];
extern const char *const hb_profile_marks[];
extern const char *const hb_profile_reduces[]; /* profile.c */
extern const char *const hb_profile_layouts[];
extern const char *const hb_profile_finds[];

/* How cells are dressed: words of a column's list `cells`. */
enum { HB_PROFILE_DRESSES = 7 };
extern const char *const hb_profile_dresses[HB_PROFILE_DRESSES];
bool *hb_profile_dress(hb_number_rule *rule, size_t i);

HB_CHECKED hb_status hb_profile_columns_decode(const hb_where *where, const hb_node *value,
                                               void *out, hb_error *err);
/* Is the column a part of the time? */
bool hb_time_rule_has(const hb_time_rule *rule, size_t column);
/* What the rows alone cannot check: columns are there, times point at columns. */
HB_CHECKED hb_status hb_profile_pins_check(const hb_input_profile *p, const hb_node *root,
                                           hb_error *err);

#endif
