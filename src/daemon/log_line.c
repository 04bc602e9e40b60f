/* SPDX-License-Identifier: Apache-2.0 */
/* text:      2026-11-26T18:21:55.123456789Z warn source_retrying: broker is away source=rig id=4f2a
 * JSON:      {"time":…,"level":"warn","event":…,"message":…,"id":…,"fields":{…}}
 * journald:  KEY=value lines (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). Values hold no line end
 *            here, so the form with a length is never needed. */
#include "daemon/log_line.h"

#include "base/json_write.h"

#include <string.h>

enum { KEY_MAX = 50 };

const char *const hb_log_level_names[] = {"debug", "info", "warn", "error", NULL};
const char *const hb_log_format_names[] = {"text", "json", "journald", NULL};

/* syslog's severities */
static const int priorities[HB_LOG_LEVEL_COUNT_] = {
    [HB_LOG_DEBUG] = 7, [HB_LOG_INFO] = 6, [HB_LOG_WARN] = 4, [HB_LOG_ERROR] = 3};

/* At most HB_LOG_TEXT_MAX bytes, not ending within a character. */
static hb_str cut(const char *text)
{
    hb_str s = hb_str_of(text);
    if (s.n > HB_LOG_TEXT_MAX) {
        s.n = HB_LOG_TEXT_MAX;
        for (size_t back = 0; back < 3 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80; back++) {
            s.n--;
        }
    }
    return s;
}

static void put_shown(hb_buf *out, const char *text)
{
    char copy[HB_LOG_TEXT_MAX + 1];
    hb_str s = cut(text);
    if (s.n) {
        memcpy(copy, s.p, s.n);
    }
    copy[s.n] = '\0';
    hb_buf_shown(out, copy);
}

static void put_key(hb_buf *out, const char *key, bool upper)
{
    size_t n = 0;
    for (const char *c = key ? key : ""; *c && n < KEY_MAX; c++, n++) {
        bool lower = *c >= 'a' && *c <= 'z';
        bool plain = lower || (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z');
        hb_buf_ch(out, !plain ? '_' : lower && upper ? (char)(*c - 'a' + 'A') : *c);
    }
    if (n == 0) {
        hb_buf_ch(out, upper ? 'X' : '_');
    }
}

/* A value as it stands, or in double quotes where it would be read otherwise. */
static void put_value(hb_buf *out, const char *text)
{
    hb_str s = cut(text);
    bool plain = s.n > 0;
    for (size_t i = 0; i < s.n && plain; i++) {
        plain = s.p[i] != ' ' && s.p[i] != '"' && s.p[i] != '=' && s.p[i] != '\\';
    }
    if (plain) {
        put_shown(out, text);
        return;
    }
    char quoted[2 * HB_LOG_TEXT_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\') {
            quoted[n++] = '\\';
        }
        quoted[n++] = s.p[i];
    }
    quoted[n] = '\0';
    hb_buf_ch(out, '"');
    hb_buf_shown(out, quoted);
    hb_buf_ch(out, '"');
}

static void put_time(hb_buf *out, hb_time at)
{
    char text[HB_TIME_TEXT];
    hb_buf_add(out, text, hb_time_print(at, text));
}

static void text_line(const hb_log_entry *e, hb_buf *out)
{
    put_time(out, e->at);
    hb_buf_ch(out, ' ');
    hb_buf_c(out, hb_log_level_names[e->level]);
    hb_buf_ch(out, ' ');
    put_key(out, e->event, false);
    hb_buf_c(out, ": ");
    put_shown(out, e->sentence);
    for (size_t i = 0; i < e->n_fields; i++) {
        const hb_log_field *f = &e->fields[i];
        hb_buf_ch(out, ' ');
        put_key(out, f->key, false);
        hb_buf_ch(out, '=');
        if (f->text) {
            put_value(out, f->text);
        } else {
            hb_buf_i64(out, f->number);
        }
    }
    if (*e->correlation_id) {
        hb_buf_c(out, " id=");
        put_value(out, e->correlation_id);
    }
    hb_buf_ch(out, '\n');
}

