/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern of ours as the C library reads it: named groups, \d and its kin written over, and what
 * would make the library's copy of it grow without measure refused.
 * docs/decisions/0101-patterns-in-log-messages.md */
#include "telemetry/normalise_internal.h"

#include <string.h>

enum { REPEAT_MAX = 100, PARTS_MAX = 2000 };

#define FAIL_PATTERN(p, ...) HB_FAIL_AT(err, HB_E_CONFIG, s->name, (p)->line, (p)->col, __VA_ARGS__)

typedef struct writer {
    const hb_telemetry_schema *s;
    hb_log_pattern *p;
    hb_buf *out;
    size_t at;
    bool repeated; /* what was written last is a repeat */
    /* Parts of the expression as the library will have it: a repeat of n is n copies in there, and
     * copies of copies multiply. */
    size_t parts[HB_PATTERN_GROUPS_MAX + 1]; /* of each open group */
    size_t depth;
    size_t last; /* parts of the item before */
} writer;

static hb_status group(writer *w, hb_error *err)
{
    const hb_telemetry_schema *s = w->s;
    hb_log_pattern *p = w->p;
    hb_str rest = hb_str_of(p->pattern + w->at);
    hb_str name = {"", 0};
    size_t skip = 1;
    if (hb_str_starts(rest, "(?<") || hb_str_starts(rest, "(?P<")) {
        size_t from = rest.p[2] == 'P' ? 4 : 3;
        size_t end = hb_str_find_ch((hb_str){rest.p + from, rest.n - from}, '>');
        if (end == 0 || from + end >= rest.n) {
            return FAIL_PATTERN(p, "pattern '%.100s': a named group is written (?<name>…)",
                                p->pattern);
        }
        name = (hb_str){rest.p + from, end};
        skip = from + end + 1;
    } else if (hb_str_starts(rest, "(?:")) {
        skip = 3;
    } else if (hb_str_starts(rest, "(?")) {
        return FAIL_PATTERN(p,
                            "pattern '%.100s': of the groups that begin with (? only (?<name>…) "
                            "and (?:…) are known",
                            p->pattern);
    }
    if (p->n_groups == HB_PATTERN_GROUPS_MAX) {
        return FAIL_PATTERN(p, "pattern '%.100s' has more than %d groups", p->pattern,
                            HB_PATTERN_GROUPS_MAX - 1);
    }
    for (size_t i = 1; i < p->n_groups && name.n; i++) {
        if (hb_str_eq(p->groups[i], name)) {
            return FAIL_PATTERN(p, "pattern '%.100s' has two groups named '%.*s'", p->pattern,
                                (int)name.n, name.p);
        }
    }
    p->groups[p->n_groups++] = name;
    hb_buf_ch(w->out, '(');
    w->at += skip;
    return HB_OK;
}

static hb_status escape(writer *w, bool in_set, hb_error *err)
{
    static const struct {
        char letter;
        const char *outside;
        const char *inside;
    } rows[] = {{'d', "[0-9]", "0-9"},
                {'D', "[^0-9]", NULL},
                {'s', "[[:space:]]", "[:space:]"},
                {'S', "[^[:space:]]", NULL},
                {'w', "[[:alnum:]_]", "[:alnum:]_"},
                {'W', "[^[:alnum:]_]", NULL},
                {'t', "\t", "\t"},
                {'b', "\\b", NULL}};
    const hb_telemetry_schema *s = w->s;
    const hb_log_pattern *p = w->p;
    char c = p->pattern[w->at + 1];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = in_set ? rows[i].inside : rows[i].outside;
        if (rows[i].letter == c && text) {
            hb_buf_c(w->out, text);
            w->at += 2;
            return HB_OK;
        }
    }
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == '\0' || letter || (in_set && (c == ']' || c == '^' || c == '-'))) {
        return FAIL_PATTERN(p, "pattern '%.100s': \\%c is not known here%s", p->pattern,
                            c ? c : ' ', in_set ? "; write ] first and - last in a [set]" : "");
    }
    if (!in_set) {
        hb_buf_ch(w->out, '\\');
    }
    hb_buf_ch(w->out, c);
    w->at += 2;
    return HB_OK;
}

