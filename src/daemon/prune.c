/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine keeps no longer: reports over their cap, decisions of PASS windows. Each removal
 * is in the lab's log. */
#include "daemon/engine_internal.h"

#include "base/json_write.h"
#include "store/audit.h"

#include <stdio.h>

enum { PRUNE_AT_ONCE = 2000, SHRINK_AT_ONCE = 500, SHRINK_ROUNDS = 20 };

/* What is over the cap may stay a while: it is told, and no reason not to decide. */
hb_status hb_engine_reports_pass(hb_engine *e, hb_error *err)
{
    hb_error why = {0};
    hb_status status = hb_reports_pass(e->reports, &e->told.reports_dropped, &why);
    hb_reports_held(e->reports, &e->told.reports_held, &e->told.reports_held_bytes);
    e->told.cap_why[0] = '\0';
    if (status == HB_E_NOMEM) {
        return HB_NOMEM(err);
    }
    if (status != HB_OK) {
        snprintf(e->told.cap_why, sizeof e->told.cap_why,
                 "reports over max_report_dir_mb are not taken away: %.140s", why.msg);
        if (e->s.log) {
            hb_log_error(e->s.log, HB_LOG_WARN, "reports_not_dropped", &why);
        }
    }
    return HB_OK;
}

/* For which rule decisions went. */
typedef struct prune_why {
    const hb_engine *engine;
    const char *rule;
    hb_live_prune_told told;
} prune_why;

/* Members in ascending order. */
static void prune_members(void *ctx, hb_json *j)
{
    const prune_why *w = ctx;
    hb_json_ku(j, "bytes", w->told.bytes);
    hb_json_ku(j, "count", w->told.n);
    hb_json_kt(j, "first_end", w->told.first_end);
    hb_json_kt(j, "last_end", w->told.last_end);
    hb_json_kc(j, "rule", w->rule);
    hb_json_kc(j, "what", "window decisions");
}

static hb_status prune_log(void *ctx, const hb_live_prune_told *told, hb_error *err)
{
    prune_why *w = ctx;
    const hb_engine *e = w->engine;
    w->told = *told;
    return hb_store_log(e->s.store, "retention", e->s.config->name, e->s.os->now(), "",
                        prune_members, w, err);
}

static hb_status prune(hb_engine *e, hb_time before, size_t most, const char *rule, uint64_t *ret_n,
                       hb_error *err)
{
    prune_why why = {.engine = e, .rule = rule};
    hb_live_prune_told told = {0};
    const hb_live_prune_ask ask = {.stream = e->s.config->name,
                                   .before = before,
                                   .light = true,
                                   .most = most,
                                   .tell = prune_log,
                                   .ctx = &why};
    HB_TRY(hb_live_prune(e->s.store, &ask, &told, err));
    *ret_n = told.n;
    return HB_OK;
}

/* Over its limit the oldest go, whatever their age, and a tenth more, so that it is not done every
 * minute. */
static hb_status shrink(hb_engine *e, hb_error *err)
{
    const uint64_t most = (uint64_t)e->s.config->max_registry_mb << 20;
    uint64_t used = 0;
    HB_TRY(hb_store_used(e->s.store, &used, err));
    uint64_t n = most && used > most;
    for (unsigned i = 0; n && used > most - most / 10 && i < SHRINK_ROUNDS; i++) {
        HB_TRY(prune(e, INT64_MAX, SHRINK_AT_ONCE, "limits.max_registry_mb", &n, err));
        HB_TRY(hb_store_used(e->s.store, &used, err));
    }
    e->told.registry_bytes = used;
    e->told.registry_why[0] = '\0';
    if (most && used > most) {
        snprintf(e->told.registry_why, sizeof e->told.registry_why,
                 "the registry holds %llu MiB, limits.max_registry_mb is %u, and %s",
                 (unsigned long long)(used >> 20), e->s.config->max_registry_mb,
                 n ? "more is to be dropped" : "nothing of it may be dropped by itself");
    }
    return HB_OK;
}

/* In lots, so that the log gets an entry an hour and not one a minute. */
static hb_time prune_before(const hb_engine *e, hb_time mark)
{
    const int64_t hour = INT64_C(3600000000000);
    int64_t keep = e->s.config->keep_pass_ns;
    int64_t lot = keep / 24 < hour ? keep / 24 : hour;
    hb_time before = mark - keep;
    return lot > 0 ? before - before % lot : before;
}

hb_status hb_engine_prune(hb_engine *e, hb_error *err)
{
    hb_time mark = hb_windows_watermark(e->windows);
    uint64_t n = 0;
    HB_TRY(hb_engine_reports_pass(e, err));
    if (e->s.config->keep_pass_ns && mark != HB_TIME_NONE) {
        HB_TRY(prune(e, prune_before(e, mark), PRUNE_AT_ONCE, "decisions.keep_pass", &n, err));
    }
    return shrink(e, err);
}
