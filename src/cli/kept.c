/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/kept.h"

#include "store/documents.h"

#include <string.h>

static const struct hb_kept_document *find(const hb_app *app, const char *sha256)
{
    for (size_t i = 0; i < app->n_kept; i++) {
        if (strcmp(app->kept[i].sha256, sha256) == 0) {
            return &app->kept[i];
        }
    }
    return NULL;
}

hb_status hb_kept_remember(hb_app *app, const char *kind, hb_str text, const char *sha256,
                           hb_error *err)
{
    if (find(app, sha256)) {
        return HB_OK;
    }
    HB_TRY(HB_ARENA_GROW(&app->arena, app->kept, app->n_kept, app->cap_kept, err));
    const char *copy = hb_arena_strndup(&app->arena, text.p, text.n);
    if (!copy) {
        return HB_NOMEM(err);
    }
    struct hb_kept_document *to = &app->kept[app->n_kept++];
    *to = (struct hb_kept_document){.kind = kind, .text = {copy, text.n}};
    hb_str_fit(sha256, to->sha256, sizeof to->sha256);
    return HB_OK;
}

hb_status hb_kept_put(hb_app *app, hb_store *store, const char *sha256, hb_error *err)
{
    const struct hb_kept_document *doc = sha256 ? find(app, sha256) : NULL;
    return doc ? hb_store_put_document(store, doc->kind, doc->text, NULL, err) : HB_OK;
}
