/* SPDX-License-Identifier: Apache-2.0 */
/* Log messages to figures. The expressions are the C library's (POSIX extended), which need no back
 * references and so no exponential time; named groups (?<name>…) and \d, which it lacks, are
 * written over before it sees them. docs/decisions/0101-patterns-in-log-messages.md */
#include "telemetry/normalise_internal.h"

#include "base/num.h"

#include <string.h>

enum { REPEAT_MAX = 100, REPEATS_MAX = 4, MESSAGE_MAX_BYTES = 8192 };

typedef struct writer {
    const hb_telemetry_schema *s;
    hb_log_pattern *p;
    hb_buf *out;
    size_t at;
    size_t repeats;
} writer;

#define FAIL_PATTERN(p, ...) HB_FAIL_AT(err, HB_E_CONFIG, s->name, (p)->line, (p)->col, __VA_ARGS__)

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

/* "{2,5}": each is that many copies inside the library, and copies multiply. */
static hb_status repeat(writer *w, hb_error *err)
{
    const hb_telemetry_schema *s = w->s;
    const char *text = w->p->pattern;
    unsigned n = 0;
    hb_buf_ch(w->out, text[w->at++]);
    while ((text[w->at] >= '0' && text[w->at] <= '9') || text[w->at] == ',') {
        n = text[w->at] == ',' ? 0 : n * 10 + (unsigned)(text[w->at] - '0');
        if (n > REPEAT_MAX) {
            break;
        }
        hb_buf_ch(w->out, text[w->at++]);
    }
    if (n > REPEAT_MAX || ++w->repeats > REPEATS_MAX) {
        return FAIL_PATTERN(w->p, "pattern '%.100s': at most %d repeats {m,n}, each up to %d", text,
                            REPEATS_MAX, REPEAT_MAX);
    }
    return HB_OK;
}

static bool is_repeat(char c)
{
    return c == '*' || c == '+' || c == '?' || c == '}';
}

/* The expression as the C library reads it. */
static hb_status translate(writer *w, hb_error *err)
{
    const hb_telemetry_schema *s = w->s;
    const char *text = w->p->pattern;
    w->p->n_groups = 1;
    while (text[w->at]) {
        char c = text[w->at];
        if (c == '(') {
            HB_TRY(group(w, err));
        } else if (c == '\\') {
            HB_TRY(escape(w, false, err));
        } else if (c == '[') {
            HB_TRY(set(w, err));
        } else if (c == '{') {
            HB_TRY(repeat(w, err));
        } else if (c == '?' && w->at && is_repeat(text[w->at - 1]) &&
                   !(w->at > 1 && text[w->at - 2] == '\\')) {
            return FAIL_PATTERN(w->p,
                                "pattern '%.100s': *? and +? are not known; say what may "
                                "stand there, such as [^ ]*",
                                text);
        } else {
            hb_buf_ch(w->out, c);
            w->at++;
        }
    }
    return hb_buf_check(w->out, err);
}

static bool has_group(const hb_log_pattern *p, hb_str name)
{
    for (size_t i = 1; i < p->n_groups; i++) {
        if (p->groups[i].n && hb_str_eq(p->groups[i], name)) {
            return true;
        }
    }
    return false;
}

static hb_status check_places(const hb_telemetry_schema *s, const hb_log_pattern *p,
                              const char *text, hb_error *err)
{
    size_t at = 0;
    hb_str place;
    while (hb_template_next(hb_str_of(text), &at, &place)) {
        if (!has_group(p, place)) {
            return FAIL_PATTERN(p, "pattern '%.100s' has no group '%.*s', which '%.100s' uses",
                                p->pattern, (int)place.n, place.p, text);
        }
    }
    return HB_OK;
}

