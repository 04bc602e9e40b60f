/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/num.h"
#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct parser {
    int argc;
    char **argv;
    int at;
    hb_arena *arena;
    void *common;
    hb_parsed *out;
    const char **words; /* command words and arguments, in order */
    size_t n_words;
    bool plain;              /* after "--" */
    unsigned char seen[128]; /* which rows of the command's table were given */
} parser;

static const hb_opt *in_table(const hb_opt *opts, hb_str name)
{
    for (const hb_opt *o = opts; o && o->name; o++) {
        if (hb_str_eq_c(name, o->name) || (name.n == 1 && o->letter == name.p[0])) {
            return o;
        }
    }
    return NULL;
}

static void nearest_in(const hb_opt *opts, hb_str name, const char **best, unsigned *least)
{
    for (const hb_opt *o = opts; o && o->name; o++) {
        unsigned d = hb_str_distance(name, hb_str_of(o->name), 3);
        if (d < *least) {
            *least = d;
            *best = o->name;
        }
    }
}

static hb_status unknown_option(const parser *p, hb_str name, hb_error *err)
{
    const char *best = NULL;
    unsigned least = 4;
    nearest_in(p->out->cmd ? p->out->cmd->opts : NULL, name, &best, &least);
    nearest_in(hb_common_opts, name, &best, &least);
    const char *cmd = p->out->cmd ? p->out->cmd->name : "";
    return HB_FAIL(err, HB_E_USAGE, "unknown option '--%.*s'%s%s%s; see: hb%s%s --help",
                   (int)name.n, name.p, best ? ", did you mean '--" : "", best ? best : "",
                   best ? "'?" : "", *cmd ? " " : "", cmd);
}

static hb_status wrong_value(const hb_opt *o, const char *value, const char *expected,
                             hb_error *err)
{
    return HB_FAIL(err, HB_E_USAGE, "option '--%s' expects %s, got '%.100s'", o->name, expected,
                   value);
}

static hb_status put_enum(const hb_opt *o, const char *value, void *place, hb_error *err)
{
    char all[200] = "one of ";
    size_t used = strlen(all);
    for (int i = 0; o->values[i]; i++) {
        if (strcmp(o->values[i], value) == 0) {
            memcpy(place, &i, sizeof i);
            return HB_OK;
        }
        int n = snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", o->values[i]);
        used += n > 0 && (size_t)n < sizeof all - used ? (size_t)n : 0;
    }
    return wrong_value(o, value, all, err);
}

static hb_status put_list(parser *p, const char *value, void *place, hb_error *err)
{
    hb_list list;
    memcpy(&list, place, sizeof list);
    if (!list.v) {
        list.v = hb_arena_array(p->arena, (size_t)p->argc, sizeof *list.v);
        if (!list.v) {
            return HB_NOMEM(err);
        }
    }
    list.v[list.n++] = value;
    memcpy(place, &list, sizeof list);
    return HB_OK;
}

static hb_status put(parser *p, const hb_opt *o, const char *value, void *base, hb_error *err)
{
    void *place = (char *)base + o->offset;
    size_t n = strlen(value);
    uint64_t u = 0;
    double f = 0;
    switch (o->kind) {
    case HB_OPT_FLAG: {
        bool on = true;
        memcpy(place, &on, sizeof on);
        return HB_OK;
    }
    case HB_OPT_STRING:
        memcpy(place, &value, sizeof value);
        return HB_OK;
    case HB_OPT_LIST:
        return put_list(p, value, place, err);
    case HB_OPT_UINT:
        if (!hb_num_parse_u64(value, n, &u) || u > UINT32_MAX) {
            return wrong_value(o, value, "a whole number", err);
        }
        memcpy(place, &(uint32_t){(uint32_t)u}, sizeof(uint32_t));
        return HB_OK;
    case HB_OPT_F64:
        if (hb_num_parse(value, n, &f) != HB_NUM_FINITE || !(f > 0)) {
            return wrong_value(o, value, "a number above 0", err);
        }
        memcpy(place, &f, sizeof f);
        return HB_OK;
    case HB_OPT_ENUM:
        return put_enum(o, value, place, err);
    }
    return HB_OK;
}

static void note_seen(parser *p, const hb_opt *o)
{
    const hb_opt *opts = p->out->cmd ? p->out->cmd->opts : NULL;
    size_t i = opts ? (size_t)(o - opts) : sizeof p->seen;
    if (opts && o >= opts && i < sizeof p->seen) {
        p->seen[i] = 1;
    }
}

static bool looks_like_option(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0';
}

static hb_status option(parser *p, const char *arg, hb_error *err)
{
    bool is_long = arg[1] == '-';
    hb_str body = hb_str_of(arg + (is_long ? 2 : 1));
    size_t eq = is_long ? hb_str_find_ch(body, '=') : body.n;
    hb_str name = {body.p, eq};
    const hb_opt *o = in_table(p->out->cmd ? p->out->cmd->opts : NULL, name);
    void *base = o ? p->out->opts : p->common;
    o = o ? o : in_table(hb_common_opts, name);
    if (!o || (is_long && name.n == 1)) {
        return unknown_option(p, name, err);
    }
    note_seen(p, o);
    if (o->kind == HB_OPT_FLAG) {
        if (eq < body.n) {
            return HB_FAIL(err, HB_E_USAGE, "option '--%s' takes no value", o->name);
        }
        return put(p, o, "", base, err);
    }
    if (eq < body.n) {
        return put(p, o, body.p + eq + 1, base, err);
    }
    if (p->at + 1 >= p->argc || looks_like_option(p->argv[p->at + 1])) {
        return HB_FAIL(err, HB_E_USAGE, "option '--%s' needs a value: %s", o->name, o->arg);
    }
    do {
        HB_TRY(put(p, o, p->argv[++p->at], base, err));
    } while (o->kind == HB_OPT_LIST && p->at + 1 < p->argc &&
             !looks_like_option(p->argv[p->at + 1]));
    return HB_OK;
}

