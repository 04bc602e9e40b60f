/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about baselines share. */
#ifndef HB_CLI_BASELINE_SHARED_H
#define HB_CLI_BASELINE_SHARED_H

#include "base/json_write.h"
#include "baseline/version.h"
#include "cli/app.h"

/* --by, else the name of the user. */
const char *hb_baseline_who(const char *given);

/* "program / subsystem / test" for people, without what is empty. Returns out. */
enum { HB_TEST_NAME_MAX = 1024 };
const char *hb_baseline_test_name(const char *program, const char *subsystem, const char *test_name,
                                  char out[HB_TEST_NAME_MAX]);

/* The test an option names; rows for a command's table, `member` the hb_test_opts in its struct. */
typedef struct hb_test_opts {
    const char *program;
    const char *subsystem;
    const char *test_name;
} hb_test_opts;

#define HB_TEST_OPT(type, member, opt_name, field, words)                                \
    {                                                                                    \
        .name = (opt_name), .kind = HB_OPT_STRING,                                       \
        .offset = offsetof(type, member) + offsetof(hb_test_opts, field), .arg = "NAME", \
        .help = (words)                                                                  \
    }
#define HB_TEST_OPTS(type, member)                                              \
    HB_TEST_OPT(type, member, "program", program, "of this program"),           \
        HB_TEST_OPT(type, member, "subsystem", subsystem, "of this subsystem"), \
        HB_TEST_OPT(type, member, "test-name", test_name, "of this test")

/* The tag of this name; *ret_found = false when there is none, HB_E_USAGE when it is set for
 * several tests. */
HB_CHECKED hb_status hb_baseline_find_tag(hb_app *app, const char *tag, const hb_test_opts *test,
                                          hb_tag_row *ret_row, bool *ret_found, hb_error *err);
/* A baseline version by its name, the beginning of it, or a tag that points at one. */
HB_CHECKED hb_status hb_baseline_find_version(hb_app *app, const char *text,
                                              const hb_test_opts *test, hb_version_row *ret_row,
                                              hb_error *err);
/* HB_E_USAGE when the options name another test than the version's. */
HB_CHECKED hb_status hb_baseline_is_of_test(const hb_version_row *row, const hb_test_opts *test,
                                            hb_error *err);
/* The set of a version for looking at it, units by the registry of its newest run. */
HB_CHECKED hb_status hb_baseline_version_set(hb_app *app, const hb_version_row *row,
                                             hb_run_set *ret_set, hb_error *err);

/* Values of a metric over the runs of a set. */
typedef struct hb_spread {
    size_t n;
    double mean; /* NaN when n = 0 */
    double sd;   /* n - 1 in the denominator; NaN when n < 2 */
} hb_spread;

hb_spread hb_spread_of(const hb_past_metric *m, size_t n_runs);

/* Runs and metrics of a set. */
void hb_version_set_json(const hb_run_set *set, hb_json *j);
/* Members of an object: what a version is, without runs and metrics. */
HB_CHECKED hb_status hb_version_members_json(hb_app *app, const hb_version_row *row, hb_json *j,
                                             hb_error *err);
/* The whole version: object for --json, else for people. */
HB_CHECKED hb_status hb_view_version(hb_app *app, const hb_version_row *row, hb_error *err);

/* One run decided again with another baseline. */
typedef struct hb_impact_row {
    const char *run_id;
    bool in_version;      /* it is one of the version's runs, and was left out of it */
    const char *recorded; /* verdict of its latest decision; "" = none */
    const char *now;      /* decided again as the policy chooses now */
    const char *with;     /* … and with the version */
    bool flips;           /* now and with differ */
} hb_impact_row;

enum { HB_IMPACT_RUNS = 20, HB_IMPACT_RUNS_MAX = 1000 };

/* The newest `most` runs of the version's test and context, newest first, in app->arena. Stores
 * nothing. */
HB_CHECKED hb_status hb_impact(hb_app *app, const hb_version_row *version, size_t most,
                               hb_impact_row **ret_rows, size_t *ret_n, hb_error *err);
/* The same for a run as the baseline: runs of its test that are equal in what the policy compares.
 */
HB_CHECKED hb_status hb_impact_of_run(hb_app *app, const char *run_id, size_t most,
                                      hb_impact_row **ret_rows, size_t *ret_n, hb_error *err);
/* As a table, and how many flip. */
HB_CHECKED hb_status hb_view_impact(const hb_impact_row *rows, size_t n, hb_buf *out,
                                    hb_error *err);

#endif
