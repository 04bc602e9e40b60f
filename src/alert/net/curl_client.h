/* SPDX-License-Identifier: Apache-2.0 */
/* The two things we want of libcurl: one HTTP POST and one mail. The library is loaded when the
 * first sink that needs it opens; without it (package libcurl4) opening fails with that to say.
 *
 * One client belongs to one thread and keeps its connection between calls. Nothing is taken from
 * the environment: no proxy, no .netrc, no cookies; redirects are not followed. */
#ifndef HB_ALERT_NET_CURL_CLIENT_H
#define HB_ALERT_NET_CURL_CLIENT_H

#include "alert/sink.h"

typedef struct hb_curl hb_curl;

HB_CHECKED hb_status hb_curl_open(const hb_sink_env *env, hb_curl **ret_client, hb_error *err);
void hb_curl_close(hb_curl *c);

typedef struct hb_curl_common { /* NULL = not given; paths are whole */
    const char *url;
    uint32_t timeout_ms;
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    const char *key_password;
    const char *user;
    const char *password;
    const char *proxy;
} hb_curl_common;

/* HTTP/1.1 or 2. *ret_code = the status of the answer, whose body is read up to a limit and thrown
 * away. An error means that there was no answer. `headers`: "Name: value". */
HB_CHECKED hb_status hb_curl_post(hb_curl *c, const hb_curl_common *o, const char *const *headers,
                                  size_t n_headers, const void *body, size_t n, long *ret_code,
                                  hb_error *err);

typedef struct hb_curl_mail {
    hb_curl_common common; /* url: smtp:// or smtps:// */
    bool starttls;         /* required, not tried */
    const char *from;      /* "<a@b>" */
    const char *const *to;
    size_t n_to;
    const char *text; /* the whole message, CRLF lines */
    size_t text_len;
} hb_curl_mail;

/* HB_OK = the server has taken it for every receiver. */
HB_CHECKED hb_status hb_curl_send_mail(hb_curl *c, const hb_curl_mail *mail, hb_error *err);

#endif
