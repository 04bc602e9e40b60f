/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fake_run.h"

#include "base/buf.h"
#include "base/map.h"
#include "support/check.h"

#include <math.h>
#include <stdio.h>

enum { ARENA_BYTES = 64 << 20, BLOB_BYTES = 16 << 20 };

static const hb_time second = 1000000000;

static void *room(hb_run *r, size_t n, size_t size)
{
    void *p = hb_arena_array(&r->arena, n, size);
    assert_non_null(p);
    return p;
}

char *fake_run_text(hb_run *r, const char *text)
{
    char *copy = hb_arena_strndup(&r->arena, text, strlen(text));
    assert_non_null(copy);
    return copy;
}

hb_run *fake_run(const char *run_id)
{
    hb_run *r = hb_alloc_zero(sizeof *r);
    assert_non_null(r);
    hb_arena_init(&r->arena, ARENA_BYTES);
    r->meta = (hb_run_meta){
        .run_id = fake_run_text(r, run_id),
        .program = "prog",
        .subsystem = "sub",
        .test_name = "test",
        .git_sha = "",
        .build_id = "",
        .source_system = "fake",
        .schema_version = "",
        .correlation_id = "",
        .start = FAKE_RUN_START,
        .end = FAKE_RUN_START + 100 * second,
    };
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        r->meta.context[i] = "";
    }
    r->metrics = room(r, FAKE_RUN_METRICS, sizeof *r->metrics);
    r->t_first = HB_TIME_NONE;
    r->t_last = HB_TIME_NONE;
    return r;
}

hb_run *fake_run_simple(const char *run_id, double value)
{
    hb_run *r = fake_run(run_id);
    fake_run_value(r, "m", "", value);
    fake_run_done(r);
    return r;
}

void fake_run_test(hb_run *r, const char *program, const char *subsystem, const char *test_name)
{
    r->meta.program = fake_run_text(r, program);
    r->meta.subsystem = fake_run_text(r, subsystem);
    r->meta.test_name = fake_run_text(r, test_name);
}

void fake_run_context(hb_run *r, hb_context_field field, const char *value)
{
    r->meta.context[field] = fake_run_text(r, value);
}

static hb_metric *add_metric(hb_run *r, const char *name, const char *unit)
{
    assert_true(r->n_metrics < FAKE_RUN_METRICS);
    hb_metric *m = &r->metrics[r->n_metrics++];
    *m = (hb_metric){
        .name = fake_run_text(r, name),
        .raw_name = fake_run_text(r, name),
        .unit = fake_run_text(r, unit),
        .raw_unit = fake_run_text(r, unit),
        .declared = true,
    };
    hb_profile_init(&m->profile, 0);
    return m;
}

hb_metric *fake_run_value(hb_run *r, const char *name, const char *unit, double value)
{
    hb_metric *m = add_metric(r, name, unit);
    m->stated = true;
    m->has_value = isfinite(value);
    m->value = value;
    m->flags = isfinite(value) ? 0 : HB_METRIC_NOT_FINITE;
    return m;
}

hb_metric *fake_run_samples(hb_run *r, const char *name, const char *unit, const double *v,
                            size_t n)
{
    hb_metric *m = add_metric(r, name, unit);
    hb_time *t = room(r, n + 1, sizeof *t);
    for (size_t i = 0; i < n; i++) {
        t[i] = r->meta.start + (hb_time)i * second;
    }
    CHECK_OK(hb_profile_add(&m->profile, v, t, n, &err));
    CHECK_OK(hb_profile_finish(&m->profile, &err));
    m->reduce = HB_REDUCE_MEDIAN;
    m->has_value = hb_profile_reduce(&m->profile, m->reduce, &m->value);
    if (n) {
        r->t_first = r->meta.start;
        r->t_last = t[n - 1] > r->t_last ? t[n - 1] : r->t_last;
    }
    return m;
}

hb_metric *fake_run_metric(hb_run *r, const char *name)
{
    for (size_t i = 0; i < r->n_metrics; i++) {
        if (strcmp(r->metrics[i].name, name) == 0) {
            return &r->metrics[i];
        }
    }
    fail_msg("no metric '%s' in the fake run '%s'", name, r->meta.run_id);
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const hb_metric *)a)->name, ((const hb_metric *)b)->name);
}

