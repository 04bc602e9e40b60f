/* SPDX-License-Identifier: Apache-2.0 */
/* Every part is done exactly once, by whatever thread; also worth running under the tsan preset. */
#include "support/check.h"

#include "os/pool.h"

#include <string.h>

enum { PARTS = 500, WORKS = 12 };

typedef struct job {
    uint64_t results[PARTS]; /* plain memory: what a part wrote may be read after wait */
    uint64_t seed;
} job;

static void part(void *ctx, size_t index)
{
    job *j = ctx;
    uint64_t x = j->seed + index;
    for (int i = 0; i < 200; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
    }
    j->results[index] += x; /* twice would show */
}

static void check(const job *j)
{
    static job want;
    want = (job){.seed = j->seed};
    hb_pool_run(NULL, part, &want, PARTS);
    assert_memory_equal(j->results, want.results, sizeof want.results);
}

static void pool_run__does_each_part_once(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= HB_POOL_MOST; threads += 3) {
        hb_pool *pool = NULL;
        assert_int_equal(hb_pool_new(threads, &pool, NULL), HB_OK);
        assert_true(hb_pool_threads(pool) == (threads > 1 ? threads : 1));
        for (uint64_t round = 0; round < 20; round++) {
            job j = {.seed = round};
            hb_pool_run(pool, part, &j, PARTS);
            check(&j);
        }
        hb_pool_free(pool);
    }
}

static void pool_start__may_be_waited_for_in_any_order(void **state)
{
    (void)state;
    static job jobs[WORKS];
    hb_work works[WORKS];
    hb_pool *pool = NULL;
    assert_int_equal(hb_pool_new(3, &pool, NULL), HB_OK);
    for (size_t round = 0; round < 30; round++) {
        memset(jobs, 0, sizeof jobs);
        for (size_t i = 0; i < WORKS; i++) {
            jobs[i].seed = i;
            works[i] = (hb_work){.fn = part, .ctx = &jobs[i], .n = PARTS};
            hb_pool_start(pool, &works[i]);
            if (i == round % WORKS) { /* in the middle of it */
                job j = {.seed = 99};
                hb_pool_run(pool, part, &j, PARTS);
                check(&j);
            }
        }
        for (size_t i = 0; i < WORKS; i++) {
            hb_pool_wait(pool, &works[(i * 5 + round) % WORKS]);
        }
        for (size_t i = 0; i < WORKS; i++) {
            check(&jobs[i]);
        }
    }
    hb_pool_free(pool);
}

/* A part that starts work of its own and waits for it, while others do the same. */
typedef struct tree {
    hb_pool *pool;
    job job;
    hb_work work;
    hb_work below;
    struct tree *next;
} tree;

static void grow(void *ctx, size_t index)
{
    (void)index;
    tree *t = ctx;
    t->below = (hb_work){.fn = part, .ctx = &t->job, .n = PARTS};
    hb_pool_start(t->pool, &t->below);
    if (t->next) {
        t->next->work = (hb_work){.fn = grow, .ctx = t->next, .n = 1};
        hb_pool_start_first(t->pool, &t->next->work);
    }
    hb_pool_wait(t->pool, &t->below);
}

static void pool__lets_parts_start_and_wait(void **state)
{
    (void)state;
    static tree trees[WORKS];
    for (unsigned threads = 1; threads <= 5; threads++) {
        hb_pool *pool = NULL;
        assert_int_equal(hb_pool_new(threads, &pool, NULL), HB_OK);
        for (int round = 0; round < 30; round++) {
            for (size_t i = 0; i < WORKS; i++) {
                trees[i] = (tree){
                    .pool = pool, .job = {.seed = i}, .next = i + 1 < WORKS ? &trees[i + 1] : NULL};
            }
            trees[0].work = (hb_work){.fn = grow, .ctx = &trees[0], .n = 1};
            hb_pool_start(pool, &trees[0].work);
            for (size_t i = 0; i < WORKS; i++) { /* each was started by the one before */
                hb_pool_wait(pool, &trees[i].work);
                check(&trees[i].job);
            }
        }
        hb_pool_free(pool);
    }
}

static void pool__takes_no_parts_as_done(void **state)
{
    (void)state;
    hb_pool *pool = NULL;
    hb_work none = {.fn = part};
    assert_int_equal(hb_pool_new(2, &pool, NULL), HB_OK);
    hb_pool_wait(pool, &none);
    hb_pool_start(pool, &none);
    hb_pool_wait(pool, &none);
    hb_pool_run(NULL, part, NULL, 0);
    hb_pool_free(pool);
    hb_pool_free(NULL);
    assert_in_range(hb_pool_processors(), 1, HB_POOL_MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_run__does_each_part_once),
        cmocka_unit_test(pool_start__may_be_waited_for_in_any_order),
        cmocka_unit_test(pool__lets_parts_start_and_wait),
        cmocka_unit_test(pool__takes_no_parts_as_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
