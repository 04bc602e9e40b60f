/* SPDX-License-Identifier: Apache-2.0 */
/* Formats after proc(5) of the Linux man-pages and Documentation/accounting/psi.rst. Each collector
 * reads one file and hands its counters and levels on; counters become rates here, in one place. */
#include "source/host/host.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1 << 20, COUNTERS = 48, NAME_TEXT = 48, ZONES = 16 };

typedef struct counter {
    char metric[NAME_TEXT];
    const char *unit;
    double last;
    double scale; /* counter difference per second × scale = value */
    bool seen;
} counter;

struct hb_host {
    const hb_os *os;
    char *root;
    counter counters[COUNTERS];
    size_t n_counters;
    double cpu_last[8];
    bool cpu_seen;
    int64_t last_ns;
    double elapsed_s; /* since the previous reading, 0 at the first */
    hb_host_reading readings[HB_HOST_MAX_READINGS];
    char zone_names[ZONES][NAME_TEXT];
    size_t n_readings;
};

static void level(hb_host *h, const char *metric, const char *unit, double value)
{
    if (h->n_readings < HB_HOST_MAX_READINGS) {
        h->readings[h->n_readings++] = (hb_host_reading){metric, unit, value};
    }
}

static void rate(hb_host *h, const char *metric, const char *unit, double count, double scale)
{
    counter *c = NULL;
    for (size_t i = 0; i < h->n_counters && !c; i++) {
        c = strcmp(h->counters[i].metric, metric) == 0 ? &h->counters[i] : NULL;
    }
    if (!c) {
        if (h->n_counters == COUNTERS) {
            return;
        }
        c = &h->counters[h->n_counters++];
        snprintf(c->metric, sizeof c->metric, "%s", metric);
        c->unit = unit;
        c->scale = scale;
    }
    /* A counter that went back was reset (hot-unplug): no rate for this interval. */
    if (c->seen && h->elapsed_s > 0 && count >= c->last) {
        level(h, c->metric, c->unit, (count - c->last) / h->elapsed_s * c->scale);
    }
    c->last = count;
    c->seen = true;
}

/* Text walking: lines, then blank-separated words. */
static bool next_line(hb_str *rest, hb_str *ret_line)
{
    if (rest->n == 0) {
        return false;
    }
    size_t end = hb_str_find_ch(*rest, '\n');
    *ret_line = (hb_str){rest->p, end};
    size_t skip = end < rest->n ? end + 1 : end;
    rest->p += skip;
    rest->n -= skip;
    return true;
}

static hb_str next_word(hb_str *line)
{
    size_t i = 0;
    while (i < line->n && (line->p[i] == ' ' || line->p[i] == '\t')) {
        i++;
    }
    size_t from = i;
    while (i < line->n && line->p[i] != ' ' && line->p[i] != '\t') {
        i++;
    }
    hb_str word = {line->p + from, i - from};
    line->p += i;
    line->n -= i;
    return word;
}

static bool next_number(hb_str *line, double *ret)
{
    hb_str word = next_word(line);
    return hb_num_parse(word.p, word.n, ret) == HB_NUM_FINITE;
}

static size_t numbers(hb_str line, double *out, size_t max)
{
    size_t n = 0;
    while (n < max && next_number(&line, &out[n])) {
        n++;
    }
    return n;
}

static void cpu_line(hb_host *h, hb_str line)
{
    double now[8] = {0}; /* user nice system idle iowait irq softirq steal */
    if (numbers(line, now, 8) < 5) {
        return;
    }
    double d[8];
    double total = 0;
    for (size_t i = 0; i < 8; i++) {
        d[i] = now[i] - h->cpu_last[i];
        total += d[i];
        h->cpu_last[i] = now[i];
    }
    if (h->cpu_seen && total > 0) {
        level(h, "cpu_busy", "%", 100 * (total - d[3] - d[4]) / total);
        level(h, "cpu_user", "%", 100 * (d[0] + d[1]) / total);
        level(h, "cpu_system", "%", 100 * (d[2] + d[5] + d[6]) / total);
        level(h, "cpu_iowait", "%", 100 * d[4] / total);
    }
    h->cpu_seen = true;
}