/* "[…]", where a backslash is one of ours and ']' may come first. */
static hb_status set(writer *w, hb_error *err)
{
    const hb_telemetry_schema *s = w->s;
    const char *text = w->p->pattern;
    size_t first = w->at + 1 + (text[w->at + 1] == '^');
    hb_buf_add(w->out, text + w->at, first - w->at);
    w->at = first;
    while (text[w->at] && (text[w->at] != ']' || w->at == first)) {
        if (text[w->at] == '\\') {
            HB_TRY(escape(w, true, err));
        } else if (text[w->at] == '[' && text[w->at + 1] == ':') {
            const char *end = strstr(text + w->at, ":]");
            size_t n = end ? (size_t)(end + 2 - (text + w->at)) : 1;
            hb_buf_add(w->out, text + w->at, n);
            w->at += n;
        } else {
            hb_buf_ch(w->out, text[w->at++]);
        }
    }
    if (!text[w->at]) {
        return FAIL_PATTERN(w->p, "pattern '%.100s': a [set] is not closed", text);
    }
    hb_buf_ch(w->out, ']');
    w->at++;
    return HB_OK;
}

static void add_item(writer *w, size_t parts)
{
    w->last = parts;
    w->parts[w->depth] += parts;
    w->repeated = false;
}

/* "{2,5}" or "{3}": *ret_n = the larger figure. */
static hb_status braces(writer *w, size_t *ret_n, hb_error *err)
{
    const hb_telemetry_schema *s = w->s;
    const char *text = w->p->pattern;
    size_t i = w->at + 1;
    size_t n = 0;
    size_t most = 0;
    while (n <= REPEAT_MAX && ((text[i] >= '0' && text[i] <= '9') || text[i] == ',')) {
        n = text[i] == ',' ? 0 : n * 10 + (size_t)(text[i] - '0');
        most = n > most ? n : most;
        i++;
    }
    if (text[i] != '}' || i == w->at + 1 || text[w->at + 1] == ',' || most > REPEAT_MAX) {
        return FAIL_PATTERN(w->p,
                            "pattern '%.100s': a repeat is written {m}, {m,} or {m,n}, each "
                            "up to %d; a brace is \\{",
                            text, REPEAT_MAX);
    }
    hb_buf_add(w->out, text + w->at, i + 1 - w->at);
    w->at = i + 1;
    *ret_n = most + 1;
    return HB_OK;
}

static hb_status repeat(writer *w, hb_error *err)
{
    const hb_telemetry_schema *s = w->s;
    const char *text = w->p->pattern;
    char c = text[w->at];
    size_t copies = c == '+' ? 2 : 1;
    if (w->repeated || w->last == 0) {
        return FAIL_PATTERN(w->p,
                            "pattern '%.100s': *? and +? are not known, nor other repeats "
                            "without something of their own to repeat; say what may stand "
                            "there, such as [^ ]*",
                            text);
    }
    if (c == '{') {
        HB_TRY(braces(w, &copies, err));
    } else {
        hb_buf_ch(w->out, c);
        w->at++;
    }
    w->parts[w->depth] += w->last * (copies - 1);
    w->last *= copies;
    w->repeated = true;
    return HB_OK;
}

static hb_status step(writer *w, hb_error *err)
{
    const hb_telemetry_schema *s = w->s;
    char c = w->p->pattern[w->at];
    switch (c) {
    case '(':
        HB_TRY(group(w, err));
        w->parts[++w->depth] = 1; /* groups are bounded, and so is their depth */
        w->last = 0;
        w->repeated = false;
        return HB_OK;
    case ')':
        if (w->depth == 0) {
            return FAIL_PATTERN(w->p, "pattern '%.100s': a ) without its (; a bracket is \\)",
                                w->p->pattern);
        }
        w->depth--;
        add_item(w, w->parts[w->depth + 1]);
        break;
    case '\\':
        add_item(w, 1);
        return escape(w, false, err);
    case '[':
        add_item(w, 1);
        return set(w, err);
    case '*':
    case '+':
    case '?':
    case '{':
        return repeat(w, err);
    case '|':
    case '^':
        w->last = 0;
        w->repeated = false;
        break;
    default:
        add_item(w, 1);
        break;
    }
    hb_buf_ch(w->out, c);
    w->at++;
    return HB_OK;
}

/* The expression as the C library reads it. */
static hb_status translate(writer *w, hb_error *err)
{
    const hb_telemetry_schema *s = w->s;
    w->p->n_groups = 1;
    while (w->p->pattern[w->at]) {
        HB_TRY(step(w, err));
        if (w->parts[w->depth] > PARTS_MAX) {
            return FAIL_PATTERN(w->p,
                                "pattern '%.100s' is too large once its repeats are written "
                                "out (%d parts at most)",
                                w->p->pattern, PARTS_MAX);
        }
    }
    return hb_buf_check(w->out, err);
}

hb_status hb_log_pattern_translate(const hb_telemetry_schema *s, hb_log_pattern *p, hb_buf *out,
                                   hb_error *err)
{
    writer w = {.s = s, .p = p, .out = out};
    return translate(&w, err);
}
