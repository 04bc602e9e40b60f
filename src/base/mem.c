/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Test hook, per thread, so that a fault loop cannot reach another test's threads. */
static _Thread_local struct {
    unsigned long countdown;
    bool persistent;
    bool fired;
} fault;

void hb_fault_alloc(unsigned long nth, bool persistent)
{
    fault.countdown = nth;
    fault.persistent = persistent;
    fault.fired = false;
}

bool hb_fault_fired(void)
{
    return fault.fired;
}

static bool fault_now(void)
{
    if (fault.countdown == 0) {
        return false;
    }
    if (fault.countdown > 1) {
        fault.countdown--;
        return false;
    }
    fault.fired = true;
    if (!fault.persistent) {
        fault.countdown = 0;
    }
    return true;
}

void *hb_alloc(size_t size)
{
    if (fault_now()) {
        return NULL;
    }
    return malloc(size ? size : 1);
}

void *hb_alloc_zero(size_t size)
{
    if (fault_now()) {
        return NULL;
    }
    return calloc(1, size ? size : 1);
}

void *hb_alloc_array(size_t n, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        return NULL;
    }
    return hb_alloc(bytes);
}

void *hb_alloc_large(size_t n, size_t size)
{
    enum { PAGE = 2 << 20 };
    size_t bytes = 0;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - PAGE) {
        return NULL;
    }
    if (bytes < PAGE / 2) {
        return hb_alloc(bytes);
    }
    if (fault_now()) {
        return NULL;
    }
    bytes = (bytes + PAGE - 1) / PAGE * PAGE;
    void *p = aligned_alloc(PAGE, bytes);
    if (p) {
#ifdef MADV_HUGEPAGE
        (void)madvise(p, bytes, MADV_HUGEPAGE); /* a wish: without it pages are small */
#endif
    }
    return p;
}

void *hb_realloc(void *p, size_t size)
{
    if (fault_now()) {
        return NULL;
    }
    return realloc(p, size ? size : 1);
}

void hb_free(void *p)
{
    free(p);
}

void hb_free_p(void *pp)
{
    void *p = NULL;
    memcpy(&p, pp, sizeof p);
    free(p);
}

char *hb_strndup(const char *p, size_t n)
{
    if (n == SIZE_MAX) {
        return NULL;
    }
    char *s = hb_alloc(n + 1);
    if (!s) {
        return NULL;
    }
    if (n) {
        memcpy(s, p, n);
    }
    s[n] = '\0';
    return s;
}

char *hb_strdup(const char *s)
{
    return hb_strndup(s, strlen(s));
}

hb_status hb_grow(void **p, size_t *cap, size_t need, size_t elem_size, size_t max,
                  const char *what, hb_error *err)
{
    if (need <= *cap) {
        return HB_OK;
    }
    if (need > max) {
        return HB_FAIL(err, HB_E_LIMIT, "more than %zu %s", max, what);
    }
    size_t room = *cap + *cap / 2 + 8;
    if (room < need) {
        room = need;
    }
    if (room > max) {
        room = max;
    }
    size_t bytes = 0;
    if (__builtin_mul_overflow(room, elem_size, &bytes)) {
        return HB_FAIL(err, HB_E_LIMIT, "more %s than memory can address", what);
    }
    void *q = hb_realloc(*p, bytes);
    if (!q) {
        return HB_NOMEM(err);
    }
    *p = q;
    *cap = room;
    return HB_OK;
}
