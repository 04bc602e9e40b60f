/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of daemon.yaml. docs/formats/daemon.md */
#include "daemon/config_internal.h"

#include <math.h>

#define RAW(member) offsetof(hb_daemon_raw, member)
#define TEXT(key_, member, most, words)                                                 \
    {                                                                                   \
        .key = (key_), .kind = HB_FIELD_STRING, .offset = RAW(c.member), .max = (most), \
        .doc = (words)                                                                  \
    }
#define TIME(key_, member, least, most, default_, words)                                \
    {                                                                                   \
        .key = (key_), .kind = HB_FIELD_SECONDS, .offset = RAW(member), .min = (least), \
        .max = (most), .def = (default_), .doc = (words)                                \
    }
#define WHOLE(key_, member, least, most, default_, words)                              \
    {                                                                                  \
        .key = (key_), .kind = HB_FIELD_UINT, .offset = RAW(c.member), .min = (least), \
        .max = (most), .def = (default_), .doc = (words)                               \
    }
#define PART(key_, fields_, words)                                            \
    {                                                                         \
        .key = (key_), .kind = HB_FIELD_MAP, .sub = (fields_), .doc = (words) \
    }

enum { PATH_BYTES = 4000, NAME_BYTES = 256, MB_MAX = 1 << 24 };
#define DAY 86400.0
#define YEARS (3650 * DAY)

/* A list waits until the rest is known. */
#define KEEP(member)                                                                       \
    static hb_status keep_##member(const hb_where *where, const hb_node *value, void *out, \
                                   hb_error *err)                                          \
    {                                                                                      \
        (void)where;                                                                       \
        (void)err;                                                                         \
        ((hb_daemon_raw *)out)->member = value;                                            \
        return HB_OK;                                                                      \
    }
KEEP(source)
KEEP(path)
KEEP(broker)
KEEP(topic)
KEEP(sources)
KEEP(windows)
KEEP(sinks)
KEEP(webhook_url)
KEEP(rules)
KEEP(inhibit)
KEEP(factors)
KEEP(modes)

#define LATER(key_, member, schema_, words)                                                   \
    {                                                                                         \
        .key = (key_), .kind = HB_FIELD_CUSTOM, .decode = keep_##member, .schema = (schema_), \
        .doc = (words)                                                                        \
    }
#define ANY_TEXT "{\"type\": [\"string\", \"number\", \"null\"]}"
#define MAPS "{\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"object\"}}"
#define NAMES_OR_MAPS                                                                   \
    "{\"type\": [\"array\", \"string\", \"null\"], \"items\": {\"type\": [\"string\", " \
    "\"object\"]}}"

static hb_status no_audit_cap(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    double v = 0;
    (void)out;
    HB_TRY(hb_node_f64(value, where, &v, err));
    return v == 0 ? HB_OK
                  : HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                               "'%s' caps nothing here: write journal.max_mb for what is received, "
                               "max_report_dir_mb for reports, decisions.keep_pass for decisions",
                               where->path);
}

static hb_status never_drops(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    (void)out;
    if (value->kind == HB_NODE_SCALAR && hb_str_eq_c(value->text, "degrade")) {
        return HB_OK;
    }
    return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                      "'%s' must be degrade, got '%.40s': nothing that was received is dropped; "
                      "sources wait when the journal is full, and health says so",
                      where->path, value->kind == HB_NODE_SCALAR ? value->text.p : "a list or map");
}

static const hb_field train_fields[] = {
    TIME("duration", train_duration, 1, YEARS, "24h", "How much of the data's time."),
    WHOLE("windows", train_windows, 3, 1000000, "…",
          "How many windows of each definition, in place of duration."),
    TEXT("tag", baseline_tag, HB_TAG_MAX_BYTES, "The same as baseline_tag."),
    {0},
};

