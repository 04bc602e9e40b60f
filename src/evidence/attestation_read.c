/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a Statement and holding it against the one that is due. */
#include "evidence/attestation.h"

#include "evidence/object.h"

#include <string.h>

static hb_status keep(hb_arena *arena, const char *text, const char **ret, hb_error *err)
{
    const char *copy = hb_arena_strndup(arena, text, strlen(text));
    if (!copy) {
        return HB_NOMEM(err);
    }
    *ret = copy;
    return HB_OK;
}

static hb_status keep_text(hb_object *o, const char *key, hb_arena *arena, const char **ret,
                           hb_error *err)
{
    const char *text = NULL;
    HB_TRY(hb_object_text(o, key, &text, err));
    return keep(arena, text, ret, err);
}

static hb_status keep_digest(hb_object *o, const char *key, size_t n_hex, hb_arena *arena,
                             const char **ret, hb_error *err)
{
    const char *text = NULL;
    HB_TRY(hb_object_digest(o, key, n_hex, &text, err));
    return keep(arena, text, ret, err);
}

static hb_status read_subject(hb_object *root, hb_arena *arena, hb_attestation *out, hb_error *err)
{
    const json_t *list = NULL;
    hb_object digest;
    HB_TRY(hb_object_list(root, "subject", 1, &list, err));
    hb_object o = hb_object_of(json_array_get(list, 0), root->where);
    if (!json_is_object(o.json)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has no subject", root->where);
    }
    HB_TRY(hb_object_is(&o, "name", HB_PACK_MANIFEST, err));
    HB_TRY(hb_object_object(&o, "digest", &digest, err));
    HB_TRY(hb_object_end(&o, err));
    HB_TRY(keep_digest(&digest, "sha256", HB_OBJECT_SHA256, arena, &out->manifest_sha256, err));
    HB_TRY(keep_digest(&digest, "sha512", HB_OBJECT_SHA512, arena, &out->manifest_sha512, err));
    return hb_object_end(&digest, err);
}

static hb_status read_part(const json_t *json, const char *where, hb_arena *arena,
                           hb_attestation_part *out, hb_error *err)
{
    hb_object o = hb_object_of(json, where);
    hb_object digest;
    if (!json_is_object(json)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has a configuration that is no object", where);
    }
    HB_TRY(keep_text(&o, "name", arena, &out->name, err));
    out->uri = "";
    out->sha256 = "";
    if (hb_object_has(&o, "uri")) {
        HB_TRY(keep_text(&o, "uri", arena, &out->uri, err));
    } else {
        HB_TRY(hb_object_object(&o, "digest", &digest, err));
        HB_TRY(keep_digest(&digest, "sha256", HB_OBJECT_SHA256, arena, &out->sha256, err));
        HB_TRY(hb_object_end(&digest, err));
    }
    return hb_object_end(&o, err);
}

static hb_status read_configuration(hb_object *p, hb_arena *arena, hb_attestation *out,
                                    hb_error *err)
{
    const json_t *list = NULL;
    HB_TRY(hb_object_list(p, "configuration", HB_ATTESTATION_CONFIGURATION_MAX, &list, err));
    out->n_configuration = json_array_size(list);
    for (size_t i = 0; i < out->n_configuration; i++) {
        HB_TRY(read_part(json_array_get(list, i), p->where, arena, &out->configuration[i], err));
    }
    return HB_OK;
}

static hb_status read_tests(hb_object *p, const char *key, hb_arena *arena,
                            hb_attestation_tests *out, hb_error *err)
{
    const json_t *list = NULL;
    HB_TRY(hb_object_list(p, key, HB_ATTESTATION_TESTS_MAX, &list, err));
    out->n = json_array_size(list);
    out->names = hb_arena_array(arena, out->n + 1, sizeof *out->names);
    if (!out->names) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < out->n; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has a '%s' with an entry that is no text",
                           p->where, key);
        }
        HB_TRY(keep(arena, name, &out->names[i], err));
    }
    return HB_OK;
}

static hb_status read_extension(hb_object *p, hb_arena *arena, hb_attestation *out, hb_error *err)
{
    hb_object o;
    HB_TRY(hb_object_object(p, "harmonyBridge", &o, err));
    HB_TRY(keep_text(&o, "case", arena, &out->case_id, err));
    HB_TRY(keep_digest(&o, "decisionSha256", HB_OBJECT_SHA256, arena, &out->decision_sha256, err));
    HB_TRY(keep_text(&o, "engineVersion", arena, &out->engine_version, err));
    HB_TRY(hb_object_u64(&o, "nFailed", &out->failed.count, err));
    HB_TRY(hb_object_u64(&o, "nPassed", &out->passed.count, err));
    HB_TRY(hb_object_u64(&o, "nWarned", &out->warned.count, err));
    HB_TRY(keep_text(&o, "verdict", arena, &out->verdict, err));
    return hb_object_end(&o, err);
}

