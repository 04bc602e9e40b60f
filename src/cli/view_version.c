/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baseline_shared.h"
#include "cli/table.h"

#include <jansson.h>
#include <math.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TIME_SHORT = 19, LINE_MAX_BYTES = 8192 };

const char *hb_baseline_who(const char *given)
{
    const struct passwd *user = given ? NULL : getpwuid(getuid());
    return given ? given : user ? user->pw_name : "";
}

const char *hb_baseline_test_name(const char *program, const char *subsystem, const char *test_name,
                                  char out[HB_TEST_NAME_MAX])
{
    const char *const parts[] = {program, subsystem, test_name};
    size_t n = 0;
    snprintf(out, HB_TEST_NAME_MAX, "a test without a name");
    for (size_t i = 0; i < 3; i++) {
        if (*parts[i] && n < HB_TEST_NAME_MAX) {
            n += (size_t)snprintf(out + n, HB_TEST_NAME_MAX - n, "%s%s", n ? " / " : "", parts[i]);
        }
    }
    return out;
}

hb_status hb_baseline_find_tag(hb_app *app, const char *tag, const hb_test_opts *test,
                               hb_tag_row *ret_row, bool *ret_found, hb_error *err)
{
    const hb_tag_query q = {.tag = tag,
                            .program = test->program,
                            .subsystem = test->subsystem,
                            .test_name = test->test_name};
    hb_tag_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_tags(app->store, &q, &app->arena, &rows, &n, err));
    if (n > 1) {
        return HB_FAIL(err, HB_E_USAGE,
                       "tag '%s' is set for several tests; add --program, --subsystem or "
                       "--test-name",
                       tag);
    }
    if (n) {
        *ret_row = rows[0];
    }
    *ret_found = n > 0;
    return HB_OK;
}

hb_status hb_baseline_find_version(hb_app *app, const char *text, const hb_test_opts *test,
                                   hb_version_row *ret_row, hb_error *err)
{
    hb_tag_row tag = {0};
    bool found = false;
    HB_TRY(hb_baseline_find_tag(app, text, test, &tag, &found, err));
    if (found && !*tag.version) {
        return HB_FAIL(err, HB_E_USAGE,
                       "tag '%s' points at run '%s', not at a baseline version; make one with 'hb "
                       "baseline create'",
                       text, tag.run_id);
    }
    HB_TRY(hb_store_get_version(app->store, found ? tag.version : text, &app->arena, ret_row, err));
    return hb_baseline_is_of_test(ret_row, test, err);
}

hb_status hb_baseline_is_of_test(const hb_version_row *row, const hb_test_opts *test, hb_error *err)
{
    bool other = (test->program && strcmp(test->program, row->program) != 0) ||
                 (test->subsystem && strcmp(test->subsystem, row->subsystem) != 0) ||
                 (test->test_name && strcmp(test->test_name, row->test_name) != 0);
    return other ? HB_FAIL(err, HB_E_USAGE,
                           "baseline version '%s' belongs to program '%s', subsystem '%s', test "
                           "'%s'",
                           row->version, row->program, row->subsystem, row->test_name)
                 : HB_OK;
}

hb_status hb_baseline_version_set(hb_app *app, const hb_version_row *row, hb_run_set *ret_set,
                                  hb_error *err)
{
    const char *context[HB_CONTEXT_COUNT];
    hb_registry *registry = NULL;
    HB_TRY(hb_version_context(row, &app->arena, context, err));
    HB_TRY(hb_app_registry(app, row->program, context[HB_CONTEXT_OPERATING_MODE], &registry, err));
    const hb_run_set_ask ask = {.registry = registry};
    hb_buf note;
    hb_buf_init(&note, 4096);
    hb_status status = hb_version_set(app->store, row, &ask, (const char *const *)row->run_ids,
                                      row->n_runs, ret_set, &note, err);
    if (status == HB_OK && note.n && hb_buf_check(&note, NULL) == HB_OK) {
        hb_say(app, "%s", note.p);
    }
    hb_buf_release(&note);
    hb_registry_free(registry);
    return status;
}

hb_spread hb_spread_of(const hb_past_metric *m, size_t n_runs)
{
    hb_spread s = {.mean = NAN, .sd = NAN};
    double mean = 0;
    double sum = 0;
    for (size_t i = 0; i < n_runs; i++) {
        if (!isnan(m->values[i])) {
            mean += (m->values[i] - mean) / (double)++s.n;
        }
    }
    /* By the largest deviation, so that values up to 1e300 have a spread. */
    double most = 0;
    for (size_t i = 0; i < n_runs; i++) {
        most = isnan(m->values[i]) ? most : fmax(most, fabs(m->values[i] - mean));
    }
    for (size_t i = 0; i < n_runs && most > 0; i++) {
        double d = (m->values[i] - mean) / most;
        sum += isnan(d) ? 0 : d * d;
    }
    s.mean = s.n ? mean : NAN;
    s.sd = s.n > 1 ? most * sqrt(sum / (double)(s.n - 1)) : NAN;
    return s;
}

