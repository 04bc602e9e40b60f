/* SPDX-License-Identifier: Apache-2.0 */
/* A pack, a question carried to OpenSSL's authority, its answer in a copy of the pack. */
#include "evidence/pack_time.h"

#include "crypto/tsa.h"
#include "support/authority.h"
#include "support/check.h"
#include "support/temp_dir.h"

#define ATTESTATION "{\"payload\":\"bm8=\"}"

static const char *kept(const char *name, char room[300])
{
    snprintf(room, 300, "%s", temp_path(name));
    return room;
}

static void make_pack(const char *target, hb_pack_form form, bool is_signed)
{
    hb_pack_writer *w = NULL;
    hb_pack_file manifest;
    CHECK_OK(hb_pack_create(hb_os_real(), target, form, &w, &err));
    CHECK_OK(hb_pack_put(w, "decision.json", "{}", 2, &err));
    CHECK_OK(hb_pack_put(w, "raw/0/a.csv", "t,x\n1,2\n", 8, &err));
    CHECK_OK(hb_pack_put_manifest(w, "case", &manifest, &err));
    if (is_signed) {
        CHECK_OK(
            hb_pack_put_signature(w, HB_PACK_ATTESTATION, ATTESTATION, strlen(ATTESTATION), &err));
    }
    CHECK_OK(hb_pack_finish(w, &err));
    hb_pack_writer_free(w);
}

static void write_query(const char *pack)
{
    hb_buf q;
    hb_buf_init(&q, 4096);
    CHECK_OK(hb_pack_time_query(hb_os_real(), pack, &q, &err));
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("q.tsq"), q.p, q.n, 0600, &err));
    hb_buf_release(&q);
}

static void same_member(hb_pack_reader *a, hb_pack_reader *b, const char *path)
{
    char *p = NULL;
    char *q = NULL;
    size_t n = 0;
    size_t m = 0;
    CHECK_OK(hb_pack_read(a, path, 1 << 20, &p, &n, &err));
    CHECK_OK(hb_pack_read(b, path, 1 << 20, &q, &m, &err));
    assert_int_equal(n, m);
    assert_memory_equal(p, q, n);
    hb_free(p);
    hb_free(q);
}

static void attach_to(hb_pack_form form)
{
    char pack[300];
    char with[300];
    hb_time at = 0;
    hb_pack_reader *a = NULL;
    hb_pack_reader *b = NULL;
    char *token = NULL;
    size_t n = 0;
    hb_tsa_found found;
    make_pack(kept(form == HB_PACK_ZIP ? "p.zip" : "p", pack), form, true);
    write_query(pack);
    authority_answer("q.tsq", "stamp", NULL);
    kept(form == HB_PACK_ZIP ? "with.zip" : "with", with);
    CHECK_OK(hb_pack_time_attach(hb_os_real(), pack, authority_file("stamp.tsr"), with, &at, &err));
    CHECK_OK(hb_pack_open(hb_os_real(), pack, &a, &err));
    CHECK_OK(hb_pack_open(hb_os_real(), with, &b, &err));
    same_member(a, b, "decision.json");
    same_member(a, b, "raw/0/a.csv");
    same_member(a, b, HB_PACK_MANIFEST);
    same_member(a, b, HB_PACK_ATTESTATION);
    CHECK_OK(hb_pack_read(b, HB_PACK_TIME_TOKEN, HB_TSA_RESPONSE_MAX, &token, &n, &err));
    const hb_tsa_ask ask = {.trust_pem = authority_file("root.pem")};
    CHECK_OK(hb_tsa_verify((hb_str){token, n}, HB_STR(ATTESTATION), &ask, &found, &err));
    assert_int_equal(found.at, at);
    hb_free(token);
    hb_pack_close(a);
    hb_pack_close(b);
    CHECK_ERROR(hb_pack_time_attach(hb_os_real(), with, authority_file("stamp.tsr"),
                                    temp_path("again"), &at, &err),
                HB_E_EVIDENCE, "has a time token already");
}

static void pack_time__the_copy_is_the_pack_and_the_token(void **state)
{
    (void)state;
    attach_to(HB_PACK_ZIP);
    attach_to(HB_PACK_FOLDER);
}

static void pack_time__what_is_about_another_pack_is_refused(void **state)
{
    char pack[300];
    char target[300];
    hb_time at = 0;
    hb_buf q;
    (void)state;
    hb_buf_init(&q, 4096);
    CHECK_OK(hb_tsa_query("another", 7, &q, &err));
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("q.tsq"), q.p, q.n, 0600, &err));
    authority_answer("q.tsq", "stamp", NULL);
    make_pack(kept("q.zip", pack), HB_PACK_ZIP, true);
    kept("no.zip", target);
    CHECK_ERROR(
        hb_pack_time_attach(hb_os_real(), pack, authority_file("stamp.tsr"), target, &at, &err),
        HB_E_EVIDENCE, "over other bytes");
    CHECK_ERROR(hb_pack_time_attach(hb_os_real(), pack, HB_STR("x"), target, &at, &err), HB_E_INPUT,
                "no answer");
    make_pack(kept("unsigned.zip", pack), HB_PACK_ZIP, false);
    CHECK_ERROR(hb_pack_time_query(hb_os_real(), pack, &q, &err), HB_E_EVIDENCE, "not signed");
    assert_false(hb_path_exists(hb_os_real(), target));
    hb_buf_release(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pack_time__the_copy_is_the_pack_and_the_token),
        cmocka_unit_test(pack_time__what_is_about_another_pack_is_refused),
    };
    return cmocka_run_group_tests(tests, authority_make, authority_remove);
}
