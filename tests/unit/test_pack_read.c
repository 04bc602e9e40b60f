/* SPDX-License-Identifier: Apache-2.0 */
/* What two programs could understand differently is no pack, and no byte of a pack can be changed
 * unseen: every trick is played on a good pack, byte by byte. APPNOTE 6.3.10 for the places. */
#include "support/check.h"

#include "evidence/pack_zip.h"
#include "support/journal_case.h"
#include "support/memory_file.h"
#include "support/pack_case.h"
#include "support/temp_dir.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *good;
static size_t good_n;

static int setup(void **state)
{
    (void)state;
    temp_dir_new();
    good = pack_case_bytes(&good_n);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hb_free(good);
    temp_dir_remove();
    return 0;
}

static hb_status examine_bytes(const void *p, size_t n, hb_error *err)
{
    hb_os os = memory_os(p, n);
    return pack_case_examine(&os, MEMORY_FILE, err);
}

static char *copy_of_good(size_t room)
{
    char *p = hb_alloc_zero(good_n + room);
    assert_non_null(p);
    memcpy(p, good, good_n);
    return p;
}

/* Place of the k-th thing (from 0) that begins with this signature. */
static size_t place(const char *p, size_t n, const char *sign, unsigned k)
{
    for (size_t i = 0; i + 4 <= n; i++) {
        if (memcmp(p + i, sign, 4) == 0 && k-- == 0) {
            return i;
        }
    }
    fail_msg("no such header");
    return 0;
}

static size_t central(const char *p, unsigned k)
{
    return place(p, good_n, "PK\1\2", k);
}

static size_t local(const char *p, unsigned k)
{
    return place(p, good_n, "PK\3\4", k);
}

/* --- every byte --- */

static void good__is_good(void **state)
{
    (void)state;
    CHECK_OK(examine_bytes(good, good_n, &err));
}

static void no_byte__can_be_changed(void **state)
{
    (void)state;
    static const unsigned char masks[] = {0x01, 0x20, 0x80, 0xff};
    char *p = copy_of_good(0);
    for (size_t i = 0; i < good_n; i++) {
        for (size_t m = 0; m < sizeof masks; m++) {
            p[i] = (char)((unsigned char)p[i] ^ masks[m]);
            hb_error why = {0};
            if (examine_bytes(p, good_n, &why) != HB_E_EVIDENCE || !why.msg[0]) {
                fail_msg("byte %zu ^ %02x: %s %s", i, masks[m], hb_status_name(why.code), why.msg);
            }
            p[i] = good[i];
        }
    }
    hb_free(p);
}

static void no_byte__can_be_taken_out_or_put_in(void **state)
{
    (void)state;
    char *p = hb_alloc(good_n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < good_n; i++) {
        CHECK_ERROR(examine_bytes(good, i, &err), HB_E_EVIDENCE, "");
        memcpy(p, good, i);
        memcpy(p + i, good + i + 1, good_n - i - 1);
        CHECK_ERROR(examine_bytes(p, good_n - 1, &err), HB_E_EVIDENCE, "");
        p[i] = 'P';
        memcpy(p + i + 1, good + i, good_n - i);
        CHECK_ERROR(examine_bytes(p, good_n + 1, &err), HB_E_EVIDENCE, "");
    }
    hb_free(p);
}

/* --- tricks of zip --- */

static void put16(char *p, unsigned v)
{
    p[0] = (char)(v & 0xff);
    p[1] = (char)(v >> 8);
}

typedef struct trick {
    bool in_local; /* also in the header before the bytes */
    unsigned at;   /* in the directory's entry */
    unsigned value;
    const char *why;
} trick;

