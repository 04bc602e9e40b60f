/* SPDX-License-Identifier: Apache-2.0 */
/* Writing packs and reading them back: other programs read the same in them, equal files give equal
 * bytes, and whatever fails leaves nothing behind. The truth about zip is Python's. */
#include "support/check.h"

#include "evidence/pack_names.h"
#include "evidence/pack_zip.h"
#include "support/fault_os.h"
#include "support/journal_case.h"
#include "support/pack_case.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

/* Names in the test's folder, the target's own included. */
static int names_left(void)
{
    DIR *dir = opendir(temp_path("."));
    assert_non_null(dir);
    int n = 0;
    const struct dirent *e = NULL;
    while ((e = readdir(dir)) != NULL) {
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    }
    closedir(dir);
    return n;
}

static void judge(const char *script, const char *path)
{
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    const char *argv[] = {"python3", "-c", script, path, NULL};
    int code = spawn_run(argv, NULL, 0, &out);
    if (code != 0) {
        fail_msg("python: %s", out.p);
    }
    hb_buf_release(&out);
}

static void zip__is_the_same_for_python_and_unzip(void **state)
{
    (void)state;
    static const char script[] =
        "import sys, zipfile, json, hashlib\n"
        "z = zipfile.ZipFile(sys.argv[1])\n"
        "assert z.testzip() is None and z.comment == b''\n"
        "names = z.namelist()\n"
        "assert names == sorted(n for n in names if n != 'attestation.dsse.json')"
        " + ['attestation.dsse.json'], names\n"
        "for i in z.infolist():\n"
        "    assert i.date_time == (1980, 1, 1, 0, 0, 0), i\n"
        "    assert i.compress_type == 0 and i.flag_bits == 0 and i.extra == b'', i\n"
        "    assert i.create_system == 3 and i.external_attr == 0o100644 << 16, i\n"
        "    assert i.create_version == 10 and i.extract_version == 10, i\n"
        "text = z.read('manifest.json')\n"
        "m = json.loads(text)\n"
        "assert text == json.dumps(m, sort_keys=True, separators=(',', ':')).encode()\n"
        "assert m['format'] == 'hb-evidence-pack/1' and m['case'] == 'case-1'\n"
        "listed = [f['path'] for f in m['files']]\n"
        "assert listed == [n for n in names if n not in ('manifest.json',"
        " 'attestation.dsse.json')]\n"
        "for f in m['files']:\n"
        "    b = z.read(f['path'])\n"
        "    assert (len(b), hashlib.sha256(b).hexdigest(), hashlib.sha512(b).hexdigest())"
        " == (f['size'], f['sha256'], f['sha512']), f\n"
        "assert z.read('raw/0/a.csv') == b'time,speed\\n0,1.5\\n1,1.75\\n'\n";
    const char *path = temp_path("p.zip");
    CHECK_OK(pack_case_write(hb_os_real(), path, HB_PACK_ZIP, &err));
    judge(script, path);
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    const char *argv[] = {"unzip", "-tqq", path, NULL};
    int code = spawn_run(argv, NULL, 0, &out);
    assert_true(code == 0 || code == 127);
    hb_buf_release(&out);
    assert_int_equal(names_left(), 1);
}

/* APPNOTE 4.5.3, by hand: one file of 4 GiB at byte 5 GiB. */
static void zip__has_64_bit_forms_where_32_do_not_reach(void **state)
{
    (void)state;
    static const unsigned char local[] = {
        'P', 'K',  3,    4,    45,   0,    0,    0,    0,    0, 0, 0,  0x21, 0,   4, 3, 2,
        1,   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 20, 0,    'a', 1, 0, 16,
        0,   0,    0,    0,    0,    1,    0,    0,    0,    0, 0, 0,  0,    1,   0, 0, 0};
    static const unsigned char central_extra[] = {1, 0, 24, 0, 0, 0, 0, 0, 1, 0,    0, 0, 0, 0,
                                                  0, 0, 1,  0, 0, 0, 0, 0, 0, 0x40, 1, 0, 0, 0};
    hb_pack_zip_member m = {
        .path = "a", .size = UINT64_C(4) << 30, .at = UINT64_C(5) << 30, .crc = 0x01020304};
    hb_buf b;
    hb_buf_init(&b, 1000);
    hb_pack_zip_local(&b, &m);
    assert_int_equal(b.n, sizeof local);
    assert_memory_equal(b.p, local, sizeof local);
    hb_buf_clear(&b);
    hb_pack_zip_central(&b, &m);
    assert_int_equal(b.n, 46 + 1 + sizeof central_extra);
    assert_memory_equal(b.p + 47, central_extra, sizeof central_extra);
    hb_buf_clear(&b);
    hb_pack_zip_end(&b, UINT64_C(9) << 30, 75, 1);
    assert_int_equal(b.n, 56 + 20 + 22);
    assert_memory_equal(b.p + 48, "\0\0\0\x40\x02\0\0\0PK\6\7", 12);
    assert_memory_equal(b.p + 64, "\x4b\0\0\x40\x02\0\0\0\1\0\0\0PK\5\6", 16);
    hb_buf_release(&b);
}

