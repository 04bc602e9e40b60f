/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prompt.h"

#include "os/undumped.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, RUBOUT = 127 };

bool hb_prompt_can(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    close(fd);
    return true;
}

static void say(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return; /* the person sees no question, and the answer is still read */
        }
        p += put;
        n -= (size_t)put;
    }
}

static hb_status read_line(int fd, char *ret, size_t room, hb_error *err)
{
    size_t n = 0;
    bool fits = true;
    for (;;) {
        unsigned char c = 0;
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 || c == CTRL_C || c == CTRL_D) {
            return HB_FAIL(err, HB_E_USAGE, "no passphrase was given");
        }
        if (c == '\r' || c == '\n') {
            break;
        }
        if (c == CTRL_U) {
            n = 0;
            fits = true;
        } else if (c == BACKSPACE || c == RUBOUT) {
            while (n && ((unsigned char)ret[--n] & 0xc0) == 0x80) {
                /* one character of UTF-8 goes at once */
            }
        } else if (n + 1 < room) {
            ret[n++] = (char)c;
        } else {
            fits = false;
        }
    }
    ret[n] = '\0';
    return fits ? HB_OK
                : HB_FAIL(err, HB_E_USAGE, "the passphrase has more than %zu bytes", room - 1);
}

hb_status hb_prompt_secret(const char *words, char *ret, size_t room, hb_error *err)
{
    struct termios before;
    sigset_t held;
    sigset_t old;
    hb_hold_secrets();
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        return HB_FAIL(err, HB_E_USAGE, "there is no terminal to ask on: %s", strerror(why));
    }
    /* A signal that ends the program would leave the terminal without echo: it waits. */
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGTSTP);
    sigprocmask(SIG_BLOCK, &held, &old);
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    hb_status status = HB_OK;
    if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0) {
        status = HB_FAIL(err, HB_E_IO, "the terminal cannot be kept from showing a passphrase: %s",
                         strerror(errno));
    } else {
        say(fd, words, strlen(words));
        say(fd, ": ", 2);
        status = read_line(fd, ret, room, err);
        say(fd, "\n", 1);
        tcsetattr(fd, TCSAFLUSH, &before);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    close(fd);
    if (status != HB_OK) {
        OPENSSL_cleanse(ret, room);
    }
    return status;
}
