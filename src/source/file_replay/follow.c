/* SPDX-License-Identifier: Apache-2.0 */
/* From one file to the next. A file is left for the next one only when that has begun to be
 * written, because a writer goes on into a renamed file until it opens the new one. Names move
 * while they are looked at, so what was opened is always held against what was looked for. */
#include "source/file_replay/replay.h"
#include "source/file_replay/rotated.h"
#include "source/payload.h"

#include <errno.h>

enum {
    PATIENCE = 20, /* polls for a new file that stays empty */
    TRIES = 100,
    TRIES_GONE = 3
};

/* The file itself from `next` on; waits for it where it is followed. */
static hb_status open_file(hb_source *s, const hb_source_sink *sink, uint64_t next, bool *io_go_on,
                           hb_error *err)
{
    hb_error why = {0};
    bool told = false;
    hb_tail_close(&s->tail);
    for (;;) {
        hb_status status = hb_tail_open(&s->tail, s->os, s->path, next, &why);
        if (status == HB_OK) {
            break;
        }
        if (!s->config.follow || why.sys_errno != ENOENT) {
            if (err) {
                *err = why;
            }
            return status;
        }
        if (!told) {
            sink->state(sink->ctx, HB_SOURCE_RETRYING, why.msg);
            told = true;
        }
        if (!sink->sleep_ms(sink->ctx, HB_REPLAY_POLL_MS)) {
            *io_go_on = false;
            return HB_OK;
        }
    }
    s->is_past = false;
    if (told) {
        sink->state(sink->ctx, HB_SOURCE_RUNNING, "");
    }
    return HB_OK;
}

/* Opens the file number i of a list; false when it is not what it was when it was listed, because
 * names move on while they are looked at. */
static hb_status open_past(hb_source *s, const hb_rotated *files, size_t i, uint64_t next,
                           bool *ret_opened, hb_error *err)
{
    struct stat st;
    hb_error why = {0};
    hb_tail_close(&s->tail);
    hb_status status = hb_tail_open(&s->tail, s->os, files->list[i].path, next, &why);
    *ret_opened = status == HB_OK && s->tail.place.inode == files->list[i].inode &&
                  s->os->fstat(s->tail.fd, &st) == 0 && (uint64_t)st.st_size >= next;
    s->is_past = true;
    return status == HB_E_NOMEM ? HB_NOMEM(err) : HB_OK;
}

/* The file behind the one at hand, which is read to its end: the oldest of the rotated ones that
 * are newer, else the one at the path. That may become a rotated one while this looks, and so may
 * another one after it: opened first, then looked again. */
hb_status hb_replay_next_file(hb_source *s, const hb_source_sink *sink, bool *io_go_on,
                              hb_error *err)
{
    const hb_tail_place here = s->tail.place;
    for (unsigned tries = 0; tries < TRIES && *io_go_on; tries++) {
        hb_rotated files;
        bool opened = false;
        HB_TRY(hb_rotated_find(&files, s->os, s->path, &here, err));
        hb_status status = HB_OK;
        const size_t n = files.n;
        if (n > 1) {
            status = open_past(s, &files, 1, 0, &opened, err);
        }
        hb_rotated_free(&files);
        HB_TRY(status);
        if (opened) {
            return HB_OK;
        }
        if (n > 1 || (n == 0 && tries < TRIES_GONE)) {
            continue; /* renamed while the folder was read, or gone */
        }
        HB_TRY(open_file(s, sink, 0, io_go_on, err));
        if (!*io_go_on) {
            return HB_OK;
        }
        HB_TRY(hb_rotated_find(&files, s->os, s->path, &here, err));
        opened = files.n < 2 ? files.n == n : files.list[1].inode == s->tail.place.inode;
        hb_rotated_free(&files);
        if (opened) {
            return HB_OK;
        }
    }
    return *io_go_on
               ? HB_FAIL(err, HB_E_IO, "'%s' is rotated faster than it can be opened", s->path)
               : HB_OK;
}

/* Where the last record says to go on: in the file, in one it was renamed or copied to, or nowhere
 * (*ret_found = false). */
static hb_status go_on_at(hb_source *s, const hb_tail_place *place, bool *ret_found, hb_error *err)
{
    *ret_found = false;
    for (unsigned tries = 0; tries < TRIES && !*ret_found; tries++) {
        hb_rotated files;
        hb_tail_close(&s->tail);
        hb_status status = hb_tail_open(&s->tail, s->os, s->path, place->next, NULL);
        if (status == HB_E_NOMEM) {
            return HB_NOMEM(err);
        }
        if (status == HB_OK && hb_tail_is_at(&s->tail, place)) {
            s->is_past = false;
            *ret_found = true;
            return HB_OK;
        }
        HB_TRY(hb_rotated_find(&files, s->os, s->path, place, err));
        if (files.n) {
            status = open_past(s, &files, 0, place->next, ret_found, err);
        }
        hb_rotated_free(&files);
        HB_TRY(status);
    }
    return HB_OK;
}

