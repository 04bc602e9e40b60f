/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.yaml: the original's keys, ours, and what is refused with which words. */
#include "support/check.h"

#include "daemon/config.h"

static hb_status parse(const char *text, hb_daemon_config *ret, hb_error *err)
{
    return hb_daemon_config_parse(hb_str_of(text), "daemon.yaml", ret, err);
}

static hb_daemon_config parsed(const char *text)
{
    hb_daemon_config c = {0};
    CHECK_OK(parse(text, &c, &err));
    return c;
}

#define REFUSED(text, words)                                               \
    do {                                                                   \
        hb_daemon_config refused_ = {0};                                   \
        CHECK_ERROR(parse((text), &refused_, &err), HB_E_CONFIG, (words)); \
    } while (0)

#define REPLAY "source: file_replay\npath: rig.jsonl\n"

static void daemon_config__takes_the_originals_file(void **state)
{
    (void)state;
    hb_daemon_config c = parsed(REPLAY "interval_sec: 300\n"
                                       "window_sec: 300\n"
                                       "baseline_tag: golden\n"
                                       "output_dir: daemon_output\n"
                                       "db_path: runs.db\n"
                                       "metric_registry: config/metric_registry.yaml\n"
                                       "baseline_policy: config/baseline_policy.yaml\n"
                                       "telemetry_schema: config/telemetry_schema.yaml\n"
                                       "max_report_dir_mb: 0\n"
                                       "max_audit_log_mb: 0\n"
                                       "alert_sinks: [stdout]\n"
                                       "webhook_url: ''\n"
                                       "evidence_pack_on_fail: false\n"
                                       "evidence_pack_always: no\n"
                                       "max_checkpoint_history: 50\n"
                                       "circuit_breaker: {failure_threshold: 5, window_sec: 60, "
                                       "open_sec: 30}\n"
                                       "backpressure: {mode: degrade, max_metrics: 500}\n");
    assert_int_equal(c.n_sources, 1);
    assert_string_equal(c.sources[0].name, "file_replay");
    assert_int_equal(c.n_windows, 1);
    assert_string_equal(c.windows[0].name, "5m");
    assert_true(c.windows[0].size_ns == 300000000000 && c.windows[0].slide_ns == 300000000000);
    assert_string_equal(c.windows[0].tag, "golden");
    assert_string_equal(c.output_dir, "daemon_output");
    assert_int_equal(c.max_report_dir_mb, 0);
    assert_int_equal(c.max_metrics, 500);
    assert_int_equal(c.breaker_failures, 5);
    assert_int_equal(c.n_sinks, 1);
    assert_string_equal(c.alerts.sinks[0], "stdout");
    hb_daemon_config_release(&c);
}

/* It has the keys of every source, whichever is named. */
static void daemon_config__says_which_flat_keys_are_of_another_source(void **state)
{
    (void)state;
    hb_daemon_config c = parsed(REPLAY "broker: 'tcp://127.0.0.1:1883'\ntopic: 'lab/#'\n");
    assert_string_equal(c.sources[0].ops->name, "file_replay");
    assert_string_equal(c.unread, "broker, topic");
    hb_daemon_config_release(&c);
    c = parsed("source: mqtt\npath: ''\nbroker: 'tcp://127.0.0.1:1883'\ntopic: 'lab/#'\n");
    assert_string_equal(c.unread, "");
    hb_daemon_config_release(&c);
    c = parsed("source: syslog\npath: /dev/log\n");
    assert_string_equal(c.unread, "path");
    hb_daemon_config_release(&c);
    REFUSED("source: host\ntopic: a\n", "unknown key 'topic'");
}

static void changes(const char *old, const char *now, const char *keys)
{
    hb_daemon_config a = parsed(old);
    hb_daemon_config b = parsed(now);
    char out[200];
    hb_daemon_config_changed(&a, &b, out, sizeof out);
    assert_string_equal(out, keys);
    hb_daemon_config_release(&a);
    hb_daemon_config_release(&b);
}

