/* SPDX-License-Identifier: Apache-2.0 */
#include "support/power_cut.h"

#include "base/str.h"
#include "stats/random.h"
#include "support/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILES = 256, FDS = 256, NAMES = 128, PAGE = 4096, SECTOR = 512 };

typedef struct bytes {
    unsigned char *p;
    size_t n;
} bytes;

typedef struct file {
    bool used;
    char name[128]; /* now; "" = removed */
    bytes synced;
    bytes between; /* written by the system; as long as synced or longer */
    bytes last;    /* what a removed file held */
} file;

/* What happened to names since the folder was synced: name now stands for a file, or for none. */
typedef struct change {
    char name[128];
    int file; /* -1: removed */
} change;

static struct {
    char dir[1024];
    char out[1024];
    unsigned long calls;
    unsigned long at;
    bool happened;
    hb_random random;
    file files[FILES];
    int fd_file[FDS];
    bool fd_dir[FDS];
    struct {
        void *p;
        size_t n;
        int file;
    } maps[FILES];
    change synced_names[NAMES];
    size_t n_synced;
    change changes[NAMES];
    size_t n_changes;
} w;

static uint64_t dice(uint64_t sides)
{
    return hb_random_below(&w.random, sides);
}

static bytes grown(bytes b, size_t n)
{
    if (n > b.n) {
        b.p = realloc(b.p, n);
        memset(b.p + b.n, 0, n - b.n);
        b.n = n;
    }
    return b;
}

