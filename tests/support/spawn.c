/* SPDX-License-Identifier: Apache-2.0 */
#include "support/spawn.h"

#include "support/check.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Through files, so that neither side waits for the other. */
int spawn_run(const char *const *argv, const char *in, size_t in_n, hb_buf *out)
{
    FILE *from = tmpfile();
    FILE *to = tmpfile();
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int status = 0;
    char piece[4096];
    size_t n;
    assert_non_null(from);
    assert_non_null(to);
    if (in_n) {
        assert_int_equal(fwrite(in, 1, in_n, from), in_n);
    }
    rewind(from);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(from), 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(to), 1);
    posix_spawn_file_actions_adddup2(&actions, fileno(to), 2);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char **)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == 0) {
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    rewind(to);
    while ((n = fread(piece, 1, sizeof piece, to)) > 0) {
        hb_buf_add(out, piece, n);
    }
    fclose(from);
    fclose(to);
    return failed ? 127 : WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
