/* SPDX-License-Identifier: Apache-2.0 */
/* How often somebody may be wrong. docs/tokens.md
 *
 *     wait = hb_throttle_wait_s(t, &peer, now)   0 = may try; else seconds for Retry-After
 *     hb_throttle_failed(t, &peer, now) or hb_throttle_right(t, &peer, now)
 *
 * HB_THROTTLE_PEER failures at once for each peer, then one each HB_THROTTLE_PEER_S; for all
 * together HB_THROTTLE_ALL and HB_THROTTLE_ALL_S (generic cell rate algorithm, ITU-T I.371). A peer
 * that was right within HB_THROTTLE_KNOWN_S minds its own failures only, so that strangers cannot
 * shut out who belongs here. Times are of a monotonic clock, in nanoseconds, not below 0. Memory is
 * fixed: what all together may do is less than the table holds, so no peer's failures are forgotten
 * for others'. Not for several threads at a time. */
#ifndef HB_HTTP_THROTTLE_H
#define HB_HTTP_THROTTLE_H

#include "base/error.h"

#include <stdint.h>
#include <sys/socket.h>

enum {
    HB_THROTTLE_PEERS = 512,
    HB_THROTTLE_PEER = 5,
    HB_THROTTLE_PEER_S = 12,
    HB_THROTTLE_ALL = 60,
    HB_THROTTLE_ALL_S = 1,
    HB_THROTTLE_KNOWN_S = 3600
};

/* An IPv4 address; of IPv6 the network (/64), within which one machine takes what address it likes;
 * all of a unix socket together. */
typedef struct hb_peer {
    unsigned char bytes[9];
} hb_peer;

hb_peer hb_peer_of(const struct sockaddr *at);

typedef struct hb_throttle hb_throttle;

HB_CHECKED hb_status hb_throttle_new(hb_throttle **ret, hb_error *err);
void hb_throttle_free(hb_throttle *t);
unsigned hb_throttle_wait_s(const hb_throttle *t, const hb_peer *peer, int64_t now_ns);
void hb_throttle_failed(hb_throttle *t, const hb_peer *peer, int64_t now_ns);
void hb_throttle_right(hb_throttle *t, const hb_peer *peer, int64_t now_ns);

#endif
