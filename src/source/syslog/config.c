/* SPDX-License-Identifier: Apache-2.0 */
#include "source/syslog/config.h"

#include "base/str.h"
#include "journal/journal.h"

#include <string.h>

enum {
    MESSAGE_MIN = 480,
    MESSAGE_MAX = 1 << 20,
    MESSAGE_DEFAULT = 64 << 10,
    CONNECTIONS_MAX = 4096
};

const hb_field hb_syslog_fields[] = {
    {.key = "listen",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(hb_syslog_config, listen),
     .offset_n = offsetof(hb_syslog_config, n_listen),
     .max = 200,
     .def = "[udp:127.0.0.1:5514]",
     .doc = "Where to listen: udp:ADDRESS:PORT, tcp:ADDRESS:PORT, tls:ADDRESS:PORT or unix:PATH (a "
            "datagram socket such as journald forwards to)."},
    {.key = "expose",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_syslog_config, expose),
     .def = "false",
     .doc = "Listen on addresses that other machines can reach, where nothing tells who sends. Not "
            "needed with tls and tls_client_ca."},
    {.key = "tls_cert",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_syslog_config, tls_cert),
     .max = 4000,
     .doc = "The server's certificate and those above it, PEM."},
    {.key = "tls_key",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_syslog_config, tls_key),
     .max = 4000,
     .doc = "Its key, PEM, without a password."},
    {.key = "tls_client_ca",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_syslog_config, tls_client_ca),
     .max = 4000,
     .doc = "Only senders with a certificate from these authorities are heard, PEM."},
    {.key = "max_message",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_syslog_config, max_message),
     .min = MESSAGE_MIN,
     .max = MESSAGE_MAX,
     .def = "65536",
     .doc = "Bytes of a message; longer ones are left out and counted."},
    {.key = "max_connections",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_syslog_config, max_connections),
     .min = 1,
     .max = CONNECTIONS_MAX,
     .def = "256",
     .doc = "Connections at a time; further ones wait until one ends."},
    {.key = "socket_mode",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_syslog_config, socket_mode),
     .max = 8,
     .def = "0660",
     .doc = "Who may write to a unix socket, as chmod has it. In quotes."},
    {0},
};

void hb_syslog_defaults(void *config)
{
    static const char *listen[] = {"udp:127.0.0.1:5514"};
    *(hb_syslog_config *)config = (hb_syslog_config){.listen = listen,
                                                     .n_listen = 1,
                                                     .max_message = MESSAGE_DEFAULT,
                                                     .max_connections = 256,
                                                     .socket_mode = "0660"};
}

bool hb_syslog_mode_parse(const char *text, mode_t *ret)
{
    mode_t mode = 0;
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '7') {
            return false;
        }
        mode = mode * 8 + (mode_t)(text[i] - '0');
    }
    *ret = mode;
    return n >= 3 && n <= 4 && mode <= 0777;
}

hb_status hb_syslog_listen_parse(const char *text, hb_syslog_transport *ret_transport,
                                 hb_address *ret_address, hb_error *err)
{
    static const char *const names[] = {"udp:", "tcp:", "tls:", "unix:"};
    for (int i = 0; i < 4; i++) {
        if (strncmp(text, names[i], strlen(names[i])) == 0) {
            const char *address = i == HB_SYSLOG_UNIX ? text : text + 4;
            HB_TRY(hb_address_parse(address, ret_address, err));
            if (i != HB_SYSLOG_UNIX && ret_address->at.ss_family == AF_UNIX) {
                break;
            }
            *ret_transport = (hb_syslog_transport)i;
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_CONFIG,
                   "'listen' is '%.120s', expected udp:ADDRESS:PORT, tcp:ADDRESS:PORT, "
                   "tls:ADDRESS:PORT or unix:PATH",
                   text);
}

static hb_status check_one(const hb_syslog_config *c, const char *text, hb_error *err)
{
    hb_syslog_transport transport = HB_SYSLOG_UDP;
    hb_address address;
    HB_TRY(hb_syslog_listen_parse(text, &transport, &address, err));
    if (transport == HB_SYSLOG_TLS && (!c->tls_cert || !c->tls_key)) {
        return HB_FAIL(err, HB_E_CONFIG, "'%.120s' needs 'tls_cert' and 'tls_key'", text);
    }
    if (!address.local && !c->expose && !(transport == HB_SYSLOG_TLS && c->tls_client_ca)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "'%.120s' can be reached from other machines, and nothing tells who sends; "
                       "say `expose: true`, or use tls with 'tls_client_ca'",
                       text);
    }
    return HB_OK;
}

hb_status hb_syslog_check(const void *config, hb_error *err)
{
    const hb_syslog_config *c = config;
    mode_t mode = 0;
    if (c->n_listen == 0 || c->n_listen > HB_SYSLOG_LISTENERS_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "'listen' has %zu addresses, expected 1 to %d",
                       c->n_listen, (int)HB_SYSLOG_LISTENERS_MAX);
    }
    if (!hb_syslog_mode_parse(c->socket_mode, &mode)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "'socket_mode' is '%.20s', expected octal such as \"0660\"", c->socket_mode);
    }
    for (size_t i = 0; i < c->n_listen; i++) {
        HB_TRY(check_one(c, c->listen[i], err));
    }
    return HB_OK;
}
