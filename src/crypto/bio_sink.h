/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's writing end onto a sink. */
#ifndef HB_CRYPTO_BIO_SINK_H
#define HB_CRYPTO_BIO_SINK_H

#include "crypto/sealed.h"

#include <openssl/bio.h>

typedef struct hb_bio_sink {
    hb_sink sink;
    BIO_METHOD *method;
    BIO *bio; /* freed by release, not before */
    uint64_t bytes;
    hb_status failed; /* of the sink; OpenSSL only says that something did */
    hb_error err;
} hb_bio_sink;

HB_CHECKED hb_status hb_bio_sink_init(hb_bio_sink *s, hb_sink sink, hb_error *err);
void hb_bio_sink_release(hb_bio_sink *s);

#endif