static void put_text(hb_pack_writer *w, const char *path, const char *text)
{
    CHECK_OK(hb_pack_put(w, path, text, strlen(text), &err));
}

static char *pack_of_order(const char *const *paths, size_t n, size_t *ret_n)
{
    hb_pack_writer *w = NULL;
    hb_pack_file manifest;
    char *bytes = NULL;
    const char *path = temp_path("order.zip");
    CHECK_OK(hb_pack_create(case_os(), path, HB_PACK_ZIP, &w, &err));
    for (size_t i = 0; i < n; i++) {
        put_text(w, paths[i], paths[i]);
    }
    CHECK_OK(hb_pack_put_manifest(w, "c", &manifest, &err));
    CHECK_OK(hb_pack_finish(w, &err));
    hb_pack_writer_free(w);
    CHECK_OK(hb_file_read(case_os(), path, 1 << 20, &bytes, ret_n, &err));
    assert_int_equal(unlink(path), 0);
    return bytes;
}

static void equal_files__give_equal_bytes_in_whatever_order_they_come(void **state)
{
    (void)state;
    static const char *const one[] = {"raw/0/b", "raw/0-x", "a.json", "raw/0.txt"};
    static const char *const other[] = {"raw/0.txt", "a.json", "raw/0/b", "raw/0-x"};
    size_t n = 0;
    size_t k = 0;
    char *first = pack_of_order(one, 4, &n);
    char *second = pack_of_order(other, 4, &k);
    assert_int_equal(n, k);
    assert_memory_equal(first, second, n);
    hb_free(first);
    hb_free(second);
}

static void both_forms__hold_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {"z.zip", "folder"};
    char *manifests[2] = {NULL, NULL};
    size_t sizes[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        hb_pack_reader *r = NULL;
        size_t n = 0;
        CHECK_OK(pack_case_write(case_os(), temp_path(names[i]), i ? HB_PACK_FOLDER : HB_PACK_ZIP,
                                 &err));
        CHECK_OK(pack_case_examine(case_os(), temp_path(names[i]), &err));
        CHECK_OK(hb_pack_open(case_os(), temp_path(names[i]), &r, &err));
        const hb_pack_file *files = hb_pack_members(r, &n);
        assert_int_equal(n, 6);
        assert_string_equal(files[0].path, "VERIFY.md");
        assert_string_equal(files[5].path, HB_PACK_ATTESTATION);
        assert_string_equal(files[0].sha256, "");
        assert_true(hb_pack_has(r, "raw/0/empty.csv"));
        assert_false(hb_pack_has(r, "raw/0"));
        CHECK_OK(hb_pack_read(r, HB_PACK_MANIFEST, 1 << 20, &manifests[i], &sizes[i], &err));
        CHECK_ERROR(hb_pack_read(r, "raw/0/a.csv", 10, &manifests[i], &sizes[i], &err),
                    HB_E_EVIDENCE, "at most 10");
        CHECK_ERROR(hb_pack_read(r, "raw/0/b.csv", 10, &manifests[i], &sizes[i], &err),
                    HB_E_EVIDENCE, "there is no 'raw/0/b.csv'");
        hb_pack_close(r);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(manifests[0], manifests[1], sizes[0]);
    hb_free(manifests[0]);
    hb_free(manifests[1]);
}

static void paths__that_another_program_would_understand_otherwise_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",     "/etc/passwd", "../x",      "a/../b", "./a",      "a//b",     "a/",
        "a\\b", "a b",         "a\nb",      "a:b",    "-rf",      "a/-b",     "a.",
        "a./b", "CON",         "a/nul.txt", "com1",   "LPT9.csv", "\xc3\xa4", "1/2/3/4/5/6/7/8/9"};
    static const char *const good[] = {"a",     ".hidden", "a-b_c.D9",        "console",
                                       "com10", "comX",    "1/2/3/4/5/6/7/8", "...a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (!hb_pack_path_unfit(bad[i])) {
            fail_msg("'%s' is taken", bad[i]);
        }
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (hb_pack_path_unfit(good[i])) {
            fail_msg("'%s': %s", good[i], hb_pack_path_unfit(good[i]));
        }
    }
    char path[HB_PACK_PATH_BYTES + 2];
    memset(path, 'a', sizeof path);
    path[HB_PACK_PATH_BYTES + 1] = '\0';
    assert_non_null(hb_pack_path_unfit(path));
    path[HB_PACK_PATH_BYTES] = '\0';
    assert_null(hb_pack_path_unfit(path));
}

