/* SPDX-License-Identifier: Apache-2.0 */
/* Samples a second through windows of the given sizes, closed windows taken and freed: METRICS
 * metrics in turn, RATE samples a second of event time, a little out of order. IDS = 1: every
 * metric round is a message with an id.
 *
 *     bench_windows SAMPLES METRICS RATE IDS SIZE_S SLIDE_S [SIZE_S SLIDE_S …]
 *
 * prints {"samples_per_second": …, "windows": …, "state_bytes": …, "save_ms": …, "load_ms": …,
 * "rss_mb": …} */
#include "telemetry/windows.h"

#include "base/mem.h"
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

enum { METRICS_MAX = 10000, NAME_BYTES = 48 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t mix(uint64_t x)
{
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 27;
}

typedef struct feed {
    hb_windows *w;
    uint64_t samples;
    uint64_t metrics;
    double rate;
    bool ids;
    char (*names)[NAME_BYTES];
    uint64_t windows;
} feed;

static hb_status take(feed *f, hb_error *err)
{
    for (;;) {
        hb_window_closed *c = NULL;
        HB_TRY(hb_windows_take(f->w, &c, err));
        if (!c) {
            return HB_OK;
        }
        f->windows++;
        hb_window_closed_free(c);
    }
}

static hb_status give(feed *f, hb_error *err)
{
    char id[24] = "";
    for (uint64_t i = 0; i < f->samples; i++) {
        uint64_t k = i % f->metrics;
        uint64_t r = mix(i);
        if (f->ids && k == 0) {
            snprintf(id, sizeof id, "%" PRIu64, i);
        }
        const hb_live_sample s = {
            .source = HB_STR("rig"),
            .name = hb_str_of(f->names[k]),
            .unit = HB_STR("V"),
            .id = hb_str_of(id),
            .part = (uint32_t)k,
            .t = INT64_C(1700000000000000000) + (int64_t)((double)i * 1e9 / f->rate) -
                 (int64_t)(r % 2000000),
            .timed = true,
            .value = (double)(r >> 40) / 1000,
        };
        HB_TRY(hb_windows_sample(f->w, &s, err));
        HB_TRY(take(f, err));
    }
    return HB_OK;
}

static hb_status work(feed *f, const hb_windows_options *o, hb_error *err)
{
    hb_registry *registry = NULL;
    hb_units *units = NULL;
    hb_windows *again = NULL;
    hb_buf b;
    hb_buf_init(&b, 1 << 30);
    HB_TRY(hb_registry_builtin(&registry, err));
    HB_TRY(hb_units_open(&units, err));
    HB_TRY(hb_windows_new(o, registry, units, &f->w, err));
    double t0 = now_s();
    HB_TRY(give(f, err));
    double t1 = now_s();
    HB_TRY(hb_windows_save(f->w, &b, err));
    double t2 = now_s();
    HB_TRY(hb_windows_new(o, registry, units, &again, err));
    HB_TRY(hb_windows_load(again, b.p, b.n, err));
    double t3 = now_s();
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("{\"samples_per_second\": %.0f, \"windows\": %" PRIu64 ", \"state_bytes\": %zu, "
           "\"save_ms\": %.2f, \"load_ms\": %.2f, \"rss_mb\": %.1f}\n",
           (double)f->samples / (t1 - t0), f->windows, b.n, (t2 - t1) * 1e3, (t3 - t2) * 1e3,
           (double)use.ru_maxrss / 1024);
    hb_buf_release(&b);
    hb_windows_free(again);
    hb_windows_free(f->w);
    hb_registry_free(registry);
    hb_units_close(units);
    return HB_OK;
}

static double number(const char *text)
{
    double v = 0;
    return hb_num_parse(text, strlen(text), &v) == HB_NUM_FINITE ? v : 0;
}

int main(int argc, char **argv)
{
    static char names[METRICS_MAX][NAME_BYTES];
    static char def_names[HB_WINDOWS_DEFS_MAX][32];
    hb_window_def defs[HB_WINDOWS_DEFS_MAX];
    size_t n_defs = argc > 5 ? (size_t)(argc - 5) / 2 : 0;
    if (n_defs == 0 || n_defs > HB_WINDOWS_DEFS_MAX) {
        fprintf(stderr, "usage: bench_windows SAMPLES METRICS RATE IDS SIZE_S SLIDE_S …\n");
        return 2;
    }
    for (size_t i = 0; i < n_defs; i++) {
        snprintf(def_names[i], sizeof def_names[i], "%s/%s", argv[5 + 2 * i], argv[6 + 2 * i]);
        defs[i] = (hb_window_def){.name = def_names[i],
                                  .size_ns = (int64_t)(number(argv[5 + 2 * i]) * 1e9),
                                  .slide_ns = (int64_t)(number(argv[6 + 2 * i]) * 1e9)};
    }
    feed f = {.samples = (uint64_t)number(argv[1]),
              .metrics = (uint64_t)number(argv[2]),
              .rate = number(argv[3]),
              .ids = number(argv[4]) > 0,
              .names = names};
    if (f.metrics == 0 || f.metrics > METRICS_MAX) {
        return 2;
    }
    for (uint64_t i = 0; i < f.metrics; i++) {
        snprintf(names[i], NAME_BYTES, "rig7/subsystem/channel_%03" PRIu64 "/value", i);
    }
    const hb_windows_options o = {.stream = "bench",
                                  .defs = defs,
                                  .n_defs = n_defs,
                                  .lateness_ns = INT64_C(1000000000),
                                  .max_ahead_ns = INT64_C(60000000000),
                                  .idle_after_ns = INT64_C(5000000000)};
    hb_error err = {0};
    if (work(&f, &o, &err) != HB_OK) {
        fprintf(stderr, "bench_windows: %s\n", err.msg);
        return 1;
    }
    return 0;
}
