/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the elements of a MATLAB 5 file, through the check that stands before matio. The
 * first byte chooses the byte order. */
#include "input/mat/mat5_internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char header[HB_MAT5_HEADER] = "MATLAB 5.0 MAT-file";
    if (size < 1) {
        return 0;
    }
    memcpy(header + HB_MAT5_HEADER - 4, data[0] & 1 ? "\1\0MI" : "\0\1IM", 4);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, header, sizeof header) != sizeof header ||
        write(fd, data + 1, size - 1) != (ssize_t)(size - 1)) {
        abort();
    }
    hb_mat5_element *elements = NULL;
    size_t n = 0;
    hb_error err = {0};
    hb_status status = hb_mat5_check(fd, sizeof header + size - 1, &elements, &n, &err);
    if (status != HB_OK && !err.msg[0]) {
        abort();
    }
    hb_free(elements);
    close(fd);
    return 0;
}
