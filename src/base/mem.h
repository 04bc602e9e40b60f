/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that calls malloc (a lint checks).
 *
 * Every allocation returns NULL on failure; sizes are checked for overflow. hb_free(NULL) is fine.
 * A failed resize leaves the object unchanged. Tests make the N-th allocation of this thread fail
 * with hb_fault_alloc(N, persistent); 0 switches that off. */
#ifndef HB_BASE_MEM_H
#define HB_BASE_MEM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

void *hb_alloc(size_t size) __attribute__((malloc));
void *hb_alloc_zero(size_t size) __attribute__((malloc));
void *hb_alloc_array(size_t n, size_t size);
/* For arrays that are filled to the brim, again and again: from 1 MiB on in whole pages of 2 MiB
 * where the system gives such, which saves hundreds of first touches each. */
void *hb_alloc_large(size_t n, size_t size);
void *hb_realloc(void *p, size_t size);
void hb_free(void *p);
char *hb_strdup(const char *s);
char *hb_strndup(const char *p, size_t n);

/* Makes room for `need` elements in *p (capacity *cap), growing by half; beyond `max` HB_E_LIMIT
 * names `what`. On failure *p and *cap are unchanged. */
HB_CHECKED hb_status hb_grow(void **p, size_t *cap, size_t need, size_t elem_size, size_t max,
                             const char *what, hb_error *err);
/* hb_grow for a typed pointer variable. */
#define HB_GROW(p, cap, need, max, what, err) \
    hb_grow((void **)&(p), &(cap), (need), sizeof *(p), (max), (what), (err))

/* For HB_CLEANUP on a plain pointer. */
void hb_free_p(void *pp);

void hb_fault_alloc(unsigned long nth, bool persistent);
bool hb_fault_fired(void);

#endif
