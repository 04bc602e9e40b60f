/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/raw_list.h"

#include "base/json_write.h"
#include "evidence/object.h"

static void put_file(hb_json *j, const hb_raw_file *f)
{
    hb_json_obj(j);
    hb_json_ku(j, "bytes", f->bytes);
    hb_json_kc(j, "member", f->member);
    hb_json_kc(j, "name", f->name);
    hb_json_kc(j, "path", f->path);
    hb_json_kc(j, "sha256", f->sha256);
    hb_json_kc(j, "why", f->why);
    hb_json_end(j);
}

static void put_journal(hb_json *j, const hb_raw_journal *o)
{
    hb_json_key(j, "journal");
    hb_json_obj(j);
    hb_json_ku(j, "from", o->from);
    if (*o->how) {
        hb_json_key(j, "how");
        hb_json_raw(j, hb_str_of(o->how));
    }
    hb_json_key(j, "members");
    hb_json_arr(j);
    for (size_t i = 0; i < o->n_members; i++) {
        hb_json_c(j, o->members[i]);
    }
    hb_json_end(j);
    hb_json_ku(j, "records", o->records);
    hb_json_kc(j, "stream", o->stream);
    hb_json_ku(j, "to", o->to);
    hb_json_kc(j, "why", o->why);
    hb_json_kc(j, "window", o->window);
    hb_json_end(j);
}

static void put_slice(hb_json *j, const hb_raw_list *l)
{
    hb_json_key(j, "slice");
    hb_json_obj(j);
    hb_json_key(j, "files");
    hb_json_arr(j);
    for (size_t i = 0; l->cuts && i < l->n_files; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "member", l->cuts[i].member);
        hb_json_ku(j, "rows", l->cuts[i].rows);
        hb_json_kc(j, "why", l->cuts[i].why);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_kt(j, "from", l->slice_from);
    hb_json_kt(j, "to", l->slice_to);
    hb_json_end(j);
}

hb_status hb_raw_list_json(const hb_raw_list *l, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_buf_clear(out);
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "files");
    hb_json_arr(&j);
    for (size_t i = 0; i < l->n_files; i++) {
        put_file(&j, &l->files[i]);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "format", "hb-raw/1");
    if (l->journal) {
        put_journal(&j, l->journal);
    }
    if (l->reading.n) {
        hb_json_key(&j, "reading");
        hb_json_raw(&j, l->reading);
    }
    if (l->slice_from != HB_TIME_NONE) {
        put_slice(&j, l);
    }
    hb_json_kc(&j, "why", l->why);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

/* --- reading --- */

static hb_status text(hb_object *o, const char *key, hb_arena *arena, const char **ret,
                      hb_error *err)
{
    const char *borrowed = NULL;
    HB_TRY(hb_object_text(o, key, &borrowed, err));
    *ret = hb_arena_str(arena, hb_str_of(borrowed));
    return *ret ? HB_OK : HB_NOMEM(err);
}

static hb_status time_of(hb_object *o, const char *key, hb_time *ret, hb_error *err)
{
    const char *words = NULL;
    HB_TRY(hb_object_text(o, key, &words, err));
    return hb_time_parse(words, hb_str_of(words).n, ret, NULL)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%s': '%s' is no time", o->where, key);
}

static int add(const char *p, size_t n, void *out)
{
    hb_buf_add(out, p, n);
    return 0;
}

/* What stands in it as it is, as text again. */
static hb_status whole(hb_object *o, const char *key, hb_arena *arena, const char **ret,
                       hb_error *err)
{
    hb_object inner;
    *ret = "";
    if (!hb_object_has(o, key)) {
        return HB_OK;
    }
    HB_TRY(hb_object_object(o, key, &inner, err));
    hb_buf dumped;
    hb_buf_init(&dumped, HB_RAW_LIST_MAX);
    int rc = json_dump_callback(inner.json, add, &dumped, JSON_COMPACT | JSON_SORT_KEYS);
    *ret = rc == 0 && !dumped.failed ? hb_arena_strndup(arena, dumped.p, dumped.n) : NULL;
    hb_buf_release(&dumped);
    return *ret ? HB_OK : HB_NOMEM(err);
}

static hb_status parse_file(const json_t *json, hb_arena *arena, hb_raw_file *f, hb_error *err)
{
    hb_object o = hb_object_of(json, HB_PACK_READING ": files");
    if (!json_is_object(json)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' lists a file that is no object", HB_PACK_READING);
    }
    HB_TRY(hb_object_u64(&o, "bytes", &f->bytes, err));
    HB_TRY(text(&o, "member", arena, &f->member, err));
    HB_TRY(text(&o, "name", arena, &f->name, err));
    HB_TRY(text(&o, "path", arena, &f->path, err));
    HB_TRY(text(&o, "sha256", arena, &f->sha256, err));
    HB_TRY(text(&o, "why", arena, &f->why, err));
    if ((*f->member == '\0') == (*f->why == '\0')) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s': a file is in the pack, or it is said why not",
                       HB_PACK_READING);
    }
    return hb_object_end(&o, err);
}

