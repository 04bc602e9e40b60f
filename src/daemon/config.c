/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, what keys mean together, and the digest. The tables are in config_fields.c, the lists
 * in config_lists.c. */
#include "daemon/config_internal.h"

#include "crypto/digest.h"
#include "http/http.h"
#include "telemetry/run_meta.h"

#include <string.h>

enum { ARENA_BYTES = HB_NODE_ARENA_BYTES + (4 << 20), DIGESTED_MAX_BYTES = 1 << 20 };

int64_t hb_daemon_ns(hb_opt_f64 seconds, double fallback_s)
{
    double s = seconds.set ? seconds.v : fallback_s;
    return (int64_t)(s * 1e9 + 0.5);
}

static void defaults(hb_daemon_raw *raw, const char *file)
{
    hb_daemon_config *c = &raw->c;
    c->file = file;
    c->name = "live";
    c->output_dir = "live";
    c->db_path = c->metric_registry = c->baseline_policy = c->telemetry_schema = "";
    c->journal_dir = c->health_listen = c->signing_key = c->signing_cert = c->unread = "";
    c->baseline_tag = "golden";
    c->journal_segment_mb = 64;
    c->journal_max_mb = 4096;
    c->journal_sync_ms = HB_JOURNAL_SYNC_MS;
    c->alarms_per_month = 1;
    c->keep = 2000;
    c->min_coverage = 0.5;
    c->runs_per_hour = 60;
    c->max_report_dir_mb = 1024;
    c->evidence_baseline_runs = true;
    c->max_evidence_mb = 4096;
    c->max_metrics = 10000;
    c->breaker_failures = 5;
    c->log_format = HB_LOG_TEXT;
    c->log_level = HB_LOG_INFO;
    c->alerts.raise_after = 1;
    c->alerts.clear_after = 3;
    c->alerts.flap_max = 5;
    hb_run_meta_init(&c->meta);
    c->meta.source_system = "live";
}

static void settle_times(hb_daemon_raw *raw)
{
    hb_daemon_config *c = &raw->c;
    c->lateness_ns = hb_daemon_ns(raw->lateness, 1);
    c->max_ahead_ns = hb_daemon_ns(raw->max_ahead, 300);
    c->idle_after_ns = hb_daemon_ns(raw->idle_after, 10);
    c->deaf_after_ns = hb_daemon_ns(raw->deaf_after, 300);
    c->stale_after_ns = hb_daemon_ns(raw->stale_after, 300);
    c->keep_closed_ns = hb_daemon_ns(raw->keep_closed, 600);
    c->train_ns = hb_daemon_ns(raw->train_duration, 86400);
    c->journal_max_age_s = hb_daemon_ns(raw->journal_max_age, 7 * 86400) / 1000000000;
    c->checkpoint_ns = hb_daemon_ns(raw->checkpoint, 10);
    c->keep_pass_ns = hb_daemon_ns(raw->keep_pass, 7 * 86400);
    c->breaker_window_s = (uint32_t)(hb_daemon_ns(raw->breaker_window, 60) / 1000000000);
    c->breaker_open_s = (uint32_t)(hb_daemon_ns(raw->breaker_open, 30) / 1000000000);
    c->heartbeat_s = (uint32_t)(hb_daemon_ns(raw->heartbeat, 0) / 1000000000);
    c->alerts.flap_window_s = (uint32_t)(hb_daemon_ns(raw->flap_window, 3600) / 1000000000);
    c->alerts.group_ms = hb_daemon_ns(raw->group, 0) / 1000000;
}

static bool plain_name(const char *name, size_t most)
{
    size_t n = strlen(name);
    bool plain = n >= 1 && n <= most && name[0] != '.' && name[0] != '-';
    for (size_t i = 0; i < n && plain; i++) {
        char c = name[i];
        plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '.' || c == '_' || c == '-';
    }
    return plain;
}