static void content(const hb_run *r, hb_buf *out)
{
    const hb_run_meta *m = &r->meta;
    hb_buf_fmt(out, "%s|%s|%s|%s|%lld|%lld", m->run_id, m->program, m->subsystem, m->test_name,
               (long long)m->start, (long long)m->end);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        hb_buf_fmt(out, "|%s", m->context[i]);
    }
    for (size_t i = 0; i < r->n_metrics; i++) {
        const hb_metric *x = &r->metrics[i];
        hb_buf_fmt(out, "\n%s|%s|%u|", x->name, x->unit, x->flags);
        hb_buf_f64(out, x->value);
        hb_buf_fmt(out, "|%llu|", (unsigned long long)x->profile.moments.n);
        hb_buf_f64(out, x->profile.moments.mean);
        hb_buf_c(out, "|");
        hb_buf_f64(out, x->profile.moments.m2);
    }
}

void fake_run_done(hb_run *r)
{
    qsort(r->metrics, r->n_metrics, sizeof *r->metrics, by_name);
    hb_buf text;
    hb_buf_init(&text, BLOB_BYTES);
    content(r, &text);
    for (unsigned part = 0; part < 4; part++) {
        hb_buf_fmt(&text, "#%u", part);
        snprintf(r->digest + part * 16, 17, "%016llx",
                 (unsigned long long)hb_hash((hb_str){text.p, text.n}));
    }
    CHECK_OK(hb_buf_check(&text, &err));
    hb_buf_release(&text);
}

static void fill_inputs(hb_run *r)
{
    r->inputs = room(r, 2, sizeof *r->inputs);
    r->n_inputs = 2;
    for (size_t i = 0; i < 2; i++) {
        hb_input_file *f = &r->inputs[i];
        *f = (hb_input_file){.path = i ? "-" : "data/rün 1.csv",
                             .name = i ? "-" : "rün 1.csv",
                             .bytes = i ? 0 : UINT64_C(5000000000),
                             .format = "csv",
                             .layout = i ? "long" : "wide",
                             .rows = 42 + i};
        memset(f->sha256, i ? 'b' : 'a', 64);
    }
    hb_input_file *f = &r->inputs[0];
    f->guesses = room(r, 2, sizeof *f->guesses);
    f->guesses[0] = (hb_guess){"delimiter", ";", "12 of 12 lines have 3"};
    f->guesses[1] = (hb_guess){"layout", "wide", "a column named 'time'"};
    f->n_guesses = 2;
    f->rejects = room(r, 1, sizeof *f->rejects);
    f->rejects[0] = (hb_reject_count){"short row", 7};
    f->n_rejects = 1;
}

static void fill_metrics(hb_run *r)
{
    static const double wave[] = {1.5, -0.0, 2.25, 1e-310, 3e300, -7, 2.25, 2.25};
    hb_metric *m = fake_run_samples(r, "wave", "m/s", wave, sizeof wave / sizeof *wave);
    m->profile.n_missing = 3;
    m->profile.n_nan = 1;
    m->profile.n_inf = 2;
    m->profile.n_rejected = 2;
    m->step = 0x1.999999999999ap-4;
    m->profile.persist_n = 3;
    m->profile.persist_known = true;
    m->profile.sustained_high = INFINITY;
    m->profile.sustained_low = -INFINITY;
    m->profile.sustained_high_at = 5;
    m->profile.sustained_low_at = UINT64_MAX;
    m->rejects = room(r, 2, sizeof *m->rejects);
    m->rejects[0] = (hb_reject){"n/a <b>", "not a number", 17};
    m->rejects[1] = (hb_reject){"", "unreadable", 0};
    m->n_reject_examples = 2;
    double many[5000];
    for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
        many[i] = (double)((i * 7919) % 4999) / 8;
    }
    fake_run_samples(r, "many", "K", many, sizeof many / sizeof *many)->declared = false;
    m = add_metric(r, "no_times", "");
    CHECK_OK(hb_profile_add(&m->profile, many, NULL, 100, &err));
    CHECK_OK(hb_profile_finish(&m->profile, &err));
    m->reduce = HB_REDUCE_P99;
    m->has_value = hb_profile_reduce(&m->profile, m->reduce, &m->value);
    fake_run_value(r, "nan", "", NAN)->flags |= HB_METRIC_DUPLICATE;
    fake_run_value(r, "inf", "dB", INFINITY)->flags |= HB_METRIC_UNIT_UNKNOWN;
    fake_run_value(r, "neg_inf", "", -INFINITY);
    fake_run_value(r, "neg_zero", "", -0.0)->raw_name = "Neg Zero";
    m = fake_run_value(r, "events <script> \xc2\xb5s", "\xc2\xb5s", 4.9e-324);
    m->flags |= HB_METRIC_FROM_EVENTS;
    m->raw_unit = "usec";
    m = add_metric(r, "nothing", "");
    m->value = NAN;
}

