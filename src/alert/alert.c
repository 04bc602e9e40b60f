/* SPDX-License-Identifier: Apache-2.0 */
/* What is not a window's: conditions, time, counts. */
#include "alert/alert.h"

#include "alert/alert_internal.h"
#include "store/outbox.h"

#include <string.h>

static hb_alert_moment at(hb_time now)
{
    hb_alert_moment m = {.now = now};
    snprintf(m.ref, sizeof m.ref, "time %lld", (long long)now);
    return m;
}

static hb_status begin_condition(hb_alerts *a, const char *subject, const char *text,
                                 const hb_alert_moment *m, hb_alert_entry **ret, hb_error *err)
{
    hb_alert_row r = hb_alert_blank;
    r.subject = subject;
    HB_TRY(hb_alert_find_or_add(a, &r, ret, err));
    if (*ret && !hb_alert_is_active(&(*ret)->row)) {
        (*ret)->row.onset = m->now;
        (*ret)->row.text = text;
        return hb_alert_keep(a, &(*ret)->row.text, err);
    }
    return HB_OK;
}

hb_status hb_alert_condition(hb_alerts *a, const char *subject, hb_alert_severity severity,
                             bool active, const char *text, const hb_alert_moment *m, hb_error *err)
{
    hb_alert_entry *e = hb_alert_find(a, subject);
    if (!active) {
        if (e && hb_alert_is_active(&e->row)) {
            hb_alert_not_seen(e, 1, m);
        }
        return HB_OK;
    }
    HB_TRY(begin_condition(a, subject, text, m, &e, err));
    if (!e) {
        return HB_OK; /* HB_ALERT_TOO_MANY says so */
    }
    HB_TRY(hb_alert_severe(a, e, severity, m, err));
    return hb_alert_is_active(&e->row) ? HB_OK : hb_alert_seen(a, e, 1, m, err);
}

hb_status hb_alerts_condition(hb_alerts *a, const char *subject, hb_alert_severity severity,
                              bool active, const char *text, hb_time now, hb_error *err)
{
    hb_alert_moment m = at(now);
    HB_TRY(hb_alert_load_if_old(a, err));
    HB_TRY(hb_alert_due(a, now, err));
    HB_TRY(hb_alert_condition(a, subject, severity, active, text, &m, err));
    HB_TRY(hb_alert_tell(a, &m, err));
    return hb_alert_save(a, now, err);
}

bool hb_alerts_active(const hb_alerts *a, const char *subject)
{
    const hb_alert_entry *e = hb_alert_find(a, subject);
    return e && hb_alert_is_active(&e->row);
}

hb_status hb_alerts_time(hb_alerts *a, hb_time now, hb_time *ret_due, hb_error *err)
{
    hb_alert_moment m = at(now);
    HB_TRY(hb_alert_load_if_old(a, err));
    HB_TRY(hb_alert_due(a, now, err));
    HB_TRY(hb_alert_tell(a, &m, err));
    hb_time due = hb_alert_next_due(a);
    HB_TRY(hb_alert_save(a, now, err));
    *ret_due = due;
    return HB_OK;
}

hb_status hb_alerts_count(hb_store *s, const char *stream, hb_alert_counts *ret, hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_alert_counts c = {0};
    hb_outbox_counts o = {0};
    hb_alert_tally *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_alert_tallies(s, stream, &arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        hb_alert_severity severity = HB_ALERT_INFO;
        bool active =
            rows[i].state == HB_ALERT_UNACKNOWLEDGED || rows[i].state == HB_ALERT_ACKNOWLEDGED;
        bool unseen =
            rows[i].state == HB_ALERT_UNACKNOWLEDGED || rows[i].state == HB_ALERT_RETURNED;
        if (hb_alert_severity_from_name(rows[i].severity, &severity) && active) {
            c.active[severity] += rows[i].n;
        }
        c.unacknowledged += unseen ? rows[i].n : 0;
        c.shelved += rows[i].shelved ? rows[i].n : 0;
    }
    HB_TRY(hb_outbox_count(s, stream, NULL, &o, err));
    c.outbox = o.waiting;
    c.dead = o.dead;
    *ret = c;
    return HB_OK;
}
