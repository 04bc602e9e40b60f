/* SPDX-License-Identifier: Apache-2.0 */
#include "input/hdf5/hdf5_internal.h"

hb_status hb_h5_address(hid_t object, haddr_t *ret, hb_error *err)
{
    H5O_info_t info;
    if (H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) {
        return HB_FAIL(err, HB_E_INPUT, "an object of it cannot be read: damaged");
    }
    *ret = info.addr;
    return HB_OK;
}

static herr_t on_link(hid_t group, const char *name, const H5L_info_t *info, void *ctx)
{
    hb_h5_walk *w = ctx;
    if (info->type == H5L_TYPE_SOFT) {
        return 0; /* what it names has a place of its own */
    }
    if (info->type != H5L_TYPE_HARD) {
        w->status = hb_tree_add_other(&w->h->tree, w->parent, name,
                                      "a link to another file, which is not followed", w->err);
        return w->status == HB_OK ? 0 : -1;
    }
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0) {
        w->status = HB_FAIL(w->err, HB_E_INPUT, "object '%.60s' cannot be read: damaged", name);
        return -1;
    }
    w->status = w->each(w, object, name, w->err);
    H5Oclose(object);
    return w->status == HB_OK ? 0 : -1;
}

hb_status hb_h5_each(hb_h5_walk *w, hid_t group, hb_error *err)
{
    unsigned order = 0;
    w->err = err;
    w->status = HB_OK;
    hid_t made = H5Gget_create_plist(group);
    bool kept = made >= 0 && H5Pget_link_creation_order(made, &order) >= 0 &&
                (order & H5P_CRT_ORDER_TRACKED);
    if (made >= 0) {
        H5Pclose(made);
    }
    herr_t done =
        H5Literate(group, kept ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC, NULL, on_link, w);
    HB_TRY(w->status);
    return done >= 0 ? HB_OK : HB_FAIL(err, HB_E_INPUT, "a group of it cannot be read: damaged");
}
