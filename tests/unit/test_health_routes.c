/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says of itself, judged by those who read it: promtool, the Prometheus client's
 * OpenMetrics parser, the JSON schemas, `hb health`. */
#include "support/check.h"
#include "support/fake_health.h"
#include "support/spawn.h"

#include "daemon/health_json.h"
#include "daemon/health_routes.h"
#include "daemon/prometheus.h"
#include "http/client.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 1 << 20, DEADLINE_MS = 30000 };

static hb_time fake_time;

static hb_time fake_now(void)
{
    return fake_time;
}

static char *exposition(const hb_health_snapshot *s, hb_exposition form)
{
    hb_buf b;
    char *text = NULL;
    size_t n = 0;
    hb_buf_init(&b, TEXT_MAX);
    hb_prometheus_write(s, form, &b);
    CHECK_OK(hb_buf_finish(&b, &text, &n, &err));
    return text;
}

static void has(const char *text, const char *line)
{
    size_t n = strlen(line);
    for (const char *at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        if (strncmp(at, line, n) == 0 && at[n] == '\n') {
            return;
        }
    }
    fail_msg("line '%s' is missing in:\n%s", line, text);
}

static void prometheus__figures_are_the_snapshots(void **state)
{
    (void)state;
    hb_health_snapshot *s = fake_health();
    char *text = exposition(s, HB_EXPOSITION_PROMETHEUS);
    has(text, "# TYPE hb_source_records_total counter");
    has(text, "hb_source_records_total{source=\"rig\"} 9007199254740995");
    has(text, "hb_source_lost_total{source=\"rig\",reason=\"too_large\"} 3");
    has(text, "hb_source_state{source=\"log\",kind=\"syslog\",state=\"retrying\"} 1");
    has(text, "hb_source_state{source=\"log\",kind=\"syslog\",state=\"running\"} 0");
    has(text, "hb_build_info{version=\"" HB_VERSION "\"} 1");
    has(text, "# TYPE hb_build_info gauge");
    has(text, "hb_ingest_lag_bytes 500");
    has(text, "hb_ingest_lag_seconds 0.25");
    has(text, "hb_watermark_lag_seconds 5");
    has(text, "hb_journal_unsynced_bytes 100");
    has(text, "hb_journal_unreleased_bytes 1000");
    has(text, "hb_journal_sync_interval_seconds 0.2");
    has(text, "hb_samples_dropped_total{reason=\"late\"} 102");
    has(text, "hb_windows_judged_total{verdict=\"FAIL\"} 3");
    has(text, "hb_alerts_active{severity=\"WARN\"} 2");
    has(text, "hb_outbox_waiting{sink=\"hook \\\"a\\\\b\\\"\\nnext\"} 6");
    has(text, "hb_decision_latency_seconds_bucket{le=\"0.001\"} 10");
    has(text, "hb_decision_latency_seconds_bucket{le=\"60.0\"} 42");
    has(text, "hb_decision_latency_seconds_bucket{le=\"+Inf\"} 42");
    has(text, "hb_decision_latency_seconds_sum 0.5");
    has(text, "process_cpu_seconds_total 12.345");
    has(text, "hb_training 1");
    assert_null(strstr(text, "last_arrival_timestamp_seconds{source=\"log\"}"));
    assert_null(strstr(text, "# EOF"));
    assert_null(strstr(text, "# UNIT"));
    hb_free(text);
    text = exposition(s, HB_EXPOSITION_OPENMETRICS);
    has(text, "# TYPE hb_source_records counter");
    has(text, "# UNIT hb_decision_latency_seconds seconds");
    has(text, "# TYPE hb_build info");
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
    hb_free(text);
    hb_free(s);
}

static void prometheus__an_empty_snapshot_is_written_as_well(void **state)
{
    (void)state;
    hb_health *h = NULL;
    hb_health_snapshot *s = hb_alloc(sizeof *s);
    CHECK_OK(hb_health_new(&h, &err));
    hb_health_read(h, s);
    char *text = exposition(s, HB_EXPOSITION_OPENMETRICS);
    has(text, "hb_ready 0");
    assert_null(strstr(text, "watermark"));
    assert_null(strstr(text, "process_start_time"));
    hb_free(text);
    hb_free(s);
    hb_health_free(h);
}

static void exposition__is_what_the_client_weighs_most(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        hb_exposition want;
    } cases[] = {
        {"", HB_EXPOSITION_PROMETHEUS},
        {"*/*", HB_EXPOSITION_PROMETHEUS},
        {"text/html", HB_EXPOSITION_PROMETHEUS},
        {"application/openmetrics-text", HB_EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text; version=1.0.0; charset=utf-8", HB_EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text;version=0.0.1", HB_EXPOSITION_PROMETHEUS},
        /* Prometheus 2.42 */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         HB_EXPOSITION_OPENMETRICS},
        {"text/plain, application/openmetrics-text;q=0.5", HB_EXPOSITION_PROMETHEUS},
        {"text/plain;q=0.2, Application/OpenMetrics-Text ; Q=0.5", HB_EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text;q=0", HB_EXPOSITION_PROMETHEUS},
        {",;,;q=,q==;=", HB_EXPOSITION_PROMETHEUS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (hb_exposition_of(cases[i].accept) != cases[i].want) {
            fail_msg("'%s'", cases[i].accept);
        }
    }
}

