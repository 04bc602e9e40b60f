/* SPDX-License-Identifier: Apache-2.0 */
/* The content of a baseline version: docs/formats/baseline_version.md. Keys in ascending order. */
#include "baseline/version.h"

#include "base/json_write.h"
#include "crypto/digest.h"
#include "stats/fmath.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#define FORMAT "hb-baseline-version/1"

enum { NAME_MAX_CHARS = 64 };

/* --- transforms --- */

/* Mean and sum of squared deviations, two passes in the order given. */
static double variance(const double *v, size_t n)
{
    double mean = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        mean += (v[i] - mean) / (double)(i + 1);
    }
    for (size_t i = 0; i < n; i++) {
        sum += (v[i] - mean) * (v[i] - mean);
    }
    return sum / (double)n;
}

/* Gain of log-likelihood of normal logarithms over normal values, the Jacobian included, in values
 * divided by the largest: n/2 (ln var(x) - ln var(ln x)) - sum ln x, where every scale drops out.
 */
static bool gains_by_log(const hb_past_metric *m, size_t n_runs)
{
    double x[HB_VERSION_RUNS_MAX];
    double logs[HB_VERSION_RUNS_MAX];
    size_t n = 0;
    double most = 0;
    for (size_t i = 0; i < n_runs; i++) {
        if (!isnan(m->values[i])) {
            if (!(m->values[i] > 0)) {
                return false;
            }
            x[n++] = m->values[i];
            most = fmax(most, m->values[i]);
        }
    }
    if (n < HB_VERSION_LOG_RUNS) {
        return false;
    }
    double sum = 0;
    double log_most = hb_log(most);
    for (size_t i = 0; i < n; i++) {
        logs[i] = hb_log(x[i]) - log_most;
        sum += logs[i];
        x[i] /= most;
    }
    double v = variance(x, n);
    double w = variance(logs, n);
    return v > 0 && w > 0 && (double)n / 2 * (hb_log(v) - hb_log(w)) - sum > 2;
}

static void choose_transforms(hb_run_set *set)
{
    for (size_t i = 0; i < set->n_metrics; i++) {
        set->metrics[i].log = gains_by_log(&set->metrics[i], set->n_runs);
    }
}

/* --- content --- */

static void write_context(const hb_version_pick *pick, hb_json *j)
{
    static const hb_context_field ascending[HB_CONTEXT_COUNT] = {
        HB_CONTEXT_ENVIRONMENT,        HB_CONTEXT_ENVIRONMENT_FINGERPRINT,
        HB_CONTEXT_INPUT_DATA_VERSION, HB_CONTEXT_OPERATING_MODE,
        HB_CONTEXT_SCENARIO_ID,        HB_CONTEXT_SENSOR_CONFIG_ID,
    };
    hb_json_obj(j);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        if (pick->context[ascending[i]]) {
            hb_json_kc(j, hb_context_name(ascending[i]), pick->like.meta.context[ascending[i]]);
        }
    }
    hb_json_end(j);
}

static hb_status write_content(const hb_version_pick *pick, const hb_version_with *with,
                               const hb_run_set *set, const char *parent_digest, hb_buf *out,
                               hb_error *err)
{
    hb_json j;
    hb_buf_clear(out);
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "context");
    write_context(pick, &j);
    hb_json_kc(&j, "format", FORMAT);
    hb_json_kc(&j, "parent_sha256", parent_digest);
    hb_json_kc(&j, "policy_sha256", with->policy->digest);
    hb_json_kc(&j, "program", pick->like.meta.program);
    hb_json_kc(&j, "registry_sha256", hb_registry_digest(with->registry));
    hb_json_key(&j, "run_sha256");
    hb_json_arr(&j);
    for (size_t i = 0; i < set->n_runs; i++) {
        hb_json_c(&j, set->runs[i].digest);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "subsystem", pick->like.meta.subsystem);
    hb_json_kc(&j, "test_name", pick->like.meta.test_name);
    /* A list, since a metric's name may be too long for a key that is checked for its order. */
    hb_json_key(&j, "transforms");
    hb_json_arr(&j);
    for (size_t i = 0; i < set->n_metrics; i++) {
        if (set->metrics[i].log) {
            hb_json_obj(&j);
            hb_json_kc(&j, "metric", set->metrics[i].name);
            hb_json_kc(&j, "transform", "log");
            hb_json_end(&j);
        }
    }
    hb_json_end(&j);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

static const char *digest_of(const hb_version_row *rows, size_t n, const char *version)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].version, version) == 0) {
            return rows[i].digest;
        }
    }
    return "";
}

