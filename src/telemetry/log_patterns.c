/* SPDX-License-Identifier: Apache-2.0 */
/* Log messages to figures. The expressions are the C library's (POSIX extended), which need no back
 * references and so no exponential time; named groups (?<name>…) and \d, which it lacks, are
 * written over before it sees them. docs/decisions/0101-patterns-in-log-messages.md */
#include "telemetry/normalise_internal.h"

#include "base/num.h"

#include <string.h>

enum { MESSAGE_MAX_BYTES = 8192 };

#define FAIL_PATTERN(p, ...) HB_FAIL_AT(err, HB_E_CONFIG, s->name, (p)->line, (p)->col, __VA_ARGS__)

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
    bool named = false;
    hb_buf_init(&out, 16 * HB_PATTERN_BYTES_MAX);
    hb_status status = hb_log_pattern_translate(s, p, &out, err);
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