static hb_status compile(hb_telemetry_schema *s, hb_log_pattern *p, hb_error *err)
{
    hb_buf out;
    writer w = {.s = s, .p = p, .out = &out};
    bool named = false;
    hb_buf_init(&out, 16 * HB_PATTERN_BYTES_MAX);
    hb_status status = translate(&w, err);
    if (status == HB_OK) {
        int failed = regcomp(&p->regex, out.p, REG_EXTENDED);
        p->compiled = failed == 0;
        if (failed) {
            char why[120];
            regerror(failed, &p->regex, why, sizeof why);
            status = FAIL_PATTERN(p, "pattern '%.100s': %s", p->pattern, why);
        }
    }
    hb_buf_release(&out);
    HB_TRY(status);
    for (size_t i = 1; i < p->n_groups; i++) {
        named = named || p->groups[i].n;
    }
    if (!*p->metric && !named) {
        return FAIL_PATTERN(p,
                            "pattern '%.100s' gives nothing: it has no 'metric' to count it "
                            "under and no group (?<name>…) to take a value from",
                            p->pattern);
    }
    HB_TRY(check_places(s, p, p->metric, err));
    return check_places(s, p, p->unit, err);
}

static const hb_field pattern_fields[] = {
    {.key = "pattern",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_log_pattern, pattern),
     .required = true,
     .max = HB_PATTERN_BYTES_MAX,
     .doc = "Regular expression, found anywhere in the message."},
    {.key = "metric",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_log_pattern, metric),
     .max = HB_SCHEMA_TEXT_MAX,
     .doc = "Name of the value in the group 'value', or of the count where there is none; {groups} "
            "are put in. Without it each named group is a value of that name."},
    {.key = "unit",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_log_pattern, unit),
     .max = HB_SCHEMA_TEXT_MAX,
     .doc = "Unit of the values; {groups} are put in."},
    {.key = "program",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_log_pattern, programs),
     .offset_n = offsetof(hb_log_pattern, n_programs),
     .max = HB_SCHEMA_TEXT_MAX,
     .doc = "Only messages of these programs. Default: all."},
    {0},
};

hb_status hb_log_patterns_load(hb_telemetry_schema *s, const hb_node *list, const hb_where *where,
                               hb_error *err)
{
    size_t n = list ? list->n : 0;
    if (n > HB_SCHEMA_PATTERNS_MAX) {
        return HB_FAIL_AT(err, HB_E_CONFIG, s->name, list->line, list->col,
                          "'%s' must hold at most %d patterns, got %zu", where->path,
                          HB_SCHEMA_PATTERNS_MAX, n);
    }
    s->patterns = hb_arena_array(&s->arena, n + 1, sizeof *s->patterns);
    if (!s->patterns) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        const hb_node *item = list->items[i];
        hb_log_pattern *p = &s->patterns[i];
        *p = (hb_log_pattern){
            .pattern = "", .metric = "", .unit = "", .line = item->line, .col = item->col};
        s->n_patterns = i + 1;
        if (item->kind == HB_NODE_MAP) {
            HB_TRY(hb_fields_decode(pattern_fields, item, where, p, err));
        } else {
            HB_TRY(hb_node_text(item, where, &p->pattern, err));
        }
        if (!*p->pattern || strlen(p->pattern) > HB_PATTERN_BYTES_MAX) {
            return FAIL_PATTERN(p, "a pattern of 1 to %d bytes was expected", HB_PATTERN_BYTES_MAX);
        }
        HB_TRY(compile(s, p, err));
    }
    return HB_OK;
}

void hb_log_patterns_free(hb_telemetry_schema *s)
{
    for (size_t i = 0; i < s->n_patterns; i++) {
        if (s->patterns[i].compiled) {
            regfree(&s->patterns[i].regex);
        }
    }
}

/* Matching. */

typedef struct found {
    const hb_log_pattern *p;
    const char *message;
    regmatch_t at[HB_PATTERN_GROUPS_MAX];
} found;

