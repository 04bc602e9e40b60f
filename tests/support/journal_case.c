/* SPDX-License-Identifier: Apache-2.0 */
#include "support/journal_case.h"

#include "journal/inspect.h"
#include "os/file.h"
#include "support/check.h"
#include "support/temp_dir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int no_fsync(int fd)
{
    (void)fd;
    return 0;
}

static int no_msync(void *p, size_t bytes)
{
    (void)p;
    (void)bytes;
    return 0;
}

const hb_os *case_os(void)
{
    static hb_os os;
    os = *hb_os_real();
    os.fsync = no_fsync;
    os.msync = no_msync;
    return &os;
}

hb_record case_message(const char *source, const char *topic, hb_str payload, hb_time arrival)
{
    return (hb_record){.kind = HB_RECORD_MESSAGE,
                       .source = hb_str_of(source),
                       .topic = hb_str_of(topic),
                       .payload = payload,
                       .event = HB_TIME_NONE,
                       .arrival = arrival};
}

uint64_t case_append(hb_journal *j, hb_record r)
{
    uint64_t position = UINT64_MAX;
    CHECK_OK(hb_journal_append(j, &r, &position, &err));
    return position;
}

uint64_t case_number(hb_journal *j, const char *source, unsigned i, size_t more)
{
    static char payload[HB_RECORD_PAYLOAD_MAX];
    memset(payload, 'x', more + 8);
    int n = snprintf(payload, sizeof payload, "%08u", i);
    payload[n] = 'x';
    return case_append(j, case_message(source, "t", (hb_str){payload, 8 + more}, (hb_time)i));
}

uint64_t case_number_of(const hb_record *r)
{
    char text[9] = {0};
    assert_true(r->payload.n >= 8);
    memcpy(text, r->payload.p, 8);
    return strtoul(text, NULL, 10);
}

unsigned case_read(hb_journal *j, uint64_t position, uint64_t first)
{
    hb_journal_reader *r = NULL;
    hb_record record;
    bool more = false;
    unsigned n = 0;
    CHECK_OK(hb_journal_reader_open(j, position, &r, &err));
    for (;;) {
        CHECK_OK(hb_journal_next(r, &record, &more, &err));
        if (!more) {
            break;
        }
        assert_int_equal(case_number_of(&record), first + n);
        assert_int_equal(record.position, position);
        position = record.next;
        n++;
    }
    assert_int_equal(position, hb_journal_end(j));
    hb_journal_reader_close(r);
    return n;
}

void case_verifies(const char *dir)
{
    hb_arena arena;
    hb_journal_verdict v;
    hb_arena_init(&arena, 64 << 20);
    CHECK_OK(hb_journal_verify(case_os(), dir, &arena, &v, &err));
    if (v.n_problems) {
        fail_msg("%s: position %llu: %s", v.problems[0].file,
                 (unsigned long long)v.problems[0].from, v.problems[0].what);
    }
    hb_arena_release(&arena);
}

hb_status case_repair(const hb_os *os, hb_error *err)
{
    hb_arena arena;
    hb_journal_repairs done;
    hb_arena_init(&arena, 64 << 20);
    hb_status status = hb_journal_repair(os, temp_path("j"), &arena, &done, err);
    hb_arena_release(&arena);
    return status;
}

void case_dir(const char *name)
{
    CHECK_OK(hb_dir_remove(case_os(), temp_path(name), &err));
    CHECK_OK(hb_dir_make(case_os(), temp_path(name), &err));
}

void case_dir_clear(const char *dir)
{
    char path[1024];
    DIR *d = opendir(dir);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        if (e->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
            unlink(path);
        }
    }
    if (d) {
        closedir(d);
    }
}
