/* SPDX-License-Identifier: Apache-2.0 */
/* One row per family: a number of the snapshot, or a function for what has labels. A family's
 * sample is named as both forms want it: counters end in _total, info in _info, histograms in
 * _bucket, _sum, _count; OpenMetrics heads the family without these endings. A family without a
 * sample is not headed. */
#include "daemon/prometheus.h"

#include "base/num.h"
#include "decide/decision.h"

#include <math.h>
#include <string.h>

typedef enum kind { GAUGE, COUNTER, HISTOGRAM, INFO } kind;

typedef struct row row;

typedef struct output {
    const hb_health_snapshot *s;
    hb_exposition form;
    hb_buf *b;
    const row *row;
    bool headed;
} output;

typedef enum number { U64, U32, F64, BOOL, CALL } number;

struct row {
    const char *name;
    kind kind;
    const char *unit; /* the name's ending; NULL = none */
    const char *help;
    number number;
    size_t offset;
    void (*put)(output *o); /* CALL */
};

typedef struct label {
    const char *name;
    const char *value;
} label;

static void put_escaped(hb_buf *b, const char *text, bool quote)
{
    for (hb_str s = hb_str_of(text); s.n;) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next(s, &cp);
        if (cp == '\\' || (cp == '"' && quote)) {
            hb_buf_ch(b, '\\');
        }
        if (cp == '\n') {
            hb_buf_c(b, "\\n");
        } else if (len) {
            hb_buf_add(b, s.p, len);
        } else {
            hb_buf_c(b, "\xef\xbf\xbd");
        }
        len = len ? len : 1;
        s = (hb_str){s.p + len, s.n - len};
    }
}

static void head(output *o)
{
    static const char *const types[] = {"gauge", "counter", "histogram", "info"};
    const row *r = o->row;
    bool open = o->form == HB_EXPOSITION_OPENMETRICS;
    const char *ending = open ? "" : r->kind == COUNTER ? "_total" : r->kind == INFO ? "_info" : "";
    if (o->headed) {
        return;
    }
    o->headed = true;
    hb_buf_fmt(o->b, "# HELP %s%s ", r->name, ending);
    put_escaped(o->b, r->help, open);
    hb_buf_fmt(o->b, "\n# TYPE %s%s %s\n", r->name, ending,
               types[r->kind == INFO && !open ? GAUGE : r->kind]);
    if (r->unit && open) {
        hb_buf_fmt(o->b, "# UNIT %s %s\n", r->name, r->unit);
    }
}

static void name(output *o, const char *ending, const label *labels, size_t n)
{
    head(o);
    hb_buf_fmt(o->b, "%s%s", o->row->name, ending);
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(o->b, "%c%s=\"", i ? ',' : '{', labels[i].name);
        put_escaped(o->b, labels[i].value, true);
        hb_buf_ch(o->b, '"');
    }
    hb_buf_c(o->b, n ? "} " : " ");
}

static void put_double(hb_buf *b, double v)
{
    if (isinf(v)) {
        hb_buf_c(b, v > 0 ? "+Inf" : "-Inf");
    } else {
        hb_buf_f64(b, v); /* "NaN" as well */
    }
}

static const char *ending_of(const output *o)
{
    return o->row->kind == COUNTER ? "_total" : o->row->kind == INFO ? "_info" : "";
}

static void put_u(output *o, const label *labels, size_t n, uint64_t v)
{
    name(o, ending_of(o), labels, n);
    hb_buf_u64(o->b, v);
    hb_buf_ch(o->b, '\n');
}

static void put_f(output *o, const label *labels, size_t n, double v)
{
    name(o, ending_of(o), labels, n);
    put_double(o->b, v);
    hb_buf_ch(o->b, '\n');
}

static void put_time(output *o, const label *labels, size_t n, hb_time t)
{
    if (t != HB_TIME_NONE) {
        put_f(o, labels, n, (double)t / 1e9);
    }
}

static void build(output *o)
{
    const label l[] = {{"version", HB_VERSION}};
    put_u(o, l, 1, 1);
}

static void checks(output *o)
{
    for (size_t i = 0; i < o->s->n_checks; i++) {
        const label l[] = {{"check", o->s->checks[i].name}};
        put_u(o, l, 1, o->s->checks[i].ok);
    }
}