static hb_status decode_train(const hb_where *where, const hb_node *value, void *out, hb_error *err)
{
    hb_daemon_raw *raw = out;
    const char *duration = "duration";
    hb_pair pair = {
        .key = hb_str_of(duration), .line = value->line, .col = value->col, .value = value};
    const hb_node one = {
        .kind = HB_NODE_MAP, .line = value->line, .col = value->col, .pairs = &pair, .n = 1};
    HB_TRY(hb_fields_decode(train_fields, value->kind == HB_NODE_SCALAR ? &one : value, where, raw,
                            err));
    if (raw->train_duration.set && raw->c.train_windows) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, value->line, value->col,
                          "'%s' takes duration or windows, not both", where->path);
    }
    raw->c.train = true;
    return HB_OK;
}

static const hb_field breaker_fields[] = {
    WHOLE("failure_threshold", breaker_failures, 1, 1000, "5",
          "Failures within window_sec after which a dependency is left alone for a while."),
    TIME("window_sec", breaker_window, 1, DAY, "60", "The time in which they are counted."),
    TIME("open_sec", breaker_open, 1, DAY, "30", "How long it is left alone before the next try."),
    {0},
};

static const hb_field backpressure_fields[] = {
    {.key = "max_events",
     .kind = HB_FIELD_REFUSED,
     .doc = "what is not judged yet is in the journal; write journal.max_mb"},
    {.key = "mode",
     .kind = HB_FIELD_CUSTOM,
     .decode = never_drops,
     .schema = "{\"enum\": [\"degrade\", null]}",
     .def = "degrade",
     .doc = "Only degrade: sources are made to wait, and health says so. Nothing is dropped."},
    WHOLE("max_metrics", max_metrics, 1, HB_WINDOWS_METRICS_MAX, "10000",
          "Metrics told apart; samples of further ones are counted and left out."),
    {0},
};

static const hb_field journal_fields[] = {
    TEXT("dir", journal_dir, PATH_BYTES, "Its folder; default: journal in output_dir."),
    WHOLE("segment_mb", journal_segment_mb, 1, 1024, "64", "Size of one of its files."),
    WHOLE("max_mb", journal_max_mb, 2, MB_MAX, "4096",
          "All files together. What is judged is dropped first, oldest first; when all of it is "
          "still to be judged, sources wait."),
    TIME("max_age", journal_max_age, 0, YEARS, "7d", "What is judged and older may go; 0 = never."),
    WHOLE("sync_interval_ms", journal_sync_ms, 1, 60000, "200",
          "How much a power cut may take of what no decision rests on yet. A killed process loses "
          "nothing."),
    {0},
};

static const hb_field live_fields[] = {
    {.key = "alarms_per_month",
     .kind = HB_FIELD_F64,
     .offset = RAW(c.alarms_per_month),
     .min = 1e-3,
     .max = 1000,
     .def = "1",
     .doc = "False alarms the whole daemon may give in a month; half by shocks, half by slow "
            "drift."},
    WHOLE("keep", keep, 20, 10000, "2000",
          "Windows kept, a metric's newest value is ranked among them."),
    {.key = "min_coverage",
     .kind = HB_FIELD_F64,
     .offset = RAW(c.min_coverage),
     .min = 0,
     .max = 1,
     .def = "0.5",
     .doc = "Windows with a smaller share of the expected samples neither train nor are kept."},
    {0},
};

static const hb_field decisions_fields[] = {
    TIME("keep_pass", keep_pass, 0, YEARS, "7d",
         "The full decision of a PASS window is kept so long after its end; its line stays, and so "
         "does all of windows on hold or of a baseline. 0 = for ever."),
    WHOLE("runs_per_hour", runs_per_hour, 0, 100000, "60",
          "Windows with drift or FAIL that become runs with reports, in an hour of the data's "
          "time; of further ones only the decision is kept. 0 = all."),
    {0},
};

