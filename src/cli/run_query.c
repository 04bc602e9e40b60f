/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_query.h"

#include <string.h>

#define FIELDS                                                                                 \
    "run_id, program, subsystem, test_name, the context fields (operating_mode, scenario_id, " \
    "sensor_config_id, input_data_version, environment_fingerprint, environment), git_sha, "   \
    "build_id, source_system, status, start, end, and factors such as rig"

typedef struct text_field {
    const char *name;
    size_t offset; /* in hb_run_meta */
} text_field;

static const text_field text_fields[] = {
    {"run_id", offsetof(hb_run_meta, run_id)},
    {"program", offsetof(hb_run_meta, program)},
    {"subsystem", offsetof(hb_run_meta, subsystem)},
    {"test_name", offsetof(hb_run_meta, test_name)},
    {"git_sha", offsetof(hb_run_meta, git_sha)},
    {"build_id", offsetof(hb_run_meta, build_id)},
    {"source_system", offsetof(hb_run_meta, source_system)},
};

static bool text_of(hb_where_field *to, const char *text)
{
    *to = (hb_where_field){.kind = HB_WHERE_TEXT, .text = hb_str_of(text), .missing = !*text};
    return true;
}

static bool time_of(hb_where_field *to, hb_time t)
{
    *to = (hb_where_field){.kind = HB_WHERE_TIME, .t = t, .missing = t == HB_TIME_NONE};
    return true;
}

static bool factor_of(const hb_run_meta *m, hb_str name, hb_where_field *to)
{
    for (size_t i = 0; i < m->n_factors; i++) {
        if (hb_str_eq_c(name, m->factors[i].name)) {
            return text_of(to, m->factors[i].value);
        }
    }
    return false;
}

typedef struct record {
    const hb_run_expr *q;
    const hb_past_run *run;
} record;

static bool lookup(const void *ctx, hb_str name, hb_where_field *ret)
{
    const record *r = ctx;
    const hb_run_meta *m = &r->run->meta;
    for (size_t i = 0; i < sizeof text_fields / sizeof *text_fields; i++) {
        if (hb_str_eq_c(name, text_fields[i].name)) {
            const char *text = NULL;
            memcpy(&text, (const char *)m + text_fields[i].offset, sizeof text);
            return text_of(ret, text);
        }
    }
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        if (hb_str_eq_c(name, hb_context_name((hb_context_field)f))) {
            return text_of(ret, m->context[f]);
        }
    }
    if (hb_str_eq_c(name, "status")) {
        return text_of(ret, r->run->status);
    }
    if (hb_str_eq_c(name, "start")) {
        return time_of(ret, r->run->start);
    }
    if (hb_str_eq_c(name, "end")) {
        return time_of(ret, m->end);
    }
    if (factor_of(m, name, ret)) {
        return true;
    }
    for (size_t i = 0; i < r->q->factors.n; i++) {
        if (hb_str_eq_c(name, r->q->factors.v[i])) {
            return text_of(ret, "");
        }
    }
    return false;
}

hb_status hb_run_expr_keeps(const void *ctx, const hb_past_run *run, bool *ret_keep, hb_error *err)
{
    const hb_run_expr *q = ctx;
    const record r = {.q = q, .run = run};
    return hb_where_record(q->where, lookup, &r, FIELDS, ret_keep, err);
}

/* A mistake in the expression is one also where no run is registered. */
static hb_status check_query(const hb_run_expr *q, hb_error *err)
{
    hb_past_run none = {.run_id = "", .digest = "", .status = "", .start = HB_TIME_NONE};
    bool is = false;
    hb_run_meta *m = &none.meta;
    for (size_t i = 0; i < sizeof text_fields / sizeof *text_fields; i++) {
        static const char *const nothing = "";
        memcpy((char *)m + text_fields[i].offset, &nothing, sizeof nothing);
    }
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        m->context[f] = "";
    }
    m->end = HB_TIME_NONE;
    return hb_run_expr_keeps(q, &none, &is, err);
}

hb_status hb_run_expr_open(hb_app *app, const char *text, hb_run_expr *ret, hb_error *err)
{
    hb_run_expr q = {0};
    if (!text) {
        *ret = q;
        return HB_OK;
    }
    HB_TRY(hb_where_parse(text, "--from-query", &q.where, err));
    hb_status status =
        hb_store_factor_names(app->store, &app->arena, &q.factors.v, &q.factors.n, err);
    if (status == HB_OK) {
        status = check_query(&q, err);
    }
    if (status != HB_OK) {
        hb_run_expr_close(&q);
        return status;
    }
    *ret = q;
    return HB_OK;
}

void hb_run_expr_close(hb_run_expr *q)
{
    hb_where_free(q->where);
    *q = (hb_run_expr){0};
}
