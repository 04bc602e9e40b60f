/* SPDX-License-Identifier: Apache-2.0 */
/* The basis names runs; their figures come from the registry, which keeps them as they were. What
 * has been said of them since (their verdicts) is replaced by what the basis says was known. */
#include "export/rebuild.h"

#include "base/mem.h"
#include "baseline/version.h"
#include "decide/decision_json.h"
#include "decide/live.h"
#include "store/documents.h"
#include "telemetry/equivalence.h"

#include <string.h>

enum { SETS = 4, DECISION_MAX_BYTES = 256 << 20 };

struct hb_rebuilt_own {
    hb_run *baseline;
    hb_run_set sets[SETS];
    size_t n_sets;
    hb_prior prior;
    hb_live live;
    hb_window window;
    hb_detector *detector;
    hb_equivalence_mapping mapping;
    bool has_mapping;
    hb_equivalence_applied applied;
    bool has_policy;
};

typedef struct builder {
    hb_store *store;
    hb_units *units;
    hb_arena *arena;
    hb_rebuilt *x;
    struct hb_rebuilt_own *own;
} builder;

static hb_status does_not_fit(const builder *b, const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_EVIDENCE,
                   "registry '%s': the decision %.12s… of run '%s' cannot be made again: %s",
                   hb_store_path(b->store), b->x->row.digest, b->x->row.run_id, what);
}

/* --- what is kept of it --- */

static hb_status find_decision(builder *b, const char *run_id, const char *digest, hb_error *err)
{
    bool found = false;
    hb_decision_row *row = &b->x->row;
    HB_TRY(digest ? hb_store_get_decision(b->store, run_id, digest, b->arena, row, &found, err)
                  : hb_store_latest_decision(b->store, run_id, b->arena, row, &found, err));
    HB_TRY(hb_store_get_run(b->store, run_id, &b->x->run, err)); /* tells ids that are near */
    return found ? HB_OK
                 : HB_FAIL(err, HB_E_STORE, "registry '%s' has no decision%s%.64s of run '%s'%s",
                           hb_store_path(b->store), digest ? " " : "", digest ? digest : "", run_id,
                           digest ? "" : "; hb analyze makes one");
}

static hb_status find_basis(builder *b, hb_error *err)
{
    hb_str json = {0};
    bool found = false;
    const hb_decision_row *row = &b->x->row;
    HB_TRY(hb_store_get_basis(b->store, row->run_id, row->digest, b->arena, &json, &found, err));
    if (!found) {
        return does_not_fit(b,
                            "what it was made from was not kept then; hb analyze decides anew and "
                            "keeps it",
                            err);
    }
    HB_TRY(hb_basis_read(json, b->arena, &b->x->basis, err));
    return strcmp(b->x->run->digest, b->x->basis.run_digest) == 0
               ? HB_OK
               : does_not_fit(b, "the run has another digest now", err);
}

/* *ret = NULL for the built-in one. */
static hb_status find_document(builder *b, const char *what, const char *sha256, const hb_str **ret,
                               hb_error *err)
{
    bool found = false;
    hb_str text = {0};
    *ret = NULL;
    if (!*sha256 || strcmp(sha256, "built-in") == 0) {
        return HB_OK;
    }
    HB_TRY(hb_store_get_document(b->store, sha256, b->arena, &text, &found, err));
    hb_str *kept = hb_arena_array(b->arena, 1, sizeof *kept);
    if (!kept) {
        return HB_NOMEM(err);
    }
    *kept = text;
    *ret = kept;
    char why[160];
    hb_buf words;
    hb_buf_init(&words, sizeof why);
    hb_buf_fmt(&words, "the %s it used (SHA-256 %.12s…) was not kept", what, sha256);
    hb_str_fit(words.p, why, sizeof why);
    hb_buf_release(&words);
    return found ? HB_OK : does_not_fit(b, why, err);
}

static hb_status load_config(builder *b, hb_error *err)
{
    hb_rebuilt *x = b->x;
    const hb_basis *k = &x->basis;
    hb_inputs_config *c = &x->config;
    *c = (hb_inputs_config){.registry_name = k->registry_name,
                            .policy_name = k->policy_name,
                            .program = k->program,
                            .mode = k->mode};
    HB_TRY(find_document(b, "metric registry", k->registry_sha256, &c->registry_text, err));
    HB_TRY(find_document(b, "baseline policy", k->policy_sha256, &c->policy_text, err));
    HB_TRY(
        find_document(b, "equivalence mapping", k->equivalence_sha256, &x->equivalence_text, err));
    HB_TRY(c->registry_text
               ? hb_registry_parse(*c->registry_text, c->registry_name, c->program, c->mode,
                                   k->registry_sha256, b->units, &x->registry, err)
               : hb_registry_builtin(&x->registry, err));
    if (c->policy_text) {
        HB_TRY(hb_policy_parse(*c->policy_text, c->policy_name, k->policy_sha256, &x->policy, err));
    } else {
        hb_policy_builtin(&x->policy);
    }
    b->own->has_policy = true;
    return HB_OK;
}

