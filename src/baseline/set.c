/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/set.h"

#include "base/buf.h"
#include "baseline/approved.h"
#include "store/live.h"
#include "store/versions.h"

#include <string.h>

enum { TAG_MAX_CHARS = 64, NOTE_MAX_BYTES = 4096, ROW_MAX_BYTES = 64 << 20 };

hb_status hb_baseline_check_tag(const char *tag, hb_error *err)
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

static const char *tag_of(const hb_baseline_request *r)
{
    return r->tag ? r->tag : "golden";
}

/* The tag and what was signed for it: both or neither. */
static hb_status write(hb_store *s, const hb_tag_row *row, const hb_buf *envelope, hb_error *err)
{
    if (envelope->n) {
        HB_TRY(hb_statement_keep(s, (hb_str){envelope->p, envelope->n}, err));
    }
    return hb_store_set_tag(s, row, err);
}

static hb_status set_tag(hb_store *s, const hb_baseline_request *r, const char *by, bool forced,
                         const hb_buf *envelope, hb_buf *note, hb_error *err)
{
    if (r->break_glass) {
        hb_buf_c(note, "break-glass: ");
    }
    if (forced) {
        hb_buf_c(note, r->version ? "forced, a run of it has the verdict FAIL"
                                  : "forced, the run's verdict is FAIL");
    }
    if (r->note && *r->note) {
        hb_buf_fmt(note, "%s%s", forced ? ": " : "", r->note);
    }
    HB_TRY(hb_buf_check(note, err));
    const hb_tag_row row = {.tag = tag_of(r),
                            .run_id = r->run_id,
                            .version = r->version,
                            .registry_digest = r->registry_digest,
                            .set_by = by ? by : r->set_by,
                            .note = note->p,
                            .set_at = r->now};
    HB_TRY(hb_live_begin(s, err));
    return hb_live_end(s, write(s, &row, envelope, err), err);
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

static hb_status govern(hb_store *s, const hb_policy *policy, const hb_baseline_request *r,
                        hb_arena *arena, hb_buf *envelope, const char **ret_by, hb_error *err)
{
    const hb_matter_ask what = {
        .run_id = r->run_id, .version = r->version, .tag = tag_of(r), .purpose = "set"};
    hb_govern_ask ask = {
        .policy = policy, .signer = r->signer, .break_glass = r->break_glass, .now = r->now};
    HB_TRY(hb_baseline_check_tag(tag_of(r), err));
    if (!policy->require_approval && !r->break_glass) {
        return HB_OK;
    }
    HB_TRY(hb_matter_of(s, &what, arena, &ask.matter, err));
    ask.matter.reason = r->note;
    ask.matter.overrides = r->overrides;
    ask.matter.expires = r->break_glass ? r->expires : HB_TIME_NONE;
    return hb_govern(s, &ask, arena, envelope, ret_by, err);
}

hb_status hb_baseline_may_set(hb_store *s, const hb_policy *policy,
                              const hb_baseline_request *request, hb_error *err)
{
    hb_arena arena;
    hb_arena_init(&arena, ROW_MAX_BYTES);
    hb_status status = govern(s, policy, request, &arena, NULL, NULL, err);
    hb_arena_release(&arena);
    return status;
}

hb_status hb_baseline_check_set(hb_store *s, const hb_policy *policy,
                                const hb_baseline_request *request, hb_error *err)
{
    hb_arena arena;
    bool failed = false;
    HB_TRY(hb_baseline_may_set(s, policy, request, err));
    hb_arena_init(&arena, ROW_MAX_BYTES);
    hb_status status = check_runs(s, request, &arena, &failed, err);
    hb_arena_release(&arena);
    return status;
}

hb_status hb_baseline_set(hb_store *s, const hb_policy *policy, const hb_baseline_request *request,
                          hb_error *err)
{
    hb_arena arena;
    hb_buf note;
    hb_buf envelope;
    const char *by = NULL;
    bool failed = false;
    hb_arena_init(&arena, ROW_MAX_BYTES);
    hb_buf_init(&note, NOTE_MAX_BYTES);
    hb_buf_init(&envelope, HB_STATEMENT_BYTES_MAX);
    hb_status status = hb_baseline_check_tag(tag_of(request), err);
    if (status == HB_OK) {
        status = check_runs(s, request, &arena, &failed, err);
    }
    if (status == HB_OK) { /* last, so that nothing is signed that is refused */
        status = govern(s, policy, request, &arena, &envelope, &by, err);
    }
    if (status == HB_OK) {
        status = set_tag(s, request, by, failed, &envelope, &note, err);
    }
    hb_buf_release(&envelope);
    hb_buf_release(&note);
    hb_arena_release(&arena);
    return status;
}

hb_status hb_baseline_retire(hb_store *s, const hb_policy *policy, const hb_baseline_retirement *r,
                             hb_error *err)
{
    hb_arena arena;
    hb_buf envelope;
    const char *by = NULL;
    const hb_matter_ask what = {.version = r->version, .purpose = "retire"};
    hb_govern_ask ask = {.policy = policy, .signer = r->signer, .now = r->now};
    hb_arena_init(&arena, ROW_MAX_BYTES);
    hb_buf_init(&envelope, HB_STATEMENT_BYTES_MAX);
    hb_status status = hb_matter_of(s, &what, &arena, &ask.matter, err);
    if (status == HB_OK) {
        ask.matter.reason = r->reason;
        status = hb_govern(s, &ask, &arena, &envelope, &by, err);
    }
    if (status == HB_OK) {
        status = hb_live_begin(s, err);
    }
    if (status == HB_OK) {
        hb_status done =
            envelope.n ? hb_statement_keep(s, (hb_str){envelope.p, envelope.n}, err) : HB_OK;
        if (done == HB_OK) {
            done = hb_store_retire_version(s, r->version, r->reason, by ? by : r->by, r->now, err);
        }
        status = hb_live_end(s, done, err);
    }
    hb_buf_release(&envelope);
    hb_arena_release(&arena);
    return status;
}
