/* SPDX-License-Identifier: Apache-2.0 */
/* As export/rebuild.c makes a reference of the registry, here of the documents in a pack. */
#include "evidence/reference_again.h"

#include "base/map.h"
#include "base/mem.h"
#include "evidence/inputs.h"

#include <math.h>
#include <string.h>

enum { AGAIN_ARENA_BYTES = 1 << 30, AGAIN_RUNS_MAX = 50000 };

struct hb_again_index {
    hb_map map;
};

static hb_status index_runs(hb_again *a, hb_error *err)
{
    a->by_id = hb_alloc_zero(sizeof *a->by_id);
    if (!a->by_id) {
        return HB_NOMEM(err);
    }
    hb_map_init(&a->by_id->map, AGAIN_RUNS_MAX);
    for (size_t i = 0; i < a->list.n; i++) {
        HB_TRY(hb_map_put(&a->by_id->map, hb_str_of(a->list.list[i].run_id), i, err));
    }
    return HB_OK;
}

hb_status hb_again_init(hb_again *a, const hb_reference *stated, hb_error *err)
{
    *a = (hb_again){.stated = stated};
    hb_arena_init(&a->arena, AGAIN_ARENA_BYTES);
    hb_status status = hb_pack_runs_of(stated, &a->arena, &a->list, err);
    if (status == HB_OK) {
        a->runs = hb_arena_array(&a->arena, a->list.n + 1, sizeof *a->runs);
        status = a->runs ? HB_OK : HB_NOMEM(err);
    }
    status = status == HB_OK ? index_runs(a, err) : status;
    if (status != HB_OK) {
        hb_again_release(a);
    }
    return status;
}

void hb_again_release(hb_again *a)
{
    hb_equivalence_applied_release(&a->applied);
    if (a->has_mapping) {
        hb_equivalence_release(&a->mapping);
    }
    for (size_t i = 0; i < HB_AGAIN_SETS_; i++) {
        hb_run_set_release(&a->sets[i]);
    }
    hb_run_free(a->pool);
    for (size_t i = 0; a->runs && i < a->list.n; i++) {
        hb_run_free(a->runs[i].run);
    }
    if (a->by_id) {
        hb_map_release(&a->by_id->map);
        hb_free(a->by_id);
    }
    hb_arena_release(&a->arena);
    *a = (hb_again){0};
}

/* --- reading --- */

static hb_status keep(hb_again *a, const char **text, hb_error *err)
{
    *text = hb_arena_str(&a->arena, hb_str_of(*text));
    return *text ? HB_OK : HB_NOMEM(err);
}

static hb_status keep_identity(hb_again *a, const hb_run *run, hb_past_run *to, hb_error *err)
{
    hb_run_meta *m = &to->meta;
    *m = run->meta;
    const char **texts[] = {&m->run_id,        &m->program,        &m->subsystem,
                            &m->test_name,     &m->git_sha,        &m->build_id,
                            &m->source_system, &m->schema_version, &m->correlation_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        HB_TRY(keep(a, texts[i], err));
    }
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        HB_TRY(keep(a, &m->context[i], err));
    }
    hb_factor *factors = hb_arena_array(&a->arena, m->n_factors + 1, sizeof *factors);
    if (!factors) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < m->n_factors; i++) {
        factors[i] = run->meta.factors[i];
        HB_TRY(keep(a, &factors[i].name, err));
        HB_TRY(keep(a, &factors[i].value, err));
    }
    m->factors = m->n_factors ? factors : NULL;
    to->run_id = m->run_id;
    to->digest = run->digest;
    to->start = m->start;
    return keep(a, &to->digest, err);
}

static hb_status keep_figures(hb_again *a, const hb_run *run, hb_again_run *to, hb_error *err)
{
    hb_past_figure *list = hb_arena_array(&a->arena, run->n_metrics + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < run->n_metrics; i++) {
        list[i] = hb_past_figure_of(&run->metrics[i]);
        const char *name = run->metrics[i].name;
        const char *unit = run->metrics[i].unit;
        HB_TRY(keep(a, &name, err));
        HB_TRY(keep(a, &unit, err));
        list[i].name = hb_str_of(name);
        list[i].unit = hb_str_of(unit);
    }
    to->figures = list;
    to->n = run->n_metrics;
    return HB_OK;
}

static hb_status is_the_one(const hb_pack_run *of, const hb_run *is, const hb_run *run,
                            hb_error *err)
{
    const hb_run_meta *m = &is->meta;
    const hb_run_meta *as = &run->meta;
    if (strcmp(m->run_id, of->run_id) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is run '%.128s', in its place belongs '%.128s'",
                       of->path, m->run_id, of->run_id);
    }
    if (of->digest && strcmp(is->digest, of->digest) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "'%s': run '%.128s' has the SHA-256 %.12s…, reference.json names it with "
                       "%.12s…",
                       of->path, m->run_id, is->digest, of->digest);
    }
    return strcmp(m->program, as->program) == 0 && strcmp(m->subsystem, as->subsystem) == 0 &&
                   strcmp(m->test_name, as->test_name) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s': run '%.128s' is of program '%.60s', subsystem '%.60s', test "
                         "'%.60s', and not of the test of run '%.128s'",
                         of->path, m->run_id, m->program, m->subsystem, m->test_name, as->run_id);
}

