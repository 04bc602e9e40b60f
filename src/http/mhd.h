/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of libmicrohttpd that are used, found when a server starts. */
#ifndef HB_HTTP_MHD_H
#define HB_HTTP_MHD_H

#include "base/error.h"

#include <microhttpd.h>

typedef struct hb_mhd {
    __typeof__(MHD_start_daemon) *start_daemon;
    __typeof__(MHD_stop_daemon) *stop_daemon;
    __typeof__(MHD_create_response_from_buffer) *create_response;
    __typeof__(MHD_add_response_header) *add_header;
    __typeof__(MHD_queue_response) *queue_response;
    __typeof__(MHD_destroy_response) *destroy_response;
    __typeof__(MHD_lookup_connection_value) *lookup;
    __typeof__(MHD_get_connection_info) *connection_info;
} hb_mhd;

/* HB_E_IO names the package when the library is not there. It stays loaded. */
HB_CHECKED hb_status hb_mhd_load(hb_mhd *ret, hb_error *err);

#endif
