/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/pack_names.h"

#include <string.h>

/* Every part of every path, and room to spare for the table. */
enum { NAMES_BYTES = 64 << 20, NAMES_MAX = HB_PACK_FILES_MAX * HB_PACK_PARTS_MAX };

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_name_char(char c)
{
    char l = folded(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* CON, NUL, COM1 … with whatever ending. */
static bool names_device(hb_str part)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul"};
    hb_str stem = {part.p, hb_str_find_ch(part, '.')};
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        if (hb_str_ieq_c(stem, devices[i])) {
            return true;
        }
    }
    hb_str port = {stem.p, stem.n == 4 ? 3 : 0};
    return port.n && (hb_str_ieq_c(port, "com") || hb_str_ieq_c(port, "lpt")) && stem.p[3] >= '0' &&
           stem.p[3] <= '9';
}

static const char *part_unfit(hb_str part)
{
    if (part.n == 0) {
        return "a part of it is empty";
    }
    if (hb_str_eq_c(part, ".") || hb_str_eq_c(part, "..")) {
        return "it leads to another folder";
    }
    if (part.p[0] == '-') {
        return "a part of it begins with '-'";
    }
    if (part.p[part.n - 1] == '.') {
        return "a part of it ends in '.'";
    }
    return names_device(part) ? "a part of it is the name of a device" : NULL;
}

const char *hb_pack_path_unfit(const char *path)
{
    size_t n = strlen(path);
    if (n == 0 || n > HB_PACK_PATH_BYTES) {
        return "its length is not between 1 and 240 bytes";
    }
    if (path[0] == '/') {
        return "it begins at the root";
    }
    if (path[n - 1] == '/') {
        return "it is a folder";
    }
    size_t parts = 0;
    size_t from = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && path[i] != '/') {
            if (!is_name_char(path[i])) {
                return "it has other characters than A-Z a-z 0-9 . _ -";
            }
            continue;
        }
        const char *why = part_unfit((hb_str){path + from, i - from});
        if (why) {
            return why;
        }
        from = i + 1;
        parts++;
    }
    return parts > HB_PACK_PARTS_MAX ? "it is more than 8 folders deep" : NULL;
}

void hb_pack_names_init(hb_pack_names *names)
{
    *names = (hb_pack_names){0};
    hb_arena_init(&names->arena, NAMES_BYTES);
    hb_map_init(&names->map, NAMES_MAX);
}

void hb_pack_names_release(hb_pack_names *names)
{
    hb_map_release(&names->map);
    hb_arena_release(&names->arena);
}

static hb_status clash(const struct hb_pack_name *other, const char *path, size_t n, bool folder,
                       hb_status code, hb_error *err)
{
    if (strncmp(other->path, path, n) != 0) {
        return HB_FAIL(err, code, "'%.*s' and '%.*s' differ in letters' case only", (int)n,
                       other->path, (int)n, path);
    }
    if (folder != other->folder) {
        return HB_FAIL(err, code, "'%.*s' is a file and a folder", (int)n, path);
    }
    return folder ? HB_OK : HB_FAIL(err, code, "'%s' is there twice", path);
}

hb_status hb_pack_names_add(hb_pack_names *names, const char *path, hb_status code, hb_error *err)
{
    const char *why = hb_pack_path_unfit(path);
    if (why) {
        hb_buf shown;
        hb_buf_init(&shown, 1 << 20);
        hb_buf_shown(&shown, path);
        hb_status status =
            HB_FAIL(err, code, "'%.80s' cannot be a path in a pack: %s", shown.p, why);
        hb_buf_release(&shown);
        return status;
    }
    size_t n = strlen(path);
    char *key = hb_arena_strndup(&names->arena, path, n);
    char *kept = hb_arena_strndup(&names->arena, path, n);
    if (!key || !kept) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        key[i] = folded(key[i]);
    }
    for (size_t i = 1; i <= n; i++) {
        if (i < n && path[i] != '/') {
            continue;
        }
        hb_str prefix = {key, i};
        size_t at = 0;
        if (hb_map_get(&names->map, prefix, &at)) {
            HB_TRY(clash(&names->known[at], path, i, i < n, code, err));
            continue;
        }
        HB_TRY(HB_ARENA_GROW(&names->arena, names->known, names->n, names->cap, err));
        HB_TRY(hb_map_put(&names->map, prefix, names->n, err));
        names->known[names->n++] = (struct hb_pack_name){kept, i < n};
    }
    return HB_OK;
}

bool hb_pack_is_signature(const char *path)
{
    return strcmp(path, HB_PACK_ATTESTATION) == 0 || strcmp(path, HB_PACK_TIME_TOKEN) == 0;
}

int hb_pack_order(const char *a, const char *b)
{
    int later = (int)hb_pack_is_signature(a) - (int)hb_pack_is_signature(b);
    return later ? later : strcmp(a, b);
}
