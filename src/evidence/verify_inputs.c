/* SPDX-License-Identifier: Apache-2.0 */
/* By what it was decided: configuration, the run and what it was compared with. */
#include "evidence/verify_internal.h"

#include <string.h>

/* --- configuration --- */

static hb_status one_file(hb_check *c, const char *path, const char *stated, hb_error *err)
{
    const hb_pack_file *f = hb_check_listed(c, path);
    if (!f && !hb_is_hex(stated, HB_OBJECT_SHA256)) {
        return hb_check_say(c, "configuration", HB_HOLDS, err,
                            "'%s' was the one that is built into the program", path);
    }
    if (!f) {
        return hb_check_say(c, "configuration", HB_FAILS, err,
                            "'%s' is missing; the decision was made with one (SHA-256 %s)", path,
                            stated);
    }
    return strcmp(f->sha256, stated) == 0
               ? hb_check_say(c, "configuration", HB_HOLDS, err,
                              "'%s' is the one that the decision names", path)
               : hb_check_say(c, "configuration", HB_FAILS, err,
                              "'%s' has SHA-256 %s, the decision was made with '%.64s'", path,
                              f->sha256, stated);
}

hb_status hb_ask_configuration(hb_check *c, hb_error *err)
{
    HB_TRY(
        one_file(c, HB_PACK_REGISTRY, hb_check_decision_text(c, "config", "registry_sha256"), err));
    return one_file(c, HB_PACK_POLICY, hb_check_decision_text(c, "config", "policy_sha256"), err);
}

/* --- the run and the reference --- */

/* A registry has other limits for other programs and modes: which of them counted follows from the
 * run and is nobody's choice. The one that is built in has none. */
static hb_status check_overrides(const hb_check *c, hb_error *err)
{
    const hb_inputs_config *is = &c->inputs.config;
    const hb_run_meta *m = &c->inputs.run->meta;
    const char *program = is->registry_text ? m->program : "";
    const char *mode = is->registry_text ? m->context[HB_CONTEXT_OPERATING_MODE] : "";
    return strcmp(is->program, program) == 0 && strcmp(is->mode, mode) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s' takes the limits of the metric registry for program '%.80s' in mode "
                         "'%.80s', due are those for '%.80s' in '%.80s'",
                         HB_PACK_REFERENCE, is->program, is->mode, program, mode);
}

hb_status hb_ask_inputs(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    if (hb_inputs_read(c->pack, &c->inputs, &e) != HB_OK) {
        return hb_check_fault(c, "inputs", &e, err);
    }
    c->has_inputs = true;
    const hb_run *run = c->inputs.run;
    if (c->decision && strcmp(run->digest, hb_check_decision_text(c, "run", "digest")) != 0) {
        return hb_check_say(c, "inputs", HB_FAILS, err,
                            "run.json is run '%.128s' (%s), the decision is about another",
                            run->meta.run_id, run->digest);
    }
    if (check_overrides(c, &e) != HB_OK) {
        return hb_check_fault(c, "inputs", &e, err);
    }
    return hb_check_say(c, "inputs", HB_HOLDS, err,
                        "run '%.128s' and what it was compared with can be read, and every digest "
                        "is that of its content%s",
                        run->meta.run_id,
                        c->has_hidden ? ", but for runs of which something is hidden: they keep "
                                        "the digest they had"
                                      : "");
}

/* --- the baseline --- */

static bool lists(const json_t *digests, const char *digest)
{
    size_t i = 0;
    const json_t *x = NULL;
    json_array_foreach(digests, i, x)
    {
        const char *text = json_string_value(x);
        if (text && strcmp(text, digest) == 0) {
            return true;
        }
    }
    return false;
}

/* The set leaves out the run under test itself, so it may be smaller than the version. It names the
 * version by the beginning of its digest. */