static void training(output *o)
{
    put_u(o, NULL, 0, *o->s->training != '\0');
}

static void snapshot_time(output *o)
{
    put_time(o, NULL, 0, o->s->at);
}

static void started(output *o)
{
    put_time(o, NULL, 0, o->s->started);
}

static void cpu(output *o)
{
    put_f(o, NULL, 0, (double)o->s->cpu_ms / 1e3);
}

static void lag_bytes(output *o)
{
    put_u(o, NULL, 0, o->s->journal.end - o->s->decided);
}

static void unsynced(output *o)
{
    put_u(o, NULL, 0, o->s->journal.end - o->s->journal.synced);
}

static void held(output *o)
{
    put_u(o, NULL, 0, o->s->journal.end - o->s->journal.released);
}

static void sync_interval(output *o)
{
    put_f(o, NULL, 0, o->s->journal.sync_ms / 1e3);
}

static void sync_failed(output *o)
{
    put_u(o, NULL, 0, o->s->journal.sync_failed != HB_OK);
}

static void oldest(output *o)
{
    put_time(o, NULL, 0, o->s->journal.oldest);
}

static void watermark_lag(output *o)
{
    if (o->s->watermark != HB_TIME_NONE && o->s->at != HB_TIME_NONE) {
        put_f(o, NULL, 0, (double)(o->s->at - o->s->watermark) / 1e9);
    }
}

static void dropped(output *o)
{
    static const hb_windows_count reasons[] = {HB_WINDOWS_NOT_USABLE, HB_WINDOWS_LATE,
                                               HB_WINDOWS_DUPLICATE, HB_WINDOWS_NO_UNIT,
                                               HB_WINDOWS_NO_ROOM};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const label l[] = {{"reason", hb_windows_count_name(reasons[i])}};
        put_u(o, l, 1, o->s->windows_counts[reasons[i]]);
    }
}

static void verdicts(output *o)
{
    for (int v = 0; v < HB_VERDICT_COUNT_; v++) {
        const label l[] = {{"verdict", hb_verdict_name((hb_verdict)v)}};
        put_u(o, l, 1, o->s->verdicts[v]);
    }
}

static void latency(output *o)
{
    const hb_health_snapshot *s = o->s;
    for (uint32_t i = 0; i < s->n_latency; i++) {
        char le[HB_NUM_TEXT + 2];
        size_t n = hb_num_print(s->latency_le[i], le);
        if (strspn(le, "0123456789") == n) { /* OpenMetrics wants a point in it */
            memcpy(le + n, ".0", 3);
        }
        const label l[] = {{"le", le}};
        name(o, "_bucket", l, 1);
        hb_buf_fmt(o->b, "%llu\n", (unsigned long long)s->latency_n[i]);
    }
    const label all[] = {{"le", "+Inf"}};
    name(o, "_bucket", all, 1);
    hb_buf_fmt(o->b, "%llu\n", (unsigned long long)s->latency_count);
    name(o, "_sum", NULL, 0);
    put_double(o->b, s->latency_sum);
    hb_buf_ch(o->b, '\n');
    name(o, "_count", NULL, 0);
    hb_buf_fmt(o->b, "%llu\n", (unsigned long long)s->latency_count);
}

static void source_states(output *o)
{
    for (size_t i = 0; i < o->s->n_sources; i++) {
        const hb_health_source *from = &o->s->sources[i];
        for (int state = 0; state < HB_SOURCE_STATE_COUNT_; state++) {
            const label l[] = {{"source", from->name},
                               {"kind", from->kind},
                               {"state", hb_source_state_name((hb_source_state)state)}};
            put_u(o, l, 3, from->state == (hb_source_state)state);
        }
    }
}

/* A row's offset is within a source's (a sink's) part of the snapshot. */
static void of_sources(output *o)
{
    for (size_t i = 0; i < o->s->n_sources; i++) {
        uint64_t v = 0;
        const label l[] = {{"source", o->s->sources[i].name}};
        memcpy(&v, (const char *)&o->s->sources[i] + o->row->offset, sizeof v);
        put_u(o, l, 1, v);
    }
}

