/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/quality_shared.h"

#include "base/mem.h"
#include "cli/govern_shared.h"
#include "report/text.h"
#include "store/past.h"
#include "store/versions.h"

#include <stdio.h>
#include <string.h>

enum { JSON_MAX_BYTES = HB_VERSION_JSON_MAX, FLAGS_SHOWN = 20 };

static const char *const outcome_words[HB_OUTCOME_COUNT_] = {
    [HB_OUTCOME_PASS] = "pass",
    [HB_OUTCOME_FAIL] = "FAIL",
    [HB_OUTCOME_CANNOT_TELL] = "cannot tell",
    [HB_OUTCOME_OFF] = "off",
};

hb_status hb_quality_of_set(hb_app *app, const hb_run_set *set, hb_quality **ret_quality,
                            hb_error *err)
{
    HB_TRY(hb_app_load_quality_policy(app, err));
    hb_suspicion_row *rows = NULL;
    size_t n = 0;
    if (set->n_runs) {
        const hb_run_meta *m = &set->runs[0].meta;
        hb_suspicion_query q = {
            .program = m->program, .subsystem = m->subsystem, .test_name = m->test_name};
        HB_TRY(hb_store_list_suspicions(app->store, &q, &app->arena, &rows, &n, err));
    }
    const char **open = hb_arena_array(&app->arena, n + 1, sizeof *open);
    size_t n_open = 0;
    if (!open) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        if (rows[i].state == HB_SUSPICION_OPEN) {
            open[n_open++] = rows[i].run_id;
        }
    }
    const hb_quality_input in = {.set = set,
                                 .policy = &app->quality_policy,
                                 .context_match = app->policy.context_match,
                                 .open = open,
                                 .n_open = n_open};
    return hb_baseline_quality(&in, ret_quality, err);
}

static bool blank(const char *s)
{
    return !s || s[strspn(s, " \t\n")] == '\0';
}

hb_status hb_quality_gate(hb_app *app, const hb_quality *q, const char *tag,
                          const char *override_reason, hb_error *err)
{
    HB_TRY(hb_app_check_config(app, HB_GOVERNED_QUALITY, app->quality_policy.digest, err));
    bool gated = tag && hb_quality_policy_gates(&app->quality_policy, tag);
    if (!gated || !q->blocks || !blank(override_reason)) {
        return HB_OK;
    }
    return HB_FAIL(err, HB_E_DENIED,
                   "the quality of this baseline does not allow tag '%s': %s; mend it, or give "
                   "--override-quality \"REASON\", which is stored",
                   tag, q->why);
}

hb_status hb_quality_keep(hb_app *app, const char *version, const char *purpose,
                          const hb_quality *q, const char *override_reason, const char *by,
                          hb_error *err)
{
    hb_buf text;
    hb_json j;
    hb_buf_init(&text, JSON_MAX_BYTES);
    hb_json_init(&j, &text, HB_JSON_CANONICAL);
    hb_quality_json(q, &j);
    hb_status status = hb_json_done(&j, err);
    if (status == HB_OK) {
        bool overridden = q->blocks && !blank(override_reason);
        const hb_quality_row row = {.version = version,
                                    .purpose = purpose,
                                    .passed = q->overall == HB_OUTCOME_PASS,
                                    .json = text.p,
                                    .override_reason = overridden ? override_reason : "",
                                    .checked_by = by,
                                    .checked_at = app->os->now()};
        status = hb_store_add_quality(app->store, &row, err);
    }
    hb_buf_release(&text);
    return status;
}

hb_status hb_view_quality(const hb_quality *q, hb_buf *out, hb_error *err)
{
    char head[64];
    hb_buf_fmt(out, "quality of %zu run%s, %zu metrics: %s%s\n", q->n_runs,
               q->n_runs == 1 ? "" : "s", q->n_metrics, outcome_words[q->overall],
               q->blocks ? ", the gate is shut" : "");
    hb_text_wrapped(out, "  ", q->why);
    hb_buf_c(out, "\nCRITERION      OUTCOME      GATE      WHY\n");
    for (unsigned c = 0; c < HB_CRITERION_COUNT_; c++) {
        const hb_quality_result *r = &q->criteria[c];
        snprintf(head, sizeof head, "%-13s  %-11s  %-8s  ", hb_criterion_name((hb_criterion)c),
                 outcome_words[r->outcome], hb_gate_name(r->gate));
        hb_text_wrapped(out, head, r->text);
    }
    for (size_t i = 0; i < q->n_flags && i < FLAGS_SHOWN; i++) {
        hb_buf_c(out, i ? "" : "\n");
        snprintf(head, sizeof head, "  %s: ", hb_criterion_name(q->flags[i].criterion));
        hb_text_wrapped(out, head, q->flags[i].text);
    }
    if (q->n_flags > FLAGS_SHOWN) {
        hb_buf_fmt(out, "  and %zu more; --json has them all\n", q->n_flags - FLAGS_SHOWN);
    }
    hb_buf_fmt(out, "\nconfidence %.2f (decides nothing); policy %s\n", q->confidence,
               q->policy_name);
    return hb_buf_check(out, err);
}
