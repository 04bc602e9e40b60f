/* SPDX-License-Identifier: Apache-2.0 */
/* The log on files. The hashing itself is held against others' vectors in test_merkle.c; here every
 * root and proof of the files is held against the same entries hashed in memory. A second reader of
 * the files, in Python, is in tests/cli/test_audit.py. */
#include "support/check.h"

#include "audit/inclusion.h"
#include "audit/log.h"
#include "audit/tiles.h"
#include "base/mem.h"
#include "support/fault_os.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 70000 };

static hb_merkle *m;
static hb_hash *leaves;

static hb_str entry(unsigned i, char out[64])
{
    int n = snprintf(out, 64, "{\"entry\":%u}", i);
    return (hb_str){out, (size_t)n};
}

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    CHECK_OK(hb_merkle_new(&m, &err));
    leaves = hb_alloc_array(MOST, sizeof *leaves);
    for (unsigned i = 0; i < MOST; i++) {
        char text[64];
        hb_str e = entry(i, text);
        CHECK_OK(hb_merkle_leaf(m, e.p, e.n, &leaves[i], &err));
    }
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    hb_merkle_free(m);
    hb_free(leaves);
    temp_dir_remove();
    return 0;
}

static hb_audit_log *open_write(void)
{
    hb_audit_log *log = NULL;
    CHECK_OK(hb_audit_open_write(fault_os(), temp_path("audit"), NULL, &log, &err));
    return log;
}

static hb_audit_log *open_read(void)
{
    hb_audit_log *log = NULL;
    CHECK_OK(hb_audit_open_read(fault_os(), temp_path("audit"), &log, &err));
    return log;
}

static void append(hb_audit_log *log, unsigned n)
{
    char(*text)[64] = hb_alloc_array(n, sizeof *text);
    hb_str *entries = hb_alloc_array(n, sizeof *entries);
    uint64_t first = hb_audit_size(log);
    uint64_t got = 0;
    for (unsigned i = 0; i < n; i++) {
        entries[i] = entry((unsigned)first + i, text[i]);
    }
    CHECK_OK(hb_audit_append(log, entries, n, &got, &err));
    assert_int_equal(got, first);
    hb_free(text);
    hb_free(entries);
}

static void check_root(hb_audit_log *log)
{
    hb_hash root;
    hb_checkpoint c;
    hb_buf text;
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_buf_init(&text, HB_CHECKPOINT_MAX);
    CHECK_OK(hb_merkle_root(m, leaves, (size_t)hb_audit_size(log), &root, &err));
    CHECK_OK(hb_audit_checkpoint(log, &text, &err));
    CHECK_OK(hb_checkpoint_read((hb_str){text.p, text.n}, "c", &arena, &c, &err));
    CHECK_OK(hb_checkpoint_verify(&c, hb_audit_origin(log), hb_audit_key(log), &err));
    assert_int_equal(c.size, hb_audit_size(log));
    assert_true(hb_hash_eq(&c.root, &root));
    hb_buf_release(&text);
    hb_arena_release(&arena);
}

