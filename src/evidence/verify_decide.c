/* SPDX-License-Identifier: Apache-2.0 */
/* Raw files, the decision made again, and the report drawn of it. */
#include "evidence/verify_internal.h"

#include <string.h>

enum { SHOWN = 48 };

/* --- the run, read again --- */

const char *hb_check_other_metric(const hb_run *a, const hb_run *b)
{
    for (size_t i = 0; i < a->n_metrics && i < b->n_metrics; i++) {
        const hb_metric *x = &a->metrics[i];
        const hb_metric *y = &b->metrics[i];
        if (strcmp(x->name, y->name) != 0 || x->has_value != y->has_value ||
            (x->has_value && memcmp(&x->value, &y->value, sizeof x->value) != 0) ||
            x->profile.moments.n != y->profile.moments.n ||
            memcmp(&x->profile.moments.m2, &y->profile.moments.m2, sizeof(double)) != 0) {
            return x->name;
        }
    }
    return "";
}

static bool same_count(const hb_input_file *a, const hb_input_file *b)
{
    bool same = a->n_rejects == b->n_rejects;
    for (size_t i = 0; same && i < a->n_rejects; i++) {
        same = a->rejects[i].n == b->rejects[i].n &&
               strcmp(a->rejects[i].reason, b->rejects[i].reason) == 0;
    }
    return same;
}

/* What no digest of a run covers: how it was read. Sentences about the reading stay out, since they
 * may name places of files. NULL = the same. */
static const char *other_note(const hb_run *a, const hb_run *b)
{
    for (size_t i = 0; i < a->n_inputs && i < b->n_inputs; i++) {
        const hb_input_file *x = &a->inputs[i];
        const hb_input_file *y = &b->inputs[i];
        if (x->bytes != y->bytes || x->rows != y->rows || strcmp(x->format, y->format) != 0 ||
            strcmp(x->layout, y->layout) != 0 || !same_count(x, y)) {
            return x->name;
        }
    }
    for (size_t i = 0; i < a->n_metrics && i < b->n_metrics; i++) {
        const hb_metric *x = &a->metrics[i];
        const hb_metric *y = &b->metrics[i];
        const hb_profile *p = &x->profile;
        const hb_profile *q = &y->profile;
        if (x->declared != y->declared || memcmp(&x->step, &y->step, sizeof x->step) != 0 ||
            strcmp(x->raw_name, y->raw_name) != 0 || strcmp(x->raw_unit, y->raw_unit) != 0 ||
            p->persist_known != q->persist_known || p->persist_n != q->persist_n ||
            p->sustained_high_at != q->sustained_high_at ||
            p->sustained_low_at != q->sustained_low_at) {
            return x->name;
        }
    }
    return a->n_inputs == b->n_inputs && a->n_metrics == b->n_metrics ? NULL : "all of it";
}

static hb_status tell_same(hb_check *c, bool is_window, hb_error *err)
{
    const char *note = is_window ? NULL : other_note(c->inputs.run, c->raw_run);
    if (note) {
        return hb_check_say(c, "reading", HB_FAILS, err,
                            "the raw files, read again, give the same figures, and run.json says "
                            "otherwise how '%.200s' was read",
                            note);
    }
    return is_window
               ? hb_check_say(c, "reading", HB_HOLDS, err,
                              "the window's records, decoded again and put into it again, give the "
                              "same window and run, figure by figure; what the stream was before "
                              "them (times, rates, ids seen) and the detector's memory are as the "
                              "pack has them")
               : hb_check_say(c, "reading", HB_HOLDS, err,
                              "the raw files, read again, give the same run, figure by figure");
}

