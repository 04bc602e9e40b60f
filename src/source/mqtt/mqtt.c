/* SPDX-License-Identifier: Apache-2.0 */
#include "source/mqtt/mqtt.h"

#include "base/mem.h"
#include "os/file.h"
#include "source/mqtt/session.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum {
    TEXTS_MAX_BYTES = 64 << 20,
    STEADY = 10, /* a connection that lived so many waits makes the next wait the shortest again */
};

static hb_status keep_text(hb_source *s, const char **io, hb_error *err)
{
    if (*io) {
        *io = hb_arena_str(&s->arena, hb_str_of(*io));
        return *io ? HB_OK : HB_NOMEM(err);
    }
    return HB_OK;
}

static hb_status keep_path(hb_source *s, const char **io, hb_error *err)
{
    HB_CLEANUP(hb_free_p) char *path = NULL;
    if (!*io) {
        return HB_OK;
    }
    HB_TRY(hb_path_join(s->base_dir, *io, &path, err));
    *io = path;
    return keep_text(s, io, err);
}

static hb_status keep_topics(hb_source *s, hb_error *err)
{
    size_t n = 0;
    const char *const *given = hb_mqtt_topics(&s->config, &n);
    const char **topics = hb_arena_array(&s->arena, n, sizeof *topics);
    if (!topics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        topics[i] = given[i];
        HB_TRY(keep_text(s, &topics[i], err));
    }
    s->topics = topics;
    s->n_topics = n;
    return HB_OK;
}

/* The configuration is borrowed for open() only. */
static hb_status keep_config(hb_source *s, const hb_source_env *env, hb_error *err)
{
    hb_mqtt_config *c = &s->config;
    s->state_dir = env->state_dir;
    s->base_dir = env->base_dir;
    const char **texts[] = {&s->state_dir,    &s->base_dir,          &c->broker,
                            &c->client_id,    &c->username,          &c->password_file,
                            &c->password_env, &c->key_password_file, &c->key_password_env};
    const char **paths[] = {&c->ca_file, &c->cert_file, &c->key_file};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        HB_TRY(keep_text(s, texts[i], err));
    }
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        HB_TRY(keep_path(s, paths[i], err));
    }
    HB_TRY(keep_topics(s, err));
    return hb_mqtt_address_parse(c->broker, &s->address, err);
}

/* Secrets are read with each connection; one that is not there is told at the start. */
static hb_status try_secrets(const hb_source *s, hb_error *err)
{
    hb_mqtt_secret secret = {NULL, 0};
    const hb_mqtt_config *c = &s->config;
    HB_TRY(
        hb_mqtt_secret_read(s->os, s->base_dir, c->password_file, c->password_env, &secret, err));
    hb_mqtt_secret_wipe(&secret);
    HB_TRY(hb_mqtt_secret_read(s->os, s->base_dir, c->key_password_file, c->key_password_env,
                               &secret, err));
    hb_mqtt_secret_wipe(&secret);
    return HB_OK;
}

static hb_status prepare(hb_source *s, const hb_source_env *env, hb_error *err)
{
    HB_CLEANUP(hb_free_p) char *topics = NULL;
    size_t n = 0;
    HB_TRY(keep_config(s, env, err));
    HB_TRY(try_secrets(s, err));
    HB_TRY(hb_mqtt_client_id(s, env->name, err));
    HB_TRY(hb_mqtt_topics_kept(s, &topics, &n, err));
    s->seen = env->last || n > 0;
    s->in = hb_alloc(HB_MQTT_READ_BYTES);
    s->in_cap = HB_MQTT_READ_BYTES;
    return s->in ? HB_OK : HB_NOMEM(err);
}

static void mqtt_close(hb_source *s)
{
    if (!s) {
        return;
    }
    hb_free(s->in);
    hb_free(s->received);
    hb_buf_release(&s->out);
    hb_arena_release(&s->arena);
    hb_free(s);
}

static hb_status mqtt_open(const hb_source_env *env, const void *config, hb_source **ret_source,
                           hb_error *err)
{
    HB_TRY(hb_mqtt_check(config, err));
    hb_source *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&s->arena, TEXTS_MAX_BYTES);
    hb_buf_init(&s->out, HB_MQTT_OUT_BYTES);
    s->os = env->os;
    s->config = *(const hb_mqtt_config *)config;
    hb_status status = prepare(s, env, err);
    if (status != HB_OK) {
        mqtt_close(s);
        return status;
    }
    *ret_source = s;
    return HB_OK;
}

/* Half of the wait is certain, half is chance, so that clients of one broker do not come back all
 * at once. */
static uint32_t jitter(const hb_source *s, double wait_s)
{
    uint32_t chance = 0;
    HB_IGNORE(s->os->random(&chance, sizeof chance) != 0); /* then it is no chance */
    double share = 0.5 + 0.5 * ((double)chance / UINT32_MAX);
    return (uint32_t)(wait_s * share * 1000) + 1;
}

static void tell_failure(hb_source *s, const hb_error *why)
{
    char text[sizeof why->msg + 500];
    snprintf(text, sizeof text, "broker %.400s: %s", s->config.broker, why->msg);
    hb_mqtt_tell(s, HB_SOURCE_RETRYING, text);
}

static hb_status mqtt_run(hb_source *s, const hb_source_sink *sink, hb_error *err)
{
    const double least = s->config.reconnect_min_s.v;
    const double most = s->config.reconnect_max_s.v;
    double wait_s = least;
    sigset_t pipe;
    (void)err; /* whatever fails is tried again */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL); /* OpenSSL writes without MSG_NOSIGNAL */
    s->sink = sink;
    s->told = HB_SOURCE_STATE_COUNT_;
    hb_mqtt_tell(s, HB_SOURCE_STARTING, "");
    while (!sink->stopping(sink->ctx)) {
        hb_error why = {0};
        if (hb_mqtt_session(s, &why) == HB_OK || sink->stopping(sink->ctx)) {
            break;
        }
        double lived_s = s->up_ns ? (double)(s->os->monotonic_ns() - s->up_ns) / 1e9 : 0;
        wait_s = lived_s > STEADY * wait_s ? least : wait_s;
        tell_failure(s, &why);
        if (!sink->sleep_ms(sink->ctx, jitter(s, wait_s))) {
            break;
        }
        wait_s = 2 * wait_s < most ? 2 * wait_s : most;
    }
    return HB_OK;
}

static void mqtt_format(const void *config, hb_decode_options *ret)
{
    const hb_mqtt_config *c = config;
    *ret = (hb_decode_options){.payload = c->payload, .topic_is_name = c->topic_is_name};
}

const hb_source_ops hb_source_mqtt = {
    .name = "mqtt",
    .summary =
        "messages of an MQTT broker (5 and 3.1.1), acknowledged when they are in the journal",
    .fields = hb_mqtt_fields,
    .config_size = sizeof(hb_mqtt_config),
    .defaults = hb_mqtt_defaults,
    .check = hb_mqtt_check,
    .format = mqtt_format,
    .open = mqtt_open,
    .run = mqtt_run,
    .close = mqtt_close,
};