static void read_stat(hb_host *h, hb_str text)
{
    hb_str line;
    while (next_line(&text, &line)) {
        hb_str key = next_word(&line);
        double v = 0;
        if (hb_str_eq_c(key, "cpu")) {
            cpu_line(h, line);
        } else if (hb_str_eq_c(key, "ctxt") && next_number(&line, &v)) {
            rate(h, "context_switches", "1/s", v, 1);
        } else if (hb_str_eq_c(key, "intr") && next_number(&line, &v)) {
            rate(h, "interrupts", "1/s", v, 1);
        } else if (hb_str_eq_c(key, "processes") && next_number(&line, &v)) {
            rate(h, "forks", "1/s", v, 1);
        } else if (hb_str_eq_c(key, "procs_running") && next_number(&line, &v)) {
            level(h, "processes_running", "count", v);
        }
    }
}

static void read_meminfo(hb_host *h, hb_str text)
{
    static const struct {
        const char *key;
        const char *metric;
    } rows[] = {{"MemAvailable:", "memory_available"}, {"Dirty:", "memory_dirty"}};
    hb_str line;
    while (next_line(&text, &line)) {
        hb_str key = next_word(&line);
        double kib = 0;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            hb_str rest = line;
            if (hb_str_eq_c(key, rows[i].key) && next_number(&rest, &kib)) {
                level(h, rows[i].metric, "MiB", kib / 1024);
            }
        }
    }
}

static void read_loadavg(hb_host *h, hb_str text)
{
    double v = 0;
    if (next_number(&text, &v)) {
        level(h, "load_1min", "1", v);
    }
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123": total is in µs. */
static void pressure(hb_host *h, const char *metric, hb_str text)
{
    hb_str line;
    while (next_line(&text, &line)) {
        if (!hb_str_starts(line, "some ")) {
            continue;
        }
        hb_str word;
        while ((word = next_word(&line)).n) {
            double us = 0;
            if (hb_str_starts(word, "total=") &&
                hb_num_parse(word.p + 6, word.n - 6, &us) == HB_NUM_FINITE) {
                rate(h, metric, "%", us, 1e-6 * 100);
            }
        }
    }
}

static void read_pressure_cpu(hb_host *h, hb_str text)
{
    pressure(h, "pressure_cpu", text);
}

static void read_pressure_io(hb_host *h, hb_str text)
{
    pressure(h, "pressure_io", text);
}

static void read_pressure_memory(hb_host *h, hb_str text)
{
    pressure(h, "pressure_memory", text);
}

/* Whole disks only: a partition would count the same bytes twice. */
static bool is_whole_disk(const hb_host *h, hb_str name)
{
    if (hb_str_starts(name, "loop") || hb_str_starts(name, "ram") || hb_str_starts(name, "dm-") ||
        hb_str_starts(name, "md")) {
        return false;
    }
    char path[512];
    snprintf(path, sizeof path, "%s/sys/block/%.*s", h->root, (int)name.n, name.p);
    return hb_path_exists(h->os, path);
}

static void read_diskstats(hb_host *h, hb_str text)
{
    double sectors_read = 0;
    double sectors_written = 0;
    size_t disks = 0;
    hb_str line;
    while (next_line(&text, &line)) {
        next_word(&line);
        next_word(&line);
        hb_str name = next_word(&line);
        double v[8];
        if (numbers(line, v, 8) == 8 && is_whole_disk(h, name)) {
            sectors_read += v[2];
            sectors_written += v[6];
            disks++;
        }
    }
    if (disks) {
        rate(h, "disk_read", "B/s", sectors_read, 512);
        rate(h, "disk_written", "B/s", sectors_written, 512);
    }
}

static void read_net(hb_host *h, hb_str text)
{
    double received = 0;
    double sent = 0;
    size_t links = 0;
    hb_str line;
    while (next_line(&text, &line)) {
        size_t colon = hb_str_find_ch(line, ':');
        hb_str name = hb_str_trim((hb_str){line.p, colon});
        if (colon == line.n || hb_str_eq_c(name, "lo")) {
            continue;
        }
        double v[9];
        if (numbers((hb_str){line.p + colon + 1, line.n - colon - 1}, v, 9) == 9) {
            received += v[0];
            sent += v[8];
            links++;
        }
    }
    if (links) {
        rate(h, "net_received", "B/s", received, 1);
        rate(h, "net_sent", "B/s", sent, 1);
    }
}

static hb_status read_file(const hb_host *h, const char *name, char **ret, size_t *ret_len,
                           hb_error *err)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", h->root, name);
    return hb_file_read(h->os, path, FILE_MAX_BYTES, ret, ret_len, err);
}