static void writer__refuses_names_that_cannot_be_together(void **state)
{
    (void)state;
    hb_pack_writer *w = NULL;
    hb_pack_file manifest;
    CHECK_OK(hb_pack_create(case_os(), temp_path("p.zip"), HB_PACK_ZIP, &w, &err));
    put_text(w, "raw/0/a.csv", "1");
    CHECK_ERROR(hb_pack_put(w, "raw/0/a.csv", "2", 1, &err), HB_E_USAGE, "is there twice");
    CHECK_ERROR(hb_pack_put(w, "raw/0/A.csv", "2", 1, &err), HB_E_USAGE, "letters' case");
    CHECK_ERROR(hb_pack_put(w, "Raw/0/b.csv", "2", 1, &err), HB_E_USAGE, "letters' case");
    CHECK_ERROR(hb_pack_put(w, "raw/0", "2", 1, &err), HB_E_USAGE, "a file and a folder");
    CHECK_ERROR(hb_pack_put(w, "raw/0/a.csv/x", "2", 1, &err), HB_E_USAGE, "a file and a folder");
    CHECK_ERROR(hb_pack_put(w, "../x", "2", 1, &err), HB_E_USAGE, "another folder");
    CHECK_ERROR(hb_pack_put(w, HB_PACK_MANIFEST, "2", 1, &err), HB_E_USAGE, "for itself");
    CHECK_ERROR(hb_pack_put(w, HB_PACK_TIME_TOKEN, "2", 1, &err), HB_E_USAGE, "for itself");
    CHECK_ERROR(hb_pack_finish(w, &err), HB_E_BUG, "after its manifest");
    CHECK_ERROR(hb_pack_put_signature(w, HB_PACK_ATTESTATION, "2", 1, &err), HB_E_BUG, "no sig");
    CHECK_ERROR(hb_pack_put_manifest(w, "", &manifest, &err), HB_E_USAGE, "case id");
    CHECK_ERROR(hb_pack_put_manifest(w, "a\nb", &manifest, &err), HB_E_USAGE, "control");
    CHECK_ERROR(hb_pack_put_manifest(w, "\xff", &manifest, &err), HB_E_USAGE, "UTF-8");
    CHECK_OK(hb_pack_put_manifest(w, "Prüfung 7", &manifest, &err));
    CHECK_ERROR(hb_pack_put(w, "late", "2", 1, &err), HB_E_BUG, "after the manifest");
    CHECK_OK(hb_pack_finish(w, &err));
    hb_pack_writer_free(w);
    CHECK_OK(pack_case_examine(case_os(), temp_path("p.zip"), &err));
    CHECK_ERROR(hb_pack_create(case_os(), temp_path("p.zip"), HB_PACK_ZIP, &w, &err), HB_E_USAGE,
                "exists");
}

static void put_file__takes_only_the_bytes_it_was_told_of(void **state)
{
    (void)state;
    /* sha256sum */
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    hb_pack_writer *w = NULL;
    hb_pack_file manifest;
    size_t n = 0;
    CHECK_OK(hb_file_write_atomic(case_os(), temp_path("abc"), "abc", 3, 0600, &err));
    CHECK_OK(hb_file_write_atomic(case_os(), temp_path("abd"), "abd", 3, 0600, &err));
    CHECK_OK(hb_pack_create(case_os(), temp_path("p.zip"), HB_PACK_ZIP, &w, &err));
    CHECK_ERROR(hb_pack_put_file(w, "f", temp_path("abd"), abc, &err), HB_E_EVIDENCE,
                "is not what it was");
    CHECK_ERROR(hb_pack_put_file(w, "f", temp_path("gone"), abc, &err), HB_E_INPUT, "cannot open");
    CHECK_ERROR(hb_pack_put_file(w, "f", temp_path("."), abc, &err), HB_E_INPUT, "cannot read");
    CHECK_OK(hb_pack_put_file(w, "f", temp_path("abc"), abc, &err));
    CHECK_OK(hb_pack_put_file(w, "e", temp_path("abd"), NULL, &err));
    const hb_pack_file *files = hb_pack_files(w, &n);
    assert_int_equal(n, 2);
    assert_string_equal(files[0].path, "e");
    assert_string_equal(files[1].sha256, abc);
    CHECK_OK(hb_pack_put_manifest(w, "c", &manifest, &err));
    CHECK_OK(hb_pack_finish(w, &err));
    hb_pack_writer_free(w);
    CHECK_OK(pack_case_examine(case_os(), temp_path("p.zip"), &err));
}

