/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "telemetry/factors.h"
#include "telemetry/registry.h"
#include "telemetry/run_builder.h"
#include "telemetry/run_meta.h"

typedef struct fixture {
    hb_arena arena;
    hb_run_meta meta;
} fixture;

static fixture begin(void)
{
    fixture f = {0};
    hb_arena_init(&f.arena, 1 << 20);
    hb_run_meta_init(&f.meta);
    return f;
}

static void factors__are_kept_by_name_and_replaced(void **state)
{
    (void)state;
    fixture f = begin();
    CHECK_OK(hb_factors_put_list(&f.meta, &f.arena, "unit=7, rig = A ,operator=kim", &err));
    CHECK_OK(hb_factors_put_list(&f.meta, &f.arena, "rig=B,shift=", &err));
    assert_int_equal(f.meta.n_factors, 3);
    const char *want[] = {"operator", "kim", "rig", "B", "unit", "7"};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(f.meta.factors[i].name, want[2 * i]);
        assert_string_equal(f.meta.factors[i].value, want[2 * i + 1]);
    }
    hb_arena_release(&f.arena);
}

static void factors__say_what_is_wrong(void **state)
{
    (void)state;
    fixture f = begin();
    char name[] = "a0=x";
    CHECK_ERROR(hb_factors_put_list(&f.meta, &f.arena, "rig", &err), HB_E_INPUT, "NAME=VALUE");
    CHECK_ERROR(hb_factors_put_list(&f.meta, &f.arena, "rig=A,", &err), HB_E_INPUT, "");
    CHECK_ERROR(hb_factors_put_list(&f.meta, &f.arena, "Rig=A", &err), HB_E_INPUT, "'Rig'");
    CHECK_ERROR(hb_factors_put_list(&f.meta, &f.arena, "=A", &err), HB_E_INPUT, "''");
    CHECK_ERROR(hb_factors_put_list(&f.meta, &f.arena, "rig=A,unit=1,rig=B", &err), HB_E_INPUT,
                "'rig' is given twice");
    CHECK_ERROR(hb_factors_put_list(&f.meta, &f.arena, "rig=a\tb", &err), HB_E_INPUT, "control");
    CHECK_ERROR(hb_factors_put_list(&f.meta, &f.arena, "rig=\xff", &err), HB_E_INPUT, "UTF-8");
    f.meta.n_factors = 0;
    for (size_t i = 0; i < HB_FACTORS_MAX; i++) {
        name[1] = (char)('a' + i);
        CHECK_OK(hb_factors_put_list(&f.meta, &f.arena, name, &err));
    }
    CHECK_ERROR(hb_factors_put_list(&f.meta, &f.arena, "zz=1", &err), HB_E_LIMIT, "at most 16");
    CHECK_OK(hb_factors_put_list(&f.meta, &f.arena, name, &err));
    assert_int_equal(f.meta.n_factors, HB_FACTORS_MAX);
    hb_arena_release(&f.arena);
}

static void factors__build_and_day_follow_from_the_run(void **state)
{
    (void)state;
    fixture f = begin();
    char day[HB_FACTOR_DAY_TEXT];
    hb_time start = INT64_C(1767323045000000000); /* 2026-01-02T03:04:05Z */
    assert_string_equal(hb_factor_level(&f.meta, HB_TIME_NONE, "day", day), "");
    assert_string_equal(hb_factor_level(&f.meta, start, "day", day), "2026-01-02");
    assert_string_equal(hb_factor_level(&f.meta, start, "build", day), "");
    f.meta.git_sha = "abc";
    assert_string_equal(hb_factor_level(&f.meta, start, "build", day), "abc");
    f.meta.build_id = "b42";
    assert_string_equal(hb_factor_level(&f.meta, start, "build", day), "b42");
    CHECK_OK(hb_factors_put_list(&f.meta, &f.arena, "build=mine,rig=A", &err));
    assert_string_equal(hb_factor_level(&f.meta, start, "build", day), "mine");
    assert_string_equal(hb_factor_level(&f.meta, start, "rig", day), "A");
    assert_string_equal(hb_factor_level(&f.meta, start, "unit", day), "");
    hb_arena_release(&f.arena);
}

static hb_status parse(fixture *f, const char *text, hb_error *err)
{
    return hb_run_meta_parse(hb_str_of(text), "run_meta.json", &f->arena, &f->meta, err);
}

static void factors__are_read_from_run_meta(void **state)
{
    (void)state;
    fixture f = begin();
    CHECK_OK(parse(&f, "{\"factors\": {\"unit\": 7, \"rig\": \"A\", \"shift\": null}}", &err));
    assert_int_equal(f.meta.n_factors, 2);
    assert_string_equal(f.meta.factors[1].value, "7");
    CHECK_ERROR(parse(&f, "{\"factors\":\n {\"Unit\": 7}}", &err), HB_E_INPUT,
                "run_meta.json:2:3: 'Unit' cannot name a factor");
    CHECK_ERROR(parse(&f, "{\"factors\": [1]}", &err), HB_E_INPUT, "factors");
    CHECK_ERROR(parse(&f, "{\"factors\": {\"rig\": [1]}}", &err), HB_E_INPUT, "factors.rig");
    hb_arena_release(&f.arena);
}

static void digest_with(const hb_run_meta *meta, char digest[65])
{
    hb_registry *registry = NULL;
    hb_units *units = NULL;
    hb_run_builder *b = NULL;
    hb_run *run = NULL;
    CHECK_OK(hb_registry_builtin(&registry, &err));
    CHECK_OK(hb_units_open(&units, &err));
    CHECK_OK(hb_run_builder_new(registry, units, &b, &err));
    CHECK_OK(hb_run_builder_finish(b, meta, &run, &err));
    assert_int_equal(run->meta.n_factors, meta->n_factors);
    memcpy(digest, run->digest, 65);
    hb_run_free(run);
    hb_run_builder_free(b);
    hb_units_close(units);
    hb_registry_free(registry);
}

/* The digest without factors is the one of the version before factors were known. */
static void factors__are_part_of_the_digest_when_there_are_any(void **state)
{
    (void)state;
    fixture f = begin();
    char none[65];
    char one[65];
    char other[65];
    digest_with(&f.meta, none);
    assert_string_equal(none, "27539f2bb025dbdd4f7546f57937a7d1c98f19295374423413dc41c48944a635");
    CHECK_OK(hb_factors_put_list(&f.meta, &f.arena, "rig=A", &err));
    digest_with(&f.meta, one);
    CHECK_OK(hb_factors_put_list(&f.meta, &f.arena, "rig=B", &err));
    digest_with(&f.meta, other);
    assert_string_not_equal(none, one);
    assert_string_not_equal(one, other);
    hb_arena_release(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors__are_kept_by_name_and_replaced),
        cmocka_unit_test(factors__say_what_is_wrong),
        cmocka_unit_test(factors__build_and_day_follow_from_the_run),
        cmocka_unit_test(factors__are_read_from_run_meta),
        cmocka_unit_test(factors__are_part_of_the_digest_when_there_are_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