static void source_lost(output *o)
{
    for (size_t i = 0; i < o->s->n_sources; i++) {
        const hb_health_source *from = &o->s->sources[i];
        for (size_t k = 0; k < from->n_lost; k++) {
            const label l[] = {{"source", from->name}, {"reason", from->lost[k].reason}};
            put_u(o, l, 2, from->lost[k].n);
        }
    }
}

static void source_arrivals(output *o)
{
    for (size_t i = 0; i < o->s->n_sources; i++) {
        const label l[] = {{"source", o->s->sources[i].name}};
        put_time(o, l, 1, o->s->sources[i].last_arrival);
    }
}

static void alerts_active(output *o)
{
    for (int i = 0; i < HB_ALERT_SEVERITY_COUNT_; i++) {
        const label l[] = {{"severity", hb_alert_severity_names[i]}};
        put_u(o, l, 1, o->s->alerts.active[i]);
    }
}

static void of_sinks(output *o)
{
    for (size_t i = 0; i < o->s->n_sinks; i++) {
        uint64_t v = 0;
        const label l[] = {{"sink", o->s->sinks[i].name}};
        memcpy(&v, (const char *)&o->s->sinks[i] + o->row->offset, sizeof v);
        put_u(o, l, 1, v);
    }
}

static void sinks_open(output *o)
{
    for (size_t i = 0; i < o->s->n_sinks; i++) {
        const label l[] = {{"sink", o->s->sinks[i].name}};
        put_u(o, l, 1, o->s->sinks[i].open);
    }
}

#define AT(member) .offset = offsetof(hb_health_snapshot, member)
#define WINDOWS(count) \
    .offset = offsetof(hb_health_snapshot, windows_counts) + (count) * sizeof(uint64_t)
#define OF_SOURCE(member) \
    .number = CALL, .put = of_sources, .offset = offsetof(hb_health_source, member)
#define OF_SINK(member) .number = CALL, .put = of_sinks, .offset = offsetof(hb_outbox_state, member)
#define BY(function) .number = CALL, .put = function

