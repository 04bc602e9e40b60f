/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the sinks. First what ends by time, as it was due before anything new came; its events
 * bear the time they were due at, so they are the same however seldom somebody asks. Then, after
 * the states have moved, each entry remembers what the sinks were told
 * last, and what differs is sent, unless something keeps it back:
 *
 *                     raises    returns
 *     on the shelf    no        no          the end of the shelf tells how it is then
 *     flapping        no        no          … and so does "settled"
 *     inhibited       no        yes         told once the cause is over and it is still active
 *     group_ms        later     yes
 */
#include "alert/alert_internal.h"
#include "alert/event.h"

#include <string.h>

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };

static int rank_of(const char *severity)
{
    hb_alert_severity s = HB_ALERT_INFO;
    return hb_alert_severity_from_name(severity, &s) ? (int)s : 0;
}

static hb_status say(hb_alerts *a, hb_alert_entry *e, hb_alert_type type, const hb_alert_moment *m,
                     hb_error *err)
{
    hb_alert_said said = {.type = type, .row = &e->row, .at = m->now, .ref = m->ref};
    e->dirty = true;
    return hb_alert_say(a->store, &said, err);
}

static void told_as_it_is(hb_alert_entry *e)
{
    e->row.told = hb_alert_is_active(&e->row) ? HB_ALERT_TOLD_ACTIVE : HB_ALERT_TOLD_RETURNED;
    e->row.group = HB_TIME_NONE;
    e->dirty = true;
}

/* --- what ends by time --- */

static hb_alert_moment due_at(const char *what, hb_time due)
{
    hb_alert_moment m = {.now = due};
    snprintf(m.ref, sizeof m.ref, "%s %lld", what, (long long)due);
    return m;
}

static hb_status end_shelf(hb_alerts *a, hb_alert_entry *e, hb_time now, hb_error *err)
{
    hb_time until = e->row.shelf_until;
    if (until == HB_TIME_NONE || now < until) {
        return HB_OK;
    }
    const hb_alert_moment m = due_at("shelf", until);
    HB_TRY(say(a, e, HB_ALERT_TYPE_UNSHELVED, &m, err));
    e->row.shelf_until = HB_TIME_NONE;
    e->row.shelf_by = "";
    e->row.shelf_reason = "";
    told_as_it_is(e);
    return HB_OK;
}

static hb_time settles_at(const hb_alerts *a, const hb_alert_entry *e)
{
    hb_time last = hb_alert_last_raise(&e->row);
    return last == HB_TIME_NONE ? INT64_MIN + 1 : last + (int64_t)a->o.flap_window_s * NS_PER_S;
}

static hb_status end_flapping(hb_alerts *a, hb_alert_entry *e, hb_time now, hb_error *err)
{
    if (!e->row.flapping || now < settles_at(a, e)) {
        return HB_OK;
    }
    const hb_alert_moment m = due_at("settled", settles_at(a, e));
    e->row.flapping = false;
    e->dirty = true;
    if (e->row.shelf_until == HB_TIME_NONE) {
        HB_TRY(say(a, e, HB_ALERT_TYPE_SETTLED, &m, err));
        told_as_it_is(e);
    }
    e->row.held = 0;
    return HB_OK;
}

/* The event is that of the most severe, of equal ones the oldest; all others are listed in it. */
static hb_status send_group(hb_alerts *a, hb_alert_entry **members, size_t n, hb_error *err)
{
    const hb_alert_row *rows[HB_ALERT_GROUP_MAX];
    const hb_alert_moment m = due_at("group", members[0]->row.group);
    size_t first = 0;
    for (size_t i = 0; i < n; i++) {
        rows[i] = &members[i]->row;
        first = rank_of(rows[i]->severity) > rank_of(rows[first]->severity) ? i : first;
    }
    hb_alert_said said = {.type = HB_ALERT_TYPE_RAISED,
                          .row = rows[first],
                          .at = m.now,
                          .ref = m.ref,
                          .all = n > 1 ? rows : NULL,
                          .n_all = n > 1 ? n : 0};
    HB_TRY(hb_alert_say(a->store, &said, err));
    for (size_t i = 0; i < n; i++) {
        told_as_it_is(members[i]);
    }
    return HB_OK;
}

