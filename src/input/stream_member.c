/* SPDX-License-Identifier: Apache-2.0 */
/* A zip container is a stream of one of its files on top of the stream that holds it. */
#include "input/stream_internal.h"

#include "base/mem.h"

/* A stream of the chosen file on top of *io, which it owns from then on; *ret_done = there is
 * nothing to choose here. */
static hb_status enter(hb_stream **io, const char *member, bool *ret_done, hb_error *err)
{
    hb_stream *below = *io;
    hb_zip *zip = NULL;
    hb_zip_choice c = {0};
    hb_stream *s = NULL;
    HB_TRY(hb_zip_open(below, &zip, err));
    hb_status status = hb_zip_choose(zip, below->path, member, &c, err);
    *ret_done = c.as_it_is;
    if (status == HB_OK && !c.as_it_is) {
        status = hb_stream_new(below->os, below->path, &s, err);
    }
    if (s) {
        s->took_member = c.used;
        s->member_name = HB_TAKE(c.name);
        status = hb_zip_file_open(zip, &c.entry, &s->member, err);
    }
    if (s && status == HB_OK) {
        s->below = below;
        s->zip = HB_TAKE(zip);
        *io = s;
        status = hb_stream_choose_codec(s, err);
    } else {
        hb_stream_close(s);
    }
    hb_zip_choice_release(&c);
    hb_zip_close(zip);
    return status;
}

static hb_status enter_containers(hb_stream **io, const char *member, hb_error *err)
{
    for (int depth = 0;; depth++) {
        hb_str head;
        bool done = false;
        HB_TRY(hb_stream_peek(*io, 4, &head, err));
        if (!hb_zip_recognise(head)) {
            return HB_OK;
        }
        if (depth == HB_STREAM_MAX_NESTING) {
            return HB_FAIL(err, HB_E_LIMIT,
                           "'%s': '%.100s' is a zip in a zip in a zip; unpack it first",
                           (*io)->path, (*io)->member_name);
        }
        HB_TRY(enter(io, hb_stream_took_member(*io) ? NULL : member, &done, err));
        if (done) {
            return HB_OK;
        }
    }
}

hb_status hb_stream_open_member(const hb_os *os, const char *path, const char *member,
                                hb_stream **ret_stream, hb_error *err)
{
    hb_stream *s = NULL;
    HB_TRY(hb_stream_open_file(os, path, &s, err));
    hb_status status = enter_containers(&s, member, err);
    if (status != HB_OK) {
        hb_stream_close(s);
        return status;
    }
    *ret_stream = s;
    return HB_OK;
}

hb_status hb_stream_open(const hb_os *os, const char *path, hb_stream **ret_stream, hb_error *err)
{
    return hb_stream_open_member(os, path, NULL, ret_stream, err);
}

const char *hb_stream_member(const hb_stream *s)
{
    return s->member_name ? s->member_name : "";
}

bool hb_stream_took_member(const hb_stream *s)
{
    for (; s; s = s->below) {
        if (s->took_member) {
            return true;
        }
    }
    return false;
}
