/* SPDX-License-Identifier: Apache-2.0 */
/* Which symptoms are kept back by an active cause.
 *
 * A cause that is itself a symptom keeps its own symptoms back all the same, so the walk starts at
 * the active alerts that no other active alert causes and goes along the lines. In a circle nobody
 * is such a start: its oldest alert is taken for one, so that never all of a circle are silent. */
#include "alert/alert_internal.h"

#include <string.h>

void hb_alert_inhibit_masks(const hb_alert_options *o, hb_alert_entry *e)
{
    for (size_t i = 0; i < o->n_inhibits; i++) {
        e->causes |= (uint64_t)hb_alert_glob(o->inhibits[i].cause, e->row.subject) << i;
        e->symptoms |= (uint64_t)hb_alert_glob(o->inhibits[i].symptom, e->row.subject) << i;
    }
}

typedef struct walk {
    hb_alerts *a;
    size_t n_active[HB_ALERT_INHIBITS_MAX]; /* active causes of each line, reached or not */
    const hb_alert_entry *first[HB_ALERT_INHIBITS_MAX]; /* of those that were reached */
    const hb_alert_entry *second[HB_ALERT_INHIBITS_MAX];
} walk;

/* The cause that keeps e back; NULL = none. An alert is not its own cause. */
static const hb_alert_entry *kept_by(const walk *w, const hb_alert_entry *e)
{
    for (size_t i = 0; i < w->a->o.n_inhibits; i++) {
        const hb_alert_entry *by = w->first[i] == e ? w->second[i] : w->first[i];
        if ((e->symptoms >> i & 1) && by) {
            return by;
        }
    }
    return NULL;
}

static void mark(hb_alert_entry *e, const char *by)
{
    e->inhibited = by != NULL;
    if (strcmp(e->row.inhibited_by, by ? by : "") != 0) {
        e->row.inhibited_by = by ? by : "";
        e->dirty = true;
    }
}

/* Lines on which an alert that was reached is a cause; true when one is new. */
static bool reach(walk *w, const hb_alert_entry *e)
{
    bool grew = false;
    for (size_t i = 0; i < w->a->o.n_inhibits; i++) {
        if (!(e->causes >> i & 1) || w->first[i] == e || w->second[i]) {
            continue;
        }
        *(w->first[i] ? &w->second[i] : &w->first[i]) = e;
        grew = true;
    }
    return grew;
}

/* Is another active alert a cause of e, reached or not? */
static bool has_cause(const walk *w, const hb_alert_entry *e)
{
    for (size_t i = 0; i < w->a->o.n_inhibits; i++) {
        size_t itself = e->causes >> i & 1;
        if ((e->symptoms >> i & 1) && w->n_active[i] > itself) {
            return true;
        }
    }
    return false;
}

static void spread(walk *w)
{
    bool grew = true;
    while (grew) {
        grew = false;
        for (size_t k = 0; k < w->a->n; k++) {
            hb_alert_entry *e = &w->a->entries[k];
            if (hb_alert_is_active(&e->row) && kept_by(w, e)) {
                grew = reach(w, e) || grew;
            }
        }
    }
}

static void begin(walk *w)
{
    for (size_t k = 0; k < w->a->n; k++) {
        const hb_alert_entry *e = &w->a->entries[k];
        for (size_t i = 0; i < w->a->o.n_inhibits && hb_alert_is_active(&e->row); i++) {
            w->n_active[i] += e->causes >> i & 1;
        }
    }
    for (size_t k = 0; k < w->a->n; k++) {
        const hb_alert_entry *e = &w->a->entries[k];
        if (hb_alert_is_active(&e->row) && !has_cause(w, e)) {
            reach(w, e);
        }
    }
    spread(w);
}

void hb_alert_inhibit_all(hb_alerts *a)
{
    walk w = {.a = a};
    if (a->o.n_inhibits == 0) {
        return;
    }
    begin(&w);
    for (size_t k = 0; k < a->n; k++) {
        hb_alert_entry *e = &a->entries[k];
        bool active = hb_alert_is_active(&e->row);
        const hb_alert_entry *by = active ? kept_by(&w, e) : NULL;
        if (!by && active && has_cause(&w, e)) {
            reach(&w, e); /* of a circle that nothing reached: this one stays */
            spread(&w);
        }
        mark(e, by ? by->row.subject : NULL);
    }
}
