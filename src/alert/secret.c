/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/secret.h"

#include "base/mem.h"
#include "os/file.h"
#include "os/undumped.h"

#include <stdlib.h>
#include <string.h>

enum { SECRET_MAX_BYTES = 64 * 1024 };

hb_status hb_sink_path(const hb_sink_env *env, const char *path, char **ret_path, hb_error *err)
{
    if (!path) {
        *ret_path = NULL;
        return HB_OK;
    }
    return hb_path_join(env->base_dir ? env->base_dir : ".", path, ret_path, err);
}

hb_status hb_secret_check(const char *file, const char *variable, const char *key, hb_error *err)
{
    return file && variable
               ? HB_FAIL(err, HB_E_CONFIG, "%s_file and %s_env: one of them, not both", key, key)
               : HB_OK;
}

static hb_status of_file(const hb_sink_env *env, const char *file, hb_secret *ret, hb_error *err)
{
    char *path = NULL;
    hb_secret s = {0};
    HB_TRY(hb_sink_path(env, file, &path, err));
    hb_status status = hb_file_read(env->os, path, SECRET_MAX_BYTES, &s.p, &s.n, err);
    hb_free(path);
    HB_TRY(status);
    s.n -= s.n && s.p[s.n - 1] == '\n';
    s.n -= s.n && s.p[s.n - 1] == '\r';
    s.p[s.n] = '\0';
    *ret = s;
    return HB_OK;
}

static hb_status of_variable(const char *variable, hb_secret *ret, hb_error *err)
{
    const char *value = secure_getenv(variable);
    if (!value) {
        return HB_FAIL(err, HB_E_CONFIG, "the environment variable '%s' is not set", variable);
    }
    hb_secret s = {.p = hb_strdup(value), .n = strlen(value)};
    if (!s.p) {
        return HB_NOMEM(err);
    }
    *ret = s;
    return HB_OK;
}

hb_status hb_sink_secret_read(const hb_sink_env *env, const char *file, const char *variable,
                              const char *key, hb_secret *ret, hb_error *err)
{
    hb_secret s = {0};
    if (file || variable) {
        hb_hold_secrets();
    }
    if (file) {
        HB_TRY(of_file(env, file, &s, err));
    } else if (variable) {
        HB_TRY(of_variable(variable, &s, err));
    }
    if (s.p && s.n == 0) {
        hb_secret_wipe(&s);
        return HB_FAIL(err, HB_E_CONFIG, "%s is empty (%s '%s')", key, file ? "file" : "variable",
                       file ? file : variable);
    }
    *ret = s;
    return HB_OK;
}

void hb_secret_wipe(hb_secret *s)
{
    if (s->p) {
        explicit_bzero(s->p, s->n);
        hb_free(s->p);
    }
    *s = (hb_secret){0};
}
