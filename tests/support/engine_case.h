/* SPDX-License-Identifier: Apache-2.0 */
/* An engine in process over a journal of scripted records: three metrics, two window definitions, a
 * training, a step of one metric after the sixth window.
 *
 *     engine_open(&c, "name", hb_os_real());      everything it borrows, in the test's folder
 *     engine_append_all(&c);
 *     setup = engine_setup_of(&c); hb_engine_new(&setup, …) …
 *     text = engine_outcome(&c); … hb_free(text);  what was decided
 *     engine_close(&c); */
#ifndef HB_TESTS_SUPPORT_ENGINE_CASE_H
#define HB_TESTS_SUPPORT_ENGINE_CASE_H

#include "daemon/engine.h"

enum { ENGINE_PER_WINDOW = 10, ENGINE_WINDOWS = 9 };

typedef struct engine_case {
    hb_daemon_config config;
    hb_registry *registry;
    hb_units *units;
    hb_policy policy;
    hb_quality_policy quality;
    hb_telemetry_schema *schema;
    hb_store *store;
    hb_journal *journal;
    const hb_os *os; /* of the journal and of what the engine writes */
    char db[300];
    char dir[300];
    char reports[300];
} engine_case;

void engine_open(engine_case *b, const char *name, const hb_os *os);
/* The same with another daemon.yaml and records of one's own. */
void engine_open_as(engine_case *b, const char *name, const hb_os *os, const char *config);
void engine_append(engine_case *b, const char *text, size_t n, int64_t arrival_s);
void engine_append_end(engine_case *b);
void engine_close(engine_case *b);
hb_engine_setup engine_setup_of(const engine_case *b);
void engine_append_all(engine_case *b);
char *engine_outcome(engine_case *b);

#endif