static void log__is_made_once_with_a_name_and_a_key(void **state)
{
    (void)state;
    struct stat st;
    hb_audit_log *log = NULL;
    CHECK_ERROR(hb_audit_open_read(fault_os(), temp_path("audit"), &log, &err), HB_E_INPUT,
                "no log");
    assert_false(hb_audit_exists(fault_os(), temp_path("audit")));
    log = open_write();
    char name[HB_ORIGIN_MAX + 1];
    snprintf(name, sizeof name, "%s", hb_audit_origin(log));
    assert_int_equal(strlen(name), 19);
    assert_memory_equal(name, "hb/", 3);
    assert_int_equal(stat(temp_path("audit/key.pem"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    check_root(log);
    hb_audit_close(log);
    log = open_write();
    assert_string_equal(hb_audit_origin(log), name);
    hb_audit_close(log);
    CHECK_ERROR(hb_audit_open_write(fault_os(), temp_path("audit"), "other", &log, &err),
                HB_E_USAGE, "not 'other'");
}

/* One at a time over the edge of a tile, then in steps that end anywhere. */
static void log__has_the_root_of_its_entries_at_every_size(void **state)
{
    (void)state;
    static const unsigned steps[] = {1, 2, 3, 250, 256, 1, 255, 257, 512, 700, 63000, 1, 255, 1};
    hb_audit_log *log = open_write();
    for (unsigned i = 0; i < 260; i++) {
        append(log, 1);
        check_root(log);
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        append(log, steps[i]);
        check_root(log);
        hb_audit_close(log);
        log = open_write(); /* from the files again */
        check_root(log);
        CHECK_OK(hb_audit_verify(log, NULL, &err));
    }
    hb_audit_close(log);
}

static bool exists(const char *name)
{
    return access(temp_path(name), F_OK) == 0;
}

/* The example of the specification: 70,000 entries. */
static void log__has_the_files_of_the_specification(void **state)
{
    (void)state;
    hb_buf name;
    hb_buf_init(&name, 256);
    hb_tile_path(3, 1234067, 256, &name);
    assert_string_equal(name.p, "tile/3/x001/x234/067");
    hb_buf_release(&name);
    hb_audit_log *log = open_write();
    append(log, 60000);
    append(log, 10000);
    hb_audit_close(log);
    assert_true(exists("audit/tile/0/000") && exists("audit/tile/0/272"));
    assert_true(exists("audit/tile/0/273.p/112") && !exists("audit/tile/0/273"));
    assert_true(exists("audit/tile/1/000") && exists("audit/tile/1/001.p/17"));
    assert_true(exists("audit/tile/2/000.p/1"));
    assert_true(exists("audit/tile/entries/272") && exists("audit/tile/entries/273.p/112"));
    /* of the first append there is nothing left over */
    assert_false(exists("audit/tile/0/234.p") || exists("audit/tile/1/000.p") ||
                 exists("audit/tile/entries/234.p"));
}

static void log__proves_every_entry_and_every_beginning(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 513, 700};
    hb_audit_log *log = open_write();
    append(log, 700);
    hb_buf out;
    hb_buf_init(&out, HB_AUDIT_ENTRY_MAX);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        hb_hash root;
        hb_hash from_files;
        hb_hash all;
        hb_proof proof;
        CHECK_OK(hb_merkle_root(m, leaves, (size_t)sizes[s], &root, &err));
        CHECK_OK(hb_merkle_root(m, leaves, 700, &all, &err));
        CHECK_OK(hb_audit_root(log, sizes[s], &from_files, &err));
        assert_true(hb_hash_eq(&root, &from_files));
        for (uint64_t i = 0; i < sizes[s]; i += 1 + i / 7) {
            CHECK_OK(hb_audit_prove(log, i, sizes[s], &proof, &err));
            CHECK_OK(hb_merkle_check_inclusion(&leaves[i], i, sizes[s], &proof, &root, &err));
        }
        CHECK_OK(hb_audit_prove_consistency(log, sizes[s], 700, &proof, &err));
        CHECK_OK(hb_merkle_check_consistency(sizes[s], &root, 700, &all, &proof, &err));
    }
    for (unsigned i = 0; i < 700; i += 37) {
        char text[64];
        CHECK_OK(hb_audit_entry(log, i, &out, &err));
        assert_true(hb_str_eq((hb_str){out.p, out.n}, entry(i, text)));
    }
    CHECK_ERROR(hb_audit_entry(log, 700, &out, &err), HB_E_USAGE, "no entry 700");
    CHECK_ERROR(hb_audit_root(log, 701, &leaves[0], &err), HB_E_USAGE, "fewer than 701");
    hb_buf_release(&out);
    hb_audit_close(log);
}

/* A reader that was opened before more was appended finds the wider tiles. */
static void log__is_read_while_it_is_written(void **state)
{
    (void)state;
    hb_audit_log *log = open_write();
    append(log, 300);
    hb_audit_log *reader = open_read();
    append(log, 5);
    hb_hash root;
    hb_hash wanted;
    hb_proof proof;
    hb_buf out;
    hb_buf_init(&out, HB_AUDIT_ENTRY_MAX);
    CHECK_OK(hb_audit_root(reader, 299, &root, &err));
    CHECK_OK(hb_merkle_root(m, leaves, 299, &wanted, &err));
    assert_true(hb_hash_eq(&root, &wanted));
    append(log, 300);
    CHECK_OK(hb_audit_entry(reader, 299, &out, &err));
    CHECK_OK(hb_audit_prove(reader, 280, 300, &proof, &err));
    CHECK_OK(hb_audit_verify(reader, NULL, &err));
    assert_int_equal(hb_audit_size(reader), 300);
    hb_audit_close(reader);
    hb_audit_close(log);
    hb_buf_release(&out);
}

static void log__takes_no_entry_that_does_not_fit(void **state)
{
    (void)state;
    static char big[HB_AUDIT_ENTRY_MAX + 1];
    memset(big, 'x', sizeof big);
    uint64_t first = 0;
    hb_audit_log *log = open_write();
    CHECK_ERROR(hb_audit_append(log, &(hb_str){big, sizeof big}, 1, &first, &err), HB_E_LIMIT,
                "65536 bytes");
    CHECK_ERROR(hb_audit_append(log, &(hb_str){"", 0}, 1, &first, &err), HB_E_LIMIT, "0 bytes");
    CHECK_OK(hb_audit_append(log, &(hb_str){big, HB_AUDIT_ENTRY_MAX}, 1, &first, &err));
    hb_audit_close(log);
    log = open_read();
    CHECK_ERROR(hb_audit_append(log, &(hb_str){big, 1}, 1, &first, &err), HB_E_USAGE,
                "not open for writing");
    hb_audit_close(log);
}

/* --- tampering --- */

static hb_status open_and_verify(void)
{
    hb_audit_log *log = NULL;
    hb_status status = hb_audit_open_read(fault_os(), temp_path("audit"), &log, NULL);
    if (status == HB_OK) {
        status = hb_audit_verify(log, NULL, NULL);
    }
    hb_audit_close(log);
    return status;
}

static void put(const char *name, const char *p, size_t n)
{
    CHECK_OK(hb_file_write_atomic(fault_os(), temp_path(name), p, n, 0644, &err));
}

/* Every step-th byte, and once the last one is cut off. */
static void flip_each_byte(const char *name, size_t step)
{
    char *p = NULL;
    size_t n = 0;
    CHECK_OK(hb_file_read(fault_os(), temp_path(name), 1 << 26, &p, &n, &err));
    for (size_t i = 0; i < n; i += step) {
        char kept = p[i];
        p[i] = (char)(kept ^ (1 << (i % 8)));
        put(name, p, n);
        hb_status status = open_and_verify();
        if (status != HB_E_EVIDENCE) {
            fail_msg("%s: byte %zu was changed: %s", name, i, hb_status_name(status));
        }
        p[i] = kept;
    }
    put(name, p, n - 1);
    assert_int_equal(open_and_verify(), HB_E_EVIDENCE);
    put(name, p, n);
    assert_int_equal(open_and_verify(), HB_OK);
    hb_free(p);
}

static void verify__refuses_whatever_byte_is_changed(void **state)
{
    (void)state;
    hb_audit_log *log = open_write();
    append(log, 515);
    hb_audit_close(log);
    assert_int_equal(open_and_verify(), HB_OK);
    flip_each_byte("audit/checkpoint", 1);
    flip_each_byte("audit/tile/0/002.p/3", 1);
    flip_each_byte("audit/tile/1/000.p/2", 1);
    flip_each_byte("audit/tile/entries/002.p/3", 1);
    flip_each_byte("audit/tile/0/000", 97);
    flip_each_byte("audit/tile/entries/001", 53);
}

static void verify__refuses_missing_files_and_another_key(void **state)
{
    (void)state;
    static const char *const names[] = {"audit/tile/0/000", "audit/tile/1/000.p/2",
                                        "audit/tile/entries/001", "audit/tile/entries/002.p/3"};
    hb_audit_log *log = open_write();
    append(log, 515);
    hb_audit_close(log);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(rename(temp_path(names[i]), temp_path("aside")), 0);
        assert_int_equal(open_and_verify(), HB_E_EVIDENCE);
        assert_int_equal(rename(temp_path("aside"), temp_path(names[i])), 0);
    }
    assert_int_equal(rename(temp_path("audit/checkpoint"), temp_path("aside")), 0);
    CHECK_ERROR(hb_audit_open_write(fault_os(), temp_path("audit"), NULL, &log, &err),
                HB_E_EVIDENCE, "'checkpoint' is missing");
    assert_int_equal(rename(temp_path("aside"), temp_path("audit/checkpoint")), 0);
    assert_int_equal(unlink(temp_path("audit/key.pem")), 0);
    assert_int_equal(unlink(temp_path("audit/key.pub")), 0);
    CHECK_OK(
        hb_key_generate(fault_os(), HB_ALGORITHM_ED25519, temp_path("audit/key.pem"), NULL, &err));
    assert_int_equal(open_and_verify(), HB_E_EVIDENCE);
}

