/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(hb_error *err, hb_status code, const char *file, int line, const char *fmt,
                 va_list ap)
{
    err->code = code;
    err->sys_errno = code == HB_E_IO || code == HB_E_INPUT ? errno : 0;
    err->file = file;
    err->line = line;
    err->in_line = 0;
    err->in_col = 0;
    err->in_file[0] = '\0';
    if (vsnprintf(err->msg, sizeof err->msg, fmt, ap) < 0) {
        err->msg[0] = '\0';
    }
}

hb_status hb_error_set(hb_error *err, hb_status code, const char *file, int line, const char *fmt,
                       ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        fill(err, code, file, line, fmt, ap);
        va_end(ap);
    }
    return code;
}

/* Long paths keep their end: the file's own name says more than the folders before it. */
static void set_in_file(hb_error *err, const char *in_file)
{
    if (!in_file) {
        return;
    }
    size_t n = strlen(in_file);
    size_t room = sizeof err->in_file - 1;
    size_t skip = n > room ? n - room : 0;
    memcpy(err->in_file, in_file + skip, n - skip + 1);
}

hb_status hb_error_set_at(hb_error *err, hb_status code, const char *file, int line,
                          const char *in_file, uint64_t in_line, uint64_t in_col, const char *fmt,
                          ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        fill(err, code, file, line, fmt, ap);
        va_end(ap);
        err->in_line = in_line;
        err->in_col = in_col;
        set_in_file(err, in_file);
    }
    return code;
}

hb_status hb_error_prefix(hb_error *err, const char *fmt, ...)
{
    if (!err) {
        return HB_E_BUG;
    }
    char head[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(head, sizeof head - 2, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return err->code;
    }
    size_t head_len = strlen(head);
    head[head_len++] = ':';
    head[head_len++] = ' ';
    size_t tail = strlen(err->msg);
    size_t room = sizeof err->msg - 1 - head_len;
    if (tail > room) {
        tail = room;
    }
    memmove(err->msg + head_len, err->msg, tail);
    memcpy(err->msg, head, head_len);
    err->msg[head_len + tail] = '\0';
    return err->code;
}

hb_status hb_error_in_file(hb_error *err, const char *in_file)
{
    if (!err) {
        return HB_E_BUG;
    }
    if (err->in_file[0] == '\0') {
        set_in_file(err, in_file);
    }
    return err->code;
}

const char *hb_error_text(const hb_error *err, char *out, size_t out_size)
{
    int n = 0;
    if (err->in_file[0] != '\0' && err->in_line && err->in_col) {
        n = snprintf(out, out_size, "%s:%llu:%llu: %s", err->in_file,
                     (unsigned long long)err->in_line, (unsigned long long)err->in_col, err->msg);
    } else if (err->in_file[0] != '\0' && err->in_line) {
        n = snprintf(out, out_size, "%s:%llu: %s", err->in_file, (unsigned long long)err->in_line,
                     err->msg);
    } else if (err->in_file[0] != '\0') {
        n = snprintf(out, out_size, "%s: %s", err->in_file, err->msg);
    } else {
        n = snprintf(out, out_size, "%s", err->msg);
    }
    if (n < 0 && out_size) {
        out[0] = '\0';
    }
    /* A message may quote the input: keep control bytes off the terminal. */
    for (char *p = out; out_size && *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = '?';
        }
    }
    return out;
}
