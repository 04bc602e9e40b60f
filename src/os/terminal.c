/* SPDX-License-Identifier: Apache-2.0 */
#include "os/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL = 80, LEAST = 60, MOST = 120 };

size_t hb_terminal_columns(int fd)
{
    struct winsize size = {0};
    if (isatty(fd) != 1) {
        return 0;
    }
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return USUAL;
    }
    return size.ws_col < LEAST ? LEAST : size.ws_col > MOST ? MOST : size.ws_col;
}