static void fields__have_one_value(void **state)
{
    (void)state;
    static const trick tricks[] = {
        {true, 8, 1, "encrypted"},
        {true, 8, 8, "data descriptor"},
        {true, 8, 0x800, "flags"},
        {true, 10, 8, "deflated"},
        {true, 10, 93, "compression"},
        {true, 12, 1, "time"},
        {true, 14, 0x22, "time"},
        {true, 20, 999, "another size"},
        {true, 30, 4, ""},
        {false, 32, 3, ""},
        {false, 34, 1, "another disk"},
        {false, 40, 0120777, "symbolic link"},
        {false, 40, 0040755, "is a folder"},
        {false, 40, 0020666, "a device"},
        {false, 40, 0100755, "attributes"},
        {false, 42, 7, "overlap"},
        {true, 6, 20, "another version"},
    };
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        const trick *t = &tricks[i];
        char *p = copy_of_good(0);
        put16(p + central(p, 1) + t->at, t->value);
        if (t->in_local) {
            put16(p + local(p, 1) + t->at - 2, t->value);
        }
        CHECK_ERROR(examine_bytes(p, good_n, &err), HB_E_EVIDENCE, t->why);
        hb_free(p);
    }
}

static void header_before_the_bytes__says_what_the_directory_says(void **state)
{
    (void)state;
    static const trick tricks[] = {
        {true, 30, 'X', "another name there"},
        {true, 6, 1, "encrypted"},
        {true, 8, 8, "deflated"},
        {true, 14, 1, "CRC-32 is not the same"},
        {true, 26, 4, "another length"},
        {true, 0, 0, "not where the directory says"},
        {true, 22, 1, "another size"},
    };
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        char *p = copy_of_good(0);
        put16(p + local(p, 1) + tricks[i].at, tricks[i].value);
        CHECK_ERROR(examine_bytes(p, good_n, &err), HB_E_EVIDENCE, tricks[i].why);
        hb_free(p);
    }
}

/* A zip of these files (bytes = the path itself), in this order, without a check of anything. */
static hb_buf zip_of(const char *const *paths, size_t n)
{
    hb_buf zip;
    hb_buf directory;
    hb_buf_init(&zip, 1 << 20);
    hb_buf_init(&directory, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        hb_pack_zip_member m = {.path = paths[i], .at = zip.n};
        hb_pack_zip_local(&zip, &m);
        hb_pack_zip_central(&directory, &m);
    }
    size_t at = zip.n;
    hb_buf_add(&zip, directory.p, directory.n);
    hb_pack_zip_end(&zip, at, directory.n, n);
    CHECK_OK(hb_buf_check(&zip, &err));
    hb_buf_release(&directory);
    return zip;
}

static void names__that_clash_or_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *paths[3];
        const char *why;
    } rows[] = {
        {{"a", "b", "b"}, "is there twice"},      {{"B", "a", "b"}, "letters' case"},
        {{"A/x", "a/y", "b"}, "letters' case"},   {{"a", "a/b", "c"}, "a file and a folder"},
        {{"../etc/cron.d/x", "a", "b"}, "leads"}, {{"/etc/passwd", "a", "b"}, "at the root"},
        {{"a", "b/", "c"}, "is a folder"},        {{"a", "b\\c", "d"}, "other characters"},
        {{"a", "c", "b"}, "out of order"},        {{"attestation.tsr", "b", "c"}, "out of order"},
        {{"C:x", "a", "b"}, "other characters"},  {{"a", "b\x1b[2J", "c"}, "b?[2J"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_buf zip = zip_of(rows[i].paths, 3);
        CHECK_ERROR(examine_bytes(zip.p, zip.n, &err), HB_E_EVIDENCE, rows[i].why);
        hb_buf_release(&zip);
    }
}