hb_run *fake_run_full(const char *run_id)
{
    hb_run *r = fake_run(run_id);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        char text[32];
        snprintf(text, sizeof text, "context %zu", i);
        fake_run_context(r, (hb_context_field)i, text);
    }
    r->meta.git_sha = "0123abc";
    r->meta.build_id = "b'7\"";
    r->meta.schema_version = "2";
    r->meta.correlation_id = "c-1";
    r->meta.end = HB_TIME_NONE;
    hb_factor *factors = room(r, 2, sizeof *factors);
    factors[0] = (hb_factor){"operator", "Z\xc3\xb6"
                                         "e"};
    factors[1] = (hb_factor){"rig", ""};
    r->meta.factors = factors;
    r->meta.n_factors = 2;
    fill_inputs(r);
    fill_metrics(r);
    r->warnings = room(r, 2, sizeof *r->warnings);
    r->warnings[0] = "a warning";
    r->warnings[1] = "another, with a line\nend";
    r->n_warnings = 2;
    fake_run_done(r);
    return r;
}

static void same_bits(const char *metric, const char *what, double a, double b)
{
    uint64_t x = 0;
    uint64_t y = 0;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    if (x != y && !(isnan(a) && isnan(b))) {
        fail_msg("%s.%s: %a and %a", metric, what, a, b);
    }
}

static void same_moments(const char *name, const hb_moments *a, const hb_moments *b)
{
    assert_int_equal(a->n, b->n);
    same_bits(name, "mean", a->mean, b->mean);
    same_bits(name, "mean_low", a->mean_low, b->mean_low);
    same_bits(name, "m2", a->m2, b->m2);
    same_bits(name, "min", a->min, b->min);
    same_bits(name, "max", a->max, b->max);
    same_bits(name, "first", a->first, b->first);
    same_bits(name, "last", a->last, b->last);
    same_bits(name, "shift", a->shift, b->shift);
    same_bits(name, "lag_xy", a->lag_xy, b->lag_xy);
    same_bits(name, "lag_x", a->lag_x, b->lag_x);
    same_bits(name, "lag_y", a->lag_y, b->lag_y);
}

/* Sketch and trace are equal when their stored forms are. */
static void same_blobs(const hb_profile *a, const hb_profile *b)
{
    hb_buf x;
    hb_buf y;
    hb_buf_init(&x, BLOB_BYTES);
    hb_buf_init(&y, BLOB_BYTES);
    assert_int_equal(a->sketch != NULL, b->sketch != NULL);
    if (a->sketch) {
        CHECK_OK(hb_sketch_store(a->sketch, &x, &err));
        CHECK_OK(hb_sketch_store(b->sketch, &y, &err));
    }
    CHECK_OK(hb_trace_store(&a->trace, &x, &err));
    CHECK_OK(hb_trace_store(&b->trace, &y, &err));
    assert_int_equal(x.n, y.n);
    assert_memory_equal(x.p, y.p, x.n);
    hb_buf_release(&x);
    hb_buf_release(&y);
}

static void same_profile(const char *name, const hb_profile *a, const hb_profile *b)
{
    same_moments(name, &a->moments, &b->moments);
    assert_int_equal(a->n_missing, b->n_missing);
    assert_int_equal(a->n_nan, b->n_nan);
    assert_int_equal(a->n_inf, b->n_inf);
    assert_int_equal(a->n_rejected, b->n_rejected);
    assert_int_equal(a->persist_n, b->persist_n);
    assert_int_equal(a->persist_known, b->persist_known);
    same_bits(name, "sustained_high", a->sustained_high, b->sustained_high);
    same_bits(name, "sustained_low", a->sustained_low, b->sustained_low);
    assert_true(a->sustained_high_at == b->sustained_high_at);
    assert_true(a->sustained_low_at == b->sustained_low_at);
    assert_true(a->t_first == b->t_first && a->t_last == b->t_last);
    same_blobs(a, b);
}

