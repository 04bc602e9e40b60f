/* SPDX-License-Identifier: Apache-2.0 */
/* Is what was compared with made of the runs that the approvers signed? The runs are in the pack as
 * they were registered; pool, sets and conversions are made of them again. What no run says is
 * named as the signer's word, and so is every run that is not here. */
#include "decide/live.h"
#include "evidence/reference_again.h"
#include "evidence/verify_internal.h"
#include "telemetry/run_builder.h"

#include <string.h>

typedef struct version { /* of baseline/version.json */
    json_t *root;
    const json_t *digests;
    const char **logs;
    size_t n_logs;
} version;

typedef struct looking {
    hb_check *c;
    hb_again again;
    version version;
    hb_again_with with;
    size_t n_here;
    size_t n_more;      /* runs of sets alone … */
    size_t n_more_here; /* … of them in the pack */
    uint64_t more_bytes;
} looking;

static const char *const set_names[HB_AGAIN_SETS_] = {
    [HB_AGAIN_SET] = "the set",
    [HB_AGAIN_WITH] = "the runs judged together",
    [HB_AGAIN_EARLY] = "the set for early warning",
    [HB_AGAIN_HISTORY] = "the history",
};

static const char *const set_kinds[HB_AGAIN_SETS_] = {
    [HB_AGAIN_SET] = "comparable",
    [HB_AGAIN_WITH] = "named",
    [HB_AGAIN_EARLY] = "rolling",
    [HB_AGAIN_HISTORY] = "history",
};

/* --- the version --- */

static hb_status read_logs(looking *l, hb_object *o, hb_error *err)
{
    const json_t *list = NULL;
    HB_TRY(hb_object_list(o, "transforms", HB_RUN_MAX_METRICS, &list, err));
    l->version.logs =
        hb_arena_array(&l->again.arena, json_array_size(list) + 1, sizeof *l->version.logs);
    if (!l->version.logs) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        hb_object t = hb_object_of(json_array_get(list, i), HB_PACK_VERSION);
        HB_TRY(hb_object_text(&t, "metric", &l->version.logs[l->version.n_logs], err));
        HB_TRY(hb_object_is(&t, "transform", "log", err));
        l->version.n_logs++;
    }
    return HB_OK;
}

static hb_status read_version(looking *l, hb_error *err)
{
    hb_str text;
    hb_check *c = l->c;
    if (!hb_check_has(c, HB_PACK_VERSION)) {
        return HB_OK;
    }
    HB_TRY(hb_check_read(c, HB_PACK_VERSION, HB_VERIFY_SMALL_MAX, &text, err));
    HB_TRY(hb_object_parse(text, HB_PACK_VERSION, &l->version.root, err));
    hb_object o = hb_object_of(l->version.root, HB_PACK_VERSION);
    HB_TRY(hb_object_list(&o, "run_sha256", HB_PAST_RUNS_MAX, &l->version.digests, err));
    return read_logs(l, &o, err);
}

/* All of its runs in its order; only the run under test is left out of its own baseline. */
static hb_status whole_version(const looking *l, hb_error *err)
{
    const hb_pack_runs *list = &l->again.list;
    const char *own = l->c->inputs.run->digest;
    size_t at = 0;
    size_t n = json_array_size(l->version.digests);
    for (size_t i = 0; i < n; i++) {
        const char *digest = json_string_value(json_array_get(l->version.digests, i));
        bool next = digest && at < list->n_baseline && list->list[at].digest &&
                    strcmp(list->list[at].digest, digest) == 0;
        if (!next && (!digest || strcmp(digest, own) != 0)) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "'%s' has the run with SHA-256 %.64s, which is not the one compared "
                           "with in its place: it was left out, or others were put there",
                           HB_PACK_VERSION, digest ? digest : "?");
        }
        at += next;
    }
    return at == list->n_baseline
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "run '%.128s' was compared with, and '%s' does not have it in this place",
                         list->list[at].run_id, HB_PACK_VERSION);
}

/* --- which runs are here --- */

static void count(looking *l)
{
    const hb_again *a = &l->again;
    for (size_t i = 0; i < a->list.n; i++) {
        bool file = strcmp(a->list.list[i].path, HB_PACK_BASELINE) != 0;
        l->n_here += file && a->runs[i].is_here;
        l->n_more += i >= a->list.n_baseline;
        l->n_more_here += i >= a->list.n_baseline && a->runs[i].is_here;
        l->more_bytes += i >= a->list.n_baseline ? a->runs[i].bytes : 0;
    }
}

/* The rule of who writes a pack (pack_runs.h): all of the baseline's, and of the others until there
 * are enough. A run that could be here and is not was left out for a reason. */
static hb_status none_left_out(const looking *l, hb_error *err)
{
    const hb_again *a = &l->again;
    bool full = l->more_bytes >= HB_PACK_RUNS_MORE_BYTES;
    for (size_t i = 0; i < a->list.n; i++) {
        bool before_the_last = i < a->list.n_baseline + l->n_more_here;
        if (!a->runs[i].is_here && (before_the_last || !full)) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "'%s' is missing: run '%.128s', which was compared with, was left out",
                           a->list.list[i].path, a->list.list[i].run_id);
        }
    }
    return HB_OK;
}

