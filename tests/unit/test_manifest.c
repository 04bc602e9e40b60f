/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of a pack has one spelling. Digests: FIPS 180-4's of "abc". */
#include "support/check.h"

#include "evidence/pack.h"

#define D256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define D512                                                           \
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
#define ENTRY(path, more) \
    "{\"path\":\"" path "\",\"sha256\":\"" D256 "\",\"sha512\":\"" D512 "\",\"size\":3" more "}"
#define TEXT(files) "{\"case\":\"c\",\"files\":[" files "],\"format\":\"hb-evidence-pack/1\"}"

static hb_status read_text(const char *text, hb_error *err)
{
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_manifest m;
    hb_status status = hb_manifest_read((hb_str){text, strlen(text)}, &arena, &m, err);
    hb_arena_release(&arena);
    return status;
}

static void manifest__has_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"", "no JSON"},
        {"[]", "lacks format"},
        {"{\"case\":\"c\",\"files\":[]}", "lacks format"},
        {"{\"case\":\"c\",\"files\":[],\"format\":\"hb-evidence-pack/2\"}", "of format"},
        {"{\"case\":\"\",\"files\":[],\"format\":\"hb-evidence-pack/1\"}", "its case"},
        {" " TEXT(ENTRY("a", "")), "canonical"},
        {TEXT(ENTRY("a", "")) "\n", "canonical"},
        {TEXT(ENTRY("a", ",\"x\":1")), "not known"},
        {TEXT(ENTRY("a", ",\"path\":\"b\"")), "no JSON"},
        {TEXT(ENTRY("\\u0061", "")), "canonical"},
        {TEXT(ENTRY("b", "") "," ENTRY("a", "")), "out of order"},
        {TEXT(ENTRY("a", "") "," ENTRY("a", "")), "there twice"},
        {TEXT(ENTRY("A", "") "," ENTRY("a", "")), "letters' case"},
        {TEXT(ENTRY("../a", "")), "leads to"},
        {TEXT(ENTRY("manifest.json", "")), "cannot be in it"},
        {TEXT(ENTRY("attestation.tsr", "")), "cannot be in it"},
        {TEXT("{\"path\":\"a\",\"sha256\":\"" D256 "\",\"size\":3}"), "lacks"},
        {TEXT("{\"path\":\"a\",\"sha256\":\"" D256 "\",\"sha512\":\"" D512 "\",\"size\":3.0}"),
         "lacks"},
        {TEXT("{\"path\":\"a\",\"sha256\":\"" D256 "\",\"sha512\":\"" D512 "\",\"size\":-3}"),
         "between"},
        {TEXT("{\"path\":\"a\",\"sha256\":\"" D256 "\",\"sha512\":\"" D256 "\",\"size\":3}"),
         "lower-case hex"},
    };
    CHECK_OK(read_text(TEXT(ENTRY("a", "") "," ENTRY("b", "")), &err));
    CHECK_OK(read_text(TEXT(""), &err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ERROR(read_text(rows[i].text, &err), HB_E_EVIDENCE, rows[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifest__has_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
