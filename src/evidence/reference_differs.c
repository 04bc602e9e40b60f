/* SPDX-License-Identifier: Apache-2.0 */
/* Where a stated reference and the one made again part. Bits are compared, so that a value which
 * was changed in its last digit shows. */
#include "evidence/inputs_internal.h"
#include "evidence/reference_again.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { TEXT_MAX = 600, SET_TEXT_MAX = 1 << 30 };

typedef struct compared {
    hb_again *a;
    const hb_run_set *stated;
    const hb_run_set *made;
    size_t gap; /* oldest runs of the stated set that were not made */
} compared;

static const char *run_id(const compared *c, size_t i)
{
    return c->stated->runs[c->gap + i].run_id;
}

static bool same_bits(const double *stated, size_t at, double made)
{
    double is = stated ? stated[at] : NAN;
    return memcmp(&is, &made, sizeof is) == 0;
}

static hb_status tell(const compared *c, const char **ret, hb_error *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static hb_status tell(const compared *c, const char **ret, hb_error *err, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *copy = hb_arena_str(&c->a->arena, hb_str_of(text));
    if (!copy) {
        return HB_NOMEM(err);
    }
    *ret = copy;
    return HB_OK;
}

/* --- identity --- */

static hb_status meta_text(const hb_past_run *r, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_buf_clear(out);
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "digest", r->digest);
    hb_json_key(&j, "meta");
    hb_meta_put(&j, &r->meta);
    hb_exact_text(&j, "run_id", r->run_id);
    hb_exact_time(&j, "start_ns", r->start);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

static hb_status compare_runs(const compared *c, const char **ret, hb_error *err)
{
    hb_buf stated;
    hb_buf made;
    hb_status status = HB_OK;
    hb_buf_init(&stated, SET_TEXT_MAX);
    hb_buf_init(&made, SET_TEXT_MAX);
    for (size_t i = 0; i < c->made->n_runs && !**ret && status == HB_OK; i++) {
        status = meta_text(&c->stated->runs[c->gap + i], &stated, err);
        if (status == HB_OK) {
            status = meta_text(&c->made->runs[i], &made, err);
        }
        if (status == HB_OK && !hb_str_eq((hb_str){stated.p, stated.n}, (hb_str){made.p, made.n})) {
            status = tell(c, ret, err, "digest, identity or time of run '%.128s'", run_id(c, i));
        }
    }
    hb_buf_release(&stated);
    hb_buf_release(&made);
    return status;
}

/* --- figures --- */

static hb_status compare_figures(const compared *c, const hb_past_metric *stated,
                                 const hb_past_metric *made, const char **ret, hb_error *err)
{
    for (size_t i = 0; i < c->made->n_runs; i++) {
        size_t at = c->gap + i;
        uint64_t count = stated->counts ? stated->counts[at] : 0;
        const char *what = !same_bits(stated->values, at, made ? made->values[i] : NAN) ? "value"
                           : !same_bits(stated->spreads, at, made ? made->spreads[i] : NAN)
                               ? "spread"
                           : count != (made ? made->counts[i] : 0) ? "count of samples"
                                                                   : NULL;
        if (what) {
            return tell(c, ret, err, "the %s of metric '%.200s' in run '%.128s'", what,
                        stated->name, run_id(c, i));
        }
    }
    return HB_OK;
}

static bool same_metric(const hb_past_metric *stated, const hb_past_metric *made)
{
    return made && stated->log == made->log && same_bits(&stated->step, 0, made->step) &&
           strcmp(stated->unit, made->unit) == 0;
}

static hb_status compare_metrics(const compared *c, const char **ret, hb_error *err)
{
    for (size_t i = 0; i < c->stated->n_metrics && !**ret; i++) {
        const hb_past_metric *m = &c->stated->metrics[i];
        const hb_past_metric *made = hb_run_set_metric(c->made, m->name);
        HB_TRY(compare_figures(c, m, made, ret, err));
        if (!**ret && c->gap == 0 && !same_metric(m, made)) {
            HB_TRY(tell(c, ret, err, "unit, resolution or transform of metric '%.200s'", m->name));
        }
    }
    for (size_t i = 0; i < c->made->n_metrics && !**ret; i++) {
        if (!hb_run_set_metric(c->stated, c->made->metrics[i].name)) {
            HB_TRY(
                tell(c, ret, err, "metric '%.200s', which is missing", c->made->metrics[i].name));
        }
    }
    return HB_OK;
}

/* --- the whole of a set, as it stands in the document --- */

static hb_status set_text(const hb_run_set *s, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_arr(&j);
    hb_set_put(&j, s);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

static hb_status compare_texts(const compared *c, const char **ret, hb_error *err)
{
    hb_buf stated;
    hb_buf made;
    hb_buf_init(&stated, SET_TEXT_MAX);
    hb_buf_init(&made, SET_TEXT_MAX);
    hb_status status = set_text(c->stated, &stated, err);
    if (status == HB_OK) {
        status = set_text(c->made, &made, err);
    }
    if (status == HB_OK && !hb_str_eq((hb_str){stated.p, stated.n}, (hb_str){made.p, made.n})) {
        status = tell(c, ret, err, "its digest, or something else of it");
    }
    hb_buf_release(&stated);
    hb_buf_release(&made);
    return status;
}

hb_status hb_again_set_differs(hb_again *a, hb_again_set which, const char **ret, hb_error *err)
{
    const hb_reference *r = &a->made;
    const hb_run_set *const sets[HB_AGAIN_SETS_] = {
        [HB_AGAIN_SET] = r->set,
        [HB_AGAIN_WITH] = r->with,
        [HB_AGAIN_EARLY] = r->prior ? r->prior->early : NULL,
        [HB_AGAIN_HISTORY] = r->prior ? r->prior->history : NULL,
    };
    compared c = {.a = a, .stated = hb_again_stated(a, which), .made = sets[which]};
    *ret = "";
    if (!c.stated || !c.made) {
        return HB_OK;
    }
    c.gap = c.stated->n_runs - c.made->n_runs;
    HB_TRY(compare_runs(&c, ret, err));
    if (!**ret) {
        HB_TRY(compare_metrics(&c, ret, err));
    }
    return **ret || c.gap ? HB_OK : compare_texts(&c, ret, err);
}

/* --- conversions --- */

static bool same_use(const hb_equivalence_use *a, const hb_equivalence_use *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->from, b->from) == 0 &&
           strcmp(a->from_platform, b->from_platform) == 0 &&
           strcmp(a->platform, b->platform) == 0 && strcmp(a->provenance, b->provenance) == 0 &&
           strcmp(a->why_not, b->why_not) == 0 &&
           memcmp(&a->scale, &b->scale, sizeof a->scale) == 0 &&
           memcmp(&a->offset, &b->offset, sizeof a->offset) == 0;
}

const char *hb_again_conversion_differs(const hb_again *a)
{
    const hb_reference *stated = a->stated;
    const hb_reference *made = &a->made;
    size_t i = 0;
    while (i < stated->n_equivalences && i < made->n_equivalences &&
           same_use(&stated->equivalences[i], &made->equivalences[i])) {
        i++;
    }
    return i < stated->n_equivalences ? stated->equivalences[i].name
           : i < made->n_equivalences ? made->equivalences[i].name
                                      : "";
}