/* --- faults --- */

/* Whatever call fails: the log afterwards has what it had, or all of what was being added; and it
 * can be written on. */
static bool one_fault(unsigned long nth, bool persistent, int why)
{
    hb_audit_log *log = NULL;
    hb_str two[2];
    char text[2][64];
    uint64_t first = 0;
    hb_error why_not = {0};
    temp_dir_new();
    log = open_write();
    append(log, 255);
    hb_audit_close(log);
    log = NULL;
    two[0] = entry(255, text[0]);
    two[1] = entry(256, text[1]);
    fault_os_fail(nth, why, persistent);
    hb_status status = hb_audit_open_write(fault_os(), temp_path("audit"), NULL, &log, &why_not);
    if (status == HB_OK) {
        status = hb_audit_append(log, two, 2, &first, &why_not);
    }
    bool fired = fault_os_fired();
    fault_os_fail(0, 0, false);
    if (status != HB_OK && log) {
        assert_int_equal(hb_audit_append(log, two, 1, &first, NULL), HB_E_USAGE);
    }
    hb_audit_close(log);
    if (status != HB_OK && status != HB_E_IO && status != HB_E_INPUT) {
        fail_msg("call %lu (%s): %s: %s", nth, strerror(why), hb_status_name(status), why_not.msg);
    }
    log = open_write();
    uint64_t size = hb_audit_size(log);
    assert_true(size == 257 || (size == 255 && status != HB_OK));
    CHECK_OK(hb_audit_verify(log, NULL, &err));
    append(log, 300);
    check_root(log);
    CHECK_OK(hb_audit_verify(log, NULL, &err));
    hb_audit_close(log);
    return fired;
}

