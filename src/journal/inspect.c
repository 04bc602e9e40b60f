/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/inspect.h"

#include "journal/internal.h"
#include "os/file.h"

#include <inttypes.h>
#include <stdio.h>

static const hb_journal_options reading = {.read_only = true};

static hb_status list_ranges(const hb_journal *j, hb_arena *arena, hb_journal_listing *ret,
                             hb_error *err)
{
    ret->holds = hb_arena_array(arena, j->n_holds + 1, sizeof *ret->holds);
    ret->gaps = hb_arena_array(arena, j->n_holds + 1, sizeof *ret->gaps);
    if (!ret->holds || !ret->gaps) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < j->n_holds; i++) {
        const hb_hold *h = &j->holds[i];
        hb_journal_range r = {
            .name = hb_arena_str(arena, hb_str_of(h->name)), .from = h->from, .to = h->to};
        if (!r.name) {
            return HB_NOMEM(err);
        }
        if (h->name[0]) {
            ret->holds[ret->n_holds++] = r;
        } else {
            ret->gaps[ret->n_gaps++] = r;
        }
    }
    return HB_OK;
}

static hb_status list_rows(hb_journal *j, hb_arena *arena, hb_journal_listing *ret, hb_error *err)
{
    ret->rows = hb_arena_array(arena, j->n_segments + 1, sizeof *ret->rows);
    if (!ret->rows) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < j->n_segments; i++) {
        hb_segment *s = j->segments[i];
        char name[HB_SEGMENT_NAME];
        hb_segment_name(s->start, name);
        if (!s->known && hb_segment_ref(j, s, false, NULL) == HB_OK) {
            hb_segment_scan(s, s->end, NULL, NULL, &s->seal, NULL);
            hb_segment_unref(j, s);
        }
        hb_journal_row r = {.file = hb_arena_str(arena, hb_str_of(name)),
                            .start = s->start,
                            .end = s == j->active ? j->end : s->end,
                            .bytes = s->file_bytes,
                            .records = s->seal.records,
                            .made = s->made,
                            .first = s->seal.first,
                            .newest = s->seal.newest,
                            .last = s == j->active,
                            .damaged = !s->known};
        if (!r.file) {
            return HB_NOMEM(err);
        }
        ret->rows[ret->n_rows++] = r;
    }
    return HB_OK;
}

hb_status hb_journal_list(const hb_os *os, const char *dir, hb_arena *arena,
                          hb_journal_listing *ret, hb_error *err)
{
    hb_journal *j = NULL;
    hb_journal_listing listing = {0};
    HB_TRY(hb_journal_open(os, dir, &reading, &j, err));
    hb_journal_get_state(j, &listing.state);
    hb_status status = list_rows(j, arena, &listing, err);
    if (status == HB_OK) {
        status = list_ranges(j, arena, &listing, err);
    }
    hb_journal_close(j);
    if (status == HB_OK) {
        *ret = listing;
    }
    return status;
}

typedef struct checking {
    hb_journal *j;
    hb_arena *arena;
    hb_segment *segment;
    char file[HB_SEGMENT_NAME];
    hb_journal_verdict *v;
    size_t cap_problems;
    size_t cap_notes;
    hb_status status;
} checking;

static void add(checking *c, bool problem, uint64_t from, uint64_t to, const char *what)
{
    hb_journal_finding **list = problem ? &c->v->problems : &c->v->notes;
    size_t *n = problem ? &c->v->n_problems : &c->v->n_notes;
    if (c->status != HB_OK || *n >= HB_JOURNAL_FINDINGS) {
        return;
    }
    c->status = hb_arena_grow(c->arena, (void **)list, *n,
                              problem ? &c->cap_problems : &c->cap_notes, sizeof **list, NULL);
    const char *file = hb_arena_str(c->arena, hb_str_of(c->file));
    const char *text = hb_arena_str(c->arena, hb_str_of(what));
    if (c->status != HB_OK || !file || !text) {
        c->status = HB_E_NOMEM;
        return;
    }
    (*list)[(*n)++] = (hb_journal_finding){.file = file, .from = from, .to = to, .what = text};
}

static void on_damage(void *ctx, const hb_damage *d)
{
    add(ctx, true, d->from, d->to, d->why);
}

static bool all_zero(const unsigned char *p, size_t n)
{
    return hb_last_byte(p, n, 0) == 0;
}

