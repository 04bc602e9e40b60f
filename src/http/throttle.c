/* SPDX-License-Identifier: Apache-2.0 */
#include "http/throttle.h"

#include "base/mem.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)

typedef struct entry {
    hb_peer peer;
    bool used;
    int64_t due_ns;   /* when all its failures are paid off */
    int64_t known_ns; /* until then it counts as one that was right */
} entry;

struct hb_throttle {
    entry list[HB_THROTTLE_PEERS];
    int64_t due_ns; /* of all together */
};

hb_peer hb_peer_of(const struct sockaddr *at)
{
    enum { UNIX, V4, V6 };
    hb_peer p = {{UNIX}};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (at->sa_family == AF_INET) {
        memcpy(&v4, at, sizeof v4);
        p.bytes[0] = V4;
        memcpy(p.bytes + 1, &v4.sin_addr, 4);
    } else if (at->sa_family == AF_INET6) {
        memcpy(&v6, at, sizeof v6);
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
        p.bytes[0] = mapped ? V4 : V6;
        memcpy(p.bytes + 1, v6.sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
    }
    return p;
}

hb_status hb_throttle_new(hb_throttle **ret, hb_error *err)
{
    hb_throttle *t = hb_alloc_zero(sizeof *t);
    if (!t) {
        return HB_NOMEM(err);
    }
    *ret = t;
    return HB_OK;
}

void hb_throttle_free(hb_throttle *t)
{
    hb_free(t);
}

static const entry *find(const hb_throttle *t, const hb_peer *peer)
{
    for (size_t i = 0; i < HB_THROTTLE_PEERS; i++) {
        const entry *e = &t->list[i];
        if (e->used && memcmp(&e->peer, peer, sizeof *peer) == 0) {
            return e;
        }
    }
    return NULL;
}

static int64_t last_of(const entry *e)
{
    return !e->used ? -1 : e->known_ns > e->due_ns ? e->known_ns : e->due_ns;
}

/* Its entry, else the one that matters least. */
static entry *take(hb_throttle *t, const hb_peer *peer)
{
    const entry *found = find(t, peer);
    entry *e = &t->list[0];
    if (found) {
        return &t->list[found - t->list];
    }
    for (size_t i = 1; i < HB_THROTTLE_PEERS; i++) {
        if (last_of(&t->list[i]) < last_of(e)) {
            e = &t->list[i];
        }
    }
    *e = (entry){.peer = *peer, .used = true};
    return e;
}

/* Time until one more failure fits. */
static int64_t wait_ns(int64_t due, int64_t now, int64_t burst, int64_t each_s)
{
    int64_t wait = due - now - (burst - 1) * each_s * SECOND_NS;
    return wait > 0 ? wait : 0;
}

unsigned hb_throttle_wait_s(const hb_throttle *t, const hb_peer *peer, int64_t now_ns)
{
    const entry *e = find(t, peer);
    int64_t own = e ? wait_ns(e->due_ns, now_ns, HB_THROTTLE_PEER, HB_THROTTLE_PEER_S) : 0;
    bool known = e && now_ns < e->known_ns;
    int64_t all = known ? 0 : wait_ns(t->due_ns, now_ns, HB_THROTTLE_ALL, HB_THROTTLE_ALL_S);
    int64_t wait = own > all ? own : all;
    return (unsigned)((wait + SECOND_NS - 1) / SECOND_NS);
}

void hb_throttle_failed(hb_throttle *t, const hb_peer *peer, int64_t now_ns)
{
    entry *e = take(t, peer);
    e->due_ns = (e->due_ns > now_ns ? e->due_ns : now_ns) + HB_THROTTLE_PEER_S * SECOND_NS;
    t->due_ns = (t->due_ns > now_ns ? t->due_ns : now_ns) + HB_THROTTLE_ALL_S * SECOND_NS;
}

void hb_throttle_right(hb_throttle *t, const hb_peer *peer, int64_t now_ns)
{
    take(t, peer)->known_ns = now_ns + HB_THROTTLE_KNOWN_S * SECOND_NS;
}