/* Characters that JSON allows but that break lines or command terminals, as escapes. */
static void put_escaped(hb_buf *out, hb_str json)
{
    while (json.n) {
        uint32_t cp = 0;
        size_t len = hb_utf8_next(json, &cp);
        len = len ? len : 1;
        if ((cp >= 0x7f && cp <= 0x9f) || cp == 0x061c || cp == 0x200e || cp == 0x200f ||
            (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069)) {
            hb_buf_fmt(out, "\\u%04x", (unsigned)cp);
        } else {
            hb_buf_add(out, json.p, len);
        }
        json = (hb_str){json.p + len, json.n - len};
    }
}

static void put_json(hb_json *j, const hb_log_entry *e)
{
    char text[HB_TIME_TEXT];
    char key[KEY_MAX + 1];
    hb_buf name;
    hb_json_obj(j);
    hb_json_key(j, "time");
    hb_json_str(j, (hb_str){text, hb_time_print(e->at, text)});
    hb_json_kc(j, "level", hb_log_level_names[e->level]);
    hb_json_kc(j, "event", e->event);
    hb_json_key(j, "message");
    hb_json_str(j, cut(e->sentence));
    if (*e->correlation_id) {
        hb_json_kc(j, "id", e->correlation_id);
    }
    hb_json_key(j, "fields");
    hb_json_obj(j);
    hb_buf_init(&name, KEY_MAX);
    for (size_t i = 0; i < e->n_fields; i++) {
        const hb_log_field *f = &e->fields[i];
        hb_buf_clear(&name);
        put_key(&name, f->key, false);
        hb_str_fit(name.p, key, sizeof key);
        hb_json_key(j, key);
        if (f->text) {
            hb_json_str(j, cut(f->text));
        } else {
            hb_json_i64(j, f->number);
        }
    }
    hb_buf_release(&name);
    hb_json_end(j);
    hb_json_end(j);
}

static void json_line(const hb_log_entry *e, hb_buf *out)
{
    hb_buf raw;
    hb_json j;
    hb_buf_init(&raw, out->max);
    hb_json_init(&j, &raw, HB_JSON_LINE);
    put_json(&j, e);
    if (hb_json_done(&j, NULL) == HB_OK) {
        put_escaped(out, hb_str_trim((hb_str){raw.p, raw.n}));
        hb_buf_ch(out, '\n');
    } else {
        out->failed = HB_E_NOMEM;
    }
    hb_buf_release(&raw);
}

static void journald_pair(hb_buf *out, const char *key, const char *value)
{
    hb_buf_c(out, key);
    hb_buf_ch(out, '=');
    put_shown(out, value);
    hb_buf_ch(out, '\n');
}

static void journald_datagram(const hb_log_entry *e, hb_buf *out)
{
    journald_pair(out, "MESSAGE", e->sentence);
    hb_buf_fmt(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=hb\n", priorities[e->level]);
    journald_pair(out, "HB_EVENT", e->event);
    if (*e->correlation_id) {
        journald_pair(out, "HB_CORRELATION_ID", e->correlation_id);
    }
    for (size_t i = 0; i < e->n_fields; i++) {
        const hb_log_field *f = &e->fields[i];
        hb_buf_c(out, "HB_");
        put_key(out, f->key, true);
        hb_buf_ch(out, '=');
        if (f->text) {
            put_shown(out, f->text);
        } else {
            hb_buf_i64(out, f->number);
        }
        hb_buf_ch(out, '\n');
    }
}

void hb_log_line(const hb_log_entry *e, hb_log_format format, hb_buf *out)
{
    switch (format) {
    case HB_LOG_JSON:
        json_line(e, out);
        break;
    case HB_LOG_JOURNALD:
        journald_datagram(e, out);
        break;
    case HB_LOG_TEXT:
    case HB_LOG_FORMAT_COUNT_:
        text_line(e, out);
        break;
    }
}
