/* SPDX-License-Identifier: Apache-2.0 */
/* OTLP/HTTP's side of a request for metrics: what is taken and how it is answered. private to
 * source/http. docs/formats/otlp.md */
#ifndef HB_SOURCE_HTTP_OTLP_H
#define HB_SOURCE_HTTP_OTLP_H

#include "http/http.h"
#include "source/decode.h"

typedef struct hb_receive_otlp hb_receive_otlp;

/* resource: keys [A-Za-z0-9._/-] with commas between, else HB_E_CONFIG. */
HB_CHECKED hb_status hb_receive_otlp_check(const char *resource, hb_error *err);
HB_CHECKED hb_status hb_receive_otlp_open(const char *resource, hb_receive_otlp **ret_o,
                                          hb_error *err);
void hb_receive_otlp_close(hb_receive_otlp *o);

/* Decodes the body once to know whether it can be, and fills in the answer for when *ret_record is
 * in the journal (*ret_take), or the refusal. The record's strings belong to the request and to o,
 * until the next call. */
HB_CHECKED hb_status hb_receive_otlp_look(hb_receive_otlp *o, const hb_http_request *q,
                                          hb_http_response *r, hb_record *ret_record,
                                          bool *ret_take, hb_error *err);

#endif
