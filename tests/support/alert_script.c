/* SPDX-License-Identifier: Apache-2.0 */
#include "support/alert_script.h"

#include "base/buf.h"
#include "crypto/digest.h"
#include "store/alerts.h"
#include "store/store_internal.h"

#include <stdio.h>

enum { METRICS = 3, FINDINGS = 16 };

static const char *const names[METRICS] = {"crit", "temp", "volt"};

static const struct {
    const char *word;
    hb_rule rule;
    hb_severity severity;
} kinds[] = {
    {"fail", HB_RULE_INVARIANT_MAX, HB_SEVERITY_FAIL},
    {"drift", HB_RULE_DRIFT_PERCENT, HB_SEVERITY_DRIFT},
    {"warn", HB_RULE_STALE, HB_SEVERITY_WARN},
    {"note", HB_RULE_UNTESTED, HB_SEVERITY_INFO},
};

void script_begin(alert_script *s, const char *path, const hb_alert_options *options)
{
    *s = (alert_script){.path = path, .options = *options};
    CHECK_OK(hb_registry_parse(
        hb_str_of("metrics:\n  crit: {critical: true, invariant_max: 9}\n  temp: {}\n"), "r.yaml",
        NULL, NULL, "d", NULL, &s->registry, &err));
    CHECK_OK(hb_store_open(hb_os_real(), path, HB_STORE_CREATE, &s->store, &err));
    CHECK_OK(hb_alerts_open(s->store, "rig", &s->options, &s->alerts, &err));
}

void script_end(alert_script *s)
{
    hb_alerts_close(s->alerts);
    hb_store_close(s->store);
    hb_registry_free(s->registry);
}

void script_restart(alert_script *s)
{
    hb_alerts_close(s->alerts);
    hb_store_close(s->store);
    CHECK_OK(hb_store_open(hb_os_real(), s->path, HB_STORE_WRITE, &s->store, &err));
    CHECK_OK(hb_alerts_open(s->store, "rig", &s->options, &s->alerts, &err));
}

typedef struct scripted {
    hb_finding findings[FINDINGS];
    size_t n;
    hb_comparison comparisons[METRICS];
    hb_window_limit limit;
    hb_verdict verdict;
} scripted;

static void read_word(scripted *out, const char *word, hb_time start)
{
    char name[32];
    char kind[32];
    assert_int_equal(sscanf(word, "%31[a-z]:%31[a-z]", name, kind), 2);
    if (strcmp(name, "window") == 0) {
        out->findings[out->n++] = (hb_finding){.metric = "",
                                               .rule = HB_RULE_NO_BASELINE,
                                               .severity = HB_SEVERITY_WARN,
                                               .text = "none"};
        out->verdict = HB_VERDICT_NO_TEST;
        return;
    }
    for (size_t m = 0; m < METRICS; m++) {
        if (strcmp(names[m], name) != 0) {
            continue;
        }
        if (strcmp(kind, "silent") == 0) {
            out->comparisons[m].value_run.set = false;
            out->comparisons[m].run = NULL;
        }
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            if (strcmp(kinds[k].word, kind) == 0) {
                out->findings[out->n++] = (hb_finding){.metric = names[m],
                                                       .rule = kinds[k].rule,
                                                       .severity = kinds[k].severity,
                                                       .limit = {true, 9},
                                                       .excess = 1.5,
                                                       .has_onset = k == 0,
                                                       .onset_time = start + 1000000000,
                                                       .text = "it is \"beyond\" <limit>"};
                out->limit.metric = k == 0 ? names[m] : out->limit.metric;
                hb_verdict v = kinds[k].severity == HB_SEVERITY_FAIL    ? HB_VERDICT_FAIL
                               : kinds[k].severity == HB_SEVERITY_DRIFT ? HB_VERDICT_PASS_WITH_DRIFT
                                                                        : HB_VERDICT_PASS;
                out->verdict = v > out->verdict ? v : out->verdict;
            }
        }
    }
}

