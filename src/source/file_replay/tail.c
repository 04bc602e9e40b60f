/* SPDX-License-Identifier: Apache-2.0 */
#include "source/file_replay/tail.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 256 << 10, BUFFER_MAX = HB_RECORD_PAYLOAD_MAX + 2 * CHUNK };

static bool take_hex(hb_str *rest, bool last, uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = hb_str_find_ch(*rest, ':');
    if (n == 0 || n > 16 || (n == rest->n) != last) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char c = rest->p[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit > 15) {
            return false;
        }
        v = v << 4 | digit;
    }
    n += !last;
    *rest = (hb_str){rest->p + n, rest->n - n};
    *ret = v;
    return true;
}

bool hb_tail_place_parse(hb_str topic, hb_tail_place *ret)
{
    hb_tail_place p = {0};
    if (!take_hex(&topic, false, &p.device) || !take_hex(&topic, false, &p.inode) ||
        !take_hex(&topic, false, &p.head_n) || !take_hex(&topic, false, &p.head) ||
        !take_hex(&topic, true, &p.next) || p.head_n > HB_TAIL_HEAD) {
        return false;
    }
    *ret = p;
    return true;
}

static size_t put_hex(uint64_t v, char *out)
{
    static const char letters[] = "0123456789abcdef";
    size_t n = v ? (67 - (size_t)__builtin_clzll(v)) / 4 : 1;
    for (size_t i = n; i-- > 0; v >>= 4) {
        out[i] = letters[v & 15];
    }
    return n;
}

size_t hb_tail_place_print(const hb_tail_place *p, char out[HB_TAIL_PLACE_TEXT])
{
    const uint64_t parts[] = {p->device, p->inode, p->head_n, p->head, p->next};
    size_t n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        n += put_hex(parts[i], out + n);
        out[n++] = ':';
    }
    out[--n] = '\0';
    return n;
}