/* --- JSON --- */

void hb_version_set_json(const hb_run_set *set, hb_json *j)
{
    hb_json_key(j, "runs");
    hb_json_arr(j);
    for (size_t i = 0; i < set->n_runs; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "run_id", set->runs[i].run_id);
        hb_json_kc(j, "status", set->runs[i].status);
        hb_json_kt(j, "time", set->runs[i].start);
        hb_json_kc(j, "digest", set->runs[i].digest);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_key(j, "metrics");
    hb_json_arr(j);
    for (size_t i = 0; i < set->n_metrics; i++) {
        const hb_past_metric *m = &set->metrics[i];
        hb_spread s = hb_spread_of(m, set->n_runs);
        hb_json_obj(j);
        hb_json_kc(j, "metric", m->name);
        hb_json_kc(j, "unit", m->unit);
        hb_json_ku(j, "n", s.n);
        hb_json_kf(j, "mean", s.mean);
        hb_json_kf(j, "sd", s.sd);
        hb_json_kf(j, "step", m->step);
        hb_json_kc(j, "transform", m->log ? "log" : "none");
        hb_json_end(j);
    }
    hb_json_end(j);
}

static hb_status quality_json(hb_app *app, const hb_version_row *row, hb_json *j, hb_error *err)
{
    hb_quality_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_quality(app->store, row->version, &app->arena, &rows, &n, err));
    hb_json_key(j, "quality");
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "purpose", rows[i].purpose);
        hb_json_kb(j, "passed", rows[i].passed);
        hb_json_kc(j, "override_reason", rows[i].override_reason);
        hb_json_kc(j, "checked_by", rows[i].checked_by);
        hb_json_kt(j, "checked_at", rows[i].checked_at);
        hb_json_key(j, "result");
        hb_json_raw(j, hb_str_of(rows[i].json));
        hb_json_end(j);
    }
    hb_json_end(j);
    return HB_OK;
}

static hb_status tags_on(hb_app *app, const hb_version_row *row, hb_tag_row **ret, size_t *ret_n,
                         hb_error *err)
{
    const hb_tag_query q = {
        .program = row->program, .subsystem = row->subsystem, .test_name = row->test_name};
    size_t kept = 0;
    HB_TRY(hb_store_list_tags(app->store, &q, &app->arena, ret, ret_n, err));
    for (size_t i = 0; i < *ret_n; i++) {
        if (strcmp((*ret)[i].version, row->version) == 0) {
            (*ret)[kept++] = (*ret)[i];
        }
    }
    *ret_n = kept;
    return HB_OK;
}

hb_status hb_version_members_json(hb_app *app, const hb_version_row *row, hb_json *j, hb_error *err)
{
    const char *context[HB_CONTEXT_COUNT];
    hb_tag_row *tags = NULL;
    size_t n_tags = 0;
    HB_TRY(hb_version_context(row, &app->arena, context, err));
    HB_TRY(tags_on(app, row, &tags, &n_tags, err));
    hb_json_kc(j, "version", row->version);
    hb_json_kc(j, "digest", row->digest);
    hb_json_kc(j, "name", row->name);
    hb_json_kc(j, "note", row->note);
    hb_json_kc(j, "program", row->program);
    hb_json_kc(j, "subsystem", row->subsystem);
    hb_json_kc(j, "test_name", row->test_name);
    hb_json_key(j, "context");
    hb_json_obj(j);
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (context[f]) {
            hb_json_kc(j, hb_context_name((hb_context_field)f), context[f]);
        }
    }
    hb_json_end(j);
    hb_json_kc(j, "parent", *row->parent ? row->parent : NULL);
    hb_json_ku(j, "n_runs", row->n_runs);
    hb_json_kc(j, "created_by", row->created_by);
    hb_json_kt(j, "created_at", row->created_at);
    hb_json_key(j, "retired");
    if (*row->retired_reason) {
        hb_json_obj(j);
        hb_json_kc(j, "reason", row->retired_reason);
        hb_json_kc(j, "by", row->retired_by);
        hb_json_kt(j, "at", row->retired_at);
        hb_json_end(j);
    } else {
        hb_json_null(j);
    }
    hb_json_key(j, "tags");
    hb_json_arr(j);
    for (size_t i = 0; i < n_tags; i++) {
        hb_json_c(j, tags[i].tag);
    }
    hb_json_end(j);
    return quality_json(app, row, j, err);
}

