/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as an operators.yaml. What was accepted is accepted again as it is printed, and prints
 * the same. */
#include "govern/operators.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_operators *o = NULL;
    hb_operators *again = NULL;
    hb_buf a;
    hb_buf b;
    if (hb_operators_parse((hb_str){(const char *)data, size}, "fuzz", &o, NULL) != HB_OK) {
        return 0;
    }
    hb_buf_init(&a, 64 << 20);
    hb_buf_init(&b, 64 << 20);
    hb_operators_yaml(o, &a);
    must(hb_operators_parse((hb_str){a.p, a.n}, "fuzz", &again, NULL) == HB_OK);
    hb_operators_yaml(again, &b);
    must(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    must(hb_operators_needed(o) == hb_operators_needed(again));
    for (size_t i = 0; hb_operators_at(o, i); i++) {
        const hb_operator *x = hb_operators_at(o, i);
        const hb_operator *y = hb_operators_at(again, i);
        must(y && strcmp(x->name, y->name) == 0 && x->n_keys == y->n_keys);
        must(hb_operator_role(x, "*") == hb_operator_role(y, "*"));
    }
    hb_operators_free(o);
    hb_operators_free(again);
    hb_buf_release(&a);
    hb_buf_release(&b);
    return 0;
}
