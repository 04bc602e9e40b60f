/* SPDX-License-Identifier: Apache-2.0 */
/* Was the configuration approved, where the operators require that? Of the texts a pack names by
 * their digests: what decided, how the run was read, what the daemon was started with. */
#include "evidence/verify_internal.h"

#include "govern/configuration.h"

#include <string.h>

enum { ASKED_MAX = 64 };

typedef struct asked {
    struct one {
        hb_governed_doc doc;
        char digest[HB_DIGEST_HEX]; /* "" = there was none */
    } list[ASKED_MAX];
    size_t n;
} asked;

static hb_status add(asked *a, hb_governed_doc doc, const char *digest, hb_error *err)
{
    for (size_t i = 0; i < a->n; i++) {
        if (a->list[i].doc == doc && strcmp(a->list[i].digest, digest) == 0) {
            return HB_OK;
        }
    }
    if (a->n == ASKED_MAX) {
        return HB_FAIL(err, HB_E_EVIDENCE, "more than %d configuration files", ASKED_MAX);
    }
    a->list[a->n].doc = doc;
    hb_str_fit(digest, a->list[a->n].digest, sizeof a->list[a->n].digest);
    a->n++;
    return HB_OK;
}

/* Nothing where there is no such text, as of a pack that files were taken out of. */
static hb_status add_text(asked *a, hb_governed_doc doc, const json_t *object, const char *key,
                          hb_error *err)
{
    const char *digest = json_string_value(json_object_get(object, key));
    return digest && *digest ? add(a, doc, digest, err) : HB_OK;
}

static hb_status of_reading(asked *a, const json_t *reading, hb_error *err)
{
    size_t i = 0;
    const json_t *x = NULL;
    HB_TRY(add_text(a, HB_GOVERNED_REGISTRY, json_object_get(reading, "metric_registry"), "sha256",
                    err));
    HB_TRY(add_text(a, HB_GOVERNED_PROFILE, json_object_get(reading, "profile"), "sha256", err));
    json_array_foreach(json_object_get(reading, "profiles"), i, x)
    {
        HB_TRY(add_text(a, HB_GOVERNED_PROFILE, x, "sha256", err));
    }
    return HB_OK;
}

static hb_status of_window(hb_check *c, asked *a, const json_t *journal, hb_error *err)
{
    const json_t *how = json_object_get(journal, "how");
    const hb_pack_file *schema = hb_check_listed(c, HB_PACK_TELEMETRY);
    if (!how) { /* no pack was to be made when it was decided, so that was not kept */
        return hb_check_say(c, "governed", HB_NOT_IN_PACK, err,
                            "by which daemon.yaml and telemetry schema the window was decoded");
    }
    HB_TRY(add_text(a, HB_GOVERNED_DAEMON, how, "daemon_sha256", err));
    return add(a, HB_GOVERNED_TELEMETRY, schema ? schema->sha256 : "", err);
}

static hb_status collect(hb_check *c, asked *a, hb_error *err)
{
    hb_str text;
    json_t *root = NULL;
    const char *mapping = c->inputs.reference.equivalence_digest;
    HB_TRY(add_text(a, HB_GOVERNED_REGISTRY, json_object_get(c->decision, "config"),
                    "registry_sha256", err));
    HB_TRY(add_text(a, HB_GOVERNED_POLICY, json_object_get(c->decision, "config"), "policy_sha256",
                    err));
    HB_TRY(add(a, HB_GOVERNED_EQUIVALENCE, mapping ? mapping : "", err));
    HB_TRY(hb_check_read(c, HB_PACK_READING, HB_VERIFY_SMALL_MAX, &text, err));
    HB_TRY(hb_object_parse(text, HB_PACK_READING, &root, err));
    hb_status status = of_reading(a, json_object_get(root, "reading"), err);
    if (status == HB_OK) {
        const json_t *journal = json_object_get(root, "journal");
        status = json_is_object(journal) ? of_window(c, a, journal, err) : HB_OK;
    }
    json_decref(root);
    return status;
}

static hb_status ask_one(hb_check *c, const struct one *x, const hb_str *statements, size_t n,
                         hb_error *err)
{
    const char *names = "";
    const char *kind = hb_governed_name(x->doc);
    hb_error e = {0};
    hb_status status = hb_governed_check(c->operators, x->doc, x->digest, statements, n,
                                         hb_check_decided_at(c), &c->out->arena, &names, &e);
    if (status != HB_OK) {
        return hb_check_fault(c, "governed", &e, err);
    }
    if (!*x->digest) {
        return HB_OK; /* there was none, and nothing says that there should have been */
    }
    return hb_check_say(c, "governed", HB_HOLDS, err, "%s %.12s is approved by %s", kind, x->digest,
                        names);
}

hb_status hb_ask_governed(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    asked a = {.n = 0};
    hb_str *statements = NULL;
    size_t n = 0;
    if (!c->operators) {
        return hb_check_say(c, "governed", HB_NOT_IN_PACK, err,
                            "whether the configuration was approved: the pack has no operators");
    }
    if (hb_operators_config_needed(c->operators) == 0) {
        return hb_check_say(c, "governed", HB_NOT_IN_PACK, err,
                            "the operators require no approval of configuration");
    }
    if (hb_check_decided_at(c) == HB_TIME_NONE) {
        return hb_check_say(c, "governed", HB_NOT_CHECKED, err,
                            "the operators require approval of configuration; without the log it "
                            "is not known when it was decided, and so not whose keys counted");
    }
    hb_status status = collect(c, &a, &e);
    if (status == HB_OK) {
        status = hb_check_statements(c, &statements, &n, &e);
    }
    if (status != HB_OK) {
        return hb_check_fault(c, "governed", &e, err);
    }
    for (size_t i = 0; i < a.n; i++) {
        HB_TRY(ask_one(c, &a.list[i], statements, n, err));
    }
    return HB_OK;
}
