/* SPDX-License-Identifier: Apache-2.0 */
/* Baseline versions: a set of runs of one test, named by its content. docs/formats/registry.md
 *
 * The store keeps what it is given and refuses to change it; what a version may be made of is
 * baseline/version.h's to say. Strings of rows belong to the caller's arena. */
#ifndef HB_STORE_VERSIONS_H
#define HB_STORE_VERSIONS_H

#include "store/store.h"

enum {
    HB_VERSION_NAME_MIN = 12,
    HB_VERSION_BEGINNING = 4, /* characters of a digest that name a version */
    HB_VERSION_RUNS_MAX = 100,
    HB_VERSION_JSON_MAX = 16 << 20,
    HB_VERSIONS_MAX = 10000 /* listed at once */
};

typedef struct hb_version_row {
    const char *version; /* the first 12 characters of `digest`, more where that name is taken */
    const char *digest;  /* SHA-256 of json */
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *parent;   /* version; "" = none */
    const char **run_ids; /* oldest first */
    size_t n_runs;
    const char *json; /* canonical */
    size_t json_len;
    const char *name; /* not part of the content; "" = none */
    const char *note;
    const char *created_by;
    hb_time created_at;
    const char *retired_reason; /* "" = in use */
    const char *retired_by;
    hb_time retired_at; /* HB_TIME_NONE = in use */
} hb_version_row;

/* Adds a version; `version`, `name` … of *row are stored, retired_* are not looked at. With a
 * digest that is there already nothing is written and *ret_existed = true. ret_version: its name,
 * room for
 * 65. HB_E_STORE when a run or the parent is unknown, `name` is another version's, or the content
 * that is there has another json. */
HB_CHECKED hb_status hb_store_add_version(hb_store *s, const hb_version_row *row,
                                          char ret_version[65], bool *ret_existed, hb_error *err);
/* By its name, by the beginning of one or of its digest (4 characters or more), or by the name it
 * was given. HB_E_STORE when there is none or more than one. */
HB_CHECKED hb_status hb_store_get_version(hb_store *s, const char *text, hb_arena *arena,
                                          hb_version_row *ret_row, hb_error *err);

typedef struct hb_version_query { /* NULL = any */
    const char *program;
    const char *subsystem;
    const char *test_name;
} hb_version_query;

/* Newest first, without their runs (run_ids = NULL). q may be NULL. */
HB_CHECKED hb_status hb_store_list_versions(hb_store *s, const hb_version_query *q, hb_arena *arena,
                                            hb_version_row **ret_rows, size_t *ret_n,
                                            hb_error *err);
/* For good. HB_E_STORE when it is retired already, HB_E_USAGE without a reason. */
HB_CHECKED hb_status hb_store_retire_version(hb_store *s, const char *version, const char *reason,
                                             const char *by, hb_time now, hb_error *err);

typedef struct hb_quality_row {
    const char *version;
    const char *purpose; /* "create", "promote" */
    bool passed;
    const char *json;            /* result of the checks */
    const char *override_reason; /* "" = none was needed or given */
    const char *checked_by;
    hb_time checked_at;
} hb_quality_row;

HB_CHECKED hb_status hb_store_add_quality(hb_store *s, const hb_quality_row *row, hb_error *err);
/* Newest first. */
HB_CHECKED hb_status hb_store_list_quality(hb_store *s, const char *version, hb_arena *arena,
                                           hb_quality_row **ret_rows, size_t *ret_n, hb_error *err);

#endif
