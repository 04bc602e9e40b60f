/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/globs.h"

#include "base/mem.h"
#include "os/file.h"

#include <glob.h>
#include <string.h>

enum { FILES_MAX = 100000 };

typedef struct names {
    const char **v;
    size_t n;
    size_t cap;
} names;

static hb_status add(names *to, const char *name, hb_error *err)
{
    HB_TRY(HB_GROW(to->v, to->cap, to->n + 1, FILES_MAX, "files", err));
    to->v[to->n++] = name;
    return HB_OK;
}

static hb_status matches(hb_app *app, const char *pattern, names *to, hb_error *err)
{
    glob_t found = {0};
    /* Sorted by glob() in the C locale, in which the program runs: byte order. */
    int rc = glob(pattern, GLOB_ERR, NULL, &found);
    hb_status status = HB_OK;
    if (rc == GLOB_NOMATCH) {
        status = HB_FAIL(err, HB_E_USAGE, "no file matches '%s'", pattern);
    } else if (rc == GLOB_NOSPACE) {
        status = HB_NOMEM(err);
    } else if (rc != 0) {
        status = HB_FAIL(err, HB_E_INPUT, "cannot read a folder of '%s'", pattern);
    }
    for (size_t i = 0; status == HB_OK && i < found.gl_pathc; i++) {
        char *kept = hb_arena_str(&app->arena, hb_str_of(found.gl_pathv[i]));
        status = kept ? add(to, kept, err) : HB_NOMEM(err);
    }
    globfree(&found);
    return status;
}

hb_status hb_globs_expand(hb_app *app, hb_list list, hb_list *ret, hb_error *err)
{
    names all = {0};
    hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < list.n; i++) {
        bool pattern = strpbrk(list.v[i], "*?[") && !hb_path_exists(app->os, list.v[i]);
        status = pattern ? matches(app, list.v[i], &all, err) : add(&all, list.v[i], err);
    }
    const char **kept =
        status == HB_OK ? hb_arena_array(&app->arena, all.n + 1, sizeof *kept) : NULL;
    if (status == HB_OK && !kept) {
        status = HB_NOMEM(err);
    }
    if (status == HB_OK) {
        if (all.n) {
            memcpy(kept, all.v, all.n * sizeof *kept);
        }
        *ret = (hb_list){.v = kept, .n = all.n};
    }
    hb_free(all.v);
    return status;
}
