/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that several commands share: files to a run, a run to a decision, a decision to a
 * report. */
#ifndef HB_CLI_FLOW_H
#define HB_CLI_FLOW_H

#include "base/json_write.h"
#include "baseline/select.h"
#include "cli/app.h"
#include "decide/decision.h"
#include "input/groups.h"
#include "os/pool.h"

/* Options of every command that reads run files. */
typedef struct hb_read_opts {
    const char *source;
    const char *run_meta;
    const char *run_id;
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *factors;
    const char *unit;
    const char *cycles;
    const char *sheet;
    const char *profile;
    bool day_first;
    bool month_first;
    const char *part; /* of a container */
    const char *query;
    const char *table;
    const char *variable;
    const char *columns;
    const char *where;
    const char *time_range;
    const char *resample;
    uint32_t threads; /* 0 = as many as there are processors */
    bool is_baseline; /* --run-id and --run-meta name another run, the one under test */
} hb_read_opts;

/* Rows for a command's table; `type` is its option struct, `member` the hb_read_opts in it. */
#define HB_READ_OPT(type, member, opt_name, field, arg_name, words)                          \
    {                                                                                        \
        .name = (opt_name), .kind = HB_OPT_STRING,                                           \
        .offset = offsetof(type, member) + offsetof(hb_read_opts, field), .arg = (arg_name), \
        .help = (words)                                                                      \
    }
#define HB_READ_FLAG(type, member, opt_name, field, words)                                \
    {                                                                                     \
        .name = (opt_name), .kind = HB_OPT_FLAG,                                          \
        .offset = offsetof(type, member) + offsetof(hb_read_opts, field), .help = (words) \
    }
#define HB_READ_OPTS(type, member)                                                           \
    HB_READ_OPT(type, member, "source", source, "NAME",                                      \
                "adapter or format; default auto: by content (hb help formats)"),            \
        HB_READ_OPT(type, member, "run-meta", run_meta, "FILE",                              \
                    "run_meta.json: identity and context of the run"),                       \
        HB_READ_OPT(type, member, "run-id", run_id, "ID",                                    \
                    "name of the run; default: made from its content"),                      \
        HB_READ_OPT(type, member, "program", program, "NAME", "program the run belongs to"), \
        HB_READ_OPT(type, member, "subsystem", subsystem, "NAME", "subsystem under test"),   \
        HB_READ_OPT(type, member, "test-name", test_name, "NAME", "test that was run"),      \
        HB_READ_OPT(type, member, "factor", factors, "NAME=VALUE",                           \
                    "what may explain a change: rig=A,operator=kim"),                        \
        HB_READ_OPT(type, member, "unit", unit, "RANGES",                                    \
                    "rows of these units only, as 1-20,25 (adapters with a unit column)"),   \
        HB_READ_OPT(type, member, "cycles", cycles, "RANGES",                                \
                    "rows of these cycles only, as 1-50"),                                   \
        HB_READ_OPT(type, member, "sheet", sheet, "NAME", "sheet of a workbook"),            \
        HB_READ_OPT(type, member, "profile", profile, "FILE",                                \
                    "profile to read by (hb inspect --save-profile)"),                       \
        HB_READ_FLAG(type, member, "day-first", day_first,                                   \
                     "05/04/2024 is 5 April, where the file cannot tell"),                   \
        HB_READ_FLAG(type, member, "month-first", month_first, "05/04/2024 is May 4"),       \
        HB_READ_OPT(type, member, "member", part, "NAME",                                    \
                    "file in a .zip, arrays of an .npz; * and ? are allowed"),               \
        HB_READ_OPT(type, member, "table", table, "NAME", "table of an SQLite file"),        \
        HB_READ_OPT(type, member, "query", query, "SQL", "SELECT … over an SQLite file"),    \
        HB_READ_OPT(type, member, "variable", variable, "PATH",                              \
                    "variable, struct or group of a MATLAB or HDF5 file; several: a,b"),     \
        HB_READ_OPT(type, member, "columns", columns, "NAMES",                               \
                    "columns by name: temp*,load (docs: selecting)"),                        \
        HB_READ_OPT(type, member, "where", where, "EXPR", "rows for which EXPR is true"),    \
        HB_READ_OPT(type, member, "time-range", time_range, "FROM..TO",                      \
                    "rows of this stretch of time"),                                         \
        HB_READ_OPT(type, member, "resample", resample, "STEP[:HOW]",                        \
                    "one sample a step: 1s, 250ms:max"),                                     \
    {                                                                                        \
        .name = "threads", .kind = HB_OPT_UINT,                                              \
        .offset = offsetof(type, member) + offsetof(hb_read_opts, threads), .arg = "N",      \
        .help = "threads that read, 1 to 16; default: one a processor", .max = HB_POOL_MOST  \
    }

typedef enum hb_fail_on { HB_FAIL_ON_FAIL, HB_FAIL_ON_DRIFT, HB_FAIL_ON_NONE } hb_fail_on;
extern const char *const hb_fail_on_words[];
int hb_verdict_exit(hb_verdict v, int fail_on);

/* Of which verdicts an evidence pack is made without further asking. */
typedef enum hb_evidence_when {
    HB_EVIDENCE_NEVER,
    HB_EVIDENCE_ON_FAIL,
    HB_EVIDENCE_ALWAYS
} hb_evidence_when;
extern const char *const hb_evidence_words[];
bool hb_evidence_wanted(hb_evidence_when when, hb_verdict v);

enum { HB_FLOW_READ_BY = 8 };

