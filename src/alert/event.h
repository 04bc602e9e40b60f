/* SPDX-License-Identifier: Apache-2.0 */
/* An alert event as bytes: CloudEvents 1.0 in structured mode, canonical JSON.
 * docs/formats/alert_event.md, schemas/alert_event.schema.json */
#ifndef HB_ALERT_EVENT_H
#define HB_ALERT_EVENT_H

#include "base/buf.h"
#include "decide/decision.h"
#include "store/alerts.h"
#include "telemetry/window.h"

enum { HB_ALERT_EVENT_MAX = 512 * 1024, HB_ALERT_EVENT_ID = 65 };

#define HB_ALERT_TYPE_MAP(X)                                                               \
    X(RAISED, "raised", "became active, or a group of alerts did")                         \
    X(RETURNED, "returned", "is over")                                                     \
    X(ESCALATED, "escalated", "is active and became more severe")                          \
    X(ACKNOWLEDGED, "acknowledged", "somebody has seen it")                                \
    X(SHELVED, "shelved", "somebody put it aside: nothing is sent until it is taken back") \
    X(UNSHELVED, "unshelved", "was taken back from the shelf, or its time is up")          \
    X(FLAPPING, "flapping", "comes and goes too often: held back until it settles")        \
    X(SETTLED, "settled", "no longer comes and goes; `state` says how it is now")          \
    X(HEARTBEAT, "heartbeat", "the daemon's sending part lives")

typedef enum hb_alert_type {
#define HB_ALERT_TYPE_ENUM(code, name, words) HB_ALERT_TYPE_##code,
    HB_ALERT_TYPE_MAP(HB_ALERT_TYPE_ENUM)
#undef HB_ALERT_TYPE_ENUM
        HB_ALERT_TYPE_COUNT_
} hb_alert_type;

const char *hb_alert_type_name(hb_alert_type t);

typedef struct hb_alert_said {
    hb_alert_type type;
    const hb_alert_row *row;
    hb_time at;
    const char *ref;          /* what makes its id: window, or time */
    const char *by;           /* a person; NULL = none */
    const char *note;         /* … and what he said */
    const hb_alert_row **all; /* of a group, row among them; NULL = alone */
    size_t n_all;
} hb_alert_said;

/* SHA-256 of stream, subject, type, occurrence and ref. */
HB_CHECKED hb_status hb_alert_event_id(const hb_alert_said *said, char ret_id[HB_ALERT_EVENT_ID],
                                       hb_error *err);
HB_CHECKED hb_status hb_alert_event_json(const hb_alert_said *said, const char *id, hb_buf *out,
                                         hb_error *err);
/* Both, written down and into the outbox. In the caller's transaction. */
HB_CHECKED hb_status hb_alert_say(hb_store *s, const hb_alert_said *said, hb_error *err);

typedef struct hb_heartbeat {
    const char *stream;
    hb_time at;
    uint64_t waiting;
    uint64_t sent;
    uint64_t failed;
    uint64_t dead;
} hb_heartbeat;

HB_CHECKED hb_status hb_heartbeat_json(const hb_heartbeat *h, char ret_id[HB_ALERT_EVENT_ID],
                                       hb_buf *out, hb_error *err);

/* What an event shows of a finding, for row.detail: four lines of JSON, drift metrics, figures,
 * samples, what a person must know of the baseline (break-glass). */
HB_CHECKED hb_status hb_alert_detail(const hb_decision *d, const hb_window *w, const hb_finding *f,
                                     hb_buf *out, hb_error *err);
/* The detail of a condition. */
#define HB_ALERT_NO_DETAIL "[]\n{}\n[]\n\"\""

#endif
