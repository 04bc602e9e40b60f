/* SPDX-License-Identifier: Apache-2.0 */
#include "source/host/recorder.h"

#include "base/json_write.h"
#include "source/host/host.h"

#include <errno.h>
#include <time.h>

static void write_csv(hb_buf *out, const char *time, const hb_host_reading *r)
{
    hb_buf_fmt(out, "%s,%s,", time, r->metric);
    hb_buf_f64(out, r->value);
    hb_buf_fmt(out, ",%s\n", r->unit);
}

static void write_jsonl(hb_buf *out, const char *time, const hb_host_reading *r)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "metric", r->metric);
    hb_json_kc(&j, "time", time);
    hb_json_kc(&j, "unit", r->unit);
    hb_json_kf(&j, "value", r->value);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
}

static const struct {
    const char *head;
    void (*write)(hb_buf *out, const char *time, const hb_host_reading *r);
} formats[] = {
    [HB_RECORD_CSV] = {"time,metric,value,unit\n", write_csv},
    [HB_RECORD_JSONL] = {"", write_jsonl},
};

/* Sleeps to a point of the monotonic clock; returns how late it woke, in µs. */
static double sleep_until(const hb_os *os, int64_t due_ns)
{
    struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000),
                           .tv_nsec = (long)(due_ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR) {
    }
    double late_us = (double)(os->monotonic_ns() - due_ns) / 1e3;
    return late_us > 0 ? late_us : 0;
}

static hb_status record(const hb_os *os, const hb_record_options *o, hb_host *host, hb_buf *out,
                        uint64_t *ret_samples, hb_error *err)
{
    int64_t interval_ns = (int64_t)(o->interval_s * 1e9);
    int64_t start = os->monotonic_ns();
    const hb_host_reading *readings = NULL;
    size_t n = 0;
    HB_TRY(hb_host_read(host, start, &readings, &n, err)); /* rates need a first reading */
    for (uint64_t i = 1;; i++) {
        double done_s = (double)(i - 1) * o->interval_s;
        if (done_s + o->interval_s > o->seconds * (1 + 1e-9) ||
            (o->go_on && !o->go_on(o->ctx, done_s, o->seconds))) {
            return HB_OK;
        }
        double late_us = sleep_until(os, start + (int64_t)i * interval_ns);
        HB_TRY(hb_host_read(host, os->monotonic_ns(), &readings, &n, err));
        char time[HB_TIME_TEXT];
        hb_time_print(os->now(), time);
        for (size_t k = 0; k < n; k++) {
            formats[o->format].write(out, time, &readings[k]);
        }
        formats[o->format].write(out, time, &(hb_host_reading){"wakeup_delay", "us", late_us});
        HB_TRY(hb_buf_check(out, err));
        *ret_samples = i;
    }
}

hb_status hb_record(const hb_os *os, const hb_record_options *options, hb_buf *out,
                    uint64_t *ret_samples, hb_error *err)
{
    if (!(options->interval_s >= 0.02 && options->interval_s <= 60)) {
        return HB_FAIL(err, HB_E_USAGE, "interval must be 0.02 to 60 s, got %g",
                       options->interval_s);
    }
    if (!(options->seconds >= options->interval_s && options->seconds <= 86400)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "seconds must be at least one interval and at most 86400, got "
                       "%g",
                       options->seconds);
    }
    hb_host *host = NULL;
    HB_TRY(hb_host_open(os, options->root, &host, err));
    hb_buf_c(out, formats[options->format].head);
    *ret_samples = 0;
    hb_status status = record(os, options, host, out, ret_samples, err);
    hb_host_close(host);
    return status;
}