static void daemon_config__names_what_a_reload_does_not_take_over(void **state)
{
    (void)state;
    changes(REPLAY, REPLAY, "");
    changes(REPLAY,
            REPLAY "alert_rules: [{metric: a, severity: FAIL}]\nalerts: {group: 5s}\n"
                   "alert_sinks: [file]\ninhibit: [{cause: a, symptom: b}]\n"
                   "log: {level: debug}\n",
            "");
    changes(REPLAY "lateness: 1s\njournal: {max_mb: 200, sync_interval_ms: 100}\n",
            REPLAY "journal: {sync_interval_ms: 200, max_mb: 200}\nlog: {format: json}\n",
            "lateness, journal, log");
    changes(REPLAY "journal: {max_mb: 200}\nlimits: {max_metrics: 5}\n",
            "limits: {max_metrics: 5}\njournal: {max_mb: 200, max_age: 1d}\n" REPLAY, "journal");
    changes(REPLAY "context:\nwindows: [{size: 1m}]\n",
            REPLAY "windows: [{size: 1m}, {size: 2m}]\n", "windows");
    /* a source's own keys: not part of what windows depend on, but of what is read */
    changes("sources: [{source: mqtt, broker: 'mqtt://a', topic: t}]\n",
            "sources: [{source: mqtt, broker: 'mqtt://b', topic: t}]\n", "sources");
}

static void daemon_config__windows_are_named_and_tagged(void **state)
{
    (void)state;
    hb_daemon_config c = parsed(REPLAY "windows:\n"
                                       "  - {size: 10s, slide: 1s}\n"
                                       "  - {size: 250ms}\n"
                                       "  - {size: 1d, name: day, tag: daily}\n"
                                       "baseline_tag: good\n"
                                       "train: 24h\n");
    assert_int_equal(c.n_windows, 3);
    assert_string_equal(c.windows[0].name, "10s-1s");
    assert_string_equal(c.windows[0].tag, "good-10s-1s");
    assert_string_equal(c.windows[1].name, "250ms");
    assert_string_equal(c.windows[2].tag, "daily");
    assert_true(c.train && c.train_ns == 86400000000000 && c.train_windows == 0);
    hb_daemon_config_release(&c);
    c = parsed(REPLAY "interval_sec: 60\nwindow_sec: 300\ntrain: {windows: 30}\n");
    assert_string_equal(c.windows[0].name, "5m-1m");
    assert_int_equal(c.train_windows, 30);
    hb_daemon_config_release(&c);
}

static void daemon_config__refuses_with_the_place_and_what_to_write(void **state)
{
    (void)state;
    REFUSED("", "daemon.yaml");
    REFUSED("window_sec: 60\n", "no source is named");
    REFUSED("source: pigeon\n", "there is no source 'pigeon'; known: ");
    REFUSED(REPLAY "evidence_pack_on_fail: true\n", "needs 'signing_key'");
    REFUSED(REPLAY "evidence_pack_always: true\n", "needs 'signing_key'");
    REFUSED(REPLAY "max_audit_log_mb: 5\n", "journal.max_mb");
    REFUSED(REPLAY "backpressure: {mode: drop}\n", "nothing that was received is dropped");
    REFUSED(REPLAY "backpressure: {max_events: 10}\n", "journal.max_mb");
    REFUSED(REPLAY "windos: []\n", "daemon.yaml:3:1: unknown key 'windos' in the document; did you "
                                   "mean 'windows'?");
    REFUSED(REPLAY "journal: {max_gb: 1}\n", "unknown key 'max_gb' in journal");
    REFUSED(REPLAY "interval_sec: 60\nwindow_sec: 30\n", "would never be judged");
    REFUSED(REPLAY "windows: [{size: 10s, slide: 3s}]\n", "whole number of slides");
    REFUSED(REPLAY "windows: [{size: 10s}, {size: 10s}]\n", "named twice");
    REFUSED(REPLAY "windows: []\n", "at least one window");
    REFUSED(REPLAY "windows: [{size: 10s}]\nwindow_sec: 5\n", "say the same");
    REFUSED(REPLAY "sources: [{source: file_replay, path: x}]\n", "say the same");
    REFUSED("sources: [{source: file_replay, path: x, speeed: max}]\n", "unknown key 'speeed'");
    REFUSED("sources: [{source: file_replay, path: x}, {source: file_replay, path: y}]\n",
            "two sources are named 'file_replay'");
    REFUSED("sources: [{source: file_replay, path: x, name: 'A B'}]\n", "a-z 0-9 _ -");
    REFUSED("sources: [{path: x}]\n", "key 'source' is missing in sources.0");
    REFUSED(REPLAY "train: {duration: 1h, windows: 4}\n", "not both");
    REFUSED(REPLAY "train: soon\n", "must be a time such as");
    REFUSED(REPLAY "alert_sinks: [pigeon]\n", "there is no alert sink 'pigeon'");
    REFUSED(REPLAY "webhook_url: 'https://pager.lab/hook'\n", "used by no sink");
    REFUSED(REPLAY "alert_rules: [{metric: a}]\n", "key 'severity' is missing");
    REFUSED(REPLAY "alert_rules: [{severity: FAIL, verdict: bad}]\n", "PASS_WITH_DRIFT");
    REFUSED(REPLAY "alert_rules: [{severity: FAIL, rule: shok}]\n",
            "no finding has the rule 'shok'");
    REFUSED(REPLAY "name: 'a/b'\n", "'name' must be");
    REFUSED(REPLAY "factors: {Rig: A}\n", "'Rig' cannot name a factor");
    REFUSED(REPLAY "health: {listen: '0.0.0.0:9090'}\n", "other machines");
    REFUSED(REPLAY "journal: {segment_mb: 64, max_mb: 100}\n", "at least twice");
    REFUSED(REPLAY "late_event_policy: buffer\n", "one of drop, side_output, reopen");
}

