/* SPDX-License-Identifier: Apache-2.0 */
#include "input/child/members.h"

#include "base/mem.h"
#include "input/table.h"

#include <string.h>

uint64_t hb_var_part_rows(const hb_var_part *p)
{
    return p->turned ? p->var->cols : p->var->rows;
}

static int by_length(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* How many rows the vectors of a group have; sorted, for hb_free. */
static hb_status vector_lengths(const hb_var *group, uint64_t **ret, size_t *ret_n, hb_error *err)
{
    size_t cap = 0;
    for (const hb_var *v = group->child; v; v = v->next) {
        HB_TRY(HB_GROW(*ret, cap, *ret_n + 1, HB_TREE_MAX_NODES, "variables", err));
        if (v->kind == HB_VAR_DATA && !v->matrix) {
            (*ret)[(*ret_n)++] = v->rows;
        }
    }
    if (*ret_n) {
        qsort(*ret, *ret_n, sizeof **ret, by_length);
    }
    return HB_OK;
}

static bool has_length(const uint64_t *lengths, size_t n, uint64_t wanted)
{
    return n && bsearch(&wanted, lengths, n, sizeof *lengths, by_length);
}

bool hb_var_too_wide(const hb_var *v)
{
    return v->cols > HB_TABLE_MAX_COLUMNS && v->rows <= HB_TABLE_MAX_COLUMNS;
}

static bool is_turned(const hb_var *v, const uint64_t *lengths, size_t n)
{
    if (!v->matrix || has_length(lengths, n, v->rows)) {
        return false;
    }
    return has_length(lengths, n, v->cols) || hb_var_too_wide(v);
}

typedef struct sort_key {
    uint64_t rows;
    size_t at;
} sort_key;

static int by_rows(const void *a, const void *b)
{
    const sort_key *x = a;
    const sort_key *y = b;
    return x->rows != y->rows ? (x->rows > y->rows) - (x->rows < y->rows)
                              : (x->at > y->at) - (x->at < y->at);
}

static hb_status sort_members(hb_members *m, hb_error *err)
{
    sort_key *keys = hb_alloc_array(m->n ? m->n : 1, sizeof *keys);
    hb_var_part *sorted = hb_alloc_array(m->n ? m->n : 1, sizeof *sorted);
    if (!keys || !sorted) {
        hb_free(keys);
        hb_free(sorted);
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < m->n; i++) {
        keys[i] = (sort_key){hb_var_part_rows(&m->v[i]), i};
    }
    qsort(keys, m->n, sizeof *keys, by_rows);
    for (size_t i = 0; i < m->n; i++) {
        sorted[i] = m->v[keys[i].at];
    }
    hb_free(keys);
    hb_free(m->v);
    m->v = sorted;
    m->cap = m->n;
    return HB_OK;
}

/* Members with at least min_rows rows; free m->v. */
hb_status hb_members_collect(const hb_var *group, uint64_t min_rows, hb_members *m, hb_error *err)
{
    uint64_t *lengths = NULL;
    size_t n_lengths = 0;
    hb_status status = vector_lengths(group, &lengths, &n_lengths, err);
    for (const hb_var *v = group->child; v && status == HB_OK; v = v->next) {
        if (v->kind != HB_VAR_DATA) {
            continue;
        }
        hb_var_part p = {v, is_turned(v, lengths, n_lengths)};
        if (hb_var_part_rows(&p) < min_rows) {
            continue;
        }
        status = HB_GROW(m->v, m->cap, m->n + 1, HB_TREE_MAX_NODES, "variables", err);
        if (status == HB_OK) {
            m->v[m->n++] = p;
        }
    }
    hb_free(lengths);
    return status == HB_OK && m->n ? sort_members(m, err) : status;
}

hb_member_run hb_members_next(const hb_members *m, size_t from)
{
    hb_member_run r = {.first = from, .rows = hb_var_part_rows(&m->v[from])};
    for (size_t i = from; i < m->n && hb_var_part_rows(&m->v[i]) == r.rows; i++) {
        r.n++;
        r.n_columns += hb_var_part_columns(&m->v[i]);
    }
    return r;
}

hb_member_run hb_members_main(const hb_members *m)
{
    hb_member_run best = {0};
    for (size_t i = 0; i < m->n;) {
        hb_member_run r = hb_members_next(m, i);
        if (r.n_columns >= best.n_columns) { /* of equals the longer, which comes later */
            best = r;
        }
        i += r.n;
    }
    return best;
}

hb_status hb_members_of_list(const hb_var *list, hb_members *m, hb_error *err)
{
    for (const hb_var *v = list->child ? list->child->child : NULL; v; v = v->next) {
        if (v->kind == HB_VAR_DATA && v->rows == 1 && v->cols == 1) {
            HB_TRY(HB_GROW(m->v, m->cap, m->n + 1, HB_TREE_MAX_NODES, "fields", err));
            m->v[m->n++] = (hb_var_part){v, false};
        }
    }
    return HB_OK;
}
