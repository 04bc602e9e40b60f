/* SPDX-License-Identifier: Apache-2.0 */
/* Raw files, the decision made again, and the report drawn of it. */
#include "evidence/verify_internal.h"

#include <string.h>

enum { SHOWN = 48 };

/* --- raw files --- */

typedef struct raw_count {
    size_t n_here;
    size_t n_gone;
    size_t n_live; /* sources, which are no files: what they sent is in the journal */
    char why[200]; /* of the first that is not here */
} raw_count;

static hb_status is_listed(const hb_check *c, const char *member, const char *sha256, hb_error *err)
{
    const hb_pack_file *f = hb_check_listed(c, member);
    if (!f) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%.200s' is missing, and '%s' says it is here", member,
                       HB_PACK_READING);
    }
    return !sha256 || strcmp(f->sha256, sha256) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%.200s' is not the file that run.json names",
                         member);
}

static hb_status one_raw_file(const hb_check *c, const json_t *json, const hb_input_file *in,
                              raw_count *count, hb_error *err)
{
    hb_object o = hb_object_of(json, HB_PACK_READING);
    const char *member = NULL;
    const char *name = NULL;
    const char *sha256 = NULL;
    const char *why = NULL;
    HB_TRY(hb_object_text(&o, "member", &member, err));
    HB_TRY(hb_object_text(&o, "name", &name, err));
    HB_TRY(hb_object_text(&o, "sha256", &sha256, err));
    HB_TRY(hb_object_text(&o, "why", &why, err));
    if (strcmp(name, in->name) != 0 || strcmp(sha256, in->sha256) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has '%.80s' where run.json has '%.80s'",
                       HB_PACK_READING, name, in->name);
    }
    if (*member) {
        count->n_here++;
        return is_listed(c, member, in->sha256, err);
    }
    count->n_live += !*sha256;
    if (count->n_gone++ == 0) {
        hb_str_fit(why, count->why, sizeof count->why);
    }
    return HB_OK;
}

static hb_status raw_journal(const hb_check *c, hb_object *root, raw_count *count, hb_error *err)
{
    hb_object o;
    const json_t *members = NULL;
    const char *why = NULL;
    HB_TRY(hb_object_object(root, "journal", &o, err));
    HB_TRY(hb_object_list(&o, "members", HB_PACK_FILES_MAX, &members, err));
    HB_TRY(hb_object_text(&o, "why", &why, err));
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *member = json_string_value(json_array_get(members, i));
        HB_TRY(is_listed(c, member ? member : "", NULL, err));
        count->n_here++;
    }
    if (*why) {
        count->n_gone++;
        hb_str_fit(why, count->why, sizeof count->why);
    } else {
        count->n_gone -= count->n_live;
    }
    return HB_OK;
}

static hb_status count_raw(hb_check *c, const json_t *json, raw_count *count, hb_error *err)
{
    const hb_run *run = c->inputs.run;
    hb_object root = hb_object_of(json, HB_PACK_READING);
    const json_t *files = NULL;
    const char *why = NULL;
    HB_TRY(hb_object_text(&root, "why", &why, err));
    c->why_not_read = hb_arena_str(&c->out->arena, hb_str_of(why));
    if (!c->why_not_read) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_object_list(&root, "files", HB_PACK_FILES_MAX, &files, err));
    if (json_array_size(files) != run->n_inputs) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has %zu files, run.json was read from %zu",
                       HB_PACK_READING, json_array_size(files), run->n_inputs);
    }
    for (size_t i = 0; i < run->n_inputs; i++) {
        HB_TRY(one_raw_file(c, json_array_get(files, i), &run->inputs[i], count, err));
    }
    return hb_object_has(&root, "journal") ? raw_journal(c, &root, count, err) : HB_OK;
}

hb_status hb_ask_raw(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    hb_str text;
    json_t *root = NULL;
    raw_count count = {.n_here = 0};
    hb_status status = hb_check_read(c, HB_PACK_READING, HB_VERIFY_REPORT_MAX, &text, &e);
    if (status == HB_OK) {
        status = hb_object_parse(text, HB_PACK_READING, &root, &e);
    }
    if (status == HB_OK) {
        status = count_raw(c, root, &count, &e);
    }
    json_decref(root);
    if (status != HB_OK) {
        return hb_check_fault(c, "raw", &e, err);
    }
    if (count.n_gone) {
        return hb_check_say(c, "raw", HB_NOT_IN_PACK, err,
                            "%zu of %zu raw files are not in the pack: %s", count.n_gone,
                            count.n_gone + count.n_here, count.why);
    }
    return count.n_here
               ? hb_check_say(c, "raw", HB_HOLDS, err,
                              "%zu raw file%s, as the run was read from %s", count.n_here,
                              count.n_here == 1 ? "" : "s", count.n_here == 1 ? "it" : "them")
               : hb_check_say(c, "raw", HB_NOT_IN_PACK, err, "there are no raw files");
}

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
    return is_window
               ? hb_check_say(c, "reading", HB_HOLDS, err,
                              "the window's records, decoded again and put into it again, give the "
                              "same window and run, figure by figure; what the stream was before "
                              "them (times, rates, ids seen) and the detector's memory are as the "
                              "pack has them")
               : hb_check_say(c, "reading", HB_HOLDS, err,
                              "the raw files, read again, give the same run, figure by figure");
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