hb_status hb_ask_reading(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    const hb_verify_ask *ask = c->ask;
    if (!ask->read_raw) {
        return hb_check_say(c, "reading", HB_NOT_ASKED, err,
                            "this program has no readers of raw files; 'hb verify' has");
    }
    if (ask->read_raw(ask->read_raw_ctx, c->pack, &c->inputs, &c->raw_run, &e) != HB_OK) {
        return hb_check_fault(c, "reading", &e, err);
    }
    if (!c->raw_run) {
        return hb_check_say(c, "reading", HB_NOT_IN_PACK, err,
                            "the run cannot be read again from what is here: %s",
                            c->why_not_read ? c->why_not_read : "the pack does not say why");
    }
    const hb_prior *prior = c->inputs.reference.prior;
    bool is_window = prior && prior->live;
    if (strcmp(c->raw_run->digest, c->inputs.run->digest) != 0) {
        const char *metric = hb_check_other_metric(c->inputs.run, c->raw_run);
        hb_status status =
            hb_check_say(c, "reading", HB_FAILS, err,
                         "the %s, read again, give another run than "
                         "run.json%s%.200s%s",
                         is_window ? "window's records" : "raw files", *metric ? ": metric '" : "",
                         metric, *metric ? "' differs" : "");
        hb_run_free(c->raw_run);
        c->raw_run = NULL;
        return status;
    }
    return tell_same(c, is_window, err);
}

/* --- the decision --- */

static hb_status tell_difference(hb_check *c, const hb_decision *d, const hb_buf *json,
                                 const char *from, hb_error *err)
{
    const char *verdict = hb_verdict_name(d->verdict);
    if (strcmp(verdict, c->out->verdict) != 0) {
        return hb_check_say(c, "decision", HB_FAILS, err,
                            "from the %s follows %s, and the pack says %s", from, verdict,
                            *c->out->verdict ? c->out->verdict : "nothing");
    }
    size_t at = 0;
    while (at < json->n && at < c->decision_n && json->p[at] == c->decision_text[at]) {
        at++;
    }
    size_t from_byte = at > SHOWN / 2 ? at - SHOWN / 2 : 0;
    return hb_check_say(c, "decision", HB_FAILS, err,
                        "from the %s follows another decision: at byte %zu '%.*s', and the pack "
                        "says '%.*s'",
                        from, at, SHOWN, json->p + (from_byte < json->n ? from_byte : json->n),
                        SHOWN,
                        c->decision_text + (from_byte < c->decision_n ? from_byte : c->decision_n));
}

/* ret: the decision when it is the pack's to the byte, else NULL. */
static hb_status decide(hb_check *c, const hb_inputs *in, const char *from, hb_decision **ret,
                        hb_error *err)
{
    hb_error e = {0};
    hb_buf json;
    hb_decision *d = NULL;
    hb_buf_init(&json, HB_VERIFY_DECISION_MAX);
    hb_status status = hb_inputs_decide(in, &d, &json, &e);
    *ret = NULL;
    if (status != HB_OK) {
        status = hb_check_fault(c, "decision", &e, err);
    } else if (json.n == c->decision_n && memcmp(json.p, c->decision_text, json.n) == 0) {
        *ret = HB_TAKE(d);
    } else {
        status = tell_difference(c, d, &json, from, err);
    }
    hb_decision_free(d);
    hb_buf_release(&json);
    return status;
}

hb_status hb_ask_decision(hb_check *c, hb_error *err)
{
    const char *by = hb_check_decision_text(c, NULL, "engine_version");
    if (!c->decision) {
        return hb_check_say(c, "decision", HB_FAILS, err, "%s", c->why_no_decision);
    }
    if (strcmp(by, HB_VERSION) != 0) {
        return hb_check_say(c, "decision", HB_NOT_CHECKED, err,
                            "it was decided by hb '%.40s', this is %s", by, HB_VERSION);
    }
    HB_TRY(decide(c, &c->inputs, "profiles", &c->decided, err));
    if (!c->decided) {
        return HB_OK;
    }
    c->out->decided_from = "profiles";
    if (c->raw_run) {
        hb_inputs raw = c->inputs;
        raw.run = c->raw_run;
        HB_TRY(decide(c, &raw, "raw files", &c->decided_raw, err));
        if (!c->decided_raw) {
            return HB_OK;
        }
        c->out->decided_from = "raw";
    }
    return hb_check_say(c, "decision", HB_HOLDS, err,
                        "decided again from the %s: %s, the same to the byte",
                        c->raw_run ? "raw files" : "profiles", c->out->verdict);
}

