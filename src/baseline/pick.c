/* SPDX-License-Identifier: Apache-2.0 */
/* The strategies: each names candidates, or the reason why there is none. The store does the
 * ranking, so no candidate is left out by a limit. */
#include "baseline/pick.h"

#include "baseline/approved.h"

#include <string.h>

enum {
    LOOKED_AT = 4 * HB_COMPARABLE_MAX, /* copies of one recording are counted once */
    DIGEST_TOLD = 12,
};

void hb_pick_warn(hb_picker *p)
{
    if (p->warning.n) {
        hb_buf_c(&p->warning, "; ");
    }
}

/* Two recordings are never equal in every sample: equal digests mean one recording under two names.
 * A table of stated values may well repeat, so there only the run_id tells. */
const char *hb_pick_own_digest(const hb_picker *p)
{
    for (size_t i = 0; i < p->run->n_metrics; i++) {
        if (!p->run->metrics[i].stated) {
            return p->run->digest;
        }
    }
    return NULL;
}

hb_run_query hb_pick_others(const hb_picker *p)
{
    const hb_run_meta *m = &p->run->meta;
    hb_run_query q = {.program = m->program,
                      .subsystem = m->subsystem,
                      .test_name = m->test_name,
                      .except_run_id = m->run_id,
                      .except_digest = hb_pick_own_digest(p)};
    memcpy(q.context, p->context, sizeof q.context);
    return q;
}

static bool is_named(const hb_picker *p, const char *run_id)
{
    for (size_t i = 0; i < p->ask->n_with; i++) {
        if (strcmp(p->ask->with[i], run_id) == 0) {
            return true;
        }
    }
    return false;
}

