/* SPDX-License-Identifier: Apache-2.0 */
/* The documents beside run.json; the first byte says which: 'n' reference.json without a baseline,
 * 'b' with one, 's' the basis of a decision, 'r' how a run was read. What is read must be written
 * again to the same bytes where there is a writer. */
#include "base/mem.h"
#include "evidence/basis.h"
#include "evidence/inputs.h"
#include "evidence/read_record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 256 << 20 };

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void same(const hb_buf *again, hb_str text)
{
    must(again->n == text.n && memcmp(again->p, text.p, text.n) == 0);
}

static hb_status reference(hb_str text, const hb_run *baseline, hb_buf *again)
{
    hb_run run = {.digest = ""};
    hb_reference_read *r = NULL;
    hb_status status = hb_reference_from_json(text, "reference.json", &run, baseline, &r, NULL);
    if (status == HB_OK) {
        const hb_inputs_config c = *hb_reference_config(r);
        must(hb_reference_json(hb_reference_of(r), &c, again, NULL) == HB_OK);
        same(again, text);
    }
    hb_reference_read_free(r);
    return status;
}

static hb_status reading(hb_str text, hb_arena *arena, hb_buf *again)
{
    hb_read_record r;
    hb_status status = hb_read_record_parse(text, "reading", arena, &r, NULL);
    if (status == HB_OK) {
        must(hb_read_record_json(&r, again, NULL) == HB_OK);
        same(again, text);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_run baseline = {.digest = ""};
    hb_basis basis;
    hb_arena arena;
    hb_buf again;
    hb_status status = HB_E_EVIDENCE;
    if (size == 0) {
        return 0;
    }
    memset(baseline.digest, 'a', 64);
    hb_arena_init(&arena, ARENA_BYTES);
    hb_buf_init(&again, 64 << 20);
    hb_str text = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 'n':
        status = reference(text, NULL, &again);
        break;
    case 'b':
        status = reference(text, &baseline, &again);
        break;
    case 's':
        status = hb_basis_read(text, &arena, &basis, NULL);
        break;
    case 'r':
        status = reading(text, &arena, &again);
        break;
    default:
        break;
    }
    must(status == HB_OK || status == HB_E_EVIDENCE);
    hb_arena_release(&arena);
    hb_buf_release(&again);
    return 0;
}
