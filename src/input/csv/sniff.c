/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/sniff.h"

#include "input/cell.h"

#include <string.h>

enum { CANDIDATES = 5 };
static const char candidates[CANDIDATES] = {',', ';', '\t', '|', HB_DELIMITER_BLANKS};

typedef struct line_set {
    hb_str lines[HB_SNIFF_LINES];
    size_t physical[HB_SNIFF_LINES]; /* 0-based physical line */
    size_t n;
} line_set;

/* Physical lines; one that opens a quote runs on to where it closes. */
static void split_lines(hb_str text, bool whole, line_set *set)
{
    size_t physical = 0;
    size_t at = 0;
    while (at < text.n && set->n < HB_SNIFF_LINES) {
        size_t from = at;
        size_t first = physical;
        bool quoted = false;
        while (at < text.n && (quoted || (text.p[at] != '\n' && text.p[at] != '\r'))) {
            quoted ^= text.p[at] == '"';
            physical += text.p[at] == '\n';
            at++;
        }
        if (at == text.n && !whole && set->n) {
            return; /* the last line may be cut; a first line longer than the text must do as it is
                     */
        }
        set->lines[set->n] = (hb_str){text.p + from, at - from};
        set->physical[set->n++] = first;
        if (at < text.n) {
            at += text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n' ? 2 : 1;
            physical++;
        }
    }
}

static bool next_field(hb_str *rest, char delimiter, hb_str *ret, bool *more)
{
    if (!*more) {
        return false;
    }
    size_t i = 0;
    bool quoted = false;
    while (i < rest->n) {
        char c = rest->p[i];
        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == delimiter || (delimiter == HB_DELIMITER_BLANKS && c == '\t'))) {
            break;
        }
        i++;
    }
    *ret = (hb_str){rest->p, i};
    *more = i < rest->n;
    if (*more && delimiter == HB_DELIMITER_BLANKS) {
        while (i < rest->n && (rest->p[i] == ' ' || rest->p[i] == '\t')) {
            i++;
        }
        *more = i < rest->n;
    } else if (*more) {
        i++;
    }
    *rest = (hb_str){rest->p + i, rest->n - i};
    return true;
}

static hb_str start_of(hb_str line, char delimiter)
{
    return delimiter == HB_DELIMITER_BLANKS ? hb_str_trim(line) : line;
}

size_t hb_csv_count_fields(hb_str line, char delimiter)
{
    hb_str rest = start_of(line, delimiter);
    hb_str field;
    bool more = true;
    size_t n = 0;
    while (next_field(&rest, delimiter, &field, &more)) {
        n++;
    }
    return n;
}

static bool is_comment(hb_str line)
{
    return line.n && line.p[0] == '#';
}

/* Most frequent number of fields over the lines that count, and how many have it. */
static size_t modal_fields(const line_set *set, char delimiter, size_t *ret_votes)
{
    size_t counts[HB_SNIFF_LINES];
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++) {
        if (hb_str_trim(set->lines[i]).n && !is_comment(set->lines[i])) {
            counts[n++] = hb_csv_count_fields(set->lines[i], delimiter);
        }
    }
    size_t best = 0;
    *ret_votes = 0;
    for (size_t i = 0; i < n; i++) {
        size_t votes = 0;
        for (size_t k = 0; k < n; k++) {
            votes += counts[k] == counts[i];
        }
        if (counts[i] >= 2 && (votes > *ret_votes || (votes == *ret_votes && counts[i] > best))) {
            best = counts[i];
            *ret_votes = votes;
        }
    }
    return best;
}

/* Blanks stand inside names and times too, so they only win when nothing else cuts the lines. */
static void choose_delimiter(const line_set *set, hb_csv_dialect *d)
{
    double best = 0;
    size_t lines = 0;
    for (size_t i = 0; i < set->n; i++) {
        lines += hb_str_trim(set->lines[i]).n && !is_comment(set->lines[i]);
    }
    for (size_t c = 0; c < CANDIDATES; c++) {
        size_t votes = 0;
        size_t fields = modal_fields(set, candidates[c], &votes);
        double share = lines ? (double)votes / (double)lines : 0;
        double score = share + 0.001 * (double)(fields < 50 ? fields : 50);
        if (candidates[c] == HB_DELIMITER_BLANKS) {
            score *= 0.8;
        }
        if (fields >= 2 && score > best) {
            best = score;
            d->delimiter = candidates[c];
            d->n_columns = fields;
            d->agreement = share;
        }
    }
}