static hb_status read_one(hb_again *a, size_t i, hb_pack_reader *pack, const hb_run *run,
                          hb_error *err)
{
    const hb_pack_run *of = &a->list.list[i];
    hb_again_run *to = &a->runs[i];
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(pack, of->path, HB_RUN_JSON_MAX, &text, &n, err));
    hb_status status = hb_run_from_json((hb_str){text, n}, of->path, &to->run, NULL, err);
    hb_free(text);
    HB_TRY(status);
    HB_TRY(is_the_one(of, to->run, run, err));
    HB_TRY(keep_identity(a, to->run, &to->past, err));
    HB_TRY(keep_figures(a, to->run, to, err));
    to->is_here = true;
    to->bytes = n;
    if (i >= a->list.n_baseline) { /* its figures are enough */
        hb_run_free(to->run);
        to->run = NULL;
    }
    return HB_OK;
}

hb_status hb_again_read(hb_again *a, hb_pack_reader *pack, const hb_run *run, hb_error *err)
{
    for (size_t i = 0; i < a->list.n; i++) {
        if (hb_pack_has(pack, a->list.list[i].path)) {
            HB_TRY(read_one(a, i, pack, run, err));
        }
    }
    return HB_OK;
}

hb_status hb_again_only_listed(const hb_again *a, const hb_pack_reader *pack, hb_error *err)
{
    size_t n = 0;
    const hb_pack_file *members = hb_pack_members(pack, &n);
    hb_map listed;
    hb_status status = HB_OK;
    hb_map_init(&listed, a->list.n + 1);
    for (size_t i = 0; i < a->list.n && status == HB_OK; i++) {
        status = hb_map_put(&listed, hb_str_of(a->list.list[i].path), i, err);
    }
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        if (strncmp(members[i].path, HB_PACK_RUNS, strlen(HB_PACK_RUNS)) == 0 &&
            !hb_map_get(&listed, hb_str_of(members[i].path), NULL)) {
            status = HB_FAIL(err, HB_E_EVIDENCE, "'%s' is of no run that reference.json names",
                             members[i].path);
        }
    }
    hb_map_release(&listed);
    return status;
}

/* --- making --- */

static const hb_again_run *find(const hb_again *a, const char *run_id)
{
    size_t i = 0;
    return hb_map_get(&a->by_id->map, hb_str_of(run_id), &i) && a->runs[i].is_here ? &a->runs[i]
                                                                                   : NULL;
}

const hb_run_set *hb_again_stated(const hb_again *a, hb_again_set which)
{
    const hb_reference *r = a->stated;
    const hb_run_set *const sets[HB_AGAIN_SETS_] = {
        [HB_AGAIN_SET] = r->set,
        [HB_AGAIN_WITH] = r->with,
        [HB_AGAIN_EARLY] = r->prior ? r->prior->early : NULL,
        [HB_AGAIN_HISTORY] = r->prior ? r->prior->history : NULL,
    };
    return sets[which];
}

size_t hb_again_newest(const hb_again *a, const hb_run_set *s)
{
    size_t n = 0;
    while (s && n < s->n_runs && find(a, s->runs[s->n_runs - 1 - n].run_id)) {
        n++;
    }
    return n;
}

/* The sets of a stream's baseline are made before there is a run. */
static const hb_run no_metrics = {.n_metrics = 0};

static hb_run_set_ask ask_of(const hb_again *a, const hb_again_with *with, const char *kind,
                             const char *version)
{
    bool live = a->stated->prior && a->stated->prior->live;
    return (hb_run_set_ask){.run = live ? &no_metrics : with->run,
                            .registry = with->registry,
                            .kind = kind,
                            .version = version,
                            .history = true};
}

static hb_status add_run(hb_set_maker *m, size_t i, const hb_again_run *r, const hb_past_run *past,
                         hb_error *err)
{
    hb_set_maker_run(m, i, past);
    for (size_t k = 0; k < r->n; k++) {
        HB_TRY(hb_set_maker_add(m, i, &r->figures[k], err));
    }
    return HB_OK;
}

/* A verdict is no figure of a run, nor is when it was registered: both stay as stated. */
static hb_status fill_set(const hb_again *a, const hb_run_set *stated, size_t newest,
                          hb_set_maker *m, hb_error *err)
{
    for (size_t i = newest; i-- > 0;) {
        const hb_past_run *of = &stated->runs[stated->n_runs - newest + i];
        const hb_again_run *r = find(a, of->run_id);
        hb_past_run past = r->past;
        past.status = of->status;
        past.start = past.start == HB_TIME_NONE ? of->start : past.start;
        HB_TRY(add_run(m, i, r, &past, err));
    }
    return HB_OK;
}

