/* SPDX-License-Identifier: Apache-2.0 */
#include "source/mqtt/config.h"

#include "base/mem.h"
#include "base/num.h"
#include "os/file.h"
#include "os/undumped.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MAX_BYTES = 16384 };

static const char *const version_names[] = {"5", "3.1.1", NULL};
static const char *const verify_names[] = {"full", "ca_only", "none", NULL};

#define AT(member) .offset = offsetof(hb_mqtt_config, member)

const hb_field hb_mqtt_fields[] = {
    {.key = "broker",
     .kind = HB_FIELD_STRING,
     AT(broker),
     .max = 400,
     .required = true,
     .doc = "Address of the broker: mqtt://host:port, or mqtts://host:port for TLS (tcp:// and "
            "ssl:// mean the same). Ports 1883 and 8883 when left out."},
    {.key = "topic",
     .kind = HB_FIELD_STRINGS,
     AT(topic),
     .offset_n = offsetof(hb_mqtt_config, n_topic),
     .max = HB_MQTT_TEXT_MAX,
     .doc = "Topic filter, or a list; with wildcards + and #, and $share/group/filter."},
    {.key = "topics",
     .kind = HB_FIELD_STRINGS,
     AT(topics),
     .offset_n = offsetof(hb_mqtt_config, n_topics),
     .max = HB_MQTT_TEXT_MAX,
     .doc = "The same as topic."},
    {.key = "qos",
     .kind = HB_FIELD_UINT,
     AT(qos),
     .min = 0,
     .max = 2,
     .def = "1",
     .doc = "Quality of service asked for. 1 and 2 lose nothing across restarts; with 0 what is "
            "sent while hb is not connected is lost."},
    {.key = "version",
     .kind = HB_FIELD_ENUM,
     AT(version),
     .names = version_names,
     .def = "5",
     .doc = "Version of the protocol."},
    {.key = "client_id",
     .kind = HB_FIELD_STRING,
     AT(client_id),
     .max = 1024,
     .doc = "Name of the session at the broker; no two clients may have the same. Left out: "
            "hb-SOURCE-XXXXXXXX, made once and kept in the source's state folder."},
    {.key = "session_expiry",
     .kind = HB_FIELD_SECONDS,
     AT(session_expiry_s),
     .min = 0,
     .max = 4294967295.0,
     .def = "7d",
     .doc = "How long the broker keeps messages for us while we are away; 0 = no session. MQTT "
            "3.1.1 knows only kept or not."},
    {.key = "keep_alive",
     .kind = HB_FIELD_SECONDS,
     AT(keep_alive_s),
     .min = 1,
     .max = 65535,
     .def = "30",
     .doc = "A sign of life at least this often."},
    {.key = "watchdog",
     .kind = HB_FIELD_SECONDS,
     AT(watchdog_s),
     .min = 1,
     .max = 86400,
     .doc = "A connection on which nothing was heard for so long, no answer to a ping either, is "
            "dead and made anew. Left out: one and a half times keep_alive."},
    {.key = "connect_timeout",
     .kind = HB_FIELD_SECONDS,
     AT(connect_timeout_s),
     .min = 0.1,
     .max = 600,
     .def = "10",
     .doc = "For the connection, TLS and the broker's answer together."},
    {.key = "reconnect_min",
     .kind = HB_FIELD_SECONDS,
     AT(reconnect_min_s),
     .min = 0.01,
     .max = 3600,
     .def = "1",
     .doc = "Wait before the first new try; doubled with each, with jitter."},
    {.key = "reconnect_max",
     .kind = HB_FIELD_SECONDS,
     AT(reconnect_max_s),
     .min = 0.01,
     .max = 86400,
     .def = "60",
     .doc = "Longest wait between two tries."},
    {.key = "username", .kind = HB_FIELD_STRING, AT(username), .max = 1024, .doc = "User name."},
    {.key = "password_file",
     .kind = HB_FIELD_STRING,
     AT(password_file),
     .max = 4096,
     .doc = "File that holds the password; read with each connection."},
    {.key = "password_env",
     .kind = HB_FIELD_STRING,
     AT(password_env),
     .max = 256,
     .doc = "Environment variable that holds the password."},
    {.key = "password",
     .kind = HB_FIELD_REFUSED,
     .doc = "passwords do not stand in configuration files; write password_file: PATH or "
            "password_env: NAME"},
    {.key = "ca_file",
     .kind = HB_FIELD_STRING,
     AT(ca_file),
     .max = 4096,
     .doc = "Certificates (PEM) that may sign the broker's; left out: the system's."},
    {.key = "cert_file",
     .kind = HB_FIELD_STRING,
     AT(cert_file),
     .max = 4096,
     .doc = "Client certificate (PEM), with its chain."},
    {.key = "key_file",
     .kind = HB_FIELD_STRING,
     AT(key_file),
     .max = 4096,
     .doc = "Its private key (PEM); left out: in cert_file."},
    {.key = "key_password_file",
     .kind = HB_FIELD_STRING,
     AT(key_password_file),
     .max = 4096,
     .doc = "File that holds the private key's password."},
    {.key = "key_password_env",
     .kind = HB_FIELD_STRING,
     AT(key_password_env),
     .max = 256,
     .doc = "Environment variable that holds the private key's password."},
    {.key = "key_password",
     .kind = HB_FIELD_REFUSED,
     .doc = "passwords do not stand in configuration files; write key_password_file: PATH or "
            "key_password_env: NAME"},
    {.key = "verify",
     .kind = HB_FIELD_ENUM,
     AT(verify),
     .names = verify_names,
     .def = "full",
     .doc = "What is checked of the broker's certificate: full = signature and host name, ca_only "
            "= signature, none = nothing (anyone can stand between)."},
    {.key = "retained",
     .kind = HB_FIELD_BOOL,
     AT(retained),
     .def = "true",
     .doc = "Whether messages the broker kept from before the subscription count."},
    {.key = "payload",
     .kind = HB_FIELD_ENUM,
     AT(payload),
     .names = hb_payload_names,
     .def = "auto",
     .doc = "How messages are to be read."},
    {.key = "topic_is_name",
     .kind = HB_FIELD_BOOL,
     AT(topic_is_name),
     .def = "true",
     .doc = "A value without a name of its own is named by its topic."},
    {0},
};

