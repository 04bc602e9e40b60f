/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as hb inspect reads them, pinned, and read again by what was pinned: the two readings
 * must agree, or the file must be refused as not fitting (never silently read otherwise). The first
 * byte chooses an allocation to fail in the first reading. */
#include "input/ingest.h"
#include "input/profile_write.h"

#include "base/mem.h"
#include "support/memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROFILE_FILE "p.yaml"
enum { PROFILE_FD = 5000 };

static hb_units *units;
static hb_os plain;
static struct {
    const char *p;
    size_t n;
    size_t at;
} profile;

static int two_open(const char *path, int flags, mode_t mode)
{
    profile.at = 0;
    return strcmp(path, PROFILE_FILE) == 0 ? PROFILE_FD : plain.open(path, flags, mode);
}

static ssize_t two_read(int fd, void *p, size_t n)
{
    if (fd != PROFILE_FD) {
        return plain.read(fd, p, n);
    }
    size_t k = profile.n - profile.at < n ? profile.n - profile.at : n;
    memcpy(p, profile.p + profile.at, k);
    profile.at += k;
    return (ssize_t)k;
}

static int two_fstat(int fd, struct stat *st)
{
    int got = plain.fstat(fd, st);
    if (fd == PROFILE_FD) {
        st->st_size = (off_t)profile.n;
    }
    return got;
}

static void disagree(const char *what, const hb_buf *text)
{
    fprintf(stderr, "%s differs when read by:\n%s\n", what, text->p);
    abort();
}

static void compare(const hb_reading *a, const hb_reading *b, const hb_buf *text)
{
    if (a->rows_data != b->rows_data || a->n_columns != b->n_columns) {
        disagree("the table's size", text);
    }
    for (size_t i = 0; i < a->n_columns; i++) {
        const hb_reading_column *x = &a->columns[i];
        const hb_reading_column *y = &b->columns[i];
        if (x->kind != y->kind || x->n_numeric != y->n_numeric || x->n_missing != y->n_missing ||
            x->n_rejected != y->n_rejected || strcmp(x->name, y->name) != 0 ||
            strcmp(x->unit, y->unit) != 0 ||
            memcmp(&x->moments, &y->moments, sizeof x->moments) != 0) {
            disagree("a column", text);
        }
    }
}

static void again(const hb_reading *first, const hb_buf *text)
{
    hb_reading *second = NULL;
    hb_error err = {0};
    hb_os os = plain;
    os.open = two_open;
    os.read = two_read;
    os.fstat = two_fstat;
    profile.p = text->p;
    profile.n = text->n;
    hb_ingest_options o = {.profile = PROFILE_FILE, .ambiguous_is_fine = true};
    if (hb_reading_new(HB_READING_KEEP_TRACES, units, &second, NULL) != HB_OK) {
        abort();
    }
    if (hb_reading_file(&os, MEMORY_FILE, &o, second, &err) == HB_OK) {
        compare(first, second, text);
    } else if (err.code != HB_E_INPUT && err.code != HB_E_LIMIT && err.code != HB_E_CONFIG) {
        fprintf(stderr, "%s\n", err.msg);
        abort();
    }
    hb_reading_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!units && hb_units_open(&units, NULL) != HB_OK) {
        abort();
    }
    if (size < 1) {
        return 0;
    }
    plain = memory_os(data + 1, size - 1);
    hb_reading *r = NULL;
    hb_buf text;
    hb_buf_init(&text, 1 << 20);
    hb_ingest_options o = {.ambiguous_is_fine = true};
    hb_fault_alloc(data[0], false);
    hb_status status = hb_reading_new(HB_READING_KEEP_TRACES, units, &r, NULL);
    if (status == HB_OK) {
        status = hb_reading_file(&plain, MEMORY_FILE, &o, r, NULL);
    }
    hb_fault_alloc(0, false);
    if (status == HB_OK && hb_profile_write(r, &text, NULL) == HB_OK) {
        again(r, &text);
    }
    hb_buf_release(&text);
    hb_reading_free(r);
    return 0;
}
