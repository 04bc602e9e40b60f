/* SPDX-License-Identifier: Apache-2.0 */
/* What a decided window changes. The subject of a finding is "metric:NAME/RULE@DEFINITION", or
 * "window:RULE@DEFINITION" for one about the window as a whole: definitions are judged apart.
 *
 * A finding that is absent counts as gone only where the window could have shown it: the metric has
 * a value in it, and the window was judged at all. A sensor that falls silent does not end what
 * was found of it. */
#include "alert/alert_internal.h"
#include "alert/event.h"

#include <stdlib.h>
#include <string.h>

enum { SUBJECT_BYTES = 64 * 1024, DETAIL_BYTES = 256 * 1024 };

typedef struct taken { /* one call */
    hb_alerts *a;
    const hb_decision *d;
    const hb_window *w;
    const char *digest;
    const char *report;
    hb_alert_moment m;
    size_t too_many;
} taken;

static hb_time onset_of(const taken *t, const hb_finding *f)
{
    const char *rule = hb_rule_name(f->rule);
    for (size_t i = 0; i < t->w->n_silent && strcmp(rule, "silent") == 0; i++) {
        const hb_window_silent *s = &t->w->silent[i];
        if (strcmp(s->metric, f->metric) == 0 && s->last != HB_TIME_NONE) {
            return s->last;
        }
    }
    return f->has_onset && f->onset_time != HB_TIME_NONE ? f->onset_time : t->w->start;
}

static hb_status put_detail(taken *t, hb_alert_row *r, const hb_finding *f, hb_error *err)
{
    hb_buf b;
    hb_buf_init(&b, DETAIL_BYTES);
    hb_status status = hb_alert_detail(t->d, t->w, f, &b, err);
    const char *text = b.p;
    if (status == HB_OK && strcmp(r->detail, text) != 0) {
        status = hb_alert_keep(t->a, &text, err);
        r->detail = status == HB_OK ? text : r->detail;
    }
    hb_buf_release(&b);
    return status;
}

static hb_status put_figures(taken *t, hb_alert_row *r, const hb_finding *f, hb_error *err)
{
    const char *texts[] = {f->text, t->d->run ? t->d->run->meta.run_id : "", t->report, t->w->id,
                           t->digest};
    const char **fields[] = {&r->text, &r->run_id, &r->report, &r->window_id, &r->digest};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        HB_TRY(hb_alert_keep(t->a, &texts[i], err));
        *fields[i] = texts[i];
    }
    r->verdict = hb_verdict_name(t->d->verdict);
    r->revision = t->w->revision;
    r->window_start = t->w->start;
    r->window_end = t->w->end;
    return put_detail(t, r, f, err);
}

/* What an alert says is of the window it was raised in, or became worse in: figures of every
 * further window are in its decision, and writing them for hundreds of alerts would cost the cycle
 * more than judging did. */
static hb_status take_into(taken *t, hb_alert_entry *e, const hb_finding *f,
                           hb_alert_severity severity, hb_error *err)
{
    hb_alert_row *r = &e->row;
    if (e->present) {
        return HB_OK; /* the worst of a metric and rule comes first */
    }
    e->present = true;
    bool active = hb_alert_is_active(r);
    bool counted = t->w->revision && (active || strcmp(r->window_id, t->w->id) == 0);
    if (!active && r->seen == 0) {
        r->onset = onset_of(t, f);
    }
    if (!active || hb_alert_is_worse(r, severity)) {
        HB_TRY(put_figures(t, r, f, err));
    }
    HB_TRY(hb_alert_severe(t->a, e, severity, &t->m, err));
    return counted ? HB_OK : hb_alert_seen(t->a, e, t->a->o.raise_after, &t->m, err);
}

static hb_status take_finding(taken *t, const hb_finding *f, hb_error *err)
{
    hb_alert_severity severity = HB_ALERT_INFO;
    hb_alert_entry *e = NULL;
    if (!hb_alert_severity_of(&t->a->o, t->d, f, &severity)) {
        return HB_OK;
    }
    hb_buf subject;
    hb_buf_init(&subject, SUBJECT_BYTES);
    hb_buf_c(&subject, *f->metric ? "metric:" : "window:");
    hb_buf_c(&subject, f->metric);
    hb_buf_c(&subject, *f->metric ? "/" : "");
    hb_buf_fmt(&subject, "%s@%s", hb_rule_name(f->rule), t->w->name);
    hb_alert_row r = hb_alert_blank;
    r.subject = subject.p;
    r.metric = f->metric;
    r.rule = hb_rule_name(f->rule);
    r.definition = t->w->name;
    hb_status status = hb_buf_check(&subject, err);
    if (status == HB_OK) {
        status = hb_alert_find_or_add(t->a, &r, &e, err);
    }
    hb_buf_release(&subject);
    HB_TRY(status);
    t->too_many += e == NULL;
    return e ? take_into(t, e, f, severity, err) : HB_OK;
}

static int by_name(const void *key, const void *item)
{
    return strcmp(key, ((const hb_comparison *)item)->name);
}

static bool could_show(const taken *t, const hb_alert_row *r)
{
    if (t->d->verdict == HB_VERDICT_NO_TEST || t->w->revision) {
        return false; /* of a re-opened window: later ones have been counted already */
    }
    if (!*r->metric) {
        return t->w->samples > 0;
    }
    const hb_comparison *c = t->d->n_comparisons
                                 ? bsearch(r->metric, t->d->comparisons, t->d->n_comparisons,
                                           sizeof *t->d->comparisons, by_name)
                                 : NULL;
    return c && c->run && c->value_run.set;
}

static hb_status take_all(taken *t, hb_error *err)
{
    hb_alerts *a = t->a;
    for (size_t i = 0; i < a->n; i++) {
        a->entries[i].present = false;
    }
    for (size_t i = 0; i < t->d->n_findings; i++) {
        HB_TRY(take_finding(t, &t->d->findings[i], err));
    }
    for (size_t i = 0; i < a->n; i++) {
        hb_alert_entry *e = &a->entries[i];
        if (!e->present && strcmp(e->row.definition, t->w->name) == 0 && could_show(t, &e->row)) {
            hb_alert_not_seen(e, a->o.clear_after, &t->m);
        }
    }
    return HB_OK;
}

hb_status hb_alerts_decided(hb_alerts *a, const hb_decision *d, const hb_window *window,
                            const char *decision_digest, const char *report, hb_error *err)
{
    taken t = {.a = a,
               .d = d,
               .w = window,
               .digest = decision_digest,
               .report = report,
               .m = {.now = window->end}};
    snprintf(t.m.ref, sizeof t.m.ref, "window %.64s %u", window->id, window->revision);
    HB_TRY(hb_alert_load_if_old(a, err));
    HB_TRY(hb_alert_due(a, window->end, err));
    HB_TRY(take_all(&t, err));
    if (t.too_many || hb_alert_find(a, HB_ALERT_TOO_MANY)) {
        HB_TRY(hb_alert_condition(a, HB_ALERT_TOO_MANY, HB_ALERT_CRITICAL, t.too_many > 0,
                                  "more alerts than are kept: what is found further is not told",
                                  &t.m, err));
    }
    HB_TRY(hb_alert_tell(a, &t.m, err));
    return hb_alert_save(a, window->end, err);
}
