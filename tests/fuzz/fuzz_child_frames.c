/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the answer of a reading child. The first byte chooses an allocation to fail. */
#include "input/child/remote.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct answer {
    const uint8_t *p;
    size_t n;
} answer;

static hb_status read_answer(void *ctx, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    answer *a = ctx;
    (void)err;
    n = n < a->n ? n : a->n;
    memcpy(p, a->p, n);
    a->p += n;
    a->n -= n;
    *ret_n = n;
    return HB_OK;
}

static void look_at(const hb_block *b, size_t n_columns)
{
    size_t sum = 0;
    for (size_t i = 0; i < b->n_rows * b->n_cols; i++) {
        const hb_cell *c = &b->cells[i];
        for (size_t k = 0; c->kind == HB_CELL_TEXT && k < c->len; k++) {
            sum += (unsigned char)c->as.p[k];
        }
    }
    if (b->n_cols != n_columns || sum == SIZE_MAX) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    answer a = {data + 1, size - 1};
    hb_remote_source source = {.read = read_answer, .ctx = &a};
    hb_table *t = NULL;
    hb_block b = {.n_rows = 1};
    const hb_column *columns = NULL;
    hb_error err = {0};
    hb_fault_alloc(data[0], false);
    hb_status status = hb_remote_table("mat", "fuzz.mat", NULL, source, &t, &err);
    while (status == HB_OK && b.n_rows) {
        status = t->ops->next(t, &b, &err);
        if (status == HB_OK) {
            look_at(&b, t->ops->columns(t, &columns));
        }
    }
    hb_fault_alloc(0, false);
    if (status != HB_OK && !err.msg[0]) {
        abort();
    }
    if (t) {
        t->ops->close(t);
    }
    return 0;
}
