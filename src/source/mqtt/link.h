/* SPDX-License-Identifier: Apache-2.0 */
/* A stream to a broker: TCP, or TLS (OpenSSL) over it. Never blocks longer than it is told to.
 *
 *     hb_link_open(os, &options, stopping, ctx, &l, err)    resolve, connect, shake hands
 *     hb_link_wait, hb_link_read, hb_link_write …           one thread
 *     hb_link_close(l)
 *
 * Errors are HB_E_IO and say in a few words what failed: "connection refused", "certificate verify
 * failed: …". Certificates and keys are read with each open, so that new ones are taken up. */
#ifndef HB_SOURCE_MQTT_LINK_H
#define HB_SOURCE_MQTT_LINK_H

#include "base/str.h"
#include "os/os.h"

#include "base/error.h"

typedef enum hb_link_verify {
    HB_LINK_VERIFY_FULL,    /* certificate and host name */
    HB_LINK_VERIFY_CA_ONLY, /* certificate, whatever name it is for */
    HB_LINK_VERIFY_NONE,
} hb_link_verify;

typedef struct hb_link_options {
    const char *host;
    const char *port;
    bool tls;
    const char *ca_file; /* NULL = the system's */
    const char *cert_file;
    const char *key_file; /* NULL = in cert_file */
    hb_str key_password;  /* p NULL = none */
    hb_link_verify verify;
    uint32_t timeout_ms;
} hb_link_options;

typedef struct hb_link hb_link;

/* stopping() ends the wait early, with HB_E_IO. */
HB_CHECKED hb_status hb_link_open(const hb_os *os, const hb_link_options *options,
                                  bool (*stopping)(void *ctx), void *ctx, hb_link **ret_link,
                                  hb_error *err);
/* Tells the peer that nothing more will be sent, and waits until it ends as well: what was sent
 * arrives. A socket that is closed while there is something to read throws that away. */
void hb_link_finish(hb_link *l, const hb_os *os, uint32_t timeout_ms);
void hb_link_close(hb_link *l); /* at once; NULL is fine */

/* What there is, at most n bytes; *ret_n = 0 when there is nothing now. The peer's end is an error.
 */
HB_CHECKED hb_status hb_link_read(hb_link *l, void *p, size_t n, size_t *ret_n, hb_error *err);
/* What goes, at most n bytes; *ret_n may be 0. Give the same bytes again until they are taken. */
HB_CHECKED hb_status hb_link_write(hb_link *l, const void *p, size_t n, size_t *ret_n,
                                   hb_error *err);
/* Until there is something to read, or room to write when that is asked for, or timeout_ms. */
void hb_link_wait(hb_link *l, bool to_write, int timeout_ms);

#endif
