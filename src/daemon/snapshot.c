/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says of itself, gathered from its parts. */
#include "daemon/supervise_internal.h"

#include "base/num.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Field number `field` of /proc/self/statm, in bytes. */
static uint64_t statm(const hb_os *os, unsigned field)
{
    char text[128];
    int fd = os->open("/proc/self/statm", O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
        return 0;
    }
    ssize_t n = os->read(fd, text, sizeof text);
    os->close(fd);
    hb_str rest = {text, n > 0 ? (size_t)n : 0};
    for (unsigned i = 0; i < field; i++) {
        size_t blank = hb_str_find_ch(rest, ' ');
        rest = blank < rest.n ? (hb_str){rest.p + blank + 1, rest.n - blank - 1} : HB_STR("");
    }
    uint64_t pages = 0;
    return hb_num_parse_u64(rest.p, hb_str_find_ch(rest, ' '), &pages)
               ? pages * (uint64_t)sysconf(_SC_PAGESIZE)
               : 0;
}

/* Without what is mapped from files: the journal's pages are the system's to take back. */
uint64_t hb_supervisor_memory(const hb_os *os)
{
    uint64_t resident = statm(os, 1);
    uint64_t shared = statm(os, 2);
    return resident > shared ? resident - shared : 0;
}

static uint32_t descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    uint32_t n = 0;
    while (d && readdir(d)) {
        n++;
    }
    if (d) {
        closedir(d);
    }
    return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

static void check(hb_health_snapshot *s, const char *name, bool ok, const char *why)
{
    if (s->n_checks < sizeof s->checks / sizeof *s->checks) {
        hb_health_check *c = &s->checks[s->n_checks++];
        c->name = name;
        c->ok = ok;
        hb_str_fit(why, c->why, sizeof c->why);
        s->ready = s->ready && ok;
    }
}

static void degraded(hb_health_snapshot *s, const char *why)
{
    if (!s->degraded) {
        s->degraded = true;
        hb_str_fit(why, s->degraded_why, sizeof s->degraded_why);
    }
}

/* The name outlives the snapshot. */
static const char *named(char *room, size_t size, const char *kind, const char *name)
{
    snprintf(room, size, "%s:%s", kind, name);
    return room;
}

/* At its own limit it works as configured: that alone is degraded and not unready. */
static void journal(hb_supervisor *v, hb_health_snapshot *s)
{
    hb_feeders_wait w = {0};
    if (v->feeders) {
        hb_feeders_waiting(v->feeders, &w);
    }
    if (s->journal.sync_failed != HB_OK && !w.disk) {
        check(s, "journal", false, "the disk does not take what was received");
    } else {
        check(s, "journal", !w.disk, w.why);
    }
    if (w.waits) {
        degraded(s, w.why);
    }
}

static void packs(hb_supervisor *v, hb_health_snapshot *s)
{
    hb_packer_state p;
    if (!v->packer) {
        return;
    }
    hb_packer_get_state(v->packer, &p);
    s->packs = true;
    s->packs_wanted = p.wanted;
    s->packs_made = p.made;
    s->packs_gone = p.gone;
    s->packs_bytes = p.bytes;
    s->packs_held = p.held;
    s->packs_held_bytes = p.held_bytes;
    check(s, "evidence_packs", !*p.why, p.why);
    if (*p.why) {
        degraded(s, "evidence packs cannot be made: they are tried again");
    }
    if (*p.cap_why) {
        degraded(s, "evidence packs over max_evidence_mb cannot be taken away");
    }
}

static void over_cap(hb_health_snapshot *s, uint64_t n, uint64_t bytes, const char *what,
                     const char *cap)
{
    char why[160];
    if (n) {
        snprintf(why, sizeof why,
                 "%" PRIu64 " %s (%" PRIu64
                 " bytes) are on hold: %s is not kept; hb custody list --held",
                 n, what, bytes, cap);
        degraded(s, why);
    }
}

/* What is on hold stays, whatever it costs, and what that costs is told. */
static void holds(const hb_supervisor *v, const hb_engine_state *e, hb_health_snapshot *s)
{
    s->reports_held = e->reports_held;
    s->reports_held_bytes = e->reports_held_bytes;
    over_cap(s, s->journal.kept_segments, s->journal.kept_bytes, "journal segments",
             "journal.max_mb or max_age");
    over_cap(s, s->reports_held, s->reports_held_bytes, "reports", "max_report_dir_mb");
    over_cap(s, s->packs_held, s->packs_held_bytes, "evidence packs", "max_evidence_mb");
    if (*e->cap_why) {
        degraded(s, e->cap_why);
    }
    if (*v->retention_why) {
        degraded(s, v->retention_why);
    }
}