void hb_mqtt_defaults(void *config)
{
    *(hb_mqtt_config *)config = (hb_mqtt_config){
        .broker = "", /* required: check says so */
        .qos = 1,
        .session_expiry_s = {true, 7 * 86400},
        .keep_alive_s = {true, 30},
        .connect_timeout_s = {true, 10},
        .reconnect_min_s = {true, 1},
        .reconnect_max_s = {true, 60},
        .payload = HB_PAYLOAD_AUTO,
        .topic_is_name = true,
        .retained = true,
    };
}

const char *const *hb_mqtt_topics(const hb_mqtt_config *c, size_t *ret_n)
{
    *ret_n = c->n_topic ? c->n_topic : c->n_topics;
    return (const char *const *)(c->n_topic ? c->topic : c->topics);
}

/* What stands before an '@' may be a password: it is not repeated, whatever else is wrong. */
static hb_status bad_address(const char *text, const char *why, hb_error *err)
{
    const char *at = strrchr(text, '@');
    return HB_FAIL(err, HB_E_CONFIG,
                   "broker '%s%.200s': %s; expected mqtt://host:port or mqtts://…", at ? "…" : "",
                   at ? at : text, why);
}

hb_status hb_mqtt_address_parse(const char *text, hb_mqtt_address *ret, hb_error *err)
{
    static const struct {
        const char *scheme;
        bool tls;
    } schemes[] = {{"mqtt://", false}, {"tcp://", false}, {"mqtts://", true}, {"ssl://", true}};
    hb_mqtt_address a = {0};
    hb_str rest = hb_str_of(text);
    bool known = !strstr(text, "://");
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (hb_str_starts(rest, schemes[i].scheme)) {
            size_t n = strlen(schemes[i].scheme);
            rest = (hb_str){rest.p + n, rest.n - n};
            a.tls = schemes[i].tls;
            known = true;
            break;
        }
    }
    if (!known) {
        return bad_address(text, "unknown scheme", err);
    }
    if (hb_str_find_ch(rest, '@') < rest.n) {
        return bad_address(text,
                           "user and password do not stand here but in username and "
                           "password_file or password_env",
                           err);
    }
    if (rest.n && rest.p[rest.n - 1] == '/') {
        rest.n--;
    }
    hb_str host = rest;
    hb_str port = a.tls ? HB_STR("8883") : HB_STR("1883");
    size_t from = 0;
    if (rest.n && rest.p[0] == '[') {
        size_t end = hb_str_find_ch(rest, ']');
        if (end == rest.n) {
            return bad_address(text, "']' is missing", err);
        }
        host = (hb_str){rest.p + 1, end - 1};
        from = end + 1;
    } else {
        from = hb_str_find_ch(rest, ':');
        host.n = from;
    }
    if (from < rest.n) {
        uint64_t v = 0;
        port = (hb_str){rest.p + from + 1, rest.n - from - 1};
        if (rest.p[from] != ':' || !hb_num_parse_u64(port.p, port.n, &v) || v < 1 || v > 65535) {
            return bad_address(text, "the port is no number from 1 to 65535", err);
        }
    }
    if (host.n == 0 || host.n > HB_MQTT_HOST_MAX || port.n >= sizeof a.port ||
        hb_str_find_ch(host, '/') < host.n) {
        return bad_address(text, "no host name", err);
    }
    memcpy(a.host, host.p, host.n);
    memcpy(a.port, port.p, port.n);
    *ret = a;
    return HB_OK;
}