static bytes content(const file *f)
{
    char path[2048];
    bytes b = {0};
    if (!f->name[0]) {
        b = grown(b, f->last.n);
        if (b.n) {
            memcpy(b.p, f->last.p, b.n);
        }
        return b;
    }
    snprintf(path, sizeof path, "%s/%s", w.dir, f->name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    fseek(in, 0, SEEK_END);
    b = grown(b, (size_t)ftell(in));
    rewind(in);
    assert_int_equal(fread(b.p, 1, b.n, in), b.n);
    fclose(in);
    return b;
}

/* The name below the folder, NULL when the path is of something else. */
static const char *below(const char *path)
{
    size_t n = strlen(w.dir);
    return strncmp(path, w.dir, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static int find(const char *name)
{
    for (int i = 0; i < FILES; i++) {
        if (w.files[i].used && strcmp(w.files[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static int add(const char *name)
{
    int i = 0;
    while (w.files[i].used) {
        i++;
        assert_true(i < FILES);
    }
    w.files[i] = (file){.used = true};
    hb_str_fit(name, w.files[i].name, sizeof w.files[i].name);
    return i;
}

static void changed(const char *name, int f)
{
    assert_true(w.n_changes < NAMES);
    change *c = &w.changes[w.n_changes++];
    hb_str_fit(name, c->name, sizeof c->name);
    c->file = f;
}

static size_t apply(change *names, size_t n, const change *c)
{
    size_t i = 0;
    while (i < n && strcmp(names[i].name, c->name) != 0) {
        i++;
    }
    if (c->file < 0) {
        if (i < n) {
            names[i] = names[--n];
        }
    } else {
        names[i] = *c;
        n = i == n ? n + 1 : n;
    }
    return n;
}

/* One page of what is found afterwards. */
static void choose(unsigned char *to, size_t n, const unsigned char *a, const unsigned char *b,
                   const unsigned char *c)
{
    const unsigned char *from[3] = {a, b, c};
    bool mixed = dice(4) == 0;
    uint64_t which = dice(3);
    for (size_t i = 0; i < n; i += SECTOR) {
        which = mixed ? dice(3) : which;
        memcpy(to + i, from[which] + i, n - i < SECTOR ? n - i : SECTOR);
    }
}

static void write_found(const file *f, const char *name)
{
    char path[2048];
    bytes now = content(f);
    size_t n = now.n != f->synced.n && dice(2) ? f->synced.n : now.n;
    size_t room = now.n > f->between.n ? now.n : f->between.n;
    now = grown(now, room);
    bytes synced = grown((bytes){0}, room);
    bytes between = grown((bytes){0}, room);
    bytes found = grown((bytes){0}, room);
    if (f->synced.n) {
        memcpy(synced.p, f->synced.p, f->synced.n);
    }
    if (f->between.n) {
        memcpy(between.p, f->between.p, f->between.n);
    }
    for (size_t at = 0; at < n; at += PAGE) {
        size_t len = room - at < PAGE ? room - at : PAGE;
        choose(found.p + at, len, synced.p + at, between.p + at, now.p + at);
    }
    snprintf(path, sizeof path, "%s/%s", w.out, name);
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(found.p, 1, n, to), n);
    assert_int_equal(fclose(to), 0);
    free(now.p);
    free(synced.p);
    free(between.p);
    free(found.p);
}

void power_cut_now(void)
{
    static change names[2 * NAMES];
    if (w.happened) {
        return;
    }
    w.happened = true;
    int before = errno;
    size_t n = w.n_synced;
    memcpy(names, w.synced_names, sizeof w.synced_names);
    size_t there = (size_t)dice(w.n_changes + 1);
    for (size_t i = 0; i < there; i++) {
        n = apply(names, n, &w.changes[i]);
    }
    for (size_t i = 0; i < n; i++) {
        write_found(&w.files[names[i].file], names[i].name);
    }
    errno = before;
}

static void call(void)
{
    w.calls++;
    if (w.calls == w.at) {
        power_cut_now();
    }
}

static void settle(file *f, size_t from, size_t to, const unsigned char *p)
{
    if (from == to) {
        return;
    }
    f->synced = grown(f->synced, to);
    f->between = grown(f->between, to);
    memcpy(f->synced.p + from, p, to - from);
    memcpy(f->between.p + from, p, to - from);
}

void power_cut_writeback(void)
{
    for (int i = 0; i < FILES; i++) {
        file *f = &w.files[i];
        if (!f->used || !f->name[0]) {
            continue;
        }
        bytes now = content(f);
        f->between = grown(f->between, now.n);
        for (size_t at = 0; at < now.n; at += PAGE) {
            if (dice(3) == 0) {
                memcpy(f->between.p + at, now.p + at, now.n - at < PAGE ? now.n - at : PAGE);
            }
        }
        free(now.p);
    }
}

static int watch_open(const char *path, int flags, mode_t mode)
{
    call();
    int fd = hb_os_real()->open(path, flags, mode);
    const char *name = below(path);
    assert_true(fd < FDS);
    if (fd < 0) {
        return fd;
    }
    w.fd_dir[fd] = strcmp(path, w.dir) == 0;
    w.fd_file[fd] = name ? find(name) : -1;
    if (name && w.fd_file[fd] < 0 && (flags & O_CREAT)) {
        w.fd_file[fd] = add(name);
        changed(name, w.fd_file[fd]);
    }
    return fd;
}

static int watch_close(int fd)
{
    w.fd_file[fd] = -1;
    w.fd_dir[fd] = false;
    return hb_os_real()->close(fd);
}

static ssize_t watch_write(int fd, const void *p, size_t n)
{
    call();
    return hb_os_real()->write(fd, p, n);
}

static int watch_fsync(int fd)
{
    call();
    if (w.fd_dir[fd]) {
        for (size_t i = 0; i < w.n_changes; i++) {
            w.n_synced = apply(w.synced_names, w.n_synced, &w.changes[i]);
        }
        w.n_changes = 0;
    } else if (w.fd_file[fd] >= 0) {
        file *f = &w.files[w.fd_file[fd]];
        bytes now = content(f);
        settle(f, 0, now.n, now.p);
        free(now.p);
    }
    return 0;
}

static int watch_rename(const char *from, const char *to)
{
    call();
    const char *a = below(from);
    const char *b = below(to);
    int f = a ? find(a) : -1;
    int old = b ? find(b) : -1;
    if (old >= 0) {
        w.files[old].last = content(&w.files[old]);
        w.files[old].name[0] = '\0';
    }
    int rc = hb_os_real()->rename(from, to);
    if (rc == 0 && f >= 0) {
        hb_str_fit(b, w.files[f].name, sizeof w.files[f].name);
        /* One step: the new name is there when the old one is gone. */
        changed(b, f);
        changed(a, -1);
    }
    return rc;
}

static int watch_unlink(const char *path)
{
    call();
    const char *name = below(path);
    int f = name ? find(name) : -1;
    if (f >= 0) {
        w.files[f].last = content(&w.files[f]);
        w.files[f].name[0] = '\0';
        changed(name, -1);
    }
    return hb_os_real()->unlink(path);
}

static int watch_ftruncate(int fd, off_t n)
{
    call();
    return hb_os_real()->ftruncate(fd, n);
}

static int watch_fallocate(int fd, off_t at, off_t n)
{
    call();
    return hb_os_real()->fallocate(fd, at, n);
}

static void *watch_mmap(int fd, size_t n, int protection)
{
    call();
    void *p = hb_os_real()->mmap(fd, n, protection);
    for (int i = 0; p != MAP_FAILED && i < FILES; i++) {
        if (!w.maps[i].p) {
            w.maps[i].p = p;
            w.maps[i].n = n;
            w.maps[i].file = w.fd_file[fd];
            return p;
        }
    }
    return p;
}

static int watch_munmap(void *p, size_t n)
{
    for (int i = 0; i < FILES; i++) {
        if (w.maps[i].p == p) {
            w.maps[i].p = NULL;
        }
    }
    return hb_os_real()->munmap(p, n);
}

static int watch_msync(void *p, size_t n)
{
    call();
    for (int i = 0; i < FILES; i++) {
        const unsigned char *map = w.maps[i].p;
        const unsigned char *at = p;
        if (map && at >= map && at < map + w.maps[i].n) {
            size_t from = (size_t)(at - map);
            size_t to = (from + n + PAGE - 1) / PAGE * PAGE;
            settle(&w.files[w.maps[i].file], from, to < w.maps[i].n ? to : w.maps[i].n, at);
        }
    }
    return 0;
}

void power_cut_begin(const char *dir, uint64_t seed)
{
    power_cut_end();
    hb_str_fit(dir, w.dir, sizeof w.dir);
    w.random = hb_random_of(seed, 0);
    memset(w.fd_file, -1, sizeof w.fd_file);
    DIR *d = opendir(dir);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        if (e->d_name[0] == '.') {
            continue;
        }
        int f = add(e->d_name);
        bytes now = content(&w.files[f]);
        settle(&w.files[f], 0, now.n, now.p);
        free(now.p);
        change c = {.file = f};
        hb_str_fit(w.files[f].name, c.name, sizeof c.name);
        w.n_synced = apply(w.synced_names, w.n_synced, &c);
    }
    if (d) {
        closedir(d);
    }
}

const hb_os *power_cut_os(void)
{
    static hb_os os;
    os = *hb_os_real();
    os.open = watch_open;
    os.close = watch_close;
    os.write = watch_write;
    os.fsync = watch_fsync;
    os.rename = watch_rename;
    os.unlink = watch_unlink;
    os.ftruncate = watch_ftruncate;
    os.fallocate = watch_fallocate;
    os.mmap = watch_mmap;
    os.munmap = watch_munmap;
    os.msync = watch_msync;
    return &os;
}

void power_cut_arm(unsigned long nth, const char *out)
{
    w.at = nth ? w.calls + nth : 0;
    w.happened = false;
    hb_str_fit(out, w.out, sizeof w.out);
}

bool power_cut_happened(void)
{
    return w.happened;
}

void power_cut_end(void)
{
    for (int i = 0; i < FILES; i++) {
        free(w.files[i].synced.p);
        free(w.files[i].between.p);
        free(w.files[i].last.p);
    }
    memset(&w, 0, sizeof w);
}
