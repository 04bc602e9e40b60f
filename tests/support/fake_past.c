/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fake_past.h"

#include "support/check.h"
#include "support/fake_run.h"
#include "telemetry/factors.h"
#include "telemetry/run_meta.h"

#include <math.h>
#include <stdio.h>

static char *text(hb_run_set *s, const char *fmt, size_t i)
{
    char out[80];
    snprintf(out, sizeof out, fmt, i);
    return hb_arena_str(&s->arena, hb_str_of(out));
}

static double *row(hb_run_set *s, double fill)
{
    double *v = hb_arena_array(&s->arena, s->n_runs + 1, sizeof *v);
    for (size_t i = 0; i < s->n_runs; i++) {
        v[i] = fill;
    }
    return v;
}

hb_run_set *fake_past(size_t n_runs, const char *const *names, size_t n_metrics)
{
    hb_run_set *s = hb_alloc_zero(sizeof *s);
    hb_arena_init(&s->arena, 64 << 20);
    s->kind = "comparable";
    s->version = "";
    s->n_runs = n_runs;
    s->n_metrics = n_metrics;
    s->runs = hb_arena_array(&s->arena, n_runs + 1, sizeof *s->runs);
    s->metrics = hb_arena_array(&s->arena, n_metrics + 1, sizeof *s->metrics);
    for (size_t i = 0; i < n_runs; i++) {
        hb_past_run *r = &s->runs[i];
        hb_run_meta_init(&r->meta);
        r->run_id = text(s, "run-%02zu", i + 1);
        r->digest = text(s, "%064zu", i + 1);
        r->status = "PASS";
        r->start = FAKE_RUN_START + (hb_time)i * 86400 * 1000000000;
        r->meta.run_id = r->run_id;
        r->meta.start = r->start;
    }
    for (size_t i = 0; i < n_metrics; i++) {
        s->metrics[i] = (hb_past_metric){.name = names ? names[i] : text(s, "m%03zu", i),
                                         .unit = "",
                                         .values = row(s, NAN),
                                         .spreads = row(s, NAN),
                                         .counts = (uint64_t *)(void *)row(s, 0)};
    }
    return s;
}

hb_run_set *fake_past_numbered(size_t n_runs, size_t n_metrics)
{
    return fake_past(n_runs, NULL, n_metrics);
}

double *fake_past_values(hb_run_set *s, const char *name)
{
    for (size_t i = 0; i < s->n_metrics; i++) {
        if (strcmp(s->metrics[i].name, name) == 0) {
            return (double *)(uintptr_t)s->metrics[i].values;
        }
    }
    fail_msg("no metric '%s' in the set", name);
    return NULL;
}

void fake_past_factor(hb_run_set *s, size_t run, const char *name, const char *value)
{
    CHECK_OK(
        hb_factors_put(&s->runs[run].meta, &s->arena, hb_str_of(name), hb_str_of(value), &err));
}

void fake_past_done(hb_run_set *s)
{
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < s->n_metrics; i++) {
        hb_past_metric *m = &s->metrics[i];
        m->n = 0;
        for (size_t r = 0; r < s->n_runs; r++) {
            uint64_t bits = 0;
            m->n += isnan(m->values[r]) ? 0 : 1;
            memcpy(&bits, &m->values[r], sizeof bits);
            hash = (hash ^ bits) * 1099511628211u;
        }
    }
    snprintf(s->digest, sizeof s->digest, "%016llx", (unsigned long long)hash);
}

void fake_past_free(hb_run_set *s)
{
    hb_run_set_release(s);
    hb_free(s);
}