static void judged(const char *const *argv, const char *text, const char *missing)
{
    hb_buf said;
    hb_buf_init(&said, TEXT_MAX);
    int code = spawn_run(argv, text, strlen(text), &said);
    if (code == 127 || code == 77) {
        print_message("skipped: %s\n", missing);
    } else if (code != 0) {
        fail_msg("%s: exit %d: %s", argv[0], code, said.p);
    }
    hb_buf_release(&said);
}

static void prometheus__promtool_finds_nothing(void **state)
{
    (void)state;
    static const char *const argv[] = {"promtool", "check", "metrics", NULL};
    hb_health_snapshot *s = fake_health();
    char *text = exposition(s, HB_EXPOSITION_PROMETHEUS);
    judged(argv, text, "no promtool (Debian package prometheus)");
    hb_free(text);
    hb_free(s);
}

static void prometheus__the_openmetrics_parser_reads_it(void **state)
{
    (void)state;
    static const char *const argv[] = {
        "/usr/bin/python3", "-c",
        "import sys\n"
        "try:\n"
        "    from prometheus_client.openmetrics.parser import text_string_to_metric_families as f\n"
        "except ImportError:\n"
        "    sys.exit(77)\n"
        "m = {x.name: x for x in f(sys.stdin.read())}\n"
        "assert m['hb_decision_latency_seconds'].type == 'histogram'\n"
        "assert m['hb_decision_latency_seconds'].unit == 'seconds'\n"
        "assert m['hb_build'].type == 'info', m['hb_build'].type\n"
        "s = m['hb_outbox_sent'].samples\n"
        "assert s[0].labels == {'sink': 'hook \"a\\\\b\"\\nnext'}, s\n"
        "assert s[0].value == 11 and len(m) > 50, len(m)\n",
        NULL};
    hb_health_snapshot *s = fake_health();
    char *text = exposition(s, HB_EXPOSITION_OPENMETRICS);
    judged(argv, text, "no python3-prometheus-client");
    hb_free(text);
    hb_free(s);
}

static void prometheus__the_manual_names_every_family(void **state)
{
    (void)state;
    const char *source = getenv("HB_SOURCE_DIR");
    char path[1024];
    char *manual = NULL;
    size_t n = 0;
    if (!source) {
        print_message("skipped: HB_SOURCE_DIR is not set\n");
        return;
    }
    snprintf(path, sizeof path, "%s/docs/live-health.md", source);
    CHECK_OK(hb_file_read(hb_os_real(), path, TEXT_MAX, &manual, &n, &err));
    hb_health_snapshot *s = fake_health();
    char *text = exposition(s, HB_EXPOSITION_PROMETHEUS);
    for (const char *at = text; (at = strstr(at, "# TYPE ")); at++) {
        char name[100];
        size_t len = strcspn(at + 7, " ");
        snprintf(name, sizeof name, "`%.*s`", (int)len, at + 7);
        if (!strstr(manual, name)) {
            fail_msg("docs/live-health.md does not name %s", name);
        }
    }
    hb_free(text);
    hb_free(s);
    hb_free(manual);
}

/* Validates against schemas/NAME. */
static void fits(const char *json, const char *schema)
{
    const char *source = getenv("HB_SOURCE_DIR");
    char path[1024];
    const char *argv[] = {"/usr/bin/python3", "-c",
                          "import json, sys\n"
                          "try:\n"
                          "    import jsonschema\n"
                          "except ImportError:\n"
                          "    sys.exit(77)\n"
                          "jsonschema.validate(json.load(sys.stdin), json.load(open(sys.argv[1])))",
                          path, NULL};
    if (!source) {
        print_message("skipped: HB_SOURCE_DIR is not set\n");
        return;
    }
    snprintf(path, sizeof path, "%s/schemas/%s", source, schema);
    judged(argv, json, "no python3-jsonschema");
}

static hb_http *serve(hb_health *h, hb_os *os, hb_health_view *view, char address[64])
{
    hb_http *http = NULL;
    *os = *hb_os_real();
    os->now = fake_now;
    *view = (hb_health_view){.health = h, .os = os};
    CHECK_OK(
        hb_http_start("127.0.0.1:0", hb_health_routes, HB_HEALTH_ROUTES, view, NULL, &http, &err));
    snprintf(address, 64, "127.0.0.1:%u", hb_http_port(http));
    return http;
}

static void get(const char *address, const char *path, int want, hb_buf *body)
{
    int status = 0;
    hb_buf_clear(body);
    CHECK_OK(hb_http_get(address, path, "*/*", NULL, DEADLINE_MS, &status, body, &err));
    assert_int_equal(status, want);
}

