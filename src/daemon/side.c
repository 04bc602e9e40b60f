/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/side.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "os/file.h"

#include <fcntl.h>
#include <string.h>

enum { BUFFER_BYTES = 8 << 20, PATH_BYTES = 4200 };

struct hb_side {
    const hb_os *os;
    char *path;
    hb_buf lines;
    uint64_t n; /* in `lines` */
};

hb_status hb_side_open(const hb_os *os, const char *path, hb_side **ret_side, hb_error *err)
{
    char *dir = NULL;
    HB_TRY(hb_path_dir(path, &dir, err));
    hb_status status = hb_dir_make(os, dir, err);
    hb_free(dir);
    HB_TRY(status);
    hb_side *s = hb_alloc_zero(sizeof *s);
    if (!s || !(s->path = hb_strdup(path))) {
        hb_free(s);
        return HB_NOMEM(err);
    }
    s->os = os;
    hb_buf_init(&s->lines, BUFFER_BYTES);
    *ret_side = s;
    return HB_OK;
}

void hb_side_close(hb_side *s)
{
    if (s) {
        hb_buf_release(&s->lines);
        hb_free(s->path);
        hb_free(s);
    }
}

static void put_text(hb_json *j, const char *key, hb_str text)
{
    hb_json_key(j, key);
    hb_json_str(j, text);
}

hb_status hb_side_add(hb_side *s, const hb_live_sample *x, hb_error *err)
{
    char time[HB_TIME_TEXT];
    hb_json j;
    hb_time_print(x->t, time);
    hb_json_init(&j, &s->lines, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    put_text(&j, "metric", x->name);
    put_text(&j, "source", x->source);
    hb_json_kc(&j, "timestamp", time);
    put_text(&j, "unit", x->unit);
    if (x->kind == HB_LIVE_VALUE) {
        hb_json_key(&j, "value");
        hb_json_f64(&j, x->value);
    }
    hb_json_end(&j);
    HB_TRY(hb_json_done(&j, err));
    hb_buf_ch(&s->lines, '\n');
    s->n++;
    return hb_buf_check(&s->lines, err);
}

static bool write_all(const hb_os *os, int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t put = os->write(fd, p, n);
        if (put <= 0) {
            return false;
        }
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static void turn_over(const hb_side *s, off_t size)
{
    char old[PATH_BYTES];
    size_t n = strlen(s->path);
    if (size >= (off_t)HB_SIDE_FILE_BYTES && n + 3 <= sizeof old) {
        memcpy(old, s->path, n);
        memcpy(old + n, ".1", 3);
        (void)s->os->rename(s->path, old); /* the file then grows on until it works */
    }
}

void hb_side_flush(hb_side *s, uint64_t *io_lost)
{
    struct stat st;
    if (s->n == 0) {
        return;
    }
    int fd = s->os->open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool done = fd >= 0 && write_all(s->os, fd, s->lines.p, s->lines.n);
    off_t size = fd >= 0 && s->os->fstat(fd, &st) == 0 ? st.st_size : 0;
    if (fd >= 0) {
        s->os->close(fd);
    }
    *io_lost += done ? 0 : s->n;
    hb_buf_clear(&s->lines);
    s->n = 0;
    turn_over(s, size);
}
