/* SPDX-License-Identifier: Apache-2.0 */
/* First byte 'L': the rest is a stored sketch. What loads must store to the same bytes, answer
 * every question in order, merge, and go on taking samples. Else: the rest is a programme of adds,
 * merges and reloads on three sketches, whose stated bound is held against counting. */
#include "base/mem.h"
#include "stats/sketch.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SKETCHES = 3, MOST = 20000 };

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_reading(const hb_sketch *s)
{
    hb_ecdf e = {0};
    must(hb_sketch_ecdf(s, &e, NULL) == HB_OK);
    must(e.n == hb_sketch_n(s) && e.rank_error <= 43.0 / 2048);
    double last = -INFINITY;
    for (int i = 0; e.n && i <= 4; i++) {
        double x = hb_sketch_quantile(s, i / 4.0);
        must(x >= last && x == hb_ecdf_quantile(&e, i / 4.0));
        last = x;
    }
    hb_ecdf_release(&e);
}

static hb_sketch *reload(const hb_sketch *s, const uint8_t *want, size_t want_n)
{
    hb_buf b;
    hb_sketch *back = NULL;
    hb_buf_init(&b, 1 << 20);
    must(hb_sketch_store(s, &b, NULL) == HB_OK);
    must(!want || (b.n == want_n && memcmp(b.p, want, want_n) == 0));
    must(hb_sketch_load(b.p, b.n, &back, NULL) == HB_OK);
    must(hb_sketch_rank_error(back) == hb_sketch_rank_error(s));
    hb_buf_release(&b);
    return back;
}

static void check_load(const uint8_t *data, size_t size)
{
    hb_sketch *s = NULL;
    if (hb_sketch_load(data, size, &s, NULL) != HB_OK) {
        must(s == NULL);
        return;
    }
    check_reading(s);
    hb_sketch *back = reload(s, data, size);
    double more[3000];
    for (int i = 0; i < 3000; i++) {
        more[i] = i * 0.5;
    }
    if (hb_sketch_add(s, more, 3000, NULL) == HB_OK && hb_sketch_merge(s, back, NULL) == HB_OK) {
        check_reading(s);
        hb_sketch_free(reload(s, NULL, 0));
    }
    hb_sketch_free(back);
    hb_sketch_free(s);
}

typedef struct machine {
    hb_sketch *s[SKETCHES];
    double *all[SKETCHES]; /* what each has seen */
    size_t n[SKETCHES];
} machine;

static double sample(uint8_t shape, size_t i)
{
    switch (shape & 3) {
    case 0:
        return (double)i;
    case 1:
        return -(double)i;
    case 2:
        return (double)((i * 2654435761u) % 1009);
    default:
        return (double)(i % (shape + 1u));
    }
}

static void add(machine *m, size_t k, uint8_t shape, size_t n)
{
    double *at = m->all[k] + m->n[k];
    n = m->n[k] + n <= MOST ? n : MOST - m->n[k];
    for (size_t i = 0; i < n; i++) {
        at[i] = sample(shape, m->n[k] + i);
    }
    must(hb_sketch_add(m->s[k], at, n, NULL) == HB_OK);
    m->n[k] += n;
}

static void merge(machine *m, size_t to, size_t from)
{
    if (to == from || m->n[to] + m->n[from] > MOST) {
        return;
    }
    must(hb_sketch_merge(m->s[to], m->s[from], NULL) == HB_OK);
    memcpy(m->all[to] + m->n[to], m->all[from], m->n[from] * sizeof(double));
    m->n[to] += m->n[from];
}

static void check_bound(const hb_sketch *s, const double *all, size_t n)
{
    hb_ecdf e = {0};
    must(hb_sketch_ecdf(s, &e, NULL) == HB_OK && e.n == n);
    for (int i = 0; n && i < 8; i++) {
        double x = all[n * (size_t)i / 8];
        size_t count = 0;
        for (size_t k = 0; k < n; k++) {
            count += all[k] <= x;
        }
        must(fabs(hb_ecdf_at(&e, x) - (double)count / (double)n) <= e.rank_error + 1e-15);
    }
    hb_ecdf_release(&e);
}

static void run(machine *m, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 2 < size && i < 120; i += 3) {
        size_t k = data[i] % SKETCHES;
        size_t other = data[i + 1] % SKETCHES;
        switch (data[i] / SKETCHES % 4) {
        case 0:
            merge(m, k, other);
            break;
        case 1: {
            hb_sketch *back = reload(m->s[k], NULL, 0);
            hb_sketch_free(m->s[k]);
            m->s[k] = back;
            break;
        }
        default:
            add(m, k, data[i + 1], (size_t)data[i + 2] * 37);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == 'L') {
        check_load(data + 1, size - 1);
        return 0;
    }
    machine m = {.n = {0}};
    for (size_t k = 0; k < SKETCHES; k++) {
        m.all[k] = hb_alloc_array(MOST, sizeof(double));
        must(m.all[k] && hb_sketch_new(&m.s[k], NULL) == HB_OK);
    }
    run(&m, data, size);
    for (size_t k = 0; k < SKETCHES; k++) {
        check_reading(m.s[k]);
        check_bound(m.s[k], m.all[k], m.n[k]);
        hb_sketch_free(m.s[k]);
        hb_free(m.all[k]);
    }
    return 0;
}