typedef struct line_look {
    size_t fields;
    size_t numbers;
    size_t missing;
    size_t names;         /* neither */
    size_t comma_numbers; /* 12,5 */
} line_look;

static bool comma_number(hb_str cell)
{
    size_t comma = hb_str_find_ch(cell, ',');
    if (comma == cell.n || comma == 0 || cell.n >= 40) {
        return false;
    }
    char text[40];
    double v = 0;
    memcpy(text, cell.p, cell.n);
    text[comma] = '.';
    return hb_num_parse(text, cell.n, &v) == HB_NUM_FINITE;
}

static line_look look(hb_str line, char delimiter)
{
    line_look l = {0};
    hb_str rest = start_of(line, delimiter);
    hb_str field;
    bool more = true;
    while (next_field(&rest, delimiter, &field, &more)) {
        double v = 0;
        hb_str cell = hb_str_trim(field);
        if (cell.n >= 2 && cell.p[0] == '"' && cell.p[cell.n - 1] == '"') {
            cell = (hb_str){cell.p + 1, cell.n - 2};
        }
        hb_cell_class k = hb_cell_classify(cell, '.', &v);
        bool comma = k == HB_CELL_IS_TEXT && delimiter != ',' && comma_number(cell);
        l.fields++;
        l.comma_numbers += comma;
        l.numbers += k == HB_CELL_IS_NUMBER || k == HB_CELL_IS_INF || comma;
        l.missing += k == HB_CELL_IS_MISSING || k == HB_CELL_IS_NAN;
        l.names += k == HB_CELL_IS_TEXT && !comma;
    }
    return l;
}

/* Names above numbers; or, in a table of texts only, the first line. */
static void choose_header(const line_set *set, hb_csv_dialect *d)
{
    size_t first = set->n;
    size_t n_numeric_below = 0;
    for (size_t i = 0; i < set->n; i++) {
        hb_str line = set->lines[i];
        if (!hb_str_trim(line).n || is_comment(line)) {
            continue;
        }
        line_look l = look(line, d->delimiter);
        bool fits = d->n_columns < 2 || l.fields == d->n_columns;
        if (first == set->n && (fits || (l.fields > 1 && l.fields + 1 >= d->n_columns))) {
            first = i;
        } else if (first < set->n && l.numbers) {
            n_numeric_below++;
        }
        d->decimal = l.comma_numbers ? ',' : d->decimal;
    }
    if (first == set->n) {
        return;
    }
    d->skip_lines = set->physical[first];
    line_look top = look(set->lines[first], d->delimiter);
    d->header = top.names > 0 && top.numbers == 0 && (n_numeric_below > 0 || top.missing == 0);
    /* "#time,a,b" above rows of three: the header hides behind the comment sign. */
    size_t above = first;
    while (above > 0 && !hb_str_trim(set->lines[above - 1]).n) {
        above--;
    }
    if (!d->header && above > 0 && is_comment(set->lines[above - 1]) && d->n_columns >= 2 &&
        hb_csv_count_fields(set->lines[above - 1], d->delimiter) == d->n_columns) {
        d->header = true;
        d->header_hash = true;
        d->skip_lines = set->physical[above - 1];
    }
}

void hb_csv_sniff(hb_str text, bool whole, char delimiter, hb_csv_dialect *ret)
{
    line_set set = {.n = 0};
    *ret = (hb_csv_dialect){.decimal = '.', .n_columns = 1};
    split_lines(text, whole, &set);
    for (size_t i = 0; i < set.n; i++) {
        ret->comments = ret->comments || is_comment(set.lines[i]);
    }
    if (delimiter) {
        size_t votes = 0;
        ret->delimiter = delimiter;
        ret->n_columns = modal_fields(&set, delimiter, &votes);
        ret->agreement = set.n ? (double)votes / (double)set.n : 0;
    } else {
        choose_delimiter(&set, ret);
    }
    choose_header(&set, ret);
}
