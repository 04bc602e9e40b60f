/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/health_json.h"

#include "base/json_write.h"
#include "decide/decision.h"

static void open_object(hb_json *j, const char *key)
{
    hb_json_key(j, key);
    hb_json_obj(j);
}

static void put_state(hb_json *j, const hb_health_snapshot *s)
{
    hb_json_kb(j, "ready", s->ready);
    hb_json_kb(j, "degraded", s->degraded);
    hb_json_kc(j, "degraded_why", s->degraded_why);
    hb_json_kc(j, "training", s->training);
    hb_json_kt(j, "at", s->at);
    hb_json_key(j, "checks");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_checks; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "name", s->checks[i].name);
        hb_json_kb(j, "ok", s->checks[i].ok);
        hb_json_kc(j, "why", s->checks[i].why);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void put_process(hb_json *j, const hb_health_snapshot *s)
{
    open_object(j, "process");
    hb_json_kc(j, "version", HB_VERSION);
    hb_json_kt(j, "started", s->started);
    hb_json_ku(j, "rss_bytes", s->rss_bytes);
    hb_json_ku(j, "rss_max_bytes", s->rss_max_bytes);
    hb_json_ku(j, "registry_bytes", s->registry_bytes);
    hb_json_ku(j, "registry_max_bytes", s->registry_max_bytes);
    hb_json_ku(j, "descriptors", s->descriptors);
    hb_json_ku(j, "cpu_ms", s->cpu_ms);
    hb_json_ku(j, "config_reloads", s->config_reloads);
    hb_json_end(j);
}

static void put_journal(hb_json *j, const hb_health_snapshot *s)
{
    const hb_journal_state *o = &s->journal;
    open_object(j, "journal");
    hb_json_ku(j, "begin", o->begin);
    hb_json_ku(j, "end", o->end);
    hb_json_ku(j, "decided", s->decided);
    hb_json_ku(j, "synced", o->synced);
    hb_json_ku(j, "released", o->released);
    hb_json_ku(j, "bytes", o->bytes);
    hb_json_ku(j, "max_bytes", o->max_bytes);
    hb_json_ku(j, "segments", o->segments);
    hb_json_ku(j, "records", o->records);
    hb_json_ku(j, "dropped_records", o->dropped_records);
    hb_json_ku(j, "dropped_bytes", o->dropped_bytes);
    hb_json_ku(j, "cut_bytes", o->cut_bytes);
    hb_json_ku(j, "cut_records", o->cut_records);
    hb_json_ku(j, "refused", o->refused);
    hb_json_ku(j, "held_segments", o->kept_segments);
    hb_json_ku(j, "held_bytes", o->kept_bytes);
    hb_json_ku(j, "sync_ms", o->sync_ms);
    hb_json_kb(j, "sync_ok", o->sync_failed == HB_OK);
    hb_json_kt(j, "oldest", o->oldest);
    hb_json_end(j);
}

static void put_source(hb_json *j, const hb_health_source *s)
{
    hb_json_obj(j);
    hb_json_kc(j, "name", s->name);
    hb_json_kc(j, "kind", s->kind);
    hb_json_kc(j, "state", hb_source_state_name(s->state));
    hb_json_kc(j, "why", s->why);
    hb_json_ku(j, "records", s->records);
    hb_json_ku(j, "bytes", s->bytes);
    hb_json_ku(j, "reconnects", s->reconnects);
    hb_json_key(j, "lost");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_lost; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "reason", s->lost[i].reason);
        hb_json_ku(j, "n", s->lost[i].n);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_kt(j, "last_arrival", s->last_arrival);
    hb_json_end(j);
}

static void put_windows(hb_json *j, const hb_health_snapshot *s)
{
    open_object(j, "windows");
    hb_json_ku(j, "open", s->open_windows);
    hb_json_ku(j, "metrics", s->metrics);
    hb_json_kt(j, "watermark", s->watermark);
    open_object(j, "counts");
    for (int i = 0; i < HB_WINDOWS_COUNT_; i++) {
        hb_json_ku(j, hb_windows_count_name((hb_windows_count)i), s->windows_counts[i]);
    }
    hb_json_end(j);
    open_object(j, "verdicts");
    for (int v = 0; v < HB_VERDICT_COUNT_; v++) {
        hb_json_ku(j, hb_verdict_name((hb_verdict)v), s->verdicts[v]);
    }
    hb_json_end(j);
    hb_json_end(j);
}