static hb_status bad_topic(const char *topic, const char *why, hb_error *err)
{
    return HB_FAIL(err, HB_E_CONFIG, "topic '%.200s': %s", topic, why);
}

static const char *filter_fault(hb_str f)
{
    if (f.n == 0) {
        return "is empty";
    }
    for (size_t i = 0; i < f.n; i++) {
        bool first = i == 0 || f.p[i - 1] == '/';
        bool last = i + 1 == f.n || f.p[i + 1] == '/';
        if (f.p[i] == '+' && !(first && last)) {
            return "'+' stands for a whole level: a/+/b";
        }
        if (f.p[i] == '#' && !(first && i + 1 == f.n)) {
            return "'#' stands for all levels from there on, so it is the last: a/#";
        }
    }
    return NULL;
}

hb_status hb_mqtt_check_topic(const char *topic, hb_error *err)
{
    hb_str f = hb_str_of(topic);
    if (f.n > HB_MQTT_TEXT_MAX || hb_utf8_valid_prefix(f) != f.n) {
        return bad_topic(topic, f.n > HB_MQTT_TEXT_MAX ? "is too long" : "is no UTF-8", err);
    }
    if (hb_str_starts(f, "$share/")) {
        hb_str rest = {f.p + 7, f.n - 7};
        size_t group = hb_str_find_ch(rest, '/');
        bool plain = hb_str_find_ch((hb_str){rest.p, group}, '+') == group &&
                     hb_str_find_ch((hb_str){rest.p, group}, '#') == group;
        if (group == 0 || group == rest.n || !plain) {
            return bad_topic(topic, "a shared subscription is $share/group/filter", err);
        }
        f = (hb_str){rest.p + group + 1, rest.n - group - 1};
    }
    const char *fault = filter_fault(f);
    return fault ? bad_topic(topic, fault, err) : HB_OK;
}