static hb_status version_json(hb_app *app, const hb_version_row *row, const hb_run_set *set,
                              hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    HB_TRY(hb_version_members_json(app, row, &j, err));
    hb_version_set_json(set, &j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

/* --- for people --- */

static void short_time(hb_time t, char out[HB_TIME_TEXT])
{
    snprintf(out, HB_TIME_TEXT, "-");
    if (t != HB_TIME_NONE) {
        hb_time_print(t, out);
        out[TIME_SHORT] = '\0';
    }
}

/* "pass", "fail", "cannot tell": what the checks came to. */
static const char *overall_of(hb_app *app, const char *json)
{
    json_t *root = json_loads(json, 0, NULL);
    const char *word = json_string_value(json_object_get(root, "overall"));
    const char *copy = word ? hb_arena_str(&app->arena, hb_str_of(word)) : NULL;
    json_decref(root);
    return !copy ? "unknown" : strcmp(copy, "cannot_tell") == 0 ? "cannot tell" : copy;
}

static void line(hb_buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Names, notes and reasons are anybody's text. */
static void line(hb_buf *out, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    hb_buf_shown(out, text);
    hb_buf_ch(out, '\n');
}

static hb_status head_text(hb_app *app, const hb_version_row *row, hb_error *err)
{
    hb_buf *out = &app->out;
    const char *context[HB_CONTEXT_COUNT];
    hb_tag_row *tags = NULL;
    hb_quality_row *checks = NULL;
    size_t n_tags = 0;
    size_t n_checks = 0;
    char time[HB_TIME_TEXT];
    char test[HB_TEST_NAME_MAX];
    HB_TRY(hb_version_context(row, &app->arena, context, err));
    HB_TRY(tags_on(app, row, &tags, &n_tags, err));
    HB_TRY(hb_store_list_quality(app->store, row->version, &app->arena, &checks, &n_checks, err));
    short_time(row->created_at, time);
    line(out, "baseline version %s%s%s", row->version, *row->name ? " " : "", row->name);
    line(out, "test       %s",
         hb_baseline_test_name(row->program, row->subsystem, row->test_name, test));
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (context[f] && *context[f]) {
            line(out, "context    %s = %s", hb_context_name((hb_context_field)f), context[f]);
        }
    }
    line(out, "made       %s by %s", time, *row->created_by ? row->created_by : "?");
    hb_buf_fmt(out, "parent     %s\n", *row->parent ? row->parent : "none");
    if (*row->note) {
        line(out, "note       %s", row->note);
    }
    for (size_t i = 0; i < n_tags; i++) {
        hb_buf_fmt(out, "tag        %s\n", tags[i].tag);
    }
    if (*row->retired_reason) {
        short_time(row->retired_at, time);
        line(out, "RETIRED    %s by %s: %s", time, *row->retired_by ? row->retired_by : "?",
             row->retired_reason);
    }
    for (size_t i = 0; i < n_checks; i++) {
        short_time(checks[i].checked_at, time);
        line(out, "quality    %s at %s, %s%s%s", overall_of(app, checks[i].json), checks[i].purpose,
             time, *checks[i].override_reason ? ", overridden: " : "", checks[i].override_reason);
    }
    return HB_OK;
}

static hb_status set_text(const hb_run_set *set, hb_buf *out, hb_error *err)
{
    static const char *const run_head[] = {"RUN", "VERDICT", "TIME"};
    static const char *const metric_head[] = {"METRIC", "N", "MEAN", "SD", "UNIT", "TRANSFORM"};
    hb_table_text t;
    hb_buf_ch(out, '\n');
    hb_table_text_begin(&t, run_head, 3);
    for (size_t i = 0; i < set->n_runs; i++) {
        char time[HB_TIME_TEXT];
        short_time(set->runs[i].start, time);
        const char *status = set->runs[i].status;
        const char *cells[] = {set->runs[i].run_id, *status ? status : "not judged", time};
        hb_table_text_row(&t, cells);
    }
    HB_TRY(hb_table_text_end(&t, out, err));
    hb_buf_ch(out, '\n');
    hb_table_text_begin(&t, metric_head, 6);
    for (size_t i = 0; i < set->n_metrics; i++) {
        const hb_past_metric *m = &set->metrics[i];
        hb_spread s = hb_spread_of(m, set->n_runs);
        char figures[3][32];
        snprintf(figures[0], sizeof figures[0], "%zu", s.n);
        snprintf(figures[1], sizeof figures[1], "%.6g", s.mean);
        snprintf(figures[2], sizeof figures[2], "%.3g", s.sd);
        const char *cells[] = {
            m->name, figures[0],         s.n ? figures[1] : "-", s.n > 1 ? figures[2] : "-",
            m->unit, m->log ? "log" : ""};
        hb_table_text_row(&t, cells);
    }
    return hb_table_text_end(&t, out, err);
}

hb_status hb_view_version(hb_app *app, const hb_version_row *row, hb_error *err)
{
    hb_run_set set;
    HB_TRY(hb_baseline_version_set(app, row, &set, err));
    hb_status status = HB_OK;
    if (app->common.json) {
        status = version_json(app, row, &set, err);
    } else {
        status = head_text(app, row, err);
        if (status == HB_OK) {
            status = set_text(&set, &app->out, err);
        }
    }
    hb_run_set_release(&set);
    return status;
}
