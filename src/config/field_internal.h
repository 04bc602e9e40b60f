/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the field decoder. Inside config/. */
#ifndef HB_CONFIG_FIELD_INTERNAL_H
#define HB_CONFIG_FIELD_INTERNAL_H

#include "config/field.h"

/* A value of one of the plain kinds (STRING to STRINGS) into its place. */
HB_CHECKED hb_status hb_field_decode_value(const hb_field *f, const hb_node *node,
                                           const hb_where *where, void *place, hb_error *err);

#endif
