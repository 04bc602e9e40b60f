/* SPDX-License-Identifier: Apache-2.0 */
/* docs/formats/reference.md. What is read borrows the two runs; all else lives in one arena. */
#include "base/mem.h"
#include "evidence/inputs.h"
#include "evidence/inputs_internal.h"

static const char format[] = "hb-reference/1";

struct hb_reference_read {
    hb_arena arena;
    hb_reference reference;
    hb_inputs_config config;
    hb_prior prior;
    hb_live live;
    hb_window window;
    hb_detector *detector;
};

/* --- writing --- */

static void config_put(hb_json *j, const hb_inputs_config *c)
{
    hb_json_key(j, "config");
    hb_json_obj(j);
    hb_exact_text(j, "mode", c->mode);
    hb_exact_text(j, "policy_name", c->policy_name);
    hb_exact_text(j, "program", c->program);
    hb_exact_text(j, "registry_name", c->registry_name);
    hb_json_end(j);
}

static void equivalences_put(hb_json *j, const hb_reference *r)
{
    hb_exact_text(j, "equivalence_sha256", r->equivalence_digest);
    hb_json_key(j, "equivalences");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_equivalences; i++) {
        const hb_equivalence_use *u = &r->equivalences[i];
        hb_json_obj(j);
        hb_exact_text(j, "from", u->from);
        hb_exact_text(j, "from_platform", u->from_platform);
        hb_exact_text(j, "name", u->name);
        hb_exact_f64(j, "offset", u->offset);
        hb_exact_text(j, "platform", u->platform);
        hb_exact_text(j, "provenance", u->provenance);
        hb_exact_f64(j, "scale", u->scale);
        hb_exact_text(j, "why_not", u->why_not);
        hb_json_end(j);
    }
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
    hb_json_key(j, "early");
    hb_set_put(j, p->early);
    hb_json_key(j, "history");
    hb_set_put(j, p->history);
    hb_json_key(j, "live");
    HB_TRY(hb_live_put(j, p->live, err));
    hb_json_key(j, "suspicions");
    hb_suspicions_put(j, p);
    hb_json_end(j);
    return HB_OK;
}

hb_status hb_reference_json(const hb_reference *r, const hb_inputs_config *c, hb_buf *out,
                            hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    config_put(&j, c);
    hb_json_kc(&j, "digest", r->run ? r->run->digest : "");
    equivalences_put(&j, r);
    hb_json_key(&j, "facts");
    hb_json_obj(&j);
    hb_facts_put(&j, r);
    hb_json_end(&j);
    hb_json_kc(&j, "format", format);
    HB_TRY(prior_put(&j, r->prior, err));
    hb_json_key(&j, "set");
    hb_set_put(&j, r->set);
    hb_json_key(&j, "with");
    hb_set_put(&j, r->with);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

/* --- reading --- */

static void config_get(hb_strict *d, hb_inputs_config *c)
{
    hb_strict_key(d, "config");
    hb_strict_obj(d);
    hb_strict_key(d, "mode");
    c->mode = hb_strict_text(d);
    hb_strict_key(d, "policy_name");
    c->policy_name = hb_strict_text(d);
    hb_strict_key(d, "program");
    c->program = hb_strict_text(d);
    hb_strict_key(d, "registry_name");
    c->registry_name = hb_strict_text(d);
    hb_strict_end(d);
}

static void use_get(hb_strict *d, hb_equivalence_use *u)
{
    hb_strict_obj(d);
    hb_strict_key(d, "from");
    u->from = hb_strict_text(d);
    hb_strict_key(d, "from_platform");
    u->from_platform = hb_strict_text(d);
    hb_strict_key(d, "name");
    u->name = hb_strict_text(d);
    hb_strict_key(d, "offset");
    u->offset = hb_strict_f64(d);
    hb_strict_key(d, "platform");
    u->platform = hb_strict_text(d);
    hb_strict_key(d, "provenance");
    u->provenance = hb_strict_text(d);
    hb_strict_key(d, "scale");
    u->scale = hb_strict_f64(d);
    hb_strict_key(d, "why_not");
    u->why_not = hb_strict_text(d);
    hb_strict_end(d);
}

static void equivalences_get(hb_strict *d, hb_reference_read *r)
{
    hb_equivalence_use *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    hb_strict_key(d, "equivalence_sha256");
    const char *digest = hb_strict_text_or_null(d);
    hb_strict_key(d, "equivalences");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, list, n, cap)) {
        use_get(d, &list[n++]);
    }
    if (hb_strict_check(d) == HB_OK && (digest != NULL) != (n > 0)) {
        hb_strict_refuse(d, "conversions and the digest of their mapping belong together");
    }
    r->reference.equivalence_digest = digest;
    r->reference.equivalences = list;
    r->reference.n_equivalences = n;
}