static void what_is_not_finished__leaves_nothing(void **state)
{
    (void)state;
    for (int form = 0; form < 2; form++) {
        hb_pack_writer *w = NULL;
        CHECK_OK(hb_pack_create(case_os(), temp_path("p"), (hb_pack_form)form, &w, &err));
        put_text(w, "a", "1");
        assert_int_equal(names_left(), 0);
        hb_pack_writer_free(w);
        assert_int_equal(names_left(), 0);
    }
}

/* The signal is there before the first byte of the pack: it ends the program afterwards, and
 * neither pack nor temporary is left. */
static void a_signal__ends_the_writing_without_a_trace(void **state)
{
    (void)state;
    for (int form = 0; form < 2; form++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGTERM);
            signal(SIGTERM, SIG_DFL);
            sigprocmask(SIG_BLOCK, &set, NULL);
            raise(SIGTERM);
            hb_error err = {0};
            hb_status status = pack_case_write(case_os(), temp_path("p"), (hb_pack_form)form, &err);
            _exit(status == HB_E_IO && strstr(err.msg, "interrupted") ? 0 : 1);
        }
        int how = 0;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
        assert_int_equal(names_left(), 0);
    }
}

/* --- everything fails once --- */

static void os_loop(hb_pack_form form)
{
    for (int persistent = 0; persistent < 2; persistent++) {
        for (unsigned long nth = 1;; nth++) {
            hb_error why = {0};
            fault_os_fail(nth, ENOSPC, persistent);
            hb_status status = pack_case_write(fault_os(), temp_path("p"), form, &why);
            bool fired = fault_os_fired();
            fault_os_fail(0, 0, false);
            if (status == HB_OK) {
                CHECK_OK(pack_case_examine(case_os(), temp_path("p"), &err));
                CHECK_OK(form == HB_PACK_ZIP ? HB_OK
                                             : hb_dir_remove(case_os(), temp_path("p"), &err));
                assert_true(form == HB_PACK_FOLDER || unlink(temp_path("p")) == 0);
            } else {
                assert_true(fired && why.msg[0]);
                assert_true(status == HB_E_IO || status == HB_E_INPUT);
                assert_false(hb_path_exists(case_os(), temp_path("p")) && !persistent);
            }
            /* A system that removes nothing leaves the temporary; the name is free anyway. */
            assert_true(persistent || names_left() == 0 || strstr(why.msg, "unlink"));
            temp_dir_new();
            if (!fired) {
                break;
            }
        }
    }
}

static void every_call_of_the_system__may_fail(void **state)
{
    (void)state;
    os_loop(HB_PACK_ZIP);
    os_loop(HB_PACK_FOLDER);
}

/* New names each time: removing takes memory as well. */
static hb_status write_and_examine(void)
{
    static unsigned round;
    char zip[32];
    char folder[32];
    snprintf(zip, sizeof zip, "%u.zip", round);
    snprintf(folder, sizeof folder, "%u", round++);
    HB_TRY(pack_case_write(case_os(), temp_path(zip), HB_PACK_ZIP, NULL));
    HB_TRY(pack_case_examine(case_os(), temp_path(zip), NULL));
    HB_TRY(pack_case_write(case_os(), temp_path(folder), HB_PACK_FOLDER, NULL));
    return pack_case_examine(case_os(), temp_path(folder), NULL);
}

static void every_allocation__may_fail(void **state)
{
    (void)state;
    fault_loop(write_and_examine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(zip__is_the_same_for_python_and_unzip, make_dir, drop_dir),
        cmocka_unit_test(zip__has_64_bit_forms_where_32_do_not_reach),
        cmocka_unit_test_setup_teardown(equal_files__give_equal_bytes_in_whatever_order_they_come,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(both_forms__hold_the_same, make_dir, drop_dir),
        cmocka_unit_test(paths__that_another_program_would_understand_otherwise_are_refused),
        cmocka_unit_test_setup_teardown(writer__refuses_names_that_cannot_be_together, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(put_file__takes_only_the_bytes_it_was_told_of, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(what_is_not_finished__leaves_nothing, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(a_signal__ends_the_writing_without_a_trace, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(every_call_of_the_system__may_fail, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(every_allocation__may_fail, make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
