/* SPDX-License-Identifier: Apache-2.0 */
#include "input/child/tables.h"

#include "base/mem.h"
#include "input/child/candidates.h"
#include "input/child/members.h"
#include "input/table.h"

#include <string.h>

enum { LIST_BYTES = 330, NAMES_SHOWN = 8, MAX_PARTS = HB_TABLE_MAX_COLUMNS };

size_t hb_var_part_columns(const hb_var_part *p)
{
    return (size_t)(p->turned ? p->var->rows : p->var->cols);
}

static hb_status keep_path(hb_tree *t, const hb_var *v, const char **ret, hb_error *err)
{
    hb_buf b;
    hb_buf_init(&b, HB_FRAME_MAX_TEXT);
    hb_var_path(t, v, &b);
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK) {
        *ret = hb_arena_strndup(&t->arena, b.p, b.n);
        status = *ret ? HB_OK : HB_NOMEM(err);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status finish(hb_tree *t, hb_var_table *table, hb_error *err)
{
    table->n_columns = 0;
    for (size_t i = 0; i < table->n_parts; i++) {
        uint64_t n = table->parts[i].turned ? table->parts[i].var->rows : table->parts[i].var->cols;
        if (n > HB_TABLE_MAX_COLUMNS || table->n_columns + n > HB_TABLE_MAX_COLUMNS) {
            return HB_FAIL(err, HB_E_LIMIT, "the table has more than %d columns",
                           HB_TABLE_MAX_COLUMNS);
        }
        table->n_columns += (size_t)n;
    }
    return table->path ? HB_OK : keep_path(t, table->where, &table->path, err);
}

static hb_status take_parts(hb_tree *t, const hb_var_part *parts, size_t n, hb_var_table *ret,
                            hb_error *err)
{
    ret->parts = hb_arena_array(&t->arena, n, sizeof *parts);
    if (!ret->parts) {
        return HB_NOMEM(err);
    }
    memcpy(ret->parts, parts, n * sizeof *parts);
    ret->n_parts = n;
    ret->rows = hb_var_part_rows(&parts[0]);
    return finish(t, ret, err);
}

static hb_status take_list(hb_tree *t, const hb_var *list, hb_var_table *ret, hb_error *err)
{
    hb_members m = {0};
    *ret = (hb_var_table){.where = list};
    hb_status status = hb_members_of_list(list, &m, err);
    if (status == HB_OK && m.n) {
        status = take_parts(t, m.v, m.n, ret, err);
        ret->rows = list->last_child->place;
    }
    hb_free(m.v);
    return status;
}

static hb_status take_run(hb_tree *t, const hb_var *group, uint64_t rows, uint64_t min_rows,
                          hb_var_table *ret, hb_error *err)
{
    hb_members m = {0};
    *ret = (hb_var_table){.where = group};
    hb_status status = hb_members_collect(group, min_rows, &m, err);
    hb_member_run r = status == HB_OK ? hb_members_main(&m) : (hb_member_run){0};
    for (size_t i = 0; i < m.n && rows && r.rows != rows;) {
        hb_member_run other = hb_members_next(&m, i);
        r = other.rows == rows ? other : r;
        i += other.n;
    }
    if (status == HB_OK && r.n) {
        ret->where = r.n == 1 ? m.v[r.first].var : group;
        status = take_parts(t, m.v + r.first, r.n, ret, err);
    }
    hb_free(m.v);
    return status;
}

/* Nothing makes a table: why not, by the first few. */
static hb_status no_table(const hb_tree *t, const hb_var *in, hb_error *err)
{
    hb_buf b;
    size_t shown = 0;
    hb_buf_init(&b, LIST_BYTES);
    for (const hb_var *v = in->child; v && shown < NAMES_SHOWN; v = v->next) {
        if (v->kind == HB_VAR_OTHER && b.n + strlen(v->name) + strlen(v->why) + 8 < LIST_BYTES) {
            hb_buf_c(&b, shown++ ? "; " : ": ");
            hb_var_path(t, v, &b);
            hb_buf_fmt(&b, " is %s", v->why);
        }
    }
    hb_buf path;
    hb_buf_init(&path, LIST_BYTES);
    hb_var_path(t, in, &path);
    hb_status status = HB_FAIL(err, HB_E_INPUT, "%s%.60s holds no numbers that make a table%s",
                               in->parent ? "variable " : "it", in->parent ? path.p : "", b.p);
    hb_buf_release(&path);
    hb_buf_release(&b);
    return status;
}

static hb_status take_candidate(hb_tree *t, const hb_candidate *c, hb_var_table *ret, hb_error *err)
{
    HB_TRY(c->where->kind == HB_VAR_LIST ? take_list(t, c->where, ret, err)
                                         : take_run(t, c->where, c->rows, 1, ret, err));
    ret->why = "the only table in it";
    return HB_OK;
}

static hb_status choose_only(hb_tree *t, hb_var_table *ret, hb_error *err)
{
    hb_candidates c = {0};
    hb_buf list;
    hb_buf_init(&list, HB_CANDIDATES_TEXT);
    hb_status status = hb_candidates_find(t->root, 2, &c, err);
    if (status == HB_OK && c.n == 0) {
        status = hb_candidates_find(t->root, 1, &c, err);
    }
    if (status == HB_OK && c.n == 1) {
        status = take_candidate(t, &c.v[0], ret, err);
    } else if (status == HB_OK && c.n == 0) {
        status = no_table(t, t->root, err);
    } else if (status == HB_OK) {
        hb_candidates_list(t, &c, &list);
        status = HB_FAIL(err, HB_E_USAGE, "it holds %zu tables; choose one by --variable: %s", c.n,
                         list.p);
    }
    hb_buf_release(&list);
    hb_candidates_release(&c);
    return status;
}

static hb_status not_found(hb_tree *t, hb_str wanted, hb_error *err)
{
    hb_candidates c = {0};
    hb_buf list;
    hb_buf_init(&list, HB_CANDIDATES_TEXT);
    hb_status status = hb_candidates_find(t->root, 1, &c, err);
    if (status == HB_OK) {
        hb_candidates_list(t, &c, &list);
        status = HB_FAIL(err, HB_E_USAGE, "it has no variable '%.*s'; it has %s",
                         (int)(wanted.n < 60 ? wanted.n : 60), wanted.p, list.n ? list.p : "none");
    }
    hb_buf_release(&list);
    hb_candidates_release(&c);
    return status;
}

static hb_status take_group(hb_tree *t, const hb_var *v, hb_var_table *ret, hb_error *err)
{
    HB_TRY(take_run(t, v, 0, 2, ret, err));
    if (ret->n_parts == 0) {
        HB_TRY(take_run(t, v, 0, 1, ret, err));
    }
    return ret->n_parts ? HB_OK : no_table(t, v, err);
}

static hb_status take_named(hb_tree *t, const hb_var *v, hb_var_table *ret, hb_error *err)
{
    hb_var_part alone = {v, v->matrix && hb_var_too_wide(v)};
    *ret = (hb_var_table){.where = v};
    switch (v->kind) {
    case HB_VAR_GROUP:
        return take_group(t, v, ret, err);
    case HB_VAR_LIST:
        HB_TRY(take_list(t, v, ret, err));
        return ret->n_parts ? HB_OK
                            : HB_FAIL(err, HB_E_USAGE,
                                      "variable '%.60s' is a struct array of %zu; choose one, as "
                                      "%.60s(1)",
                                      v->name, v->last_child->place, v->name);
    case HB_VAR_DATA:
        ret->named = true;
        return take_parts(t, &alone, 1, ret, err);
    case HB_VAR_OTHER:
        break;
    }
    return HB_FAIL(err, HB_E_INPUT, "variable '%.60s' is %s", v->name, v->why);
}

/* "a,b,c": each must be data with as many rows as the first. */
static hb_status take_several(hb_tree *t, hb_str wanted, hb_var_table *ret, hb_error *err)
{
    hb_var_part *parts = hb_arena_array(&t->arena, MAX_PARTS, sizeof *parts);
    size_t n = 0;
    if (!parts) {
        return HB_NOMEM(err);
    }
    for (hb_str left = wanted; left.n && n < MAX_PARTS;) {
        size_t cut = hb_str_find_ch(left, ',');
        hb_str name = hb_str_trim((hb_str){left.p, cut});
        const hb_var *v = hb_tree_find(t, name);
        if (!v || v->kind != HB_VAR_DATA) {
            return v && v->kind == HB_VAR_OTHER ? take_named(t, v, ret, err)
                                                : not_found(t, name, err);
        }
        uint64_t rows = n ? hb_var_part_rows(&parts[0]) : v->rows;
        parts[n] = (hb_var_part){v, v->matrix && v->rows != rows && v->cols == rows};
        if (hb_var_part_rows(&parts[n]) != rows) {
            return HB_FAIL(err, HB_E_USAGE, "'%.60s' has %llu rows, '%.60s' has %llu",
                           parts[0].var->name, (unsigned long long)rows, v->name,
                           (unsigned long long)hb_var_part_rows(&parts[n]));
        }
        n++;
        cut += cut < left.n;
        left = (hb_str){left.p + cut, left.n - cut};
    }
    ret->named = true;
    ret->path = hb_arena_str(&t->arena, wanted);
    ret->where = parts[0].var;
    return ret->path ? take_parts(t, parts, n, ret, err) : HB_NOMEM(err);
}

hb_status hb_tables_choose(hb_tree *t, const char *wanted, hb_var_table *ret, hb_error *err)
{
    hb_str path = hb_str_trim(hb_str_of(wanted));
    hb_var_table table = {0};
    if (path.n == 0) {
        HB_TRY(choose_only(t, &table, err));
    } else {
        const hb_var *v = hb_tree_find(t, path);
        if (v) {
            HB_TRY(take_named(t, v, &table, err));
        } else if (hb_str_find_ch(path, ',') < path.n) {
            HB_TRY(take_several(t, path, &table, err));
        } else {
            return not_found(t, path, err);
        }
        table.why = "given";
    }
    *ret = table;
    return HB_OK;
}

static bool in_table(const hb_var_table *table, const hb_var *v)
{
    for (size_t i = 0; i < table->n_parts; i++) {
        if (table->parts[i].var == v) {
            return true;
        }
    }
    return false;
}

void hb_tables_left(const hb_var_table *table, hb_buf *out)
{
    size_t n = 0;
    if (table->named) {
        return;
    }
    const hb_var *group = table->parts[0].var->parent;
    for (const hb_var *v = group->child; v; v = v->next) {
        if (in_table(table, v) || n++ >= NAMES_SHOWN) {
            continue;
        }
        hb_buf_fmt(out, "%s%.60s", n > 1 ? ", " : "", v->name);
        if (v->kind == HB_VAR_OTHER) {
            hb_buf_fmt(out, " (%s)", v->why);
        } else if (v->kind == HB_VAR_DATA) {
            hb_buf_fmt(out, v->cols > 1 ? " (%llu × %llu)" : " (%llu)", (unsigned long long)v->rows,
                       (unsigned long long)v->cols);
        }
    }
    if (n > NAMES_SHOWN) {
        hb_buf_fmt(out, " and %zu more", n - NAMES_SHOWN);
    }
}