static void live_get(hb_strict *d, hb_reference_read *r, const hb_run *run)
{
    hb_error why = {0};
    const hb_live_kept *kept = hb_live_get(d);
    if (!kept || hb_strict_check(d) != HB_OK) {
        return;
    }
    r->window = *kept->window;
    r->window.run = run;
    if (kept->detector.p) {
        hb_status status =
            hb_detector_restore(kept->detector.p, kept->detector.n, &r->detector, &why);
        if (status == HB_E_NOMEM) {
            hb_strict_failed(d, HB_NOMEM(d->err));
        } else if (status != HB_OK) {
            hb_strict_refuse(d, "%s", why.msg);
        }
    }
    r->live = (hb_live){.window = &r->window, .detector = r->detector};
    r->prior.live = &r->live;
}

static void prior_get(hb_strict *d, hb_reference_read *r, const hb_run *run)
{
    hb_strict_key(d, "prior");
    if (hb_strict_null(d)) {
        return;
    }
    hb_strict_obj(d);
    hb_strict_key(d, "early");
    r->prior.early = hb_set_get(d);
    hb_strict_key(d, "history");
    r->prior.history = hb_set_get(d);
    hb_strict_key(d, "live");
    live_get(d, r, run);
    hb_strict_key(d, "suspicions");
    hb_suspicions_get(d, &r->prior.suspicions, &r->prior.n_suspicions);
    hb_strict_end(d);
    r->reference.prior = &r->prior;
}

static hb_status read_into(hb_reference_read *r, hb_strict *d, const hb_run *run,
                           const hb_run *baseline)
{
    char digest[65];
    hb_reference *ref = &r->reference;
    hb_strict_obj(d);
    config_get(d, &r->config);
    hb_strict_key(d, "digest");
    hb_strict_hex(d, digest, true);
    if (hb_strict_check(d) == HB_OK && strcmp(digest, baseline ? baseline->digest : "") != 0) {
        hb_strict_refuse(d, "it names the baseline %.12s…, there is %.12s…",
                         *digest ? digest : "none", baseline ? baseline->digest : "none");
    }
    equivalences_get(d, r);
    const hb_reference with = *ref;
    hb_strict_key(d, "facts");
    hb_strict_obj(d);
    hb_facts_get(d, ref);
    hb_strict_end(d);
    ref->run = baseline;
    ref->equivalence_digest = with.equivalence_digest;
    ref->equivalences = with.equivalences;
    ref->n_equivalences = with.n_equivalences;
    hb_strict_key(d, "format");
    if (strcmp(hb_strict_text(d), format) != 0) {
        hb_strict_refuse(d, "expected format '%s'", format);
    }
    prior_get(d, r, run);
    hb_strict_key(d, "set");
    ref->set = hb_set_get(d);
    hb_strict_key(d, "with");
    ref->with = hb_set_get(d);
    hb_strict_end(d);
    return hb_strict_done(d);
}

hb_status hb_reference_from_json(hb_str text, const char *name, const hb_run *run,
                                 const hb_run *baseline, hb_reference_read **ret, hb_error *err)
{
    hb_reference_read *r = hb_alloc_zero(sizeof *r);
    hb_strict d;
    if (!r) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&r->arena, HB_INPUTS_ARENA_BYTES);
    hb_strict_init(&d, text, name, &r->arena, err);
    hb_status status = read_into(r, &d, run, baseline);
    hb_strict_release(&d);
    if (status != HB_OK) {
        hb_reference_read_free(r);
        return status;
    }
    *ret = r;
    return HB_OK;
}

void hb_reference_read_free(hb_reference_read *r)
{
    if (r) {
        hb_detector_free(r->detector);
        hb_arena_release(&r->arena);
        hb_free(r);
    }
}

const hb_reference *hb_reference_of(const hb_reference_read *r)
{
    return &r->reference;
}

const hb_inputs_config *hb_reference_config(const hb_reference_read *r)
{
    return &r->config;
}
