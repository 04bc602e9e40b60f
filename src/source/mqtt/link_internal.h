/* SPDX-License-Identifier: Apache-2.0 */
/* TLS below a link; private to link.c and tls.c. */
#ifndef HB_SOURCE_MQTT_LINK_INTERNAL_H
#define HB_SOURCE_MQTT_LINK_INTERNAL_H

#include "source/mqtt/link.h"

typedef struct hb_tls hb_tls;

struct hb_link {
    int fd;
    hb_tls *tls;      /* NULL = plain */
    bool wants_write; /* TLS cannot read on before it has written */
};

HB_CHECKED hb_status hb_tls_new(const hb_link_options *options, int fd, hb_tls **ret_tls,
                                hb_error *err);
void hb_tls_free(hb_tls *t);
void hb_tls_finish(hb_tls *t); /* close_notify; NULL is fine */
HB_CHECKED hb_status hb_tls_shake(hb_tls *t, bool *ret_done, bool *ret_wants_write, hb_error *err);
HB_CHECKED hb_status hb_tls_read(hb_tls *t, void *p, size_t n, size_t *ret_n, bool *ret_wants_write,
                                 hb_error *err);
HB_CHECKED hb_status hb_tls_write(hb_tls *t, const void *p, size_t n, size_t *ret_n, hb_error *err);
/* Bytes that were decrypted already: a poll does not see them. */
bool hb_tls_pending(const hb_tls *t);

#endif