/* Newest version of the test in this context that is in use; those of other contexts are no
 * parents. */
static hb_status newest_parent(const hb_version_pick *pick, const hb_version_row *rows, size_t n,
                               hb_arena *arena, const hb_version_row **ret, hb_error *err)
{
    *ret = NULL;
    for (size_t i = 0; i < n && !*ret; i++) {
        const char *context[HB_CONTEXT_COUNT];
        HB_TRY(hb_version_context(&rows[i], arena, context, err));
        bool same = !*rows[i].retired_reason;
        for (unsigned f = 0; f < HB_CONTEXT_COUNT && same; f++) {
            same = pick->context[f] == (context[f] != NULL) &&
                   (!context[f] || strcmp(context[f], pick->like.meta.context[f]) == 0);
        }
        *ret = same ? &rows[i] : NULL;
    }
    return HB_OK;
}

/* Made a second time it is the same version: each one that is there is tried with its own parent.
 */
static hb_status content(hb_store *s, const hb_version_pick *pick, const hb_version_with *with,
                         hb_version_made *m, hb_error *err)
{
    hb_arena *arena = &m->set.arena;
    const hb_version_query q = {.program = pick->like.meta.program,
                                .subsystem = pick->like.meta.subsystem,
                                .test_name = pick->like.meta.test_name};
    hb_version_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_versions(s, &q, arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const char *digest = digest_of(rows, n, rows[i].parent);
        HB_TRY(write_content(pick, with, &m->set, digest, &m->json, err));
        HB_TRY(hb_digest_of(m->json.p, m->json.n, m->digest, err));
        if (strcmp(m->digest, rows[i].digest) == 0) {
            m->parent = rows[i].parent;
            return HB_OK;
        }
    }
    const hb_version_row *parent = NULL;
    HB_TRY(newest_parent(pick, rows, n, arena, &parent, err));
    m->parent = parent ? parent->version : "";
    HB_TRY(write_content(pick, with, &m->set, parent ? parent->digest : "", &m->json, err));
    return hb_digest_of(m->json.p, m->json.n, m->digest, err);
}

static hb_status make(hb_store *s, const hb_version_pick *pick, const hb_version_with *with,
                      hb_version_made *m, hb_buf *note, hb_error *err)
{
    const hb_run_set_ask ask = {.registry = with->registry, .kind = "version"};
    HB_TRY(hb_run_set_load(s, &ask, pick->run_ids, pick->n_runs, &m->set, note, err));
    HB_TRY(hb_buf_check(note, err));
    m->note = hb_arena_str(&m->set.arena, (hb_str){note->p, note->n});
    if (!m->note) {
        return HB_NOMEM(err);
    }
    choose_transforms(&m->set);
    return content(s, pick, with, m, err);
}

hb_status hb_version_make(hb_store *s, const hb_version_pick *pick, const hb_version_with *with,
                          hb_version_made *ret_made, hb_error *err)
{
    hb_version_made m = {.parent = "", .note = ""};
    hb_buf note;
    hb_buf_init(&note, 4096);
    hb_buf_init(&m.json, HB_VERSION_JSON_MAX);
    hb_status status = make(s, pick, with, &m, &note, err);
    hb_buf_release(&note);
    if (status != HB_OK) {
        hb_version_made_release(&m);
        return status;
    }
    *ret_made = m;
    return HB_OK;
}

void hb_version_made_release(hb_version_made *m)
{
    hb_run_set_release(&m->set);
    hb_buf_release(&m->json);
}

hb_status hb_version_check_name(const char *name, hb_error *err)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = strlen(name);
    if (n < 1 || n > NAME_MAX_CHARS || name[strspn(name, plain)] != '\0') {
        return HB_FAIL(err, HB_E_USAGE,
                       "name '%.80s' is not usable; expected 1 to %d of A-Z a-z 0-9 . _ -", name,
                       NAME_MAX_CHARS);
    }
    if (n >= HB_VERSION_BEGINNING && name[strspn(name, "0123456789abcdef")] == '\0') {
        return HB_FAIL(err, HB_E_USAGE,
                       "name '%s' could be the beginning of a version's own name; use another "
                       "letter than a to f as well",
                       name);
    }
    return HB_OK;
}

