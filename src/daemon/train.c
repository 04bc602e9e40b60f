/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/train.h"

#include "base/mem.h"
#include "baseline/quality.h"
#include "baseline/set.h"
#include "baseline/version.h"

#include <stdio.h>
#include <string.h>

enum { LEAST_RUNS = 3, ARENA_BYTES = 64 << 20, RUNS_MAX = HB_VERSION_RUNS_MAX };

static const char by[] = "hb daemon";

void hb_training_start(hb_training *t, const hb_daemon_config *c, const hb_daemon_window *w)
{
    int64_t by_time = (c->train_ns + w->slide_ns - 1) / w->slide_ns;
    int64_t wanted = c->train_windows ? c->train_windows : by_time;
    wanted = wanted < LEAST_RUNS ? LEAST_RUNS : wanted > UINT32_MAX ? UINT32_MAX : wanted;
    /* Overlapping windows share samples: those that become runs are a size apart. */
    int64_t apart = wanted / (w->size_ns / w->slide_ns);
    int64_t runs = apart < LEAST_RUNS ? LEAST_RUNS : apart > RUNS_MAX ? RUNS_MAX : apart;
    *t = (hb_training){.phase = HB_TRAIN_ON, .wanted = (uint32_t)wanted, .runs = (uint32_t)runs};
}

void hb_training_release(hb_training *t)
{
    hb_free(t->run_ids);
    *t = (hb_training){0};
}

bool hb_training_takes(const hb_training *t)
{
    uint64_t before = (uint64_t)t->seen * t->runs / t->wanted;
    uint64_t after = ((uint64_t)t->seen + 1) * t->runs / t->wanted;
    return t->phase == HB_TRAIN_ON && after != before;
}

hb_status hb_training_add(hb_training *t, const char *run_id, hb_error *err)
{
    if (run_id) {
        HB_TRY(HB_GROW(t->run_ids, t->cap_run_ids, t->n_run_ids + 1, RUNS_MAX + 1, "training runs",
                       err));
        hb_str_fit(run_id, t->run_ids[t->n_run_ids++], HB_TRAIN_RUN_ID);
    }
    t->seen++;
    return HB_OK;
}

/* --- the version --- */

