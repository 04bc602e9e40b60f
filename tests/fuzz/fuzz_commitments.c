/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as the list of commitments, as a document that is committed to, as a disclosure, as a
 * policy of what is hidden. What is read as a list has one spelling; a document holds with its
 * first text hidden.
 */
#include "evidence/disclosure.h"
#include "export/redact_policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(hb_str text, hb_arena *arena)
{
    hb_commitments c;
    hb_buf again;
    if (hb_commitments_read(text, arena, &c, NULL) != HB_OK) {
        return;
    }
    hb_buf_init(&again, HB_COMMITMENTS_MAX);
    if (hb_commitments_json(&c, &again, NULL) != HB_OK || again.n != text.n ||
        memcmp(again.p, text.p, text.n) != 0) {
        abort();
    }
    hb_buf_release(&again);
}

static void check_document(hb_str text, hb_arena *arena)
{
    const hb_commit32 secret = {.b = {1}};
    hb_hidden first = {.index = 0, .pointer = ""};
    hb_opened o = {.path = "run.json", .hidden = &first, .n_hidden = 1};
    hb_committer *by = NULL;
    hb_commitment c;
    if (hb_committer_new(&by, NULL) == HB_OK &&
        hb_commitment_of(by, text, &secret, "run.json", &c, NULL) == HB_OK) {
        o.n_hidden = c.leaves ? 1 : 0;
        if (hb_commitment_hide(by, text, &secret, &o, arena, NULL) != HB_OK ||
            hb_commitment_check(by, &c, text, &o, NULL) != HB_OK) {
            abort();
        }
    }
    hb_committer_free(by);
}

static void check_disclosure(hb_str text, hb_arena *arena)
{
    hb_disclosure d;
    hb_disclosure again;
    hb_buf out;
    if (hb_disclosure_read(text, arena, &d, NULL) != HB_OK) {
        return;
    }
    hb_buf_init(&out, HB_DISCLOSURE_MAX);
    if (hb_disclosure_json(&d, &out, NULL) != HB_OK ||
        hb_disclosure_read((hb_str){out.p, out.n}, arena, &again, NULL) != HB_OK ||
        again.n_texts != d.n_texts) {
        abort();
    }
    hb_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_str text = {(const char *)data, size};
    hb_arena arena;
    hb_redact_policy policy;
    if (size > 1 << 16) {
        return 0;
    }
    hb_arena_init(&arena, 64 << 20);
    check_list(text, &arena);
    check_document(text, &arena);
    check_disclosure(text, &arena);
    hb_arena_release(&arena);
    if (hb_redact_policy_parse(text, "fuzz", &policy, NULL) == HB_OK) {
        for (size_t i = 0; i < policy.n_profiles; i++) {
            const hb_redact_profile *found = NULL;
            const char *name = policy.profiles[i].name;
            if (hb_redact_policy_choose(&policy, *name ? name : NULL, &found, NULL) != HB_OK) {
                abort();
            }
        }
        hb_redact_policy_release(&policy);
    }
    return 0;
}
