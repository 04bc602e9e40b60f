/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alert, after ISA-18.2. "raise" and "clear" come when the finding was there, or not
 * there, for as many windows in a row as the configuration asks.
 *
 *              raise                          clear
 *     quiet ──────────► unacknowledged ──────────────────► returned
 *      ▲  ▲               │      ▲                           │  │
 *      │  │               │ ack  └────────── raise ──────────┘  │
 *      │  │    clear      ▼                                     │
 *      │  └─────────── acknowledged                             │
 *      └───────────────────────────── ack ──────────────────────┘
 *
 * A shelf, a cause and flapping are no states: they only keep the sinks from being told
 * (tell.c). */
#include "alert/alert_internal.h"

typedef struct transition {
    bool happens;
    hb_alert_state next;
} transition;

#define TO(state)              \
    {                          \
        true, HB_ALERT_##state \
    }

static const transition table[HB_ALERT_STATE_COUNT_][HB_ALERT_INPUT_COUNT_] = {
    [HB_ALERT_QUIET] = {[HB_ALERT_RAISE] = TO(UNACKNOWLEDGED)},
    [HB_ALERT_UNACKNOWLEDGED] =
        {[HB_ALERT_CLEAR] = TO(RETURNED), [HB_ALERT_ACK] = TO(ACKNOWLEDGED)},
    [HB_ALERT_ACKNOWLEDGED] = {[HB_ALERT_CLEAR] = TO(QUIET)},
    [HB_ALERT_RETURNED] = {[HB_ALERT_RAISE] = TO(UNACKNOWLEDGED), [HB_ALERT_ACK] = TO(QUIET)},
};

bool hb_alert_step(hb_alert_row *row, hb_alert_input input)
{
    const transition *t = &table[row->state][input];
    if (t->happens) {
        row->state = t->next;
    }
    return t->happens;
}

bool hb_alert_is_active(const hb_alert_row *row)
{
    return row->state == HB_ALERT_UNACKNOWLEDGED || row->state == HB_ALERT_ACKNOWLEDGED;
}
