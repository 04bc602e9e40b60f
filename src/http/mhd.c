/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mhd.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libmicrohttpd.so.12"

hb_status hb_mhd_load(hb_mhd *ret, hb_error *err)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
        {"MHD_start_daemon", offsetof(hb_mhd, start_daemon)},
        {"MHD_stop_daemon", offsetof(hb_mhd, stop_daemon)},
        {"MHD_create_response_from_buffer", offsetof(hb_mhd, create_response)},
        {"MHD_add_response_header", offsetof(hb_mhd, add_header)},
        {"MHD_queue_response", offsetof(hb_mhd, queue_response)},
        {"MHD_destroy_response", offsetof(hb_mhd, destroy_response)},
        {"MHD_lookup_connection_value", offsetof(hb_mhd, lookup)},
        {"MHD_get_connection_info", offsetof(hb_mhd, connection_info)},
    };
    hb_mhd found = {0};
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        return HB_FAIL(err, HB_E_IO,
                       "HTTP needs %s, which cannot be loaded (Debian: libmicrohttpd12): %s",
                       LIBRARY, dlerror());
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(library, functions[i].name);
        if (!function) {
            return HB_FAIL(err, HB_E_IO, "%s has no %s", LIBRARY, functions[i].name);
        }
        memcpy((char *)&found + functions[i].offset, &function, sizeof function);
    }
    *ret = found;
    return HB_OK;
}
