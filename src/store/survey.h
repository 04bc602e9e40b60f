/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a registry, for those who are to help without seeing it: sizes and counts, no name, no
 * value. Names on their own, for those who may. */
#ifndef HB_STORE_SURVEY_H
#define HB_STORE_SURVEY_H

#include "store/store.h"

typedef struct hb_survey_sink {
    void (*number)(void *ctx, const char *group, const char *key, uint64_t n);
    void *ctx;
} hb_survey_sink;

/* Groups in this order: "file" (pages, page_bytes, free_pages, schema), "rows" (of each table),
 * "decisions" (by verdict), "alerts" (by state). */
HB_CHECKED hb_status hb_store_survey(hb_store *s, const hb_survey_sink *to, hb_error *err);

typedef enum hb_survey_name {
    HB_SURVEY_RUNS,
    HB_SURVEY_PROGRAMS,
    HB_SURVEY_METRICS,
    HB_SURVEY_TAGS,
    HB_SURVEY_NAME_COUNT_
} hb_survey_name;

const char *hb_survey_name_word(hb_survey_name which); /* "runs", "programs", "metrics", "tags" */
enum { HB_SURVEY_NAMES_MAX = 10000 };

/* Each different one in the order of its bytes, at most HB_SURVEY_NAMES_MAX. */
HB_CHECKED hb_status hb_store_names(hb_store *s, hb_survey_name which,
                                    void (*name)(void *ctx, const char *name), void *ctx,
                                    hb_error *err);

#endif