static const hb_field health_fields[] = {
    TEXT("listen", health_listen, NAME_BYTES,
         "Where /live, /ready and /metrics are served: 127.0.0.1:9090, or unix:PATH. Default: "
         "nowhere."),
    {.key = "expose",
     .kind = HB_FIELD_BOOL,
     .offset = RAW(c.health_expose),
     .def = "false",
     .doc = "listen may be an address that other machines can reach; needs tokens."},
    {.key = "tokens",
     .kind = HB_FIELD_BOOL,
     .offset = RAW(c.health_tokens),
     .def = "false",
     .doc = "Whoever asks must show a token (hb token create) of a viewer."},
    {0},
};

static const hb_field log_fields[] = {
    {.key = "format",
     .kind = HB_FIELD_ENUM,
     .offset = RAW(c.log_format),
     .names = hb_log_format_names,
     .def = "text",
     .doc = "How events are written to standard error."},
    {.key = "level",
     .kind = HB_FIELD_ENUM,
     .offset = RAW(c.log_level),
     .names = hb_log_level_names,
     .def = "info",
     .doc = "From which level on."},
    {0},
};

static const hb_field limits_fields[] = {
    WHOLE("max_metrics", max_metrics, 1, HB_WINDOWS_METRICS_MAX, "10000",
          "Metrics told apart; samples of further ones are counted and left out."),
    WHOLE("max_rss_mb", max_rss_mb, 0, MB_MAX, "0",
          "Memory of its own (the journal's mapped pages not counted) above which sources are made "
          "to wait and health says degraded; 0 = no limit."),
    WHOLE(
        "max_registry_mb", max_registry_mb, 0, MB_MAX, "0",
        "Size of the registry above which full decisions of PASS and NO_TEST windows go before "
        "decisions.keep_pass, the oldest first; their lines stay. When that does not help, health "
        "says degraded. 0 = no limit."),
    {0},
};

static const hb_field alerts_fields[] = {
    WHOLE("raise_after", alerts.raise_after, 1, 1000, "1",
          "Windows in a row with a finding before it is raised."),
    WHOLE("clear_after", alerts.clear_after, 1, 1000, "3",
          "Windows in a row without it before it has returned."),
    WHOLE("flap_max", alerts.flap_max, 0, 1000, "5",
          "Raises within flap_window after which it is held as flapping; 0 = never."),
    TIME("flap_window", flap_window, 1, YEARS, "1h", "See flap_max."),
    TIME("group", group, 0, DAY, "0", "What is raised within it goes out as one event."),
    TIME("heartbeat", heartbeat, 0, YEARS, "0",
         "An event 'heartbeat' to every sink this often, so that its absence is noticed; 0 = off."),
    WHOLE("max_attempts", max_attempts, 0, 1000000, "0",
          "Attempts to send before an event is put on the dead-letter list; 0 = never given up."),
    {0},
};

static const hb_field context_fields[] = {
    TEXT("operating_mode", meta.context[HB_CONTEXT_OPERATING_MODE], NAME_BYTES,
         "Chooses the metric registry's mode_overrides too."),
    TEXT("scenario_id", meta.context[HB_CONTEXT_SCENARIO_ID], NAME_BYTES, "Of the load."),
    TEXT("sensor_config_id", meta.context[HB_CONTEXT_SENSOR_CONFIG_ID], NAME_BYTES,
         "Of the sensors."),
    TEXT("input_data_version", meta.context[HB_CONTEXT_INPUT_DATA_VERSION], NAME_BYTES,
         "Of the stimulus."),
    TEXT("environment_fingerprint", meta.context[HB_CONTEXT_ENVIRONMENT_FINGERPRINT], NAME_BYTES,
         "Of the machine."),
    TEXT("environment", meta.context[HB_CONTEXT_ENVIRONMENT], NAME_BYTES, "Lab, field …"),
    {0},
};

