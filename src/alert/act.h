/* SPDX-License-Identifier: Apache-2.0 */
/* What people do to alerts, from any process, while the daemon runs or not. Each call is one
 * transaction: the alert, the log, the outbox and the count by which the daemon sees that something
 * was done. `now` is the wall clock. */
#ifndef HB_ALERT_ACT_H
#define HB_ALERT_ACT_H

#include "alert/alert.h"
#include "store/alerts.h"

typedef enum hb_alert_act_kind {
    HB_ALERT_ACT_ACK,
    HB_ALERT_ACT_SHELVE,
    HB_ALERT_ACT_UNSHELVE
} hb_alert_act_kind;

typedef struct hb_alert_act {
    hb_alert_act_kind kind;
    const char *stream; /* NULL = any */
    /* Which: an alert id or 6 or more of its first characters, or a subject, which may be a glob
     * ("metric:temp/" and an asterisk); a glob takes only alerts the act makes sense for. */
    const char *which;
    const char *by;   /* who; not empty */
    const char *note; /* ACK: "" is fine; SHELVE: the reason, not empty */
    hb_time until;    /* SHELVE */
    hb_time now;
} hb_alert_act;

/* The alerts as they are afterwards, in the arena. HB_E_USAGE when none is meant, or several by an
 * id too short, or the act makes no sense (acknowledged already, not on the shelf …). */
HB_CHECKED hb_status hb_alert_do(hb_store *s, const hb_alert_act *act, hb_arena *arena,
                                 hb_alert_row **ret_rows, size_t *ret_n, hb_error *err);

/* Open alerts `which` names, as above; none is not an error here. */
HB_CHECKED hb_status hb_alert_pick(hb_store *s, const char *stream, const char *which,
                                   hb_arena *arena, hb_alert_row **ret_rows, size_t *ret_n,
                                   hb_error *err);

#endif
