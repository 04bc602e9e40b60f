/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/set.h"

#include "base/buf.h"
#include "store/versions.h"

#include <string.h>

enum { TAG_MAX_CHARS = 64, NOTE_MAX_BYTES = 4096, ROW_MAX_BYTES = 64 << 20 };

static hb_status check_tag(const char *tag, hb_error *err)
{
    size_t n = strlen(tag);
    bool plain = n >= 1 && n <= TAG_MAX_CHARS;
    for (size_t i = 0; i < n && plain; i++) {
        char c = tag[i];
        plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '.' || c == '_' || c == '-';
    }
    return plain ? HB_OK
                 : HB_FAIL(err, HB_E_USAGE,
                           "tag '%.80s' is not usable; expected 1 to %d of A-Z a-z 0-9 . _ -", tag,
                           TAG_MAX_CHARS);
}

/* HB_E_STORE with the nearest ids when the run is unknown. */
static hb_status verdict_of(hb_store *s, const char *run_id, hb_arena *arena, const char **ret,
                            hb_error *err)
{
    const hb_run_query q = {.run_id = run_id, .limit = 1};
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(s, &q, arena, &rows, &n, err));
    if (n == 0) {
        hb_run *none = NULL;
        return hb_store_get_run(s, run_id, &none, err);
    }
    *ret = rows[0].status;
    return HB_OK;
}

static hb_status set_tag(hb_store *s, const hb_baseline_request *r, const char *tag, bool forced,
                         hb_buf *note, hb_error *err)
{
    if (forced) {
        hb_buf_c(note, r->version ? "forced, a run of it has the verdict FAIL"
                                  : "forced, the run's verdict is FAIL");
    }
    if (r->note && *r->note) {
        hb_buf_fmt(note, "%s%s", note->n ? ": " : "", r->note);
    }
    HB_TRY(hb_buf_check(note, err));
    const hb_tag_row row = {.tag = tag,
                            .run_id = r->run_id,
                            .version = r->version,
                            .registry_digest = r->registry_digest,
                            .set_by = r->set_by,
                            .note = note->p,
                            .set_at = r->now};
    return hb_store_set_tag(s, &row, err);
}

/* Is a run of it a FAIL? That is refused unless forced. */
static hb_status check_runs(hb_store *s, const hb_baseline_request *r, hb_arena *arena,
                            bool *ret_failed, hb_error *err)
{
    const char *one[] = {r->run_id};
    hb_version_row v = {.run_ids = one, .n_runs = 1};
    bool failed = false;
    if (r->version) {
        HB_TRY(hb_store_get_version(s, r->version, arena, &v, err));
    }
    for (size_t i = 0; i < v.n_runs; i++) {
        const char *verdict = "";
        HB_TRY(verdict_of(s, v.run_ids[i], arena, &verdict, err));
        failed = failed || strcmp(verdict, "FAIL") == 0;
        if (failed && !r->force) {
            return HB_FAIL(err, HB_E_DENIED,
                           "run '%s' has the verdict FAIL and is not made %s; choose another %s, "
                           "or repeat with --force when it is known to be good",
                           v.run_ids[i], r->version ? "part of a baseline" : "a baseline",
                           r->version ? "version" : "run");
        }
    }
    *ret_failed = failed;
    return HB_OK;
}

hb_status hb_baseline_may_set(const hb_policy *policy, const char *tag, hb_error *err)
{
    HB_TRY(check_tag(tag ? tag : "golden", err));
    if (policy->require_approval) {
        return HB_FAIL(err, HB_E_DENIED,
                       "policy '%s' requires approval for baselines, and this version has no "
                       "signed approvals; to set them without, write 'require_approval: false' "
                       "under 'governance' in that file",
                       policy->name);
    }
    return HB_OK;
}

hb_status hb_baseline_check_set(hb_store *s, const hb_policy *policy,
                                const hb_baseline_request *request, hb_error *err)
{
    HB_TRY(hb_baseline_may_set(policy, request->tag, err));
    hb_arena arena;
    bool failed = false;
    hb_arena_init(&arena, ROW_MAX_BYTES);
    hb_status status = check_runs(s, request, &arena, &failed, err);
    hb_arena_release(&arena);
    return status;
}

hb_status hb_baseline_set(hb_store *s, const hb_policy *policy, const hb_baseline_request *request,
                          hb_error *err)
{
    const char *tag = request->tag ? request->tag : "golden";
    HB_TRY(hb_baseline_may_set(policy, tag, err));
    hb_arena arena;
    hb_arena_init(&arena, ROW_MAX_BYTES);
    hb_buf note;
    hb_buf_init(&note, NOTE_MAX_BYTES);
    bool failed = false;
    hb_status status = check_runs(s, request, &arena, &failed, err);
    if (status == HB_OK) {
        status = set_tag(s, request, tag, failed, &note, err);
    }
    hb_buf_release(&note);
    hb_arena_release(&arena);
    return status;
}
