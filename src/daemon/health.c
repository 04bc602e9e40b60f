/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/health.h"

#include "base/mem.h"

#include <pthread.h>

struct hb_health {
    pthread_mutex_t lock;
    hb_health_snapshot now;
};

hb_status hb_health_new(hb_health **ret_health, hb_error *err)
{
    hb_health *h = hb_alloc_zero(sizeof *h);
    if (!h) {
        return HB_NOMEM(err);
    }
    pthread_mutex_init(&h->lock, NULL);
    h->now.at = HB_TIME_NONE;
    h->now.started = HB_TIME_NONE;
    h->now.watermark = HB_TIME_NONE;
    *ret_health = h;
    return HB_OK;
}

void hb_health_free(hb_health *h)
{
    if (h) {
        pthread_mutex_destroy(&h->lock);
        hb_free(h);
    }
}

void hb_health_publish(hb_health *h, const hb_health_snapshot *s)
{
    pthread_mutex_lock(&h->lock);
    h->now = *s;
    pthread_mutex_unlock(&h->lock);
}

void hb_health_read(hb_health *h, hb_health_snapshot *ret)
{
    pthread_mutex_lock(&h->lock);
    *ret = h->now;
    pthread_mutex_unlock(&h->lock);
}