/* --- sets --- */

static hb_status ids_of(builder *b, const hb_basis_set *k, const char ***ret, hb_error *err)
{
    const char **ids = hb_arena_array(b->arena, k->n + 1, sizeof *ids);
    if (!ids) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < k->n; i++) {
        ids[i] = k->runs[i].run_id;
    }
    *ret = ids;
    return HB_OK;
}

static hb_status load_set(builder *b, const hb_basis_set *k, const hb_run_set **ret, hb_error *err)
{
    /* The sets of a stream's baseline are made before there is a run. */
    const hb_run blank = {.n_metrics = 0};
    const hb_run_set_ask ask = {
        .run = b->x->basis.live ? &blank : b->x->run, .registry = b->x->registry, .kind = k->kind};
    const char **ids = NULL;
    hb_run_set *set = &b->own->sets[b->own->n_sets];
    hb_version_row version;
    *ret = NULL;
    if (!k->kind) {
        return HB_OK;
    }
    HB_TRY(ids_of(b, k, &ids, err));
    if (*k->version) {
        HB_TRY(hb_store_get_version(b->store, k->version, b->arena, &version, err));
        HB_TRY(hb_version_set(b->store, &version, &ask, ids, k->n, set, NULL, err));
    } else {
        HB_TRY(hb_run_set_load(b->store, &ask, ids, k->n, set, NULL, err));
    }
    b->own->n_sets++;
    for (size_t i = 0; i < set->n_runs; i++) {
        set->runs[i].status = k->runs[i].status;
    }
    *ret = set;
    return strcmp(set->digest, k->digest) == 0
               ? HB_OK
               : does_not_fit(b, "runs of its set have other digests now", err);
}

/* --- the reference --- */

static void free_runs(hb_run **runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hb_run_free(runs[i]);
    }
}

/* ids: oldest first. */
static hb_status load_pool(builder *b, const char *const *ids, size_t n, hb_error *err)
{
    hb_run *runs[HB_VERSION_RUNS_MAX] = {NULL};
    hb_status status = HB_OK;
    if (n > HB_VERSION_RUNS_MAX) {
        return does_not_fit(b, "its baseline has too many runs", err);
    }
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        status = hb_store_get_run(b->store, ids[i], &runs[i], err);
    }
    if (status == HB_OK) {
        status = hb_run_pool((const hb_run *const *)runs, n, &b->own->baseline, err);
    }
    free_runs(runs, n);
    return status;
}

/* As baseline/select.c loads it: a version and the rolling strategy give a pool, else it is one
 * run. */
static hb_status load_baseline(builder *b, hb_error *err)
{
    const hb_basis *k = &b->x->basis;
    const hb_reference *r = &k->reference;
    if (!*k->reference_digest) {
        return HB_OK;
    }
    if (k->set.kind && strcmp(k->set.kind, "version") == 0) {
        const char **ids = NULL;
        HB_TRY(ids_of(b, &k->set, &ids, err));
        HB_TRY(load_pool(b, ids, k->set.n, err));
    } else if (strcmp(r->reason, "rolling") == 0) {
        const char *ids[HB_COMPARABLE_MAX];
        for (size_t i = 0; i < r->n_run_ids; i++) {
            ids[i] = r->run_ids[r->n_run_ids - 1 - i];
        }
        HB_TRY(load_pool(b, ids, r->n_run_ids, err));
    } else if (r->n_run_ids) {
        HB_TRY(hb_store_get_run(b->store, r->run_ids[0], &b->own->baseline, err));
    }
    return b->own->baseline && strcmp(b->own->baseline->digest, k->reference_digest) == 0
               ? HB_OK
               : does_not_fit(b, "its baseline has another digest now", err);
}

static hb_status load_live(builder *b, hb_error *err)
{
    const hb_live_kept *k = b->x->basis.live;
    struct hb_rebuilt_own *own = b->own;
    if (!k) {
        return HB_OK;
    }
    own->window = *k->window;
    own->window.run = b->x->run;
    if (k->detector.p) {
        HB_TRY(hb_detector_restore(k->detector.p, k->detector.n, &own->detector, err));
    }
    own->live = (hb_live){.window = &own->window, .detector = own->detector};
    own->prior.live = &own->live;
    return HB_OK;
}

