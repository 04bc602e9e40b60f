/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/topics.h"

#include "base/status.h"
#include "config/field.h"
#include "source/source.h"

static void exit_codes(hb_buf *out)
{
    hb_buf_c(
        out,
        "Exit codes\n\n   0  the job was done (and, by --fail-on, the verdict is no failure)\n");
    for (int code = 1; code <= 12; code++) {
        if (code == HB_EXIT_FAIL) {
            hb_buf_c(out, "  10  the verdict is FAIL (--fail-on fail, the default, or drift)\n");
        }
        if (code == HB_EXIT_DRIFT) {
            hb_buf_c(out, "  11  the verdict is PASS_WITH_DRIFT or NO_TEST (--fail-on drift)\n");
        }
        for (unsigned s = 1; s < HB_STATUS_COUNT; s++) {
            if (hb_status_exit((hb_status)s) == code) {
                hb_buf_fmt(out, "  %2d  %s (%s)\n", code, hb_status_text((hb_status)s),
                           hb_status_name((hb_status)s));
            }
        }
    }
    hb_buf_c(out, " 130  interrupted from the keyboard\n\n"
                  "With --fail-on none a verdict never changes the exit code.\n");
}

static void verdicts(hb_buf *out)
{
    hb_buf_c(out,
             "Verdicts\n\n"
             "  FAIL             a hard limit was broken, or a critical metric is missing\n"
             "  NO_TEST          there was nothing to compare: no baseline, no usable metric\n"
             "  PASS_WITH_DRIFT  a declared change limit was crossed, or a check could not run\n"
             "  PASS             no declared limit was crossed; not: nothing changed\n\n"
             "Every rule is stated in docs/verdict.md. The limits are declared in\n"
             "metric_registry.yaml; hb config check says whether it is right.\n");
}

static void workspace(hb_buf *out)
{
    hb_buf_c(out, "The workspace\n\n"
                  "A folder, by default the current one (--workspace DIR, HB_WORKSPACE), with:\n\n"
                  "  metric_registry.yaml   what is declared about each metric: unit, limits\n"
                  "  baseline_policy.yaml   which earlier run a new run is judged against\n"
                  "  profiles/              the lab's own adapters (hb help formats)\n"
                  "  runs.db                the registry: runs, tags, decisions\n"
                  "  reports/RUN_ID/        drift_report.html and .json, decision.json\n"
                  "  keys/                  keys to sign with, and their public halves\n"
                  "  audit/                 the lab's log, with its own key\n"
                  "  operators.yaml         who may do what, once it is in force\n"
                  "  governance/            what was asked for and approved, signed\n"
                  "  evidence/              evidence packs (hb help evidence)\n\n"
                  "hb init DIR makes one. Each path has an option and a variable of its own:\n"
                  "--metric-registry, --baseline-policy, --db, --reports.\n");
}

static void formats(hb_buf *out)
{
    hb_buf_c(out,
             "Formats and sources\n\n"
             "Formats are recognised by content: CSV and other delimited text, JSON, JSON\n"
             "lines, XLSX, NumPy .npy and .npz, LabVIEW .lvm, SQLite, MATLAB .mat, HDF5; each\n"
             "plain or as .gz, .zst or .zip; '-' is standard input; a folder is read by\n"
             "its metrics.csv, with run_meta.json and events.jsonl beside it.\n\n"
             "--member NAME chooses a file of a .zip or arrays of an .npz, --sheet NAME a\n"
             "sheet of a workbook, --table NAME or --query SQL what to read of a database,\n"
             "--variable PATH a variable, struct or group of a .mat or HDF5 file.\n\n"
             "Layouts: metric table (metric, value, unit, tags), long (time, metric, value),\n"
             "wide (time and one column a metric).\n\n"
             "--source auto (the default) chooses and says why; csv, json, lvm, npy, npz,\n"
             "sqlite, mat, hdf5, xlsx force a format; pba_excel, custom_tabular, smap_msl,\n"
             "nasa_http_tsv and cmapss_fd001 … cmapss_fd004 are adapters.\n"
             "A lab's own adapter is a file profiles/NAME.yaml in the workspace.\n\n"
             "hb inspect FILE shows what would be read and why. --save-profile P.yaml pins\n"
             "the answer: --profile P.yaml reads by it and refuses a file that does not fit.\n"
             "Where 05/04/2024 reads both ways, --day-first or --month-first says which.\n");
}

static void sources(hb_buf *out)
{
    hb_buf_c(out,
             "Live sources\n\n"
             "hb daemon reads them for ever, hb ingest --source NAME for a while. Their keys\n"
             "stand in daemon.yaml, or behind --set: hb ingest --source host --set interval=2s\n");
    for (size_t i = 0; hb_sources[i]; i++) {
        hb_buf_fmt(out, "\n%s\n  %s\n\n", hb_sources[i]->name, hb_sources[i]->summary);
        hb_fields_reference(hb_sources[i]->fields, 2, out);
    }
    hb_buf_c(out,
             "\nWhat their messages say: docs/formats/live_payloads.md. Names and units are\n"
             "mapped by telemetry_schema.yaml (hb config schema telemetry-schema --reference).\n");
}

static void evidence(hb_buf *out)
{
    hb_buf_c(
        out,
        "Evidence\n\n"
        "The lab makes a key once, and hands out keys/lab.pub on a way of its own:\n\n"
        "  hb keys generate lab\n"
        "  hb export evidence-pack --case RUN      evidence/evidence_RUN.zip\n\n"
        "Whoever gets the pack needs no workspace, no network and no trust in the lab:\n\n"
        "  hb verify PACK --trust lab.pub          everything, and decides again\n"
        "  hb-verify --trust lab.pub PACK          from its figures, to be carried along\n"
        "  hb replay PACK --metric-registry F      would other limits have said otherwise?\n"
        "  VERIFY.md in the pack                   digests, signatures, log: openssl and jq\n\n"
        "  hb timestamp query, attach              when it was signed, by an authority\n"
        "  hb encrypt, hb decrypt                  for those who may read it\n"
        "  hb audit verify, prove, checkpoint      is the lab's log what it was?\n"
        "  hb baseline request, approve            who made the baseline one\n"
        "  hb custody timeline, hb redact          who had it; without what is not for all\n\n"
        "docs/evidence.md, audit.md, governance.md, keys.md say it in full.\n");
}

const hb_topic hb_topics[] = {
    {"exit-codes", "what the program's exit code means", exit_codes},
    {"verdicts", "the four verdicts", verdicts},
    {"workspace", "the files of a workspace", workspace},
    {"formats", "what files can be read", formats},
    {"sources", "live sources and their keys", sources},
    {"evidence", "what an auditor gets, and how it is checked", evidence},
};
const size_t hb_topic_count = sizeof hb_topics / sizeof *hb_topics;
