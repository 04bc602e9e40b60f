/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a document before libfyaml sees it. Inside config/. */
#ifndef HB_CONFIG_YAML_TEXT_H
#define HB_CONFIG_YAML_TEXT_H

#include "base/error.h"
#include "base/str.h"

/* From 1; columns count characters. */
typedef struct hb_yaml_at {
    uint32_t line;
    uint32_t col;
} hb_yaml_at;

/* Of the byte `at`. */
hb_yaml_at hb_yaml_place(hb_str text, size_t at);

/* Refuses, with its place, what the library would stumble over or read as something else. */
HB_CHECKED hb_status hb_yaml_check_text(hb_str text, const char *name, hb_error *err);

#endif
