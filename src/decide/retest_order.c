/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/layer2.h"

#include "base/buf.h"

#include <string.h>

enum { TEXT_MAX_BYTES = 16384, NAMES_TOLD = 5 };
#define NS_A_DAY (INT64_C(86400) * 1000000000)

static hb_time until_of(hb_time start, uint32_t days)
{
    if (start == HB_TIME_NONE || start > INT64_MAX - (int64_t)days * NS_A_DAY) {
        return HB_TIME_NONE;
    }
    return start + (int64_t)days * NS_A_DAY;
}

static hb_status collect(hb_decision *d, hb_retest_order *o, hb_error *err)
{
    o->metrics = hb_arena_array(&d->arena, d->statistics.n_suspected, sizeof *o->metrics);
    if (!o->metrics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < d->n_comparisons; i++) {
        if (d->comparisons[i].test.suspected) {
            o->metrics[o->n_metrics++] = d->comparisons[i].name;
        }
    }
    return HB_OK;
}

static void names(const char *const *list, size_t n, hb_buf *out)
{
    for (size_t i = 0; i < n && i < NAMES_TOLD; i++) {
        hb_buf_fmt(out, "%s%s", i ? ", " : "", list[i]);
    }
    if (n > NAMES_TOLD) {
        hb_buf_fmt(out, " and %zu more", n - NAMES_TOLD);
    }
}

static void which(const hb_decision *d, hb_buf *out)
{
    const hb_run_meta *m = &d->run->meta;
    hb_buf_fmt(out, "Repeat run '%s'", m->run_id);
    const char *sep = " (";
    const struct {
        const char *what;
        const char *value;
    } parts[] = {{"program", m->program}, {"subsystem", m->subsystem}, {"test", m->test_name}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (*parts[i].value) {
            hb_buf_fmt(out, "%s%s %s", sep, parts[i].what, parts[i].value);
            sep = ", ";
        }
    }
    hb_buf_c(out, strcmp(sep, ", ") == 0 ? ")" : "");
}

static void context(const hb_decision *d, hb_buf *out)
{
    const char *sep = " under the same context (";
    for (unsigned f = 0; f < HB_CONTEXT_COUNT; f++) {
        const char *value = d->run->meta.context[f];
        if (d->policy->context_match[f] && *value) {
            hb_buf_fmt(out, "%s%s %s", sep, hb_context_name((hb_context_field)f), value);
            sep = ", ";
        }
    }
    hb_buf_c(out, strcmp(sep, ", ") == 0 ? ")"
                                         : " (it states no context, so any run of the test "
                                           "counts)");
}

static void deadline(const hb_retest_order *o, hb_buf *out)
{
    char when[HB_TIME_TEXT];
    if (o->until == HB_TIME_NONE) {
        hb_buf_fmt(out, " within %u day%s", o->days, o->days == 1 ? "" : "s");
        return;
    }
    hb_time_print(o->until, when);
    hb_buf_fmt(out, " by %s", when);
}

/* Names of the suspected metrics that would fail the run. */
static void critical(const hb_decision *d, hb_buf *out)
{
    size_t told = 0;
    for (size_t i = 0; i < d->n_comparisons && told < NAMES_TOLD; i++) {
        const hb_comparison *c = &d->comparisons[i];
        if (c->test.suspected && c->def && c->def->critical) {
            hb_buf_fmt(out, "%s%s", told++ ? ", " : ", FAIL on the critical ", c->name);
        }
    }
}

static void write(const hb_decision *d, const hb_retest_order *o, hb_buf *out)
{
    which(d, out);
    context(d, out);
    deadline(o, out);
    hb_buf_c(out, "; the next comparable run is the retest of ");
    names(o->metrics, o->n_metrics, out);
    hb_buf_fmt(out,
               ". Against the same baseline runs at p < %g: differs again in the same "
               "direction: confirmed, PASS_WITH_DRIFT",
               HB_RETEST_LEVEL);
    critical(d, out);
    hb_buf_c(out,
             "; does not differ: the suspicion is closed and nothing of it remains; differs in "
             "the opposite direction: it is closed and a new one is raised");
}

hb_status hb_retest_order_make(hb_decision *d, hb_error *err)
{
    if (!d->policy->retest || d->statistics.n_suspected == 0) {
        return HB_OK;
    }
    hb_retest_order *o = hb_arena_array(&d->arena, 1, sizeof *o);
    if (!o) {
        return HB_NOMEM(err);
    }
    o->days = d->policy->retest_days;
    o->until = until_of(d->run->meta.start, o->days);
    HB_TRY(collect(d, o, err));
    hb_buf text;
    hb_buf_init(&text, TEXT_MAX_BYTES);
    write(d, o, &text);
    hb_status status = hb_buf_check(&text, err);
    if (status == HB_OK) {
        o->text = hb_arena_strndup(&d->arena, text.p, text.n);
        status = o->text ? HB_OK : HB_NOMEM(err);
    }
    hb_buf_release(&text);
    d->statistics.order = status == HB_OK ? o : NULL;
    return status;
}
