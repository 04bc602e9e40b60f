/* SPDX-License-Identifier: Apache-2.0 */
#include "support/inputs_case.h"

#include "decide/decision_json.h"
#include "decide/live.h"
#include "evidence/basis.h"
#include "evidence/inputs.h"
#include "support/check.h"
#include "telemetry/run_digest.h"

#include <stdio.h>

enum { TEXT_BYTES = 256 << 20, ARENA_BYTES = 256 << 20 };

typedef struct whole { /* copies that have what a registry would have given them */
    hb_arena arena;
    hb_run run;
    hb_run baseline;
    hb_reference reference;
    hb_prior prior;
    hb_live live;
    hb_window window;
} whole;

static void *room(whole *w, size_t n, size_t size)
{
    void *p = hb_arena_array(&w->arena, n ? n : 1, size);
    assert_non_null(p);
    return p;
}

static const char *made_id(whole *w, const char *what, size_t i)
{
    char text[65];
    snprintf(text, sizeof text, "%s%zu", what, i);
    char *copy = hb_arena_str(&w->arena, hb_str_of(text));
    assert_non_null(copy);
    return copy;
}

static const char *made_digest(whole *w, size_t i)
{
    char text[65];
    snprintf(text, sizeof text, "%064zx", i + 1);
    char *copy = hb_arena_str(&w->arena, hb_str_of(text));
    assert_non_null(copy);
    return copy;
}

static const hb_run_set *whole_set(whole *w, const hb_run_set *s)
{
    if (!s) {
        return NULL;
    }
    hb_run_set *to = room(w, 1, sizeof *to);
    hb_past_run *runs = room(w, s->n_runs, sizeof *runs);
    *to = *s;
    to->runs = runs;
    to->version = s->version ? s->version : "";
    for (size_t i = 0; i < s->n_runs; i++) {
        runs[i] = s->runs[i];
        runs[i].status = runs[i].status ? runs[i].status : "";
        if (!runs[i].digest || strlen(runs[i].digest) != 64) {
            runs[i].digest = made_digest(w, i);
        }
    }
    CHECK_OK(hb_run_set_digest_of(to, to->digest, &err));
    return to;
}

static const hb_suspicion *whole_suspicions(whole *w, const hb_prior *p)
{
    hb_suspicion *list = room(w, p->n_suspicions, sizeof *list);
    for (size_t i = 0; i < p->n_suspicions; i++) {
        list[i] = p->suspicions[i];
        if (!list[i].set_run_ids) {
            list[i].set_run_ids = room(w, list[i].n_set, sizeof *list[i].set_run_ids);
            for (size_t k = 0; k < list[i].n_set; k++) {
                list[i].set_run_ids[k] = made_id(w, "frozen-", k);
            }
        }
    }
    return list;
}

static void make_whole(whole *w, const hb_run *run, const hb_reference *r)
{
    hb_arena_init(&w->arena, ARENA_BYTES);
    w->run = *run;
    CHECK_OK(hb_run_set_digest(&w->run, &err));
    w->reference = *r;
    if (r->run) {
        w->baseline = *r->run;
        CHECK_OK(hb_run_set_digest(&w->baseline, &err));
        w->reference.run = &w->baseline;
    }
    w->reference.set = whole_set(w, r->set);
    w->reference.with = whole_set(w, r->with);
    if (r->prior) {
        w->prior = *r->prior;
        w->prior.history = whole_set(w, r->prior->history);
        w->prior.early = whole_set(w, r->prior->early);
        w->prior.suspicions = whole_suspicions(w, r->prior);
        w->reference.prior = &w->prior;
    }
    if (r->prior && r->prior->live) {
        w->live = *r->prior->live;
        w->window = *w->live.window;
        w->window.run = &w->run;
        w->live.window = &w->window;
        w->prior.live = &w->live;
    }
}

static void decided(const hb_run *run, const hb_reference *r, const hb_registry *registry,
                    const hb_policy *policy, hb_buf *json, hb_buf *basis)
{
    hb_decision *d = NULL;
    CHECK_OK(hb_decide(run, r, registry, policy, &d, &err));
    CHECK_OK(hb_decision_json(d, json, &err));
    CHECK_OK(hb_basis_json(d, basis, &err));
    hb_decision_free(d);
}

static hb_run *again(const hb_run *run, const char *name)
{
    hb_run *ret = NULL;
    hb_buf text;
    hb_buf more;
    hb_buf_init(&text, TEXT_BYTES);
    hb_buf_init(&more, TEXT_BYTES);
    CHECK_OK(hb_run_json(run, &text, &err));
    CHECK_OK(hb_run_from_json((hb_str){text.p, text.n}, name, &ret, NULL, &err));
    CHECK_OK(hb_run_json(ret, &more, &err));
    assert_int_equal(text.n, more.n);
    assert_memory_equal(text.p, more.p, text.n);
    hb_buf_release(&text);
    hb_buf_release(&more);
    return ret;
}

static void check_basis(const hb_buf *text)
{
    hb_arena arena;
    hb_basis b;
    hb_arena_init(&arena, ARENA_BYTES);
    CHECK_OK(hb_basis_read((hb_str){text->p, text->n}, &arena, &b, &err));
    hb_arena_release(&arena);
}

void inputs_check(const hb_run *run, const hb_reference *reference, const hb_registry *registry,
                  const hb_policy *policy)
{
    enum { FIRST, SECOND, TEXT, BASIS, BASIS_AGAIN, BUFS };
    const hb_inputs_config config = {
        .registry_name = "", .policy_name = "", .program = "", .mode = ""};
    whole w = {.run = {.digest = ""}};
    hb_reference_read *got = NULL;
    hb_buf b[BUFS];
    for (size_t i = 0; i < BUFS; i++) {
        hb_buf_init(&b[i], TEXT_BYTES);
    }
    make_whole(&w, run, reference);
    decided(&w.run, &w.reference, registry, policy, &b[FIRST], &b[BASIS]);
    hb_run *r = again(&w.run, "run");
    hb_run *base = reference->run ? again(&w.baseline, "baseline") : NULL;
    CHECK_OK(hb_reference_json(&w.reference, &config, &b[TEXT], &err));
    CHECK_OK(
        hb_reference_from_json((hb_str){b[TEXT].p, b[TEXT].n}, "reference", r, base, &got, &err));
    decided(r, hb_reference_of(got), registry, policy, &b[SECOND], &b[BASIS_AGAIN]);
    assert_string_equal(b[FIRST].p, b[SECOND].p);
    assert_string_equal(b[BASIS].p, b[BASIS_AGAIN].p);
    check_basis(&b[BASIS]);
    hb_reference_read_free(got);
    hb_run_free(r);
    hb_run_free(base);
    hb_arena_release(&w.arena);
    for (size_t i = 0; i < BUFS; i++) {
        hb_buf_release(&b[i]);
    }
}