static void check_head(checking *c)
{
    const hb_segment *s = c->segment;
    hb_segment_head head;
    bool newer = false;
    const char *why = hb_segment_head_read(s->map, s->map_bytes, &head, &newer);
    if (why) {
        add(c, true, s->start, s->start, why);
    } else if (head.start != s->start) {
        add(c, true, s->start, s->start, "the header states another position than the name");
    } else if (head.file_bytes != s->map_bytes) {
        add(c, true, s->start, s->start, "the file is not as long as its header says");
    }
    if (!all_zero(s->map + HB_SEGMENT_LEAD, HB_SEGMENT_HEAD - HB_SEGMENT_LEAD)) {
        add(c, true, s->start, s->start, "there is something in the empty part of the header");
    }
}

static void check_sealed(checking *c)
{
    const hb_segment *s = c->segment;
    hb_segment_seal seal;
    hb_segment_seal found;
    size_t before = c->v->n_problems;
    hb_segment_walk(s, s->end, on_damage, c, &found);
    c->v->records += found.records;
    if (!hb_segment_seal_read(s->map, s->map_bytes, &seal)) {
        add(c, true, s->start, s->start, "the seal is damaged");
    } else if (c->v->n_problems == before &&
               (seal.end != found.end || seal.records != found.records ||
                seal.first != found.first || seal.newest != found.newest)) {
        add(c, true, s->start, s->end, "the seal states other figures than the records give");
    }
    size_t end = HB_SEGMENT_HEAD + (size_t)(s->end - s->start);
    if (end < s->map_bytes && hb_last_byte(s->map, s->map_bytes, end) != end) {
        add(c, true, s->end, s->end, "there is something after the last record");
    }
}

/* Where another process may be writing: what follows an empty place is not looked at. */
static void check_last(checking *c)
{
    const hb_segment *s = c->segment;
    hb_segment_seal found;
    const char *why = NULL;
    hb_segment_scan(s, HB_POSITION_OPEN, NULL, NULL, &found, &why);
    c->v->records += found.records;
    if (why) {
        char what[300];
        hb_journal_state st;
        hb_journal_get_state(c->j, &st);
        snprintf(what, sizeof what,
                 st.cut_records
                     ? "%s; %" PRIu64 " bytes from there on, among them %" PRIu64
                       " whole records: a repair keeps those; the daemon, when it starts, too "
                       "where it had judged this, else it cuts all off"
                     : "%s; a repair, or the daemon when it starts, cuts off %" PRIu64
                       " bytes from there on",
                 why, st.cut_bytes, st.cut_records);
        add(c, true, found.end, found.end + st.cut_bytes, what);
    }
}

static void check_join(checking *c, const hb_segment *s, const hb_segment *next)
{
    if (s->end == next->start) {
        return;
    }
    if (hb_holds_gap(c->j, s->end, next->start)) {
        add(c, false, s->end, next->start,
            "dropped by the retention, between segments that are kept");
    } else {
        add(c, true, s->end, next->start, "a segment is missing");
    }
}

static hb_status check_segment(checking *c, size_t i, hb_error *err)
{
    hb_journal *j = c->j;
    hb_segment *s = j->segments[i];
    c->segment = s;
    hb_segment_name(s->start, c->file);
    pthread_mutex_lock(&j->lock);
    hb_status status = hb_segment_ref(j, s, false, err);
    pthread_mutex_unlock(&j->lock);
    if (status == HB_E_INPUT || (status == HB_OK && !s->map)) {
        add(c, true, s->start, s->end, "the file is shorter than a header");
        return HB_OK;
    }
    if (status != HB_OK && s != j->active) {
        char path[HB_JOURNAL_PATH];
        hb_segment_path(j, s, path);
        if (!hb_path_exists(j->os, path)) {
            return HB_OK; /* dropped by the retention since the folder was read */
        }
    }
    HB_TRY(status);
    check_head(c);
    if (s == j->active) {
        check_last(c);
    } else {
        check_sealed(c);
        check_join(c, s, j->segments[i + 1]);
    }
    pthread_mutex_lock(&j->lock);
    hb_segment_unref(j, s);
    pthread_mutex_unlock(&j->lock);
    return c->status == HB_OK ? HB_OK : HB_NOMEM(err);
}

hb_status hb_journal_verify(const hb_os *os, const char *dir, hb_arena *arena,
                            hb_journal_verdict *ret, hb_error *err)
{
    hb_journal *j = NULL;
    hb_journal_verdict v = {0};
    HB_TRY(hb_journal_open(os, dir, &reading, &j, err));
    checking c = {.j = j, .arena = arena, .v = &v};
    hb_status status = HB_OK;
    size_t n = j->n_segments;
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        status = check_segment(&c, i, err);
    }
    v.begin = j->begin;
    v.end = j->end;
    v.segments = (uint32_t)n;
    hb_journal_close(j);
    if (status == HB_OK) {
        *ret = v;
    }
    return status;
}