static bool group_text(const found *f, size_t i, hb_str *ret)
{
    if (f->at[i].rm_so < 0) {
        return false;
    }
    *ret = (hb_str){f->message + f->at[i].rm_so, (size_t)(f->at[i].rm_eo - f->at[i].rm_so)};
    return true;
}

static bool find_group(const void *ctx, hb_str place, hb_str *ret)
{
    const found *f = ctx;
    for (size_t i = 1; i < f->p->n_groups; i++) {
        if (f->p->groups[i].n && hb_str_eq(f->p->groups[i], place)) {
            if (!group_text(f, i, ret)) {
                *ret = (hb_str){"", 0};
            }
            return true;
        }
    }
    return false;
}

static bool number_of(const found *f, size_t i, double *ret)
{
    hb_str text;
    return group_text(f, i, &text) && hb_num_parse(text.p, text.n, ret) == HB_NUM_FINITE;
}

static hb_status tell(const found *f, hb_pattern_fn fn, void *ctx, hb_buf *name, hb_buf *unit,
                      hb_error *err)
{
    const hb_log_pattern *p = f->p;
    double v = 1;
    bool counts = true;
    hb_buf_clear(name);
    hb_buf_clear(unit);
    hb_template_put(hb_str_of(p->metric), find_group, f, name);
    hb_template_put(hb_str_of(p->unit), find_group, f, unit);
    if (name->failed || unit->failed) {
        return HB_OK; /* longer than a name can be */
    }
    hb_str unit_text = {unit->p, unit->n};
    for (size_t i = 1; i < p->n_groups; i++) {
        bool is_value = *p->metric ? hb_str_eq_c(p->groups[i], "value") : p->groups[i].n > 0;
        if (!is_value) {
            continue;
        }
        counts = false;
        if (number_of(f, i, &v)) {
            hb_str as = *p->metric ? (hb_str){name->p, name->n} : p->groups[i];
            HB_TRY(fn(ctx, as, unit_text, v, err));
        }
    }
    return counts ? fn(ctx, (hb_str){name->p, name->n}, unit_text, 1, err) : HB_OK;
}

static bool is_for(const hb_log_pattern *p, hb_str program)
{
    bool any = p->n_programs == 0;
    for (size_t i = 0; i < p->n_programs && !any; i++) {
        any = hb_str_eq_c(program, p->programs[i]);
    }
    return any;
}

hb_status hb_syslog_patterns(const hb_telemetry_schema *s, hb_str program, hb_str message,
                             hb_pattern_fn fn, void *ctx, size_t *ret_matched, hb_error *err)
{
    size_t matched = 0;
    hb_status status = HB_OK;
    hb_buf name;
    hb_buf unit;
    if (s->n_patterns == 0) {
        *ret_matched = 0;
        return HB_OK;
    }
    hb_buf_init(&name, HB_SCHEMA_TEXT_MAX);
    hb_buf_init(&unit, HB_SCHEMA_TEXT_MAX);
    /* Ended by a NUL: with REG_STARTEND the library needs none, but what watches it does. */
    char text[MESSAGE_MAX_BYTES + 1];
    size_t n = message.n < MESSAGE_MAX_BYTES ? message.n : MESSAGE_MAX_BYTES;
    memcpy(text, message.p, n);
    text[n] = '\0';
    for (size_t i = 0; i < s->n_patterns && status == HB_OK; i++) {
        found f = {.p = &s->patterns[i], .message = text};
        f.at[0] = (regmatch_t){.rm_so = 0, .rm_eo = (regoff_t)n};
        if (is_for(f.p, program) &&
            regexec(&f.p->regex, text, f.p->n_groups, f.at, REG_STARTEND) == 0) {
            matched++;
            status = tell(&f, fn, ctx, &name, &unit, err);
        }
    }
    hb_buf_release(&name);
    hb_buf_release(&unit);
    HB_TRY(status);
    *ret_matched = matched;
    return HB_OK;
}