static void routes__tell_what_is_ready_and_why_not(void **state)
{
    (void)state;
    hb_os os;
    hb_health_view view;
    hb_health *h = NULL;
    char address[64];
    hb_buf body;
    hb_buf_init(&body, TEXT_MAX);
    CHECK_OK(hb_health_new(&h, &err));
    fake_time = FAKE_HEALTH_AT;
    hb_http *http = serve(h, &os, &view, address);

    get(address, "/live", 200, &body);
    get(address, "/ready", 503, &body);
    assert_non_null(strstr(body.p, "it is starting"));
    fits(body.p, "ready.schema.json");
    get(address, "/status", 200, &body);
    fits(body.p, "health.schema.json");

    hb_health_snapshot *s = fake_health();
    hb_health_publish(h, s);
    get(address, "/ready", 200, &body);
    fits(body.p, "ready.schema.json");
    get(address, "/status", 200, &body);
    fits(body.p, "health.schema.json");
    get(address, "/metrics", 200, &body);
    has(body.p, "hb_ready 1");

    s->ready = false;
    s->checks[1].ok = false;
    snprintf(s->checks[1].why, sizeof s->checks[1].why, "the broker \"b\" is away\n");
    hb_health_publish(h, s);
    get(address, "/ready", 503, &body);
    assert_non_null(strstr(body.p, "the broker \\\"b\\\" is away\\n"));
    get(address, "/live", 200, &body);

    fake_time = FAKE_HEALTH_AT + INT64_C(90000000000);
    get(address, "/live", 503, &body);
    get(address, "/ready", 503, &body);
    assert_non_null(strstr(body.p, "it has not been heard of for 90 s"));
    fake_time = FAKE_HEALTH_AT - INT64_C(90000000000); /* the clock was set back */
    get(address, "/live", 200, &body);

    hb_http_stop(http);
    hb_free(s);
    hb_health_free(h);
    hb_buf_release(&body);
}

static int ask_hb(const char *address, const char *option, hb_buf *said)
{
    const char *argv[] = {getenv("HB_BINARY"), "health", address, option, NULL};
    hb_buf_clear(said);
    return spawn_run(argv, NULL, 0, said);
}

static void health_command__shows_what_a_running_daemon_says(void **state)
{
    (void)state;
    hb_os os;
    hb_health_view view;
    hb_health *h = NULL;
    char address[64];
    hb_buf said;
    if (!getenv("HB_BINARY")) {
        print_message("skipped: HB_BINARY is not set\n");
        return;
    }
    hb_buf_init(&said, TEXT_MAX);
    CHECK_OK(hb_health_new(&h, &err));
    fake_time = FAKE_HEALTH_AT;
    hb_health_snapshot *s = fake_health();
    hb_health_publish(h, s);
    hb_http *http = serve(h, &os, &view, address);

    assert_int_equal(ask_hb(address, NULL, &said), 0);
    static const char *const words[] = {
        "ready       yes\n",
        "degraded    the journal is at 91 % of its limit\n",
        "training    6 of 24 h\n",
        "since       2025-12-31T23:00:00Z, version " HB_VERSION "\n",
        "process     40.0 MiB in memory, 23 descriptors\n",
        "lag         500 B and 0.25 s behind\n",
        "journal     64.0 KiB in 2 segments, 77 records since the start\n",
        "windows     7 open, 200 metrics, watermark 2025-12-31T23:59:55Z\n",
        "judged      1 PASS, 2 PASS_WITH_DRIFT, 3 FAIL, 4 NO_TEST; 11.9 ms on average\n",
        "alerts      2 WARN, 1 FAIL; 3 not acknowledged, 1 shelved\n",
        "rig     mqtt    running   9007199254740995  4     2025-12-31T23:59:59Z\n",
        "log     syslog  retrying  0                 0                           port 514 is taken",
        "hook \"a\\b\"?next  6        11    8       1     HTTP 500\n",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strstr(said.p, words[i])) {
            fail_msg("'%s' is missing in:\n%s", words[i], said.p);
        }
    }
    assert_int_equal(ask_hb(address, "--json", &said), 0);
    fits(said.p, "health.schema.json");
    s->ready = false;
    hb_health_publish(h, s);
    assert_int_equal(ask_hb(address, NULL, &said), 1);
    assert_non_null(strstr(said.p, "ready       NO\n"));
    hb_http_stop(http);
    assert_int_equal(ask_hb(address, NULL, &said), 1);
    assert_non_null(strstr(said.p, "is the daemon running"));
    assert_int_equal(ask_hb("nowhere", NULL, &said), 2);
    assert_non_null(strstr(said.p, "expected ADDRESS:PORT"));
    hb_free(s);
    hb_health_free(h);
    hb_buf_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prometheus__figures_are_the_snapshots),
        cmocka_unit_test(prometheus__an_empty_snapshot_is_written_as_well),
        cmocka_unit_test(exposition__is_what_the_client_weighs_most),
        cmocka_unit_test(prometheus__promtool_finds_nothing),
        cmocka_unit_test(prometheus__the_openmetrics_parser_reads_it),
        cmocka_unit_test(prometheus__the_manual_names_every_family),
        cmocka_unit_test(routes__tell_what_is_ready_and_why_not),
        cmocka_unit_test(health_command__shows_what_a_running_daemon_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
