/* SPDX-License-Identifier: Apache-2.0 */
/* One table of what may be done by whom: commands, HTTP routes and the daemon ask it alike.
 * docs/governance.md prints it. */
#ifndef HB_GOVERN_PERMISSION_H
#define HB_GOVERN_PERMISSION_H

#include "base/buf.h"
#include "govern/operators.h"

#define HB_ACTION_MAP(X)                                                                        \
    X(READ, "read", VIEWER, "read reports, runs, alerts, the log")                              \
    X(RUN, "run", OPERATOR, "register and judge runs")                                          \
    X(ALERT_ACK, "alert.ack", OPERATOR, "acknowledge and shelve alerts")                        \
    X(FEEDBACK, "feedback", OPERATOR, "mark findings")                                          \
    X(EXPORT, "export", OPERATOR, "export evidence packs")                                      \
    X(REQUEST, "baseline.request", OPERATOR, "ask for something to be approved")                \
    X(REVIEW, "baseline.review", OPERATOR, "comment on a request")                              \
    X(APPROVE, "baseline.approve", APPROVER, "approve or reject a request")                     \
    X(SET_TAG, "baseline.set", APPROVER, "set, promote or retire a baseline")                   \
    X(OVERRIDE, "override", APPROVER, "override the quality of a baseline")                     \
    X(BREAK_GLASS, "break_glass", OPERATOR, "act without approval, for a while, on the record") \
    X(CUSTODY, "custody", OPERATOR, "write down what is done to a case, put it on hold")        \
    X(RELEASE, "custody.release", APPROVER, "release a case from hold")                         \
    X(REDACT, "redact", APPROVER, "redact a pack")                                              \
    X(RETENTION, "retention", ADMIN, "remove what is beyond its retention")                     \
    X(OPERATORS, "operators", ADMIN, "change who may do what")                                  \
    X(KEYS, "keys", ADMIN, "revoke keys of others")                                             \
    X(CONFIG, "config", ADMIN, "change metric registry and policies that require approval")

typedef enum hb_action {
#define HB_ACTION_ENUM(code, name, role, words) HB_ACTION_##code,
    HB_ACTION_MAP(HB_ACTION_ENUM)
#undef HB_ACTION_ENUM
        HB_ACTION_COUNT_
} hb_action;

const char *hb_action_name(hb_action a);
const char *hb_action_words(hb_action a);
hb_role hb_action_role(hb_action a); /* the least role that may */

/* Who could: "kim, alex" (at most five, then "…"), or what to do where there is nobody. Only people
 * with a key that counts at `at`. */
void hb_who_may(const hb_operators *o, hb_action a, const char *program, hb_time at, hb_buf *out);

/* HB_E_DENIED with who could ("needs approver of program P: kim, alex"). keyid "" = nobody proved
 * who he is. ret (may be NULL) = the operator. */
HB_CHECKED hb_status hb_permit(const hb_operators *o, hb_action a, const char *program,
                               const char *keyid, hb_time at, const hb_operator **ret,
                               hb_error *err);

#endif
