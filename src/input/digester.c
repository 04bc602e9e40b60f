/* SPDX-License-Identifier: Apache-2.0 */
/* Two buffers: one is filled while the other is digested, so the bytes are taken in their order. */
#include "input/digester.h"

#include "base/mem.h"

#include <string.h>

enum { BUFFER_BYTES = 1 << 20 };

typedef struct buffer {
    unsigned char *p;
    size_t n;
} buffer;

struct hb_digester {
    hb_digest *digest;
    hb_pool *pool;
    buffer buffers[2];
    size_t filling; /* which of them */
    buffer given;   /* the other */
    hb_work work;   /* on it; n = 0 when there is none */
    hb_status status;
    hb_error err; /* of the work */
};

hb_status hb_digester_new(hb_digester **ret, hb_error *err)
{
    hb_digester *d = hb_alloc_zero(sizeof *d);
    if (!d) {
        return HB_NOMEM(err);
    }
    hb_status status = hb_digest_new(&d->digest, err);
    if (status != HB_OK) {
        hb_free(d);
        return status;
    }
    *ret = d;
    return HB_OK;
}

/* Until the work is done. */
static hb_status settle(hb_digester *d, hb_error *err)
{
    if (d->work.n == 0) {
        return HB_OK;
    }
    hb_pool_wait(d->pool, &d->work);
    d->work.n = 0;
    if (d->status != HB_OK && err) {
        *err = d->err;
    }
    return d->status;
}

void hb_digester_free(hb_digester *d)
{
    if (!d) {
        return;
    }
    HB_IGNORE(settle(d, NULL)); /* nobody asks for the digest any more */
    hb_digest_free(d->digest);
    hb_free(d->buffers[0].p);
    hb_free(d->buffers[1].p);
    hb_free(d);
}

/* With two threads, whoever reads digests as well: reading is a chain of its own then, and the copy
 * would cost more than it helps. */
void hb_digester_use(hb_digester *d, hb_pool *pool)
{
    d->pool = hb_pool_threads(pool) > 2 ? pool : NULL;
}

/* The buffer that is not being filled. */
static void digest_other(void *ctx, size_t index)
{
    (void)index;
    hb_digester *d = ctx;
    d->status = hb_digest_add(d->digest, d->given.p, d->given.n, &d->err);
}

/* The full buffer is handed on once the one before it is done with. */
static hb_status hand_on(hb_digester *d, hb_error *err)
{
    HB_TRY(settle(d, err));
    d->given = d->buffers[d->filling];
    d->work = (hb_work){.fn = digest_other, .ctx = d, .n = 1};
    hb_pool_start(d->pool, &d->work);
    d->filling = !d->filling;
    d->buffers[d->filling].n = 0;
    return HB_OK;
}

hb_status hb_digester_add(hb_digester *d, const void *p, size_t n, hb_error *err)
{
    const unsigned char *from = p;
    if (!d->pool) {
        return hb_digest_add(d->digest, p, n, err);
    }
    while (n) {
        buffer *b = &d->buffers[d->filling];
        if (!b->p) {
            b->p = hb_alloc(BUFFER_BYTES);
        }
        if (!b->p) {
            return HB_NOMEM(err);
        }
        size_t k = BUFFER_BYTES - b->n < n ? BUFFER_BYTES - b->n : n;
        memcpy(b->p + b->n, from, k);
        b->n += k;
        from += k;
        n -= k;
        if (b->n == BUFFER_BYTES) {
            HB_TRY(hand_on(d, err));
        }
    }
    return HB_OK;
}

hb_status hb_digester_hex(hb_digester *d, char ret_hex[HB_DIGEST_HEX], hb_error *err)
{
    buffer *b = &d->buffers[d->filling];
    HB_TRY(settle(d, err));
    HB_TRY(hb_digest_add(d->digest, b->p ? (const void *)b->p : "", b->n, err));
    b->n = 0;
    return hb_digest_hex(d->digest, ret_hex, err);
}
