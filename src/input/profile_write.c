/* SPDX-License-Identifier: Apache-2.0 */
#include "input/profile_write.h"

#include "input/csv/sniff.h"
#include "input/profile_pins.h"
#include "os/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Foreign text in a comment: one line, nothing that moves the cursor. */
static void comment(hb_buf *out, const char *text)
{
    hb_buf_shown(out, text);
}

static void text_pair(hb_buf *out, const char *key, const char *text)
{
    hb_buf_fmt(out, "%s: ", key);
    hb_yaml_put_text(hb_str_of(text), out);
}

/* The file's name without folders and ending, as far as names go. */
static void put_name(const hb_reading *r, hb_buf *out)
{
    const char *base = hb_path_base(r->path);
    const char *dot = strchr(base, '.');
    size_t n = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    hb_yaml_put_text((hb_str){base, n}, out);
}

static void put_delimiter(char d, hb_buf *out)
{
    static const struct {
        char d;
        const char *word;
    } rows[] = {{0, "sniff"},
                {',', "comma"},
                {';', "semicolon"},
                {'\t', "tab"},
                {'|', "bar"},
                {':', "colon"},
                {HB_DELIMITER_BLANKS, "blanks"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].d == d) {
            hb_buf_c(out, rows[i].word);
            return;
        }
    }
    hb_yaml_put_text((hb_str){&d, 1}, out);
}

static void head(const hb_reading *r, hb_buf *out)
{
    hb_buf_c(out, "# How ");
    comment(out, hb_path_base(r->path));
    hb_buf_fmt(out,
               " was read, pinned (hb inspect --save-profile). hb --profile FILE reads by it and\n"
               "# refuses a file that does not fit, saying what changed.\n"
               "# Made from %llu rows, sha256 %s\n",
               (unsigned long long)r->rows_data, r->sha256);
    hb_buf_c(out, "names: [");
    put_name(r, out);
    hb_buf_c(out, "]\n");
    hb_buf_c(out, "summary: ");
    char text[200];
    snprintf(text, sizeof text, "as %.150s was read", hb_path_base(r->path));
    hb_yaml_put_text(hb_str_of(text), out);
    hb_buf_ch(out, '\n');
    if (strcmp(r->format, "csv") == 0) {
        hb_buf_c(out, "delimiter: ");
        put_delimiter(r->shape.delimiter, out);
        hb_buf_fmt(out, "\nheader: %s\n", r->shape.header_line ? "first" : "none");
    }
}

static void put_parts(hb_buf *out, const char *key, const hb_time_rule *t, bool forms)
{
    hb_buf_fmt(out, "%s: [", key);
    for (size_t i = 0; i < t->n_columns; i++) {
        hb_buf_c(out, i ? ", " : "");
        if (forms) {
            const char *name = hb_time_form_name(t->form[i]);
            hb_yaml_put_text(hb_str_of(name ? name : "?"), out);
        } else {
            hb_buf_u64(out, t->columns[i] + 1);
        }
    }
    hb_buf_ch(out, ']');
}

static void one_time(const hb_reading *r, const hb_reading_time *time, hb_buf *out)
{
    const hb_time_rule *t = &time->rule;
    hb_buf_c(out, "    - ");
    put_parts(out, "columns", t, false);
    hb_buf_c(out, " # ");
    comment(out, time->column);
    hb_buf_fmt(out, "\n      kind: %s\n      ", hb_profile_axes[t->kind]);
    text_pair(out, "notation", t->notation ? t->notation : "");
    hb_buf_ch(out, '\n');
    if (t->order != HB_ORDER_ASK) {
        hb_buf_fmt(out, "      order: %s\n", hb_profile_orders[t->order]);
    }
    if (t->zone) {
        hb_buf_c(out, "      ");
        text_pair(out, "zone", t->zone);
        hb_buf_ch(out, '\n');
    }
    if (t->offset_s) {
        hb_buf_fmt(out, "      offset_s: %d\n", (int)t->offset_s);
    }
    if (t->scale_ns > 0) {
        hb_buf_c(out, "      unit_ns: ");
        hb_buf_f64(out, t->scale_ns);
        hb_buf_ch(out, '\n');
    }
    hb_buf_c(out, t->plain_number ? "      plain_number: true\n" : "");
    hb_buf_c(out, t->serial_1904 ? "      serial_1904: true\n" : "");
    hb_buf_c(out, "      ");
    put_parts(out, "forms", t, true);
    hb_buf_ch(out, '\n');
    (void)r;
}