static void mark_logs(hb_run_set *s, const hb_again_with *with)
{
    for (size_t i = 0; i < with->n_logs; i++) {
        for (size_t k = 0; k < s->n_metrics; k++) {
            s->metrics[k].log = s->metrics[k].log || strcmp(s->metrics[k].name, with->logs[i]) == 0;
        }
    }
}

static hb_status make_set(hb_again *a, const hb_again_with *with, hb_again_set which,
                          const hb_run_set **ret, hb_error *err)
{
    const hb_run_set *stated = hb_again_stated(a, which);
    size_t newest = hb_again_newest(a, stated);
    hb_set_maker *m = NULL;
    *ret = NULL;
    if (!stated || (newest == 0 && stated->n_runs)) {
        return HB_OK;
    }
    const hb_run_set_ask ask = ask_of(a, with, stated->kind, stated->version);
    HB_TRY(hb_set_maker_new(&ask, newest, &m, err));
    hb_status status = fill_set(a, stated, newest, m, err);
    if (status == HB_OK) {
        status = hb_set_maker_finish(m, &a->sets[which], NULL, err);
    }
    hb_set_maker_free(m);
    HB_TRY(status);
    if (which == HB_AGAIN_SET && *stated->version) {
        mark_logs(&a->sets[which], with);
    }
    *ret = &a->sets[which];
    return HB_OK;
}

static hb_status make_run(hb_again *a, hb_error *err)
{
    size_t n = a->list.n_baseline;
    hb_reference *r = &a->made;
    r->run = n ? a->runs[0].run : NULL;
    if (!a->list.pooled) {
        return HB_OK;
    }
    const hb_run **runs = hb_arena_array(&a->arena, n + 1, sizeof(const hb_run *));
    if (!runs) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        runs[i] = a->runs[i].run;
    }
    HB_TRY(n ? hb_run_pool(runs, n, &a->pool, err)
             : HB_FAIL(err, HB_E_EVIDENCE, "reference.json names no run that was pooled"));
    r->run = a->pool;
    return HB_OK;
}

static hb_status convert(hb_again *a, const hb_again_with *with, hb_error *err)
{
    hb_reference *r = &a->made;
    r->equivalences = NULL;
    r->n_equivalences = 0;
    r->equivalence_digest = NULL;
    if (!with->mapping) {
        return HB_OK;
    }
    HB_TRY(hb_equivalence_parse(*with->mapping, "equivalence_mapping.yaml", with->mapping_sha256,
                                &a->mapping, err));
    a->has_mapping = true;
    return hb_equivalence_apply(&a->mapping, with->run, r, &a->applied, err);
}

hb_status hb_again_make(hb_again *a, const hb_again_with *with, hb_error *err)
{
    hb_reference *r = &a->made;
    *r = *a->stated;
    HB_TRY(make_run(a, err));
    HB_TRY(make_set(a, with, HB_AGAIN_SET, &r->set, err));
    HB_TRY(make_set(a, with, HB_AGAIN_WITH, &r->with, err));
    if (r->prior) {
        a->prior = *r->prior;
        HB_TRY(make_set(a, with, HB_AGAIN_EARLY, &a->prior.early, err));
        HB_TRY(make_set(a, with, HB_AGAIN_HISTORY, &a->prior.history, err));
        r->prior = &a->prior;
    }
    return convert(a, with, err);
}

/* --- a suspicion's frozen values --- */

static hb_status frozen(hb_again *a, const hb_again_with *with, const hb_suspicion *x,
                        hb_run_set *ret, hb_error *err)
{
    hb_set_maker *m = NULL;
    const hb_run_set_ask ask = ask_of(a, with, "comparable", "");
    HB_TRY(hb_set_maker_new(&ask, x->n_set, &m, err));
    hb_status status = HB_OK;
    for (size_t i = x->n_set; i-- > 0 && status == HB_OK;) {
        const hb_again_run *r = find(a, x->set_run_ids[i]);
        status = add_run(m, i, r, &r->past, err);
    }
    if (status == HB_OK) {
        status = hb_set_maker_finish(m, ret, NULL, err);
    }
    hb_set_maker_free(m);
    return status;
}

hb_status hb_again_suspicion_differs(hb_again *a, const hb_again_with *with, const hb_suspicion *x,
                                     bool *ret_whole, const char **ret, hb_error *err)
{
    hb_run_set set = {0};
    *ret_whole = true;
    for (size_t i = 0; i < x->n_set && *ret_whole; i++) {
        *ret_whole = find(a, x->set_run_ids[i]) != NULL;
    }
    *ret = "";
    if (!*ret_whole) {
        return HB_OK;
    }
    HB_TRY(frozen(a, with, x, &set, err));
    const hb_past_metric *m = hb_run_set_metric(&set, x->metric);
    for (size_t i = 0; i < x->n_set && !**ret; i++) {
        double is = m ? m->values[i] : NAN;
        if (memcmp(&is, &x->values[i], sizeof is) != 0) {
            *ret = x->set_run_ids[i];
        }
    }
    hb_run_set_release(&set);
    return HB_OK;
}