static void read_zones(hb_host *h)
{
    for (int i = 0; i < ZONES; i++) {
        char name[64];
        char *text = NULL;
        size_t len = 0;
        snprintf(name, sizeof name, "sys/class/thermal/thermal_zone%d/temp", i);
        if (read_file(h, name, &text, &len, NULL) != HB_OK) {
            break;
        }
        hb_str milli = hb_str_trim((hb_str){text, len});
        double v = 0;
        if (hb_num_parse(milli.p, milli.n, &v) == HB_NUM_FINITE) {
            snprintf(h->zone_names[i], NAME_TEXT, "temperature_zone%d", i);
            level(h, h->zone_names[i], "degC", v / 1000);
        }
        hb_free(text);
    }
}

static const struct {
    const char *file;
    void (*read)(hb_host *h, hb_str text);
    bool required;
} collectors[] = {
    {"proc/stat", read_stat, true},
    {"proc/meminfo", read_meminfo, false},
    {"proc/loadavg", read_loadavg, false},
    {"proc/pressure/cpu", read_pressure_cpu, false},
    {"proc/pressure/io", read_pressure_io, false},
    {"proc/pressure/memory", read_pressure_memory, false},
    {"proc/diskstats", read_diskstats, false},
    {"proc/net/dev", read_net, false},
};

hb_status hb_host_open(const hb_os *os, const char *root, hb_host **ret_host, hb_error *err)
{
    hb_host *h = hb_alloc_zero(sizeof *h);
    if (!h) {
        return HB_NOMEM(err);
    }
    h->os = os;
    h->root = hb_strdup(root);
    hb_status status = h->root ? HB_OK : HB_NOMEM(err);
    char path[512];
    snprintf(path, sizeof path, "%s/proc/stat", root);
    if (status == HB_OK && !hb_path_exists(os, path)) {
        status = HB_FAIL(err, HB_E_IO, "no '%s': this source needs Linux with /proc mounted", path);
    }
    if (status != HB_OK) {
        hb_host_close(h);
        return status;
    }
    *ret_host = h;
    return HB_OK;
}

void hb_host_close(hb_host *h)
{
    if (h) {
        hb_free(h->root);
        hb_free(h);
    }
}

hb_status hb_host_read(hb_host *h, int64_t monotonic_ns, const hb_host_reading **ret_readings,
                       size_t *ret_n, hb_error *err)
{
    h->elapsed_s = h->last_ns ? (double)(monotonic_ns - h->last_ns) / 1e9 : 0;
    h->last_ns = monotonic_ns;
    h->n_readings = 0;
    for (size_t i = 0; i < sizeof collectors / sizeof *collectors; i++) {
        char *text = NULL;
        size_t len = 0;
        hb_error why = {0};
        hb_status status = read_file(h, collectors[i].file, &text, &len, &why);
        if (status == HB_E_NOMEM || (status != HB_OK && collectors[i].required)) {
            return HB_FAIL(err, status == HB_E_NOMEM ? status : HB_E_IO, "%s", why.msg);
        }
        if (status == HB_OK) {
            collectors[i].read(h, (hb_str){text, len});
            hb_free(text);
        }
    }
    read_zones(h);
    *ret_readings = h->readings;
    *ret_n = h->n_readings;
    return HB_OK;
}
