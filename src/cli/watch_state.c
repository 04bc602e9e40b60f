/* SPDX-License-Identifier: Apache-2.0 */
/* {"version": 1, "folders": {DIR: {NAME: {"bytes", "mtime_ns", "outcome", …}}}}; jansson keeps it,
 * as it is read and written whole. */
#include "cli/watch_state.h"

#include "base/mem.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_MAX_BYTES = 256 << 20 };

const char *const hb_watch_outcome_names[] = {[HB_WATCH_JUDGED] = "judged",
                                              [HB_WATCH_BAD] = "bad",
                                              [HB_WATCH_QUARANTINED] = "quarantined",
                                              [HB_WATCH_STOPPED] = "stopped",
                                              NULL};

struct hb_watch_state {
    const hb_os *os;
    char *path;
    json_t *root;
    json_t *folder; /* borrowed from root */
};

void hb_watch_state_free(hb_watch_state *s)
{
    if (s) {
        json_decref(s->root);
        hb_free(s->path);
        hb_free(s);
    }
}

static hb_status load(hb_watch_state *s, hb_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (!hb_path_exists(s->os, s->path)) {
        s->root = json_pack("{s:i,s:{}}", "version", 1, "folders");
        return s->root ? HB_OK : HB_NOMEM(err);
    }
    HB_TRY(hb_file_read(s->os, s->path, STATE_MAX_BYTES, &text, &len, err));
    s->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    hb_free(text);
    if (json_integer_value(json_object_get(s->root, "version")) != 1 ||
        !json_is_object(json_object_get(s->root, "folders"))) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is no state of hb watch (version 1); move it away to begin anew, and "
                       "every file is judged again",
                       s->path);
    }
    return HB_OK;
}

static hb_status folder_of(hb_watch_state *s, const char *dir, hb_error *err)
{
    char *real = realpath(dir, NULL);
    json_t *folders = json_object_get(s->root, "folders");
    const char *name = real ? real : dir;
    s->folder = json_object_get(folders, name);
    bool ok = s->folder || json_object_set_new(folders, name, json_object()) == 0;
    s->folder = json_object_get(folders, name);
    free(real); /* lint: allow malloc, realpath's own */
    return ok && json_is_object(s->folder) ? HB_OK
                                           : HB_FAIL(err, HB_E_INPUT,
                                                     "'%s': the entry of '%s' is no object, or its "
                                                     "name is not UTF-8",
                                                     s->path, dir);
}

hb_status hb_watch_state_open(const hb_os *os, const char *path, const char *dir,
                              hb_watch_state **ret_state, hb_error *err)
{
    hb_watch_state *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->os = os;
    s->path = hb_strdup(path);
    hb_status status = s->path ? load(s, err) : HB_NOMEM(err);
    status = status == HB_OK ? folder_of(s, dir, err) : status;
    if (status != HB_OK) {
        hb_watch_state_free(s);
        return status;
    }
    *ret_state = s;
    return HB_OK;
}

bool hb_watch_known(const hb_watch_state *s, const char *name, const hb_watch_stamp *stamp)
{
    const json_t *e = json_object_get(s->folder, name);
    const char *mtime = json_string_value(json_object_get(e, "mtime_ns"));
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, stamp->mtime);
    return mtime && strcmp(mtime, text) == 0 &&
           json_integer_value(json_object_get(e, "bytes")) == (json_int_t)stamp->bytes;
}

static int put_text(json_t *e, const char *key, const char *text)
{
    json_t *value = *text ? json_string(text) : NULL;
    return *text ? json_object_set_new(e, key, value ? value : json_string("?")) : 0;
}

hb_status hb_watch_note(hb_watch_state *s, const char *name, const hb_watch_stamp *stamp,
                        const hb_watch_result *r, hb_time now, hb_error *err)
{
    char mtime[24];
    char at[HB_TIME_TEXT];
    snprintf(mtime, sizeof mtime, "%" PRId64, stamp->mtime);
    hb_time_print(now, at);
    json_t *e = json_pack("{s:I,s:s,s:s,s:s}", "bytes", (json_int_t)stamp->bytes, "mtime_ns", mtime,
                          "outcome", hb_watch_outcome_names[r->outcome], "at", at);
    bool bad = !e || put_text(e, "verdict", r->verdict) || put_text(e, "run_id", r->run_id) ||
               put_text(e, "report", r->report) || put_text(e, "why", r->why);
    bad = bad || json_object_set_new(s->folder, name, e) != 0;
    char *text = bad ? NULL : json_dumps(s->root, JSON_INDENT(1) | JSON_SORT_KEYS);
    if (!text) {
        return HB_FAIL(err, HB_E_INPUT,
                       "the name of '%s' cannot be written down (not UTF-8), or no memory", name);
    }
    hb_status status = hb_file_write_atomic(s->os, s->path, text, strlen(text), 0644, err);
    free(text); /* lint: allow malloc, jansson's own */
    return status;
}
