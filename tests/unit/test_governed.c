/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration that needs approval: each kind of document, with a text, built in, and without. */
#include "support/check.h"
#include "support/people.h"

#include "govern/configuration.h"

#define HOUR (INT64_C(3600) * 1000000000)
#define T(h) (INT64_C(1767225600) * 1000000000 + (h)*HOUR)

static const char text_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char text_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

static const person_of_test crowd[] = {
    {"ada", "'*': admin", NULL},
    {"ben", "'*': admin", NULL},
    {"kim", "'*': approver", NULL},
    {"bob", "'*': operator", NULL},
};
enum { CROWD = sizeof crowd / sizeof *crowd };

static people all;
static people free_lab; /* its operators ask for nothing */
static said words;

static int begin(void **state)
{
    (void)state;
    people_make(&all, crowd, CROWD, "config_approvals_required: 1\n");
    people_make(&free_lab, crowd, CROWD, "");
    return 0;
}

static int end(void **state)
{
    (void)state;
    people_free(&all);
    people_free(&free_lab);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    said_init(&words);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    said_free(&words);
    return 0;
}

static void approve(hb_governed_doc d, const char *digest, const char *who, hb_time at)
{
    hb_statement s = hb_governed_matter(d, digest);
    s.kind = "request";
    s.reason = "because";
    s.at = at;
    const char *request = say(&words, &all, "bob", &s);
    s.kind = "approval";
    s.request = request;
    s.at = at + HOUR;
    say(&words, &all, who, &s);
}

static hb_status check(const people *p, hb_governed_doc d, const char *digest, hb_time now,
                       hb_error *err)
{
    return hb_governed_check(p->operators, d, digest, words.list, words.n, now, &words.arena, NULL,
                             err);
}

static void governed__names_lead_back_to_their_kind(void **state)
{
    (void)state;
    for (unsigned d = 0; d < HB_GOVERNED_DOCS_; d++) {
        hb_governed_doc back = HB_GOVERNED_DOCS_;
        assert_true(hb_governed_find(hb_governed_name((hb_governed_doc)d), &back));
        assert_int_equal(back, d);
    }
    hb_governed_doc none = HB_GOVERNED_POLICY;
    assert_false(hb_governed_find("operators", &none));
    assert_int_equal(none, HB_GOVERNED_POLICY);
}

static void governed__a_text_counts_when_an_admin_approved_that_text_of_that_kind(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HB_GOVERNED_DOCS_; i++) {
        hb_governed_doc d = (hb_governed_doc)i;
        CHECK_ERROR(check(&all, d, text_a, T(9), &err), HB_E_DENIED, "nobody asked for it");
        approve(d, text_a, "kim", T(1)); /* an approver is no admin */
        CHECK_ERROR(check(&all, d, text_a, T(9), &err), HB_E_DENIED, "waits for: ada, ben");
        approve(d, text_a, "ada", T(2));
        CHECK_ERROR(check(&all, d, text_b, T(9), &err), HB_E_DENIED, hb_governed_name(d));
        if (i > 0) { /* of the kind before it was approved, of this one not */
            CHECK_OK(check(&all, (hb_governed_doc)(i - 1), text_a, T(9), &err));
        }
        CHECK_OK(check(&all, d, text_a, T(9), &err));
        CHECK_ERROR(check(&all, d, text_a, T(2), &err), HB_E_DENIED, "0 of 1"); /* not yet then */
    }
}

static void governed__built_in_is_what_nobody_approved(void **state)
{
    (void)state;
    CHECK_ERROR(check(&all, HB_GOVERNED_POLICY, "built-in", T(9), &err), HB_E_DENIED, "built-in");
    CHECK_ERROR(check(&all, HB_GOVERNED_QUALITY, "", T(9), &err), HB_E_DENIED, "built-in");
}

static void governed__none_is_fine_until_one_was_approved(void **state)
{
    (void)state;
    CHECK_OK(check(&all, HB_GOVERNED_EQUIVALENCE, "", T(9), &err));
    approve(HB_GOVERNED_TELEMETRY, text_a, "ada", T(1));
    CHECK_OK(check(&all, HB_GOVERNED_EQUIVALENCE, "", T(9), &err));
    approve(HB_GOVERNED_EQUIVALENCE, text_a, "kim", T(1));
    CHECK_OK(check(&all, HB_GOVERNED_EQUIVALENCE, "", T(9), &err));
    approve(HB_GOVERNED_EQUIVALENCE, text_b, "ada", T(2));
    CHECK_ERROR(check(&all, HB_GOVERNED_EQUIVALENCE, "", T(9), &err), HB_E_DENIED,
                "bbbbbbbbbbbb is approved, and there is none");
    approve(HB_GOVERNED_PROFILE, text_a, "ada", T(1)); /* that none was used is the normal case */
    CHECK_OK(check(&all, HB_GOVERNED_PROFILE, "", T(9), &err));
}

static void governed__where_the_operators_ask_for_nothing_all_is_allowed(void **state)
{
    (void)state;
    CHECK_OK(check(&free_lab, HB_GOVERNED_POLICY, "built-in", T(9), &err));
    CHECK_OK(check(&free_lab, HB_GOVERNED_DAEMON, text_a, T(9), &err));
    CHECK_OK(hb_governed_check(NULL, HB_GOVERNED_POLICY, text_a, NULL, 0, T(9), &words.arena, NULL,
                               &err));
}

#define CASE(name) cmocka_unit_test_setup_teardown(governed__##name, clear, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(names_lead_back_to_their_kind),
        CASE(a_text_counts_when_an_admin_approved_that_text_of_that_kind),
        CASE(built_in_is_what_nobody_approved),
        CASE(none_is_fine_until_one_was_approved),
        CASE(where_the_operators_ask_for_nothing_all_is_allowed),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
