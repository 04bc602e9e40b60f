/* SPDX-License-Identifier: Apache-2.0 */
#include "input/time_rule.h"

#include "base/mem.h"
#include "input/timecol.h"

#include <string.h>

hb_status hb_time_rules_infer(const hb_time_source *s, hb_arena *arena,
                              hb_time_rule ret[HB_TIME_CANDIDATES], size_t *ret_n, hb_error *err)
{
    (void)arena;
    (void)err;
    *ret_n = 0;
    for (size_t i = 0; i < s->n_columns && *ret_n == 0; i++) {
        hb_timecol tc = {0};
        for (size_t r = 0; r < s->n_rows && tc.kind == HB_TIMECOL_UNSETTLED; r++) {
            if (hb_timecol_named(s->columns[i].name)) {
                hb_timecol_settle(&tc, &s->cells[r * s->n_columns + i], s->decimal,
                                  s->columns[i].name);
            }
        }
        if (tc.kind != HB_TIMECOL_UNSETTLED) {
            ret[0] = (hb_time_rule){
                .kind = tc.kind == HB_TIMECOL_ELAPSED ? HB_AXIS_ELAPSED
                        : tc.kind == HB_TIMECOL_EPOCH ? HB_AXIS_UTC
                                                      : HB_AXIS_LOCAL,
                .columns = {i},
                .n_columns = 1,
                .form = {(uint8_t)tc.kind},
                .scale_ns = tc.scale_ns,
                .plain_number = tc.kind == HB_TIMECOL_ELAPSED,
                .notation = "time",
                .why = "its name and first cell",
                .confidence = 1,
            };
            *ret_n = 1;
        }
    }
    return HB_OK;
}

hb_time hb_time_rule_read(const hb_time_rule *r, const hb_cell *const parts[HB_TIME_PARTS],
                          char decimal)
{
    hb_timecol tc = {.kind = (hb_time_kind)r->form[0], .scale_ns = r->scale_ns};
    return hb_timecol_read(&tc, parts[0], decimal);
}

struct hb_time_steps {
    hb_time_summary s;
};

hb_status hb_time_steps_new(hb_time_steps **ret, hb_error *err)
{
    *ret = hb_alloc_zero(sizeof **ret);
    return *ret ? HB_OK : HB_NOMEM(err);
}

void hb_time_steps_free(hb_time_steps *s)
{
    hb_free(s);
}

hb_status hb_time_steps_add(hb_time_steps *s, const hb_time *t, size_t n, hb_error *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        if (t[i] == HB_TIME_NONE) {
            s->s.n_unparsed++;
            continue;
        }
        s->s.first = s->s.n_parsed ? s->s.first : t[i];
        s->s.last = t[i];
        s->s.n_parsed++;
    }
    return HB_OK;
}

hb_status hb_time_steps_finish(hb_time_steps *s, hb_time_summary *ret, hb_error *err)
{
    (void)err;
    *ret = s->s;
    return HB_OK;
}
