/* SPDX-License-Identifier: Apache-2.0 */
#include "input/mat/mat.h"

#include <string.h>

enum { HEADER_BYTES = 128, VERSION_AT = 124, ENDIAN_AT = 126, VERSION_5 = 1, VERSION_73 = 2 };

/* The version by the header's last four bytes, 0 = none: the text before them is free. */
static int version_of(hb_str head)
{
    if (head.n < HEADER_BYTES) {
        return 0;
    }
    const char *v = head.p + VERSION_AT;
    bool little = memcmp(head.p + ENDIAN_AT, "IM", 2) == 0 && v[0] == 0;
    bool big = memcmp(head.p + ENDIAN_AT, "MI", 2) == 0 && v[1] == 0;
    int version = little ? v[1] : big ? v[0] : 0;
    return version == VERSION_5 || version == VERSION_73 ? version : 0;
}

bool hb_mat_recognise(hb_str head)
{
    return version_of(head) != 0;
}

hb_status hb_mat_open(const hb_os *os, hb_stream *stream, const hb_remote_options *options,
                      hb_table **ret_table, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(stream, HEADER_BYTES, &head, err));
    int version = version_of(head);
    if (!version) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no header of a MATLAB 5 or 7.3 file",
                       hb_stream_path(stream));
    }
    return hb_remote_open(os, stream, "mat",
                          version == VERSION_5 ? hb_mat5_child.name : hb_mat73_child.name, options,
                          ret_table, err);
}