static void same_metric(const hb_metric *a, const hb_metric *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->raw_name, b->raw_name);
    assert_string_equal(a->unit, b->unit);
    assert_string_equal(a->raw_unit, b->raw_unit);
    assert_int_equal(a->declared, b->declared);
    assert_int_equal(a->stated, b->stated);
    assert_int_equal(a->reduce, b->reduce);
    assert_int_equal(a->has_value, b->has_value);
    same_bits(a->name, "value", a->value, b->value);
    same_bits(a->name, "step", a->step, b->step);
    assert_int_equal(a->flags, b->flags);
    same_profile(a->name, &a->profile, &b->profile);
    assert_int_equal(a->n_reject_examples, b->n_reject_examples);
    for (size_t i = 0; i < a->n_reject_examples; i++) {
        assert_string_equal(a->rejects[i].text, b->rejects[i].text);
        assert_string_equal(a->rejects[i].reason, b->rejects[i].reason);
        assert_int_equal(a->rejects[i].line, b->rejects[i].line);
    }
}

static void same_input(const hb_input_file *a, const hb_input_file *b)
{
    assert_string_equal(a->path, b->path);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->sha256, b->sha256);
    assert_true(a->bytes == b->bytes && a->rows == b->rows);
    assert_string_equal(a->format, b->format);
    assert_string_equal(a->layout, b->layout);
    assert_int_equal(a->n_guesses, b->n_guesses);
    for (size_t i = 0; i < a->n_guesses; i++) {
        assert_string_equal(a->guesses[i].what, b->guesses[i].what);
        assert_string_equal(a->guesses[i].value, b->guesses[i].value);
        assert_string_equal(a->guesses[i].why, b->guesses[i].why);
    }
    assert_int_equal(a->n_rejects, b->n_rejects);
    for (size_t i = 0; i < a->n_rejects; i++) {
        assert_string_equal(a->rejects[i].reason, b->rejects[i].reason);
        assert_true(a->rejects[i].n == b->rejects[i].n);
    }
}

static void same_meta(const hb_run_meta *a, const hb_run_meta *b)
{
    assert_string_equal(a->run_id, b->run_id);
    assert_string_equal(a->program, b->program);
    assert_string_equal(a->subsystem, b->subsystem);
    assert_string_equal(a->test_name, b->test_name);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        assert_string_equal(a->context[i], b->context[i]);
    }
    assert_string_equal(a->git_sha, b->git_sha);
    assert_string_equal(a->build_id, b->build_id);
    assert_string_equal(a->source_system, b->source_system);
    assert_string_equal(a->schema_version, b->schema_version);
    assert_string_equal(a->correlation_id, b->correlation_id);
    assert_int_equal(a->n_factors, b->n_factors);
    for (size_t i = 0; i < a->n_factors; i++) {
        assert_string_equal(a->factors[i].name, b->factors[i].name);
        assert_string_equal(a->factors[i].value, b->factors[i].value);
    }
    assert_true(a->start == b->start && a->end == b->end);
}

void fake_run_check_equal(const hb_run *a, const hb_run *b)
{
    same_meta(&a->meta, &b->meta);
    assert_int_equal(a->n_metrics, b->n_metrics);
    for (size_t i = 0; i < a->n_metrics; i++) {
        same_metric(&a->metrics[i], &b->metrics[i]);
    }
    assert_int_equal(a->n_inputs, b->n_inputs);
    for (size_t i = 0; i < a->n_inputs; i++) {
        same_input(&a->inputs[i], &b->inputs[i]);
    }
    assert_int_equal(a->n_warnings, b->n_warnings);
    for (size_t i = 0; i < a->n_warnings; i++) {
        assert_string_equal(a->warnings[i], b->warnings[i]);
    }
    assert_true(a->t_first == b->t_first && a->t_last == b->t_last);
    assert_string_equal(a->digest, b->digest);
}
