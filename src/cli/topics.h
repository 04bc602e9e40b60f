/* SPDX-License-Identifier: Apache-2.0 */
/* Help topics that are no commands: `hb help exit-codes` … */
#ifndef HB_CLI_TOPICS_H
#define HB_CLI_TOPICS_H

#include "base/buf.h"

typedef struct hb_topic {
    const char *name;
    const char *summary;
    void (*write)(hb_buf *out);
} hb_topic;

extern const hb_topic hb_topics[];
extern const size_t hb_topic_count;

/* Exit codes of verdicts; the others come from the status list. */
enum { HB_EXIT_FAIL = 10, HB_EXIT_DRIFT = 11 };

#endif
