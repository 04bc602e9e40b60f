/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "crypto/dsse.h"

#include "crypto/base64.h"
#include "support/key_case.h"
#include "support/temp_dir.h"

typedef struct fixture {
    hb_arena arena;
    hb_signer *first;
    hb_signer *second;
    hb_buf out;
} fixture;

static int begin(void **state)
{
    static fixture f;
    temp_dir_new();
    hb_arena_init(&f.arena, 64 << 20);
    f.first = key_case_new("a", HB_ALGORITHM_ED25519);
    f.second = key_case_new("b", HB_ALGORITHM_ECDSA_P384);
    hb_buf_init(&f.out, HB_DSSE_TEXT_MAX);
    *state = &f;
    return 0;
}

static int end(void **state)
{
    fixture *f = *state;
    hb_signer_free(f->first);
    hb_signer_free(f->second);
    hb_buf_release(&f->out);
    hb_arena_release(&f->arena);
    temp_dir_remove();
    return 0;
}

/* protocol.md of the protocol's repository, and its Go reference's test. */
static void dsse__encodes_what_is_signed_as_the_protocol_does(void **state)
{
    fixture *f = *state;
    hb_dsse_pae("http://example.com/HelloWorld", HB_STR("hello world"), &f->out);
    assert_string_equal(f->out.p, "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    hb_buf_clear(&f->out);
    hb_dsse_pae("", HB_STR(""), &f->out);
    assert_string_equal(f->out.p, "DSSEv1 0  0 ");
    hb_buf_clear(&f->out);
    hb_dsse_pae("http://example.com/HelloWorld", HB_STR("\xe0\xb2\xa0"), &f->out);
    assert_string_equal(f->out.p, "DSSEv1 29 http://example.com/HelloWorld 3 \xe0\xb2\xa0");
}

/* The envelope of protocol.md's test vector: ECDSA P-256, which we do not know, but read. */
static void dsse__reads_the_envelope_of_the_protocol(void **state)
{
    fixture *f = *state;
    hb_dsse d = {0};
    CHECK_OK(hb_dsse_read(
        HB_STR(
            "{\"payload\": \"aGVsbG8gd29ybGQ=\",\n"
            " \"payloadType\": \"http://example.com/HelloWorld\",\n"
            " \"signatures\": [{\"sig\": "
            "\"A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JI"
            "ZA==\"}]}\n"),
        "it", &f->arena, &d, &err));
    assert_string_equal(d.type, "http://example.com/HelloWorld");
    assert_true(hb_str_eq_c(d.payload, "hello world"));
    assert_int_equal(d.n_signatures, 1);
    assert_string_equal(d.signatures[0].keyid, "");
    assert_int_equal(d.signatures[0].sig.n, 64);
    CHECK_ERROR(hb_dsse_verify(&d, hb_signer_public(f->first), &err), HB_E_EVIDENCE,
                "no signature by key");
}

static void dsse__signed_by_two_is_verified_by_each(void **state)
{
    fixture *f = *state;
    hb_signer *const both[] = {f->first, f->second};
    hb_dsse d = {0};
    hb_signer *third = key_case_new("c", HB_ALGORITHM_ED25519);
    CHECK_OK(hb_dsse_sign(HB_DSSE_INTOTO, HB_STR("{}"), both, 2, &f->out, &err));
    assert_true(hb_str_starts((hb_str){f->out.p, f->out.n},
                              "{\"payload\":\"e30=\",\"payloadType\":\"application/"
                              "vnd.in-toto+json\",\"signatures\":[{\"keyid\":\""));
    CHECK_OK(hb_dsse_read((hb_str){f->out.p, f->out.n}, "it", &f->arena, &d, &err));
    assert_int_equal(d.n_signatures, 2);
    CHECK_OK(hb_dsse_verify(&d, hb_signer_public(f->first), &err));
    CHECK_OK(hb_dsse_verify(&d, hb_signer_public(f->second), &err));
    CHECK_ERROR(hb_dsse_verify(&d, hb_signer_public(third), &err), HB_E_EVIDENCE,
                "no signature by key");
    d.signatures[0].keyid = ""; /* optional: every key is tried then */
    CHECK_OK(hb_dsse_verify(&d, hb_signer_public(f->first), &err));
    d.signatures[1].keyid = hb_pubkey_id(hb_signer_public(third));
    CHECK_ERROR(hb_dsse_verify(&d, hb_signer_public(third), &err), HB_E_EVIDENCE, "that names key");
    d.type = "application/vnd.in-toto+jsoN"; /* the type is signed too */
    CHECK_ERROR(hb_dsse_verify(&d, hb_signer_public(f->first), &err), HB_E_EVIDENCE, "key");
    hb_signer_free(third);
}

static void dsse__that_was_changed_does_not_verify(void **state)
{
    fixture *f = *state;
    CHECK_OK(hb_dsse_sign("t", HB_STR("some payload"), &f->first, 1, &f->out, &err));
    size_t verified = 0;
    for (size_t i = 0; i < f->out.n; i++) {
        hb_dsse d = {0};
        f->out.p[i] ^= 1;
        if (hb_dsse_read((hb_str){f->out.p, f->out.n}, "it", &f->arena, &d, NULL) == HB_OK) {
            verified += hb_dsse_verify(&d, hb_signer_public(f->first), NULL) == HB_OK;
        }
        f->out.p[i] ^= 1;
    }
    assert_int_equal(verified, 0);
}

static void dsse__that_is_none_is_refused_with_the_reason(void **state)
{
    fixture *f = *state;
#define SIG "\"signatures\":[{\"keyid\":\"\",\"sig\":\"AAAA\"}]"
    static const char *const bad[][2] = {
        {"", "line 1"},
        {"[]", "no JSON object"},
        {"{\"payload\":\"\",\"payloadType\":\"t\"," SIG "} x", "line 1"},
        {"{\"payload\":\"\",\"payload\":\"\",\"payloadType\":\"t\"," SIG "}", "duplicate"},
        {"{\"payloadType\":\"t\"," SIG "}", "'payload' is missing"},
        {"{\"payload\":1,\"payloadType\":\"t\"," SIG "}", "'payload' is no text"},
        {"{\"payload\":\"e30\",\"payloadType\":\"t\"," SIG "}", "multiple of four"},
        {"{\"payload\":\"-_-_\",\"payloadType\":\"t\"," SIG "}", "alphabet"},
        {"{\"payload\":\"\",\"payloadType\":\"\"," SIG "}", "expected 1 to"},
        {"{\"payload\":\"\"," SIG "}", "'payloadType' is missing"},
        {"{\"payload\":\"\",\"payloadType\":\"t\"," SIG ",\"x\":1}", "unknown member 'x'"},
        {"{\"payload\":\"\",\"payloadType\":\"t\"}", "'signatures'"},
        {"{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[]}", "'signatures'"},
        {"{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[1]}", "no object"},
        {"{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{}]}", "'sig' is missing"},
        {"{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\",\"keyid\":1}]}",
         "'keyid' is no text"},
        {"{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\",\"cert\":\"\"}]}",
         "unknown member 'cert'"},
        {"{\"payload\":\"\",\"payloadType\":\"a\\u0000b\"," SIG "}", "line 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hb_dsse d = {0};
        CHECK_ERROR(hb_dsse_read(hb_str_of(bad[i][0]), "it", &f->arena, &d, &err), HB_E_INPUT,
                    bad[i][1]);
        assert_null(d.type);
    }
    hb_buf_c(&f->out, "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[");
    for (int i = 0; i <= HB_DSSE_SIGNATURES_MAX; i++) {
        hb_buf_fmt(&f->out, "%s{\"sig\":\"\"}", i ? "," : "");
    }
    hb_buf_c(&f->out, "]}");
    hb_dsse d = {0};
    CHECK_ERROR(hb_dsse_read((hb_str){f->out.p, f->out.n}, "it", &f->arena, &d, &err), HB_E_INPUT,
                "1 to 16");
    hb_signer *const none[1] = {f->first};
    CHECK_ERROR(hb_dsse_sign("t", HB_STR(""), none, 0, &f->out, &err), HB_E_LIMIT, "0 signatures");
}

static void dsse__holds_what_its_limit_says(void **state)
{
    fixture *f = *state;
    char *p = hb_alloc((size_t)HB_DSSE_PAYLOAD_MAX + 1);
    hb_dsse d = {0};
    assert_non_null(p);
    memset(p, 0xa5, (size_t)HB_DSSE_PAYLOAD_MAX + 1);
    CHECK_ERROR(hb_dsse_sign("t", (hb_str){p, (size_t)HB_DSSE_PAYLOAD_MAX + 1}, &f->first, 1,
                             &f->out, &err),
                HB_E_LIMIT, "at most");
    CHECK_OK(hb_dsse_sign("t", (hb_str){p, HB_DSSE_PAYLOAD_MAX}, &f->first, 1, &f->out, &err));
    CHECK_OK(hb_dsse_read((hb_str){f->out.p, f->out.n}, "it", &f->arena, &d, &err));
    assert_int_equal(d.payload.n, HB_DSSE_PAYLOAD_MAX);
    assert_memory_equal(d.payload.p, p, d.payload.n);
    CHECK_OK(hb_dsse_verify(&d, hb_signer_public(f->first), &err));
    hb_free(p);
}

/* 256 bytes and no more, whether the text of them ends in padding or not. */
static void dsse__holds_no_signature_beyond_its_limit(void **state)
{
    fixture *f = *state;
    char bytes[HB_SIGNATURE_MAX + 3];
    memset(bytes, 0x5a, sizeof bytes);
    for (size_t n = HB_SIGNATURE_MAX - 2; n <= sizeof bytes; n++) {
        hb_dsse d = {0};
        hb_buf_clear(&f->out);
        hb_buf_c(&f->out, "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"");
        hb_base64_put(&f->out, bytes, n);
        hb_buf_c(&f->out, "\"}]}");
        const hb_str text = {f->out.p, f->out.n};
        if (n <= HB_SIGNATURE_MAX) {
            CHECK_OK(hb_dsse_read(text, "it", &f->arena, &d, &err));
            assert_int_equal(d.signatures[0].sig.n, n);
        } else {
            CHECK_ERROR(hb_dsse_read(text, "it", &f->arena, &d, &err), HB_E_INPUT,
                        "'sig' has more than 256 bytes");
        }
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(dsse__encodes_what_is_signed_as_the_protocol_does),
        CASE(dsse__reads_the_envelope_of_the_protocol),
        CASE(dsse__signed_by_two_is_verified_by_each),
        CASE(dsse__that_was_changed_does_not_verify),
        CASE(dsse__that_is_none_is_refused_with_the_reason),
        CASE(dsse__holds_what_its_limit_says),
        CASE(dsse__holds_no_signature_beyond_its_limit),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
