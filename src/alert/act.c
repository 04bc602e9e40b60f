/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/act.h"

#include "alert/alert_internal.h"
#include "alert/event.h"
#include "store/audit.h"
#include "store/live.h"

#include <string.h>

enum { ID_LEAST = 6 };

static bool is_glob(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

static bool is_id(const char *text)
{
    size_t n = strlen(text);
    return n >= ID_LEAST && n <= 64 && strspn(text, "0123456789abcdef") == n;
}

static bool means(const hb_alert_row *r, const char *which)
{
    bool by_id = is_id(which) && strncmp(r->alert_id, which, strlen(which)) == 0;
    return by_id || strcmp(r->subject, which) == 0 ||
           (is_glob(which) && hb_alert_glob(which, r->subject));
}

hb_status hb_alert_pick(hb_store *s, const char *stream, const char *which, hb_arena *arena,
                        hb_alert_row **ret_rows, size_t *ret_n, hb_error *err)
{
    const hb_alert_query q = {.stream = stream, .open = true};
    hb_alert_row *rows = NULL;
    size_t n = 0;
    size_t kept = 0;
    HB_TRY(hb_alert_list(s, &q, arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (means(&rows[i], which)) {
            rows[kept++] = rows[i];
        }
    }
    *ret_rows = rows;
    *ret_n = kept;
    return HB_OK;
}

/* --- one alert --- */

static hb_status say(hb_store *s, const hb_alert_act *act, const hb_alert_row *row,
                     hb_alert_type type, hb_error *err)
{
    char ref[HB_ALERT_REF_TEXT];
    snprintf(ref, sizeof ref, "act %lld", (long long)act->now);
    const hb_alert_said said = {.type = type,
                                .row = row,
                                .at = act->now,
                                .ref = ref,
                                .by = act->by,
                                .note = act->note ? act->note : ""};
    return hb_alert_say(s, &said, err);
}

static hb_status refuse(const hb_alert_act *act, const hb_alert_row *r, hb_error *err)
{
    if (act->kind == HB_ALERT_ACT_UNSHELVE) {
        return HB_FAIL(err, HB_E_USAGE, "'%.200s' is not on the shelf", r->subject);
    }
    if (r->state == HB_ALERT_ACKNOWLEDGED) {
        return HB_FAIL(err, HB_E_USAGE, "'%.200s' was acknowledged by %.100s already", r->subject,
                       r->ack_by);
    }
    return HB_FAIL(err, HB_E_USAGE, "'%.200s' is quiet: there is nothing to acknowledge",
                   r->subject);
}

static bool makes_sense(const hb_alert_act *act, const hb_alert_row *r)
{
    hb_alert_row copy = *r;
    switch (act->kind) {
    case HB_ALERT_ACT_ACK:
        return hb_alert_step(&copy, HB_ALERT_ACK);
    case HB_ALERT_ACT_SHELVE:
        return true;
    case HB_ALERT_ACT_UNSHELVE:
        return r->shelf_until != HB_TIME_NONE;
    }
    return false;
}

static void told_as_it_is(hb_alert_row *r)
{
    r->told = hb_alert_is_active(r) ? HB_ALERT_TOLD_ACTIVE : HB_ALERT_TOLD_RETURNED;
    r->group = HB_TIME_NONE;
}

/* What waits for its group is told first: nobody can have seen what was not said. */
static hb_status tell_first(hb_store *s, const hb_alert_act *act, hb_alert_row *r, hb_error *err)
{
    if (r->group == HB_TIME_NONE) {
        return HB_OK;
    }
    HB_TRY(say(s, &(hb_alert_act){.now = act->now}, r, HB_ALERT_TYPE_RAISED, err));
    told_as_it_is(r);
    return HB_OK;
}

static hb_status change(hb_store *s, const hb_alert_act *act, hb_alert_row *r, hb_error *err)
{
    HB_TRY(tell_first(s, act, r, err));
    switch (act->kind) {
    case HB_ALERT_ACT_ACK:
        r->ack_by = act->by;
        r->ack_note = act->note ? act->note : "";
        r->ack_at = act->now;
        r->changed = act->now;
        hb_alert_step(r, HB_ALERT_ACK);
        return say(s, act, r, HB_ALERT_TYPE_ACKNOWLEDGED, err);
    case HB_ALERT_ACT_SHELVE:
        r->shelf_by = act->by;
        r->shelf_reason = act->note;
        r->shelf_until = act->until;
        return say(s, act, r, HB_ALERT_TYPE_SHELVED, err);
    case HB_ALERT_ACT_UNSHELVE:
        r->shelf_until = HB_TIME_NONE;
        HB_TRY(say(s, act, r, HB_ALERT_TYPE_UNSHELVED, err));
        r->shelf_by = "";
        r->shelf_reason = "";
        told_as_it_is(r);
        return HB_OK;
    }
    return HB_OK;
}

typedef struct done {
    const hb_alert_act *act;
    const hb_alert_row *row;
} done;

static void done_members(void *ctx, hb_json *j)
{
    const done *d = ctx;
    hb_json_kc(j, "alert", d->row->subject);
    hb_json_kc(j, "by_name", d->act->by);
    hb_json_kc(j, "note", d->act->note ? d->act->note : "");
    hb_json_kc(j, "stream", d->row->stream);
    if (d->act->kind != HB_ALERT_ACT_ACK) {
        hb_json_kt(j, "until", d->row->shelf_until);
    }
}

/* In the lab's log as well (docs/formats/audit_log.md). */
static hb_status log_it(hb_store *s, const hb_alert_act *act, const hb_alert_row *r, hb_error *err)
{
    done d = {.act = act, .row = r};
    return hb_store_log(s, act->kind == HB_ALERT_ACT_ACK ? "alert_ack" : "alert_shelve",
                        r->alert_id, act->now, "", done_members, &d, err);
}

static hb_status change_all(hb_store *s, const hb_alert_act *act, hb_alert_row *rows, size_t n,
                            size_t *ret_n, hb_error *err)
{
    size_t kept = 0;
    bool glob = is_glob(act->which);
    for (size_t i = 0; i < n; i++) {
        if (!makes_sense(act, &rows[i])) {
            if (glob) {
                continue;
            }
            return refuse(act, &rows[i], err);
        }
        HB_TRY(change(s, act, &rows[i], err));
        HB_TRY(hb_alert_put(s, &(hb_alert_row *){&rows[i]}, 1, err));
        HB_TRY(hb_alert_count_act(s, rows[i].stream, err));
        HB_TRY(log_it(s, act, &rows[i], err));
        rows[kept++] = rows[i];
    }
    *ret_n = kept;
    return HB_OK;
}

static hb_status none(const hb_alert_act *act, hb_error *err)
{
    return HB_FAIL(err, HB_E_USAGE,
                   "no open alert '%.100s'%s; hb alert list shows ids and subjects", act->which,
                   act->kind == HB_ALERT_ACT_ACK && is_glob(act->which) ? " to be acknowledged"
                                                                        : "");
}

static hb_status do_it(hb_store *s, const hb_alert_act *act, hb_arena *arena,
                       hb_alert_row **ret_rows, size_t *ret_n, hb_error *err)
{
    hb_alert_row *rows = NULL;
    size_t n = 0;
    size_t kept = 0;
    HB_TRY(hb_alert_pick(s, act->stream, act->which, arena, &rows, &n, err));
    for (size_t i = 1; i < n && !is_glob(act->which); i++) {
        bool one_id = is_id(act->which) && strcmp(rows[i].alert_id, rows[0].alert_id) != 0;
        if (one_id || strcmp(rows[i].stream, rows[0].stream) != 0) {
            return HB_FAIL(err, HB_E_USAGE,
                           "'%.100s' means %zu alerts; give more of the id, or --stream",
                           act->which, n);
        }
    }
    HB_TRY(change_all(s, act, rows, n, &kept, err));
    if (kept == 0) {
        return none(act, err);
    }
    *ret_rows = rows;
    *ret_n = kept;
    return HB_OK;
}

hb_status hb_alert_do(hb_store *s, const hb_alert_act *act, hb_arena *arena,
                      hb_alert_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_TRY(hb_live_begin(s, err));
    return hb_live_end(s, do_it(s, act, arena, ret_rows, ret_n, err), err);
}