static void log__is_whole_whatever_call_fails(void **state)
{
    (void)state;
    for (int persistent = 0; persistent < 2; persistent++) {
        unsigned long n = 1;
        while (one_fault(n, persistent, ENOSPC)) {
            n++;
        }
        assert_true(n > 40);
    }
}

/* The same for one that is being made. */
static void log__is_made_or_not_whatever_call_fails(void **state)
{
    (void)state;
    bool fired = true;
    for (unsigned long n = 1; fired; n++) {
        hb_audit_log *log = NULL;
        temp_dir_new();
        fault_os_fail(n, EIO, n % 2);
        hb_status status = hb_audit_open_write(fault_os(), temp_path("audit"), NULL, &log, NULL);
        fired = fault_os_fired();
        fault_os_fail(0, 0, false);
        hb_audit_close(log);
        assert_true(status == HB_OK || status == HB_E_IO || status == HB_E_INPUT);
        log = open_write();
        append(log, 3);
        check_root(log);
        hb_audit_close(log);
    }
}

static hb_status whole_life(void)
{
    hb_audit_log *log = NULL;
    hb_proof proof;
    hb_buf out;
    char text[64];
    hb_str e = entry(0, text);
    uint64_t first = 0;
    static unsigned life;
    char name[24];
    snprintf(name, sizeof name, "audit%u", life++);
    hb_buf_init(&out, HB_CHECKPOINT_MAX);
    hb_status status = hb_audit_open_write(fault_os(), temp_path(name), NULL, &log, NULL);
    if (status == HB_OK) {
        status = hb_audit_append(log, &e, 1, &first, NULL);
    }
    if (status == HB_OK) {
        status = hb_audit_prove(log, 0, 1, &proof, NULL);
    }
    if (status == HB_OK) {
        status = hb_audit_checkpoint(log, &out, NULL);
    }
    if (status == HB_OK) {
        status = hb_audit_verify(log, NULL, NULL);
    }
    hb_audit_close(log);
    hb_buf_release(&out);
    return status;
}

static void log__says_when_memory_is_out(void **state)
{
    (void)state;
    fault_loop(whole_life);
}

/* --- proofs without the log --- */

