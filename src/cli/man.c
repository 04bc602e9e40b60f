/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages (man(7)) and shell completion from the tables. */
#include "cli/help.h"

#include "cli/topics.h"

#include <string.h>

/* roff: a leading dot or quote would be a request, a backslash an escape, a hyphen is not a minus.
 */
static void roff(hb_buf *out, const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\'')) {
            hb_buf_c(out, "\\&");
        }
        if (*text == '\\') {
            hb_buf_c(out, "\\e");
        } else if (*text == '-') {
            hb_buf_c(out, "\\-");
        } else {
            hb_buf_ch(out, *text);
        }
        line_start = *text == '\n';
    }
}

static void heading(hb_buf *out, const char *page)
{
    hb_buf_c(out, ".\\\" Made from the command tables by hb --dump-man; SPDX-License-Identifier: "
                  "Apache-2.0\n.TH ");
    for (const char *c = page; *c; c++) {
        hb_buf_ch(out, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    }
    hb_buf_c(out, " 1 2026-11-23 \"Harmony Bridge " HB_VERSION "\" \"Harmony Bridge\"\n.SH NAME\n");
}

static void man_options(const hb_opt *opts, const hb_cmd *only_of, hb_buf *out)
{
    for (const hb_opt *o = opts; o && o->name; o++) {
        if (only_of && !hb_help_concerns(only_of, o)) {
            continue;
        }
        hb_buf_c(out, ".TP\n.B ");
        if (o->letter) {
            hb_buf_fmt(out, "\\-%c\\fR,\\fB ", o->letter);
        }
        hb_buf_c(out, "\\-\\-");
        roff(out, o->name);
        if (o->kind == HB_OPT_ENUM) {
            hb_buf_c(out, "\\fR ");
            for (int i = 0; o->values[i]; i++) {
                hb_buf_fmt(out, "%s%s", i ? "|" : "", o->values[i]);
            }
        } else if (o->kind != HB_OPT_FLAG) {
            hb_buf_fmt(out, "\\fR \\fI%s\\fR%s", o->arg,
                       o->kind == HB_OPT_LIST && !o->one_each ? " ..." : "");
        }
        hb_buf_ch(out, '\n');
        roff(out, o->help);
        if (o->env) {
            hb_buf_fmt(out, "\n(also from the variable\n.BR %s )", o->env);
        }
        hb_buf_ch(out, '\n');
    }
}

static void page_name(const hb_cmd *c, char out[64])
{
    size_t n = 0;
    memcpy(out, "hb-", 3);
    for (n = 3; n < 63 && c->name[n - 3]; n++) {
        out[n] = c->name[n - 3] == ' ' ? '-' : c->name[n - 3];
    }
    out[n] = '\0';
}

static void see_also(hb_buf *out)
{
    hb_buf_c(out, ".SH SEE ALSO\n.BR hb (1)\n");
}

static void command_page(const hb_cmd *c, const char *page, hb_buf *out)
{
    heading(out, page);
    roff(out, page);
    hb_buf_c(out, " \\- ");
    roff(out, c->summary);
    hb_buf_fmt(out, "\n.SH SYNOPSIS\n.B hb %s\n", c->name);
    if (c->args) {
        hb_buf_c(out, ".I ");
        roff(out, c->args);
        hb_buf_ch(out, '\n');
    }
    for (const hb_opt *o = c->opts; o && o->name; o++) {
        if (o->required) {
            hb_buf_c(out, ".B \\-\\-");
            roff(out, o->name);
            hb_buf_c(out, "\n.I ");
            hb_help_value(o, out);
            hb_buf_ch(out, '\n');
        }
    }
    hb_buf_c(out, ".RI [ OPTIONS ]\n.SH DESCRIPTION\n");
    roff(out, c->details ? c->details : c->summary);
    hb_buf_c(out, "\n.SH OPTIONS\n");
    man_options(c->opts, NULL, out);
    hb_buf_c(out, ".SS Common options\n");
    man_options(hb_common_opts, c, out);
    if (c->example) {
        hb_buf_c(out, ".SH EXAMPLES\n.nf\n$ ");
        roff(out, c->example);
        hb_buf_c(out, "\n.fi\n");
    }
    hb_buf_c(out, ".SH EXIT STATUS\nSee\n.BR hb (1).\n");
    see_also(out);
}

static void overview_page(hb_buf *out)
{
    heading(out, "hb");
    hb_buf_c(out,
             "hb \\- compare a lab run with a trusted baseline\n.SH SYNOPSIS\n.B hb\n.I COMMAND\n"
             ".RI [ OPTIONS ]\n.RI [ ARGUMENTS ]\n.SH DESCRIPTION\n"
             "hb reads what a test lab already produces, compares it with a baseline and leaves a\n"
             "verdict, PASS, PASS_WITH_DRIFT, FAIL or NO_TEST, with its reasons and a report.\n"
             ".SH COMMANDS\n");
    for (size_t i = 0; hb_commands[i]; i++) {
        char page[64];
        page_name(hb_commands[i], page);
        hb_buf_c(out, ".TP\n.BR ");
        roff(out, page);
        hb_buf_c(out, " (1)\n");
        roff(out, hb_commands[i]->summary);
        hb_buf_ch(out, '\n');
    }
    hb_buf_c(out, ".SH OPTIONS\n");
    man_options(hb_common_opts, NULL, out);
    hb_buf_c(out, ".SH EXIT STATUS\n.nf\n");
    hb_buf codes;
    hb_buf_init(&codes, 8192);
    hb_topics[0].write(&codes);
    const char *body = strstr(codes.p, "\n\n");
    roff(out, body ? body + 2 : codes.p);
    hb_buf_release(&codes);
    hb_buf_c(out,
             ".fi\n.SH EXAMPLES\n.nf\n$ hb compare \\-\\-baseline monday.csv \\-\\-run tuesday.csv "
             "\\-\\-out result\n.fi\n");
}

bool hb_help_man(const char *page, hb_buf *out)
{
    if (strcmp(page, "hb") == 0) {
        overview_page(out);
        return true;
    }
    for (size_t i = 0; hb_commands[i]; i++) {
        char name[64];
        page_name(hb_commands[i], name);
        if (strcmp(name, page) == 0) {
            command_page(hb_commands[i], page, out);
            return true;
        }
    }
    return false;
}

void hb_help_man_pages(hb_buf *out)
{
    hb_buf_c(out, "hb\n");
    for (size_t i = 0; hb_commands[i]; i++) {
        char name[64];
        page_name(hb_commands[i], name);
        hb_buf_fmt(out, "%s\n", name);
    }
}

static void words_of(const hb_opt *opts, hb_buf *out)
{
    for (const hb_opt *o = opts; o && o->name; o++) {
        hb_buf_fmt(out, " --%s", o->name);
    }
}

static void bash(hb_buf *out)
{
    hb_buf_c(out,
             "# bash completion of hb, made from its command tables\n"
             "_hb() {\n"
             "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= w i\n"
             "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
             "        w=${COMP_WORDS[i]}\n"
             "        [[ $w == -* ]] && continue\n"
             "        cmd=\"${cmd:+$cmd }$w\"\n"
             "        [[ $cmd == *' '* ]] && break\n"
             "    done\n"
             "    case $prev in\n");
    for (size_t i = 0; hb_commands[i]; i++) {
        for (const hb_opt *o = hb_commands[i]->opts; o && o->name; o++) {
            if (o->kind == HB_OPT_ENUM) {
                hb_buf_fmt(out, "    --%s) COMPREPLY=($(compgen -W \"", o->name);
                for (int k = 0; o->values[k]; k++) {
                    hb_buf_fmt(out, "%s%s", k ? " " : "", o->values[k]);
                }
                hb_buf_c(out, "\" -- \"$cur\")); return ;;\n");
            }
        }
    }
    hb_buf_c(out, "    esac\n    case $cmd in\n");
    for (size_t i = 0; hb_commands[i]; i++) {
        hb_buf_fmt(out, "    \"%s\"%s) w=\"", hb_commands[i]->name,
                   strchr(hb_commands[i]->name, ' ') ? "" : "*");
        words_of(hb_commands[i]->opts, out);
        words_of(hb_common_opts, out);
        hb_buf_c(out, "\" ;;\n");
    }
    hb_buf_c(out, "    *) w=\"");
    words_of(hb_common_opts, out);
    for (size_t i = 0; hb_commands[i]; i++) {
        hb_buf_fmt(out, " %s", hb_commands[i]->name);
    }
    hb_buf_c(
        out,
        "\" ;;\n    esac\n"
        "    COMPREPLY=($(compgen -W \"$w\" -- \"$cur\"))\n"
        "    [[ $cur == -* || ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
        "}\ncomplete -o filenames -F _hb hb\n");
}

/* Inside single quotes of a shell. */
static void put_quoted(const char *text, hb_buf *out)
{
    for (const char *c = text; *c; c++) {
        if (*c == '\'') {
            hb_buf_c(out, "'\\''");
        } else {
            hb_buf_ch(out, *c);
        }
    }
}

static void zsh(hb_buf *out)
{
    hb_buf_c(out, "#compdef hb\n# zsh completion of hb, made from its command tables\n"
                  "_hb() {\n    local -a commands options\n    commands=(\n");
    for (size_t i = 0; hb_commands[i]; i++) {
        hb_buf_fmt(out, "        '%s:", hb_commands[i]->name);
        put_quoted(hb_commands[i]->summary, out);
        hb_buf_c(out, "'\n");
    }
    hb_buf_c(out, "    )\n    case \"${words[2]} ${words[3]}\" in\n");
    for (size_t i = 0; hb_commands[i]; i++) {
        bool two = strchr(hb_commands[i]->name, ' ') != NULL;
        hb_buf_fmt(out, "    '%s%s'%s) options=(", hb_commands[i]->name, two ? "" : " ",
                   two ? "" : "*");
        words_of(hb_commands[i]->opts, out);
        words_of(hb_common_opts, out);
        hb_buf_c(out, " ) ;;\n");
    }
    hb_buf_c(out, "    *) options=(");
    words_of(hb_common_opts, out);
    hb_buf_c(out, " ) ;;\n    esac\n"
                  "    if (( CURRENT == 2 )); then _describe 'command' commands; fi\n"
                  "    _describe 'option' options\n    _files\n}\n_hb \"$@\"\n");
}

bool hb_help_completion(const char *shell, hb_buf *out)
{
    static const struct {
        const char *name;
        void (*write)(hb_buf *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].write(out);
            return true;
        }
    }
    return false;
}