static void checks(hb_supervisor *v, const hb_engine_state *e, hb_health_snapshot *s)
{
    s->ready = true;
    check(s, "registry", !*v->registry_why, v->registry_why);
    journal(v, s);
    check(s, "baseline", !*e->baseline_why, e->baseline_why);
    check(s, "evidence", !*e->evidence_why, e->evidence_why);
    for (uint32_t i = 0; i < s->n_sources; i++) {
        const hb_health_source *x = &s->sources[i];
        check(s, named(v->source_checks[i], sizeof v->source_checks[i], "source", x->name),
              x->state == HB_SOURCE_RUNNING || x->state == HB_SOURCE_DONE, x->why);
    }
    for (uint32_t i = 0; i < s->n_sinks; i++) {
        const hb_outbox_state *x = &s->sinks[i];
        check(s, named(v->sink_checks[i], sizeof v->sink_checks[i], "outbox", x->name), !x->open,
              x->open ? x->last_error : "");
    }
    packs(v, s);
    if (v->throttled) {
        degraded(s, "memory is over its limit: sources wait");
    }
    if (*v->registry_why) {
        degraded(s, "the registry does not take decisions: they wait");
    }
    if (*e->evidence_why) {
        degraded(s, "records read again gave another decision");
    }
    if (*e->reports_why) {
        degraded(s, e->reports_why);
    }
    if (*e->registry_why) {
        degraded(s, e->registry_why);
    }
    holds(v, e, s);
}

static void usage(const hb_supervisor *v, hb_health_snapshot *s)
{
    struct rusage r;
    s->rss_bytes = statm(v->s->os, 1);
    s->rss_max_bytes = (uint64_t)v->s->config->max_rss_mb << 20;
    s->registry_max_bytes = (uint64_t)v->s->config->max_registry_mb << 20;
    s->descriptors = descriptors();
    if (getrusage(RUSAGE_SELF, &r) == 0) {
        s->cpu_ms = (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
                    (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
    }
}

static void engine(const hb_engine_state *e, hb_time now, hb_health_snapshot *s)
{
    s->decided = e->decided;
    s->watermark = e->watermark;
    s->metrics = e->metrics;
    s->registry_bytes = e->registry_bytes;
    s->open_windows = e->open_windows;
    memcpy(s->windows_counts, e->counts, sizeof s->windows_counts);
    memcpy(s->verdicts, e->windows, sizeof s->verdicts);
    s->cycles = e->cycles;
    s->checkpoints = e->checkpoints;
    s->checkpoint_s = e->checkpoint_s;
    s->latency_sum = e->latency_sum;
    s->latency_count = e->latency_count;
    s->n_latency = HB_ENGINE_BUCKETS;
    for (size_t i = 0; i < HB_ENGINE_BUCKETS; i++) {
        s->latency_le[i] = hb_engine_latency_le[i];
        s->latency_n[i] = e->latency_n[i];
    }
    hb_str_fit(e->training, s->training, sizeof s->training);
    if (e->position < s->journal.end && e->last_arrival != HB_TIME_NONE && now > e->last_arrival) {
        s->lag_s = (double)(now - e->last_arrival) / 1e9;
    }
}

_Static_assert((int)HB_ENGINE_BUCKETS <= (int)HB_HEALTH_BUCKETS, "all of them are shown");

void hb_supervisor_publish(hb_supervisor *v)
{
    hb_health_snapshot s = {
        .at = v->s->os->now(), .started = v->started, .config_reloads = v->reloads};
    hb_engine_state e;
    hb_engine_get_state(v->engine, &e);
    hb_journal_get_state(v->journal, &s.journal);
    engine(&e, s.at, &s);
    if (v->feeders) {
        hb_feeders_health(v->feeders, &s);
    }
    if (v->outbox) {
        size_t n = hb_outbox_states(v->outbox, s.sinks, HB_HEALTH_SINKS);
        s.n_sinks = (uint32_t)(n < HB_HEALTH_SINKS ? n : HB_HEALTH_SINKS);
    }
    HB_IGNORE(hb_alerts_count(v->store, v->config->name, &s.alerts, NULL)); /* zeros then */
    usage(v, &s);
    checks(v, &e, &s);
    hb_health_publish(v->health, &s);
}
