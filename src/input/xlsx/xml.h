/* SPDX-License-Identifier: Apache-2.0 */
/* One part of a workbook through expat: element names without their prefix, no DTD, errors with the
 * part's name and line. Inside xlsx/. */
#ifndef HB_INPUT_XLSX_XML_H
#define HB_INPUT_XLSX_XML_H

#include "input/xlsx/package.h"

typedef struct hb_xml hb_xml;

typedef struct hb_xml_handler {
    /* atts: name, value, name, value, …, NULL. A failure stops the parse. */
    hb_status (*start)(void *ctx, const char *name, const char **atts, hb_error *err);
    hb_status (*end)(void *ctx, const char *name, hb_error *err);
    hb_status (*text)(void *ctx, const char *p, size_t n, hb_error *err);
} hb_xml_handler;

/* handler and ctx are borrowed. *ret_xml = NULL when there is no such part. */
HB_CHECKED hb_status hb_xml_open(const hb_package *p, const char *part,
                                 const hb_xml_handler *handler, void *ctx, hb_xml **ret_xml,
                                 hb_error *err);
/* Parses one more chunk; *ret_more = false at the end. */
HB_CHECKED hb_status hb_xml_step(hb_xml *x, bool *ret_more, hb_error *err);
void hb_xml_close(hb_xml *x);
/* A whole part at once; *ret_found = false when it is absent. */
HB_CHECKED hb_status hb_xml_parse(const hb_package *p, const char *part,
                                  const hb_xml_handler *handler, void *ctx, bool *ret_found,
                                  hb_error *err);
/* Value of an attribute by its name without prefix; NULL when absent. */
const char *hb_xml_attribute(const char **atts, const char *name);

#endif
