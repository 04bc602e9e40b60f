/* SPDX-License-Identifier: Apache-2.0 */
/* One record at a time: the tree's operands stand before their operators, so a stack of truth
 * values does. */
#include "input/select/where_parse.h"

enum { FALSE_, TRUE_, UNKNOWN_ };

static int shown(hb_str s)
{
    return (int)(s.n < 80 ? s.n : 80);
}

/* -1, 0, 1. */
static bool holds(where_op op, int order)
{
    switch (op) {
    case WHERE_EQ:
    case WHERE_IN:
        return order == 0;
    case WHERE_NE:
        return order != 0;
    case WHERE_LT:
        return order < 0;
    case WHERE_LE:
        return order <= 0;
    case WHERE_GT:
        return order > 0;
    case WHERE_GE:
        return order >= 0;
    case WHERE_AND:
    case WHERE_OR:
    case WHERE_NOT:
    case WHERE_MISSING:
        break;
    }
    return false;
}

static hb_status order_of(const hb_where *w, const where_node *n, const where_value *v,
                          const hb_where_field *f, int *ret, hb_error *err)
{
    hb_time t = 0;
    switch (f->kind) {
    case HB_WHERE_TEXT:
        *ret = f->missing ? 1 : hb_str_cmp(f->text, v->text);
        return HB_OK;
    case HB_WHERE_FIGURE:
        *ret = (f->v > v->v) - (f->v < v->v);
        return HB_OK;
    case HB_WHERE_TIME:
        if (!hb_time_parse(v->text.p, v->text.n, &t, NULL)) {
            return HB_FAIL(err, HB_E_USAGE,
                           "%s: '%.*s' is a time, compare it with one such as "
                           "'2026-11-23T20:55:01Z' or '2026-11-23', got '%.*s'",
                           w->option, shown(n->name), n->name.p, shown(v->text), v->text.p);
        }
        *ret = (f->t > t) - (f->t < t);
        return HB_OK;
    }
    return HB_FAIL(err, HB_E_BUG, "a field of no kind");
}

static hb_status check(const hb_where *w, const where_node *n, const hb_where_field *f,
                       hb_error *err)
{
    bool ordered = n->op != WHERE_EQ && n->op != WHERE_NE && n->op != WHERE_IN;
    const char *why = NULL;
    if (n->op == WHERE_MISSING) {
        return HB_OK;
    }
    if (f->kind == HB_WHERE_TEXT && (n->has_figures || ordered)) {
        why = "is text; compare it with 'text' by =, != or in";
    } else if (f->kind == HB_WHERE_FIGURE && n->has_texts) {
        why = "is a figure; compare it with figures";
    } else if (f->kind == HB_WHERE_TIME && n->has_figures) {
        why = "is a time; compare it with one in single quotes, such as '2026-11-23'";
    }
    return why ? HB_FAIL(err, HB_E_USAGE, "%s: '%.*s' %s", w->option, shown(n->name), n->name.p,
                         why)
               : HB_OK;
}

static hb_status compare(const hb_where *w, const where_node *n, hb_where_lookup *lookup,
                         const void *record, const char *fields, unsigned char *ret, hb_error *err)
{
    hb_where_field f = {.kind = HB_WHERE_TEXT};
    if (!lookup(record, n->name, &f)) {
        return HB_FAIL(err, HB_E_USAGE, "%s: there is no '%.*s'; there are %s", w->option,
                       shown(n->name), n->name.p, fields);
    }
    HB_TRY(check(w, n, &f, err));
    if (n->op == WHERE_MISSING) {
        *ret = f.missing ? TRUE_ : FALSE_;
        return HB_OK;
    }
    bool is = false;
    for (size_t i = 0; i < n->n_values && !is; i++) {
        int order = 0;
        HB_TRY(order_of(w, n, &n->values[i], &f, &order, err));
        is = holds(n->op, order);
    }
    *ret = f.missing ? UNKNOWN_ : is ? TRUE_ : FALSE_;
    return HB_OK;
}

static unsigned char both(unsigned char a, unsigned char b, bool and)
{
    unsigned char wins = and? FALSE_ : TRUE_;
    return a == wins || b == wins ? wins : a == UNKNOWN_ || b == UNKNOWN_ ? UNKNOWN_ : a;
}

hb_status hb_where_record(const hb_where *w, hb_where_lookup *lookup, const void *record,
                          const char *fields, bool *ret_true, hb_error *err)
{
    unsigned char stack[HB_WHERE_NODES + 1] = {0};
    size_t top = 0;
    for (size_t i = 0; i < w->n; i++) {
        const where_node *n = &w->nodes[i];
        if (n->op == WHERE_NOT) {
            unsigned char *x = &stack[top - 1];
            *x = *x == UNKNOWN_ ? UNKNOWN_ : *x == TRUE_ ? FALSE_ : TRUE_;
        } else if (n->op == WHERE_AND || n->op == WHERE_OR) {
            top--;
            stack[top - 1] = both(stack[top - 1], stack[top], n->op == WHERE_AND);
        } else {
            HB_TRY(compare(w, n, lookup, record, fields, &stack[top++], err));
        }
    }
    *ret_true = top == 1 && stack[0] == TRUE_;
    return HB_OK;
}