/* --version and the dumps stand for themselves; they need no command. */
static bool special(parser *p, const char *arg)
{
    if (strcmp(arg, "--version") == 0 || strcmp(arg, "-V") == 0) {
        p->out->version = true;
    } else if (strcmp(arg, "--dump-cli") == 0) {
        p->out->dump_cli = true;
    } else if (strcmp(arg, "--dump-man") == 0 && p->at + 1 < p->argc) {
        p->out->dump_man = p->argv[++p->at];
    } else {
        return false;
    }
    return true;
}

static const char *nearest_command(const char *word)
{
    const char *best = NULL;
    unsigned least = 3;
    for (size_t i = 0; hb_commands[i]; i++) {
        unsigned d = hb_str_distance(hb_str_of(word), hb_str_of(hb_commands[i]->name), 2);
        if (d < least) {
            least = d;
            best = hb_commands[i]->name;
        }
    }
    return best;
}

static bool is_group(const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; hb_commands[i]; i++) {
        if (strncmp(hb_commands[i]->name, word, n) == 0 && hb_commands[i]->name[n] == ' ') {
            return true;
        }
    }
    return false;
}

/* Settles the command as soon as enough words are there; a group ("runs") waits for its second. */
static hb_status word(parser *p, const char *arg, bool last, hb_error *err)
{
    p->words[p->n_words++] = arg;
    if (p->out->cmd) {
        return HB_OK;
    }
    size_t used = 0;
    if (p->n_words == 1 && is_group(arg) && !last) {
        return HB_OK;
    }
    const hb_cmd *cmd = hb_cmd_find(p->words, p->n_words, &used);
    if (!cmd) {
        const char *best = nearest_command(arg);
        const char *first = p->words[0];
        if (is_group(first)) {
            return HB_FAIL(err, HB_E_USAGE, "'hb %s' needs a further word; see: hb help %s", first,
                           first);
        }
        return HB_FAIL(err, HB_E_USAGE, "unknown command '%.60s'%s%s%s; see: hb help", first,
                       best ? ", did you mean '" : "", best ? best : "", best ? "'?" : "");
    }
    p->out->cmd = cmd;
    p->out->opts = hb_arena_alloc(p->arena, cmd->opts_size ? cmd->opts_size : 1);
    if (!p->out->opts) {
        return HB_NOMEM(err);
    }
    p->words += used;
    p->n_words -= used;
    return HB_OK;
}

static bool another_word(const parser *p)
{
    for (int i = p->at + 1; i < p->argc; i++) {
        if (p->plain || !looks_like_option(p->argv[i])) {
            return true;
        }
    }
    return false;
}

static hb_status check_required(const parser *p, bool help, hb_error *err)
{
    const hb_cmd *cmd = p->out->cmd;
    if (!cmd || help) {
        return HB_OK;
    }
    for (size_t i = 0; cmd->opts && cmd->opts[i].name; i++) {
        if (cmd->opts[i].required && !p->seen[i]) {
            return HB_FAIL(err, HB_E_USAGE, "'hb %s' needs the option --%s %s; see: hb %s --help",
                           cmd->name, cmd->opts[i].name, cmd->opts[i].arg, cmd->name);
        }
    }
    if (p->n_words < cmd->min_args) {
        return HB_FAIL(err, HB_E_USAGE, "'hb %s' needs %s; see: hb %s --help", cmd->name, cmd->args,
                       cmd->name);
    }
    if (p->n_words > cmd->max_args) {
        return HB_FAIL(err, HB_E_USAGE, "'hb %s' does not take '%.100s'; see: hb %s --help",
                       cmd->name, p->words[cmd->max_args], cmd->name);
    }
    return HB_OK;
}

static hb_status from_environment(parser *p, char *(*env)(const char *), hb_error *err)
{
    for (const hb_opt *o = hb_common_opts; env && o->name; o++) {
        const char *value = o->env ? env(o->env) : NULL;
        if (value && *value) {
            HB_TRY(put(p, o, value, p->common, err));
        }
    }
    return HB_OK;
}

static bool wants_help(const parser *p)
{
    for (const hb_opt *o = hb_common_opts; o->name; o++) {
        if (strcmp(o->name, "help") == 0) {
            bool on = false;
            memcpy(&on, (const char *)p->common + o->offset, sizeof on);
            return on;
        }
    }
    return false;
}

hb_status hb_options_parse(int argc, char **argv, void *common, hb_arena *arena,
                           char *(*env)(const char *), hb_parsed *ret, hb_error *err)
{
    parser p = {.argc = argc, .argv = argv, .arena = arena, .common = common, .out = ret};
    *ret = (hb_parsed){0};
    p.words = hb_arena_array(arena, (size_t)argc + 1, sizeof *p.words);
    if (!p.words) {
        return HB_NOMEM(err);
    }
    HB_TRY(from_environment(&p, env, err));
    for (p.at = 1; p.at < argc; p.at++) {
        const char *arg = argv[p.at];
        if (!p.plain && strcmp(arg, "--") == 0) {
            p.plain = true;
        } else if (!p.plain && looks_like_option(arg)) {
            if (!special(&p, arg)) {
                HB_TRY(option(&p, arg, err));
            }
        } else {
            HB_TRY(word(&p, arg, !another_word(&p), err));
        }
    }
    ret->args = (hb_list){p.words, p.n_words};
    return check_required(&p, wants_help(&p), err);
}
