/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/sniff.h"

#include "input/shape.h"

#include <string.h>

enum {
    MORE_ROWS = 8000,
    MORE_BYTES = 1 << 20,
    DECIMAL_ROWS = 200,
    SIGN_LINES = 2000,
};

/* Blanks stand inside names, dates and texts too: other delimiters go first unless they are much
 * worse. Rare ones must cut every line alike. */
static const struct {
    char delimiter;
    const char *name;
    double weight;
    double agreement; /* at least */
} rows[] = {
    {',', "comma", 1, 0},
    {';', "semicolon", 1, 0},
    {'\t', "tab", 1, 0},
    {'|', "bar", 1, 0},
    {' ', "blanks", 0.75, 0},
    {':', "colon", 0.6, 0.97},
    {'^', "caret", 0.8, 0.97},
    {'~', "tilde", 0.8, 0.97},
    {'!', "exclamation mark", 0.8, 0.97},
    {'\x1f', "unit separator", 0.9, 0.97},
};

enum { N_ROWS = sizeof rows / sizeof *rows, N_COMMON = 5 };

const char *hb_delimiter_name(char delimiter)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].delimiter == delimiter) {
            return rows[i].name;
        }
    }
    return delimiter ? "given" : "none: one column";
}

static hb_str first_line(hb_str text, size_t *ret_next)
{
    size_t n = 0;
    while (n < text.n && !hb_is_eol(text.p[n])) {
        n++;
    }
    *ret_next = n < text.n ? n + hb_eol_bytes(text.p + n, text.p + text.n) : n;
    return (hb_str){text.p, n};
}

/* "sep=;", as spreadsheets write and read it; also in quotes. 0 = no such line. */
static char sep_line(hb_str text)
{
    size_t next = 0;
    hb_str line = first_line(text, &next);
    bool quoted = line.n >= 7 && line.p[0] == '"' && line.p[line.n - 1] == '"';
    line = quoted ? (hb_str){line.p + 1, line.n - 2} : line;
    while (line.n > 5 && line.p[line.n - 1] == ' ' && line.p[4] != ' ') {
        line.n--;
    }
    bool is = line.n == 5 && hb_str_ieq_c((hb_str){line.p, 4}, "sep=");
    return is ? line.p[4] : 0;
}

/* Signs that begin some lines but not those of the data, as far as lines alone can tell. */
static hb_comments comment_signs(hb_str text)
{
    hb_comments all = {HB_COMMENT_CANDIDATES};
    size_t lines = 0;
    size_t with[HB_COMMENT_SIGNS] = {0};
    size_t late[HB_COMMENT_SIGNS] = {0};
    size_t semicolons = 0;
    size_t total = 0;
    for (int pass = 0; pass < 2; pass++) {
        hb_str rest = text;
        for (lines = 0; rest.n && lines < SIGN_LINES; lines++) {
            size_t next = 0;
            hb_str line = first_line(rest, &next);
            char sign = hb_comment_sign(&all, line.p, line.p + line.n);
            const char *at = sign ? strchr(all.signs, sign) : NULL;
            if (at && pass == 0) {
                with[at - all.signs]++;
            } else if (at && lines * 2 >= total) {
                late[at - all.signs]++;
            } else if (pass == 0 && line.n) {
                semicolons += hb_str_find_ch(line, ';') < line.n;
            }
            rest = (hb_str){rest.p + next, rest.n - next};
        }
        total = lines;
    }
    hb_comments found = {{0}};
    size_t n = 0;
    for (size_t i = 0; all.signs[i]; i++) {
        bool delimits = all.signs[i] == ';' && semicolons * 2 > total;
        if (with[i] && late[i] * 4 <= total && !delimits) {
            found.signs[n++] = all.signs[i];
        }
    }
    return found;
}

typedef struct sniffing {
    hb_find_options o;
    hb_comments signs;
    hb_finding best;
    double score;
    double second;
    char rival;
} sniffing;

static bool torn(const hb_cell *c)
{
    size_t quotes = 0;
    for (size_t i = 0; c->kind == HB_CELL_TEXT && !c->quoted && i < c->len; i++) {
        quotes += c->as.p[i] == '"';
    }
    return quotes % 2 == 1;
}

