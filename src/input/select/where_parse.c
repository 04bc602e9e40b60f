/* SPDX-License-Identifier: Apache-2.0 */
/* or := and { "or" and }   and := not { "and" not }   not := { "not" } ( "(" or ")" | comparison )
 */
#include "input/select/where_parse.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

enum { VALUES_MAX = 256 };

typedef enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_TEXT, TOKEN_FIGURE, TOKEN_SIGN } token_kind;

typedef struct token {
    token_kind kind;
    hb_str text; /* as it counts: quotes taken off */
    double v;
    size_t at; /* place in the expression, from 0 */
    bool quoted;
} token;

typedef struct parser {
    hb_str all;
    size_t at;
    token now;
    hb_where *w;
    size_t depth;    /* of parentheses and nots */
    size_t operands; /* on the stack at this point */
    hb_error *err;
} parser;

static hb_status fail(parser *p, const char *expected)
{
    char found[48];
    size_t n = p->now.text.n < 30 ? p->now.text.n : 30;
    snprintf(found, sizeof found, "'%.*s'", (int)n, p->now.text.p);
    return HB_FAIL(p->err, HB_E_USAGE, "%s, character %zu: expected %s, got %s", p->w->option,
                   p->now.at + 1, expected, p->now.kind == TOKEN_END ? "the end" : found);
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '%' || c == '[' || c == ']' || (unsigned char)c >= 0x80;
}

/* 'it''s' → it's, in the arena. */
static hb_status quoted(parser *p, char quote)
{
    const char *all = p->all.p;
    size_t begin = p->at + 1;
    size_t end = begin;
    while (end < p->all.n && (all[end] != quote || (end + 1 < p->all.n && all[end + 1] == quote))) {
        end += all[end] == quote ? 2 : 1;
    }
    if (end >= p->all.n) {
        return HB_FAIL(p->err, HB_E_USAGE,
                       "%s, character %zu: a quote %c is opened and never closed", p->w->option,
                       p->at + 1, quote);
    }
    char *out = hb_arena_alloc(&p->w->arena, end - begin + 1); /* not the rest: there may be many */
    size_t n = 0;
    if (!out) {
        return HB_NOMEM(p->err);
    }
    for (size_t i = begin; i < end; i++) {
        i += all[i] == quote; /* a doubled one is one */
        out[n++] = all[i];
    }
    p->now.kind = quote == '\'' ? TOKEN_TEXT : TOKEN_NAME;
    p->now.quoted = true;
    p->now.text = (hb_str){out, n};
    p->at = end + 1;
    return HB_OK;
}

static void word(parser *p)
{
    size_t i = p->at;
    bool sign = p->all.p[i] == '-' || p->all.p[i] == '+';
    i += sign;
    while (i < p->all.n &&
           (word_char(p->all.p[i]) || ((p->all.p[i] == '-' || p->all.p[i] == '+') && i > p->at &&
                                       (p->all.p[i - 1] == 'e' || p->all.p[i - 1] == 'E')))) {
        i++;
    }
    p->now.text = (hb_str){p->all.p + p->at, i - p->at};
    p->now.kind = hb_num_parse(p->now.text.p, p->now.text.n, &p->now.v) == HB_NUM_FINITE
                      ? TOKEN_FIGURE
                      : TOKEN_NAME;
    p->at = i;
}

static hb_status advance(parser *p)
{
    static const char *const signs[] = {"==", "!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ","};
    while (p->at < p->all.n && strchr(" \t\r\n", p->all.p[p->at])) {
        p->at++;
    }
    p->now = (token){.at = p->at};
    if (p->at == p->all.n) {
        return HB_OK;
    }
    char c = p->all.p[p->at];
    if (c == '\'' || c == '"') {
        return quoted(p, c);
    }
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (hb_str_starts((hb_str){p->all.p + p->at, p->all.n - p->at}, signs[i])) {
            p->now.kind = TOKEN_SIGN;
            p->now.text = (hb_str){p->all.p + p->at, strlen(signs[i])};
            p->at += p->now.text.n;
            return HB_OK;
        }
    }
    if (word_char(c) || c == '-' || c == '+') {
        word(p);
        return HB_OK;
    }
    p->now.text = (hb_str){p->all.p + p->at, 1};
    p->now.kind = TOKEN_SIGN;
    return fail(p, "a column, a comparison or a value");
}

static bool is_word(const parser *p, const char *keyword)
{
    return p->now.kind == TOKEN_NAME && !p->now.quoted && hb_str_ieq_c(p->now.text, keyword);
}

static bool is_sign(const parser *p, const char *sign)
{
    return p->now.kind == TOKEN_SIGN && hb_str_eq_c(p->now.text, sign);
}

static hb_status put(parser *p, const where_node *n)
{
    if (p->w->n == HB_WHERE_NODES) {
        return HB_FAIL(p->err, HB_E_LIMIT, "%s has more than %d parts", p->w->option,
                       HB_WHERE_NODES);
    }
    p->w->nodes[p->w->n++] = *n;
    p->operands += n->op >= WHERE_EQ;
    p->operands -= n->op == WHERE_AND || n->op == WHERE_OR;
    p->w->depth = p->operands > p->w->depth ? p->operands : p->w->depth;
    return HB_OK;
}

