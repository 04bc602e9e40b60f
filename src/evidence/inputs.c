/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/inputs.h"

#include "base/mem.h"
#include "config/node.h"
#include "decide/decision_json.h"
#include "evidence/redaction.h"

/* --- into a pack --- */

typedef struct putter {
    hb_pack_writer *w;
    hb_inputs_seen *seen; /* NULL = nobody looks */
    void *ctx;
} putter;

static hb_status put_document(const putter *x, const char *path, const hb_buf *text, hb_error *err)
{
    HB_TRY(hb_pack_put(x->w, path, text->p, text->n, err));
    return x->seen ? x->seen(x->ctx, path, (hb_str){text->p, text->n}, err) : HB_OK;
}

static hb_status put_run(const putter *x, const char *path, const hb_run *run, hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, HB_RUN_JSON_MAX);
    hb_status status = hb_run_json(run, &text, err);
    if (status == HB_OK) {
        status = put_document(x, path, &text, err);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status put_reference(const putter *x, const hb_reference *r, const hb_inputs_config *c,
                               hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, HB_REFERENCE_JSON_MAX);
    hb_status status = hb_reference_json(r, c, &text, err);
    if (status == HB_OK) {
        status = put_document(x, HB_PACK_REFERENCE, &text, err);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status put_text(hb_pack_writer *w, const char *path, const hb_str *text, hb_error *err)
{
    return text ? hb_pack_put(w, path, text->p, text->n, err) : HB_OK;
}

hb_status hb_inputs_put(hb_pack_writer *w, const hb_run *run, const hb_reference *r,
                        const hb_inputs_config *config, hb_inputs_seen *seen, void *ctx,
                        hb_error *err)
{
    const putter x = {.w = w, .seen = seen, .ctx = ctx};
    HB_TRY(put_run(&x, HB_PACK_RUN, run, err));
    if (r->run) {
        HB_TRY(put_run(&x, HB_PACK_BASELINE, r->run, err));
    }
    HB_TRY(put_reference(&x, r, config, err));
    HB_TRY(put_text(w, HB_PACK_REGISTRY, config->registry_text, err));
    return put_text(w, HB_PACK_POLICY, config->policy_text, err);
}

/* --- out of it --- */

typedef struct source {
    hb_pack_reader *pack;
    const hb_inputs_texts *texts; /* instead of the pack's; NULL = the pack's */
    bool is_redacted;
} source;

static hb_status get_run(const source *x, const char *path, hb_str instead, hb_run **ret,
                         bool *ret_converted, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    if (x->texts) {
        return hb_run_from_json(instead, path, ret, ret_converted, err);
    }
    HB_TRY(hb_pack_read(x->pack, path, HB_RUN_JSON_MAX, &text, &n, err));
    hb_status status = hb_run_from_json((hb_str){text, n}, path, ret, ret_converted, err);
    hb_free(text);
    return status;
}

static hb_status parse_reference(hb_inputs *in, hb_str text, hb_error *err)
{
    return hb_reference_from_json(text, HB_PACK_REFERENCE, in->run, in->baseline, &in->own, err);
}

static hb_status get_reference(const source *x, hb_inputs *in, bool converted, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    if (x->texts) {
        HB_TRY(parse_reference(in, x->texts->reference, err));
    } else {
        HB_TRY(hb_pack_read(x->pack, HB_PACK_REFERENCE, HB_REFERENCE_JSON_MAX, &text, &n, err));
        hb_status status = parse_reference(in, (hb_str){text, n}, err);
        hb_free(text);
        HB_TRY(status);
    }
    in->reference = *hb_reference_of(in->own);
    in->config = *hb_reference_config(in->own);
    return converted && in->reference.n_equivalences == 0 && !x->is_redacted
               ? HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s' has not the digest of its figures, and '%s' tells of no conversion",
                         HB_PACK_BASELINE, HB_PACK_REFERENCE)
               : HB_OK;
}

/* A document of the pack with its digest; *ret = NULL where it has none. */
static hb_status get_text(hb_pack_reader *r, const char *path, hb_arena *arena, const hb_str **ret,
                          char digest[HB_DIGEST_HEX], hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    *ret = NULL;
    if (!hb_pack_has(r, path)) {
        return HB_OK;
    }
    HB_TRY(hb_pack_read(r, path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_str *kept = hb_arena_array(arena, 1, sizeof *kept);
    char *copy = hb_arena_strndup(arena, text, n);
    hb_status status = kept && copy ? hb_digest_of(text, n, digest, err) : HB_NOMEM(err);
    hb_free(text);
    HB_TRY(status);
    *kept = (hb_str){copy, n};
    *ret = kept;
    return HB_OK;
}

/* What was read once is read again; that it cannot be now is the pack's fault. */
static hb_status blame(hb_status status, hb_error *err)
{
    if (status == HB_OK || status == HB_E_NOMEM || !err) {
        return status;
    }
    err->code = HB_E_EVIDENCE;
    return HB_E_EVIDENCE;
}

static hb_status get_registry(hb_pack_reader *r, hb_inputs *in, hb_error *err)
{
    char digest[HB_DIGEST_HEX];
    const hb_str *text = NULL;
    HB_TRY(get_text(r, HB_PACK_REGISTRY, &in->arena, &text, digest, err));
    in->config.registry_text = text;
    if (!text) {
        return hb_registry_builtin(&in->registry, err);
    }
    return blame(hb_registry_parse(*text, in->config.registry_name, in->config.program,
                                   in->config.mode, digest, NULL, &in->registry, err),
                 err);
}

static hb_status get_policy(hb_pack_reader *r, hb_inputs *in, bool *ret_has, hb_error *err)
{
    char digest[HB_DIGEST_HEX];
    const hb_str *text = NULL;
    HB_TRY(get_text(r, HB_PACK_POLICY, &in->arena, &text, digest, err));
    in->config.policy_text = text;
    if (text) {
        HB_TRY(
            blame(hb_policy_parse(*text, in->config.policy_name, digest, &in->policy, err), err));
    } else {
        hb_policy_builtin(&in->policy);
    }
    *ret_has = true;
    return HB_OK;
}

static hb_status read_into(const source *x, hb_inputs *in, bool *ret_has_policy, hb_error *err)
{
    bool converted = false;
    const hb_inputs_texts none = {.run = {0}};
    const hb_inputs_texts *t = x->texts ? x->texts : &none;
    HB_TRY(get_run(x, HB_PACK_RUN, t->run, &in->run, x->is_redacted ? &converted : NULL, err));
    converted = false;
    if (x->texts ? t->baseline.p != NULL : hb_pack_has(x->pack, HB_PACK_BASELINE)) {
        HB_TRY(get_run(x, HB_PACK_BASELINE, t->baseline, &in->baseline, &converted, err));
    }
    HB_TRY(get_reference(x, in, converted, err));
    HB_TRY(get_registry(x->pack, in, err));
    return get_policy(x->pack, in, ret_has_policy, err);
}

static void release(hb_inputs *in, bool has_policy)
{
    if (has_policy) {
        hb_policy_release(&in->policy);
    }
    hb_registry_free(in->registry);
    hb_reference_read_free(in->own);
    hb_run_free(in->baseline);
    hb_run_free(in->run);
    hb_arena_release(&in->arena);
    *in = (hb_inputs){0};
}

static hb_status read_all(const source *x, hb_inputs *ret, hb_error *err)
{
    enum { TEXTS_BYTES = 3 * HB_YAML_MAX_BYTES };
    hb_inputs in = {0};
    bool has_policy = false;
    hb_arena_init(&in.arena, TEXTS_BYTES);
    hb_status status = read_into(x, &in, &has_policy, err);
    if (status != HB_OK) {
        release(&in, has_policy);
        return status;
    }
    *ret = in;
    return HB_OK;
}

hb_status hb_inputs_read(hb_pack_reader *r, hb_inputs *ret, hb_error *err)
{
    const source x = {.pack = r, .is_redacted = hb_pack_has(r, HB_PACK_REDACTION)};
    return read_all(&x, ret, err);
}

hb_status hb_inputs_read_instead(hb_pack_reader *r, const hb_inputs_texts *texts, hb_inputs *ret,
                                 hb_error *err)
{
    const source x = {.pack = r, .texts = texts, .is_redacted = true};
    return read_all(&x, ret, err);
}

void hb_inputs_release(hb_inputs *in)
{
    release(in, in->run != NULL);
}

/* --- deciding again --- */

hb_status hb_inputs_decide(const hb_inputs *in, hb_decision **ret_decision, hb_buf *ret_json,
                           hb_error *err)
{
    hb_decision *d = NULL;
    HB_TRY(hb_decide(in->run, &in->reference, in->registry, &in->policy, &d, err));
    hb_status status = hb_decision_json(d, ret_json, err);
    if (status != HB_OK) {
        hb_decision_free(d);
        return status;
    }
    *ret_decision = d;
    return HB_OK;
}
