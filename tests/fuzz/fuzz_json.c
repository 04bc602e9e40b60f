/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through the whole reading of JSON: values, records, layout, profiles. The first byte
 * chooses an allocation to fail, so that every clean-up path is walked as well. */
#include "input/ingest.h"
#include "telemetry/run_meta.h"

#include "base/mem.h"
#include "support/memory_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_registry *registry;
static hb_units *units;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!units &&
        (hb_units_open(&units, NULL) != HB_OK || hb_registry_builtin(&registry, NULL) != HB_OK)) {
        abort();
    }
    if (size < 1) {
        return 0;
    }
    hb_os os = memory_os(data + 1, size - 1);
    hb_run_builder *b = NULL;
    hb_run *run = NULL;
    const char *source = NULL;
    hb_run_meta meta;
    hb_run_meta_init(&meta);
    hb_fault_alloc(data[0], false);
    hb_ingest_options o = {.source = "json"};
    if (hb_run_builder_new(registry, units, &b, NULL) == HB_OK &&
        hb_ingest(&os, MEMORY_FILE, &o, b, &source, NULL) == HB_OK &&
        hb_run_builder_finish(b, &meta, &run, NULL) == HB_OK) {
        for (size_t i = 0; i < run->n_metrics; i++) {
            const hb_profile *p = &run->metrics[i].profile;
            if (p->moments.n && !(p->moments.min <= p->moments.max)) {
                abort();
            }
        }
    }
    hb_fault_alloc(0, false);
    hb_run_builder_free(b);
    hb_run_free(run);
    return 0;
}