static const row rows[] = {
    {"hb_build", INFO, NULL, "Version of the program.", BY(build)},
    {"hb_ready", GAUGE, NULL, "1 while every check is ok, as /ready says.", BOOL, AT(ready)},
    {"hb_degraded", GAUGE, NULL, "1 while it works with less than it was configured to.", BOOL,
     AT(degraded)},
    {"hb_training", GAUGE, NULL, "1 while the baseline is being built.", BY(training)},
    {"hb_check_ok", GAUGE, NULL, "1 while this dependency is ok.", BY(checks)},
    {"hb_snapshot_timestamp_seconds", GAUGE, "seconds", "When these figures were taken.",
     BY(snapshot_time)},
    {"process_start_time_seconds", GAUGE, "seconds", "When the daemon started.", BY(started)},
    {"process_cpu_seconds", COUNTER, "seconds", "Processor time used.", BY(cpu)},
    {"process_resident_memory_bytes", GAUGE, "bytes", "Memory in use.", U64, AT(rss_bytes)},
    {"hb_memory_limit_bytes", GAUGE, "bytes", "Memory it may use; 0 is no limit.", U64,
     AT(rss_max_bytes)},
    {"hb_registry_bytes", GAUGE, "bytes", "Registry in use, as of the last minute.", U64,
     AT(registry_bytes)},
    {"hb_registry_limit_bytes", GAUGE, "bytes", "Size it may have; 0 is no limit.", U64,
     AT(registry_max_bytes)},
    {"process_open_fds", GAUGE, NULL, "Open descriptors.", U32, AT(descriptors)},
    {"hb_config_reloads", COUNTER, NULL, "Configurations taken in while running.", U64,
     AT(config_reloads)},

    {"hb_ingest_lag_bytes", GAUGE, "bytes", "Journal bytes received and not yet decided.",
     BY(lag_bytes)},
    {"hb_ingest_lag_seconds", GAUGE, "seconds",
     "Age of the oldest record not yet decided; 0 is up to date.", F64, AT(lag_s)},
    {"hb_watermark_lag_seconds", GAUGE, "seconds", "Now less the watermark of event time.",
     BY(watermark_lag)},

    {"hb_source_state", GAUGE, NULL, "1 for the state a source is in.", BY(source_states)},
    {"hb_source_records", COUNTER, NULL, "Records a source put into the journal.",
     OF_SOURCE(records)},
    {"hb_source_received_bytes", COUNTER, "bytes", "Payload bytes a source put into the journal.",
     OF_SOURCE(bytes)},
    {"hb_source_reconnects", COUNTER, NULL, "Times a source connected again.",
     OF_SOURCE(reconnects)},
    {"hb_source_lost", COUNTER, NULL, "Messages lost or refused before the journal, by reason.",
     BY(source_lost)},
    {"hb_source_last_arrival_timestamp_seconds", GAUGE, "seconds", "When a source was last heard.",
     BY(source_arrivals)},

    {"hb_samples", COUNTER, NULL, "Usable samples taken into windows.", U64,
     WINDOWS(HB_WINDOWS_SAMPLES)},
    {"hb_samples_dropped", COUNTER, NULL, "Samples no window took, by reason.", BY(dropped)},
    {"hb_samples_ahead", COUNTER, NULL, "Samples too far ahead of the others' time.", U64,
     WINDOWS(HB_WINDOWS_AHEAD)},
    {"hb_samples_untimed", COUNTER, NULL, "Samples without a time of their own.", U64,
     WINDOWS(HB_WINDOWS_UNTIMED)},
    {"hb_messages_unreadable", COUNTER, NULL, "Messages that could not be read.", U64,
     WINDOWS(HB_WINDOWS_BAD_MESSAGE)},
    {"hb_clock_jumps", COUNTER, NULL, "Times the senders' clock moved too far.", U64,
     WINDOWS(HB_WINDOWS_JUMPS)},
    {"hb_metrics", GAUGE, NULL, "Telemetry metrics heard of.", U32, AT(metrics)},
    {"hb_windows_open", GAUGE, NULL, "Windows still open.", U32, AT(open_windows)},
    {"hb_windows_closed", COUNTER, NULL, "Windows closed.", U64, WINDOWS(HB_WINDOWS_CLOSED)},
    {"hb_windows_reopened", COUNTER, NULL, "Windows closed again by late samples.", U64,
     WINDOWS(HB_WINDOWS_REOPENED)},
    {"hb_windows_skipped", COUNTER, NULL, "Windows of a long silence not told one by one.", U64,
     WINDOWS(HB_WINDOWS_SKIPPED)},
    {"hb_windows_judged", COUNTER, NULL, "Windows judged, by verdict.", BY(verdicts)},
    {"hb_decision_latency_seconds", HISTOGRAM, "seconds",
     "From a window's last record in hand to its decision committed.", BY(latency)},
    {"hb_cycles", COUNTER, NULL, "Cycles of the engine.", U64, AT(cycles)},
    {"hb_checkpoints", COUNTER, NULL, "Checkpoints written.", U64, AT(checkpoints)},
    {"hb_checkpoint_duration_seconds", GAUGE, "seconds", "How long the last checkpoint took.", F64,
     AT(checkpoint_s)},

    {"hb_journal_bytes", GAUGE, "bytes", "Size of the journal on the disk.", U64,
     AT(journal.bytes)},
    {"hb_journal_limit_bytes", GAUGE, "bytes", "Size it may have; 0 is no limit.", U64,
     AT(journal.max_bytes)},
    {"hb_journal_unsynced_bytes", GAUGE, "bytes", "What a power cut now would lose.", BY(unsynced)},
    {"hb_journal_unreleased_bytes", GAUGE, "bytes", "What is not yet judged and so never dropped.",
     BY(held)},
    {"hb_journal_segments", GAUGE, NULL, "Files of the journal.", U32, AT(journal.segments)},
    {"hb_journal_records", COUNTER, NULL, "Records appended since the start.", U64,
     AT(journal.records)},
    {"hb_journal_dropped_records", COUNTER, NULL, "Records the retention dropped.", U64,
     AT(journal.dropped_records)},
    {"hb_journal_dropped_bytes", COUNTER, "bytes", "Bytes the retention dropped.", U64,
     AT(journal.dropped_bytes)},
    {"hb_journal_cut_bytes", GAUGE, "bytes", "Torn or corrupt tail cut off at the start.", U64,
     AT(journal.cut_bytes)},
    {"hb_journal_cut_records", GAUGE, NULL, "Whole records among what was cut off.", U64,
     AT(journal.cut_records)},
    {"hb_journal_refused", COUNTER, NULL, "Appends refused because the journal was full.", U64,
     AT(journal.refused)},
    {"hb_journal_held_segments", GAUGE, NULL, "Files beyond its limits that are on hold.", U32,
     AT(journal.kept_segments)},
    {"hb_journal_held_bytes", GAUGE, "bytes", "Size of the files beyond its limits on hold.", U64,
     AT(journal.kept_bytes)},
    {"hb_journal_sync_interval_seconds", GAUGE, "seconds", "How often it is synced to the disk.",
     BY(sync_interval)},
    {"hb_journal_sync_failed", GAUGE, NULL, "1 after a sync that failed.", BY(sync_failed)},
    {"hb_journal_oldest_timestamp_seconds", GAUGE, "seconds", "Arrival of the oldest record kept.",
     BY(oldest)},

    {"hb_alerts_active", GAUGE, NULL, "Alerts whose condition holds, by severity.",
     BY(alerts_active)},
    {"hb_alerts_unacknowledged", GAUGE, NULL, "Alerts nobody has acknowledged.", U64,
     AT(alerts.unacknowledged)},
    {"hb_alerts_shelved", GAUGE, NULL, "Alerts that are shelved.", U64, AT(alerts.shelved)},
    {"hb_evidence_packs_wanted", GAUGE, NULL, "Evidence packs that are not made yet.", U64,
     AT(packs_wanted)},
    {"hb_evidence_packs", GAUGE, NULL, "Evidence packs made by the daemon that are there.", U64,
     AT(packs_made)},
    {"hb_evidence_packs_gone", GAUGE, NULL,
     "Evidence packs that were taken away, or could never be made.", U64, AT(packs_gone)},
    {"hb_evidence_packs_bytes", GAUGE, "bytes", "Size of the evidence packs that are there.", U64,
     AT(packs_bytes)},
    {"hb_evidence_packs_held", GAUGE, NULL, "Evidence packs over their cap that are on hold.", U64,
     AT(packs_held)},
    {"hb_evidence_packs_held_bytes", GAUGE, "bytes", "Size of those packs.", U64,
     AT(packs_held_bytes)},
    {"hb_reports_held", GAUGE, NULL, "Reports over their cap that are on hold.", U64,
     AT(reports_held)},
    {"hb_reports_held_bytes", GAUGE, "bytes", "Size of those reports.", U64,
     AT(reports_held_bytes)},
    {"hb_outbox_waiting", GAUGE, NULL, "Events waiting to be sent, by sink.", OF_SINK(waiting)},
    {"hb_outbox_sent", COUNTER, NULL, "Events a sink has taken.", OF_SINK(sent)},
    {"hb_outbox_failures", COUNTER, NULL, "Attempts to send that failed.", OF_SINK(failed)},
    {"hb_outbox_dead", GAUGE, NULL, "Events given up, by sink.", OF_SINK(dead)},
    {"hb_outbox_circuit_open", GAUGE, NULL, "1 while a sink is left alone after failures.",
     BY(sinks_open)},
};

static void put_number(output *o)
{
    const char *at = (const char *)o->s + o->row->offset;
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    double f64 = 0;
    bool flag = false;
    switch (o->row->number) {
    case U64:
        memcpy(&u64, at, sizeof u64);
        put_u(o, NULL, 0, u64);
        break;
    case U32:
        memcpy(&u32, at, sizeof u32);
        put_u(o, NULL, 0, u32);
        break;
    case F64:
        memcpy(&f64, at, sizeof f64);
        put_f(o, NULL, 0, f64);
        break;
    case BOOL:
        memcpy(&flag, at, sizeof flag);
        put_u(o, NULL, 0, flag);
        break;
    case CALL:
        o->row->put(o);
        break;
    }
}

void hb_prometheus_write(const hb_health_snapshot *s, hb_exposition form, hb_buf *out)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        output o = {.s = s, .form = form, .b = out, .row = &rows[i]};
        put_number(&o);
    }
    if (form == HB_EXPOSITION_OPENMETRICS) {
        hb_buf_c(out, "# EOF\n");
    }
}
