/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a baseline quality policy or an equivalence mapping; the first byte chooses which.
 * What was accepted is accepted again as it is printed, and prints the same. */
#include "baseline/quality_policy.h"
#include "config/field.h"
#include "telemetry/equivalence.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_policy(hb_str text)
{
    hb_quality_policy p;
    hb_quality_policy again;
    hb_buf a;
    hb_buf b;
    if (hb_quality_policy_parse(text, "fuzz", "", &p, NULL) != HB_OK) {
        return;
    }
    hb_buf_init(&a, 64 << 20);
    hb_buf_init(&b, 64 << 20);
    hb_quality_policy_yaml(&p, &a);
    must(hb_quality_policy_parse((hb_str){a.p, a.n}, "fuzz", "", &again, NULL) == HB_OK);
    hb_quality_policy_yaml(&again, &b);
    must(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    hb_buf_release(&a);
    hb_buf_release(&b);
    hb_quality_policy_release(&p);
    hb_quality_policy_release(&again);
}

static void check_mapping(hb_str text)
{
    hb_equivalence_mapping m;
    hb_equivalence_mapping again;
    hb_buf a;
    hb_buf b;
    if (hb_equivalence_parse(text, "fuzz", "", &m, NULL) != HB_OK) {
        return;
    }
    hb_buf_init(&a, 64 << 20);
    hb_buf_init(&b, 64 << 20);
    hb_fields_print(hb_equivalence_fields(), &m, 0, &a);
    must(hb_equivalence_parse((hb_str){a.p, a.n}, "fuzz", "", &again, NULL) == HB_OK);
    must(again.n == m.n);
    hb_fields_print(hb_equivalence_fields(), &again, 0, &b);
    must(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    hb_buf_release(&a);
    hb_buf_release(&b);
    hb_equivalence_release(&m);
    hb_equivalence_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    hb_str text = {(const char *)data + 1, size - 1};
    if (data[0] % 2) {
        check_policy(text);
    } else {
        check_mapping(text);
    }
    return 0;
}
