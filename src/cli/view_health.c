/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_health.h"

#include "base/time.h"
#include "cli/table.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { CELL = 24 };

/* Members that are missing read as empty, so an older or newer daemon is still shown. */
static const char *text(const json_t *o, const char *key)
{
    const char *t = json_string_value(json_object_get(o, key));
    return t ? t : "";
}

/* Integers beyond 2^53 come as text. */
static const char *number(const json_t *o, const char *key, char out[CELL])
{
    const json_t *v = json_object_get(o, key);
    if (json_is_string(v)) {
        hb_str_fit(json_string_value(v), out, CELL);
    } else if (json_is_integer(v)) {
        snprintf(out, CELL, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    } else {
        snprintf(out, CELL, "%.3g", json_number_value(v));
    }
    return out;
}

static double real(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static const char *size(double bytes, char out[CELL])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t u = 0;
    while (bytes >= 1024 && u < 4) {
        bytes /= 1024;
        u++;
    }
    snprintf(out, CELL, u ? "%.1f %s" : "%.0f %s", bytes, units[u]);
    return out;
}

static void line(hb_buf *out, const char *name, const char *value)
{
    hb_buf_fmt(out, "%-12s", name);
    hb_buf_shown(out, value);
    hb_buf_ch(out, '\n');
}

static void figures(const json_t *o, hb_buf *out)
{
    char a[CELL];
    char b[CELL];
    char c[CELL];
    const json_t *process = json_object_get(o, "process");
    const json_t *engine = json_object_get(o, "engine");
    const json_t *journal = json_object_get(o, "journal");
    const json_t *windows = json_object_get(o, "windows");
    const json_t *verdicts = json_object_get(windows, "verdicts");
    const json_t *latency = json_object_get(engine, "decision_latency");
    hb_buf_fmt(out, "%-12s", "since");
    hb_buf_shown(out, text(process, "started"));
    hb_buf_c(out, ", version ");
    hb_buf_shown(out, text(process, "version"));
    hb_buf_fmt(out, "\n%-12s%s in memory, %s descriptors\n", "process",
               size(real(process, "rss_bytes"), a), number(process, "descriptors", b));
    hb_buf_fmt(out, "%-12s%s and %s s behind\n", "lag", size(real(engine, "lag_bytes"), a),
               number(engine, "lag_s", b));
    hb_buf_fmt(out, "%-12s%s in %s segments, %s records since the start%s\n", "journal",
               size(real(journal, "bytes"), a), number(journal, "segments", b),
               number(journal, "records", c),
               json_is_false(json_object_get(journal, "sync_ok")) ? ", SYNC FAILED" : "");
    hb_buf_fmt(out, "%-12s%s open, %s metrics, watermark ", "windows", number(windows, "open", a),
               number(windows, "metrics", b));
    hb_buf_shown(out, text(windows, "watermark"));
    hb_buf_fmt(out, "\n%-12s", "judged");
    const char *between = "";
    const char *name = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)verdicts, name, value)
    {
        hb_buf_fmt(out, "%s%s ", between, number(verdicts, name, a));
        hb_buf_shown(out, name);
        between = ", ";
    }
    double n = real(latency, "n");
    if (n > 0) {
        hb_buf_fmt(out, "; %.3g ms on average", real(latency, "sum_s") / n * 1e3);
    }
    hb_buf_ch(out, '\n');
}

static void alerts(const json_t *o, hb_buf *out)
{
    char a[CELL];
    char b[CELL];
    const json_t *alerts = json_object_get(o, "alerts");
    const json_t *active = json_object_get(alerts, "active");
    const char *name = NULL;
    const json_t *value = NULL;
    bool any = false;
    hb_buf_fmt(out, "%-12s", "alerts");
    json_object_foreach((json_t *)(uintptr_t)active, name, value)
    {
        if (json_integer_value(value) > 0) {
            hb_buf_fmt(out, "%s%s ", any ? ", " : "", number(active, name, a));
            hb_buf_shown(out, name);
            any = true;
        }
    }
    hb_buf_fmt(out, "%s; %s not acknowledged, %s shelved\n", any ? "" : "none active",
               number(alerts, "unacknowledged", a), number(alerts, "shelved", b));
}

