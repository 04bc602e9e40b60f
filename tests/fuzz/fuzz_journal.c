/* SPDX-License-Identifier: Apache-2.0 */
/* A segment of anybody's bytes: as the last one (recovery, reading, going on) and as an earlier one
 * (reading, verifying, repairing).
 *
 * First byte: 1 = as an earlier one, 2 = checksums and positions are made to fit. Then the first
 * 128 bytes of the segment; then its records. */
#include "base/crc32c.h"
#include "journal/format.h"
#include "journal/inspect.h"
#include "support/journal_case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MIB = 1 << 20, FILE_MAX = 2 * MIB, RECORDS_MAX = 200000 };

static char dir[64];
static hb_os os;

#define NEED(right)     \
    do {                \
        if (!(right)) { \
            abort();    \
        }               \
    } while (0)

/* A header may ask for a gigabyte. */
static int fallocate_little(int fd, off_t at, off_t bytes)
{
    if (bytes > FILE_MAX) {
        errno = ENOSPC;
        return -1;
    }
    return hb_os_real()->fallocate(fd, at, bytes);
}

static void remove_dir(void)
{
    case_dir_clear(dir);
    rmdir(dir);
}

static void put_u32(unsigned char *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}

static void make_fit(unsigned char *lead, unsigned char *records, size_t n)
{
    put_u32(lead + 60, hb_crc32c(0, lead, 60));
    put_u32(lead + 124, hb_crc32c(0, lead + 64, 60));
    for (size_t at = 0; n - at >= HB_RECORD_MIN;) {
        uint32_t length = 0;
        memcpy(&length, records + at, sizeof length);
        size_t bytes = ((size_t)length + 7) / 8 * 8;
        if (length <= HB_RECORD_HEAD || bytes > n - at) {
            return;
        }
        const uint64_t position = at;
        memcpy(records + at + 8, &position, sizeof position);
        put_u32(records + at + 4, hb_crc32c(0, records + at + 8, bytes - 8));
        at += bytes;
    }
}

static void put_file(const char *name, const unsigned char *lead, const unsigned char *records,
                     size_t n)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    NEED(fd >= 0);
    NEED(pwrite(fd, lead, HB_SEGMENT_LEAD, 0) == HB_SEGMENT_LEAD);
    NEED(pwrite(fd, records, n, HB_SEGMENT_HEAD) == (ssize_t)n);
    close(fd);
}

/* Whether everything from the begin to the end could be read. */
static bool read_all(hb_journal *j)
{
    hb_journal_reader *r = NULL;
    hb_record record;
    bool more = true;
    hb_error err = {0};
    uint64_t at = hb_journal_begin(j);
    hb_status status = hb_journal_reader_open(j, at, &r, &err);
    while (status == HB_OK && more) {
        status = hb_journal_next(r, &record, &more, &err);
        if (status == HB_OK && more) {
            NEED(record.position == at && record.next > at && record.source.n > 0);
            at = record.next;
        }
    }
    hb_journal_reader_close(r);
    NEED(status == HB_OK || (status == HB_E_INPUT && err.msg[0]));
    return status == HB_OK && at == hb_journal_end(j);
}

static void look_for_sources(hb_journal *j)
{
    hb_buf text;
    hb_record r;
    bool found = false;
    hb_error err = {0};
    hb_buf_init(&text, 8 * MIB);
    hb_status status = hb_journal_last_of(j, "rig", &text, &r, &found, &err);
    NEED(status == HB_OK || status == HB_E_INPUT);
    NEED(status != HB_OK || !found || hb_str_eq_c(r.source, "rig"));
    hb_buf_release(&text);
}

static size_t problems(void)
{
    hb_arena arena;
    hb_journal_verdict v = {0};
    hb_error err = {0};
    hb_arena_init(&arena, 64 << 20);
    NEED(hb_journal_verify(&os, dir, &arena, &v, &err) == HB_OK);
    hb_arena_release(&arena);
    return v.n_problems;
}

static bool of_another_version(const unsigned char *lead)
{
    hb_segment_head head;
    bool newer = false;
    hb_segment_head_read(lead, HB_SEGMENT_LEAD, &head, &newer);
    return newer;
}