static hb_status read_predicate(hb_object *root, hb_arena *arena, hb_attestation *out,
                                hb_error *err)
{
    hb_object p;
    HB_TRY(hb_object_object(root, "predicate", &p, err));
    HB_TRY(keep_text(&p, "result", arena, &out->result, err));
    HB_TRY(read_configuration(&p, arena, out, err));
    HB_TRY(read_tests(&p, "passedTests", arena, &out->passed, err));
    HB_TRY(read_tests(&p, "warnedTests", arena, &out->warned, err));
    HB_TRY(read_tests(&p, "failedTests", arena, &out->failed, err));
    HB_TRY(read_extension(&p, arena, out, err));
    return hb_object_end(&p, err);
}

static hb_status read_root(const json_t *json, const char *name, hb_arena *arena,
                           hb_attestation *out, hb_error *err)
{
    hb_object root = hb_object_of(json, name);
    HB_TRY(hb_object_is(&root, "_type", HB_ATTESTATION_STATEMENT, err));
    HB_TRY(hb_object_is(&root, "predicateType", HB_ATTESTATION_PREDICATE, err));
    HB_TRY(read_subject(&root, arena, out, err));
    HB_TRY(read_predicate(&root, arena, out, err));
    return hb_object_end(&root, err);
}

hb_status hb_attestation_read(hb_str payload, const char *name, hb_arena *arena,
                              hb_attestation *ret, hb_error *err)
{
    hb_attestation out = {.n_configuration = 0};
    json_t *json = NULL;
    HB_TRY(hb_object_parse(payload, name, &json, err));
    hb_status status = read_root(json, name, arena, &out, err);
    json_decref(json);
    HB_TRY(status);
    *ret = out;
    return HB_OK;
}

/* --- is it the one that is due? --- */

static hb_status same(const char *what, const char *is, const char *expected, hb_error *err)
{
    return strcmp(is, expected) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "it states %s '%.130s', and it is '%.130s'", what, is,
                         expected);
}

static hb_status same_tests(const char *what, const hb_attestation_tests *is,
                            const hb_attestation_tests *expected, hb_error *err)
{
    bool equal = is->n == expected->n && is->count == expected->count;
    for (size_t i = 0; equal && i < is->n; i++) {
        equal = strcmp(is->names[i], expected->names[i]) == 0;
    }
    return equal ? HB_OK
                 : HB_FAIL(err, HB_E_EVIDENCE, "its %s are not those of the decision", what);
}

static hb_status same_configuration(const hb_attestation *is, const hb_attestation *expected,
                                    hb_error *err)
{
    for (size_t i = 0; i < is->n_configuration && i < expected->n_configuration; i++) {
        const hb_attestation_part *a = &is->configuration[i];
        const hb_attestation_part *b = &expected->configuration[i];
        HB_TRY(same("a configuration named", a->name, b->name, err));
        if (strcmp(a->sha256, b->sha256) != 0 || strcmp(a->uri, b->uri) != 0) {
            return HB_FAIL(err, HB_E_EVIDENCE, "it states another '%.80s' than the pack has",
                           a->name);
        }
    }
    return is->n_configuration == expected->n_configuration
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "it states %zu parts of the configuration, and %zu "
                         "are in the pack",
                         is->n_configuration, expected->n_configuration);
}

hb_status hb_attestation_compare(const hb_attestation *is, const hb_attestation *expected,
                                 hb_error *err)
{
    HB_TRY(same("manifest.json's SHA-256", is->manifest_sha256, expected->manifest_sha256, err));
    HB_TRY(same("manifest.json's SHA-512", is->manifest_sha512, expected->manifest_sha512, err));
    HB_TRY(same("the case", is->case_id, expected->case_id, err));
    HB_TRY(same("decision.json's SHA-256", is->decision_sha256, expected->decision_sha256, err));
    HB_TRY(same("the verdict", is->verdict, expected->verdict, err));
    HB_TRY(same("the result", is->result, expected->result, err));
    HB_TRY(same("the engine's version", is->engine_version, expected->engine_version, err));
    HB_TRY(same_configuration(is, expected, err));
    HB_TRY(same_tests("failed tests", &is->failed, &expected->failed, err));
    HB_TRY(same_tests("warned tests", &is->warned, &expected->warned, err));
    return same_tests("passed tests", &is->passed, &expected->passed, err);
}