static hb_status send_groups(hb_alerts *a, hb_time now, hb_error *err)
{
    hb_alert_entry *members[HB_ALERT_GROUP_MAX];
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        hb_alert_entry *e = &a->entries[i];
        if (e->row.group == HB_TIME_NONE || now < e->row.group) {
            continue;
        }
        members[n++] = e;
        if (n == HB_ALERT_GROUP_MAX) {
            HB_TRY(send_group(a, members, n, err));
            n = 0;
        }
    }
    return n ? send_group(a, members, n, err) : HB_OK;
}

hb_status hb_alert_due(hb_alerts *a, hb_time now, hb_error *err)
{
    for (size_t i = 0; i < a->n; i++) {
        HB_TRY(end_shelf(a, &a->entries[i], now, err));
        HB_TRY(end_flapping(a, &a->entries[i], now, err));
    }
    return send_groups(a, now, err);
}

/* --- raises and returns --- */

static bool may_raise(const hb_alert_entry *e)
{
    return e->row.shelf_until == HB_TIME_NONE && !e->row.flapping && !e->inhibited;
}

static bool may_return(const hb_alert_entry *e)
{
    return e->row.shelf_until == HB_TIME_NONE && !e->row.flapping;
}

/* A group waits from the first alert that is put into it. */
static hb_time group_due(const hb_alerts *a)
{
    hb_time due = HB_TIME_NONE;
    for (size_t i = 0; i < a->n; i++) {
        if (a->entries[i].row.group != HB_TIME_NONE) {
            due = a->entries[i].row.group;
        }
    }
    return due;
}

static hb_status raise_or_group(hb_alerts *a, hb_alert_entry *e, const hb_alert_moment *m,
                                hb_time *due, hb_error *err)
{
    if (a->o.group_ms <= 0) {
        HB_TRY(say(a, e, HB_ALERT_TYPE_RAISED, m, err));
        told_as_it_is(e);
        return HB_OK;
    }
    if (*due == HB_TIME_NONE) {
        *due = m->now + a->o.group_ms * NS_PER_MS;
    }
    if (e->row.group == HB_TIME_NONE) {
        e->row.group = *due;
        e->dirty = true;
    }
    return HB_OK;
}

static hb_status tell_one(hb_alerts *a, hb_alert_entry *e, const hb_alert_moment *m, hb_time *due,
                          hb_error *err)
{
    bool active = hb_alert_is_active(&e->row);
    if (e->row.group != HB_TIME_NONE && (!may_return(e) || (active && e->inhibited))) {
        e->row.group = HB_TIME_NONE;
        e->dirty = true;
    }
    if (active && e->row.told != HB_ALERT_TOLD_ACTIVE && may_raise(e)) {
        return raise_or_group(a, e, m, due, err);
    }
    if (!active && e->row.told == HB_ALERT_TOLD_ACTIVE && may_return(e)) {
        HB_TRY(say(a, e, HB_ALERT_TYPE_RETURNED, m, err));
        told_as_it_is(e);
    }
    return HB_OK;
}

/* --- together --- */

hb_status hb_alert_tell(hb_alerts *a, const hb_alert_moment *m, hb_error *err)
{
    hb_alert_inhibit_all(a);
    hb_time due = group_due(a);
    for (size_t i = 0; i < a->n; i++) {
        HB_TRY(tell_one(a, &a->entries[i], m, &due, err));
    }
    return HB_OK;
}

static hb_time earlier(hb_time a, hb_time b)
{
    return a == HB_TIME_NONE || (b != HB_TIME_NONE && b < a) ? b : a;
}

hb_time hb_alert_next_due(const hb_alerts *a)
{
    hb_time due = HB_TIME_NONE;
    for (size_t i = 0; i < a->n; i++) {
        const hb_alert_entry *e = &a->entries[i];
        due = earlier(due, e->row.shelf_until);
        due = earlier(due, e->row.group);
        due = earlier(due, e->row.flapping ? settles_at(a, e) : HB_TIME_NONE);
    }
    return due;
}