static const char decision[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
#define ENTRY(type, subject, seq)                                                             \
    "{\"at\":\"2026-11-26T22:00:00Z\",\"by\":\"\",\"data\":{},\"format\":\"hb-log-entry/1\"," \
    "\"registry\":\"0123456789abcdef\",\"seq\":" seq ",\"subject\":\"" subject                \
    "\",\"type\":\"" type "\"}"

static void inclusion__holds_for_its_entry_and_no_other(void **state)
{
    (void)state;
    static const char e[] =
        ENTRY("decision", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "7");
    static const char other[] = ENTRY("tag", "golden", "8");
    hb_inclusion in = {.index = 3, .size = 5};
    hb_included got;
    hb_buf json;
    hb_buf checkpoint;
    hb_arena arena;
    uint64_t first = 0;
    hb_arena_init(&arena, 1 << 20);
    hb_buf_init(&json, HB_INCLUSION_MAX);
    hb_buf_init(&checkpoint, HB_CHECKPOINT_MAX);
    hb_audit_log *log = open_write();
    append(log, 3);
    CHECK_OK(hb_audit_append(log, (hb_str[]){{e, sizeof e - 1}, {other, sizeof other - 1}}, 2,
                             &first, &err));
    CHECK_OK(hb_audit_prove(log, 3, 5, &in.proof, &err));
    CHECK_OK(hb_merkle_leaf(m, e, sizeof e - 1, &in.leaf, &err));
    CHECK_OK(hb_inclusion_write(&in, &json, &err));
    CHECK_OK(hb_audit_checkpoint(log, &checkpoint, &err));
    hb_inclusion_texts t = {.entry = {e, sizeof e - 1},
                            .inclusion = {json.p, json.n},
                            .checkpoint = {checkpoint.p, checkpoint.n}};
    CHECK_OK(hb_inclusion_check(&t, hb_audit_key(log), decision, &arena, &got, &err));
    assert_string_equal(got.entry.type, "decision");
    assert_int_equal(got.entry.seq, 7);
    assert_int_equal(got.checkpoint.size, 5);
    assert_int_equal(got.inclusion.index, 3);
    char wrong[65];
    memcpy(wrong, decision, sizeof wrong);
    wrong[0] = 'c';
    CHECK_ERROR(hb_inclusion_check(&t, hb_audit_key(log), wrong, &arena, &got, &err), HB_E_EVIDENCE,
                "another decision");
    t.entry = (hb_str){other, sizeof other - 1};
    CHECK_ERROR(hb_inclusion_check(&t, hb_audit_key(log), NULL, &arena, &got, &err), HB_E_EVIDENCE,
                "another entry");
    t.entry = (hb_str){e, sizeof e - 1};
    for (size_t i = 0; i < json.n; i++) { /* no byte of the proof is idle */
        json.p[i] ^= 1;
        hb_status status = hb_inclusion_check(&t, hb_audit_key(log), decision, &arena, &got, NULL);
        json.p[i] ^= 1;
        assert_true(status == HB_E_INPUT || status == HB_E_EVIDENCE);
    }
    append(log, 1);
    CHECK_OK(hb_audit_checkpoint(log, &checkpoint, &err));
    t.checkpoint = (hb_str){checkpoint.p, checkpoint.n};
    CHECK_ERROR(hb_inclusion_check(&t, hb_audit_key(log), decision, &arena, &got, &err),
                HB_E_EVIDENCE, "for 5 entries, the checkpoint has 6");
    hb_audit_close(log);
    hb_buf_release(&json);
    hb_buf_release(&checkpoint);
    hb_arena_release(&arena);
}

static void entry__has_exactly_its_members(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"at\":\"x\"}",
        ENTRY("a", "b", "0"),
        ENTRY("a", "b", "\"1\""),
        ENTRY("a", "b", "1,\"more\":1"),
        ENTRY("a", "b", "1") "x",
        ENTRY("a\",\"type\":\"b", "c", "1"),
        ENTRY("a", "b\\u0000c", "1"),
    };
    hb_arena arena;
    hb_log_entry e;
    hb_arena_init(&arena, 1 << 20);
    CHECK_OK(hb_log_entry_read(hb_str_of(ENTRY("a", "b", "1")), "good", &arena, &e, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERROR(hb_log_entry_read(hb_str_of(bad[i]), "bad", &arena, &e, &err), HB_E_INPUT,
                    "'bad'");
    }
    hb_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)
        IN_DIR(log__is_made_once_with_a_name_and_a_key),
        IN_DIR(log__has_the_root_of_its_entries_at_every_size),
        IN_DIR(log__has_the_files_of_the_specification),
        IN_DIR(log__proves_every_entry_and_every_beginning),
        IN_DIR(log__is_read_while_it_is_written),
        IN_DIR(log__takes_no_entry_that_does_not_fit),
        IN_DIR(verify__refuses_whatever_byte_is_changed),
        IN_DIR(verify__refuses_missing_files_and_another_key),
        IN_DIR(log__is_whole_whatever_call_fails),
        IN_DIR(log__is_made_or_not_whatever_call_fails),
        IN_DIR(log__says_when_memory_is_out),
        IN_DIR(inclusion__holds_for_its_entry_and_no_other),
        IN_DIR(entry__has_exactly_its_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