static void what_is_around_the_zip__is_refused(void **state)
{
    (void)state;
    hb_buf b;
    hb_buf_init(&b, 1 << 20);
    hb_buf_add(&b, good, good_n);
    hb_buf_c(&b, "appended");
    CHECK_ERROR(examine_bytes(b.p, b.n, &err), HB_E_EVIDENCE, "behind its end");
    put16(b.p + good_n - 2, 8);
    CHECK_ERROR(examine_bytes(b.p, b.n, &err), HB_E_EVIDENCE, "a comment");
    hb_buf_clear(&b);
    hb_buf_c(&b, "#!/bin/sh\n");
    hb_buf_add(&b, good, good_n);
    CHECK_ERROR(examine_bytes(b.p, b.n, &err), HB_E_EVIDENCE, "not where its end says");
    hb_buf_clear(&b);
    hb_buf_add(&b, good, good_n - 22);
    CHECK_ERROR(examine_bytes(b.p, b.n, &err), HB_E_EVIDENCE, "cut off");
    CHECK_ERROR(examine_bytes("", 0, &err), HB_E_EVIDENCE, "no zip");
    CHECK_ERROR(examine_bytes("Time,Speed\n1,2\n3,4\n5,6\n7,8\n9,0\n", 31, &err), HB_E_EVIDENCE,
                "no zip");
    /* Two packs in one file: programs that look from the front see the first. */
    hb_buf_clear(&b);
    hb_buf_add(&b, good, good_n);
    hb_buf_add(&b, good, good_n);
    CHECK_ERROR(examine_bytes(b.p, b.n, &err), HB_E_EVIDENCE, "not where its end says");
    hb_buf_release(&b);
}

/* 64-bit forms where 32 bits are enough; counts and sizes that would take all memory. */
static void end__says_what_is_there(void **state)
{
    (void)state;
    size_t end = place(good, good_n, "PK\5\6", 0);
    static const trick tricks[] = {
        {false, 4, 1, "contradicts itself"}, {false, 6, 1, "contradicts itself"},
        {false, 8, 5, "contradicts itself"}, {false, 10, 7, "contradicts itself"},
        {false, 10, 65535, "at most 20000"}, {false, 12, 1, "not where its end says"},
        {false, 14, 1, "not where its end"}, {false, 16, 1, "not where its end says"},
        {false, 18, 65535, "not where its"},
    };
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        char *p = copy_of_good(0);
        put16(p + end + tricks[i].at, tricks[i].value);
        CHECK_ERROR(examine_bytes(p, good_n, &err), HB_E_EVIDENCE, tricks[i].why);
        hb_free(p);
    }
    char *p = copy_of_good(0);
    memset(p + end + 16, 0xff, 4);
    CHECK_ERROR(examine_bytes(p, good_n, &err), HB_E_EVIDENCE, "contradicts itself");
    put16(p + end + 8, 2);
    put16(p + end + 10, 2);
    memcpy(p + end + 16, good + end + 16, 4);
    CHECK_ERROR(examine_bytes(p, good_n, &err), HB_E_EVIDENCE, "");
    hb_free(p);
}

/* --- folders --- */

static void folder_with(void (*play)(const char *folder), const char *why)
{
    static unsigned round;
    char name[32];
    snprintf(name, sizeof name, "folder%u", round++);
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", temp_path(name));
    CHECK_OK(pack_case_write(case_os(), folder, HB_PACK_FOLDER, &err));
    CHECK_OK(pack_case_examine(case_os(), folder, &err));
    play(folder);
    CHECK_ERROR(pack_case_examine(case_os(), folder, &err), HB_E_EVIDENCE, why);
}

