/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/str.h"
#include "cli/help.h"
#include "cli/option_value.h"
#include "cli/suggest.h"

#include <stdio.h>
#include <string.h>

enum { MAX_OPTIONS = 64, SUGGESTION = 120 };

typedef struct parser {
    int argc;
    char **argv;
    int at;
    hb_arena *arena;
    void *common;
    char *(*env)(const char *); /* may be NULL */
    hb_parsed *out;
    const char **words; /* command words and arguments, in order */
    size_t n_words;
    bool plain;                    /* after "--" */
    bool seen[MAX_OPTIONS];        /* which rows of the command's table were given */
    bool common_seen[MAX_OPTIONS]; /* and of the common one, by the command line itself */
} parser;

/* A row of a table with the struct it writes to. */
typedef struct found {
    const hb_opt *opt;
    void *base;
    bool *seen; /* NULL: a common option */
} found;

static const hb_opt *in_table(const hb_opt *opts, hb_str name, char letter)
{
    for (const hb_opt *o = opts; o && o->name; o++) {
        if (letter ? o->letter == letter : hb_str_eq_c(name, o->name)) {
            return o;
        }
    }
    return NULL;
}

/* letter 0: by name. */
static found find(parser *p, hb_str name, char letter)
{
    const hb_opt *own = p->out->cmd ? p->out->cmd->opts : NULL;
    const hb_opt *o = in_table(own, name, letter);
    if (o) {
        size_t i = (size_t)(o - own);
        return (found){o, p->out->opts, i < MAX_OPTIONS ? &p->seen[i] : NULL};
    }
    return (found){in_table(hb_common_opts, name, letter), p->common, NULL};
}

static bool of_some_command(hb_str name)
{
    for (size_t i = 0; hb_commands[i]; i++) {
        if (in_table(hb_commands[i]->opts, name, 0)) {
            return true;
        }
    }
    return false;
}

static hb_status unknown_option(const parser *p, const char *dashes, hb_str name, hb_error *err)
{
    const hb_cmd *cmd = p->out->cmd;
    const char *blank = cmd ? " " : "";
    const char *words = cmd ? cmd->name : "";
    if (!cmd && dashes[1] && of_some_command(name)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "option '--%.*s' belongs to a command and goes after it: hb COMMAND --%.*s",
                       (int)name.n, name.p, (int)name.n, name.p);
    }
    hb_suggest nearest = hb_suggest_for(name);
    for (const hb_opt *o = cmd ? cmd->opts : NULL; o && o->name; o++) {
        hb_suggest_offer(&nearest, hb_str_of(o->name));
    }
    for (const hb_opt *o = hb_common_opts; o->name; o++) {
        hb_suggest_offer(&nearest, hb_str_of(o->name));
    }
    char text[SUGGESTION];
    return HB_FAIL(err, HB_E_USAGE, "unknown option '%s%.*s'%s; see: hb%s%s --help", dashes,
                   (int)name.n, name.p, hb_suggest_text(&nearest, "--", text, sizeof text), blank,
                   words);
}

static bool looks_like_option(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0';
}

static hb_status put(parser *p, found f, const char *value, hb_error *err)
{
    if (f.seen) {
        if (*f.seen && f.opt->kind != HB_OPT_FLAG && f.opt->kind != HB_OPT_LIST) {
            return HB_FAIL(err, HB_E_USAGE, "option '--%s' is given twice", f.opt->name);
        }
        *f.seen = true;
    }
    if (f.base == p->common && p->at > 0) {
        p->common_seen[f.opt - hb_common_opts] = true;
    }
    return hb_option_put(f.opt, value, f.base, p->arena, (size_t)p->argc, err);
}

