/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of a redaction: redact.c is the order and what is done without hidden fields,
 * redact_fields.c what is done with them. */
#ifndef HB_EXPORT_REDACT_INTERNAL_H
#define HB_EXPORT_REDACT_INTERNAL_H

#include "export/redact.h"

#define HB_REDACT_TAKEN_OUT "taken out by redaction"

enum { HB_REDACT_DECISION_MAX = 256 << 20 };

typedef struct hb_redact_job {
    const hb_redact_ask *ask;
    hb_arena *arena;
    hb_pack_reader *from;
    hb_pack_writer *w;
    hb_manifest original;
    const char **dropped;
    size_t n_dropped;
    size_t cap;
    char *decision; /* where fields are hidden: the new one */
    size_t decision_n;
    hb_redacted told;
} hb_redact_job;

static inline bool hb_redact_hides(const hb_redact_job *j)
{
    return j->ask->hide && j->ask->hide->n_rules;
}

bool hb_redact_is_dropped(const hb_redact_job *j, const char *path);
/* Where fields are hidden: is it taken out whether somebody asked for it or not? */
bool hb_redact_takes(const char *path);
/* All files but keys, manifest and attestation. */
HB_CHECKED hb_status hb_redact_put_fields(hb_redact_job *j, hb_error *err);

#endif
