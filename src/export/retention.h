/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept for how long: reports of runs, packs that were made by themselves, stored decisions
 * of live windows.
 * docs/custody.md
 *
 *     hb_retention_policy_parse(text, name, &policy, err)
 *     hb_retention_look(&ask, &arena, &plan, err)       what would go; nothing is changed
 *     hb_retention_apply(&ask, &plan, by, statement, &n, err)   each is in the log ("retention")
 *
 * Never of a golden's runs (where a tag points, or of a baseline version in use), never of a case
 * on hold (asked again in the transaction of each removal). Runs, their decisions and the lines of
 * live windows stay in the registry. */
#ifndef HB_EXPORT_RETENTION_H
#define HB_EXPORT_RETENTION_H

#include "crypto/digest.h"
#include "os/os.h"
#include "store/store.h"

typedef struct hb_retention_policy {
    uint32_t keep_latest;             /* runs whose reports stay whatever their age */
    double max_age_days;              /* of reports, since the run was registered */
    hb_opt_f64 evidence_max_age_days; /* of packs, since they were made; not given = they stay */
    hb_opt_f64 windows_max_age_days; /* of stored decisions of live windows, since the window's end;
                                      * not given = they stay */
    const char *reports_dir;         /* "" = the workspace's */
    char digest[HB_DIGEST_HEX];      /* of the text */
    hb_arena arena;
} hb_retention_policy;

/* HB_E_CONFIG at name:line:col. */
HB_CHECKED hb_status hb_retention_policy_parse(hb_str text, const char *name,
                                               hb_retention_policy *ret, hb_error *err);
void hb_retention_policy_release(hb_retention_policy *p);
const struct hb_field *hb_retention_policy_fields(void);

typedef struct hb_retention_item { /* texts in the arena */
    const char *what;              /* "reports", "evidence pack", "window decisions" */
    const char *rule;              /* "max_age_days", "evidence_max_age_days" … */
    const char *run_id;            /* "" = of many, those of … */
    const char *stream;            /* … this stream; "" = of one run */
    const char *path;              /* "" = in the registry */
    uint64_t count;                /* windows; else 1 */
    const char *manifest_sha256;   /* of a pack; "" = none */
    int64_t pack;                  /* row of evidence_packs; 0 = none */
    uint64_t bytes;
    hb_time since;
} hb_retention_item;

typedef struct hb_retention_plan {
    hb_retention_item *items; /* oldest first within reports, then packs; streams by name */
    size_t n;
    size_t cap;
    uint64_t bytes;
    uint64_t held;   /* would go, and are kept: on hold … */
    uint64_t golden; /* … of a golden */
} hb_retention_plan;

typedef struct hb_retention_ask {
    const hb_os *os;
    hb_store *store;
    const hb_retention_policy *policy;
    const char *reports; /* folder */
    hb_time now;         /* windows are held against it, too: their ends are the data's own time */
} hb_retention_ask;

HB_CHECKED hb_status hb_retention_look(const hb_retention_ask *ask, hb_arena *arena,
                                       hb_retention_plan *ret, hb_error *err);

typedef struct hb_retention_deed {
    const char *by;        /* key id; "" = nobody signed */
    const char *by_name;   /* who says so then */
    const char *statement; /* sha256 of what was signed, "" = nothing */
    const char *reason;
} hb_retention_deed;

/* *ret_n = how many went, also when the next one failed. What came on hold since is left. */
HB_CHECKED hb_status hb_retention_apply(const hb_retention_ask *ask, const hb_retention_plan *plan,
                                        const hb_retention_deed *deed, hb_arena *arena,
                                        size_t *ret_n, hb_error *err);

#endif
