/* SPDX-License-Identifier: Apache-2.0 */
/* raw/reading.json: written, read, refused. */
#include "support/check.h"

#include "evidence/raw_list.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void json_of(const hb_raw_list *l, hb_buf *out)
{
    hb_buf_init(out, HB_RAW_LIST_MAX);
    CHECK_OK(hb_raw_list_json(l, out, &err));
}

static void raw_list__says_again_what_was_written(void **state)
{
    (void)state;
    hb_raw_file files[] = {
        {.path = "/data/a b.csv",
         .name = "a b.csv",
         .member = "raw/0/a_b.csv",
         .why = "",
         .sha256 = SHA,
         .bytes = 12},
        {.path = "b.csv", .name = "b.csv", .member = "", .why = "gone", .sha256 = SHA, .bytes = 0}};
    const char *const members[] = {"raw/journal/00000000000000000000.hbj"};
    const hb_raw_journal journal = {.stream = "rig",
                                    .window = SHA,
                                    .from = 0,
                                    .to = UINT64_C(1) << 60,
                                    .records = 3,
                                    .members = members,
                                    .n_members = 1,
                                    .how = "{\"sources\":[]}",
                                    .why = ""};
    hb_raw_cut cuts[] = {{.member = "raw/slice/0/a_b.csv", .why = "", .rows = 4},
                         {.member = "", .why = "gone", .rows = 0}};
    const hb_raw_list l = {.files = files,
                           .n_files = 2,
                           .cuts = cuts,
                           .journal = &journal,
                           .reading = HB_STR("{\"format\":\"x\"}"),
                           .slice_from = 0,
                           .slice_to = 1500000000,
                           .why = "gone"};
    hb_buf json;
    hb_buf again;
    hb_arena arena;
    hb_raw_list got;
    hb_arena_init(&arena, 1 << 20);
    json_of(&l, &json);
    CHECK_OK(hb_raw_list_parse((hb_str){json.p, json.n}, &arena, &got, &err));
    assert_int_equal(got.n_files, 2);
    assert_string_equal(got.files[0].member, "raw/0/a_b.csv");
    assert_string_equal(got.files[1].why, "gone");
    assert_true(got.journal->to == UINT64_C(1) << 60);
    assert_string_equal(got.journal->how, "{\"sources\":[]}");
    assert_true(hb_str_eq_c(got.reading, "{\"format\":\"x\"}"));
    assert_true(got.slice_from == 0 && got.slice_to == 1500000000);
    assert_int_equal(got.cuts[0].rows, 4);
    json_of(&got, &again);
    assert_string_equal(again.p, json.p);
    hb_buf_release(&json);
    hb_buf_release(&again);
    hb_arena_release(&arena);
}

static void raw_list__of_a_run_of_files_has_no_more_than_it_needs(void **state)
{
    (void)state;
    const hb_raw_list l = {.slice_from = HB_TIME_NONE, .slice_to = HB_TIME_NONE, .why = "no"};
    hb_buf json;
    json_of(&l, &json);
    assert_string_equal(json.p, "{\"files\":[],\"format\":\"hb-raw/1\",\"why\":\"no\"}");
    hb_buf_release(&json);
}

static void refused(const char *text, const char *has)
{
    hb_arena arena;
    hb_raw_list l;
    hb_arena_init(&arena, 1 << 20);
    CHECK_ERROR(hb_raw_list_parse(hb_str_of(text), &arena, &l, &err), HB_E_EVIDENCE, has);
    hb_arena_release(&arena);
}

#define FILE_WITH(member, why)                                               \
    "{\"files\":[{\"bytes\":1,\"member\":\"" member                          \
    "\",\"name\":\"a\",\"path\":\"a\",\"sha256\":\"" SHA "\",\"why\":\"" why \
    "\"}],\"format\":\"hb-raw/1\",\"why\":\"\"}"

static void raw_list__refuses_what_it_would_not_write(void **state)
{
    (void)state;
    refused("", "raw/reading.json");
    refused("[]", "raw/reading.json");
    refused("{\"files\":[],\"format\":\"hb-raw/2\",\"why\":\"\"}", "format");
    refused("{\"files\":[],\"format\":\"hb-raw/1\"}", "why");
    refused("{\"files\":[],\"format\":\"hb-raw/1\",\"more\":1,\"why\":\"\"}", "raw/reading.json");
    refused("{\"files\":[1],\"format\":\"hb-raw/1\",\"why\":\"\"}", "no object");
    refused(FILE_WITH("", ""), "it is said why not");
    refused(FILE_WITH("raw/0/a", "gone"), "it is said why not");
    refused("{\"files\":[],\"format\":\"hb-raw/1\",\"slice\":{\"files\":[],\"from\":\"x\","
            "\"to\":\"y\"},\"why\":\"\"}",
            "is no time");
    refused("{\"files\":[],\"format\":\"hb-raw/1\",\"slice\":{\"files\":[1],\"from\":\"x\","
            "\"to\":\"y\"},\"why\":\"\"}",
            "cuts 1 files of 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_list__says_again_what_was_written),
        cmocka_unit_test(raw_list__of_a_run_of_files_has_no_more_than_it_needs),
        cmocka_unit_test(raw_list__refuses_what_it_would_not_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
