/* SPDX-License-Identifier: Apache-2.0 */
/* The state of windows and the outline of one: the bytes are what stands between head and digest,
 * which are made good here. What loads must store to the same bytes, and go on taking samples. The
 * first byte: bit 0 the late policy, above it what it is. */
#include "crypto/digest.h"
#include "telemetry/windows_internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEX = HB_DIGEST_HEX - 1, HEAD = 8 + 2 * HEX, MOST = 64 << 20, SAMPLES = 60 };

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static const char registry_yaml[] = "version: \"1\"\nmetrics:\n"
                                    "  a: {unit: s, drift_persistence: 3, invariant_max: 5}\n"
                                    "  b: {unit: s, stale_after: 3}\n";

/* reopen: the first byte chooses between the two kinds of state. */
static hb_windows *fresh(bool reopen)
{
    static hb_units *units;
    static hb_registry *registry;
    if (!units) {
        must(hb_units_open(&units, NULL) == HB_OK);
        must(hb_registry_parse(hb_str_of(registry_yaml), "r", NULL, NULL, "", units, &registry,
                               NULL) == HB_OK);
    }
    const hb_window_def defs[] = {
        {.name = "w", .size_ns = 2000000000, .slide_ns = 2000000000},
        {.name = "s", .size_ns = 3000000000, .slide_ns = 1000000000},
    };
    const hb_windows_options options = {.stream = "fuzz",
                                        .defs = defs,
                                        .n_defs = 2,
                                        .lateness_ns = 500000000,
                                        .max_ahead_ns = INT64_C(20000000000),
                                        .keep_closed_ns = INT64_C(4000000000),
                                        .late = reopen ? HB_LATE_REOPEN : HB_LATE_DROP,
                                        .remembered_ids = 8};
    hb_windows *w = NULL;
    must(hb_windows_new(&options, registry, units, &w, NULL) == HB_OK);
    return w;
}

static size_t take(hb_windows *w)
{
    size_t n = 0;
    hb_window_closed *c = NULL;
    for (; n < 200 && hb_windows_take(w, &c, NULL) == HB_OK && c; n++) {
        hb_window_closed_free(c);
    }
    return n;
}

static void go_on(hb_windows *w)
{
    static const char *const names[] = {"a", "b", "c"};
    for (int i = 0; i < SAMPLES; i++) {
        const hb_live_sample s = {.source = HB_STR("x"),
                                  .name = hb_str_of(names[i % 3]),
                                  .id = HB_STR("id"),
                                  .part = (uint32_t)i,
                                  .t = INT64_C(1000000000000) + i * INT64_C(300000000),
                                  .timed = true,
                                  .kind = i % 7 ? HB_LIVE_VALUE : HB_LIVE_NAN,
                                  .value = i};
        if (hb_windows_sample(w, &s, NULL) != HB_OK || take(w) == 200) {
            return;
        }
    }
}

typedef enum what { STATE_1, STATE_2, OUTLINE, OUTLINE_AND_IDS } what;

static void store_again(const hb_windows *w, what kind, const hb_buf *b)
{
    hb_buf again;
    hb_buf_init(&again, MOST);
    must((kind >= OUTLINE ? hb_windows_outline(w, &again, NULL)
                          : hb_windows_save(w, &again, NULL)) == HB_OK);
    /* The first version is stored as the second. */
    must(kind == STATE_1 || (again.n == b->n && memcmp(again.p, b->p, b->n) == 0));
    hb_buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const heads[] = {"HBWS\1\0\0", "HBWS\2\0\0", "HBWO\1\0\0", "HBWO\1\0\0"};
    if (size < 1) {
        return 0;
    }
    hb_windows *w = fresh(data[0] & 1);
    what kind = (what)(data[0] >> 1 & 3);
    size_t ids = kind == OUTLINE_AND_IDS && size > 29 ? 28 : 0; /* a list of one at the end */
    hb_buf b;
    hb_buf_init(&b, MOST);
    hb_buf_add(&b, heads[kind], 8);
    hb_buf_add(&b, w->options_digest, HEX);
    hb_buf_add(&b, w->registry_digest, HEX);
    hb_buf_add(&b, data + 1, size - 1 - ids);
    if (kind < OUTLINE) {
        char digest[HB_DIGEST_HEX];
        must(hb_digest_of(b.p, b.n, digest, NULL) == HB_OK);
        hb_buf_add(&b, digest, HEX);
    }
    must(hb_buf_check(&b, NULL) == HB_OK);
    hb_status status = kind >= OUTLINE ? hb_windows_load_outline(w, b.p, b.n, NULL)
                                       : hb_windows_load(w, b.p, b.n, NULL);
    if (status == HB_OK) {
        store_again(w, kind, &b);
        if (ids == 0 || hb_windows_recall(w, data + size - ids, ids, NULL) == HB_OK) {
            go_on(w);
        }
    }
    hb_buf_release(&b);
    hb_windows_free(w);
    return 0;
}
