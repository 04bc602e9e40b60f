/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes at QoS 1 with Paho, MQTT 3.1.1. Delivered = the broker's PUBACK. The broker's address
 * and the keys of TLS are those of the source mqtt. Clean session: what was not acknowledged is in
 * our outbox, the library need not remember it. */
#include "alert/secret.h"
#include "alert/sinks/all.h"
#include "base/mem.h"
#include "source/mqtt/config.h"

#include <MQTTClient.h>
#include <string.h>

enum {
    SLICE_MS = 100,
    NS_PER_MS = 1000000,
    URI_BYTES = 320,
    ID_BYTES = 32,
    KEEP_ALIVE_S = 30,
    CONNECT_MOST_MS = 4000 /* the library cannot be told to give up */
};

static const char *const verify_names[] = {"full", "ca_only", "none", NULL};

typedef struct mqtt_config {
    const char *broker;
    const char *topic;
    bool retain;
    const char *client_id;
    uint32_t timeout_ms;
    const char *username;
    const char *password_file;
    const char *password_env;
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    const char *key_password_file;
    const char *key_password_env;
    hb_link_verify verify;
} mqtt_config;

struct hb_sink {
    const hb_sink_env *env;
    const mqtt_config *config;
    MQTTClient client;
    bool tls;
    hb_secret password;
    hb_secret key_password;
    char *ca_file;
    char *cert_file;
    char *key_file;
    char why[256]; /* the TLS library's words */
};

#define TEXT(member, bytes) \
    .kind = HB_FIELD_STRING, .offset = offsetof(mqtt_config, member), .max = (bytes)

static const hb_field fields[] = {
    {.key = "broker",
     TEXT(broker, 300),
     .required = true,
     .doc = "mqtt://host:1883, or mqtts://host:8883 for TLS"},
    {.key = "topic",
     TEXT(topic, 1024),
     .def = "harmony-bridge/alerts",
     .doc = "topic the events are published to"},
    {.key = "retain",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(mqtt_config, retain),
     .def = "false",
     .doc = "whether the broker keeps the last event for new subscribers"},
    {.key = "client_id", TEXT(client_id, 128), .doc = "left out: hb-alert- and random letters"},
    {.key = "timeout_ms",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(mqtt_config, timeout_ms),
     .min = 100,
     .max = 120000,
     .def = "10000",
     .doc = "from connecting to the broker's acknowledgement"},
    {.key = "username", TEXT(username, 1024), .doc = "user name, where the broker asks for one"},
    HB_SECRET_FIELDS("password", mqtt_config, password_file, password_env, "the password"),
    {.key = "ca_file",
     TEXT(ca_file, 4096),
     .doc = "certificates that may sign the broker's (PEM); left out: the system's"},
    {.key = "cert_file", TEXT(cert_file, 4096), .doc = "client certificate (PEM), with its chain"},
    {.key = "key_file", TEXT(key_file, 4096), .doc = "its private key; left out: in cert_file"},
    HB_SECRET_FIELDS("key_password", mqtt_config, key_password_file, key_password_env,
                     "the private key's password"),
    {.key = "verify",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(mqtt_config, verify),
     .names = verify_names,
     .def = "full",
     .doc = "what is checked of the broker's certificate: full = signature and host name, ca_only "
            "= signature, none = nothing (anyone can stand between)"},
    {0},
};

static void defaults(void *config)
{
    *(mqtt_config *)config = (mqtt_config){.topic = "harmony-bridge/alerts", .timeout_ms = 10000};
}