static hb_status check(const hb_daemon_raw *raw, const hb_node *root, const hb_where *top,
                       hb_error *err)
{
    const hb_daemon_config *c = &raw->c;
    if (!plain_name(c->name, HB_LIVE_STREAM_MAX)) {
        return HB_FAIL_AT(err, HB_E_CONFIG, top->name, root->line, root->col,
                          "'name' must be 1 to %d of A-Z a-z 0-9 . _ -, got '%.80s'",
                          HB_LIVE_STREAM_MAX, c->name);
    }
    for (size_t i = 0; i < c->n_windows; i++) {
        if (!plain_name(c->windows[i].tag, HB_TAG_MAX_BYTES)) {
            return HB_FAIL_AT(err, HB_E_CONFIG, top->name, root->line, root->col,
                              "tag '%.80s' must be 1 to %d of A-Z a-z 0-9 . _ -", c->windows[i].tag,
                              HB_TAG_MAX_BYTES);
        }
    }
    if ((c->evidence_on_fail || c->evidence_always) && !*c->signing_key) {
        const char *key = c->evidence_always ? "evidence_pack_always" : "evidence_pack_on_fail";
        const hb_pair *at = hb_node_find(root, key);
        return HB_FAIL_AT(err, HB_E_CONFIG, top->name, at->line, at->col,
                          "'%s' needs 'signing_key': make one with 'hb keys generate', and name it",
                          key);
    }
    const char *without = *c->signing_cert ? "signing_cert" : c->n_encrypt_to ? "encrypt_to" : NULL;
    if (without && !c->evidence_on_fail && !c->evidence_always) {
        return HB_FAIL_AT(
            err, HB_E_CONFIG, top->name, root->line, root->col,
            "'%s' is about evidence packs, and none are made: 'evidence_pack_on_fail' "
            "or 'evidence_pack_always'",
            without);
    }
    hb_error why = {0};
    const hb_http_listen health = {
        .listen = c->health_listen, .expose = c->health_expose, .tokens = c->health_tokens};
    if (*c->health_listen && hb_http_listen_check(&health, &why) != HB_OK) {
        return HB_FAIL_AT(err, HB_E_CONFIG, top->name, root->line, root->col, "'health.listen': %s",
                          why.msg);
    }
    if (c->journal_max_mb < 2 * c->journal_segment_mb) {
        return HB_FAIL_AT(err, HB_E_CONFIG, top->name, root->line, root->col,
                          "'journal.max_mb' must be at least twice 'journal.segment_mb', got %u "
                          "and %u",
                          c->journal_max_mb, c->journal_segment_mb);
    }
    return HB_OK;
}

static hb_status parse(hb_str text, hb_daemon_raw *raw, hb_error *err)
{
    hb_daemon_config *c = &raw->c;
    const hb_node *root = NULL;
    const hb_where top = {.name = c->file, .path = "", .arena = &c->arena};
    HB_TRY(hb_yaml_parse(text, c->file, &c->arena, &root, err));
    HB_TRY(hb_fields_decode(hb_daemon_fields, root, &top, raw, err));
    c->root = root;
    settle_times(raw);
    HB_TRY(hb_daemon_take_windows(raw, &top, err));
    HB_TRY(hb_daemon_take_sources(raw, &top, root, err));
    HB_TRY(hb_daemon_take_sinks(raw, &top, err));
    HB_TRY(hb_daemon_take_rules(raw, &top, err));
    HB_TRY(hb_daemon_take_factors(raw, &top, err));
    HB_TRY(hb_daemon_take_modes(raw, &top, err));
    return check(raw, root, &top, err);
}

hb_status hb_daemon_config_parse(hb_str text, const char *name, hb_daemon_config *ret_config,
                                 hb_error *err)
{
    hb_daemon_raw raw = {0};
    hb_arena_init(&raw.c.arena, ARENA_BYTES);
    const char *file = hb_arena_str(&raw.c.arena, hb_str_of(name));
    defaults(&raw, file);
    hb_status status = file ? parse(text, &raw, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_arena_release(&raw.c.arena);
        return status;
    }
    *ret_config = raw.c;
    return HB_OK;
}

void hb_daemon_config_release(hb_daemon_config *c)
{
    hb_arena_release(&c->arena);
}

const struct hb_field *hb_daemon_config_fields(void)
{
    return hb_daemon_fields;
}

