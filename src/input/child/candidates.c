/* SPDX-License-Identifier: Apache-2.0 */
#include "input/child/candidates.h"

#include "base/map.h"
#include "base/mem.h"
#include "input/child/members.h"

#include <string.h>

enum { LIST_BYTES = HB_CANDIDATES_TEXT - 100, NAMES_SHOWN = 8, MAX_KINDS = 1000 };

static hb_status add_candidate(hb_candidates *c, hb_candidate one, hb_error *err)
{
    HB_TRY(HB_GROW(c->v, c->cap, c->n + 1, HB_TREE_MAX_NODES, "tables", err));
    c->v[c->n++] = one;
    return HB_OK;
}

static hb_status add_group(hb_candidates *c, const hb_var *group, uint64_t min_rows, hb_error *err)
{
    hb_members m = {0};
    hb_status status = hb_members_collect(group, min_rows, &m, err);
    hb_member_run best = status == HB_OK ? hb_members_main(&m) : (hb_member_run){0};
    for (size_t i = 0; i < m.n && status == HB_OK;) {
        hb_member_run r = hb_members_next(&m, i);
        status = add_candidate(c,
                               (hb_candidate){.where = group,
                                              .rows = r.rows,
                                              .is_main = r.first == best.first,
                                              .only = r.n == 1 ? m.v[r.first].var : NULL},
                               err);
        i += r.n;
    }
    hb_free(m.v);
    return status;
}

static bool makes_rows(const hb_var *list)
{
    for (const hb_var *v = list->child ? list->child->child : NULL; v; v = v->next) {
        if (v->kind == HB_VAR_DATA && v->rows == 1 && v->cols == 1) {
            return true;
        }
    }
    return false;
}

hb_status hb_candidates_find(const hb_var *v, uint64_t min_rows, hb_candidates *c, hb_error *err)
{
    if (v->kind == HB_VAR_GROUP) {
        HB_TRY(add_group(c, v, min_rows, err));
    } else if (v->kind == HB_VAR_LIST && makes_rows(v)) {
        HB_TRY(add_candidate(
            c, (hb_candidate){.where = v, .rows = v->last_child->place, .is_main = true}, err));
    }
    for (const hb_var *k = v->child; k; k = k->next) {
        HB_TRY(hb_candidates_find(k, min_rows, c, err));
    }
    return HB_OK;
}

void hb_candidates_release(hb_candidates *c)
{
    hb_free(c->v);
    *c = (hb_candidates){0};
}

/* One candidate as the user would write it. */
static void put_candidate(const hb_tree *t, const hb_candidate *c, hb_buf *out)
{
    if (c->only || c->is_main || c->where->kind == HB_VAR_LIST) {
        hb_var_path(t, c->only ? c->only : c->where, out);
        return;
    }
    hb_members m = {0};
    size_t n = 0;
    HB_IGNORE(
        hb_members_collect(c->where, 1, &m, NULL)); /* what is missing is missing in a message */
    for (size_t i = 0; i < m.n; i++) {
        if (hb_var_part_rows(&m.v[i]) == c->rows && n++ < NAMES_SHOWN) {
            hb_buf_c(out, n > 1 ? "," : "");
            hb_var_path(t, m.v[i].var, out);
        }
    }
    hb_buf_c(out, n > NAMES_SHOWN ? ",…" : "");
    hb_free(m.v);
}

/* Candidates alike but for their places in lists. */
typedef struct alike {
    const hb_candidate *first;
    const hb_candidate *last;
    size_t n;
    uint64_t most_rows;
} alike;

/* Its way through the tree without the places, as a key in the tree's arena. */
static hb_str key_of(hb_tree *t, const hb_candidate *c, hb_buf *room)
{
    hb_buf_clear(room);
    hb_buf_c(room, c->is_main ? "" : c->only ? "1" : "2");
    for (const hb_var *v = c->only ? c->only : c->where; v->parent; v = v->parent) {
        hb_buf_fmt(room, "%s\n", v->place ? "" : v->name);
    }
    char *kept = hb_arena_strndup(&t->arena, room->p, room->n);
    return kept ? (hb_str){kept, room->n} : (hb_str){"", 0};
}

/* Falls short when memory does: then the message does as well. */
static size_t gather(hb_tree *t, const hb_candidates *c, alike *kinds)
{
    size_t n = 0;
    hb_map by_key;
    hb_buf room;
    hb_map_init(&by_key, MAX_KINDS);
    hb_buf_init(&room, HB_FRAME_MAX_TEXT);
    for (size_t i = 0; i < c->n; i++) {
        size_t at = 0;
        hb_str key = key_of(t, &c->v[i], &room);
        if (!hb_map_get(&by_key, key, &at)) {
            if (n == MAX_KINDS || hb_map_put(&by_key, key, n, NULL) != HB_OK) {
                break;
            }
            at = n++;
            kinds[at] = (alike){.first = &c->v[i]};
        }
        alike *k = &kinds[at];
        k->last = &c->v[i];
        k->n++;
        k->most_rows = c->v[i].rows > k->most_rows ? c->v[i].rows : k->most_rows;
    }
    hb_map_release(&by_key);
    hb_buf_release(&room);
    return n;
}

static void put_kind(const hb_tree *t, const alike *k, hb_buf *out)
{
    put_candidate(t, k->first, out);
    if (k->n > 1) {
        hb_buf_c(out, k->n > 2 ? " … " : ", ");
        put_candidate(t, k->last, out);
    }
    if (k->n > 2) {
        hb_buf_fmt(out, " (%zu of them, up to %llu rows)", k->n, (unsigned long long)k->most_rows);
    } else if (k->n == 1) {
        hb_buf_fmt(out, " (%llu row%s)", (unsigned long long)k->first->rows,
                   k->first->rows == 1 ? "" : "s");
    }
}

void hb_candidates_list(hb_tree *t, const hb_candidates *c, hb_buf *out)
{
    hb_buf one;
    size_t shown = 0;
    size_t told = 0;
    alike *kinds = hb_arena_array(&t->arena, MAX_KINDS, sizeof *kinds);
    size_t n = kinds ? gather(t, c, kinds) : 0;
    hb_buf_init(&one, HB_FRAME_MAX_TEXT);
    for (size_t i = 0; i < n && shown < HB_TABLES_LISTED; i++) {
        hb_buf_clear(&one);
        put_kind(t, &kinds[i], &one);
        if (one.failed != HB_OK || out->n + one.n > LIST_BYTES) {
            break;
        }
        hb_buf_fmt(out, "%s%s", shown ? ", " : "", one.p);
        shown++;
        told += kinds[i].n;
    }
    if (told < c->n) {
        hb_buf_fmt(out, "%s%zu more", shown ? ", and " : "", c->n - told);
    }
    hb_buf_release(&one);
}