static void pins(const hb_reading *r, hb_buf *out)
{
    const hb_reading_shape *s = &r->shape;
    hb_buf_fmt(out, "pinned:\n  format: %s\n", r->format);
    if (s->encoding && strcmp(r->format, "csv") == 0) {
        hb_buf_fmt(out, "  encoding: %s\n", s->encoding);
    }
    if (s->sheet) {
        hb_buf_c(out, "  ");
        text_pair(out, "sheet", s->sheet);
        hb_buf_ch(out, '\n');
    }
    if (s->comment_signs) {
        hb_buf_c(out, "  ");
        text_pair(out, "comments", s->comment_signs);
        hb_buf_ch(out, '\n');
    }
    hb_buf_fmt(out, "  decimal: %s\n  layout: %s\n", s->decimal == ',' ? "comma" : "point",
               strcmp(r->layout, "wide") == 0 ? "wide" : "rows");
    if (s->header_line || !s->data_first_line) {
        hb_buf_fmt(out, "  find: names # stood in line %llu\n", (unsigned long long)s->header_line);
    } else {
        hb_buf_fmt(out, "  find: lines # there are no names\n  data_line: %llu\n",
                   (unsigned long long)s->data_first_line);
    }
    if (r->n_times) {
        hb_buf_c(out, "  times: # the axis first\n");
    }
    for (size_t i = 0; i < r->n_times; i++) {
        one_time(r, &r->times[i], out);
    }
}

static const char *role(const hb_reading *r, size_t i)
{
    const hb_reading_column *c = &r->columns[i];
    bool axis = r->n_times && r->times[0].rule.columns[0] == i;
    return axis                                                       ? "time"
           : c->kind == HB_COLUMN_NUMBER || c->kind == HB_COLUMN_BOOL ? "metric"
                                                                      : "ignore";
}

static void put_rule(const hb_number_rule *n, hb_buf *out)
{
    const char *between = "";
    if (n->group != HB_GROUP_NONE) {
        hb_buf_fmt(out, ", group_mark: %s", hb_profile_marks[n->group]);
    }
    hb_number_rule copy = *n;
    for (size_t i = 0; i < HB_PROFILE_DRESSES; i++) {
        if (*hb_profile_dress(&copy, i)) {
            hb_buf_fmt(out, "%s%s", *between ? between : ", cells: [", hb_profile_dresses[i]);
            between = ", ";
        }
    }
    hb_buf_c(out, *between ? "]" : "");
    for (size_t i = 0; i < n->n_suffixes; i++) {
        hb_buf_c(out, i ? ", {text: " : ", suffixes: [{text: ");
        hb_yaml_put_text(n->suffixes[i].text, out);
        hb_buf_c(out, ", factor: ");
        hb_buf_f64(out, n->suffixes[i].to_unit.a);
        hb_buf_c(out, ", offset: ");
        hb_buf_f64(out, n->suffixes[i].to_unit.b);
        hb_buf_ch(out, '}');
    }
    hb_buf_c(out, n->n_suffixes ? "]" : "");
    for (size_t i = 0; i < n->n_missing; i++) {
        hb_buf_c(out, i ? ", " : ", missing: [");
        hb_yaml_put_text(n->missing[i], out);
    }
    hb_buf_c(out, n->n_missing ? "]" : "");
    for (size_t i = 0; i < n->n_overload; i++) {
        hb_buf_c(out, i ? ", " : ", overload: [");
        hb_buf_f64(out, n->overload[i]);
    }
    hb_buf_c(out, n->n_overload ? "]" : "");
}

static void one_column(const hb_reading *r, size_t i, hb_buf *out)
{
    const hb_reading_column *c = &r->columns[i];
    hb_buf_c(out, "  - {");
    text_pair(out, "header", c->name);
    if (*c->group) {
        hb_buf_c(out, ", ");
        text_pair(out, "group", c->group);
    }
    if (*c->unit) {
        hb_buf_c(out, ", ");
        text_pair(out, "unit", c->unit);
    }
    if (*c->file_unit) {
        hb_buf_c(out, ", ");
        text_pair(out, "file_unit", c->file_unit);
    }
    hb_buf_fmt(out, ", role: %s, kind: %s", role(r, i), hb_profile_kinds[c->kind]);
    if (c->kind != HB_COLUMN_TEXT && i < r->plan.n_columns) {
        put_rule(&r->plan.columns[i].number, out);
    }
    if (c->n_rejected && r->rows_data) {
        hb_buf_c(out, ", rejected: ");
        hb_buf_f64(out, (double)c->n_rejected / (double)r->rows_data);
    }
    hb_buf_c(out, "}\n");
}

hb_status hb_profile_write(const hb_reading *r, hb_buf *out, hb_error *err)
{
    hb_input_profile again;
    if (r->ambiguous) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' cannot be pinned with an open question: %s", r->path,
                       r->ambiguous);
    }
    for (size_t i = 0; i < r->n_columns; i++) {
        if (r->columns[i].late) {
            return HB_FAIL(err, HB_E_INPUT,
                           "'%s' cannot be pinned: its column '%.80s' is not in its first rows",
                           r->path, r->columns[i].name);
        }
    }
    head(r, out);
    pins(r, out);
    hb_buf_c(out,
             "# header: as it stands in the file; name, unit: what the run calls it; rejected: "
             "share of\n# cells that may be neither figure nor missing\ncolumns:\n");
    for (size_t i = 0; i < r->n_columns; i++) {
        one_column(r, i, out);
    }
    HB_TRY(hb_buf_check(out, err));
    hb_status status = hb_input_profile_parse((hb_str){out->p, out->n}, "the profile", &again, err);
    if (status == HB_OK) {
        hb_input_profile_release(&again);
    }
    return status;
}