bool hb_daemon_wants_pack(const hb_daemon_config *c, bool failed)
{
    return c->evidence_always || (c->evidence_on_fail && failed);
}

bool hb_daemon_is_steady(const char *lane)
{
    return !lane || (*lane && strcmp(lane, HB_MODE_TRANSITION) != 0);
}

hb_window_def hb_daemon_window_def(const hb_daemon_window *w)
{
    return (hb_window_def){.name = w->name, .size_ns = w->size_ns, .slide_ns = w->slide_ns};
}

/* --- digest --- */

static void put_text(hb_buf *b, const char *key, const char *value)
{
    hb_buf_fmt(b, "%s=%zu:%s\n", key, strlen(value), value);
}

static void put_i64(hb_buf *b, const char *key, int64_t value)
{
    hb_buf_fmt(b, "%s=", key);
    hb_buf_i64(b, value);
    hb_buf_ch(b, '\n');
}

static void put_meta(hb_buf *b, const hb_run_meta *m)
{
    put_text(b, "program", m->program);
    put_text(b, "subsystem", m->subsystem);
    put_text(b, "test_name", m->test_name);
    put_text(b, "build_id", m->build_id);
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        put_text(b, hb_context_name((hb_context_field)f), m->context[f]);
    }
    for (size_t i = 0; i < m->n_factors; i++) {
        put_text(b, m->factors[i].name, m->factors[i].value);
    }
}

static void put_all(hb_buf *b, const hb_daemon_config *c, const hb_daemon_digests *d)
{
    put_text(b, "engine", HB_VERSION);
    put_text(b, "registry", d->registry);
    put_text(b, "policy", d->policy);
    put_text(b, "schema", d->schema);
    put_text(b, "quality", d->quality);
    put_text(b, "name", c->name);
    for (size_t i = 0; i < c->n_windows; i++) {
        put_text(b, "window", c->windows[i].name);
        put_text(b, "tag", c->windows[i].tag);
        put_i64(b, "size", c->windows[i].size_ns);
        put_i64(b, "slide", c->windows[i].slide_ns);
    }
    for (size_t i = 0; i < c->n_sources; i++) {
        put_text(b, "source", c->sources[i].name);
        put_text(b, "kind", c->sources[i].ops->name);
        put_i64(b, "payload", c->sources[i].format.payload);
        put_i64(b, "topic_is_name", c->sources[i].format.topic_is_name);
    }
    put_i64(b, "lateness", c->lateness_ns);
    put_i64(b, "max_ahead", c->max_ahead_ns);
    put_i64(b, "idle_after", c->idle_after_ns);
    put_i64(b, "stale_after", c->stale_after_ns);
    put_i64(b, "keep_closed", c->keep_closed_ns);
    put_i64(b, "late", c->late);
    put_i64(b, "max_metrics", c->max_metrics);
    put_i64(b, "train", c->train);
    put_i64(b, "train_windows", c->train_windows);
    put_i64(b, "train_ns", c->train_ns);
    put_i64(b, "keep", c->keep);
    put_i64(b, "runs_per_hour", c->runs_per_hour);
    hb_buf_c(b, "alarms=");
    hb_buf_f64(b, c->alarms_per_month);
    hb_buf_c(b, "\nmin_coverage=");
    hb_buf_f64(b, c->min_coverage);
    hb_buf_ch(b, '\n');
    put_meta(b, &c->meta);
    for (size_t i = 0; i < c->modes.n; i++) {
        put_text(b, "mode", c->modes.list[i].mode);
        put_text(b, "of", c->modes.metric);
        hb_buf_f64(b, c->modes.list[i].value);
        hb_buf_ch(b, '\n');
    }
}

hb_status hb_daemon_config_digest(const hb_daemon_config *c, const hb_daemon_digests *d,
                                  char ret[65], hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, DIGESTED_MAX_BYTES);
    put_all(&text, c, d);
    hb_status status = hb_buf_check(&text, err);
    if (status == HB_OK) {
        status = hb_digest_of(text.p, text.n, ret, err);
    }
    hb_buf_release(&text);
    return status;
}
