/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/term.h"

#include "base/str.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { SIGNAL_EXIT = 128 };

/* Signal handlers have no other way to reach the program. */
static volatile sig_atomic_t gentle;
static volatile sig_atomic_t came;

void hb_term_fill_gaps(void)
{
    static const int wrong_way[] = {
        [STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_WRONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) < 0) {
            _exit(1); /* nobody can be told */
        }
    }
}

bool hb_term_colour(hb_colour_when when, char *(*env)(const char *))
{
    const char *no_colour = env("NO_COLOR");
    const char *term = env("TERM");
    if (when != HB_COLOUR_AUTO) {
        return when == HB_COLOUR_ALWAYS;
    }
    return isatty(STDOUT_FILENO) == 1 && !(no_colour && *no_colour) && term &&
           strcmp(term, "dumb") != 0;
}

bool hb_term_talks(void)
{
    return isatty(STDERR_FILENO) == 1;
}

static void on_stop(int signal_number)
{
    if (!gentle || came) {
        _exit(SIGNAL_EXIT + signal_number);
    }
    came = signal_number;
}

void hb_term_signals(void)
{
    static const int stops[] = {SIGINT, SIGTERM};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        struct sigaction now;
        struct sigaction act = {.sa_handler = on_stop};
        sigemptyset(&act.sa_mask);
        if (sigaction(stops[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
            sigaction(stops[i], &act, NULL);
        }
    }
}

void hb_term_stop_gently(void)
{
    gentle = 1;
}

int hb_term_stop_wanted(void)
{
    return came ? SIGNAL_EXIT + came : 0;
}

bool hb_term_utf8(char *(*env)(const char *))
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = env(names[i]);
        if (value && *value) {
            const char *dot = strchr(value, '.');
            hb_str code = hb_str_of(dot ? dot + 1 : "");
            code.n = hb_str_find_ch(code, '@');
            return hb_str_ieq_c(code, "UTF-8") || hb_str_ieq_c(code, "utf8");
        }
    }
    return false;
}