hb_status script_decide(alert_script *s, uint64_t i, uint32_t revision, const char *words,
                        hb_error *err)
{
    static const hb_metric there;
    hb_time start = SCRIPT_START + (hb_time)i * SCRIPT_WINDOW_NS;
    scripted d = {.limit = {.which = HB_LIMIT_MAX,
                            .limit = 9,
                            .n = 2,
                            .worst = 12,
                            .first = {{start + 1000000000, 12}, {start + 2000000000, 10}},
                            .n_first = 2}};
    char id[HB_DIGEST_HEX];
    char copy[256];
    for (size_t m = 0; m < METRICS; m++) {
        d.comparisons[m] =
            (hb_comparison){.name = names[m], .unit = "K", .run = &there, .value_run = {true, 1}};
    }
    snprintf(copy, sizeof copy, "%s", words);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, " "));) {
        if (*word) {
            read_word(&d, word, start);
        }
    }
    HB_TRY(hb_digest_of(&i, sizeof i, id, err));
    hb_run run = {.meta = {.run_id = "w-10s-1"}};
    const hb_decision decision = {.verdict = d.verdict,
                                  .findings = d.findings,
                                  .n_findings = d.n,
                                  .comparisons = d.comparisons,
                                  .n_comparisons = METRICS,
                                  .run = &run,
                                  .registry = s->registry};
    const hb_window window = {.name = "10s",
                              .id = id,
                              .start = start,
                              .end = start + SCRIPT_WINDOW_NS,
                              .revision = revision,
                              .run = &run,
                              .samples = 30,
                              .limits = &d.limit,
                              .n_limits = d.limit.metric != NULL};
    return hb_alerts_decided(s->alerts, &decision, &window, id, "reports/w-10s-1", err);
}

void script_window(alert_script *s, const char *words)
{
    CHECK_OK(hb_live_begin(s->store, &err));
    CHECK_OK(hb_live_end(s->store, script_decide(s, s->next, 0, words, &err), &err));
    s->next++;
}

hb_time script_now(const alert_script *s)
{
    return SCRIPT_START + (hb_time)s->next * SCRIPT_WINDOW_NS;
}

void script_condition(alert_script *s, const char *subject, bool active)
{
    CHECK_OK(hb_live_begin(s->store, &err));
    CHECK_OK(hb_live_end(s->store,
                         hb_alerts_condition(s->alerts, subject, HB_ALERT_FAIL, active,
                                             "the broker is away", script_now(s), &err),
                         &err));
}

hb_time script_time(alert_script *s, hb_time now)
{
    hb_time due = 0;
    CHECK_OK(hb_live_begin(s->store, &err));
    CHECK_OK(hb_live_end(s->store, hb_alerts_time(s->alerts, now, &due, &err), &err));
    return due;
}

const char *script_types(alert_script *s, const char *subject)
{
    static char out[4096];
    hb_arena arena;
    hb_alert_log_row *rows = NULL;
    size_t n = 0;
    size_t len = 0;
    hb_arena_init(&arena, 64 << 20);
    CHECK_OK(hb_alert_log_list(s->store, "rig", NULL, 100000, &arena, &rows, &n, &err));
    *out = '\0';
    for (size_t i = 0; i < n; i++) {
        if (!subject || strcmp(subject, rows[i].subject) == 0) {
            len +=
                (size_t)snprintf(out + len, sizeof out - len, "%s%s", len ? " " : "", rows[i].type);
            assert_true(len < sizeof out);
        }
    }
    hb_arena_release(&arena);
    return out;
}

static void dump_table(alert_script *s, const char *sql, hb_buf *out)
{
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_prepare_v2(s->store->db, sql, -1, &q, NULL), SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            const unsigned char *text = sqlite3_column_text(q, i);
            hb_buf_fmt(out, "%s|", text ? (const char *)text : "NULL");
        }
        hb_buf_ch(out, '\n');
    }
    sqlite3_finalize(q);
}

char *script_dump(alert_script *s)
{
    hb_buf b;
    char *text = NULL;
    size_t n = 0;
    hb_buf_init(&b, 64 << 20);
    dump_table(s, "SELECT * FROM alerts ORDER BY subject", &b);
    dump_table(s, "SELECT * FROM alert_log ORDER BY id", &b);
    dump_table(s, "SELECT * FROM outbox ORDER BY id", &b);
    dump_table(s, "SELECT * FROM outbox_subjects ORDER BY 1, 2, 3, 4", &b);
    CHECK_OK(hb_buf_finish(&b, &text, &n, &err));
    return text;
}
