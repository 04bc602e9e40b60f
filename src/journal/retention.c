/* SPDX-License-Identifier: Apache-2.0 */
/* The file `holds`: what the retention (drop.c) must keep, and where it left gaps. */
#include "journal/internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "os/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HOLDS_FILE_MAX = 1 << 20 };
static const char title[] = "hb-journal-holds 1";

static bool is_gap(const hb_hold *h)
{
    return h->name[0] == '\0';
}

bool hb_holds_keep(const hb_journal *j, const hb_segment *s)
{
    for (size_t i = 0; i < j->n_holds; i++) {
        const hb_hold *h = &j->holds[i];
        if (!is_gap(h) && h->from < s->end && h->to > s->start) {
            return true;
        }
    }
    return false;
}

static bool name_fits(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == '-';
        if (!fits) {
            return false;
        }
    }
    return n > 0 && n < sizeof((hb_hold *)0)->name;
}

static hb_status write_holds(hb_journal *j, hb_error *err)
{
    char path[HB_JOURNAL_PATH];
    hb_buf b;
    hb_buf_init(&b, HOLDS_FILE_MAX);
    hb_buf_fmt(&b, "%s\n", title);
    for (size_t i = 0; i < j->n_holds; i++) {
        const hb_hold *h = &j->holds[i];
        if (is_gap(h)) {
            hb_buf_fmt(&b, "gap %" PRIu64 " %" PRIu64 "\n", h->from, h->to);
        } else {
            hb_buf_fmt(&b, "hold %s %" PRIu64 " %" PRIu64 "\n", h->name, h->from, h->to);
        }
    }
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK) {
        hb_journal_path(j, "holds", path);
        status = hb_file_write_atomic(j->os, path, b.p, b.n, HB_JOURNAL_MODE, err);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status add_hold(hb_journal *j, const char *name, uint64_t from, uint64_t to,
                          hb_error *err)
{
    HB_TRY(HB_GROW(j->holds, j->cap_holds, j->n_holds + 1, HB_JOURNAL_HOLDS, "holds of a journal",
                   err));
    hb_hold *h = &j->holds[j->n_holds++];
    *h = (hb_hold){.from = from, .to = to};
    memcpy(h->name, name, strlen(name) + 1);
    return HB_OK;
}

/* The next word of a line, taken off it. */
static hb_str word(hb_str *line)
{
    size_t n = hb_str_find_ch(*line, ' ');
    hb_str w = {line->p, n};
    size_t skip = n < line->n ? n + 1 : n;
    line->p += skip;
    line->n -= skip;
    return w;
}

static bool read_hold(hb_str line, hb_hold *ret)
{
    *ret = (hb_hold){0};
    hb_str kind = word(&line);
    int64_t from = 0;
    int64_t to = 0;
    if (hb_str_eq_c(kind, "hold")) {
        hb_str name = word(&line);
        if (name.n >= sizeof ret->name) {
            return false;
        }
        memcpy(ret->name, name.p, name.n);
        if (!name_fits(ret->name)) {
            return false;
        }
    } else if (!hb_str_eq_c(kind, "gap")) {
        return false;
    }
    hb_str a = word(&line);
    hb_str b = word(&line);
    if (!hb_num_parse_i64(a.p, a.n, &from) || !hb_num_parse_i64(b.p, b.n, &to) || line.n ||
        from < 0 || to <= from) {
        return false;
    }
    ret->from = (uint64_t)from;
    ret->to = (uint64_t)to;
    return true;
}

static hb_status read_holds(hb_journal *j, const char *path, hb_str text, hb_error *err)
{
    for (uint64_t row = 1; text.n; row++) {
        size_t n = hb_str_find_ch(text, '\n');
        hb_str line = {text.p, n};
        hb_hold h;
        text.p += n < text.n ? n + 1 : n;
        text.n -= n < text.n ? n + 1 : n;
        if (row == 1 ? !hb_str_eq_c(line, title) : !read_hold(line, &h)) {
            return HB_FAIL_AT(err, HB_E_INPUT, path, row, 0,
                              "expected '%s' and then lines 'hold NAME FROM TO' or 'gap FROM TO', "
                              "got '%.*s'; put it right, or move the file away: nothing is then "
                              "held back from the retention",
                              title, (int)(line.n < 80 ? line.n : 80), line.p);
        }
        if (row > 1) {
            HB_TRY(add_hold(j, h.name, h.from, h.to, err));
        }
    }
    return HB_OK;
}

hb_status hb_holds_load(hb_journal *j, hb_error *err)
{
    char path[HB_JOURNAL_PATH];
    char *text = NULL;
    size_t n = 0;
    hb_journal_path(j, "holds", path);
    bool there = false;
    HB_TRY(hb_journal_there(j, path, &there, err));
    if (!there) {
        return HB_OK;
    }
    HB_TRY(hb_file_read(j->os, path, HOLDS_FILE_MAX, &text, &n, err));
    hb_status status = read_holds(j, path, (hb_str){text, n}, err);
    hb_free(text);
    return status;
}

bool hb_holds_gap(const hb_journal *j, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < j->n_holds; i++) {
        const hb_hold *h = &j->holds[i];
        if (is_gap(h) && h->from <= from && h->to >= to) {
            return true;
        }
    }
    return false;
}