/* --- the report --- */

static hb_status read_report(hb_check *c, const hb_str *text, hb_time *ret_at, hb_error *err)
{
    json_t *root = NULL;
    HB_TRY(hb_object_parse(*text, HB_PACK_REPORT_JSON, &root, err));
    hb_object o = hb_object_of(root, HB_PACK_REPORT_JSON);
    hb_status status = hb_object_is(&o, "decision_sha256", c->decision_sha256, err);
    if (status == HB_OK) {
        status = hb_object_is(&o, "status", c->out->verdict, err);
    }
    const char *at = json_string_value(json_object_get(root, "decided_at"));
    *ret_at = HB_TIME_NONE;
    if (status == HB_OK && at && !hb_time_parse(at, strlen(at), ret_at, NULL)) {
        status = HB_FAIL(err, HB_E_EVIDENCE, "'%s' was decided at '%.40s', which is no time",
                         HB_PACK_REPORT_JSON, at);
    }
    json_decref(root);
    return status;
}

static hb_status draw_again(hb_check *c, hb_time at, const hb_str *json, const hb_str *html,
                            hb_error *err)
{
    hb_error e = {0};
    hb_buf again_html;
    hb_buf again_json;
    hb_buf_init(&again_html, HB_VERIFY_REPORT_MAX);
    hb_buf_init(&again_json, HB_VERIFY_REPORT_MAX);
    hb_status status = c->ask->draw(c->ask->draw_ctx, c->decided, c->decision_sha256, at,
                                    &again_html, &again_json, &e);
    if (status != HB_OK) {
        status = hb_check_fault(c, "report", &e, err);
    } else if (!hb_str_eq(*json, (hb_str){again_json.p, again_json.n})) {
        status = hb_check_say(c, "report", HB_FAILS, err, "'%s' does not show this decision",
                              HB_PACK_REPORT_JSON);
    } else if (!hb_str_eq(*html, (hb_str){again_html.p, again_html.n})) {
        status = hb_check_say(c, "report", HB_FAILS, err, "'%s' does not show this decision",
                              HB_PACK_REPORT_HTML);
    } else {
        status = hb_check_say(c, "report", HB_HOLDS, err,
                              "page and JSON are what hb draws of this decision, to the byte");
    }
    hb_buf_release(&again_html);
    hb_buf_release(&again_json);
    return status;
}

hb_status hb_ask_report(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_str json;
    hb_str html;
    hb_time at = HB_TIME_NONE;
    hb_status status = hb_check_read(c, HB_PACK_REPORT_JSON, HB_VERIFY_REPORT_MAX, &json, &e);
    if (status == HB_OK) {
        status = hb_check_read(c, HB_PACK_REPORT_HTML, HB_VERIFY_REPORT_MAX, &html, &e);
    }
    if (status == HB_OK) {
        status = read_report(c, &json, &at, &e);
    }
    if (status != HB_OK) {
        return hb_check_fault(c, "report", &e, err);
    }
    if (!c->ask->draw) {
        HB_TRY(hb_check_say(c, "report", HB_HOLDS, err, "'%s' is about this decision",
                            HB_PACK_REPORT_JSON));
        return hb_check_say(c, "report", HB_NOT_ASKED, err,
                            "whether the page shows this decision; 'hb verify' draws it again");
    }
    return c->decided ? draw_again(c, at, &json, &html, err)
                      : hb_check_say(c, "report", HB_NOT_CHECKED, err,
                                     "the decision does not follow, so its report was not drawn");
}
