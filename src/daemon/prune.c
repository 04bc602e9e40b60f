/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine keeps no longer: reports over their cap, decisions of PASS windows. Each removal
 * is in the lab's log. */
#include "daemon/engine_internal.h"

#include "base/json_write.h"
#include "store/audit.h"

#include <stdio.h>

enum { PRUNE_AT_ONCE = 2000 };

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

/* Members in ascending order. */
static void prune_members(void *ctx, hb_json *j)
{
    const hb_live_prune_told *t = ctx;
    hb_json_ku(j, "bytes", t->bytes);
    hb_json_ku(j, "count", t->n);
    hb_json_kt(j, "first_end", t->first_end);
    hb_json_kt(j, "last_end", t->last_end);
    hb_json_kc(j, "rule", "decisions.keep_pass");
    hb_json_kc(j, "what", "window decisions");
}

static hb_status prune_log(void *ctx, const hb_live_prune_told *told, hb_error *err)
{
    const hb_engine *e = ctx;
    hb_live_prune_told t = *told;
    return hb_store_log(e->s.store, "retention", e->s.config->name, e->s.os->now(), "",
                        prune_members, &t, err);
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
    hb_live_prune_told told = {0};
    HB_TRY(hb_engine_reports_pass(e, err));
    if (e->s.config->keep_pass_ns == 0 || mark == HB_TIME_NONE) {
        return HB_OK;
    }
    const hb_live_prune_ask ask = {.stream = e->s.config->name,
                                   .before = prune_before(e, mark),
                                   .light = true,
                                   .most = PRUNE_AT_ONCE,
                                   .tell = prune_log,
                                   .ctx = e};
    return hb_live_prune(e->s.store, &ask, &told, err);
}
