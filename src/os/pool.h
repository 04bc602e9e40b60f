/* SPDX-License-Identifier: Apache-2.0 */
/* A few threads that help the one who owns them, and each other.
 *
 *     hb_pool_new(n, &pool, err)               n threads in all, the caller among them
 *     hb_pool_start(pool, &work)               may begin at once, on any thread
 *     hb_pool_wait(pool, &work)                the caller helps until it is done
 *     hb_pool_run(pool, fn, ctx, n)            both, for n parts, before all that was started
 *     hb_pool_free(pool)                       nothing may be under way
 *
 * A piece of work is n calls fn(ctx, 0) … fn(ctx, n-1), each on some thread, in no order: results
 * that must not depend on it go to places chosen by the index. A NULL pool is fine: hb_pool_start
 * then runs everything before it returns. Started work is taken in its order, but whoever waits
 * takes parts of what he waits for first. So what was started is left for the times when the owner
 * does something of his own.
 *
 * A part may itself start work and wait for it; it takes other parts meanwhile, so it must hold no
 * lock then. Whoever waits must know that the work was started: its own, or that of a part it
 * waited for. What a part wrote may be read after wait. fn may fail only into its ctx. Signals are
 * left to the thread that made the pool. */
#ifndef HB_OS_POOL_H
#define HB_OS_POOL_H

#include "base/error.h"

#include <stdbool.h>

enum { HB_POOL_MOST = 16 };

typedef struct hb_pool hb_pool;
typedef void (*hb_pool_fn)(void *ctx, size_t index);

/* The caller's storage, until wait has returned; {0} is done. */
typedef struct hb_work {
    hb_pool_fn fn;
    void *ctx;
    size_t n;
    size_t taken;
    size_t done;
    struct hb_work *next;
} hb_work;

/* threads: 1 … HB_POOL_MOST; 1 or fewer give NULL. With fewer threads than asked when the system
 * has no more. */
HB_CHECKED hb_status hb_pool_new(unsigned threads, hb_pool **ret_pool, hb_error *err);
void hb_pool_free(hb_pool *pool);
unsigned hb_pool_threads(const hb_pool *pool); /* 1 for NULL */

/* fn, ctx and n of `work` are set by the caller. */
void hb_pool_start(hb_pool *pool, hb_work *work);
/* The same, before all that was started: what others will have to wait for. */
void hb_pool_start_first(hb_pool *pool, hb_work *work);
void hb_pool_wait(hb_pool *pool, hb_work *work);
void hb_pool_run(hb_pool *pool, hb_pool_fn fn, void *ctx, size_t n);

/* Processors this process may run on, 1 … HB_POOL_MOST. */
unsigned hb_pool_processors(void);

#endif