static void as_last(const unsigned char *lead, const unsigned char *records, size_t n)
{
    const hb_journal_options o = {.segment_bytes = MIB, .no_sync_thread = true};
    hb_journal *j = NULL;
    hb_error err = {0};
    put_file("00000000000000000000.hbj", lead, records, n);
    hb_status status = hb_journal_open(&os, dir, &o, &j, &err);
    if (status != HB_OK) {
        NEED(of_another_version(lead) || status == HB_E_LIMIT);
        return;
    }
    NEED(read_all(j));
    look_for_sources(j);
    const hb_record r = {.kind = HB_RECORD_TICK, .source = HB_STR("s"), .event = HB_TIME_NONE};
    uint64_t at = 0;
    NEED(hb_journal_append(j, &r, &at, &err) == HB_OK);
    NEED(read_all(j));
    hb_journal_close(j);
    if (problems()) { /* what a full disk kept from being as long as its header says */
        hb_segment_head head;
        bool newer = false;
        NEED(!hb_segment_head_read(lead, HB_SEGMENT_LEAD, &head, &newer) && head.file_bytes != MIB);
    }
}

static void as_earlier(const unsigned char *lead, const unsigned char *records, size_t n)
{
    const hb_journal_options reading = {.read_only = true};
    hb_segment_seal seal;
    unsigned char next[HB_SEGMENT_LEAD];
    char name[HB_SEGMENT_NAME];
    hb_journal *j = NULL;
    hb_error err = {0};
    uint64_t end = (n + 7) / 8 * 8 + 64;
    if (hb_segment_seal_read(lead, HB_SEGMENT_LEAD, &seal) && seal.end < FILE_MAX) {
        end = seal.end;
    }
    hb_segment_head_write(next, &(hb_segment_head){.start = end, .file_bytes = MIB});
    hb_segment_name(end, name);
    put_file("00000000000000000000.hbj", lead, records, n);
    put_file(name, next, records, 0);
    if (of_another_version(lead)) {
        NEED(hb_journal_open(&os, dir, &reading, &j, &err) == HB_E_INPUT);
        return;
    }
    NEED(hb_journal_open(&os, dir, &reading, &j, &err) == HB_OK);
    bool sound = read_all(j);
    look_for_sources(j);
    hb_journal_close(j);
    size_t found = problems();
    NEED(sound || found);
    hb_arena arena;
    hb_journal_repairs done;
    hb_arena_init(&arena, 64 << 20);
    hb_status status = hb_journal_repair(&os, dir, &arena, &done, &err);
    hb_arena_release(&arena);
    NEED(status == HB_OK || (status == HB_E_INPUT && end < HB_RECORD_MIN));
    if (status == HB_OK) {
        NEED(problems() == 0);
        NEED(hb_journal_open(&os, dir, &reading, &j, &err) == HB_OK);
        NEED(read_all(j) && hb_journal_begin(j) == 0 && hb_journal_end(j) == end);
        hb_journal_close(j);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char records[RECORDS_MAX];
    unsigned char lead[HB_SEGMENT_LEAD] = {0};
    if (size < 1 || size - 1 > HB_SEGMENT_LEAD + (size_t)RECORDS_MAX) {
        return 0;
    }
    if (!dir[0]) {
        const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(dir, sizeof dir, "%s/hb-fuzz-XXXXXX", memory);
        NEED(mkdtemp(dir));
        os = *case_os();
        os.fallocate = fallocate_little;
        atexit(remove_dir);
    }
    size_t n_lead = size - 1 < HB_SEGMENT_LEAD ? size - 1 : HB_SEGMENT_LEAD;
    size_t n = size - 1 - n_lead;
    memcpy(lead, data + 1, n_lead);
    memcpy(records, data + 1 + n_lead, n);
    if (data[0] & 2) {
        make_fit(lead, records, n);
    }
    case_dir_clear(dir);
    if (data[0] & 1) {
        as_earlier(lead, records, n);
    } else {
        as_last(lead, records, n);
    }
    return 0;
}