/* The value, or for a list the values, in the arguments that follow. */
static hb_status values_that_follow(parser *p, found f, hb_error *err)
{
    bool any = p->at + 1 < p->argc;
    if (!any || looks_like_option(p->argv[p->at + 1])) {
        char arg[200];
        hb_option_arg(f.opt, arg, sizeof arg);
        return any && strcmp(p->argv[p->at + 1], "--") != 0
                   ? HB_FAIL(err, HB_E_USAGE,
                             "option '--%s' needs a value, %s; one that begins with '-' is "
                             "written --%s=%.60s",
                             f.opt->name, arg, f.opt->name, p->argv[p->at + 1])
                   : HB_FAIL(err, HB_E_USAGE, "option '--%s' needs a value: %s", f.opt->name, arg);
    }
    do {
        HB_TRY(put(p, f, p->argv[++p->at], err));
    } while (f.opt->kind == HB_OPT_LIST && !f.opt->one_each && p->at + 1 < p->argc &&
             !looks_like_option(p->argv[p->at + 1]));
    return HB_OK;
}

static hb_status long_option(parser *p, const char *arg, hb_error *err)
{
    hb_str body = hb_str_of(arg + 2);
    size_t eq = hb_str_find_ch(body, '=');
    hb_str name = {body.p, eq};
    found f = find(p, name, 0);
    if (!f.opt) {
        return unknown_option(p, "--", name, err);
    }
    if (eq == body.n) {
        return f.opt->kind == HB_OPT_FLAG ? put(p, f, "1", err) : values_that_follow(p, f, err);
    }
    if (f.opt->kind == HB_OPT_FLAG) {
        return HB_FAIL(err, HB_E_USAGE, "option '--%s' takes no value", f.opt->name);
    }
    return put(p, f, body.p + eq + 1, err);
}

/* -q, -n 5, -n5, -qn5: flags may be joined; the first that takes a value takes the rest. */
static hb_status letters(parser *p, const char *arg, hb_error *err)
{
    for (const char *c = arg + 1; *c; c++) {
        found f = find(p, (hb_str){c, 1}, *c);
        if (!f.opt) {
            return unknown_option(p, "-", (hb_str){c, 1}, err);
        }
        if (f.opt->kind != HB_OPT_FLAG) {
            return c[1] ? put(p, f, c + 1, err) : values_that_follow(p, f, err);
        }
        HB_TRY(put(p, f, "1", err));
    }
    return HB_OK;
}

/* The version and the dumps stand for themselves, without a command; a command may have versions of
 * its own. */
static hb_status option(parser *p, const char *arg, hb_error *err)
{
    bool own = p->out->cmd && in_table(p->out->cmd->opts, HB_STR("version"), 0);
    if ((strcmp(arg, "--version") == 0 && !own) || strcmp(arg, "-V") == 0) {
        p->out->version = true;
        return HB_OK;
    }
    if (strcmp(arg, "--dump-cli") == 0) {
        p->out->dump_cli = true;
        return HB_OK;
    }
    if (strcmp(arg, "--dump-man") == 0) {
        if (p->at + 1 >= p->argc) {
            return HB_FAIL(err, HB_E_USAGE, "option '--dump-man' needs a value: PAGE, or list");
        }
        p->out->dump_man = p->argv[++p->at];
        return HB_OK;
    }
    return arg[1] == '-' ? long_option(p, arg, err) : letters(p, arg, err);
}

static hb_status unknown_command(const parser *p, hb_error *err)
{
    char text[SUGGESTION];
    char wanted[SUGGESTION];
    bool two = p->n_words > 1;
    snprintf(wanted, sizeof wanted, "%.50s%s%.50s", p->words[0], two ? " " : "",
             two ? p->words[1] : "");
    hb_suggest nearest = hb_suggest_for(hb_str_of(wanted));
    for (size_t i = 0; hb_commands[i]; i++) {
        hb_str name = hb_str_of(hb_commands[i]->name);
        hb_suggest_offer(&nearest, name);
        hb_suggest_offer(&nearest, (hb_str){name.p, hb_str_find_ch(name, ' ')});
    }
    return HB_FAIL(err, HB_E_USAGE, "unknown command '%s'%s; see: hb help%s%s", wanted,
                   hb_suggest_text(&nearest, "", text, sizeof text), two ? " " : "",
                   two ? p->words[0] : "");
}

