/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include "base/json_write.h"
#include "cli/topics.h"

#include <string.h>

enum { HELP_COLUMN = 26, HELP_WIDTH = 80 };

/* Text broken at blanks so that no line passes HELP_WIDTH; the first line starts at `col`. */
static void wrapped(hb_buf *out, const char *text, size_t col, size_t indent)
{
    bool start = true;
    while (*text) {
        size_t n = strcspn(text, " ");
        /* Columns, not bytes: continuation bytes of UTF-8 take none. */
        size_t width = 0;
        for (size_t i = 0; i < n; i++) {
            width += ((unsigned char)text[i] & 0xc0) != 0x80;
        }
        if (!start && col + 1 + width > HELP_WIDTH) {
            hb_buf_ch(out, '\n');
            for (col = 0; col < indent; col++) {
                hb_buf_ch(out, ' ');
            }
            start = true;
        }
        if (!start) {
            hb_buf_ch(out, ' ');
            col++;
        }
        hb_buf_add(out, text, n);
        col += width;
        start = false;
        text += n;
        text += *text == ' ';
    }
    hb_buf_ch(out, '\n');
}

static void pad_to(hb_buf *out, size_t used, size_t column)
{
    do {
        hb_buf_ch(out, ' ');
        used++;
    } while (used < column);
}

static void row(hb_buf *out, const char *left, const char *right)
{
    size_t n = strlen(left) + 2;
    hb_buf_fmt(out, "  %s", left);
    if (n >= HELP_COLUMN) {
        hb_buf_ch(out, '\n');
        n = 0;
    }
    pad_to(out, n, HELP_COLUMN);
    wrapped(out, right, HELP_COLUMN, HELP_COLUMN);
}

void hb_help_overview(hb_buf *out)
{
    hb_buf_c(out, "hb compares a lab run with a trusted baseline and says PASS, PASS_WITH_DRIFT,\n"
                  "FAIL or NO_TEST, with the reasons and a report.\n\n"
                  "Usage: hb COMMAND [OPTIONS] [ARGUMENTS]\n");
    const char *group = "";
    for (size_t i = 0; hb_commands[i]; i++) {
        const hb_cmd *c = hb_commands[i];
        if (strcmp(group, c->group) != 0) {
            hb_buf_fmt(out, "\n%s\n", c->group);
            group = c->group;
        }
        row(out, c->name, c->summary);
    }
    hb_buf_c(out, "\nHelp on one command: hb help COMMAND. Further topics:\n");
    for (size_t i = 0; i < hb_topic_count; i++) {
        row(out, hb_topics[i].name, hb_topics[i].summary);
    }
    hb_buf_c(out,
             "\nFirst steps: hb demo, or hb compare --baseline OLD.csv --run NEW.csv --out out\n");
}

void hb_help_value(const hb_opt *o, hb_buf *out)
{
    for (int i = 0; o->kind == HB_OPT_ENUM && o->values[i]; i++) {
        hb_buf_fmt(out, "%s%s", i ? "|" : "", o->values[i]);
    }
    if (o->kind != HB_OPT_ENUM) {
        hb_buf_fmt(out, "%s%s", o->arg, o->kind == HB_OPT_LIST && !o->one_each ? "..." : "");
    }
}

static void synopsis(const hb_cmd *cmd, hb_buf *out)
{
    hb_buf_fmt(out, "hb %s", cmd->name);
    if (cmd->args) {
        hb_buf_fmt(out, " %s", cmd->args);
    }
    for (const hb_opt *o = cmd->opts; o && o->name; o++) {
        if (o->required) {
            hb_buf_fmt(out, " --%s ", o->name);
            hb_help_value(o, out);
        }
    }
    hb_buf_c(out, " [OPTIONS]");
}

static void option_left(const hb_opt *o, hb_buf *out)
{
    if (o->letter) {
        hb_buf_fmt(out, "-%c, ", o->letter);
    }
    hb_buf_fmt(out, "--%s", o->name);
    if (o->kind != HB_OPT_FLAG) {
        hb_buf_ch(out, ' ');
        hb_help_value(o, out);
    }
}

bool hb_help_concerns(const hb_cmd *cmd, const hb_opt *common)
{
    static const char *const always[] = {"json", "quiet", "color", "help"};
    bool any = !cmd->alone;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        any = any || strcmp(common->name, always[i]) == 0;
    }
    return any && !(cmd->text_only && strcmp(common->name, "json") == 0);
}