static hb_status check_secrets(const hb_mqtt_config *c, bool tls, hb_error *err)
{
    if (c->password_file && c->password_env) {
        return HB_FAIL(err, HB_E_CONFIG, "password_file and password_env: one of them, not both");
    }
    if ((c->password_file || c->password_env) && !c->username) {
        return HB_FAIL(err, HB_E_CONFIG, "a password is given, but no username");
    }
    if (c->key_password_file && c->key_password_env) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "key_password_file and key_password_env: one of them, not both");
    }
    bool key = c->key_file || c->key_password_file || c->key_password_env;
    if (key && !c->cert_file) {
        return HB_FAIL(err, HB_E_CONFIG, "a private key is given, but no cert_file");
    }
    if (!tls && (c->ca_file || c->cert_file || c->verify != HB_LINK_VERIFY_FULL)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "broker '%.200s' is not encrypted, so ca_file, cert_file and verify have no "
                       "meaning; for TLS write mqtts://",
                       c->broker);
    }
    return HB_OK;
}

hb_status hb_mqtt_check(const void *config, hb_error *err)
{
    const hb_mqtt_config *c = config;
    hb_mqtt_address address;
    size_t n = 0;
    HB_TRY(hb_mqtt_address_parse(c->broker, &address, err));
    if (c->n_topic && c->n_topics) {
        return HB_FAIL(err, HB_E_CONFIG, "topic and topics are the same key: give one");
    }
    const char *const *topics = hb_mqtt_topics(c, &n);
    if (n == 0 || n > HB_MQTT_TOPICS_MAX) {
        return n ? HB_FAIL(err, HB_E_CONFIG, "%zu topics, at most %d", n, HB_MQTT_TOPICS_MAX)
                 : HB_FAIL(err, HB_E_CONFIG, "no topic; write topic: \"lab/rig1/#\"");
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(hb_mqtt_check_topic(topics[i], err));
    }
    if (c->client_id && (c->client_id[0] == '\0' ||
                         hb_utf8_valid_prefix(hb_str_of(c->client_id)) != strlen(c->client_id))) {
        return HB_FAIL(err, HB_E_CONFIG, "client_id is empty or no UTF-8");
    }
    if (c->reconnect_max_s.v < c->reconnect_min_s.v) {
        return HB_FAIL(err, HB_E_CONFIG, "reconnect_max is below reconnect_min");
    }
    return check_secrets(c, address.tls, err);
}

static hb_status take_secret(const char *p, size_t n, hb_mqtt_secret *ret, hb_error *err)
{
    char *copy = hb_strndup(p, n);
    if (!copy) {
        return HB_NOMEM(err);
    }
    *ret = (hb_mqtt_secret){copy, n};
    return HB_OK;
}

static hb_status secret_of_file(const hb_os *os, const char *base_dir, const char *file,
                                hb_mqtt_secret *ret, hb_error *err)
{
    char *path = NULL;
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_path_join(base_dir, file, &path, err));
    hb_status status = hb_file_read(os, path, SECRET_MAX_BYTES, &text, &n, err);
    hb_free(path);
    HB_TRY(status);
    size_t used = n;
    used -= used && text[used - 1] == '\n';
    used -= used && text[used - 1] == '\r';
    status = take_secret(text, used, ret, err);
    explicit_bzero(text, n);
    hb_free(text);
    return status;
}

hb_status hb_mqtt_secret_read(const hb_os *os, const char *base_dir, const char *file,
                              const char *env, hb_mqtt_secret *ret, hb_error *err)
{
    if (file || env) {
        hb_hold_secrets();
    }
    if (file) {
        return secret_of_file(os, base_dir, file, ret, err);
    }
    if (!env) {
        *ret = (hb_mqtt_secret){NULL, 0};
        return HB_OK;
    }
    const char *value = secure_getenv(env);
    if (!value) {
        return HB_FAIL(err, HB_E_CONFIG, "the environment variable '%s' is not set", env);
    }
    return take_secret(value, strlen(value), ret, err);
}

void hb_mqtt_secret_wipe(hb_mqtt_secret *secret)
{
    if (secret->p) {
        explicit_bzero(secret->p, secret->n);
        hb_free(secret->p);
    }
    *secret = (hb_mqtt_secret){NULL, 0};
}