/* Before what the command line says, which then counts and is not "given twice". */
static hb_status from_environment(parser *p, const hb_opt *opts, void *base, hb_error *err)
{
    for (const hb_opt *o = opts; p->env && o && o->name; o++) {
        const char *value = o->env ? p->env(o->env) : NULL;
        if (value && *value) {
            HB_TRY(put(p, (found){o, base, NULL}, value, err));
        }
    }
    return HB_OK;
}

/* The command is settled as soon as it can be: options that follow are then its own. The first word
 * of a group ("runs") waits for the second. */
static hb_status word(parser *p, const char *arg, hb_error *err)
{
    p->words[p->n_words++] = arg;
    if (p->out->cmd || (p->n_words == 1 && hb_cmd_is_group(arg))) {
        return HB_OK;
    }
    size_t used = 0;
    const hb_cmd *cmd = hb_cmd_find(p->words, p->n_words, &used);
    if (!cmd) {
        return unknown_command(p, err);
    }
    p->out->cmd = cmd;
    p->out->opts = hb_arena_alloc(p->arena, cmd->opts_size ? cmd->opts_size : 1);
    if (!p->out->opts) {
        return HB_NOMEM(err);
    }
    p->words += used;
    p->n_words -= used;
    return from_environment(p, cmd->opts, p->out->opts, err);
}

static bool common_flag(const parser *p, const char *name)
{
    const hb_opt *o = in_table(hb_common_opts, hb_str_of(name), 0);
    bool on = false;
    if (o) {
        memcpy(&on, (const char *)p->common + o->offset, sizeof on);
    }
    return on;
}

static hb_status check_group(const parser *p, hb_error *err)
{
    if (p->n_words == 0 || p->out->version || p->out->dump_cli || p->out->dump_man) {
        return HB_OK;
    }
    p->out->group = p->words[0];
    return common_flag(p, "help")
               ? HB_OK
               : HB_FAIL(err, HB_E_USAGE, "'hb %s' needs a further word; see: hb help %s",
                         p->words[0], p->words[0]);
}

static hb_status check_command(const parser *p, hb_error *err)
{
    const hb_cmd *cmd = p->out->cmd;
    if (common_flag(p, "help")) {
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
    if (cmd->text_only && common_flag(p, "json")) {
        return HB_FAIL(err, HB_E_USAGE, "'hb %s' has no JSON form; leave --json out", cmd->name);
    }
    for (size_t i = 0; hb_common_opts[i].name; i++) {
        if (p->common_seen[i] && !hb_help_concerns(cmd, &hb_common_opts[i])) {
            return HB_FAIL(err, HB_E_USAGE, "'hb %s' looks at no workspace; leave --%s out",
                           cmd->name, hb_common_opts[i].name);
        }
    }
    return HB_OK;
}

hb_status hb_options_parse(int argc, char **argv, void *common, hb_arena *arena,
                           char *(*env)(const char *), hb_parsed *ret, hb_error *err)
{
    parser p = {
        .argc = argc, .argv = argv, .arena = arena, .common = common, .env = env, .out = ret};
    *ret = (hb_parsed){0};
    p.words = hb_arena_array(arena, (size_t)argc + 1, sizeof *p.words);
    if (!p.words) {
        return HB_NOMEM(err);
    }
    HB_TRY(from_environment(&p, hb_common_opts, common, err));
    for (p.at = 1; p.at < argc; p.at++) {
        const char *arg = argv[p.at];
        if (!p.plain && strcmp(arg, "--") == 0) {
            p.plain = true;
        } else if (!p.plain && looks_like_option(arg)) {
            HB_TRY(option(&p, arg, err));
        } else {
            HB_TRY(word(&p, arg, err));
        }
    }
    ret->args = (hb_list){p.words, p.n_words};
    return ret->cmd ? check_command(&p, err) : check_group(&p, err);
}
