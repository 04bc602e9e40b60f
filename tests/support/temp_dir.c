/* SPDX-License-Identifier: Apache-2.0 */
#include "support/temp_dir.h"

#include "os/file.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>

static char dir[512];

void temp_dir_remove(void)
{
    if (dir[0]) {
        CHECK_OK(hb_dir_remove(hb_os_real(), dir, &err));
        dir[0] = '\0';
    }
}

const char *temp_dir_new(void)
{
    temp_dir_remove();
    const char *root = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/hb-test-XXXXXX", root ? root : "/tmp");
    assert_non_null(mkdtemp(dir));
    return dir;
}

const char *temp_path(const char *name)
{
    static char paths[4][1024];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}