static void option_rows(const hb_opt *opts, const hb_cmd *only_of, hb_buf *out)
{
    for (const hb_opt *o = opts; o && o->name; o++) {
        if (only_of && !hb_help_concerns(only_of, o)) {
            continue;
        }
        hb_buf left;
        hb_buf right;
        hb_buf_init(&left, 200);
        hb_buf_init(&right, 600);
        option_left(o, &left);
        hb_buf_c(&right, o->help);
        if (o->env) {
            hb_buf_fmt(&right, " (or %s)", o->env);
        }
        row(out, left.p, right.p);
        hb_buf_release(&left);
        hb_buf_release(&right);
    }
}

void hb_help_command(const hb_cmd *cmd, hb_buf *out)
{
    hb_buf line;
    hb_buf_init(&line, 1000);
    synopsis(cmd, &line);
    hb_buf_fmt(out, "hb %s: %s\n\nUsage: ", cmd->name, cmd->summary);
    wrapped(out, line.p, 7, 11);
    hb_buf_release(&line);
    if (cmd->details) {
        hb_buf_fmt(out, "\n%s\n", cmd->details);
    }
    if (cmd->opts && cmd->opts->name) {
        hb_buf_c(out, "\nOptions\n");
        option_rows(cmd->opts, NULL, out);
    }
    hb_buf_c(out, "\nCommon options\n");
    option_rows(hb_common_opts, cmd, out);
    if (cmd->example) {
        hb_buf_fmt(out, "\nExample\n  $ %s\n", cmd->example);
    }
}

static bool group_help(const char *group, hb_buf *out)
{
    size_t n = strlen(group);
    bool any = false;
    for (size_t i = 0; hb_commands[i]; i++) {
        const hb_cmd *c = hb_commands[i];
        if (strncmp(c->name, group, n) == 0 && c->name[n] == ' ') {
            if (!any) {
                hb_buf_fmt(out, "hb %s: commands\n\n", group);
            }
            row(out, c->name, c->summary);
            any = true;
        }
    }
    return any;
}

bool hb_help_topic(const char *const *words, size_t n, hb_buf *out)
{
    size_t used = 0;
    const hb_cmd *cmd = hb_cmd_find(words, n, &used);
    if (cmd && used == n) {
        hb_help_command(cmd, out);
        return true;
    }
    for (size_t i = 0; i < hb_topic_count; i++) {
        if (n == 1 && strcmp(hb_topics[i].name, words[0]) == 0) {
            hb_topics[i].write(out);
            return true;
        }
    }
    return n == 1 && group_help(words[0], out);
}

static void dump_opts(hb_json *j, const hb_opt *opts)
{
    static const char *const kinds[] = {
        [HB_OPT_FLAG] = "flag", [HB_OPT_STRING] = "string", [HB_OPT_LIST] = "list",
        [HB_OPT_UINT] = "uint", [HB_OPT_F64] = "number",    [HB_OPT_ENUM] = "enum",
    };
    hb_json_key(j, "options");
    hb_json_arr(j);
    for (const hb_opt *o = opts; o && o->name; o++) {
        hb_json_obj(j);
        hb_json_kc(j, "name", o->name);
        if (o->letter) {
            hb_json_key(j, "letter");
            hb_json_str(j, (hb_str){&o->letter, 1});
        }
        hb_json_kc(j, "kind", kinds[o->kind]);
        if (o->kind == HB_OPT_ENUM) {
            hb_json_key(j, "values");
            hb_json_arr(j);
            for (int i = 0; o->values[i]; i++) {
                hb_json_c(j, o->values[i]);
            }
            hb_json_end(j);
        }
        if (o->arg) {
            hb_json_kc(j, "arg", o->arg);
        }
        if (o->env) {
            hb_json_kc(j, "env", o->env);
        }
        hb_json_kb(j, "required", o->required);
        hb_json_kc(j, "help", o->help);
        hb_json_end(j);
    }
    hb_json_end(j);
}

hb_status hb_help_dump(hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "version", HB_VERSION);
    dump_opts(&j, hb_common_opts);
    hb_json_key(&j, "commands");
    hb_json_arr(&j);
    for (size_t i = 0; hb_commands[i]; i++) {
        const hb_cmd *c = hb_commands[i];
        hb_json_obj(&j);
        hb_json_kc(&j, "name", c->name);
        hb_json_kc(&j, "group", c->group);
        hb_json_kc(&j, "summary", c->summary);
        hb_json_kc(&j, "args", c->args);
        hb_json_kc(&j, "details", c->details);
        hb_json_kc(&j, "example", c->example);
        dump_opts(&j, c->opts);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
