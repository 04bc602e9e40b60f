/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines in a file. Delivered = on the disk (fsync).
 *
 * A line that a crash cut short is ended before the next is written, so every whole line is a whole
 * event. The file is opened anew for each event: somebody else may have moved it away. */
#include "os/file.h"
#include "alert/sinks/all.h"
#include "alert/sinks/write_all.h"
#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { LINE_BYTES = 1 << 20, KEEP_MAX = 100, NAME_BYTES = 8192 };

typedef struct file_config {
    const char *path;
    int64_t max_bytes;
    uint32_t keep;
} file_config;

struct hb_sink {
    const hb_os *os;
    const file_config *config;
    char *path;
};

static const hb_field fields[] = {
    {.key = "path",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(file_config, path),
     .max = 4096,
     .def = "alerts.jsonl",
     .doc = "the file, one event a line; made with mode 0600"},
    {.key = "max_bytes",
     .kind = HB_FIELD_INT,
     .offset = offsetof(file_config, max_bytes),
     .min = 0,
     .max = 1e15,
     .def = "0",
     .doc = "before a line would make the file larger it is moved to PATH.1, .1 to .2 and so on; 0 "
            "= no limit"},
    {.key = "keep",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(file_config, keep),
     .min = 0,
     .max = KEEP_MAX,
     .def = "5",
     .doc = "how many moved files are kept; 0 = none is moved, at max_bytes events wait in the "
            "outbox until somebody makes room"},
    {0},
};

static void defaults(void *config)
{
    *(file_config *)config = (file_config){.path = "alerts.jsonl", .keep = 5};
}

static hb_status check(const void *config, hb_error *err)
{
    const file_config *c = config;
    if (!*c->path) {
        return HB_FAIL(err, HB_E_CONFIG, "path is empty; name a file such as alerts.jsonl");
    }
    return HB_OK;
}

static void close_it(hb_sink *s)
{
    if (s) {
        hb_free(s->path);
        hb_free(s);
    }
}

static hb_status open_it(const hb_sink_env *env, const void *config, hb_sink **ret_sink,
                         hb_error *err)
{
    hb_sink *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->os = env->os;
    s->config = config;
    hb_status status =
        hb_path_join(env->base_dir ? env->base_dir : ".", s->config->path, &s->path, err);
    if (status != HB_OK) {
        close_it(s);
        return status;
    }
    *ret_sink = s;
    return HB_OK;
}

/* --- rotation --- */

static void numbered(const hb_sink *s, uint32_t i, char out[NAME_BYTES])
{
    if (i) {
        snprintf(out, NAME_BYTES, "%s.%u", s->path, i);
    } else {
        snprintf(out, NAME_BYTES, "%s", s->path);
    }
}

static hb_status rotate(const hb_sink *s, hb_error *err)
{
    char from[NAME_BYTES];
    char to[NAME_BYTES];
    if (s->config->keep == 0) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "'%s' has reached max_bytes and keep is 0; move it away, or raise max_bytes",
                       s->path);
    }
    for (uint32_t i = s->config->keep; i > 0; i--) {
        numbered(s, i - 1, from);
        numbered(s, i, to);
        if (s->os->rename(from, to) != 0 && errno != ENOENT) {
            return HB_FAIL(err, HB_E_IO, "cannot move '%s' to '%s': %s", from, to, strerror(errno));
        }
    }
    return HB_OK;
}

static hb_status make_room(const hb_sink *s, size_t n, hb_error *err)
{
    struct stat st;
    if (s->config->max_bytes == 0 || s->os->stat(s->path, &st) != 0 || st.st_size == 0) {
        return HB_OK; /* what is wrong with the file is said when it is opened */
    }
    return st.st_size + (off_t)n > s->config->max_bytes ? rotate(s, err) : HB_OK;
}

/* --- one line --- */

static bool ends_torn(const hb_sink *s, int fd)
{
    struct stat st;
    char last = '\n';
    return s->os->fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
           s->os->pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* A new name is on the disk once its folder is. */
static hb_status sync_folder(const hb_sink *s, hb_error *err)
{
    char *dir = NULL;
    HB_TRY(hb_path_dir(s->path, &dir, err));
    int fd = s->os->open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    bool good = fd >= 0 && s->os->fsync(fd) == 0;
    hb_status status =
        good ? HB_OK : HB_FAIL(err, HB_E_IO, "cannot sync folder '%s': %s", dir, strerror(errno));
    if (fd >= 0) {
        s->os->close(fd);
    }
    hb_free(dir);
    return status;
}

static hb_status write_line(const hb_sink *s, int fd, const hb_buf *line, hb_error *err)
{
    size_t skip = ends_torn(s, fd) ? 0 : 1; /* the line begins with an end of line */
    HB_TRY(hb_sink_write_all(s->os, fd, line->p + skip, line->n - skip, s->path, err));
    if (s->os->fsync(fd) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot sync '%s': %s", s->path, strerror(errno));
    }
    return HB_OK;
}

static hb_status append(const hb_sink *s, const hb_buf *line, hb_error *err)
{
    struct stat st;
    bool is_new = s->os->stat(s->path, &st) != 0;
    int fd = s->os->open(s->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot open '%s': %s", s->path, strerror(errno));
    }
    hb_status status = write_line(s, fd, line, err);
    s->os->close(fd);
    if (status == HB_OK && is_new) {
        status = sync_folder(s, err);
    }
    return status;
}

static hb_status send_it(hb_sink *s, const hb_alert_event *event, hb_error *err)
{
    hb_buf line;
    hb_buf_init(&line, LINE_BYTES);
    hb_buf_ch(&line, '\n');
    hb_buf_add(&line, event->json, event->json_len);
    hb_buf_ch(&line, '\n');
    hb_status status = hb_buf_check(&line, err);
    if (status == HB_OK) {
        status = make_room(s, line.n - 1, err);
    }
    if (status == HB_OK) {
        status = append(s, &line, err);
    }
    hb_buf_release(&line);
    return status;
}

const hb_sink_ops hb_sink_file = {
    .name = "file",
    .summary = "JSON lines in a file, on the disk before they count as sent",
    .fields = fields,
    .config_size = sizeof(file_config),
    .defaults = defaults,
    .check = check,
    .open = open_it,
    .send = send_it,
    .close = close_it,
};