/* A run with what its decision borrows. */
typedef struct hb_flow {
    hb_registry *registry;
    hb_run *run;
    hb_selection selection;
    bool selected;
    hb_reference files;                  /* reference made of files (compare) */
    hb_run *pool;                        /* what `files` points at */
    hb_equivalence_applied equivalences; /* what a converted reference is made of */
    hb_decision *decision;
    hb_buf json;               /* canonical decision */
    char digest[65];           /* of json */
    hb_evidence_when evidence; /* an evidence pack is wanted of the decision */
    const char *report;        /* path of the HTML page, "" when none was written */
    const char *pack;          /* of the evidence pack; NULL = none was made */
    hb_buf reading; /* how the files were read (evidence/read_record.h); empty = not by files */
    const char *read_by[HB_FLOW_READ_BY]; /* digests of the documents it names, in app->arena */
    size_t n_read_by;
} hb_flow;

void hb_flow_init(hb_flow *f);
void hb_flow_release(hb_flow *f);

struct hb_reading;

/* Reads files into one run; `like` (may be NULL) gives the units of undeclared metrics. Loads the
 * metric registry for the run's program and mode into *io_registry unless it is already loaded. */
HB_CHECKED hb_status hb_flow_read(hb_app *app, hb_list files, const hb_read_opts *o,
                                  const hb_run *like, hb_registry **io_registry, hb_run **ret_run,
                                  hb_error *err);
/* The same for a run that will be registered: into f->registry and f->run, with f->reading. */
HB_CHECKED hb_status hb_flow_read_run(hb_app *app, hb_flow *f, hb_list files, const hb_read_opts *o,
                                      hb_error *err);
/* The runs of several lists of files, as hb_flow_read gives them one after another, each like the
 * first: the same figures, the same first error. Read at once where threads and files allow it.
 * ret_runs[i], NULL before the call, are the caller's also on failure. */
typedef struct hb_flow_files_of {
    hb_list files;
    const hb_read_opts *o;
} hb_flow_files_of;
HB_CHECKED hb_status hb_flow_read_all(hb_app *app, const hb_flow_files_of *runs, size_t n,
                                      hb_registry **io_registry, hb_run **ret_runs, hb_error *err);
/* The same as hb_flow_read, with what was read of each file: readings[i] (files.n of them, owned by
 * the caller with hb_reading_free, also on failure; NULL entries are fine). Files that leave day
 * and month open are read all the same, and the reading says so. */
HB_CHECKED hb_status hb_flow_inspect(hb_app *app, hb_list files, const hb_read_opts *o,
                                     struct hb_reading **readings, hb_registry **io_registry,
                                     hb_run **ret_run, hb_error *err);
/* The values of a column of a file, for one run each (input/groups.h); in app->arena. */
HB_CHECKED hb_status hb_flow_groups(hb_app *app, const char *path, const hb_read_opts *o,
                                    const char *column, hb_group_value **ret, size_t *ret_n,
                                    hb_error *err);
/* Adds f->run to the registry (told when it was already there), with how it was read. */
HB_CHECKED hb_status hb_flow_register(hb_app *app, hb_flow *f, hb_error *err);
/* What a run is compared with and judged together with (baseline/select.h). */
typedef struct hb_flow_choice {
    const char *baseline; /* a run_id; NULL = the policy's choice */
    const char *version;  /* a baseline version in place of the policy's choice; NULL = none */
    hb_list with;
} hb_flow_choice;

/* Chooses f->run's baseline into f->selection. The run need not be registered yet. */
HB_CHECKED hb_status hb_flow_select(hb_app *app, hb_flow *f, const hb_flow_choice *choice,
                                    hb_error *err);
/* Converts metrics of another make in the reference, as the workspace's equivalence mapping says.
 * hb_flow_select does it itself. */
HB_CHECKED hb_status hb_flow_equivalences(hb_app *app, hb_flow *f, hb_reference *reference,
                                          hb_error *err);
/* Stores f->decision and what follows from it for suspicions, in one transaction. */
HB_CHECKED hb_status hb_flow_store(hb_app *app, const hb_flow *f, hb_error *err);
/* Decides against the selection, stores the decision, writes the report folder. */
HB_CHECKED hb_status hb_flow_judge(hb_app *app, hb_flow *f, hb_error *err);
/* Decides and writes the report folder only when it is the decision of this digest; stores nothing.
 */
HB_CHECKED hb_status hb_flow_draw_again(hb_app *app, hb_flow *f, const char *digest, bool *ret_same,
                                        hb_error *err);
/* Decides against f->files or f->selection; fills decision, json and digest. */
HB_CHECKED hb_status hb_flow_decide(hb_flow *f, const hb_reference *reference,
                                    const hb_policy *policy, hb_error *err);
/* The files of a report, and how many: decision.json, drift_report.html, drift_report.json. */
enum { HB_FLOW_FILES = 3 };
extern const char *const hb_flow_files[HB_FLOW_FILES];
/* Renders them and opens `stage` with them written, to be committed or merged, and aborted. */
HB_CHECKED hb_status hb_flow_stage(hb_app *app, hb_flow *f, const char *target, hb_stage *stage,
                                   hb_error *err);
/* f->report = the page in `folder`. */
HB_CHECKED hb_status hb_flow_set_report(hb_app *app, hb_flow *f, const char *folder, hb_error *err);
/* Verdict, reasons and the report's path onto app->out, as text or JSON. */
HB_CHECKED hb_status hb_flow_print(hb_app *app, const hb_flow *f, hb_error *err);
/* The same as one JSON object of a document that is being written. */
void hb_flow_json(const hb_flow *f, hb_json *j);

#endif
