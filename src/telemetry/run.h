/* SPDX-License-Identifier: Apache-2.0 */
/* A run: profiles with identity, context and where they came from. A live window is a run.
 *
 * A run is built by run_builder.h or loaded by store/; after that it is read-only. Everything in it
 * is owned by the run (its arena and profiles); hb_run_free releases all. */
#ifndef HB_TELEMETRY_RUN_H
#define HB_TELEMETRY_RUN_H

#include "base/arena.h"
#include "base/time.h"
#include "telemetry/profile.h"

/* The six fields two runs must share to be comparable, in the original's order. */
typedef enum hb_context_field {
    HB_CONTEXT_OPERATING_MODE,
    HB_CONTEXT_SCENARIO_ID,
    HB_CONTEXT_SENSOR_CONFIG_ID,
    HB_CONTEXT_INPUT_DATA_VERSION,
    HB_CONTEXT_ENVIRONMENT_FINGERPRINT,
    HB_CONTEXT_ENVIRONMENT,
    HB_CONTEXT_COUNT
} hb_context_field;

const char *hb_context_name(hb_context_field f); /* "operating_mode" … */

/* Something of the context that is not needed to be equal but may explain a change: "rig", "unit",
 * "operator" … */
typedef struct hb_factor {
    const char *name; /* [a-z][a-z0-9_]*, 1–64 */
    const char *value;
} hb_factor;

enum { HB_FACTORS_MAX = 16 };

typedef struct hb_run_meta {
    const char *run_id; /* [A-Za-z0-9._-], 1–128 characters, never "." or ".." (run_id.h) */
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *context[HB_CONTEXT_COUNT]; /* "" when not given */
    const char *git_sha;
    const char *build_id;
    const char *source_system; /* adapter: "pba_excel", "csv" … */
    const char *schema_version;
    const char *correlation_id;
    const hb_factor *factors; /* by name, unique; at most HB_FACTORS_MAX */
    size_t n_factors;
    hb_time start; /* HB_TIME_NONE when unknown */
    hb_time end;
} hb_run_meta;

typedef enum hb_metric_flag {
    HB_METRIC_DUPLICATE = 1 << 0,    /* stated more than once with different values */
    HB_METRIC_UNIT_UNKNOWN = 1 << 1, /* unit text kept as written, not convertible */
    HB_METRIC_NOT_FINITE = 1 << 2,   /* the stated value is NaN or infinite */
    HB_METRIC_FROM_EVENTS = 1 << 3,
    HB_METRIC_UNIT_OLD = 1 << 4, /* set while deciding: read when the registry had another unit */
    HB_METRIC_TEXT = 1 << 5,     /* a column of texts: no metric, unless the baseline had figures */
} hb_metric_flag;

typedef struct hb_reject {
    const char *text; /* what stood there, shortened, UTF-8 */
    const char *reason;
    uint64_t line; /* 0 = unknown */
} hb_reject;

enum { HB_REJECT_EXAMPLES = 3 };

typedef struct hb_metric {
    const char *name;     /* canonical, or the raw name when not declared */
    const char *raw_name; /* as in the file */
    const char *unit;     /* unit of every figure here; "" = none */
    const char *raw_unit; /* as in the file */
    bool declared;        /* known to the registry */
    bool stated;          /* value given by the file (metric table), not reduced from samples */
    hb_reduce reduce;
    bool has_value;
    double value;
    double step; /* resolution: smallest non-zero step between samples, else the last digit printed;
                  * 0 = unknown */
    unsigned flags;
    hb_profile profile;
    hb_reject *rejects; /* NULL while there are none */
    size_t n_reject_examples;
} hb_metric;

/* Something decided while reading that a person may want to check. */
typedef struct hb_guess {
    const char *what;  /* "delimiter", "layout", "source" … */
    const char *value; /* "," … */
    const char *why;
} hb_guess;

/* Reasons by which a whole row or record is lost, with whatever it held. */
#define HB_REJECT_NO_TIME "no readable time"
#define HB_REJECT_NO_NAME "row without a metric name"
#define HB_REJECT_BAD_JSON "bad JSON"
#define HB_REJECT_NO_RECORD "record that is no object"

/* Reason of the rows that were read and not asked for. */
#define HB_REJECT_NOT_SELECTED "row not selected"

typedef struct hb_reject_count {
    const char *reason; /* "short row", "not a number" … */
    uint64_t n;
} hb_reject_count;

typedef struct hb_input_file {
    const char *path; /* as given */
    const char *name; /* without folders */
    char sha256[65];  /* of the bytes as stored (compressed ones stay compressed) */
    uint64_t bytes;
    const char *format; /* "csv", "xlsx" … */
    const char *layout; /* "metric table", "long", "wide" */
    uint64_t rows;      /* data rows read */
    hb_guess *guesses;
    size_t n_guesses;
    hb_reject_count *rejects; /* by reason, whole file */
    size_t n_rejects;
} hb_input_file;

typedef struct hb_run {
    hb_arena arena;
    hb_run_meta meta;
    hb_metric *metrics;     /* sorted by name, unique */
    hb_metric *own_metrics; /* the same where they are not in the arena, else NULL */
    size_t n_metrics;
    hb_input_file *inputs;
    size_t n_inputs;
    const char **warnings; /* sentences about the reading as a whole */
    size_t n_warnings;
    hb_time t_first; /* of all samples */
    hb_time t_last;
    char digest[65]; /* SHA-256 of the canonical content: equal runs have equal digests */
} hb_run;

/* Rows and records lost in reading the inputs (reasons above), and all there were. */
uint64_t hb_run_lost_rows(const hb_run *r, uint64_t *ret_all);

/* Rows that the choice of rows left out, where it left nothing: no metric has a sample, usable or
 * not. Else 0. */
uint64_t hb_run_none_selected(const hb_run *r);

void hb_run_free(hb_run *r);
/* NULL when the run has no such metric. */
const hb_metric *hb_run_metric(const hb_run *r, hb_str name);

#endif