static hb_status check_table(const json_t *o, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"CHECK", "OK", "WHY"};
    hb_table_text t;
    size_t i = 0;
    const json_t *c = NULL;
    hb_table_text_begin(&t, head, 3);
    json_array_foreach(json_object_get(o, "checks"), i, c)
    {
        const char *cells[] = {
            text(c, "name"), json_is_true(json_object_get(c, "ok")) ? "yes" : "NO", text(c, "why")};
        hb_table_text_row(&t, cells);
    }
    hb_buf_ch(out, '\n');
    return hb_table_text_end(&t, out, err);
}

static hb_status source_table(const json_t *o, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"SOURCE", "KIND",       "STATE", "RECORDS",
                                       "LOST",   "LAST HEARD", "WHY"};
    hb_table_text t;
    size_t i = 0;
    const json_t *s = NULL;
    hb_table_text_begin(&t, head, 7);
    json_array_foreach(json_object_get(o, "sources"), i, s)
    {
        char records[CELL];
        char lost[CELL];
        double n = 0;
        size_t k = 0;
        const json_t *l = NULL;
        json_array_foreach(json_object_get(s, "lost"), k, l)
        {
            n += real(l, "n");
        }
        snprintf(lost, sizeof lost, "%.0f", n);
        const char *cells[] = {text(s, "name"),
                               text(s, "kind"),
                               text(s, "state"),
                               number(s, "records", records),
                               lost,
                               text(s, "last_arrival"),
                               text(s, "why")};
        hb_table_text_row(&t, cells);
    }
    hb_buf_ch(out, '\n');
    return hb_table_text_end(&t, out, err);
}

static hb_status sink_table(const json_t *o, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"SINK", "WAITING", "SENT", "FAILED", "DEAD", "LAST ERROR"};
    hb_table_text t;
    size_t i = 0;
    const json_t *s = NULL;
    if (json_array_size(json_object_get(o, "sinks")) == 0) {
        return HB_OK;
    }
    hb_table_text_begin(&t, head, 6);
    json_array_foreach(json_object_get(o, "sinks"), i, s)
    {
        char cell[4][CELL];
        const char *cells[] = {text(s, "name"),
                               number(s, "waiting", cell[0]),
                               number(s, "sent", cell[1]),
                               number(s, "failed", cell[2]),
                               number(s, "dead", cell[3]),
                               text(s, "last_error")};
        hb_table_text_row(&t, cells);
    }
    hb_buf_ch(out, '\n');
    return hb_table_text_end(&t, out, err);
}

static hb_status show(const json_t *o, hb_buf *out, hb_error *err)
{
    bool ready = json_is_true(json_object_get(o, "ready"));
    line(out, "ready", ready ? "yes" : "NO");
    if (json_is_true(json_object_get(o, "degraded"))) {
        line(out, "degraded", text(o, "degraded_why"));
    }
    if (*text(o, "training")) {
        line(out, "training", text(o, "training"));
    }
    figures(o, out);
    alerts(o, out);
    HB_TRY(check_table(o, out, err));
    HB_TRY(source_table(o, out, err));
    return sink_table(o, out, err);
}

hb_status hb_view_health_text(hb_str json, hb_buf *out, bool *ret_ready, hb_error *err)
{
    json_t *o = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
    hb_status status;
    if (!o || strcmp(text(o, "format"), "hb-health/1") != 0) {
        status = HB_FAIL(err, HB_E_IO, "the answer is no health of a daemon (hb-health/1)");
    } else {
        *ret_ready = json_is_true(json_object_get(o, "ready"));
        status = show(o, out, err);
    }
    json_decref(o);
    return status;
}
