/* SPDX-License-Identifier: Apache-2.0 */
/* Two small files in the source's folder: `client_id`, and `topics`, which the session at the
 * broker holds as well, for ever unless it is told which of them are no longer wanted. */
#include "source/mqtt/session.h"

#include "base/mem.h"
#include "os/file.h"

#include <string.h>

enum { CLIENT_ID_MAX = 200, TOPICS_FILE_MAX = 32 << 20 };

static hb_status make_client_id(hb_source *s, const char *path, const char *name, char *out,
                                size_t size, hb_error *err)
{
    uint32_t mark = 0;
    if (s->os->random(&mark, sizeof mark) != 0) {
        return HB_FAIL(err, HB_E_IO, "no random number for a client id");
    }
    int n = snprintf(out, size, "hb-%.100s-%08x", name, mark);
    return hb_file_write_atomic(s->os, path, out, (size_t)n, 0600, err);
}

static hb_status read_client_id(hb_source *s, const char *path, char *out, size_t size,
                                hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_file_read(s->os, path, size - 1, &text, &n, err));
    hb_str id = hb_str_trim((hb_str){text, n});
    bool good = id.n > 0 && hb_utf8_valid_prefix(id) == id.n && !memchr(id.p, '\0', id.n);
    if (good) {
        memcpy(out, id.p, id.n);
        out[id.n] = '\0';
    }
    hb_free(text);
    return good ? HB_OK
                : HB_FAIL(err, HB_E_INPUT, "'%s' holds no client id; remove the file", path);
}

hb_status hb_mqtt_client_id(hb_source *s, const char *name, hb_error *err)
{
    char id[CLIENT_ID_MAX + 1] = "";
    HB_CLEANUP(hb_free_p) char *path = NULL;
    if (s->config.client_id) {
        s->client_id = s->config.client_id;
        return HB_OK;
    }
    HB_TRY(hb_path_join(s->state_dir, "client_id", &path, err));
    if (hb_path_exists(s->os, path)) {
        HB_TRY(read_client_id(s, path, id, sizeof id, err));
    } else {
        HB_TRY(make_client_id(s, path, name, id, sizeof id, err));
    }
    s->client_id = hb_arena_str(&s->arena, hb_str_of(id));
    return s->client_id ? HB_OK : HB_NOMEM(err);
}

hb_status hb_mqtt_topics_kept(hb_source *s, char **ret_lines, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_free_p) char *path = NULL;
    HB_TRY(hb_path_join(s->state_dir, "topics", &path, err));
    if (hb_path_exists(s->os, path)) {
        return hb_file_read(s->os, path, TOPICS_FILE_MAX, ret_lines, ret_n, err);
    }
    char *none = hb_strdup("");
    if (!none) {
        return HB_NOMEM(err);
    }
    *ret_lines = none;
    *ret_n = 0;
    return HB_OK;
}

hb_status hb_mqtt_topics_keep(hb_source *s, hb_error *err)
{
    HB_CLEANUP(hb_free_p) char *path = NULL;
    HB_CLEANUP(hb_free_p) char *old = NULL;
    size_t n = 0;
    hb_buf lines;
    HB_TRY(hb_path_join(s->state_dir, "topics", &path, err));
    HB_TRY(hb_mqtt_topics_kept(s, &old, &n, err));
    hb_buf_init(&lines, TOPICS_FILE_MAX);
    for (size_t i = 0; i < s->n_topics; i++) {
        hb_buf_c(&lines, s->topics[i]);
        hb_buf_ch(&lines, '\n');
    }
    hb_status status = hb_buf_check(&lines, err);
    if (status == HB_OK && (lines.n != n || memcmp(lines.p, old, n) != 0)) {
        status = hb_file_write_atomic(s->os, path, lines.p, lines.n, 0600, err);
    }
    hb_buf_release(&lines);
    return status;
}