/* Cells with half a pair of quotes in most rows: this delimiter cuts inside quoted fields, which
 * another one keeps whole. */
static bool tears_quotes(const hb_finding *f)
{
    size_t all = 0;
    size_t torn_rows = 0;
    for (size_t r = f->survey.data_row; r < f->grid.n; r++) {
        bool any = false;
        for (size_t i = 0; !any && i < f->grid.rows[r].n; i++) {
            any = torn(&f->grid.rows[r].cells[i]);
        }
        all++;
        torn_rows += any;
    }
    return torn_rows * 2 > all;
}

/* Tries one delimiter; the better finding is kept. */
static hb_status try_one(sniffing *s, char delimiter, double weight, double agreement,
                         hb_error *err)
{
    hb_finding f;
    hb_comments signs = s->signs;
    char *own = strchr(signs.signs, delimiter);
    if (delimiter && own) { /* a delimiter is no sign of comments */
        memmove(own, own + 1, strlen(own));
    }
    hb_status status = hb_find_table(&s->o, delimiter, signs, &f, err);
    double score = f.score * weight * (f.agreement >= agreement ? 1 : 0.1);
    if (status == HB_OK && tears_quotes(&f)) {
        score *= 0.1;
    }
    if (status == HB_OK && (score > s->score || !s->best.cut.rows)) {
        s->second = s->score;
        s->rival = s->best.delimiter;
        s->score = score;
        hb_finding_release(&s->best);
        s->best = f;
        return HB_OK;
    }
    if (status == HB_OK && score > s->second) {
        s->second = score;
        s->rival = delimiter;
    }
    hb_finding_release(&f);
    return status;
}

static bool occurs(hb_str text, char delimiter)
{
    return memchr(text.p, delimiter, text.n) != NULL ||
           (delimiter == HB_DELIMITER_BLANKS && memchr(text.p, '\t', text.n));
}

/* "1,5" below a name of one field is one column with a decimal comma. */
static hb_status doubt_comma(sniffing *s, hb_error *err)
{
    hb_finding one;
    const hb_survey *v = &s->best.survey;
    if (s->best.delimiter != ',' || v->used_columns != 2 || v->names_row != HB_NO_ROW) {
        return HB_OK;
    }
    hb_status status = hb_find_table(&s->o, 0, s->signs, &one, err);
    if (status == HB_OK && one.survey.names_row != HB_NO_ROW && one.survey.figure_share > 0.9) {
        s->second = 0.7 * s->score;
        s->rival = ',';
        hb_finding_release(&s->best);
        s->best = one;
        return HB_OK;
    }
    hb_finding_release(&one);
    return status;
}

static hb_status try_all(sniffing *s, hb_error *err)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        bool rare = i >= N_COMMON;
        bool could_win = s->score < rows[i].weight;
        bool needed = !rare || (s->best.survey.used_columns < 2 && s->score < 0.5);
        if (could_win && needed && occurs(s->o.text, rows[i].delimiter)) {
            HB_TRY(try_one(s, rows[i].delimiter, rows[i].weight, rows[i].agreement, err));
        }
    }
    if (s->score < 0.5) {
        HB_TRY(try_one(s, 0, 1, 0, err));
    }
    return doubt_comma(s, err);
}

/* A preamble longer than what was looked at leaves nothing that is much of a table, or texts. */
static hb_status look_further(sniffing *s, char delimiter, hb_error *err)
{
    bool good = s->score >= 0.3 && s->best.survey.figure_share >= 0.5;
    if (good || s->best.cut.whole || s->o.max_rows >= MORE_ROWS) {
        return HB_OK;
    }
    sniffing more = {.o = s->o, .signs = s->signs};
    more.o.max_rows = MORE_ROWS;
    more.o.max_bytes = MORE_BYTES;
    hb_status status = delimiter ? try_one(&more, delimiter, 1, 0, err) : try_all(&more, err);
    if (status == HB_OK && more.score > s->score) {
        hb_finding_release(&s->best);
        *s = more;
        return HB_OK;
    }
    hb_finding_release(&more.best);
    return status;
}

