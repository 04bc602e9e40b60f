/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/baseline.h"

#include "baseline/approved.h"
#include "baseline/run_set.h"

#include <string.h>

enum { NAMES_MAX_BYTES = 1 << 20, STATEMENTS_MAX_BYTES = 64 << 20, TEXT_MAX_BYTES = 4096 };

static hb_reference no_reference(const char *tag)
{
    return (hb_reference){.reason = "tag_not_found",
                          .strategy = "tag",
                          .tag = tag,
                          .level = HB_MATCH_NONE,
                          .warning = ""};
}

void hb_live_baseline_init(hb_live_baseline *b)
{
    *b = (hb_live_baseline){
        .version = "", .run_id = "", .reason = "", .note = "", .reference = no_reference("")};
    hb_arena_init(&b->arena, NAMES_MAX_BYTES);
}

static void unload(hb_live_baseline *b)
{
    if (b->has_set) {
        hb_run_set_release(&b->set);
    }
    if (b->selected) {
        hb_selection_release(&b->selection);
    }
    b->has_set = b->selected = false;
}

void hb_live_baseline_release(hb_live_baseline *b)
{
    unload(b);
    hb_arena_release(&b->arena);
    *b = (hb_live_baseline){.version = "", .run_id = "", .reason = "", .note = ""};
}

bool hb_live_baseline_exists(const hb_live_baseline *b)
{
    return b->reference.run != NULL;
}

bool hb_live_baseline_same(const hb_live_baseline *a, const hb_live_baseline *b)
{
    return strcmp(a->version, b->version) == 0 && strcmp(a->run_id, b->run_id) == 0 &&
           strcmp(a->reason, b->reason) == 0 && strcmp(a->note, b->note) == 0;
}

/* A run without metrics, so that units and sets do not depend on which window came first. */
static hb_run blank_run(const hb_engine_setup *s)
{
    hb_run run = {.meta = s->config->meta, .t_first = HB_TIME_NONE, .t_last = HB_TIME_NONE};
    run.meta.run_id = "";
    if (s->mode) {
        run.meta.context[HB_CONTEXT_OPERATING_MODE] = s->mode;
    }
    return run;
}

static hb_status select_named(const hb_engine_setup *s, const hb_run *blank, hb_live_baseline *b,
                              hb_selection *ret, hb_error *err)
{
    const hb_select_ask ask = {.run = blank,
                               .policy = s->policy,
                               .registry = s->registry,
                               .version = *b->version ? b->version : NULL,
                               .baseline = *b->version ? NULL : b->run_id,
                               .now = s->os->now()};
    return hb_baseline_select(s->store, &ask, ret, err);
}

/* A run's set is whatever is comparable when the tag is first seen; from then on it is named. */
static hb_status freeze_set(const hb_engine_setup *s, hb_live_baseline *b, hb_error *err)
{
    const hb_run blank = blank_run(s);
    hb_selection sel;
    HB_TRY(select_named(s, &blank, b, &sel, err));
    const hb_run_set *set = sel.reference.set;
    size_t n = set && sel.reference.run ? set->n_runs : 0;
    hb_status status = HB_OK;
    b->set_ids = hb_arena_array(&b->arena, n + 1, sizeof *b->set_ids);
    for (size_t i = 0; b->set_ids && i < n && status == HB_OK; i++) {
        b->set_ids[i] = hb_arena_str(&b->arena, hb_str_of(set->runs[i].run_id));
        status = b->set_ids[i] ? HB_OK : HB_NOMEM(err);
    }
    b->n_set_ids = n;
    hb_selection_release(&sel);
    return b->set_ids ? status : HB_NOMEM(err);
}

/* The text of a refusal names who could approve it as of now; only what does not change by itself
 * counts as another baseline, so it is the reason that is kept. */
static hb_status ask_approval(const hb_engine_setup *s, const hb_tag_row *row, hb_live_baseline *b,
                              bool *ret_stands, hb_error *err)
{
    hb_governed g = {.text = ""};
    hb_arena arena;
    hb_arena_init(&arena, STATEMENTS_MAX_BYTES);
    hb_status status = hb_tag_look(s->store, s->policy, row, s->os->now(), &arena, &g, err);
    if (status == HB_OK) {
        *ret_stands = g.standing != HB_STANDING_NONE;
        b->reason = *ret_stands ? "" : g.over ? "break_glass_over" : "tag_not_approved";
        b->note =
            g.standing == HB_STANDING_BREAK_GLASS ? hb_arena_str(&b->arena, hb_str_of(g.text)) : "";
        status = b->note ? HB_OK : HB_NOMEM(err);
        b->note = b->note ? b->note : "";
    }
    hb_arena_release(&arena);
    return status;
}

hb_status hb_live_baseline_find(const hb_engine_setup *s, const char *tag, hb_live_baseline *b,
                                hb_error *err)
{
    const hb_run_meta *m = &s->config->meta;
    hb_tag_row row = {0};
    bool found = false;
    hb_live_baseline_release(b);
    hb_live_baseline_init(b);
    HB_TRY(hb_store_get_tag(s->store, tag, m->program, m->subsystem, m->test_name, &b->arena, &row,
                            &found, err));
    if (found) {
        HB_TRY(ask_approval(s, &row, b, &found, err));
    }
    if (found) {
        b->version = row.version;
        b->run_id = *row.version ? "" : row.run_id;
    }
    return found && *b->run_id ? freeze_set(s, b, err) : HB_OK;
}