static void daemon_config__the_digest_follows_what_decisions_depend_on(void **state)
{
    (void)state;
    const hb_daemon_digests d = {"r", "p", "s", "q"};
    const hb_daemon_digests other = {"r2", "p", "s", "q"};
    static const char *const same[] = {REPLAY "log: {level: debug}\n",
                                       REPLAY "alerts: {raise_after: 2}\n",
                                       REPLAY "alert_sinks: []\n"};
    static const char *const differ[] = {REPLAY "window_sec: 60\n",
                                         REPLAY "lateness: 9s\n",
                                         REPLAY "program: p\n",
                                         REPLAY "context: {environment: x}\n",
                                         REPLAY "train: 1h\n",
                                         REPLAY "baseline_tag: x\n",
                                         REPLAY "factors: {rig: A}\n",
                                         REPLAY "live: {keep: 30}\n",
                                         REPLAY "operating_modes: {metric: m, values: {0: a}}\n"};
    char base[65];
    char got[65];
    hb_daemon_config c = parsed(REPLAY);
    CHECK_OK(hb_daemon_config_digest(&c, &d, base, &err));
    CHECK_OK(hb_daemon_config_digest(&c, &other, got, &err));
    assert_string_not_equal(base, got);
    hb_daemon_config_release(&c);
    for (size_t i = 0; i < 3; i++) {
        c = parsed(same[i]);
        CHECK_OK(hb_daemon_config_digest(&c, &d, got, &err));
        assert_string_equal(base, got);
        hb_daemon_config_release(&c);
    }
    for (size_t i = 0; i < sizeof differ / sizeof *differ; i++) {
        c = parsed(differ[i]);
        CHECK_OK(hb_daemon_config_digest(&c, &d, got, &err));
        assert_string_not_equal(base, got);
        hb_daemon_config_release(&c);
    }
}

static hb_status visit(void)
{
    hb_daemon_config c = {0};
    hb_status status = parse(REPLAY "windows: [{size: 10s, slide: 1s}]\n"
                                    "alert_sinks: [stdout]\n"
                                    "alert_rules: [{metric: a, severity: FAIL}]\n"
                                    "factors: {rig: A}\n"
                                    "operating_modes: {metric: m, values: {0: a, 1: b}}\n",
                             &c, NULL);
    if (status == HB_OK) {
        hb_daemon_config_release(&c);
    }
    return status;
}

static void daemon_config__survives_failing_allocations(void **state)
{
    (void)state;
    fault_loop(visit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(daemon_config__takes_the_originals_file),
        cmocka_unit_test(daemon_config__says_which_flat_keys_are_of_another_source),
        cmocka_unit_test(daemon_config__names_what_a_reload_does_not_take_over),
        cmocka_unit_test(daemon_config__windows_are_named_and_tagged),
        cmocka_unit_test(daemon_config__refuses_with_the_place_and_what_to_write),
        cmocka_unit_test(daemon_config__the_digest_follows_what_decisions_depend_on),
        cmocka_unit_test(daemon_config__survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