static void put_engine(hb_json *j, const hb_health_snapshot *s)
{
    open_object(j, "engine");
    hb_json_ku(j, "lag_bytes", s->journal.end - s->decided);
    hb_json_kf(j, "lag_s", s->lag_s);
    hb_json_ku(j, "cycles", s->cycles);
    hb_json_ku(j, "checkpoints", s->checkpoints);
    hb_json_kf(j, "checkpoint_s", s->checkpoint_s);
    open_object(j, "decision_latency");
    hb_json_key(j, "buckets");
    hb_json_arr(j);
    for (size_t i = 0; i < s->n_latency; i++) {
        hb_json_obj(j);
        hb_json_kf(j, "le_s", s->latency_le[i]);
        hb_json_ku(j, "n", s->latency_n[i]);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_kf(j, "sum_s", s->latency_sum);
    hb_json_ku(j, "n", s->latency_count);
    hb_json_end(j);
    hb_json_end(j);
}

static void put_alerts(hb_json *j, const hb_health_snapshot *s)
{
    open_object(j, "alerts");
    open_object(j, "active");
    for (int i = 0; i < HB_ALERT_SEVERITY_COUNT_; i++) {
        hb_json_ku(j, hb_alert_severity_names[i], s->alerts.active[i]);
    }
    hb_json_end(j);
    hb_json_ku(j, "unacknowledged", s->alerts.unacknowledged);
    hb_json_ku(j, "shelved", s->alerts.shelved);
    hb_json_ku(j, "waiting", s->alerts.outbox);
    hb_json_ku(j, "dead", s->alerts.dead);
    hb_json_end(j);
}

static void put_sink(hb_json *j, const hb_outbox_state *s)
{
    hb_json_obj(j);
    hb_json_kc(j, "name", s->name);
    hb_json_ku(j, "waiting", s->waiting);
    hb_json_ku(j, "sent", s->sent);
    hb_json_ku(j, "failed", s->failed);
    hb_json_ku(j, "dead", s->dead);
    hb_json_ku(j, "failures_in_a_row", s->failures_in_a_row);
    hb_json_kb(j, "circuit_open", s->open);
    hb_json_kt(j, "retry_at", s->open ? s->retry_at : HB_TIME_NONE);
    hb_json_kc(j, "last_error", s->last_error);
    hb_json_end(j);
}

static void put_packs(hb_json *j, const hb_health_snapshot *s)
{
    open_object(j, "evidence_packs");
    hb_json_kb(j, "made_here", s->packs);
    hb_json_ku(j, "wanted", s->packs_wanted);
    hb_json_ku(j, "made", s->packs_made);
    hb_json_ku(j, "gone", s->packs_gone);
    hb_json_ku(j, "bytes", s->packs_bytes);
    hb_json_ku(j, "held", s->packs_held);
    hb_json_ku(j, "held_bytes", s->packs_held_bytes);
    hb_json_end(j);
    open_object(j, "reports");
    hb_json_ku(j, "held", s->reports_held);
    hb_json_ku(j, "held_bytes", s->reports_held_bytes);
    hb_json_end(j);
}

hb_status hb_health_ready_json(const hb_health_snapshot *s, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-ready/1");
    put_state(&j, s);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

hb_status hb_health_status_json(const hb_health_snapshot *s, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-health/1");
    put_state(&j, s);
    put_process(&j, s);
    put_engine(&j, s);
    put_journal(&j, s);
    hb_json_key(&j, "sources");
    hb_json_arr(&j);
    for (size_t i = 0; i < s->n_sources; i++) {
        put_source(&j, &s->sources[i]);
    }
    hb_json_end(&j);
    put_windows(&j, s);
    put_alerts(&j, s);
    put_packs(&j, s);
    hb_json_key(&j, "sinks");
    hb_json_arr(&j);
    for (size_t i = 0; i < s->n_sinks; i++) {
        put_sink(&j, &s->sinks[i]);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}
