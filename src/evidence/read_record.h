/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of a run were read, so that they can be read again to the same run: kept with the
 * run (store/documents.h), raw/reading.json of a pack. docs/formats/reading.md
 *
 * Documents are named by their SHA-256; whoever reads again fetches them there. */
#ifndef HB_EVIDENCE_READ_RECORD_H
#define HB_EVIDENCE_READ_RECORD_H

#include "base/arena.h"
#include "base/buf.h"

/* Options of hb run and hb ingest that decide what a file means. NULL = not given. */
typedef enum hb_read_option {
    HB_READ_COLUMNS,
    HB_READ_CYCLES,
    HB_READ_MEMBER,
    HB_READ_QUERY,
    HB_READ_RESAMPLE,
    HB_READ_SHEET,
    HB_READ_SOURCE,
    HB_READ_TABLE,
    HB_READ_TIME_RANGE,
    HB_READ_UNIT,
    HB_READ_VARIABLE,
    HB_READ_WHERE,
    HB_READ_OPTION_COUNT_
} hb_read_option;

const char *hb_read_option_name(hb_read_option o); /* "columns" … as on the command line */

typedef struct hb_read_document {
    const char *name; /* of the file, without folders */
    const char *sha256;
} hb_read_document;

typedef struct hb_read_file { /* in the order they were read */
    const char *path;         /* as given */
    const char *name;
    const char *sha256;
    uint64_t bytes;
    const char *format;
} hb_read_file;

typedef struct hb_read_record {
    const char *run_id;
    const char *engine_version; /* of the program that read */
    const char **arguments;     /* what was named on the command line, patterns expanded */
    size_t n_arguments;
    const hb_read_file *files; /* what was read for that: also the events beside a file */
    size_t n_files;
    const char *options[HB_READ_OPTION_COUNT_];
    const char *day_order;       /* "", "day-first", "month-first" */
    const char *source;          /* adapter as used */
    const char *registry_name;   /* metric registry in force while reading */
    const char *registry_sha256; /* "built-in" = no file */
    const char *program;         /* whose overrides of it */
    const char *mode;
    hb_read_document profile; /* --profile; name NULL = none */
    const hb_read_document
        *profiles; /* files of the workspace's profiles/ that reading looked at */
    size_t n_profiles;
    hb_read_document run_meta; /* the run_meta file; name NULL = none */
} hb_read_record;

HB_CHECKED hb_status hb_read_record_json(const hb_read_record *r, hb_buf *out, hb_error *err);
/* Everything in the arena. HB_E_EVIDENCE for what hb_read_record_json cannot have written. */
HB_CHECKED hb_status hb_read_record_parse(hb_str json, const char *name, hb_arena *arena,
                                          hb_read_record *ret, hb_error *err);

#endif
