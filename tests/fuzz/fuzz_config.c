/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as each of the configuration documents. The first byte chooses which. */
#include "input/profile.h"
#include "telemetry/policy.h"
#include "telemetry/registry.h"
#include "telemetry/run_meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    hb_str text = {(const char *)data + 1, size - 1};
    hb_error err = {0};
    hb_registry *r = NULL;
    hb_policy policy;
    hb_input_profile profile;
    hb_run_meta meta;
    hb_arena arena;
    switch (data[0] % 4) {
    case 0:
        HB_IGNORE(hb_registry_parse(text, "fuzz", "p", "m", "", NULL, &r, &err)); /* any outcome */
        hb_registry_free(r);
        break;
    case 1:
        if (hb_policy_parse(text, "fuzz", "", &policy, &err) == HB_OK) {
            hb_policy_release(&policy);
        }
        break;
    case 2:
        if (hb_input_profile_parse(text, "fuzz", &profile, &err) == HB_OK) {
            hb_input_profile_release(&profile);
        }
        break;
    default:
        hb_arena_init(&arena, 32 << 20);
        HB_IGNORE(hb_run_meta_parse(text, "fuzz", &arena, &meta, &err)); /* any outcome */
        hb_arena_release(&arena);
        break;
    }
    return 0;
}