/* Gaps are kept joined; one with nothing kept before it is none. */
hb_status hb_holds_note_gap(hb_journal *j, uint64_t from, uint64_t to, hb_error *err)
{
    size_t kept = 0;
    uint64_t first = j->segments[0]->start;
    for (size_t i = 0; i < j->n_holds; i++) {
        hb_hold h = j->holds[i];
        if (is_gap(&h) && h.from <= to && from <= h.to) {
            from = h.from < from ? h.from : from;
            to = h.to > to ? h.to : to;
        } else if (!is_gap(&h) || h.from >= first) {
            j->holds[kept++] = h;
        }
    }
    j->n_holds = kept;
    HB_TRY(add_hold(j, "", from, to, err));
    return write_holds(j, err);
}

void hb_journal_release_before(hb_journal *j, uint64_t position)
{
    pthread_mutex_lock(&j->lock);
    if (position > j->released) {
        j->released = position < j->end ? position : j->end;
        j->room_events++;
        pthread_cond_broadcast(&j->room);
    }
    pthread_mutex_unlock(&j->lock);
}

static bool all_kept(const hb_journal *j, uint64_t from, uint64_t to)
{
    to = to < j->end ? to : j->end;
    while (from < to) {
        const hb_segment *s = hb_segments_find(j, from);
        if (!s) {
            return false;
        }
        from = s->end;
    }
    return true;
}

static size_t find_hold(const hb_journal *j, const char *name)
{
    size_t i = 0;
    while (i < j->n_holds && strcmp(j->holds[i].name, name) != 0) {
        i++;
    }
    return i;
}

static hb_status hold(hb_journal *j, const char *name, uint64_t from, uint64_t to, hb_error *err)
{
    if (!all_kept(j, from, to)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "positions %" PRIu64 " to %" PRIu64
                       " cannot be held: some of them were dropped already",
                       from, to);
    }
    size_t i = find_hold(j, name);
    bool had = i < j->n_holds;
    hb_hold old = had ? j->holds[i] : (hb_hold){0};
    if (had) {
        j->holds[i].from = from;
        j->holds[i].to = to;
    } else {
        HB_TRY(add_hold(j, name, from, to, err));
    }
    hb_status status = write_holds(j, err);
    if (status != HB_OK && had) {
        j->holds[i] = old;
    } else if (status != HB_OK) {
        j->n_holds--;
    }
    return status;
}

static hb_status unhold(hb_journal *j, const char *name, hb_error *err)
{
    size_t i = find_hold(j, name);
    if (i == j->n_holds) {
        return HB_FAIL(err, HB_E_INPUT, "nothing is held under the name '%.64s'", name);
    }
    hb_hold old = j->holds[i];
    j->holds[i] = j->holds[--j->n_holds];
    hb_status status = write_holds(j, err);
    if (status != HB_OK) {
        j->holds[j->n_holds++] = j->holds[i];
        j->holds[i] = old;
        return status;
    }
    j->room_events++;
    pthread_cond_broadcast(&j->room);
    return HB_OK;
}

static hb_status check_hold(const hb_journal *j, const char *name, hb_error *err)
{
    if (j->options.read_only) {
        return HB_FAIL(err, HB_E_BUG, "the journal '%.200s' was opened for reading", j->dir);
    }
    return name_fits(name)
               ? HB_OK
               : HB_FAIL(err, HB_E_INPUT,
                         "'%.80s' is no name of a hold: 1 to 64 of A-Z a-z 0-9 . _ -", name);
}

hb_status hb_journal_hold(hb_journal *j, const char *name, uint64_t from, uint64_t to,
                          hb_error *err)
{
    HB_TRY(check_hold(j, name, err));
    if (to <= from || to > INT64_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "nothing is between positions %" PRIu64 " and %" PRIu64,
                       from, to);
    }
    pthread_mutex_lock(&j->lock);
    hb_status status = hold(j, name, from, to, err);
    pthread_mutex_unlock(&j->lock);
    return status;
}

hb_status hb_journal_unhold(hb_journal *j, const char *name, hb_error *err)
{
    HB_TRY(check_hold(j, name, err));
    pthread_mutex_lock(&j->lock);
    hb_status status = unhold(j, name, err);
    pthread_mutex_unlock(&j->lock);
    return status;
}