static const char *in(const char *folder, const char *name)
{
    static char paths[2][2048];
    static unsigned next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_to(const char *folder, const char *name, const char *text)
{
    CHECK_OK(hb_file_write_atomic(case_os(), in(folder, name), text, strlen(text), 0600, &err));
}

static void play_link(const char *folder)
{
    assert_int_equal(rename(in(folder, "run.json"), in(folder, "other.json")), 0);
    assert_int_equal(symlink("other.json", in(folder, "run.json")), 0);
}

static void play_linked_folder(const char *folder)
{
    assert_int_equal(rename(in(folder, "raw"), in(folder, "RAW")), 0);
    assert_int_equal(symlink("RAW", in(folder, "raw")), 0);
}

static void play_pipe(const char *folder)
{
    assert_int_equal(mkfifo(in(folder, "pipe"), 0600), 0);
}

static void play_empty(const char *folder)
{
    assert_int_equal(mkdir(in(folder, "more"), 0700), 0);
}

static void play_case(const char *folder)
{
    write_to(folder, "RUN.json", "x");
}

static void play_name(const char *folder)
{
    write_to(folder, "a b", "x");
}

static char deepest[1100];

static void play_deep(const char *folder)
{
    static const char steps[] = "/d/d/d/d/d/d/d/d";
    for (int n = 2; n < (int)sizeof steps; n += 2) {
        snprintf(deepest, sizeof deepest, "%s%.*s", folder, n, steps);
        assert_int_equal(mkdir(deepest, 0700), 0);
    }
}

static void play_more(const char *folder)
{
    write_to(folder, "zzz", "x");
}

static void play_less(const char *folder)
{
    assert_int_equal(unlink(in(folder, "run.json")), 0);
}

static void play_size(const char *folder)
{
    write_to(folder, "run.json", "x");
}

static void play_bytes(const char *folder)
{
    write_to(folder, "run.json", "{\"run\":\"r2\"}");
}

static void play_no_manifest(const char *folder)
{
    assert_int_equal(unlink(in(folder, HB_PACK_MANIFEST)), 0);
}

static void folders__have_plain_files_and_those_of_the_manifest(void **state)
{
    (void)state;
    folder_with(play_link, "symbolic link");
    folder_with(play_linked_folder, "symbolic link");
    folder_with(play_pipe, "a pipe");
    folder_with(play_empty, "nothing in it");
    folder_with(play_case, "letters' case");
    folder_with(play_name, "other characters");
    folder_with(play_deep, "8 folders deep");
    assert_int_equal(rmdir(deepest), 0); /* hb_dir_remove goes as deep as a pack */
    folder_with(play_more, "zzz: not in the manifest");
    folder_with(play_less, "run.json: missing");
    folder_with(play_size, "run.json: size");
    folder_with(play_bytes, "run.json: sha256");
    folder_with(play_no_manifest, "there is no 'manifest.json'");
    CHECK_ERROR(pack_case_examine(case_os(), temp_path("none"), &err), HB_E_INPUT, "cannot open");
    CHECK_ERROR(pack_case_examine(case_os(), "/dev/null", &err), HB_E_INPUT, "neither a file");
}

/* What was checked is what is used: other bytes the second time are noticed. */
static void bytes__are_the_same_each_time(void **state)
{
    (void)state;
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", temp_path("changing"));
    CHECK_OK(pack_case_write(case_os(), folder, HB_PACK_FOLDER, &err));
    hb_pack_reader *r = NULL;
    char *text = NULL;
    size_t n = 0;
    CHECK_OK(hb_pack_open(case_os(), folder, &r, &err));
    CHECK_OK(hb_pack_read(r, "run.json", 100, &text, &n, &err));
    assert_string_equal(text, "{\"run\":\"r1\"}");
    hb_free(text);
    text = NULL;
    write_to(folder, "run.json", "{\"run\":\"r2\"}");
    CHECK_ERROR(hb_pack_read(r, "run.json", 100, &text, &n, &err), HB_E_EVIDENCE, "changed while");
    write_to(folder, "VERIFY.md", "longer than it was");
    CHECK_ERROR(hb_pack_stream(r, "VERIFY.md", NULL, NULL, &err), HB_E_EVIDENCE, "changed while");
    assert_null(text);
    hb_pack_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good__is_good),
        cmocka_unit_test(no_byte__can_be_changed),
        cmocka_unit_test(no_byte__can_be_taken_out_or_put_in),
        cmocka_unit_test(fields__have_one_value),
        cmocka_unit_test(header_before_the_bytes__says_what_the_directory_says),
        cmocka_unit_test(names__that_clash_or_lead_elsewhere_are_refused),
        cmocka_unit_test(what_is_around_the_zip__is_refused),
        cmocka_unit_test(end__says_what_is_there),
        cmocka_unit_test(folders__have_plain_files_and_those_of_the_manifest),
        cmocka_unit_test(bytes__are_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