hb_status hb_version_keep(hb_store *s, const hb_version_pick *pick, const hb_version_made *made,
                          const hb_version_label *label, char ret_version[65], bool *ret_existed,
                          hb_error *err)
{
    const hb_version_row row = {.digest = made->digest,
                                .program = pick->like.meta.program,
                                .subsystem = pick->like.meta.subsystem,
                                .test_name = pick->like.meta.test_name,
                                .parent = made->parent,
                                .run_ids = pick->run_ids,
                                .n_runs = pick->n_runs,
                                .json = made->json.p,
                                .json_len = made->json.n,
                                .name = label->name,
                                .note = label->note,
                                .created_by = label->by,
                                .created_at = label->now};
    return hb_store_add_version(s, &row, ret_version, ret_existed, err);
}

/* --- reading --- */

static hb_status damaged(const hb_version_row *row, const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_STORE,
                   "baseline version '%s' was changed after it was made: %s; restore a backup of "
                   "the registry",
                   row->version, what);
}

static void mark(const json_t *list, hb_run_set *set)
{
    size_t i = 0;
    const json_t *x = NULL;
    json_array_foreach(list, i, x)
    {
        const char *name = json_string_value(json_object_get(x, "metric"));
        for (size_t k = 0; name && k < set->n_metrics; k++) {
            set->metrics[k].log = set->metrics[k].log || strcmp(set->metrics[k].name, name) == 0;
        }
    }
}

static bool states(const json_t *root, const char *key, const char *text)
{
    const char *is = json_string_value(json_object_get(root, key));
    return is && strcmp(is, text) == 0;
}

static const char *digest_stated(const json_t *root, const hb_version_row *row, const char *run_id)
{
    for (size_t i = 0; i < row->n_runs; i++) {
        if (strcmp(row->run_ids[i], run_id) == 0) {
            return json_string_value(json_array_get(json_object_get(root, "run_sha256"), i));
        }
    }
    return NULL;
}

/* What does not fit the content: the columns beside it and the list of runs are outside its digest.
 * NULL = all of it fits. */
static const char *misfit(const json_t *root, const hb_version_row *row, const hb_run_set *set)
{
    if (!states(root, "program", row->program) || !states(root, "subsystem", row->subsystem) ||
        !states(root, "test_name", row->test_name)) {
        return "it states another test";
    }
    if (json_array_size(json_object_get(root, "run_sha256")) != row->n_runs) {
        return "it states another number of runs";
    }
    for (size_t i = 0; i < set->n_runs; i++) {
        const char *digest = digest_stated(root, row, set->runs[i].run_id);
        if (!digest || strcmp(digest, set->runs[i].digest) != 0) {
            return "its runs are not those it states";
        }
    }
    return NULL;
}

/* What was stored counts, not what the rule would say of these runs now. */
static hb_status read_content(const hb_version_row *row, hb_run_set *set, hb_error *err)
{
    char digest[65];
    HB_TRY(hb_digest_of(row->json, row->json_len, digest, err));
    json_t *root = json_loadb(row->json, row->json_len, 0, NULL);
    const json_t *list = json_object_get(root, "transforms");
    const char *wrong = json_is_array(list) && strcmp(digest, row->digest) == 0
                            ? misfit(root, row, set)
                            : "its content does not fit its digest";
    if (!wrong) {
        mark(list, set);
    }
    json_decref(root);
    return wrong ? damaged(row, wrong, err) : HB_OK;
}

hb_status hb_version_set(hb_store *s, const hb_version_row *row, const hb_run_set_ask *like,
                         const char *const *run_ids, size_t n_run_ids, hb_run_set *ret_set,
                         hb_buf *note, hb_error *err)
{
    hb_run_set set;
    hb_run_set_ask ask = *like;
    ask.kind = "version";
    ask.version = row->version;
    HB_TRY(hb_run_set_load(s, &ask, run_ids, n_run_ids, &set, note, err));
    hb_status status = read_content(row, &set, err);
    if (status != HB_OK) {
        hb_run_set_release(&set);
        return status;
    }
    *ret_set = set;
    return HB_OK;
}

hb_status hb_version_context(const hb_version_row *row, hb_arena *arena,
                             const char *ret_context[HB_CONTEXT_COUNT], hb_error *err)
{
    json_t *root = json_loadb(row->json, row->json_len, 0, NULL);
    const json_t *context = json_object_get(root, "context");
    bool good = json_is_object(context);
    for (unsigned f = 0; f < HB_CONTEXT_COUNT && good; f++) {
        const char *text =
            json_string_value(json_object_get(context, hb_context_name((hb_context_field)f)));
        ret_context[f] = text ? hb_arena_str(arena, hb_str_of(text)) : NULL;
        good = !text || ret_context[f];
    }
    json_decref(root);
    return good ? HB_OK : damaged(row, "its content states no context", err);
}
