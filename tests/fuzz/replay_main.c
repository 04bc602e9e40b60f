/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of its corpus folders, so that each input that once mattered
 * stays a regression test in builds without libFuzzer. An empty corpus is a failure. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        fprintf(stderr, "replay: cannot open '%s'\n", folder);
        return -1;
    }
    int n = 0;
    struct dirent *e = NULL;
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.') {
            continue;
        }
        char *path = NULL;
        char *data = NULL;
        size_t len = 0;
        if (hb_path_join(folder, e->d_name, &path, NULL) == HB_OK &&
            hb_file_read(hb_os_real(), path, 64 << 20, &data, &len, NULL) == HB_OK) {
            LLVMFuzzerTestOneInput((const uint8_t *)data, len);
            n++;
        }
        hb_free(data);
        hb_free(path);
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int status = argc < 2;
    for (int i = 1; i < argc; i++) {
        int n = replay(argv[i]);
        printf("%s: %d inputs\n", argv[i], n);
        status |= n <= 0;
    }
    return status;
}
