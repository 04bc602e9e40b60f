/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the source syslog in daemon.yaml. docs/formats/syslog.md */
#ifndef HB_SOURCE_SYSLOG_CONFIG_H
#define HB_SOURCE_SYSLOG_CONFIG_H

#include "config/field.h"
#include "os/address.h"

enum { HB_SYSLOG_LISTENERS_MAX = 16 };

typedef enum hb_syslog_transport {
    HB_SYSLOG_UDP,
    HB_SYSLOG_TCP,
    HB_SYSLOG_TLS,
    HB_SYSLOG_UNIX, /* datagrams, as /dev/log has them */
} hb_syslog_transport;

typedef struct hb_syslog_config {
    const char **listen;
    size_t n_listen;
    bool expose;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_client_ca;
    uint32_t max_message; /* bytes */
    uint32_t max_connections;
    const char *socket_mode; /* octal */
} hb_syslog_config;

extern const hb_field hb_syslog_fields[];
void hb_syslog_defaults(void *config);
hb_status hb_syslog_check(const void *config, hb_error *err);

/* "udp:ADDRESS:PORT", "tcp:…", "tls:…", "unix:PATH". HB_E_CONFIG. */
HB_CHECKED hb_status hb_syslog_listen_parse(const char *text, hb_syslog_transport *ret_transport,
                                            hb_address *ret_address, hb_error *err);
/* "0660"; false when it is none. */
bool hb_syslog_mode_parse(const char *text, mode_t *ret);

#endif
