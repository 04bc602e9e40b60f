/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/app.h"
#include "input/child/serve.h"

#include <string.h>

int main(int argc, char **argv)
{
    enum { FIRST = 2 };
    if (argc > 1 && strcmp(argv[1], "--read-child") == 0) { /* this program, started by itself */
        return hb_read_child(argc - FIRST, argv + FIRST);
    }
    return hb_main(argc, argv, hb_os_real(), &hb_sbom_self);
}
