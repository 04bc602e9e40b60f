/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/bio_sink.h"

static int sink_write(BIO *bio, const char *p, size_t n, size_t *written)
{
    hb_bio_sink *s = BIO_get_data(bio);
    if (s->failed == HB_OK) {
        s->failed = s->sink.write(s->sink.ctx, p, n, &s->err);
    }
    *written = s->failed == HB_OK ? n : 0;
    s->bytes += *written;
    return s->failed == HB_OK;
}

static long sink_ctrl(BIO *bio, int command, long number, void *p)
{
    (void)bio;
    (void)number;
    (void)p;
    return command == BIO_CTRL_FLUSH;
}

hb_status hb_bio_sink_init(hb_bio_sink *s, hb_sink sink, hb_error *err)
{
    *s = (hb_bio_sink){.sink = sink};
    s->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 127, "sink");
    if (!s->method || BIO_meth_set_write_ex(s->method, sink_write) != 1 ||
        BIO_meth_set_ctrl(s->method, sink_ctrl) != 1 || !(s->bio = BIO_new(s->method))) {
        hb_bio_sink_release(s);
        return HB_NOMEM(err);
    }
    BIO_set_data(s->bio, s);
    BIO_set_init(s->bio, 1);
    return HB_OK;
}

void hb_bio_sink_release(hb_bio_sink *s)
{
    BIO_free(s->bio);
    BIO_meth_free(s->method);
    s->bio = NULL;
    s->method = NULL;
}