static hb_status convert(builder *b, hb_error *err)
{
    hb_rebuilt *x = b->x;
    if (!x->equivalence_text) {
        return HB_OK;
    }
    HB_TRY(hb_equivalence_parse(*x->equivalence_text, "equivalence_mapping.yaml",
                                x->basis.equivalence_sha256, &b->own->mapping, err));
    b->own->has_mapping = true;
    return hb_equivalence_apply(&b->own->mapping, x->run, &x->reference, &b->own->applied, err);
}

static hb_status load_reference(builder *b, hb_error *err)
{
    const hb_basis *k = &b->x->basis;
    hb_reference *r = &b->x->reference;
    *r = k->reference;
    HB_TRY(load_baseline(b, err));
    r->run = b->own->baseline;
    HB_TRY(load_set(b, &k->set, &r->set, err));
    HB_TRY(load_set(b, &k->with, &r->with, err));
    if (k->has_prior) {
        hb_prior *p = &b->own->prior;
        HB_TRY(load_set(b, &k->history, &p->history, err));
        HB_TRY(load_set(b, &k->early, &p->early, err));
        HB_TRY(load_live(b, err));
        p->suspicions = k->suspicions;
        p->n_suspicions = k->n_suspicions;
        r->prior = p;
    }
    return convert(b, err);
}

/* --- again --- */

static hb_status decide_again(builder *b, hb_error *err)
{
    hb_rebuilt *x = b->x;
    HB_TRY(hb_decide(x->run, &x->reference, x->registry, &x->policy, &x->decision, err));
    HB_TRY(hb_decision_json(x->decision, &x->json, err));
    x->same = x->json.n == x->row.json_len && memcmp(x->json.p, x->row.json, x->json.n) == 0;
    x->why_not = "";
    if (!x->same) {
        hb_buf why;
        hb_buf_init(&why, 512);
        bool other = strcmp(x->basis.engine_version, HB_VERSION) != 0;
        hb_buf_fmt(&why, "%s%s%s",
                   other ? "it was made by hb " : "another decision follows from the same inputs",
                   other ? x->basis.engine_version : "", other ? ", this is hb " HB_VERSION : "");
        x->why_not = hb_arena_str(b->arena, (hb_str){why.p, why.n});
        hb_buf_release(&why);
    }
    return x->why_not ? HB_OK : HB_NOMEM(err);
}

static hb_status rebuild(builder *b, const char *run_id, const char *digest, hb_error *err)
{
    HB_TRY(find_decision(b, run_id, digest, err));
    HB_TRY(find_basis(b, err));
    HB_TRY(load_config(b, err));
    HB_TRY(load_reference(b, err));
    return decide_again(b, err);
}

hb_status hb_rebuild(hb_store *store, const char *run_id, const char *decision_sha256,
                     hb_units *units, hb_arena *arena, hb_rebuilt *ret, hb_error *err)
{
    const hb_rebuilt before = *ret;
    struct hb_rebuilt_own *own = hb_alloc_zero(sizeof *own);
    if (!own) {
        return HB_NOMEM(err);
    }
    *ret = (hb_rebuilt){.own = own}; /* the decision borrows what stands in it */
    hb_buf_init(&ret->json, DECISION_MAX_BYTES);
    builder b = {.store = store, .units = units, .arena = arena, .x = ret, .own = own};
    hb_status status = rebuild(&b, run_id, decision_sha256, err);
    if (status != HB_OK) {
        hb_rebuilt_release(ret);
        *ret = before;
    }
    return status;
}

void hb_rebuilt_release(hb_rebuilt *x)
{
    struct hb_rebuilt_own *own = x->own;
    if (!own) {
        return;
    }
    hb_decision_free(x->decision);
    hb_buf_release(&x->json);
    hb_equivalence_applied_release(&own->applied);
    if (own->has_mapping) {
        hb_equivalence_release(&own->mapping);
    }
    for (size_t i = 0; i < own->n_sets; i++) {
        hb_run_set_release(&own->sets[i]);
    }
    hb_detector_free(own->detector);
    if (own->has_policy) {
        hb_policy_release(&x->policy);
    }
    hb_registry_free(x->registry);
    hb_run_free(own->baseline);
    hb_run_free(x->run);
    hb_free(own);
    *x = (hb_rebuilt){0};
}