bool hb_pick_is_suspect(const hb_picker *p, const char *run_id)
{
    for (size_t i = 0; i < p->n_suspects; i++) {
        if (strcmp(p->suspects[i].run_id, run_id) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_left_out(const hb_picker *p, const hb_choice *taken, const hb_run_row *row)
{
    bool out = (p->ask->n_with && is_named(p, row->run_id)) ||
               (p->trusted_only && hb_pick_is_suspect(p, row->run_id));
    for (size_t k = 0; k < taken->n && !out; k++) {
        out = strcmp(taken->rows[k].digest, row->digest) == 0;
    }
    return out;
}

/* After a change that stays, all newest runs are suspect: what lies behind them is the baseline
 * still. So the list is read on where it is in the order of time. */
hb_status hb_pick_list(hb_picker *p, hb_run_query q, size_t max, hb_choice *ret, hb_error *err)
{
    bool any = max == 1 && !p->ask->n_with && !p->trusted_only;
    size_t n = 0;
    q.limit = any ? 1 : LOOKED_AT;
    ret->n = 0;
    do {
        hb_run_row *rows = NULL;
        HB_TRY(hb_store_list_runs(p->s, &q, &p->sel->arena, &rows, &n, err));
        for (size_t i = 0; i < n && ret->n < max; i++) {
            if (!is_left_out(p, ret, &rows[i])) {
                ret->rows[ret->n++] = rows[i];
            }
        }
        if (n) {
            q.before = rows[n - 1].order;
            q.before_run_id = rows[n - 1].run_id;
        }
    } while (!any && n == q.limit && ret->n < max && !q.best_score_first);
    return HB_OK;
}

bool hb_pick_same_test(const hb_picker *p, const hb_run_row *row)
{
    const hb_run_meta *m = &p->run->meta;
    return strcmp(row->program, m->program) == 0 && strcmp(row->subsystem, m->subsystem) == 0 &&
           strcmp(row->test_name, m->test_name) == 0;
}

bool hb_pick_is_self(const hb_picker *p, const hb_run_row *row)
{
    const char *digest = hb_pick_own_digest(p);
    return strcmp(row->run_id, p->run->meta.run_id) == 0 ||
           (digest && strcmp(row->digest, digest) == 0);
}

hb_status hb_pick_by_id(hb_picker *p, const char *run_id, hb_choice *c, hb_error *err)
{
    hb_run_query q = {.run_id = run_id, .limit = 1};
    hb_run_row *rows = NULL;
    memcpy(q.context, p->context, sizeof q.context);
    HB_TRY(hb_store_list_runs(p->s, &q, &p->sel->arena, &rows, &c->n, err));
    if (c->n) {
        c->rows[0] = rows[0];
    }
    return HB_OK;
}

static void refuse(hb_choice *c, const char *reason)
{
    c->n = 0;
    c->reason = reason;
}

static hb_status pick_named(hb_picker *p, hb_choice *c, hb_error *err)
{
    HB_TRY(hb_pick_by_id(p, p->ask->baseline, c, err));
    if (c->n == 0) {
        hb_run *none = NULL;
        return hb_store_get_run(p->s, p->ask->baseline, &none, err); /* says which ids are near */
    }
    const hb_run_meta *m = &p->run->meta;
    if (hb_pick_is_self(p, &c->rows[0])) {
        return HB_FAIL(err, HB_E_USAGE,
                       "run '%s' cannot be its own baseline ('%s' has its content)", m->run_id,
                       p->ask->baseline);
    }
    if (!hb_pick_same_test(p, &c->rows[0])) {
        const hb_run_row *row = &c->rows[0];
        return HB_FAIL(err, HB_E_USAGE,
                       "run '%s' is of program '%s', subsystem '%s', test '%s', but run '%s' of "
                       "'%s', '%s', '%s'; only runs of one test are compared",
                       row->run_id, row->program, row->subsystem, row->test_name, m->run_id,
                       m->program, m->subsystem, m->test_name);
    }
    c->reason = "explicit";
    if (p->policy->require_approval) {
        hb_pick_warn(p);
        hb_buf_fmt(&p->warning,
                   "baseline '%s' was named on the command line: whether it is approved, as the "
                   "policy requires of tags, was not asked",
                   p->ask->baseline);
    }
    return HB_OK;
}

static hb_status pick_explicit(hb_picker *p, hb_choice *c, hb_error *err)
{
    if (p->ask->baseline) {
        return pick_named(p, c, err);
    }
    const char *run_id = p->policy->baseline_run;
    c->reason = "explicit";
    if (!run_id || !*run_id) {
        refuse(c, "explicit_not_set");
        return HB_OK;
    }
    HB_TRY(hb_pick_by_id(p, run_id, c, err));
    if (c->n == 0) {
        refuse(c, "explicit_not_found");
    } else if (hb_pick_is_self(p, &c->rows[0])) {
        refuse(c, "explicit_self");
    } else if (!hb_pick_same_test(p, &c->rows[0])) {
        refuse(c, "explicit_other_test");
    }
    return HB_OK;
}

static void check_registry(hb_picker *p, const hb_tag_row *tag)
{
    const char *now = p->ask->registry ? hb_registry_digest(p->ask->registry) : "";
    if (p->policy->warn_on_mismatch && *now && *tag->registry_digest &&
        strcmp(now, tag->registry_digest) != 0) {
        hb_pick_warn(p);
        hb_buf_fmt(&p->warning,
                   "tag '%s' was set under another metric registry (%.*s, now %.*s), limits may "
                   "have changed since",
                   tag->tag, DIGEST_TOLD, tag->registry_digest, DIGEST_TOLD, now);
    }
}

static hb_status no_tag(hb_picker *p, const char *name, hb_choice *c, hb_error *err)
{
    const hb_tag_query q = {.tag = name, .program = p->run->meta.program};
    hb_tag_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_tags(p->s, &q, &p->sel->arena, &rows, &n, err));
    refuse(c, n ? "tag_other_test" : "tag_not_found");
    if (n) {
        hb_buf_fmt(&p->warning, "tag '%s' points at run '%s' of subsystem '%s', test '%s'; ", name,
                   rows[0].run_id, rows[0].subsystem, rows[0].test_name);
    }
    return HB_OK;
}

/* The runs of a version; the run itself is never part of its own baseline. */
static hb_status pick_version(hb_picker *p, const char *name, hb_choice *c, hb_error *err)
{
    hb_arena *arena = &p->sel->arena;
    hb_version_row *v = hb_arena_array(arena, 1, sizeof *v);
    if (!v) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_store_get_version(p->s, name, arena, v, err));
    c->reason = "version";
    c->version = v;
    c->run_ids = hb_arena_array(arena, v->n_runs, sizeof *c->run_ids);
    c->n_run_ids = 0;
    if (!c->run_ids) {
        return HB_NOMEM(err);
    }
    hb_choice one = {.n = 0};
    for (size_t i = 0; i < v->n_runs; i++) {
        HB_TRY(hb_pick_by_id(p, v->run_ids[i], &one, err));
        if (one.n && !hb_pick_is_self(p, &one.rows[0])) {
            c->run_ids[c->n_run_ids++] = v->run_ids[i];
            c->rows[0] = one.rows[0];
            c->n = 1;
        }
    }
    if (*v->retired_reason) {
        hb_buf_fmt(&p->warning, "baseline version '%s' was retired: %.200s; ", v->version,
                   v->retired_reason);
        refuse(c, "version_retired");
    } else if (c->n && !hb_pick_same_test(p, &c->rows[0])) {
        refuse(c, "tag_other_test");
    } else if (c->n == 0) {
        refuse(c, "tag_self");
    } else if (c->n_run_ids < v->n_runs) {
        hb_pick_warn(p);
        hb_buf_fmt(&p->warning,
                   "this run is one of the %zu of baseline version '%s' and is left out of it",
                   v->n_runs, v->version);
    }
    return HB_OK;
}

/* Asked each time: approvals can be taken back, keys expire, and a break-glass has an end. What is
 * not approved is no baseline, and nothing else takes its place. */
static hb_status check_approval(hb_picker *p, const hb_tag_row *tag, hb_choice *c, bool *ret,
                                hb_error *err)
{
    hb_governed g = {.text = ""};
    HB_TRY(hb_tag_look(p->s, p->policy, tag, p->ask->now, &p->sel->arena, &g, err));
    *ret = g.standing != HB_STANDING_NONE;
    if (g.standing == HB_STANDING_BREAK_GLASS) {
        hb_pick_warn(p);
        hb_buf_fmt(&p->warning, "tag '%s' was %s", tag->tag, g.text);
    } else if (!*ret) {
        refuse(c, g.over ? "break_glass_over" : "tag_not_approved");
        hb_buf_fmt(&p->warning, "tag '%s': %s; ", tag->tag, g.text);
    }
    return HB_OK;
}

static hb_status pick_tag(hb_picker *p, hb_choice *c, hb_error *err)
{
    const hb_run_meta *m = &p->run->meta;
    const char *name = hb_policy_tag(p->policy);
    hb_tag_row tag = {0};
    bool found = false;
    bool approved = false;
    if (!*name) {
        refuse(c, "tag_not_set");
        return HB_OK;
    }
    p->sel->reference.tag = name;
    HB_TRY(hb_store_get_tag(p->s, name, m->program, m->subsystem, m->test_name, &p->sel->arena,
                            &tag, &found, err));
    if (!found) {
        return no_tag(p, name, c, err);
    }
    HB_TRY(check_approval(p, &tag, c, &approved, err));
    if (!approved) {
        return HB_OK;
    }
    if (*tag.version) {
        HB_TRY(pick_version(p, tag.version, c, err));
        if (c->n) {
            check_registry(p, &tag);
        }
        return HB_OK;
    }
    HB_TRY(hb_pick_by_id(p, tag.run_id, c, err));
    c->reason = "tag";
    if (c->n == 0 || !hb_pick_same_test(p, &c->rows[0])) {
        refuse(c, "tag_other_test");
    } else if (hb_pick_is_self(p, &c->rows[0])) {
        refuse(c, "tag_self");
    } else {
        check_registry(p, &tag);
    }
    return HB_OK;
}

static hb_status why_none(hb_picker *p, bool fallback, hb_choice *c, hb_error *err)
{
    hb_run_query q = hb_pick_others(p);
    HB_TRY(hb_pick_list(p, q, 1, c, err));
    if (c->n == 0) {
        refuse(c, "no_runs");
        return HB_OK;
    }
    q.status = fallback ? NULL : "PASS";
    HB_TRY(hb_pick_list(p, q, 1, c, err));
    /* Left in place for the text: the newest run that would have done but for its context. */
    c->reason = c->n ? "context_mismatch" : "no_pass";
    return HB_OK;
}

static hb_status pick_last_pass(hb_picker *p, hb_choice *c, hb_error *err)
{
    hb_run_query q = hb_pick_others(p);
    q.best_score_first = true;
    q.min_score = p->possible ? 1 : 0;
    q.status = "PASS";
    c->reason = "last_pass";
    HB_TRY(hb_pick_list(p, q, 1, c, err));
    if (c->n) {
        return HB_OK;
    }
    bool fallback = p->policy->fallback == HB_FALLBACK_LATEST;
    if (fallback) {
        q.status = NULL;
        c->reason = "fallback_latest";
        HB_TRY(hb_pick_list(p, q, 1, c, err));
    }
    return c->n ? HB_OK : why_none(p, fallback, c, err);
}

static hb_status pick_rolling(hb_picker *p, hb_choice *c, hb_error *err)
{
    hb_run_query q = hb_pick_others(p);
    q.status = "PASS";
    q.min_score = p->possible;
    size_t max = p->policy->rolling_runs;
    max = max < 1 ? 1 : max > HB_COMPARABLE_MAX ? HB_COMPARABLE_MAX : max;
    c->reason = "rolling";
    HB_TRY(hb_pick_list(p, q, max, c, err));
    if (c->n) {
        return HB_OK;
    }
    HB_TRY(pick_last_pass(p, c, err));
    if (strcmp(c->reason, "last_pass") == 0) {
        hb_buf_c(&p->warning, "no run with equal context passed, so none could be pooled; the "
                              "strategy last_pass was used instead of rolling");
    }
    return HB_OK;
}

hb_status hb_pick(hb_picker *p, hb_choice *c, hb_error *err)
{
    typedef hb_status (*strategy)(hb_picker * p, hb_choice * c, hb_error * err);
    static const strategy strategies[HB_STRATEGY_COUNT_] = {
        [HB_STRATEGY_LAST_PASS] = pick_last_pass, [HB_STRATEGY_TAG] = pick_tag,
        [HB_STRATEGY_GOLDEN] = pick_tag,          [HB_STRATEGY_ROLLING] = pick_rolling,
        [HB_STRATEGY_EXPLICIT] = pick_explicit,
    };
    hb_strategy by = p->ask->baseline ? HB_STRATEGY_EXPLICIT : hb_policy_chooses_by(p->policy);
    p->sel->reference.strategy = hb_strategy_name(by);
    if (p->ask->version) {
        p->sel->reference.tag = hb_policy_tag(p->policy);
        return pick_version(p, p->ask->version, c, err);
    }
    return strategies[by](p, c, err);
}