static hb_status value(parser *p, where_node *n)
{
    where_value v = {.v = p->now.v, .text = p->now.text};
    bool truth = is_word(p, "true") || is_word(p, "false");
    if (truth) {
        v.v = is_word(p, "true");
    } else if (p->now.kind != TOKEN_FIGURE && p->now.kind != TOKEN_TEXT) {
        return fail(p, "a figure or a text in single quotes");
    }
    n->has_texts = n->has_texts || p->now.kind == TOKEN_TEXT;
    n->has_figures = n->has_figures || p->now.kind == TOKEN_FIGURE || truth;
    if (n->n_values == VALUES_MAX) {
        return HB_FAIL(p->err, HB_E_LIMIT, "%s: a list has more than %d values", p->w->option,
                       VALUES_MAX);
    }
    n->values[n->n_values++] = v;
    return advance(p);
}

static hb_status value_list(parser *p, where_node *n)
{
    if (!is_sign(p, "(")) {
        return fail(p, "'(' and a list of values");
    }
    do {
        HB_TRY(advance(p));
        HB_TRY(value(p, n));
    } while (is_sign(p, ","));
    if (!is_sign(p, ")")) {
        return fail(p, "',' or ')'");
    }
    return advance(p);
}

static hb_status operation(parser *p, where_node *n, bool *ret_not)
{
    static const struct {
        const char *sign;
        where_op op;
    } rows[] = {{"==", WHERE_EQ}, {"=", WHERE_EQ},  {"!=", WHERE_NE}, {"<>", WHERE_NE},
                {"<=", WHERE_LE}, {">=", WHERE_GE}, {"<", WHERE_LT},  {">", WHERE_GT}};
    *ret_not = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (is_sign(p, rows[i].sign)) {
            n->op = rows[i].op;
            HB_TRY(advance(p));
            return value(p, n);
        }
    }
    if (is_word(p, "is")) {
        HB_TRY(advance(p));
        *ret_not = is_word(p, "not");
        if (*ret_not) {
            HB_TRY(advance(p));
        }
        if (!is_word(p, "missing")) {
            return fail(p, "'missing'");
        }
        n->op = WHERE_MISSING;
        return advance(p);
    }
    *ret_not = is_word(p, "not");
    if (*ret_not) {
        HB_TRY(advance(p));
    }
    if (!is_word(p, "in")) {
        return fail(p, "a comparison (= != < <= > >=, in (…), is missing)");
    }
    n->op = WHERE_IN;
    HB_TRY(advance(p));
    return value_list(p, n);
}

static hb_status comparison(parser *p)
{
    where_node n = {.op = WHERE_EQ, .name = p->now.text};
    bool negated = false;
    if (p->now.kind != TOKEN_NAME && p->now.kind != TOKEN_FIGURE) {
        return fail(p, "a column (names with blanks in double quotes)");
    }
    where_value values[VALUES_MAX];
    n.values = values;
    HB_TRY(advance(p));
    HB_TRY(operation(p, &n, &negated));
    n.values = hb_arena_array(&p->w->arena, n.n_values + 1, sizeof *n.values);
    if (!n.values) {
        return HB_NOMEM(p->err);
    }
    memcpy(n.values, values, n.n_values * sizeof *values);
    if (n.has_texts && n.has_figures) {
        return HB_FAIL(p->err, HB_E_USAGE, "%s: '%.*s' is compared with texts and with figures",
                       p->w->option, (int)(n.name.n < 80 ? n.name.n : 80), n.name.p);
    }
    HB_TRY(put(p, &n));
    return negated ? put(p, &(where_node){.op = WHERE_NOT}) : HB_OK;
}

static hb_status any_of(parser *p);

static hb_status negation(parser *p)
{
    size_t nots = 0;
    while (is_word(p, "not")) {
        nots++;
        HB_TRY(advance(p));
    }
    if (is_sign(p, "(")) {
        if (++p->depth > HB_WHERE_DEPTH) {
            return HB_FAIL(p->err, HB_E_LIMIT, "%s has parentheses deeper than %d", p->w->option,
                           HB_WHERE_DEPTH);
        }
        HB_TRY(advance(p));
        HB_TRY(any_of(p));
        if (!is_sign(p, ")")) {
            return fail(p, "and, or or ')'");
        }
        p->depth--;
        HB_TRY(advance(p));
    } else {
        HB_TRY(comparison(p));
    }
    return nots % 2 ? put(p, &(where_node){.op = WHERE_NOT}) : HB_OK;
}

static hb_status all_of(parser *p)
{
    HB_TRY(negation(p));
    while (is_word(p, "and")) {
        HB_TRY(advance(p));
        HB_TRY(negation(p));
        HB_TRY(put(p, &(where_node){.op = WHERE_AND}));
    }
    return HB_OK;
}

static hb_status any_of(parser *p)
{
    HB_TRY(all_of(p));
    while (is_word(p, "or")) {
        HB_TRY(advance(p));
        HB_TRY(all_of(p));
        HB_TRY(put(p, &(where_node){.op = WHERE_OR}));
    }
    return HB_OK;
}

hb_status hb_where_read(const char *text, hb_where *w, hb_error *err)
{
    parser p = {.all = hb_str_of(text), .w = w, .err = err};
    HB_TRY(advance(&p));
    HB_TRY(any_of(&p));
    return p.now.kind == TOKEN_END ? HB_OK : fail(&p, "and, or or the end");
}
