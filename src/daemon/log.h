/* SPDX-License-Identifier: Apache-2.0 */
/* Structured logs: an event name, a sentence, fields. Targets: text, JSON lines, journald, memory
 * (tests). The same event is written at most `burst` times in `interval_s`; what was held back is
 * counted and told. Any thread.
 *
 *     hb_log_new(&options, &log, err)
 *     hb_log_event(log, HB_LOG_WARN, "source_retrying", "broker is away", (hb_log_field[]){…}, n)
 *     hb_log_free(log)
 *
 * A log never stops the program: a target that does not take a line within 100 ms loses it, and how
 * many were lost is told with the next that goes through. journald that is not there: text on fd.
 * The program ignores SIGPIPE. Text from outside cannot forge a line or command a terminal:
 * control characters are shown as '?' (JSON: escaped), texts are cut at HB_LOG_TEXT_MAX bytes.
 * docs/live.md shows the three forms. */
#ifndef HB_DAEMON_LOG_H
#define HB_DAEMON_LOG_H

#include "base/error.h"
#include "os/os.h"

#include <stddef.h>
#include <stdint.h>

typedef enum hb_log_level {
    HB_LOG_DEBUG,
    HB_LOG_INFO,
    HB_LOG_WARN,
    HB_LOG_ERROR,
    HB_LOG_LEVEL_COUNT_
} hb_log_level;
typedef enum hb_log_format {
    HB_LOG_TEXT,
    HB_LOG_JSON,
    HB_LOG_JOURNALD,
    HB_LOG_FORMAT_COUNT_
} hb_log_format;

enum { HB_LOG_TEXT_MAX = 2048, HB_LOG_FIELDS_MAX = 32 };

extern const char *const hb_log_level_names[]; /* NULL at the end */
extern const char *const hb_log_format_names[];

typedef struct hb_log_field {
    const char *key;  /* [a-z0-9_], at most 50 bytes; other characters become '_' */
    const char *text; /* NULL: number is meant */
    int64_t number;
} hb_log_field;

typedef struct hb_log_options {
    const hb_os *os;
    hb_log_level level; /* from this on */
    hb_log_format format;
    int fd;                     /* text and JSON: where to; 2 = standard error */
    uint32_t burst;             /* 0 = 5 */
    uint32_t interval_s;        /* 0 = 60 */
    const char *correlation_id; /* of this start of the daemon; in every event */
    void (*capture)(void *ctx, const char *line, size_t n); /* instead of fd; may be NULL */
    void *capture_ctx;
    const char *journal_socket; /* NULL = systemd's */
} hb_log_options;

typedef struct hb_log hb_log;

/* Strings of the options are copied. HB_E_NOMEM only. */
HB_CHECKED hb_status hb_log_new(const hb_log_options *options, hb_log **ret_log, hb_error *err);
/* Tells what is still held back. No other thread may use the log any more. NULL is fine. */
void hb_log_free(hb_log *log);
/* log may be NULL: nothing happens. Events are known by name: at most 64 are counted at a time. */
void hb_log_event(hb_log *log, hb_log_level level, const char *event, const char *sentence,
                  const hb_log_field *fields, size_t n_fields);
/* From this level on, from now on. */
void hb_log_set_level(hb_log *log, hb_log_level level);
/* An error value as an event. */
void hb_log_error(hb_log *log, hb_log_level level, const char *event, const hb_error *err);

#endif