static hb_status parse_files(hb_object *root, hb_arena *arena, hb_raw_list *l, hb_error *err)
{
    const json_t *list = NULL;
    HB_TRY(hb_object_list(root, "files", HB_RAW_FILES_MAX, &list, err));
    l->n_files = json_array_size(list);
    l->files = hb_arena_array(arena, l->n_files ? l->n_files : 1, sizeof *l->files);
    if (!l->files) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < l->n_files; i++) {
        HB_TRY(parse_file(json_array_get(list, i), arena, &l->files[i], err));
    }
    return HB_OK;
}

static hb_status parse_members(hb_object *o, hb_arena *arena, hb_raw_journal *j, hb_error *err)
{
    const json_t *list = NULL;
    HB_TRY(hb_object_list(o, "members", HB_RAW_FILES_MAX, &list, err));
    j->n_members = json_array_size(list);
    const char **names = hb_arena_array(arena, j->n_members ? j->n_members : 1, sizeof *names);
    if (!names) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < j->n_members; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        names[i] = name ? hb_arena_str(arena, hb_str_of(name)) : NULL;
        if (!names[i]) {
            return name ? HB_NOMEM(err)
                        : HB_FAIL(err, HB_E_EVIDENCE, "'%s' lists a member that is no text",
                                  HB_PACK_READING);
        }
    }
    j->members = names;
    return HB_OK;
}

static hb_status parse_journal(hb_object *root, hb_arena *arena, hb_raw_list *l, hb_error *err)
{
    hb_object o;
    if (!hb_object_has(root, "journal")) {
        return HB_OK;
    }
    hb_raw_journal *j = hb_arena_alloc(arena, sizeof *j);
    if (!j) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_object_object(root, "journal", &o, err));
    HB_TRY(hb_object_u64(&o, "from", &j->from, err));
    HB_TRY(whole(&o, "how", arena, &j->how, err));
    HB_TRY(parse_members(&o, arena, j, err));
    HB_TRY(hb_object_u64(&o, "records", &j->records, err));
    HB_TRY(text(&o, "stream", arena, &j->stream, err));
    HB_TRY(hb_object_u64(&o, "to", &j->to, err));
    HB_TRY(text(&o, "why", arena, &j->why, err));
    HB_TRY(text(&o, "window", arena, &j->window, err));
    l->journal = j;
    return hb_object_end(&o, err);
}

static hb_status parse_cuts(hb_object *slice, hb_arena *arena, hb_raw_list *l, hb_error *err)
{
    const json_t *list = NULL;
    HB_TRY(hb_object_list(slice, "files", HB_RAW_FILES_MAX, &list, err));
    size_t n = json_array_size(list);
    if (n == 0) {
        return HB_OK;
    }
    l->cuts = n == l->n_files ? hb_arena_array(arena, n, sizeof *l->cuts) : NULL;
    if (!l->cuts) {
        return n == l->n_files ? HB_NOMEM(err)
                               : HB_FAIL(err, HB_E_EVIDENCE, "'%s' cuts %zu files of %zu",
                                         HB_PACK_READING, n, l->n_files);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *json = json_array_get(list, i);
        hb_object o = hb_object_of(json, HB_PACK_READING ": slice");
        if (!json_is_object(json)) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' cuts a file that is no object",
                           HB_PACK_READING);
        }
        HB_TRY(text(&o, "member", arena, &l->cuts[i].member, err));
        HB_TRY(hb_object_u64(&o, "rows", &l->cuts[i].rows, err));
        HB_TRY(text(&o, "why", arena, &l->cuts[i].why, err));
        HB_TRY(hb_object_end(&o, err));
    }
    return HB_OK;
}

static hb_status parse_slice(hb_object *root, hb_arena *arena, hb_raw_list *l, hb_error *err)
{
    hb_object o;
    l->slice_from = l->slice_to = HB_TIME_NONE;
    if (!hb_object_has(root, "slice")) {
        return HB_OK;
    }
    HB_TRY(hb_object_object(root, "slice", &o, err));
    HB_TRY(parse_cuts(&o, arena, l, err));
    HB_TRY(time_of(&o, "from", &l->slice_from, err));
    HB_TRY(time_of(&o, "to", &l->slice_to, err));
    return hb_object_end(&o, err);
}

static hb_status parse(hb_object *o, hb_arena *arena, hb_raw_list *l, hb_error *err)
{
    const char *reading = "";
    HB_TRY(parse_files(o, arena, l, err));
    HB_TRY(hb_object_is(o, "format", "hb-raw/1", err));
    HB_TRY(parse_journal(o, arena, l, err));
    HB_TRY(whole(o, "reading", arena, &reading, err));
    l->reading = hb_str_of(reading);
    HB_TRY(parse_slice(o, arena, l, err));
    HB_TRY(text(o, "why", arena, &l->why, err));
    return hb_object_end(o, err);
}

hb_status hb_raw_list_parse(hb_str json, hb_arena *arena, hb_raw_list *ret, hb_error *err)
{
    json_t *root = NULL;
    hb_raw_list l = {0};
    HB_TRY(hb_object_parse(json, HB_PACK_READING, &root, err));
    hb_object o = hb_object_of(root, HB_PACK_READING);
    hb_status status = parse(&o, arena, &l, err);
    json_decref(root);
    if (status == HB_OK) {
        *ret = l;
    }
    return status;
}