const hb_field hb_daemon_fields[] = {
    TEXT("name", name, HB_LIVE_STREAM_MAX,
         "Of this stream of windows: part of every window's id. Another name starts anew."),
    LATER("source", source, ANY_TEXT,
          "One source by its name, with the keys path, broker and topic beside it; several or with "
          "further keys: sources."),
    LATER("path", path, ANY_TEXT, "Of source file_replay: the file."),
    LATER("broker", broker, ANY_TEXT, "Of source mqtt: where the broker is."),
    LATER("topic", topic, ANY_TEXT, "Of source mqtt: what is subscribed."),
    LATER("sources", sources, MAPS,
          "A list of maps: source (its kind), name, and the source's own keys."),
    TIME("interval_sec", interval, 0.25, 31 * DAY, "300",
         "A window of window_sec ends this often. Longer than window_sec is refused: it would "
         "leave samples unjudged."),
    TIME("window_sec", window, 0.25, 31 * DAY, "300", "One window definition; several: windows."),
    LATER("windows", windows, MAPS,
          "A list of maps: size, slide (default: size), name, tag (default: baseline_tag, with "
          "-NAME behind it where there are several)."),
    TIME("lateness", lateness, 0, 31 * DAY, "1s",
         "How long after a window's end, in the data's time, samples of it are still awaited."),
    {.key = "late_event_policy",
     .kind = HB_FIELD_ENUM,
     .offset = RAW(c.late),
     .names = hb_late_names,
     .def = "drop",
     .doc = "Samples that come later still: counted and left out, written to a side file, or the "
            "window is judged again as its next revision."},
    TIME("keep_closed", keep_closed, 0, 31 * DAY, "10m",
         "With late_event_policy reopen: how long a closed window can be opened again."),
    TIME("max_ahead", max_ahead, 1, YEARS, "5m",
         "A sample this far ahead of the others' time does not close their windows."),
    TIME("idle_after", idle_after, 0.5, DAY, "10s",
         "When nothing comes for so long, or nothing that moves time on, the clock moves it on, so "
         "that silence becomes a verdict."),
    TIME("deaf_after", deaf_after, 0, YEARS, "5m",
         "While no source has a connection silence says nothing, and time stands still for so long "
         "at most: what a broker kept meanwhile is judged when it comes. 0 = not at all."),
    TIME("stale_after", stale_after, 0, YEARS, "5m",
         "A metric without a sample for so long is silent, where it declares no stale_after of its "
         "own; 0 = never."),
    TEXT("baseline_tag", baseline_tag, HB_TAG_MAX_BYTES,
         "The tag that names the baseline. Default: golden."),
    {.key = "train",
     .kind = HB_FIELD_CUSTOM,
     .decode = decode_train,
     .schema = "{\"type\": [\"string\", \"number\", \"object\", \"null\"]}",
     .doc = "Makes the baseline of the first windows when the tag is not set: 24h, or a map with "
            "duration or windows, and tag."},
    TEXT("output_dir", output_dir, PATH_BYTES,
         "Where the journal, the sources' own state and side files are. Default: live."),
    TEXT("db_path", db_path, PATH_BYTES, "The registry. Default: runs.db."),
    TEXT("metric_registry", metric_registry, PATH_BYTES, "Default: metric_registry.yaml."),
    TEXT("baseline_policy", baseline_policy, PATH_BYTES, "Default: baseline_policy.yaml."),
    TEXT("telemetry_schema", telemetry_schema, PATH_BYTES,
         "Names, units and patterns of live data. Default: telemetry_schema.yaml."),
    WHOLE("max_report_dir_mb", max_report_dir_mb, 0, MB_MAX, "1024",
          "Reports of windows together; the oldest are taken away first; the decision stays "
          "in the registry. 0 = no limit."),
    {.key = "max_audit_log_mb",
     .kind = HB_FIELD_CUSTOM,
     .decode = no_audit_cap,
     .schema = "{\"enum\": [0, null]}",
     .def = "0",
     .doc = "Of the original, where nothing read it; only 0 is accepted."},
    {.key = "max_checkpoint_history",
     .kind = HB_FIELD_UINT,
     .offset = RAW(checkpoint_history),
     .doc = "Accepted for old files, and needless: one checkpoint is kept, and every judged window "
            "is in the registry."},
    {.key = "evidence_pack_on_fail",
     .kind = HB_FIELD_BOOL,
     .offset = RAW(c.evidence_on_fail),
     .def = "false",
     .doc = "An evidence pack of every window that becomes a run with verdict FAIL, into evidence/ "
            "of the workspace. Needs signing_key."},
    {.key = "evidence_pack_always",
     .kind = HB_FIELD_BOOL,
     .offset = RAW(c.evidence_always),
     .def = "false",
     .doc =
         "… of every window that becomes a run (decisions.runs_per_hour), whatever its verdict."},
    {.key = "evidence_pack_baseline_runs",
     .kind = HB_FIELD_BOOL,
     .offset = RAW(c.evidence_baseline_runs),
     .def = "true",
     .doc = "The runs of the baseline and its sets in these packs, so that anybody can make the "
            "reference again: up to 40 kB a metric and run. false: their figures are the lab's "
            "word."},
    WHOLE("max_evidence_mb", max_evidence_mb, 0, MB_MAX, "4096",
          "Evidence packs made by the daemon, together; the oldest are taken away first, never the "
          "newest, nor what is on hold. 0 = no limit."),
    TEXT("signing_key", signing_key, PATH_BYTES,
         "What signs evidence packs: a file (hb keys generate), agent:KEYID or pkcs11:URI. Its "
         "passphrase comes from a systemd credential."),
    TEXT("signing_cert", signing_cert, PATH_BYTES,
         "Certificates of signing_key (PEM), its own first: they go into the packs."),
    {.key = "encrypt_to",
     .kind = HB_FIELD_STRINGS,
     .offset = RAW(c.encrypt_to),
     .offset_n = RAW(c.n_encrypt_to),
     .max = PATH_BYTES,
     .doc = "Certificates (PEM, RSA or EC) that evidence packs are encrypted to, 1 to 16. Whoever "
            "has none of their keys, the daemon included, cannot read them any more."},
    LATER("alert_sinks", sinks, NAMES_OR_MAPS,
          "Where alerts go: a list of names, or of maps with sink, name and the sink's own keys. "
          "Default: stdout."),
    LATER("webhook_url", webhook_url, ANY_TEXT, "Of the sink webhook, when it is named alone."),
    LATER("alert_rules", rules, MAPS,
          "A list of maps: metric, rule, verdict, critical_only, severity. The first that fits "
          "gives an alert's severity."),
    LATER("inhibit", inhibit, MAPS,
          "A list of maps: cause, symptom. A symptom is not sent while its cause is active."),
    PART("alerts", alerts_fields, "When alerts are raised, cleared and sent."),
    PART("circuit_breaker", breaker_fields,
         "When the registry fails again and again it is left alone for a while."),
    PART("backpressure", backpressure_fields, "Of the original; see limits and journal."),
    PART("journal", journal_fields, "What was received, as received."),
    PART("live", live_fields, "Shock and slow drift."),
    TIME("checkpoint_interval", checkpoint, 0.1, DAY, "10s",
         "How often the state is written: what a restart reads again."),
    PART("decisions", decisions_fields, "What is kept of judged windows."),
    PART("health", health_fields, "What the daemon says of itself."),
    PART("log", log_fields, "Events on standard error."),
    PART("limits", limits_fields, "Bounds."),
    TEXT("program", meta.program, NAME_BYTES, "Identity of every window's run."),
    TEXT("subsystem", meta.subsystem, NAME_BYTES, "Identity of every window's run."),
    TEXT("test_name", meta.test_name, NAME_BYTES, "Identity of every window's run."),
    TEXT("build_id", meta.build_id, NAME_BYTES, "Build under test."),
    PART("context", context_fields, "Context of every window's run."),
    LATER("factors", factors, "{\"type\": [\"object\", \"null\"]}",
          "What may explain a change: rig: A, operator: kim."),
    LATER("operating_modes", modes, "{\"type\": [\"object\", \"null\"]}",
          "The operating mode of each window from the data, in place of context.operating_mode: "
          "metric: NAME, values: {0: idle, 1: cruise}."),
    {0},
};