hb_status hb_live_baseline_name(hb_live_baseline *b, const char *version, hb_error *err)
{
    hb_live_baseline_release(b);
    hb_live_baseline_init(b);
    const char *copy = hb_arena_str(&b->arena, hb_str_of(version));
    b->version = copy ? copy : "";
    return copy ? HB_OK : HB_NOMEM(err);
}

static hb_status load_set(const hb_engine_setup *s, const hb_run *blank, hb_live_baseline *b,
                          hb_error *err)
{
    const hb_run_set_ask ask = {.run = blank, .registry = s->registry, .kind = "comparable"};
    hb_reference *r = &b->reference;
    r->set = NULL;
    r->n_comparable = 0;
    if (b->n_set_ids == 0) {
        return HB_OK;
    }
    HB_TRY(hb_run_set_load(s->store, &ask, b->set_ids, b->n_set_ids, &b->set, NULL, err));
    b->has_set = true;
    r->set = &b->set;
    for (size_t i = b->n_set_ids; i-- > 0 && r->n_comparable < HB_COMPARABLE_MAX;) {
        r->comparable[r->n_comparable++] = b->set_ids[i];
    }
    return HB_OK;
}

hb_status hb_live_baseline_load(const hb_engine_setup *s, const char *tag, hb_live_baseline *b,
                                hb_error *err)
{
    const hb_run blank = blank_run(s);
    unload(b);
    b->reference = no_reference(tag);
    const hb_baseline_reason *why = hb_baseline_reason_find(b->reason);
    if (why) {
        b->reference.reason = why->name;
        b->reference.warning = why->meaning;
        return HB_OK;
    }
    if (!*b->version && !*b->run_id) {
        b->reference.warning =
            "the tag is not set for this test; the daemon sets it when it has trained (train: 24h "
            "in daemon.yaml), or set it: hb baseline set RUN --tag TAG";
        return HB_OK;
    }
    HB_TRY(select_named(s, &blank, b, &b->selection, err));
    b->selected = true;
    hb_reference *r = &b->reference;
    *r = b->selection.reference;
    r->strategy = "tag";
    r->tag = tag;
    r->with = NULL;
    r->prior = NULL;
    if (!r->run) {
        r->set = NULL;
        r->n_comparable = 0;
        return HB_OK;
    }
    r->reason = *b->version ? "version" : "tag";
    r->level = HB_MATCH_TAG;
    r->warning = b->note; /* the selection's speaks of verdicts and tags as they are now */
    return *b->version ? HB_OK : load_set(s, &blank, b, err);
}

/* --- in the state --- */

void hb_state_put_text(hb_buf *out, const char *text)
{
    size_t n = strlen(text);
    hb_wire_put_u32(out, (uint32_t)n);
    hb_buf_add(out, text, n);
}

hb_status hb_state_get_text(hb_rd *in, hb_arena *arena, const char **ret, hb_error *err)
{
    uint32_t n = hb_rd_u32(in);
    if (in->failed || n > TEXT_MAX_BYTES || n > hb_rd_left(in)) {
        return HB_FAIL(err, HB_E_INPUT, "a text of the state is damaged");
    }
    char *text = hb_arena_alloc(arena, n + 1u);
    if (!text) {
        return HB_NOMEM(err);
    }
    hb_rd_bytes(in, text, n);
    *ret = text;
    return HB_OK;
}

void hb_live_baseline_save(const hb_live_baseline *b, hb_buf *out)
{
    hb_state_put_text(out, b->version);
    hb_state_put_text(out, b->run_id);
    hb_state_put_text(out, b->reason);
    hb_state_put_text(out, b->note);
    hb_wire_put_u32(out, (uint32_t)b->n_set_ids);
    for (size_t i = 0; i < b->n_set_ids; i++) {
        hb_state_put_text(out, b->set_ids[i]);
    }
}

hb_status hb_live_baseline_restore(hb_live_baseline *b, hb_rd *in, bool has_approval, hb_error *err)
{
    hb_live_baseline_release(b);
    hb_live_baseline_init(b);
    HB_TRY(hb_state_get_text(in, &b->arena, &b->version, err));
    HB_TRY(hb_state_get_text(in, &b->arena, &b->run_id, err));
    if (has_approval) {
        HB_TRY(hb_state_get_text(in, &b->arena, &b->reason, err));
        HB_TRY(hb_state_get_text(in, &b->arena, &b->note, err));
    }
    uint32_t n = hb_rd_u32(in);
    if (in->failed || n > HB_PAST_RUNS_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "a baseline of the state is damaged");
    }
    b->set_ids = hb_arena_array(&b->arena, n + 1u, sizeof *b->set_ids);
    if (!b->set_ids) {
        return HB_NOMEM(err);
    }
    for (; b->n_set_ids < n; b->n_set_ids++) {
        HB_TRY(hb_state_get_text(in, &b->arena, &b->set_ids[b->n_set_ids], err));
    }
    return HB_OK;
}
