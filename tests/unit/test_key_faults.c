/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and disk fail at every point: no half a key pair, nothing leaked. */
#include "support/check.h"

#include "crypto/dsse.h"
#include "os/file.h"
#include "support/fault_os.h"
#include "support/key_case.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <unistd.h>

static hb_status envelope_visit(void)
{
    hb_signer *s = NULL;
    hb_arena arena;
    hb_buf out;
    hb_dsse d = {0};
    hb_pubkey *k = NULL;
    hb_arena_init(&arena, 1 << 20);
    hb_buf_init(&out, 1 << 20);
    hb_status status = key_case_open("k.pem", "word", &s, NULL);
    if (status == HB_OK) {
        status = hb_dsse_sign("type", HB_STR("payload"), &s, 1, &out, NULL);
    }
    if (status == HB_OK) {
        status = hb_dsse_read((hb_str){out.p, out.n}, "it", &arena, &d, NULL);
    }
    if (status == HB_OK) {
        hb_buf_clear(&out);
        hb_pubkey_pem(hb_signer_public(s), &out);
        status = hb_buf_check(&out, NULL);
    }
    if (status == HB_OK) {
        status = hb_pubkey_read((hb_str){out.p, out.n}, "it", &k, NULL);
    }
    if (status == HB_OK) {
        status = hb_dsse_verify(&d, k, NULL);
    }
    hb_pubkey_free(k);
    hb_signer_free(s);
    hb_buf_release(&out);
    hb_arena_release(&arena);
    return status;
}

static void key_faults__memory_that_ends_is_told(void **state)
{
    (void)state;
    temp_dir_new();
    CHECK_OK(hb_key_generate(hb_os_real(), HB_ALGORITHM_ED25519, temp_path("k.pem"), "word", &err));
    fault_loop(envelope_visit);
    temp_dir_remove();
}

static hb_status generate_visit(void)
{
    unlink(temp_path("g.pem"));
    unlink(temp_path("g.pub"));
    hb_status status =
        hb_key_generate(hb_os_real(), HB_ALGORITHM_ECDSA_P384, temp_path("g.pem"), NULL, NULL);
    assert_int_equal(hb_path_exists(hb_os_real(), temp_path("g.pem")), status == HB_OK);
    assert_int_equal(hb_path_exists(hb_os_real(), temp_path("g.pub")), status == HB_OK);
    return status;
}

static void key_faults__a_pair_is_made_whole_or_not(void **state)
{
    (void)state;
    temp_dir_new();
    fault_loop(generate_visit);
    bool fired = true;
    for (unsigned long nth = 1; fired; nth++) {
        hb_signer *s = NULL;
        temp_dir_new();
        fault_os_fail(nth, ENOSPC, false);
        hb_status status =
            hb_key_generate(fault_os(), HB_ALGORITHM_ED25519, temp_path("g.pem"), NULL, NULL);
        fired = fault_os_fired();
        fault_os_fail(0, 0, false);
        bool private = hb_path_exists(hb_os_real(), temp_path("g.pem"));
        bool public = hb_path_exists(hb_os_real(), temp_path("g.pub"));
        assert_true(status == HB_OK || fired);
        if (status == HB_OK) {
            assert_true(private && public);
            CHECK_OK(key_case_open("g.pem", NULL, &s, &err));
            hb_signer_free(s);
        } else if (private != public) {
            fail_msg("call %lu failing left half a pair", nth);
        }
    }
    temp_dir_remove();
}

static void key_faults__reading_says_what_the_system_says(void **state)
{
    (void)state;
    temp_dir_new();
    hb_signer_free(key_case_new("k", HB_ALGORITHM_ED25519));
    bool fired = true;
    for (unsigned long nth = 1; fired; nth++) {
        hb_signer *s = NULL;
        const hb_signer_ask ask = {.os = fault_os(), .key = temp_path("k.pem")};
        hb_error err = {0};
        fault_os_fail(nth, EIO, false);
        hb_status status = hb_signer_open(&ask, &s, &err);
        fired = fault_os_fired();
        fault_os_fail(0, 0, false);
        assert_true(status == HB_OK || (fired && status == HB_E_INPUT && strstr(err.msg, "k.pem")));
        hb_signer_free(s);
    }
    temp_dir_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_faults__memory_that_ends_is_told),
        cmocka_unit_test(key_faults__a_pair_is_made_whole_or_not),
        cmocka_unit_test(key_faults__reading_says_what_the_system_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