static hb_status check(const void *config, hb_error *err)
{
    const mqtt_config *c = config;
    hb_mqtt_address a;
    if (!c->broker) {
        return HB_FAIL(err, HB_E_CONFIG, "broker is missing");
    }
    HB_TRY(hb_mqtt_address_parse(c->broker, &a, err));
    if (!*c->topic || strpbrk(c->topic, "+#")) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "topic '%.200s' cannot be published to: it is empty or has + or # in it",
                       c->topic);
    }
    HB_TRY(hb_secret_check(c->password_file, c->password_env, "password", err));
    HB_TRY(hb_secret_check(c->key_password_file, c->key_password_env, "key_password", err));
    if ((c->password_file || c->password_env) && !c->username) {
        return HB_FAIL(err, HB_E_CONFIG, "a password is given, but no username");
    }
    if ((c->key_file || c->key_password_file || c->key_password_env) && !c->cert_file) {
        return HB_FAIL(err, HB_E_CONFIG, "a private key is given, but no cert_file");
    }
    if (!a.tls && (c->ca_file || c->cert_file || c->verify != HB_LINK_VERIFY_FULL)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "broker '%.200s' is not encrypted, so ca_file, cert_file and verify have no "
                       "meaning; write mqtts://",
                       c->broker);
    }
    return HB_OK;
}

/* --- life --- */

static void close_it(hb_sink *s)
{
    if (!s) {
        return;
    }
    if (s->client) {
        MQTTClient_disconnect(s->client, 0);
        MQTTClient_destroy(&s->client);
    }
    hb_secret_wipe(&s->password);
    hb_secret_wipe(&s->key_password);
    hb_free(s->ca_file);
    hb_free(s->cert_file);
    hb_free(s->key_file);
    hb_free(s);
}

static hb_status client_id(const hb_sink *s, char out[ID_BYTES], hb_error *err)
{
    unsigned char r[8];
    if (s->env->os->random(r, sizeof r) != 0) {
        return HB_FAIL(err, HB_E_IO, "no random bytes for a client id");
    }
    size_t n = (size_t)snprintf(out, ID_BYTES, "hb-alert-");
    for (size_t i = 0; i < sizeof r; i++) {
        out[n++] = (char)('a' + r[i] % 26);
    }
    out[n] = '\0';
    return HB_OK;
}

static hb_status make_client(hb_sink *s, hb_error *err)
{
    hb_mqtt_address a;
    char uri[URI_BYTES];
    char id[ID_BYTES];
    HB_TRY(hb_mqtt_address_parse(s->config->broker, &a, err));
    HB_TRY(client_id(s, id, err));
    bool v6 = strchr(a.host, ':') != NULL;
    snprintf(uri, sizeof uri, "%s://%s%s%s:%s", a.tls ? "ssl" : "tcp", v6 ? "[" : "", a.host,
             v6 ? "]" : "", a.port);
    s->tls = a.tls;
    int rc = MQTTClient_create(&s->client, uri, s->config->client_id ? s->config->client_id : id,
                               MQTTCLIENT_PERSISTENCE_NONE, NULL);
    return rc == MQTTCLIENT_SUCCESS
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot make an MQTT client for '%s' (%d)", uri, rc);
}

static hb_status fill(hb_sink *s, const hb_sink_env *env, hb_error *err)
{
    const mqtt_config *c = s->config;
    HB_TRY(
        hb_sink_secret_read(env, c->password_file, c->password_env, "password", &s->password, err));
    HB_TRY(hb_sink_secret_read(env, c->key_password_file, c->key_password_env, "key_password",
                               &s->key_password, err));
    HB_TRY(hb_sink_path(env, c->ca_file, &s->ca_file, err));
    HB_TRY(hb_sink_path(env, c->cert_file, &s->cert_file, err));
    HB_TRY(hb_sink_path(env, c->key_file, &s->key_file, err));
    return make_client(s, err);
}

static hb_status open_it(const hb_sink_env *env, const void *config, hb_sink **ret_sink,
                         hb_error *err)
{
    hb_sink *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->env = env;
    s->config = config;
    hb_status status = fill(s, env, err);
    if (status != HB_OK) {
        close_it(s);
        return status;
    }
    *ret_sink = s;
    return HB_OK;
}

/* --- one event --- */

static int keep_reason(const char *text, size_t n, void *ctx)
{
    hb_sink *s = ctx;
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
        n--;
    }
    if (n && n < sizeof s->why) {
        memcpy(s->why, text, n);
        s->why[n] = '\0';
    }
    return 1;
}