static hb_status look(looking *l, hb_error *err)
{
    hb_check *c = l->c;
    for (int i = 0; i < HB_AGAIN_SETS_; i++) {
        const hb_run_set *s = hb_again_stated(&l->again, (hb_again_set)i);
        bool versioned = i == HB_AGAIN_SET && s && *s->version;
        if (s && strcmp(s->kind, versioned ? "version" : set_kinds[i]) != 0) {
            return HB_FAIL(err, HB_E_EVIDENCE, "%s is said to be of the kind '%.40s'", set_names[i],
                           s->kind);
        }
    }
    HB_TRY(hb_again_only_listed(&l->again, c->pack, err));
    HB_TRY(hb_again_read(&l->again, c->pack, c->inputs.run, err));
    HB_TRY(read_version(l, err));
    count(l);
    if (c->inputs.baseline && l->again.list.n_baseline == 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' names no run that '%s' is made of",
                       HB_PACK_REFERENCE, HB_PACK_BASELINE);
    }
    return l->version.root ? whole_version(l, err) : HB_OK;
}

/* --- made again --- */

static hb_status read_mapping(looking *l, hb_str *text, hb_error *err)
{
    hb_check *c = l->c;
    const hb_pack_file *f = hb_check_listed(c, HB_PACK_EQUIVALENCE);
    if (f) {
        HB_TRY(hb_check_read(c, HB_PACK_EQUIVALENCE, HB_VERIFY_SMALL_MAX, text, err));
        l->with.mapping = text;
        l->with.mapping_sha256 = f->sha256;
    }
    return HB_OK;
}

static hb_status same_bytes(looking *l, bool *ret_same, hb_error *err)
{
    const hb_pack_file *f = hb_check_listed(l->c, HB_PACK_BASELINE);
    char sha256[HB_DIGEST_HEX] = "";
    hb_buf text;
    hb_buf_init(&text, HB_RUN_JSON_MAX);
    hb_status status = hb_run_json(l->again.made.run, &text, err);
    if (status == HB_OK) {
        status = hb_digest_of(text.p, text.n, sha256, err);
    }
    hb_buf_release(&text);
    HB_TRY(status);
    *ret_same = f && strcmp(f->sha256, sha256) == 0;
    return HB_OK;
}

static hb_status compare_run(looking *l, hb_error *err)
{
    bool same = true;
    const hb_run *stated = l->c->inputs.baseline;
    const hb_run *made = l->again.made.run;
    if (!stated) {
        return HB_OK;
    }
    HB_TRY(same_bytes(l, &same, err));
    const char *metric = same ? "" : hb_check_other_metric(stated, made);
    const char *what = l->again.list.pooled ? "the runs of the baseline, pooled again,"
                                            : "the run in baseline/runs/";
    return same ? HB_OK
                : HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not what %s give%s%s%s%.200s%s",
                          HB_PACK_BASELINE, what, l->again.list.pooled ? "" : "s",
                          hb_reference_converted(&l->c->inputs.reference) ? " when converted" : "",
                          *metric ? ": metric '" : "", metric, *metric ? "' differs" : "");
}

static hb_status compare_sets(looking *l, hb_error *err)
{
    for (int i = 0; i < HB_AGAIN_SETS_; i++) {
        const char *differs = "";
        HB_TRY(hb_again_set_differs(&l->again, (hb_again_set)i, &differs, err));
        if (*differs) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "'%s', %s: another follows from the runs in the pack than stands "
                           "there: %s",
                           HB_PACK_REFERENCE, set_names[i], differs);
        }
    }
    return HB_OK;
}

static hb_status compare_suspicions(looking *l, size_t *ret_whole, hb_error *err)
{
    const hb_prior *p = l->c->inputs.reference.prior;
    *ret_whole = 0;
    for (size_t i = 0; p && i < p->n_suspicions; i++) {
        const hb_suspicion *x = &p->suspicions[i];
        const char *run = "";
        bool whole = false;
        HB_TRY(hb_again_suspicion_differs(&l->again, &l->with, x, &whole, &run, err));
        if (*run) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "'%s': the suspicion about metric '%.200s' has another value of run "
                           "'%.128s' than that run in the pack",
                           HB_PACK_REFERENCE, x->metric, run);
        }
        *ret_whole += whole;
    }
    return HB_OK;
}

static hb_status make(looking *l, size_t *ret_suspicions, hb_error *err)
{
    hb_str mapping = {0};
    HB_TRY(none_left_out(l, err));
    HB_TRY(read_mapping(l, &mapping, err));
    HB_TRY(hb_again_make(&l->again, &l->with, err));
    const char *conversion = hb_again_conversion_differs(&l->again);
    if (*conversion) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "'%s' does not convert metric '%.200s' as '%s' says it did",
                       l->with.mapping ? HB_PACK_EQUIVALENCE : "nothing in the pack", conversion,
                       HB_PACK_REFERENCE);
    }
    HB_TRY(compare_run(l, err));
    HB_TRY(compare_sets(l, err));
    return compare_suspicions(l, ret_suspicions, err);
}