/* Which mark stands last in the figures? One comma with three digits behind it may part thousands.
 */
static char decimal_mark(const hb_finding *f)
{
    double comma = 0;
    double point = 0;
    size_t from = f->survey.data_row;
    for (size_t r = from; r < f->grid.n && r - from < DECIMAL_ROWS; r++) {
        for (size_t i = 0; i < f->grid.rows[r].n; i++) {
            const hb_cell *cell = &f->grid.rows[r].cells[i];
            if (hb_shape_of_cell(cell) != HB_SHAPE_FIGURE || cell->kind != HB_CELL_TEXT) {
                continue;
            }
            hb_str t = {cell->as.p, cell->len};
            size_t last = t.n;
            while (last > 0 && t.p[last - 1] != ',' && t.p[last - 1] != '.') {
                last--;
            }
            if (last == 0) {
                continue;
            }
            size_t digits = 0;
            while (last + digits < t.n && t.p[last + digits] >= '0' && t.p[last + digits] <= '9') {
                digits++;
            }
            double weight = digits == 3 ? 0.1 : 1;
            comma += t.p[last - 1] == ',' ? weight : 0;
            point += t.p[last - 1] == '.' ? weight : 0;
        }
    }
    bool quoted = f->delimiter == ',';
    return comma > point && !quoted ? ',' : '.';
}

static hb_status blanks_if_single(sniffing *s, hb_error *err)
{
    if (s->best.delimiter == 0 && s->best.survey.n_columns < 2 &&
        occurs(s->o.text, HB_DELIMITER_BLANKS)) {
        hb_finding_release(&s->best);
        s->score = 0;
        s->second = 0;
        return try_one(s, HB_DELIMITER_BLANKS, 1, 0, err);
    }
    return HB_OK;
}

hb_status hb_sniff(hb_str text, bool whole, const hb_sniff_options *o, hb_sniffed *ret,
                   hb_error *err)
{
    char by_line = o->delimiter ? 0 : sep_line(text);
    char delimiter = by_line ? by_line : o->delimiter;
    sniffing s = {.o = {.text = text,
                        .whole = whole,
                        .header = o->header,
                        .units = o->units,
                        .skip_rows = by_line != 0,
                        .max_rows = HB_SNIFF_ROWS,
                        .max_bytes = HB_SNIFF_BYTES},
                  .signs = comment_signs(text)};
    *ret = (hb_sniffed){.decimal = '.', .given_by_line = by_line != 0};
    hb_status status = delimiter ? try_one(&s, delimiter, 1, 0, err) : try_all(&s, err);
    if (status == HB_OK) {
        status = look_further(&s, delimiter, err);
    }
    if (status == HB_OK && o->blanks_if_single) {
        status = blanks_if_single(&s, err);
    }
    ret->table = s.best;
    if (status == HB_OK) {
        bool near = !delimiter && s.second > 0.6 * s.score;
        ret->decimal = decimal_mark(&s.best);
        ret->rival = near ? hb_delimiter_name(s.rival) : NULL;
        ret->confidence = delimiter ? 1 : s.score > 0 ? 1 - 0.5 * s.second / s.score : 0;
    }
    return status;
}

void hb_sniffed_release(hb_sniffed *s)
{
    hb_finding_release(&s->table);
}

void hb_csv_sniff(hb_str text, bool whole, char delimiter, hb_csv_dialect *ret)
{
    hb_sniffed s;
    hb_sniff_options o = {.delimiter = delimiter};
    *ret = (hb_csv_dialect){.decimal = '.', .n_columns = 1};
    if (hb_sniff(text, whole, &o, &s, NULL) == HB_OK) {
        *ret = (hb_csv_dialect){.delimiter = s.table.delimiter,
                                .decimal = s.decimal,
                                .header = s.table.survey.names_row != HB_NO_ROW,
                                .n_columns = s.table.survey.n_columns,
                                .comments = s.table.comments};
    }
    hb_sniffed_release(&s);
}
