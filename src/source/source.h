/* SPDX-License-Identifier: Apache-2.0 */
/* Live sources: one folder each, behind one table.
 *
 * A source only moves bytes: what it receives goes to the journal as it is, and is acknowledged to
 * the sender after `put` has returned HB_OK, never before. What the bytes mean is decode.h's to
 * say, later, from the journal. So a source keeps no figures and no state of its own: where to go
 * on after a restart it reads from its last record (env.last).
 *
 * Who calls: the daemon (or `hb ingest --source`) opens each configured source in the engine's
 * thread, then calls run() in a thread of its own, then close() after run() has returned. A source
 * MUST NOT print, exit, or keep a sample back because another one failed; it MUST NOT call put()
 * after run() has returned. A library's own threads may call put(), which is thread-safe and may
 * block while the journal is full: that is the back-pressure. */
#ifndef HB_SOURCE_SOURCE_H
#define HB_SOURCE_SOURCE_H

#include "config/field.h"
#include "journal/journal.h"
#include "source/decode.h"

typedef struct hb_source hb_source; /* each source's own struct */

typedef enum hb_source_state {
    HB_SOURCE_STARTING,
    HB_SOURCE_RUNNING,  /* connected, listening, reading */
    HB_SOURCE_RETRYING, /* not connected; `why` says what failed, tries go on */
    HB_SOURCE_DONE,     /* a bounded input is at its end */
    HB_SOURCE_FAILED,   /* will not come back by itself */
    HB_SOURCE_STATE_COUNT_
} hb_source_state;

const char *hb_source_state_name(hb_source_state s); /* "starting" … */

/* What a source does its work with. All of it thread-safe. */
typedef struct hb_source_sink {
    void *ctx;
    /* Into the journal. Returns when it is there; waits while the journal is full. record->source
     * and
     * ->arrival are filled in by the sink. HB_E_LIMIT when the program is ending: not written, do
     * not acknowledge. HB_E_IO when the journal cannot be written: the same. */
    hb_status (*put)(void *ctx, const hb_record *record, hb_error *err);
    /* True when the source should return from run() soon. */
    bool (*stopping)(void *ctx);
    /* Sleeps, but no longer than until the program is ending. False = it is. */
    bool (*sleep_ms)(void *ctx, uint32_t ms);
    /* Told when it changes; `why` is one sentence, may be "". */
    void (*state)(void *ctx, hb_source_state state, const char *why);
    /* Something was lost or refused before it reached the journal, by reason (a constant string:
     * "too_large", "bad_frame" …). */
    void (*lost)(void *ctx, const char *reason, uint64_t n);
} hb_source_sink;

typedef struct hb_source_env {
    const hb_os *os;
    const char *name;      /* as configured: the `source` of its records */
    const char *state_dir; /* a folder of its own (persistent sessions …); exists */
    const char *base_dir;  /* relative paths of the configuration start here */
    const char *tokens;    /* tokens.json of the workspace (govern/token.h) */
    const char *program;   /* what tokens must be for; "" = one for all programs */
    const hb_record *last; /* its last record in the journal; NULL = none. Valid during open */
} hb_source_env;

typedef struct hb_source_ops {
    const char *name;       /* "mqtt" */
    const char *summary;    /* one line */
    const hb_field *fields; /* keys of its own in daemon.yaml, into a struct of config_size bytes */
    size_t config_size;
    /* Fills a zeroed config with defaults. */
    void (*defaults)(void *config);
    /* What the field table cannot say (keys that exclude each other, bad addresses): HB_E_CONFIG.
     */
    hb_status (*check)(const void *config, hb_error *err);
    /* How its messages are to be read, from its configuration. */
    void (*format)(const void *config, hb_decode_options *ret);
    /* Does run() end by itself with this configuration (a file that is not followed)? NULL = never.
     */
    bool (*ends)(const void *config);
    hb_status (*open)(const hb_source_env *env, const void *config, hb_source **ret_source,
                      hb_error *err);
    /* Until stopping() or the end of a bounded input. HB_OK for both. An error ends the source;
     * what can come back (a broker that is away) is RETRYING, not an error. */
    hb_status (*run)(hb_source *s, const hb_source_sink *sink, hb_error *err);
    void (*close)(hb_source *s);
} hb_source_ops;

/* All of them, NULL at the end: sources.c. */
extern const hb_source_ops *const hb_sources[];
const hb_source_ops *hb_source_find(const char *name);

#endif