/* --- told --- */

static hb_status tell_baseline(looking *l, hb_error *err)
{
    hb_check *c = l->c;
    const hb_pack_runs *list = &l->again.list;
    const char *converted = hb_reference_converted(&l->c->inputs.reference) ? ", converted" : "";
    if (!c->inputs.baseline) {
        return HB_OK;
    }
    return list->pooled
               ? hb_check_say(c, "reference", HB_HOLDS, err,
                              "the %zu runs%s of the baseline, pooled again%s, give '%s' to the "
                              "byte",
                              list->n_baseline, l->version.root ? " that version.json names" : "",
                              converted, HB_PACK_BASELINE)
               : hb_check_say(c, "reference", HB_HOLDS, err,
                              "'%s' is run '%.128s' as it was registered%s", HB_PACK_BASELINE,
                              list->list[0].run_id, converted);
}

/* Left out on request (--no-baseline-runs): no fault, unless what was approved cannot be seen. */
static hb_status tell_without(looking *l, hb_error *err)
{
    hb_check *c = l->c;
    const hb_pack_runs *list = &l->again.list;
    bool is_run = list->n_baseline && strcmp(list->list[0].path, HB_PACK_BASELINE) == 0;
    bool approved = list->n_baseline && !is_run && c->inputs.policy.require_approval;
    if (is_run) {
        HB_TRY(tell_baseline(l, err));
    }
    return hb_check_say(c, "reference", approved ? HB_NOT_CHECKED : HB_NOT_IN_PACK, err,
                        "the runs of %s are not in the pack: their figures are as the signer "
                        "says%s",
                        is_run || !list->n_baseline ? "the sets" : "the baseline and its sets",
                        approved ? ", and the policy requires approved ones" : "");
}

static hb_status tell_sets(looking *l, hb_error *err)
{
    hb_check *c = l->c;
    size_t sets = 0;
    for (int i = 0; i < HB_AGAIN_SETS_; i++) {
        const hb_run_set *s = hb_again_stated(&l->again, (hb_again_set)i);
        size_t here = hb_again_newest(&l->again, s);
        sets += s && (here || !s->n_runs);
        if (s && here < s->n_runs) {
            HB_TRY(hb_check_say(c, "reference", HB_NOT_IN_PACK, err,
                                "of the %zu runs of %s the newest %zu are in the pack: the figures "
                                "of the others are as the signer says",
                                s->n_runs, set_names[i], here));
        }
    }
    return sets ? hb_check_say(c, "reference", HB_HOLDS, err,
                               "values, spreads and counts of the sets are those of the runs in "
                               "the pack; which verdicts these had before, and how finely they "
                               "were resolved, is said by who signed the pack")
                : HB_OK;
}

static hb_status tell_prior(looking *l, size_t suspicions, hb_error *err)
{
    hb_check *c = l->c;
    const hb_prior *p = c->inputs.reference.prior;
    if (p && p->n_suspicions) {
        HB_TRY(hb_check_say(c, "reference", HB_NOT_IN_PACK, err,
                            "%zu suspicions were open; the frozen values of %zu are those of runs "
                            "in the pack; that and when they were raised is as the signer says",
                            p->n_suspicions, suspicions));
    }
    return p && p->live && p->live->detector
               ? hb_check_say(c, "reference", HB_NOT_IN_PACK, err,
                              "the detector's state before this window is as the signer says")
               : HB_OK;
}

static hb_status ask(looking *l, hb_error *err)
{
    hb_error e = {0};
    size_t suspicions = 0;
    const hb_pack_runs *list = &l->again.list;
    if (look(l, &e) != HB_OK) {
        return hb_check_fault(l->c, "reference", &e, err);
    }
    l->with.run = l->c->inputs.run;
    l->with.registry = l->c->inputs.registry;
    l->with.logs = l->version.logs;
    l->with.n_logs = l->version.n_logs;
    if (list->n == 0 && !l->c->inputs.baseline) {
        return hb_check_say(l->c, "reference", HB_NOT_IN_PACK, err, "it was compared with no run");
    }
    bool alone = list->n == 1 && l->again.runs[0].is_here;
    if (l->n_here == 0 && !alone) {
        return tell_without(l, err);
    }
    if (make(l, &suspicions, &e) != HB_OK) {
        return hb_check_fault(l->c, "reference", &e, err);
    }
    HB_TRY(tell_baseline(l, err));
    HB_TRY(tell_sets(l, err));
    return tell_prior(l, suspicions, err);
}

hb_status hb_ask_reference(hb_check *c, hb_error *err)
{
    looking l = {.c = c};
    if (c->has_hidden) {
        return hb_check_say(c, "reference", HB_NOT_IN_PACK, err,
                            "the runs of the baseline were taken out with the hidden fields: that "
                            "what was compared with is made of them is said by who signed the "
                            "original");
    }
    HB_TRY(hb_again_init(&l.again, &c->inputs.reference, err));
    hb_status status = ask(&l, err);
    json_decref(l.version.root);
    hb_again_release(&l.again);
    return status;
}
