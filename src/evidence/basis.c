/* SPDX-License-Identifier: Apache-2.0 */
/* docs/formats/basis.md. Runs are named, not repeated; only what the registry will tell otherwise
 * one day stands here: the status each run had, and what is frozen with a suspicion. */
#include "evidence/basis.h"

#include "evidence/inputs_internal.h"

static const char format[] = "hb-basis/1";

/* --- writing --- */

static void set_put(hb_json *j, const char *key, const hb_run_set *s)
{
    hb_json_key(j, key);
    if (!s) {
        hb_json_null(j);
        return;
    }
    hb_json_obj(j);
    hb_json_kc(j, "digest", s->digest);
    hb_exact_text(j, "kind", s->kind);
    hb_json_key(j, "runs");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_runs; i++) {
        hb_json_arr(j);
        hb_exact_text(j, NULL, s->runs[i].run_id);
        hb_exact_text(j, NULL, s->runs[i].status);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_exact_text(j, "version", s->version);
    hb_json_end(j);
}

static hb_status prior_put(hb_json *j, const hb_prior *p, hb_error *err)
{
    hb_json_key(j, "prior");
    if (!p) {
        hb_json_null(j);
        return HB_OK;
    }
    hb_json_obj(j);
    set_put(j, "early", p->early);
    set_put(j, "history", p->history);
    hb_json_key(j, "live");
    HB_TRY(hb_live_put(j, p->live, err));
    hb_json_key(j, "suspicions");
    hb_suspicions_put(j, p);
    hb_json_end(j);
    return HB_OK;
}

static void config_put(hb_json *j, const hb_decision *d)
{
    hb_json_key(j, "config");
    hb_json_obj(j);
    hb_exact_text(j, "mode", hb_registry_mode(d->registry));
    hb_exact_text(j, "policy_name", d->policy->name);
    hb_exact_text(j, "policy_sha256", d->policy->digest);
    hb_exact_text(j, "program", hb_registry_program(d->registry));
    hb_exact_text(j, "registry_name", hb_registry_name(d->registry));
    hb_exact_text(j, "registry_sha256", hb_registry_digest(d->registry));
    hb_json_end(j);
}

hb_status hb_basis_json(const hb_decision *d, hb_buf *out, hb_error *err)
{
    const hb_reference *r = d->reference;
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    config_put(&j, d);
    hb_json_kc(&j, "engine_version", HB_VERSION);
    hb_exact_text(&j, "equivalence_sha256", r->equivalence_digest ? r->equivalence_digest : "");
    hb_json_key(&j, "facts");
    hb_json_obj(&j);
    hb_facts_put(&j, r);
    hb_json_end(&j);
    hb_json_kc(&j, "format", format);
    HB_TRY(prior_put(&j, r->prior, err));
    hb_json_kc(&j, "reference_digest", r->run ? r->run->digest : "");
    hb_json_kc(&j, "run_digest", d->run->digest);
    set_put(&j, "set", r->set);
    set_put(&j, "with", r->with);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

/* --- reading --- */

static void run_get(hb_strict *d, hb_basis_run *run)
{
    const char **const texts[] = {&run->run_id, &run->status};
    size_t n = 0;
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        const char *text = hb_strict_text(d);
        if (n == sizeof texts / sizeof *texts) {
            break;
        }
        *texts[n++] = text;
    }
    if (n != sizeof texts / sizeof *texts || !run->status) {
        hb_strict_refuse(d, "a run of a set is its run_id and the status it had");
    }
}

static void set_get(hb_strict *d, const char *key, hb_basis_set *ret)
{
    hb_basis_run *runs = NULL;
    size_t cap = 0;
    hb_strict_key(d, key);
    if (hb_strict_null(d)) {
        return;
    }
    char *digest = hb_arena_alloc(d->arena, 65);
    if (!digest) {
        hb_strict_failed(d, HB_NOMEM(d->err));
        return;
    }
    hb_strict_obj(d);
    hb_strict_key(d, "digest");
    hb_strict_hex(d, digest, false);
    ret->digest = digest;
    hb_strict_key(d, "kind");
    ret->kind = hb_strict_text(d);
    hb_strict_key(d, "runs");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, runs, ret->n, cap)) {
        run_get(d, &runs[ret->n++]);
        if (ret->n > HB_PAST_RUNS_MAX) {
            hb_strict_refuse(d, "more than %d runs in a set", HB_PAST_RUNS_MAX);
        }
    }
    ret->runs = runs;
    hb_strict_key(d, "version");
    ret->version = hb_strict_text(d);
    hb_strict_end(d);
}

static void prior_get(hb_strict *d, hb_basis *b)
{
    hb_strict_key(d, "prior");
    if (hb_strict_null(d)) {
        return;
    }
    b->has_prior = true;
    hb_strict_obj(d);
    set_get(d, "early", &b->early);
    set_get(d, "history", &b->history);
    hb_strict_key(d, "live");
    b->live = hb_live_get(d);
    hb_strict_key(d, "suspicions");
    hb_suspicions_get(d, &b->suspicions, &b->n_suspicions);
    hb_strict_end(d);
}

static void text_get(hb_strict *d, const char *key, const char **ret)
{
    hb_strict_key(d, key);
    *ret = hb_strict_text(d);
}

static void config_get(hb_strict *d, hb_basis *b)
{
    hb_strict_key(d, "config");
    hb_strict_obj(d);
    text_get(d, "mode", &b->mode);
    text_get(d, "policy_name", &b->policy_name);
    text_get(d, "policy_sha256", &b->policy_sha256);
    text_get(d, "program", &b->program);
    text_get(d, "registry_name", &b->registry_name);
    text_get(d, "registry_sha256", &b->registry_sha256);
    hb_strict_end(d);
}

static hb_status read_into(hb_strict *d, hb_basis *b)
{
    const char *is = "";
    hb_strict_obj(d);
    config_get(d, b);
    text_get(d, "engine_version", &b->engine_version);
    text_get(d, "equivalence_sha256", &b->equivalence_sha256);
    hb_strict_key(d, "facts");
    hb_strict_obj(d);
    hb_facts_get(d, &b->reference);
    hb_strict_end(d);
    text_get(d, "format", &is);
    if (strcmp(is, format) != 0) {
        hb_strict_refuse(d, "expected format '%s'", format);
    }
    prior_get(d, b);
    text_get(d, "reference_digest", &b->reference_digest);
    text_get(d, "run_digest", &b->run_digest);
    set_get(d, "set", &b->set);
    set_get(d, "with", &b->with);
    hb_strict_end(d);
    return hb_strict_done(d);
}

hb_status hb_basis_read(hb_str json, hb_arena *arena, hb_basis *ret, hb_error *err)
{
    hb_basis b = {.has_prior = false};
    hb_strict d;
    hb_strict_init(&d, json, "basis of the decision", arena, err);
    hb_status status = read_into(&d, &b);
    hb_strict_release(&d);
    HB_TRY(status);
    *ret = b;
    return HB_OK;
}
