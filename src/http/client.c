/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

#include "base/num.h"
#include "os/address.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_MAX = 16 << 10 };

static hb_status io_failed(const hb_address *a, const char *what, hb_error *err)
{
    int failed = errno;
    return HB_FAIL(err, HB_E_IO, "%s '%s': %s", what, a->text,
                   failed == EAGAIN ? "no answer in time" : strerror(failed));
}

static hb_status send_all(const hb_address *a, int fd, const hb_buf *b, hb_error *err)
{
    for (size_t at = 0; at < b->n;) {
        ssize_t n = send(fd, b->p + at, b->n - at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return io_failed(a, "asking", err);
        }
        at += (size_t)n;
    }
    return HB_OK;
}

static hb_status receive_all(const hb_address *a, int fd, hb_buf *b, hb_error *err)
{
    char piece[8192];
    for (;;) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return io_failed(a, "answer of", err);
        }
        if (n == 0) {
            return HB_OK;
        }
        hb_buf_add(b, piece, (size_t)n);
        HB_TRY(hb_buf_check(b, err));
    }
}

static hb_status split(const hb_address *a, const hb_buf *answer, int *ret_status, hb_buf *body,
                       hb_error *err)
{
    static const char version[] = "HTTP/1."; /* then a digit, a blank, three digits */
    uint64_t status = 0;
    const char *end = strstr(answer->p, "\r\n\r\n");
    if (!end || strncmp(answer->p, version, sizeof version - 1) != 0 ||
        !hb_num_parse_u64(answer->p + sizeof version + 1, 3, &status)) {
        return HB_FAIL(err, HB_E_IO, "what '%s' answered is no HTTP", a->text);
    }
    const char *from = end + 4;
    hb_buf_add(body, from, answer->n - (size_t)(from - answer->p));
    HB_TRY(hb_buf_check(body, err));
    *ret_status = (int)status;
    return HB_OK;
}

static hb_status exchange(const hb_address *a, int fd, hb_buf *text, const char *path,
                          const char *accept, const char *token, hb_error *err)
{
    hb_buf_fmt(text, "GET %s HTTP/1.0\r\nHost: localhost\r\nAccept: %s\r\n", path, accept);
    if (token) {
        hb_buf_fmt(text, "Authorization: Bearer %s\r\n", token);
    }
    hb_buf_c(text, "\r\n");
    hb_status status = hb_buf_check(text, err);
    status = status == HB_OK ? send_all(a, fd, text, err) : status;
    explicit_bzero(text->p, text->n);
    HB_TRY(status);
    hb_buf_clear(text);
    return receive_all(a, fd, text, err);
}

hb_status hb_http_get(const char *address, const char *path, const char *accept, const char *token,
                      unsigned timeout_ms, int *ret_status, hb_buf *body, hb_error *err)
{
    hb_address a;
    hb_buf text;
    int fd = -1;
    HB_TRY(hb_address_parse(address, &a, err));
    HB_TRY(hb_address_connect(&a, timeout_ms, &fd, err));
    hb_buf_init(&text, body->max + HEAD_MAX);
    hb_status status = exchange(&a, fd, &text, path, accept, token, err);
    if (status == HB_OK) {
        status = split(&a, &text, ret_status, body, err);
    }
    hb_buf_release(&text);
    close(fd);
    return status;
}