static hb_status fits_version(const hb_check *c, const json_t *version, const char *sha256,
                              hb_error *err)
{
    const hb_reference *r = &c->inputs.reference;
    hb_object o = hb_object_of(version, HB_PACK_VERSION);
    const json_t *digests = NULL;
    const char *program = NULL;
    HB_TRY(hb_object_is(&o, "format", "hb-baseline-version/1", err));
    HB_TRY(hb_object_text(&o, "program", &program, err));
    HB_TRY(hb_object_list(&o, "run_sha256", HB_PAST_RUNS_MAX, &digests, err));
    const char *name = r->set->version;
    if (strlen(name) < 12 || strncmp(name, sha256, strlen(name)) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is version %.12s, compared was with '%.64s'",
                       HB_PACK_VERSION, sha256, name);
    }
    if (strcmp(r->set->kind, "version") != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the set of version '%.64s' is said to be of the kind '%.40s'", name,
                       r->set->kind);
    }
    for (size_t i = 0; i < r->set->n_runs; i++) {
        if (!lists(digests, r->set->runs[i].digest)) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' does not have run '%.128s' of the set",
                           HB_PACK_VERSION, r->set->runs[i].run_id);
        }
    }
    return strcmp(program, c->inputs.run->meta.program) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%s' is of program '%.80s', the run of '%.80s'",
                         HB_PACK_VERSION, program, c->inputs.run->meta.program);
}

static hb_status check_version(hb_check *c, char ret_sha256[HB_DIGEST_HEX], hb_error *err)
{
    hb_str text;
    json_t *root = NULL;
    HB_TRY(hb_check_read(c, HB_PACK_VERSION, HB_VERIFY_SMALL_MAX, &text, err));
    HB_TRY(hb_digest_of(text.p, text.n, ret_sha256, err));
    HB_TRY(hb_object_parse(text, HB_PACK_VERSION, &root, err));
    hb_status status = fits_version(c, root, ret_sha256, err);
    json_decref(root);
    return status;
}

static hb_status ask_equivalence(hb_check *c, hb_error *err)
{
    const char *stated = c->inputs.reference.equivalence_digest;
    const hb_pack_file *f = hb_check_listed(c, HB_PACK_EQUIVALENCE);
    if ((!stated || !*stated) && !f) {
        return HB_OK;
    }
    if (!f || !stated || strcmp(f->sha256, stated) != 0) {
        return hb_check_say(c, "baseline", HB_FAILS, err,
                            "'%s' is not the mapping that reference.json names",
                            HB_PACK_EQUIVALENCE);
    }
    return hb_check_say(c, "baseline", HB_HOLDS, err, "'%s' is the one that reference.json names",
                        HB_PACK_EQUIVALENCE);
}

hb_status hb_ask_baseline(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    char sha256[HB_DIGEST_HEX];
    const hb_reference *r = &c->inputs.reference;
    if (!r->run) {
        return hb_check_say(c, "baseline", HB_NOT_IN_PACK, err, "there was no baseline ('%s')",
                            r->reason);
    }
    if (c->decision &&
        strcmp(r->run->digest, hb_check_decision_text(c, "reference", "digest")) != 0) {
        return hb_check_say(c, "baseline", HB_FAILS, err,
                            "baseline/run.json (%s) is not what the decision was made against",
                            r->run->digest);
    }
    HB_TRY(ask_equivalence(c, err));
    bool versioned = r->set && *r->set->version;
    if (!hb_check_has(c, HB_PACK_VERSION)) {
        return versioned
                   ? hb_check_say(c, "baseline", HB_FAILS, err, "'%s' is missing", HB_PACK_VERSION)
                   : hb_check_say(c, "baseline", HB_HOLDS, err,
                                  "it is run '%.128s', chosen by '%s', of no version",
                                  r->run->meta.run_id, r->reason);
    }
    if (!versioned) {
        return hb_check_say(c, "baseline", HB_FAILS, err,
                            "'%s' is there, and what was compared with is of no version",
                            HB_PACK_VERSION);
    }
    if (check_version(c, sha256, &e) != HB_OK) {
        return hb_check_fault(c, "baseline", &e, err);
    }
    return hb_check_say(c, "baseline", HB_HOLDS, err,
                        "it is version %.12s, chosen by '%s', and every run of the set is in it",
                        sha256, r->reason);
}
