/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keys_shared.h"
#include "cli/table.h"

#include "base/json_write.h"

#include <stdio.h>
#include <string.h>

enum { ID_SHOWN = 16, NOTE_MAX = 2000 };

hb_status hb_keys_dir(hb_app *app, const char **ret_dir, hb_error *err)
{
    return hb_app_path(app, NULL, "keys", ret_dir, err);
}

static void put_json(hb_json *j, const hb_ring_key *k)
{
    hb_json_obj(j);
    hb_json_kc(j, "name", k->name);
    hb_json_kc(j, "id", k->id);
    hb_json_kc(j, "algorithm", k->key ? hb_algorithm_name(hb_pubkey_algorithm(k->key)) : "");
    hb_json_kc(j, "state", hb_key_state_name(k->state));
    hb_json_kb(j, "default", k->is_default);
    hb_json_kb(j, "private", k->has_private);
    hb_json_kt(j, "since", k->since);
    hb_json_kc(j, "by", k->by);
    hb_json_kc(j, "reason", k->reason);
    hb_json_kc(j, "successor", k->successor);
    hb_json_kc(j, "wrong", k->wrong);
    hb_json_end(j);
}

static const char *called(const hb_keyring *ring, const char *id)
{
    const hb_ring_key *k = hb_keyring_by_id(ring, id);
    return k && *k->name ? k->name : id;
}

static void note_of(const hb_keyring *ring, const hb_ring_key *k, char out[NOTE_MAX])
{
    char at[HB_TIME_TEXT] = "";
    if (k->since != HB_TIME_NONE) {
        hb_time_print(k->since - k->since % 1000000000, at);
    }
    *out = '\0';
    if (k->state == HB_KEY_ROTATED) {
        snprintf(out, NOTE_MAX, "%s, to %.80s%s%.500s", at, called(ring, k->successor),
                 *k->reason ? ": " : "", k->reason);
    } else if (k->state == HB_KEY_REVOKED) {
        snprintf(out, NOTE_MAX, "%s, by %.80s: %.500s", at, called(ring, k->by), k->reason);
    } else if (k->state == HB_KEY_UNCLEAR) {
        snprintf(out, NOTE_MAX, "%.700s", k->wrong);
    } else if (k->is_default) {
        snprintf(out, NOTE_MAX, "signs unless --key says otherwise");
    } else if (!k->has_private) {
        snprintf(out, NOTE_MAX, "the public half alone");
    }
}

static void put_row(hb_table_text *t, const hb_keyring *ring, const hb_ring_key *k)
{
    char id[ID_SHOWN + 1];
    char note[NOTE_MAX];
    hb_str_fit(k->id, id, sizeof id);
    note_of(ring, k, note);
    const char *cells[] = {*k->name ? k->name : "-", hb_key_state_name(k->state),
                           k->key ? hb_algorithm_name(hb_pubkey_algorithm(k->key)) : "-", id, note};
    hb_table_text_row(t, cells);
}

static hb_status view_json(hb_app *app, const hb_keyring *ring, const hb_ring_key *const *keys,
                           size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-keys/1");
    hb_json_kc(&j, "folder", ring->dir);
    hb_json_kc(&j, "default", ring->default_name);
    hb_json_key(&j, "keys");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        put_json(&j, keys[i]);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status view_text(hb_app *app, const hb_keyring *ring, const hb_ring_key *const *keys,
                           size_t n, hb_error *err)
{
    static const char *const head[] = {"NAME", "STATE", "ALGORITHM", "KEY", ""};
    hb_table_text t;
    hb_table_text_begin(&t, head, 5);
    for (size_t i = 0; i < n; i++) {
        put_row(&t, ring, keys[i]);
    }
    return hb_table_text_end(&t, &app->out, err);
}

hb_status hb_view_keys(hb_app *app, const hb_keyring *ring, const char *const *ids, size_t n,
                       hb_error *err)
{
    size_t total = n ? n : ring->n;
    const hb_ring_key **keys = hb_arena_array(&app->arena, total + 1, sizeof(hb_ring_key *));
    if (!keys) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < total; i++) {
        keys[i] = n ? hb_keyring_by_id(ring, ids[i]) : &ring->keys[i];
        if (!keys[i]) {
            return HB_FAIL(err, HB_E_BUG, "key %.16s is not in '%s'", ids[i], ring->dir);
        }
    }
    return app->common.json ? view_json(app, ring, keys, total, err)
                            : view_text(app, ring, keys, total, err);
}
