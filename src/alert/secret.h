/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of sinks: from a file or an environment variable, never from the configuration itself. */
#ifndef HB_ALERT_SECRET_H
#define HB_ALERT_SECRET_H

#include "alert/sink.h"

typedef struct hb_secret {
    char *p; /* NUL-terminated; NULL = none was named */
    size_t n;
} hb_secret;

/* The whole file but a line end at its end, or the variable. Neither named: *ret = {NULL, 0}. An
 * empty one is HB_E_CONFIG. `key` is the configuration's word for it ("secret"). */
HB_CHECKED hb_status hb_sink_secret_read(const hb_sink_env *env, const char *file,
                                         const char *variable, const char *key, hb_secret *ret,
                                         hb_error *err);
void hb_secret_wipe(hb_secret *s);

/* Both named is HB_E_CONFIG. */
HB_CHECKED hb_status hb_secret_check(const char *file, const char *variable, const char *key,
                                     hb_error *err);

/* Rows of a sink's table for a secret KEY: KEY_file, KEY_env, and KEY itself refused. */
#define HB_SECRET_FIELDS(name, type, file_member, env_member, what)                              \
    {.key = name "_file",                                                                        \
     .kind = HB_FIELD_STRING,                                                                    \
     .offset = offsetof(type, file_member),                                                      \
     .max = 4096,                                                                                \
     .doc = "file that holds " what "; a line end at its end is not part of it"},                \
        {.key = name "_env",                                                                     \
         .kind = HB_FIELD_STRING,                                                                \
         .offset = offsetof(type, env_member),                                                   \
         .max = 256,                                                                             \
         .doc = "environment variable that holds " what},                                        \
    {                                                                                            \
        .key = name, .kind = HB_FIELD_REFUSED,                                                   \
        .doc = "secrets do not stand in configuration files; write " name "_file: PATH or " name \
               "_env: NAME"                                                                      \
    }

/* A path of the configuration, relative ones from base_dir; NULL gives NULL. Free with hb_free. */
HB_CHECKED hb_status hb_sink_path(const hb_sink_env *env, const char *path, char **ret_path,
                                  hb_error *err);

#endif
