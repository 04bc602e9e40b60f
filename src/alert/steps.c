/* SPDX-License-Identifier: Apache-2.0 */
/* Hysteresis and flapping around the life cycle. */
#include "alert/alert_internal.h"
#include "alert/event.h"

static hb_status raise(hb_alerts *a, hb_alert_entry *e, const hb_alert_moment *m, hb_error *err)
{
    hb_alert_row *r = &e->row;
    bool is_new = r->state == HB_ALERT_QUIET;
    size_t n_raises = 0;
    if (!hb_alert_step(r, HB_ALERT_RAISE)) {
        return HB_OK;
    }
    r->raised = m->now;
    r->returned = HB_TIME_NONE;
    r->changed = m->now;
    r->windows = r->seen;
    r->seen = 0;
    r->gone = 0;
    r->occurrences++;
    if (a->o.flap_max) {
        HB_TRY(hb_alert_note_raise(r, m->now, a->o.flap_window_s, a->o.flap_max, &a->cache,
                                   &n_raises, err));
    }
    hb_alert_said said = {.type = HB_ALERT_TYPE_RAISED, .row = r, .at = m->now, .ref = m->ref};
    if (is_new) {
        char id[HB_ALERT_EVENT_ID];
        HB_TRY(hb_alert_event_id(&said, id, err));
        r->alert_id = id;
        HB_TRY(hb_alert_keep(a, &r->alert_id, err));
        r->ack_by = "";
        r->ack_note = "";
        r->ack_at = HB_TIME_NONE;
    }
    if (r->flapping) {
        r->held++;
    } else if (a->o.flap_max && n_raises > a->o.flap_max) {
        r->flapping = true;
        r->held = 0;
        if (r->shelf_until == HB_TIME_NONE) {
            said.type = HB_ALERT_TYPE_FLAPPING;
            HB_TRY(hb_alert_say(a->store, &said, err));
        }
    }
    return HB_OK;
}

static void clear(hb_alert_entry *e, const hb_alert_moment *m)
{
    if (hb_alert_step(&e->row, HB_ALERT_CLEAR)) {
        e->row.returned = m->now;
        e->row.changed = m->now;
        e->row.gone = 0;
        e->row.held += e->row.flapping;
    }
}

hb_status hb_alert_seen(hb_alerts *a, hb_alert_entry *e, uint32_t raise_after,
                        const hb_alert_moment *m, hb_error *err)
{
    hb_alert_row *r = &e->row;
    if (hb_alert_is_active(r)) {
        e->counted = true;
        r->gone = 0;
        r->windows++;
        return HB_OK;
    }
    e->dirty = true;
    r->seen++;
    return r->seen >= raise_after ? raise(a, e, m, err) : HB_OK;
}

void hb_alert_not_seen(hb_alert_entry *e, uint32_t clear_after, const hb_alert_moment *m)
{
    hb_alert_row *r = &e->row;
    bool active = hb_alert_is_active(r);
    e->counted = e->counted || active || r->seen;
    r->seen = 0;
    r->gone += active;
    if (active && r->gone >= clear_after) {
        e->dirty = true;
        clear(e, m);
    }
}

bool hb_alert_is_worse(const hb_alert_row *row, hb_alert_severity severity)
{
    hb_alert_severity before = HB_ALERT_INFO;
    return hb_alert_severity_from_name(row->severity, &before) && severity > before;
}

hb_status hb_alert_severe(hb_alerts *a, hb_alert_entry *e, hb_alert_severity severity,
                          const hb_alert_moment *m, hb_error *err)
{
    hb_alert_row *r = &e->row;
    bool active = hb_alert_is_active(r);
    if (active && !hb_alert_is_worse(r, severity)) {
        return HB_OK; /* what was raised as worse stays so until it is over */
    }
    r->severity = hb_alert_severity_names[severity];
    if (!active) {
        return HB_OK; /* it is written with what else is new */
    }
    e->dirty = true;
    if (r->told == HB_ALERT_TOLD_ACTIVE && !r->flapping && r->shelf_until == HB_TIME_NONE) {
        hb_alert_said said = {
            .type = HB_ALERT_TYPE_ESCALATED, .row = r, .at = m->now, .ref = m->ref};
        return hb_alert_say(a->store, &said, err);
    }
    return HB_OK;
}