static ssize_t read_at(const hb_os *os, int fd, char *p, size_t n, uint64_t at)
{
    ssize_t got = 0;
    do {
        got = os->pread(fd, p, n, (off_t)at);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Hash of the first n bytes; false when there are fewer. */
static bool head_of(const hb_os *os, int fd, uint64_t n, uint64_t *ret)
{
    char head[HB_TAIL_HEAD];
    ssize_t got = read_at(os, fd, head, (size_t)n, 0);
    if (got < 0 || (uint64_t)got != n) {
        return false;
    }
    *ret = hb_hash((hb_str){head, (size_t)n});
    return true;
}

static hb_status check_plain(const hb_os *os, int fd, const char *path, struct stat *st,
                             hb_error *err)
{
    static const struct {
        const char *magic;
        size_t n;
        const char *what;
    } rows[] = {{"\x1f\x8b", 2, "gzip"}, {"\x28\xb5\x2f\xfd", 4, "zstd"}, {"PK\x03\x04", 4, "zip"}};
    char magic[4] = {0};
    if (os->fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no plain file", path);
    }
    ssize_t got = read_at(os, fd, magic, sizeof magic, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (got >= (ssize_t)rows[i].n && memcmp(magic, rows[i].magic, rows[i].n) == 0) {
            return HB_FAIL(err, HB_E_INPUT,
                           "'%s' is compressed (%s); a file that is replayed live must be plain: "
                           "unpack it first",
                           path, rows[i].what);
        }
    }
    return HB_OK;
}

hb_status hb_tail_open(hb_tail *t, const hb_os *os, const char *path, uint64_t next, hb_error *err)
{
    struct stat st;
    int fd = os->open(path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
    }
    hb_status status = check_plain(os, fd, path, &st, err);
    char *buf = status == HB_OK ? hb_alloc(CHUNK) : NULL;
    if (status == HB_OK && !buf) {
        status = HB_NOMEM(err);
    }
    if (status != HB_OK) {
        os->close(fd);
        return status;
    }
    *t = (hb_tail){.os = os, .fd = fd, .buf = buf, .cap = CHUNK, .at = next};
    t->place =
        (hb_tail_place){.device = (uint64_t)st.st_dev, .inode = (uint64_t)st.st_ino, .next = next};
    t->place.head_n = next < HB_TAIL_HEAD ? next : HB_TAIL_HEAD;
    if (!head_of(os, fd, t->place.head_n, &t->place.head)) {
        t->place.head_n = 0;
        t->place.head = hb_hash((hb_str){"", 0});
    }
    return HB_OK;
}

void hb_tail_close(hb_tail *t)
{
    if (t->buf) {
        t->os->close(t->fd);
        hb_free(t->buf);
        t->buf = NULL;
    }
}

/* More bytes behind those that are there; *ret_n = 0 at the end. */
static hb_status fill(hb_tail *t, size_t *ret_n, hb_error *err)
{
    if (t->from) {
        memmove(t->buf, t->buf + t->from, t->to - t->from);
        t->to -= t->from;
        t->scanned -= t->from;
        t->from = 0;
    }
    if (t->cap - t->to < CHUNK / 2) {
        HB_TRY(HB_GROW(t->buf, t->cap, t->cap + CHUNK, BUFFER_MAX, "bytes of a line", err));
    }
    ssize_t got = read_at(t->os, t->fd, t->buf + t->to, t->cap - t->to, t->at + t->to);
    if (got < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot read on at byte %llu: %s",
                       (unsigned long long)(t->at + t->to), strerror(errno));
    }
    t->to += (size_t)got;
    *ret_n = (size_t)got;
    return HB_OK;
}

static void move_to(hb_tail *t, size_t n)
{
    t->from += n;
    t->at += n;
    t->scanned = t->scanned > t->from ? t->scanned : t->from;
}

/* The place behind what was taken; its first bytes grow until there are HB_TAIL_HEAD of them. */
static void settle(hb_tail *t)
{
    t->place.next = t->at;
    if (t->place.head_n < HB_TAIL_HEAD) {
        uint64_t n = t->at < HB_TAIL_HEAD ? t->at : HB_TAIL_HEAD;
        if (head_of(t->os, t->fd, n, &t->place.head)) {
            t->place.head_n = n;
        }
    }
}

/* The line that ends at buf[end], or all of it. */
static hb_tail_got give(hb_tail *t, size_t end, bool has_end, hb_str *ret_line)
{
    bool skipped = t->skipping;
    *ret_line = (hb_str){t->buf + t->from, end - t->from};
    skipped = skipped || ret_line->n > HB_RECORD_PAYLOAD_MAX;
    t->skipping = false;
    move_to(t, end - t->from + has_end);
    settle(t);
    return skipped ? HB_TAIL_TOO_LONG : HB_TAIL_LINE;
}

hb_status hb_tail_line(hb_tail *t, bool all, hb_tail_got *ret_got, hb_str *ret_line, hb_error *err)
{
    for (;;) {
        const char *end =
            t->to > t->scanned ? memchr(t->buf + t->scanned, '\n', t->to - t->scanned) : NULL;
        if (end) {
            *ret_got = give(t, (size_t)(end - t->buf), true, ret_line);
            return HB_OK;
        }
        t->scanned = t->to;
        if (t->to - t->from > HB_RECORD_PAYLOAD_MAX) {
            t->skipping = true; /* its bytes need not be kept */
            move_to(t, t->to - t->from);
        }
        size_t got = 0;
        HB_TRY(fill(t, &got, err));
        if (got == 0) {
            bool rest = all && (t->to > t->from || t->skipping);
            *ret_got = rest ? give(t, t->to, false, ret_line) : HB_TAIL_NOTHING;
            return HB_OK;
        }
    }
}

bool hb_tail_is_same(const hb_tail *t)
{
    struct stat st;
    uint64_t head = 0;
    return t->os->fstat(t->fd, &st) == 0 && (uint64_t)st.st_size >= t->at &&
           head_of(t->os, t->fd, t->place.head_n, &head) && head == t->place.head;
}

/* Device numbers may change with a restart of the machine, so they are not compared: all files
 * asked about are in one folder. */
static bool holds(const hb_os *os, int fd, const hb_tail_place *place, bool by_inode)
{
    struct stat st;
    uint64_t head = 0;
    return os->fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size >= place->next &&
           (!by_inode || (uint64_t)st.st_ino == place->inode) &&
           head_of(os, fd, place->head_n, &head) && head == place->head;
}

bool hb_tail_is_at(const hb_tail *t, const hb_tail_place *place)
{
    return holds(t->os, t->fd, place, true);
}

bool hb_tail_holds(const hb_os *os, const char *path, const hb_tail_place *place, bool by_inode)
{
    int fd = os->open(path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    bool yes = holds(os, fd, place, by_inode);
    os->close(fd);
    return yes;
}
