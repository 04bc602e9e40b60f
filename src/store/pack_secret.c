/* SPDX-License-Identifier: Apache-2.0 */
#include "store/packs.h"
#include "store/sql.h"

#include <string.h>

static hb_status get(hb_store *s, uint8_t *ret, bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "SELECT secret FROM pack_secret", &q, err));
    HB_TRY(hb_sql_row(&q, ret_found, err));
    if (*ret_found) {
        hb_str secret = hb_sql_get_blob(&q);
        if (secret.n != HB_PACK_SECRET_BYTES) {
            return HB_FAIL(err, HB_E_STORE, "registry '%s': the secret of packs has %zu bytes",
                           s->path, secret.n);
        }
        memcpy(ret, secret.p, secret.n);
    }
    return HB_OK;
}

/* Another process may have made one meanwhile: the first stays. */
static hb_status make(hb_store *s, hb_error *err)
{
    uint8_t fresh[HB_PACK_SECRET_BYTES];
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "INSERT OR IGNORE INTO pack_secret(one, secret) VALUES(1, ?)", &q, err));
    if (s->os->random(fresh, sizeof fresh) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot get random bytes");
    }
    hb_sql_blob(&q, fresh, sizeof fresh);
    hb_status status = hb_sql_exec(&q, err);
    explicit_bzero(fresh, sizeof fresh);
    return status;
}

hb_status hb_store_pack_secret(hb_store *s, uint8_t ret[HB_PACK_SECRET_BYTES], hb_error *err)
{
    bool found = false;
    HB_TRY(get(s, ret, &found, err));
    if (!found) {
        HB_TRY(make(s, err));
        HB_TRY(get(s, ret, &found, err));
    }
    return found ? HB_OK
                 : HB_FAIL(err, HB_E_STORE, "registry '%s' has no secret for packs", s->path);
}