static const char *reason(const hb_sink *s, int rc)
{
    /* The first five are the broker's (MQTT 3.1.1, table 3.1). */
    static const char *const answers[] = {NULL,
                                          "the broker does not speak MQTT 3.1.1",
                                          "the broker refuses the client id",
                                          "the broker's service is not available",
                                          "the broker refuses user or password",
                                          "the broker refuses us: user, password or its own rules"};
    if (*s->why) {
        return s->why;
    }
    const char *text = rc > 0 && rc < 6 ? answers[rc] : MQTTClient_strerror(rc);
    return text ? text : "no connection";
}

static hb_status connect_to(hb_sink *s, int64_t due, hb_error *err)
{
    MQTTClient_connectOptions o = MQTTClient_connectOptions_initializer;
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    int64_t left_ms = (due - s->env->os->monotonic_ns()) / NS_PER_MS;
    left_ms = left_ms < CONNECT_MOST_MS ? left_ms : CONNECT_MOST_MS;
    o.keepAliveInterval = KEEP_ALIVE_S;
    o.connectTimeout = left_ms > 1000 ? (int)(left_ms / 1000) : 1;
    o.username = s->config->username;
    o.password = s->password.p;
    if (s->tls) {
        o.ssl = &tls;
        tls.trustStore = s->ca_file;
        tls.disableDefaultTrustStore = s->ca_file != NULL;
        tls.keyStore = s->cert_file;
        tls.privateKey = s->key_file ? s->key_file : s->cert_file;
        tls.privateKeyPassword = s->key_password.p;
        tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
        tls.enableServerCertAuth = s->config->verify != HB_LINK_VERIFY_NONE;
        tls.verify = s->config->verify == HB_LINK_VERIFY_FULL;
        tls.ssl_error_cb = keep_reason;
        tls.ssl_error_context = s;
    }
    s->why[0] = '\0';
    int rc = MQTTClient_connect(s->client, &o);
    return rc == MQTTCLIENT_SUCCESS ? HB_OK
                                    : HB_FAIL(err, HB_E_IO, "cannot connect to '%s': %s",
                                              s->config->broker, reason(s, rc));
}

static hb_status await_puback(hb_sink *s, MQTTClient_deliveryToken token, int64_t due,
                              hb_error *err)
{
    const hb_sink_env *env = s->env;
    while (MQTTClient_waitForCompletion(s->client, token, SLICE_MS) != MQTTCLIENT_SUCCESS) {
        bool ending = env->ending && env->ending(env->ending_ctx);
        if (!MQTTClient_isConnected(s->client) || ending || env->os->monotonic_ns() >= due) {
            MQTTClient_disconnect(s->client, 0);
            return HB_FAIL(err, HB_E_IO, "broker '%s' did not acknowledge the event",
                           s->config->broker);
        }
    }
    return HB_OK;
}

static hb_status send_it(hb_sink *s, const hb_alert_event *event, hb_error *err)
{
    int64_t due = s->env->os->monotonic_ns() + (int64_t)s->config->timeout_ms * NS_PER_MS;
    MQTTClient_deliveryToken token = 0;
    if (!MQTTClient_isConnected(s->client)) {
        HB_TRY(connect_to(s, due, err));
    }
    int rc = MQTTClient_publish(s->client, s->config->topic, (int)event->json_len, event->json, 1,
                                s->config->retain, &token);
    if (rc != MQTTCLIENT_SUCCESS) {
        MQTTClient_disconnect(s->client, 0);
        return HB_FAIL(err, HB_E_IO, "cannot publish to '%s': %s", s->config->broker,
                       reason(s, rc));
    }
    return await_puback(s, token, due, err);
}

const hb_sink_ops hb_sink_mqtt = {
    .name = "mqtt",
    .summary = "published at QoS 1 to an MQTT broker, with TLS",
    .fields = fields,
    .config_size = sizeof(mqtt_config),
    .defaults = defaults,
    .check = check,
    .open = open_it,
    .send = send_it,
    .close = close_it,
};
