/* SPDX-License-Identifier: Apache-2.0 */
#include "store/live.h"

#include "store/store_internal.h"

hb_status hb_live_begin(hb_store *s, hb_error *err)
{
    return hb_store_begin(s, err);
}

hb_status hb_live_end(hb_store *s, hb_status status, hb_error *err)
{
    return hb_store_end(s, status, err);
}