/* From the end: what follows is read as the header says, which stands at the beginning. */
static hb_status put_header(hb_source *s, const hb_source_sink *sink, bool *io_go_on, hb_error *err)
{
    hb_tail head = {.buf = NULL};
    hb_tail_got got = HB_TAIL_NOTHING;
    hb_str line;
    HB_TRY(hb_tail_open(&head, s->os, s->path, 0, err));
    hb_status status = hb_tail_line(&head, false, &got, &line, err);
    if (status == HB_OK && got == HB_TAIL_LINE && hb_payload_csv_is_header(line)) {
        status = hb_replay_put(s, sink, HB_RECORD_MESSAGE, line, io_go_on, err);
    }
    hb_tail_close(&head);
    return status;
}

static hb_status go_to_end(hb_source *s, const hb_source_sink *sink, bool *io_go_on, hb_error *err)
{
    struct stat st;
    hb_tail_got got = HB_TAIL_NOTHING;
    hb_str line;
    char before = '\n';
    if (s->os->fstat(s->tail.fd, &st) != 0 || st.st_size == 0) {
        return HB_OK;
    }
    if (s->os->pread(s->tail.fd, &before, 1, st.st_size - 1) != 1) {
        return HB_OK;
    }
    hb_tail_close(&s->tail);
    HB_TRY(hb_tail_open(&s->tail, s->os, s->path, (uint64_t)st.st_size, err));
    if (before != '\n') { /* the rest of a line that had begun before */
        while (got == HB_TAIL_NOTHING && *io_go_on) {
            HB_TRY(hb_tail_line(&s->tail, false, &got, &line, err));
            *io_go_on = got != HB_TAIL_NOTHING ||
                        (s->config.follow && sink->sleep_ms(sink->ctx, HB_REPLAY_POLL_MS));
        }
    }
    return *io_go_on ? put_header(s, sink, io_go_on, err) : HB_OK;
}

/* The file at hand became shorter: what was in it may have been copied, and is gone on with there.
 */
static hb_status after_cut(hb_source *s, const hb_source_sink *sink, bool *io_go_on, hb_error *err)
{
    hb_rotated files;
    bool opened = false;
    bool torn = s->tail.to > s->tail.from;
    const hb_tail_place here = s->tail.place;
    HB_TRY(hb_rotated_find(&files, s->os, s->path, &here, err));
    hb_status status = files.n ? open_past(s, &files, 0, here.next, &opened, err) : HB_OK;
    hb_rotated_free(&files);
    HB_TRY(status);
    if (opened) {
        return HB_OK;
    }
    if (torn) {
        sink->lost(sink->ctx, "truncated", 1); /* a line without its end */
    }
    return open_file(s, sink, 0, io_go_on, err);
}

/* At the end of what is followed: was it cut off, or is there another file under its name? */
hb_status hb_replay_look_around(hb_source *s, const hb_source_sink *sink, unsigned *io_waited,
                                bool *io_go_on, hb_error *err)
{
    struct stat st;
    bool cut = !hb_tail_is_same(&s->tail);
    bool there = s->os->stat(s->path, &st) == 0;
    bool other = there && (uint64_t)st.st_ino != s->tail.place.inode;
    if (!cut && !other) {
        *io_waited = 0;
        return HB_OK;
    }
    if (!cut && st.st_size == 0 && ++*io_waited < PATIENCE) {
        return HB_OK;
    }
    *io_waited = 0;
    if (!cut) {
        HB_TRY(hb_replay_lines(s, sink, true, io_go_on, err)); /* what came in the meantime */
    }
    if (!*io_go_on) {
        return HB_OK;
    }
    return cut ? after_cut(s, sink, io_go_on, err) : hb_replay_next_file(s, sink, io_go_on, err);
}

hb_status hb_replay_begin(hb_source *s, const hb_source_sink *sink, bool *io_go_on, hb_error *err)
{
    static const hb_str what = {"the file was rotated away before all of it was read, and is not "
                                "in its folder any more",
                                86};
    bool found = false;
    if (s->has_last) {
        HB_TRY(go_on_at(s, &s->last, &found, err));
    }
    if (found) {
        return HB_OK;
    }
    HB_TRY(open_file(s, sink, 0, io_go_on, err));
    if (*io_go_on && s->has_last) {
        sink->lost(sink->ctx, "rotated_away", 1);
        return hb_replay_put(s, sink, HB_RECORD_LOSS, what, io_go_on, err);
    }
    return *io_go_on && s->config.start == HB_REPLAY_END ? go_to_end(s, sink, io_go_on, err)
                                                         : HB_OK;
}
