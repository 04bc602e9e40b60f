/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/select.h"

#include <string.h>

static const char set_one[] =
    "when a run is trusted, make it the baseline: hb baseline set RUN --tag golden";

static const hb_baseline_reason reasons[] = {
    {"explicit", true, "the run named on the command line or by the policy", ""},
    {"tag", true, "the run a tag of this test points at", ""},
    {"version", true, "the runs of a baseline version, pooled", ""},
    {"last_pass", true, "the best matching, then newest run of this test that passed", ""},
    {"rolling", true, "the newest comparable runs that passed, pooled", ""},
    {"fallback_latest", true,
     "no run passed yet, so the best matching, then newest run, whatever its verdict",
     "look at that run, and set a baseline you trust: hb baseline set RUN --tag golden"},
    {"no_runs", false, "no other run of this program, subsystem and test is registered", set_one},
    {"no_pass", false, "no other run of this test passed, and the policy's fallback is none",
     set_one},
    {"context_mismatch", false,
     "in no candidate is even one of the context fields equal that could be compared",
     "set a baseline made under this context: hb baseline set RUN --tag golden"},
    {"tag_not_found", false, "the tag is not set for this test",
     "set it to a run of this test: hb baseline set RUN --tag TAG"},
    {"tag_other_test", false, "the tag is set in this program, but not for this test",
     "set it to a run of this test too: hb baseline set RUN --tag TAG"},
    {"tag_self", false, "the tag points at this run itself",
     "nothing: a run is not compared with itself; analyse another run"},
    {"version_retired", false, "the tag points at a baseline version that was retired",
     "promote another: hb baseline versions, then hb baseline promote --version V --tag TAG"},
    {"tag_not_approved", false,
     "the policy requires approval, and what the tag points at has not got it, or not any more",
     "see what is missing: hb baseline requests; ask: hb baseline request RUN --tag TAG"},
    {"break_glass_over", false, "the tag was set by break-glass, and the time of that is over",
     "have it approved: hb baseline request RUN --tag TAG"},
    {"tag_not_set", false, "the policy's strategy is tag, but it names no tag",
     "write `tag: NAME` into the policy"},
    {"explicit_not_found", false, "the run the policy names is not registered",
     "ingest it, or name another run in the policy"},
    {"explicit_other_test", false, "the run the policy names belongs to another test",
     "name a run of this program, subsystem and test in the policy"},
    {"explicit_self", false, "the run the policy names is this run itself",
     "nothing: a run is not compared with itself; analyse another run"},
    {"explicit_not_set", false, "the policy's strategy is explicit, but it names no run",
     "name one in the policy, or on the command line with --baseline RUN"},
};

const hb_baseline_reason *hb_baseline_reasons(size_t *ret_n)
{
    *ret_n = sizeof reasons / sizeof *reasons;
    return reasons;
}

const hb_baseline_reason *hb_baseline_reason_find(const char *name)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            return &reasons[i];
        }
    }
    return NULL;
}
