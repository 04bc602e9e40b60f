/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the source mqtt (docs/sources.md), the broker's address, secrets. */
#ifndef HB_SOURCE_MQTT_CONFIG_H
#define HB_SOURCE_MQTT_CONFIG_H

#include "config/field.h"
#include "os/os.h"
#include "source/decode.h"
#include "source/mqtt/link.h"
#include "source/mqtt/packet.h"

enum { HB_MQTT_TOPICS_MAX = 256, HB_MQTT_HOST_MAX = 255 };

typedef struct hb_mqtt_config {
    const char *broker;
    const char **topic; /* `topic` and `topics` are the same; one of them is given */
    size_t n_topic;
    const char **topics;
    size_t n_topics;
    uint32_t qos;
    hb_mqtt_version version;
    const char *client_id; /* NULL = made once and kept in the source's folder */
    hb_opt_f64 session_expiry_s;
    hb_opt_f64 keep_alive_s;
    hb_opt_f64 watchdog_s; /* not set = one and a half times keep_alive */
    hb_opt_f64 connect_timeout_s;
    hb_opt_f64 reconnect_min_s;
    hb_opt_f64 reconnect_max_s;
    const char *username;
    const char *password_file;
    const char *password_env;
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    const char *key_password_file;
    const char *key_password_env;
    hb_link_verify verify;
    hb_payload payload;
    bool topic_is_name;
    bool retained;
} hb_mqtt_config;

extern const hb_field hb_mqtt_fields[];

void hb_mqtt_defaults(void *config);
hb_status hb_mqtt_check(const void *config, hb_error *err);

/* Whichever of `topic` and `topics` is given. */
const char *const *hb_mqtt_topics(const hb_mqtt_config *c, size_t *ret_n);

typedef struct hb_mqtt_address {
    char host[HB_MQTT_HOST_MAX + 1];
    char port[8];
    bool tls;
} hb_mqtt_address;

/* "mqtts://host:8883", also tcp, ssl, mqtt; "host" and "host:port" are plain. HB_E_CONFIG. */
HB_CHECKED hb_status hb_mqtt_address_parse(const char *text, hb_mqtt_address *ret, hb_error *err);

/* A filter as MQTT 4.7 and 4.8.2 have it: '+' and '#' whole levels, '#' the last,
 * "$share/group/filter". HB_E_CONFIG. */
HB_CHECKED hb_status hb_mqtt_check_topic(const char *topic, hb_error *err);

typedef struct hb_mqtt_secret {
    char *p; /* NULL = none */
    size_t n;
} hb_mqtt_secret;

/* The secret that a file (without its last line end) or an environment variable holds; none when
 * neither is named. */
HB_CHECKED hb_status hb_mqtt_secret_read(const hb_os *os, const char *base_dir, const char *file,
                                         const char *env, hb_mqtt_secret *ret, hb_error *err);
void hb_mqtt_secret_wipe(hb_mqtt_secret *secret); /* overwrites and frees */

#endif
