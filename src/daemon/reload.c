/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: the configuration is read again. Alert rules, sinks and the log take effect at once;
 * everything decisions or sources depend on needs a restart, and is named. */
#include "daemon/supervise_internal.h"

#include "base/mem.h"
#include "baseline/approved.h"
#include "crypto/digest.h"
#include "os/file.h"

#include <string.h>

enum { OUTBOX_STOP_MS = 2000, KEYS_BYTES = 1000 };

/* Alerts can be switched off by it, so it is asked about as at the start. */
static hb_status read_config(const hb_supervisor *v, hb_daemon_config *ret, hb_error *err)
{
    const hb_daemon_setup *s = v->s;
    char sha256[HB_DIGEST_HEX];
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_file_read(s->os, s->config_path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_status status = hb_digest_of(text, n, sha256, err);
    if (status == HB_OK) {
        status = hb_config_look(v->store, HB_GOVERNED_DAEMON, sha256, s->os->now(), err);
    }
    if (status == HB_OK) {
        status = hb_daemon_config_parse((hb_str){text, n}, s->config_path, ret, err);
    }
    hb_free(text);
    return status;
}

static hb_status take_over(hb_supervisor *v, hb_daemon_config *now, hb_error *err)
{
    hb_alerts *alerts = NULL;
    HB_TRY(hb_supervisor_open_alerts(v, now, &alerts, err));
    hb_outbox_stop(v->outbox, OUTBOX_STOP_MS);
    v->outbox = NULL;
    hb_engine_set_alerts(v->engine, alerts);
    hb_alerts_close(v->alerts);
    v->alerts = alerts;
    hb_log_set_level(v->log, (hb_log_level)now->log_level);
    hb_daemon_config *before = v->reloaded;
    v->config = v->reloaded = now;
    if (before) {
        hb_daemon_config_release(before);
        hb_free(before);
    }
    return hb_supervisor_open_outbox(v, err);
}

static hb_status reload(hb_supervisor *v, hb_error *err)
{
    hb_daemon_config *now = hb_alloc_zero(sizeof *now);
    if (!now) {
        return HB_NOMEM(err);
    }
    hb_status status = read_config(v, now, err);
    if (status != HB_OK) {
        hb_free(now);
        return status;
    }
    if (strcmp(now->name, v->s->config->name) != 0) {
        hb_daemon_config_release(now);
        hb_free(now);
        return HB_FAIL(err, HB_E_CONFIG, "another 'name' is another stream: restart for it");
    }
    char keys[KEYS_BYTES];
    hb_daemon_config_changed(v->s->config, now, keys, sizeof keys);
    if (*keys) {
        hb_log_event(v->log, HB_LOG_WARN, "restart_needed",
                     "these keys were changed and stay as they are until a restart",
                     &(hb_log_field){.key = "keys", .text = keys}, 1);
    }
    hb_alerts *before = v->alerts;
    status = take_over(v, now, err);
    if (status != HB_OK && v->alerts == before) { /* nothing was taken over */
        hb_daemon_config_release(now);
        hb_free(now);
    }
    return status;
}

void hb_supervisor_reload(hb_supervisor *v)
{
    hb_error err = {0};
    HB_IGNORE(hb_notify_reloading(v->notify, NULL)); /* for people only */
    if (reload(v, &err) == HB_OK) {
        v->reloads++;
        hb_log_event(v->log, HB_LOG_INFO, "reloaded",
                     "alert rules, sinks and the log's level are taken over; the metric registry, "
                     "the policies and telemetry_schema.yaml need a restart",
                     NULL, 0);
    } else {
        hb_log_error(v->log, HB_LOG_ERROR, "not_reloaded", &err);
    }
    HB_IGNORE(hb_notify_ready(v->notify, "judging", NULL)); /* for people only */
}