static hb_status keep_quality(const hb_engine_setup *s, const char *version, const char *purpose,
                              const hb_quality *q, hb_error *err)
{
    hb_buf text;
    hb_json j;
    hb_buf_init(&text, HB_VERSION_JSON_MAX);
    hb_json_init(&j, &text, HB_JSON_CANONICAL);
    hb_quality_json(q, &j);
    hb_status status = hb_json_done(&j, err);
    if (status == HB_OK) {
        const hb_quality_row row = {.version = version,
                                    .purpose = purpose,
                                    .passed = q->overall == HB_OUTCOME_PASS,
                                    .json = text.p,
                                    .override_reason = "",
                                    .checked_by = by,
                                    .checked_at = s->os->now()};
        status = hb_store_add_quality(s->store, &row, err);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status refuse(hb_training *t, const char *version, const char *why)
{
    t->phase = HB_TRAIN_REFUSED;
    snprintf(t->why, sizeof t->why,
             "the trained baseline %.12s was not made the tag's: %.240s; look at it with 'hb "
             "baseline check', then 'hb baseline promote --version %.12s'",
             version, why, version);
    return HB_OK;
}

/* A gate of the definition's tag is one of its modes' as well: TAG-MODE is not named there. */
static bool is_gated(const hb_engine_setup *s, const char *tag)
{
    char of_all[HB_LANE_TAG_BYTES];
    size_t n = strlen(tag);
    size_t mode = s->mode ? strlen(s->mode) + 1 : 0;
    snprintf(of_all, sizeof of_all, "%.*s", (int)(n > mode ? n - mode : 0), tag);
    return hb_quality_policy_gates(s->quality, tag) || hb_quality_policy_gates(s->quality, of_all);
}

/* The gate is the one of `hb baseline promote`, without an override: nobody is there to give a
 * reason. */
static hb_status promote(const hb_engine_setup *s, const char *tag, const char *version,
                         const hb_quality *q, hb_training *t, hb_error *err)
{
    hb_error why = {0};
    const hb_baseline_request request = {.version = version,
                                         .tag = tag,
                                         .registry_digest = hb_registry_digest(s->registry),
                                         .set_by = by,
                                         .note = "trained",
                                         .now = s->os->now()};
    if (q->blocks && is_gated(s, tag)) {
        return refuse(t, version, q->why);
    }
    hb_status status = hb_baseline_check_set(s->store, s->policy, &request, &why);
    if (status == HB_E_DENIED) {
        return refuse(t, version, why.msg);
    }
    if (status != HB_OK) {
        return HB_FAIL(err, status, "%s", why.msg);
    }
    HB_TRY(keep_quality(s, version, "promote", q, err));
    HB_TRY(hb_baseline_set(s->store, s->policy, &request, err));
    t->phase = HB_TRAIN_DONE;
    return HB_OK;
}

/* Did we set the tag to this version before? It may have moved on since. */
static hb_status was_ours(const hb_engine_setup *s, const char *tag, const char *version,
                          bool *ret_tagged, bool *ret_ours, hb_error *err)
{
    const hb_run_meta *m = &s->config->meta;
    const hb_tag_query q = {
        .tag = tag, .program = m->program, .subsystem = m->subsystem, .test_name = m->test_name};
    hb_tag_row *rows = NULL;
    size_t n = 0;
    hb_arena arena;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_status status = hb_store_tag_history(s->store, &q, &arena, &rows, &n, err);
    *ret_tagged = status == HB_OK && n > 0;
    *ret_ours = false;
    for (size_t i = 0; status == HB_OK && i < n; i++) {
        *ret_ours =
            *ret_ours || (strcmp(rows[i].version, version) == 0 && strcmp(rows[i].set_by, by) == 0);
    }
    hb_arena_release(&arena);
    return status;
}

/* After a crash between a commit and this, or while records are read again, all of it may be there
 * already. */
static hb_status keep_and_promote(const hb_engine_setup *s, const char *tag,
                                  const hb_version_pick *pick, const hb_version_made *made,
                                  const hb_quality *q, hb_training *t, hb_error *err)
{
    const hb_version_label label = {
        .name = "", .note = "trained by hb daemon", .by = by, .now = s->os->now()};
    char version[65] = "";
    bool existed = false;
    bool tagged = false;
    bool ours = false;
    HB_TRY(hb_version_keep(s->store, pick, made, &label, version, &existed, err));
    if (!existed) {
        HB_TRY(keep_quality(s, version, "create", q, err));
    }
    HB_TRY(was_ours(s, tag, version, &tagged, &ours, err));
    hb_str_fit(ours || !tagged ? version : "", t->version, sizeof t->version);
    if (tagged) { /* by us before, or by a person meanwhile, who knows better */
        t->phase = HB_TRAIN_DONE;
        return HB_OK;
    }
    return promote(s, tag, version, q, t, err);
}

static hb_status make(const hb_engine_setup *s, const char *tag, const hb_version_pick *pick,
                      hb_training *t, hb_error *err)
{
    const hb_version_with with = {.registry = s->registry, .policy = s->policy};
    hb_version_made made;
    hb_quality *q = NULL;
    HB_TRY(hb_version_make(s->store, pick, &with, &made, err));
    const hb_quality_input in = {
        .set = &made.set, .policy = s->quality, .context_match = s->policy->context_match};
    hb_status status = hb_baseline_quality(&in, &q, err);
    if (status == HB_OK) {
        status = keep_and_promote(s, tag, pick, &made, q, t, err);
    }
    hb_quality_free(q);
    hb_version_made_release(&made);
    return status;
}

static hb_status finish(const hb_engine_setup *s, const char *tag, hb_training *t, hb_error *err)
{
    const char *ids[RUNS_MAX + 1];
    for (size_t i = 0; i < t->n_run_ids; i++) {
        ids[i] = t->run_ids[i];
    }
    const hb_version_ask ask = {
        .policy = s->policy, .run_ids = ids, .n_run_ids = t->n_run_ids, .from = HB_TIME_NONE};
    hb_version_pick pick;
    HB_TRY(hb_version_pick_runs(s->store, &ask, &pick, err));
    hb_status status = make(s, tag, &pick, t, err);
    hb_version_pick_release(&pick);
    return status;
}

hb_status hb_training_finish(const hb_engine_setup *s, const char *tag, hb_training *t,
                             hb_error *err)
{
    HB_TRY(hb_live_begin(s->store, err));
    hb_status status = hb_live_end(s->store, finish(s, tag, t, err), err);
    t->phase = status == HB_OK ? t->phase : HB_TRAIN_ON; /* nothing was kept: to be tried again */
    return status;
}

/* --- in the state --- */

void hb_training_save(const hb_training *t, hb_buf *out)
{
    hb_wire_put_u32(out, t->phase);
    hb_wire_put_u32(out, t->wanted);
    hb_wire_put_u32(out, t->runs);
    hb_wire_put_u32(out, t->seen);
    hb_state_put_text(out, t->why);
    hb_state_put_text(out, t->version);
    hb_wire_put_u32(out, (uint32_t)t->n_run_ids);
    for (size_t i = 0; i < t->n_run_ids; i++) {
        hb_state_put_text(out, t->run_ids[i]);
    }
}

hb_status hb_training_restore(hb_training *t, hb_rd *in, hb_error *err)
{
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_training_release(t);
    uint32_t phase = hb_rd_u32(in);
    t->wanted = hb_rd_u32(in);
    t->runs = hb_rd_u32(in);
    t->seen = hb_rd_u32(in);
    const char *text = "";
    hb_status status = hb_state_get_text(in, &arena, &text, err);
    hb_str_fit(text, t->why, sizeof t->why);
    if (status == HB_OK) {
        status = hb_state_get_text(in, &arena, &text, err);
    }
    hb_str_fit(text, t->version, sizeof t->version);
    uint32_t n = hb_rd_u32(in);
    bool sound = !in->failed && phase < HB_TRAIN_PHASE_COUNT_ && n <= RUNS_MAX &&
                 (phase != HB_TRAIN_ON || t->wanted > 0);
    t->phase = sound ? (hb_train_phase)phase : HB_TRAIN_OFF;
    uint32_t seen = t->seen;
    for (uint32_t i = 0; sound && i < n && status == HB_OK; i++) {
        status = hb_state_get_text(in, &arena, &text, err);
        if (status == HB_OK) {
            status = hb_training_add(t, text, err);
        }
    }
    t->seen = seen;
    hb_arena_release(&arena);
    HB_TRY(status);
    return sound ? HB_OK : HB_FAIL(err, HB_E_INPUT, "a training of the state is damaged");
}
